/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/welcome/fv-welcome-page.h"

#include "ui/document/fv-recent-projects.h"
#include "ui/fv-i18n.h"

struct _FvWelcomePage
{
  AdwBin parent_instance;
  AdwPreferencesGroup *recent_group;
  GtkListBox *recent;
};

G_DEFINE_FINAL_TYPE (FvWelcomePage, fv_welcome_page, ADW_TYPE_BIN)

static void list_recent (FvWelcomePage *self);

/* The person's folder as ~. */
static char *
shorten (const char *path)
{
  const char *home = g_get_home_dir ();
  if (g_str_has_prefix (path, home) && path[strlen (home)] == G_DIR_SEPARATOR)
    return g_strconcat ("~", path + strlen (home), NULL);
  return g_strdup (path);
}

static void
on_remove (GtkWidget *button, FvWelcomePage *self)
{
  fv_recent_projects_remove (g_object_get_data (G_OBJECT (button), "path"));
  list_recent (self);
}

static GtkWidget *
make_row (FvWelcomePage *self, const char *path)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *remove = gtk_button_new_from_icon_name ("edit-clear-symbolic");
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *shortened = shorten (folder);
  g_autofree char *forget = g_strdup_printf (_ ("Forget “%s”"), name);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), shortened);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 1);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 1);
  gtk_widget_set_tooltip_text (row, path);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (row), "win.open-path");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (row), "s", path);

  gtk_widget_set_tooltip_text (remove, _ ("Remove from this list"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (remove), GTK_ACCESSIBLE_PROPERTY_LABEL, forget, -1);
  gtk_widget_set_valign (remove, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (remove, "flat");
  g_object_set_data_full (G_OBJECT (remove), "path", g_strdup (path), g_free);
  g_signal_connect (remove, "clicked", G_CALLBACK (on_remove), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), remove);
  return row;
}

static void
list_recent (FvWelcomePage *self)
{
  g_auto (GStrv) paths = fv_recent_projects_get ();
  GtkWidget *child;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->recent))) != NULL)
    gtk_list_box_remove (self->recent, child);
  for (guint i = 0; paths[i] != NULL; i++)
    gtk_list_box_append (self->recent, make_row (self, paths[i]));
  gtk_widget_set_visible (GTK_WIDGET (self->recent_group), paths[0] != NULL);
}

static void
fv_welcome_page_map (GtkWidget *widget)
{
  /* Projects may have come or gone since it was shown last. */
  list_recent (FV_WELCOME_PAGE (widget));
  GTK_WIDGET_CLASS (fv_welcome_page_parent_class)->map (widget);
}

static void
fv_welcome_page_class_init (FvWelcomePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  widget_class->map = fv_welcome_page_map;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/welcome/fv-welcome-page.ui");
  gtk_widget_class_bind_template_child (widget_class, FvWelcomePage, recent_group);
  gtk_widget_class_bind_template_child (widget_class, FvWelcomePage, recent);
}

static void
fv_welcome_page_init (FvWelcomePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
