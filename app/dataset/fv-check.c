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

/* The kind, and a hash of the picture's name and the box: the same again as long as both are the same. */
static char *
make_id (const FvCheck *self, const char *kind, guint item, int box, const char *text)
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
    g_checksum_update (checksum, (const guchar *)text, -1);
  return g_strdup_printf ("%s-%.12s", kind, g_checksum_get_string (checksum));
}

FvFinding *
fv_check_add (FvCheck *self, const char *kind, guint item, int box, const char *format, ...)
{
  FvFinding *finding = g_new0 (FvFinding, 1);
  va_list arguments;
  va_start (arguments, format);
  finding->text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  finding->kind = kind;
  finding->item = item;
  finding->box = box;
  finding->id = make_id (self, kind, item, box, finding->text);
  g_ptr_array_add (self->findings, finding);
  return finding;
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

GPtrArray *
fv_check (const FvDataset *dataset, const FvMeasures *measures)
{
  g_autofree guint *groups = fv_duplicates_find (dataset, measures);
  FvCheck check = { dataset, measures, groups, g_ptr_array_new_with_free_func ((GDestroyNotify)fv_finding_free) };
  fv_check_boxes (&check);
  fv_check_pictures (&check);
  fv_check_subsets (&check);
  g_ptr_array_sort (check.findings, compare_findings);
  return check.findings;
}

/* Repairing */

static int
compare_boxes_falling (gconstpointer a, gconstpointer b)
{
  const FvFinding *first = *(FvFinding *const *)a, *second = *(FvFinding *const *)b;
  return (second->box > first->box) - (second->box < first->box);
}

GPtrArray *
fv_check_repair (const FvDataset *dataset, const GPtrArray *findings)
{
  GPtrArray *items = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_free);
  g_autoptr (GHashTable) by_item = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  for (guint i = 0; i < findings->len; i++)
    g_ptr_array_add (sorted, findings->pdata[i]);
  /* From the last box to the first, so that the numbers of those to go stay right. */
  g_ptr_array_sort (sorted, compare_boxes_falling);
  for (guint i = 0; i < sorted->len; i++)
    {
      const FvFinding *finding = g_ptr_array_index (sorted, i);
      const FvFinding *before = i > 0 ? g_ptr_array_index (sorted, i - 1) : NULL;
      if (finding->action == FV_REPAIR_NONE)
        continue;
      FvItem *item = g_hash_table_lookup (by_item, GUINT_TO_POINTER (finding->item + 1));
      if (item == NULL)
        {
          item = fv_item_copy (fv_dataset_get (dataset, finding->item));
          g_hash_table_insert (by_item, GUINT_TO_POINTER (finding->item + 1), item);
          g_ptr_array_add (items, item);
        }
      if (finding->action == FV_REPAIR_MOVE)
        item->subset = finding->subset;
      /* A box may have been found for two reasons; it goes once. */
      else if (before == NULL || before->item != finding->item || before->box != finding->box
               || before->action != FV_REPAIR_DELETE_BOX)
        g_array_remove_index (item->boxes, (guint)finding->box);
    }
  return items;
}
