/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-pictures-page.h"

#include "ui/fv-i18n.h"

struct _FvPicturesPage
{
  FvPage parent_instance;
};

G_DEFINE_FINAL_TYPE (FvPicturesPage, fv_pictures_page, FV_TYPE_PAGE)

static void
fv_pictures_page_document_changed (FvPage *page, FvDocument *before)
{
}

static void
fv_pictures_page_class_init (FvPicturesPageClass *klass)
{
  FV_PAGE_CLASS (klass)->document_changed = fv_pictures_page_document_changed;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/org/fovea/Fovea/pictures/fv-pictures-page.ui");
}

static void
fv_pictures_page_init (FvPicturesPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
