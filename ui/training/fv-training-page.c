/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-training-page.h"

#include "ui/fv-i18n.h"

struct _FvTrainingPage
{
  FvPage parent_instance;
};

G_DEFINE_FINAL_TYPE (FvTrainingPage, fv_training_page, FV_TYPE_PAGE)

static void
fv_training_page_document_changed (FvPage *page, FvDocument *before)
{
}

static void
fv_training_page_class_init (FvTrainingPageClass *klass)
{
  FV_PAGE_CLASS (klass)->document_changed = fv_training_page_document_changed;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/org/fovea/Fovea/training/fv-training-page.ui");
}

static void
fv_training_page_init (FvTrainingPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
