/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-class-map.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-class-name.h"
#include "app/dataset/fv-importer.h"

#define LEFT_OUT G_MAXUINT
/* Of classes named in an error. */
#define MAX_SHOWN 20

/* The number of the class that a rule begins with, and what stands behind the sign. */
static gboolean
parse_rule (const char *rule, const FvDataset *dataset, guint *id, const char **to)
{
  for (const char *sign = strchr (rule, '='); sign != NULL; sign = strchr (sign + 1, '='))
    for (guint i = 0; i < dataset->n_classes; i++)
      if (strlen (dataset->class_names[i]) == (gsize)(sign - rule)
          && strncmp (dataset->class_names[i], rule, (gsize)(sign - rule)) == 0)
        {
          *id = i;
          *to = sign + 1;
          return TRUE;
        }
  return FALSE;
}

static gboolean
fail_rule (const char *rule, const FvDataset *dataset, GError **error)
{
  if (strchr (rule, '=') == NULL)
    {
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_CLASS,
                   _ ("'%s' is no rule for a class: write OLD=NEW, or OLD= to leave the boxes of OLD out."), rule);
      return FALSE;
    }
  g_autoptr (GString) names = g_string_new (NULL);
  for (guint i = 0; i < dataset->n_classes && i < MAX_SHOWN; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", dataset->class_names[i]);
  if (dataset->n_classes > MAX_SHOWN)
    g_string_append (names, ", …");
  g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_CLASS,
               _ ("No class of the data fits the rule '%s'. The classes are: %s."), rule, names->str);
  return FALSE;
}

/* What each class is called from now on; NULL = left out. */
static gboolean
read_rules (const char *const *rules, const FvDataset *dataset, const char **names, GError **error)
{
  for (guint i = 0; rules[i] != NULL; i++)
    {
      guint id;
      const char *to;
      if (!parse_rule (rules[i], dataset, &id, &to))
        return fail_rule (rules[i], dataset, error);
      if (to[0] != '\0' && !fv_class_name_is_usable (to))
        {
          g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_CLASS,
                       _ ("'%s' can't be the name of a class: at most %d bytes of UTF-8 without control characters."),
                       to, FV_CLASS_NAME_MAX);
          return FALSE;
        }
      names[id] = to[0] != '\0' ? to : NULL;
    }
  return TRUE;
}

/* The boxes with their new numbers. */
static void
map_boxes (FvItem *item, const guint *numbers, guint *n_left_out, GPtrArray *repaired)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (fv_import_box_hash, fv_import_box_equal, g_free, NULL);
  guint n = 0, n_same = 0;
  for (guint i = 0; i < item->boxes->len; i++)
    {
      FvBox box = g_array_index (item->boxes, FvBox, i);
      const guint before = box.class_id;
      box.class_id = numbers[before];
      if (box.class_id == LEFT_OUT)
        n_left_out[before]++;
      else if (!g_hash_table_add (seen, g_memdup2 (&box, sizeof box)))
        n_same++;
      else
        g_array_index (item->boxes, FvBox, n++) = box;
    }
  g_array_set_size (item->boxes, n);
  if (n_same > 0)
    fv_problem_add (repaired, item->path, 0,
                    ngettext ("%u box is the same as another, now that their classes are one; it is taken once.",
                              "%u boxes are the same as others, now that their classes are one; they are taken once.",
                              n_same),
                    n_same);
}

gboolean
fv_class_map_apply (const char *const *rules, FvDataset *dataset, const char *source, GPtrArray *repaired,
                    GPtrArray *rejected, GError **error)
{
  const guint n_classes = dataset->n_classes;
  g_autofree const char **names = g_new0 (const char *, n_classes + 1);
  memcpy (names, dataset->class_names, n_classes * sizeof names[0]);
  if (!read_rules (rules, dataset, names, error))
    return FALSE;

  g_autofree guint *numbers = g_new0 (guint, n_classes + 1), *n_left_out = g_new0 (guint, n_classes + 1);
  g_autoptr (GPtrArray) left = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < n_classes; i++)
    if (names[i] == NULL)
      numbers[i] = LEFT_OUT;
    else if (g_hash_table_contains (ids, names[i]))
      numbers[i] = GPOINTER_TO_UINT (g_hash_table_lookup (ids, names[i]));
    else
      {
        numbers[i] = left->len;
        g_ptr_array_add (left, g_strdup (names[i]));
        g_hash_table_insert (ids, g_ptr_array_index (left, left->len - 1), GUINT_TO_POINTER (numbers[i]));
      }

  for (guint i = 0; i < dataset->items->len; i++)
    {
      FvItem *item = fv_dataset_get (dataset, i);
      map_boxes (item, numbers, n_left_out, repaired);
      for (guint k = 0; k < item->ignored->len; k++)
        {
          FvBox *region = &g_array_index (item->ignored, FvBox, k);
          /* What isn't looked for is of no class; the first stands for it, as it is counted neither way. */
          region->class_id = numbers[region->class_id] == LEFT_OUT ? 0 : numbers[region->class_id];
        }
      if (left->len == 0)
        g_array_set_size (item->ignored, 0);
    }
  for (guint i = 0; i < n_classes; i++)
    if (names[i] == NULL)
      fv_problem_add (rejected, source, 0,
                      ngettext ("%u box of the class '%s' was left out, as was asked.",
                                "%u boxes of the class '%s' were left out, as was asked.", n_left_out[i]),
                      n_left_out[i], dataset->class_names[i]);
    else if (strcmp (names[i], dataset->class_names[i]) != 0)
      fv_problem_add (repaired, source, 0, _ ("The class '%s' became '%s', as was asked."), dataset->class_names[i],
                      names[i]);
  g_strfreev (dataset->class_names);
  dataset->n_classes = left->len;
  g_ptr_array_add (left, NULL);
  dataset->class_names = (GStrv)g_ptr_array_free (g_steal_pointer (&left), FALSE);
  return TRUE;
}
