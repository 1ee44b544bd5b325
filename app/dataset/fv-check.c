/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-check-private.h"
#include "app/dataset/fv-duplicates.h"

const char *const fv_check_kinds[] = {
  "leak",       "broken-picture", "same-picture",  "near-duplicate",  "unlabelled-duplicate",
  "rare-class", "repeated-box",   "contained-box", "tiny-box",        "border-box",
  "odd-aspect", "dark-picture",   "plain-picture", "blurred-picture", NULL,
};

void
fv_finding_free (FvFinding *self)
{
  g_free (self->id);
  g_free (self->text);
  g_free (self->repair);
  g_free (self);
}

/* The kind, and a hash of the picture's name and the box, or of @subject: the same again as long as these are the same. */
static char *
make_id (const FvCheck *self, const char *kind, guint item, int box, const char *subject)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  if (item != G_MAXUINT)
    {
      const FvItem *picture = fv_dataset_get (self->dataset, item);
      g_checksum_update (checksum, (const guchar *)picture->name, -1);
      if (box >= 0)
        {
          const FvBox *at = &g_array_index (picture->boxes, FvBox, box);
          const double sides[4] = { at->x1, at->y1, at->x2, at->y2 };
          g_checksum_update (checksum, (const guchar *)&at->class_id, sizeof at->class_id);
          g_checksum_update (checksum, (const guchar *)sides, sizeof sides);
        }
    }
  else
    g_checksum_update (checksum, (const guchar *)subject, -1);
  return g_strdup_printf ("%s-%.12s", kind, g_checksum_get_string (checksum));
}

static FvFinding *
add (FvCheck *self, const char *kind, guint item, int box, const char *subject, char *text)
{
  FvFinding *finding = g_new0 (FvFinding, 1);
  finding->text = text;
  finding->kind = kind;
  finding->item = item;
  finding->box = box;
  finding->id = make_id (self, kind, item, box, subject);
  g_ptr_array_add (self->findings, finding);
  return finding;
}

FvFinding *
fv_check_add (FvCheck *self, const char *kind, guint item, int box, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return add (self, kind, item, box, NULL, text);
}

FvFinding *
fv_check_add_for_class (FvCheck *self, const char *kind, guint class_id, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return add (self, kind, G_MAXUINT, -1, self->dataset->class_names[class_id], text);
}

static guint
rank_of (const char *kind)
{
  guint rank = 0;
  while (fv_check_kinds[rank] != NULL && strcmp (fv_check_kinds[rank], kind) != 0)
    rank++;
  return rank;
}

static int
compare_findings (gconstpointer a, gconstpointer b)
{
  const FvFinding *first = *(FvFinding *const *)a, *second = *(FvFinding *const *)b;
  const guint x = rank_of (first->kind), y = rank_of (second->kind);
  if (x != y)
    return x < y ? -1 : 1;
  if (first->item != second->item)
    return first->item < second->item ? -1 : 1;
  if (first->box != second->box)
    return first->box < second->box ? -1 : 1;
  return strcmp (first->id, second->id);
}

/* Boxes that are equal in all, and pictures of one name in several roots, get numbers in their order: "-2", "-3". */
static void
make_ids_unique (GPtrArray *findings)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < findings->len; i++)
    {
      FvFinding *finding = g_ptr_array_index (findings, i);
      const guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, finding->id)) + 1;
      g_hash_table_insert (counts, g_strdup (finding->id), GUINT_TO_POINTER (n));
      if (n == 1)
        continue;
      g_autofree char *first = finding->id;
      finding->id = g_strdup_printf ("%s-%u", first, n);
    }
}

GPtrArray *
fv_check (const FvDataset *dataset, const FvMeasures *measures)
{
  g_autofree guint *groups = fv_duplicates_find (dataset, measures);
  FvCheck check = { dataset, measures, groups, g_ptr_array_new_with_free_func ((GDestroyNotify)fv_finding_free) };
  fv_check_boxes (&check);
  fv_check_pictures (&check);
  fv_check_subsets (&check);
  g_ptr_array_sort (check.findings, compare_findings);
  make_ids_unique (check.findings);
  return check.findings;
}

/* Repairing */

/* Picture by picture, and within one from the last box to the first, so that the numbers of those to go stay right. */
static int
compare_to_repair (gconstpointer a, gconstpointer b)
{
  const FvFinding *first = *(FvFinding *const *)a, *second = *(FvFinding *const *)b;
  if (first->item != second->item)
    return first->item < second->item ? -1 : 1;
  return (second->box > first->box) - (second->box < first->box);
}

GPtrArray *
fv_check_repair (const FvDataset *dataset, const GPtrArray *findings)
{
  GPtrArray *items = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_unref);
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  const FvFinding *before = NULL;
  FvItem *item = NULL;
  for (guint i = 0; i < findings->len; i++)
    if (((const FvFinding *)findings->pdata[i])->action != FV_REPAIR_NONE)
      g_ptr_array_add (sorted, findings->pdata[i]);
  g_ptr_array_sort (sorted, compare_to_repair);
  for (guint i = 0; i < sorted->len; i++)
    {
      const FvFinding *finding = g_ptr_array_index (sorted, i);
      const gboolean same_picture = before != NULL && before->item == finding->item;
      if (!same_picture)
        {
          item = fv_item_copy (fv_dataset_get (dataset, finding->item));
          g_ptr_array_add (items, item);
        }
      if (finding->action == FV_REPAIR_MOVE)
        item->subset = finding->subset;
      /* A box may have been found for two reasons; it goes once. */
      else if (!same_picture || before->box != finding->box)
        g_array_remove_index (item->boxes, (guint)finding->box);
      before = finding;
    }
  return items;
}
