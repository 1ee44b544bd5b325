/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/welcome/fv-welcome-page.h"

#include "ui/fv-i18n.h"

struct _FvWelcomePage
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (FvWelcomePage, fv_welcome_page, ADW_TYPE_BIN)

static void
fv_welcome_page_class_init (FvWelcomePageClass *klass)
{
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass),
                                               "/org/fovea/Fovea/welcome/fv-welcome-page.ui");
}

static void
fv_welcome_page_init (FvWelcomePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
