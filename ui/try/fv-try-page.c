/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/try/fv-try-page.h"

#include "ui/fv-i18n.h"

struct _FvTryPage
{
  FvPage parent_instance;
};

G_DEFINE_FINAL_TYPE (FvTryPage, fv_try_page, FV_TYPE_PAGE)

static void
fv_try_page_document_changed (FvPage *page, FvDocument *before)
{
}

static void
fv_try_page_class_init (FvTryPageClass *klass)
{
  FV_PAGE_CLASS (klass)->document_changed = fv_try_page_document_changed;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/org/fovea/Fovea/try/fv-try-page.ui");
}

static void
fv_try_page_init (FvTryPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
