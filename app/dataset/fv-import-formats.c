/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-import-private.h"

/* All formats, and the choice among them. */

/* The first that knows the content takes it: the more particular ones come first. */
static const FvImporter *const importers[] = {
  &fv_importer_cvat,     &fv_importer_labelme_xml,  &fv_importer_voc,      &fv_importer_coco, &fv_importer_createml,
  &fv_importer_labelme,  &fv_importer_label_studio, &fv_importer_kitti,    &fv_importer_yolo, &fv_importer_open_images,
  &fv_importer_vott_csv, &fv_importer_csv,          &fv_importer_pictures,
};

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

const char *const *
fv_import_formats (void)
{
  static const char *names[G_N_ELEMENTS (importers) + 1];
  static gsize made;
  if (g_once_init_enter (&made))
    {
      for (guint i = 0; i < G_N_ELEMENTS (importers); i++)
        names[i] = importers[i]->name;
      qsort (names, G_N_ELEMENTS (importers), sizeof names[0], compare_names);
      g_once_init_leave (&made, 1);
    }
  return names;
}

/* "coco (COCO JSON), csv (...)". */
static char *
say_formats (void)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (importers); i++)
    g_string_append_printf (text, "%s%s (%s)", i > 0 ? ", " : "", importers[i]->name, importers[i]->title);
  return g_string_free (text, FALSE);
}

const FvImporter *
fv_import_choose (const FvImportSource *source, const char *format, char **why, GError **error)
{
  g_autofree char *in_vain = NULL, *refusal = NULL, *known = say_formats ();
  for (guint i = 0; i < G_N_ELEMENTS (importers); i++)
    {
      if (format != NULL ? strcmp (format, importers[i]->name) == 0 : importers[i]->detect (source, why))
        return importers[i];
      if (in_vain == NULL)
        in_vain = g_steal_pointer (why);
      g_clear_pointer (why, g_free);
    }
  if (format != NULL)
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT,
                 _ ("The format '%s' can't be read; those that can are: %s."), format, known);
  else if ((refusal = fv_import_refusal (source)) != NULL)
    g_set_error_literal (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT, refusal);
  else
    {
      g_autofree char *told = g_strdup_printf (
          _ ("No labels of a known format were found in '%s'. The formats are: %s. Name the format if "
             "it is one of them; with the format pictures, pictures come in without labels."),
          source->path, known);
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT, "%s%s%s", told, in_vain != NULL ? " " : "",
                   in_vain != NULL ? in_vain : "");
    }
  return NULL;
}
