/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/document/fv-recent-projects.h"

#define SCHEMA "org.fovea.Fovea"
#define KEY "recent-projects"
#define KEPT 12

static GStrv without_schema;

GSettings *
fv_settings_get (void)
{
  static GSettings *settings;
  static gboolean asked;
  if (!asked)
    {
      GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
      g_autoptr (GSettingsSchema) schema = source ? g_settings_schema_source_lookup (source, SCHEMA, TRUE) : NULL;
      if (schema != NULL)
        settings = g_settings_new (SCHEMA);
      asked = TRUE;
    }
  return settings;
}

static GStrv
read_all (void)
{
  GSettings *settings = fv_settings_get ();
  if (settings != NULL)
    return g_settings_get_strv (settings, KEY);
  return without_schema ? g_strdupv (without_schema) : g_new0 (char *, 1);
}

static void
write_all (GPtrArray *paths /* NULL-terminated */)
{
  GSettings *settings = fv_settings_get ();
  const char *const *strv = (const char *const *)paths->pdata;
  if (settings != NULL)
    {
      g_settings_set_strv (settings, KEY, strv);
      return;
    }
  g_strfreev (without_schema);
  without_schema = g_strdupv ((char **)strv);
}

GStrv
fv_recent_projects_get (void)
{
  g_auto (GStrv) all = read_all ();
  g_autoptr (GStrvBuilder) there = g_strv_builder_new ();
  for (guint i = 0; all[i] != NULL; i++)
    {
      g_autofree char *store = g_build_filename (all[i], "project.db", NULL);
      if (g_file_test (store, G_FILE_TEST_IS_REGULAR))
        g_strv_builder_add (there, all[i]);
    }
  return g_strv_builder_end (there);
}

/* Every path but this one, behind it where first is set. */
static void
rewrite (const char *path, gboolean first)
{
  g_auto (GStrv) all = read_all ();
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  if (first)
    g_ptr_array_add (paths, (char *)path);
  for (guint i = 0; all[i] != NULL && paths->len < KEPT; i++)
    if (!g_str_equal (all[i], path))
      g_ptr_array_add (paths, all[i]);
  g_ptr_array_add (paths, NULL);
  write_all (paths);
}

void
fv_recent_projects_add (const char *path)
{
  rewrite (path, TRUE);
}

void
fv_recent_projects_remove (const char *path)
{
  rewrite (path, FALSE);
}
