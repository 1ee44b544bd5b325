/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/fv-i18n.h"
#include "ui/window/fv-application.h"

#include <locale.h>

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE,
                  g_getenv ("FOVEA_LOCALE_FOLDER") ? g_getenv ("FOVEA_LOCALE_FOLDER") : FV_LOCALE_FOLDER);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_application_name ("Fovea");
  gtk_window_set_default_icon_name ("org.fovea.Fovea");

  g_autoptr (FvApplication) application = fv_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
