/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-augmentation-page.h"

#include "ui/fv-i18n.h"

struct _FvAugmentationPage
{
  FvPage parent_instance;
};

G_DEFINE_FINAL_TYPE (FvAugmentationPage, fv_augmentation_page, FV_TYPE_PAGE)

static void
fv_augmentation_page_document_changed (FvPage *page, FvDocument *before)
{
}

static void
fv_augmentation_page_class_init (FvAugmentationPageClass *klass)
{
  FV_PAGE_CLASS (klass)->document_changed = fv_augmentation_page_document_changed;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/org/fovea/Fovea/augmentation/fv-augmentation-page.ui");
}

static void
fv_augmentation_page_init (FvAugmentationPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
