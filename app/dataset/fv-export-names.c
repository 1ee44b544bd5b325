/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/dataset/fv-exporter.h"

/*
 * Names for the pictures of an export: those that they have, without their folders where that leaves them unique, else with
 * them ("cam1_0001.jpg"), and without what a file system, a list or a tool trips over.
 */

/* Bytes of a stem: the endings of labels and a number have room within the 255 that file systems allow. */
#define MAX_STEM 200

/* What stands behind the last dot, from the dot on; "" where that is no ending. */
static const char *
ending_of (const char *name)
{
  const char *slash = strrchr (name, '/'), *dot = strrchr (name, '.');
  return dot != NULL && dot > (slash != NULL ? slash + 1 : name) ? dot : name + strlen (name);
}

static gboolean
is_portable (gunichar c)
{
  return g_unichar_isprint (c) && !g_unichar_isspace (c) && (c >= 128 || strchr ("<>:\"/\\|?*#%", (int)c) == NULL);
}

static void
append_portable (GString *to, const char *from, gsize size)
{
  for (const char *at = from; at < from + size; at = g_utf8_next_char (at))
    {
      const gunichar c = g_utf8_get_char (at);
      g_string_append_unichar (to, is_portable (c) ? c : '_');
    }
}

/* (transfer full): the stem of an item's name, of all of it or of what stands behind the last folder. */
static char *
make_stem (const char *name, gboolean whole)
{
  const char *slash = strrchr (name, '/'), *ending = ending_of (name), *page = strchr (ending, '#');
  const char *start = whole || slash == NULL ? name : slash + 1;
  GString *stem = g_string_new (NULL);
  append_portable (stem, start, (gsize)(ending - start));
  if (stem->len > MAX_STEM)
    {
      const char *end = g_utf8_find_prev_char (stem->str, stem->str + MAX_STEM + 1);
      g_string_truncate (stem, end != NULL ? (gsize)(end - stem->str) : 0);
    }
  /* stack.tif#3 is a page. */
  if (page != NULL)
    {
      g_string_append_c (stem, '-');
      append_portable (stem, page + 1, MIN (strlen (page + 1), (gsize)20));
    }
  /* Hidden, or an option to some tools. */
  if (stem->len == 0 || stem->str[0] == '.' || stem->str[0] == '-')
    g_string_prepend_c (stem, '_');
  return g_string_free (stem, FALSE);
}

/* What must be unique: a stem with its folder, whatever the case. */
static char *
make_key (const FvExporter *exporter, const FvItem *item, const char *stem)
{
  const FvSubset subset = exporter->names_are_global ? FV_SUBSET_NONE : item->subset;
  g_autofree char *folded = g_utf8_casefold (stem, -1);
  g_autofree char *normal = g_utf8_normalize (folded, -1, G_NORMALIZE_NFC);
  return g_strdup_printf ("%u/%s", subset, normal != NULL ? normal : folded);
}

/* (transfer full): @stem, with a number behind it where it is taken. @numbers: key → the last number tried. */
static char *
make_unique (const FvExporter *exporter, const FvItem *item, const char *stem, GHashTable *numbers)
{
  g_autofree char *key = make_key (exporter, item, stem);
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (numbers, key));
  if (number == 0)
    {
      g_hash_table_insert (numbers, g_steal_pointer (&key), GUINT_TO_POINTER (1));
      return g_strdup (stem);
    }
  for (;;)
    {
      g_autofree char *numbered = g_strdup_printf ("%s-%u", stem, ++number);
      char *other = make_key (exporter, item, numbered);
      if (g_hash_table_contains (numbers, other))
        {
          g_free (other);
          continue;
        }
      g_hash_table_insert (numbers, other, GUINT_TO_POINTER (1));
      g_hash_table_insert (numbers, g_steal_pointer (&key), GUINT_TO_POINTER (number));
      return g_steal_pointer (&numbered);
    }
}

static void
place (FvExportPicture *picture, const FvExporter *exporter, char *stem /* (transfer full) */)
{
  const FvItem *item = picture->item;
  g_autoptr (GString) name = g_string_new (stem);
  if (picture->as_png)
    g_string_append (name, ".png");
  else
    append_portable (name, ending_of (item->path), MIN (strlen (ending_of (item->path)), (gsize)10));
  picture->stem = stem;
  picture->name = g_strdup (name->str);
  picture->path = g_build_filename (exporter->pictures,
                                    exporter->subset_folders ? fv_subset_to_string (item->subset) : picture->name,
                                    exporter->subset_folders ? picture->name : NULL, NULL);
}

void
fv_export_name_pictures (FvExport *self, const FvExporter *exporter)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < self->pictures->len; i++)
    {
      const FvItem *item = fv_export_get (self, i)->item;
      g_autofree char *stem = make_stem (item->name, FALSE);
      char *key = make_key (exporter, item, stem);
      const guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, key));
      g_hash_table_insert (counts, key, GUINT_TO_POINTER (count + 1));
    }
  for (guint i = 0; i < self->pictures->len; i++)
    {
      FvExportPicture *picture = g_ptr_array_index (self->pictures, i);
      g_autofree char *stem = make_stem (picture->item->name, FALSE);
      g_autofree char *key = make_key (exporter, picture->item, stem);
      if (GPOINTER_TO_UINT (g_hash_table_lookup (counts, key)) > 1)
        {
          g_free (stem);
          stem = make_stem (picture->item->name, TRUE);
        }
      place (picture, exporter, make_unique (exporter, picture->item, stem, numbers));
    }
}

void
fv_export_picture_free (FvExportPicture *picture)
{
  g_free (picture->name);
  g_free (picture->stem);
  g_free (picture->path);
  g_free (picture);
}
