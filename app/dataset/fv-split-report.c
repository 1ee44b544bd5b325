/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-split-report.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* So many classes are named in a warning. */
#define MAX_NAMED 8

static void
warning_clear (gpointer data)
{
  g_free (((FvSplitWarning *)data)->text);
}

static void warn (FvSplitReport *self, const char *id, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
warn (FvSplitReport *self, const char *id, const char *format, ...)
{
  FvSplitWarning warning = { .id = id };
  va_list arguments;
  va_start (arguments, format);
  warning.text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_array_append_val (self->warnings, warning);
}

static FvSplitClass *
class_at (const FvSplitReport *self, guint c)
{
  return &g_array_index (self->classes, FvSplitClass, c);
}

static void
count_classes (FvSplitReport *self, const FvDataset *dataset)
{
  g_autofree guint *last = g_new0 (guint, dataset->n_classes + 1); /* 1 + the picture that a class was last seen in */
  g_array_set_size (self->classes, dataset->n_classes);
  for (guint c = 0; c < dataset->n_classes; c++)
    class_at (self, c)->name = dataset->class_names[c];
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      for (guint k = 0; k < item->boxes->len; k++)
        {
          const guint c = g_array_index (item->boxes, FvBox, k).class_id;
          class_at (self, c)->boxes[item->subset]++;
          class_at (self, c)->pictures[item->subset] += last[c] != i + 1;
          last[c] = i + 1;
        }
    }
}

/* Near-duplicates in different subsets; those of the same content count as leaks. */
static guint
count_near_leaks (const FvDataset *dataset, const guint *near)
{
  g_autoptr (GHashTable) where = g_hash_table_new (NULL, NULL); /* number → bits of the subsets that hold it */
  g_autoptr (GHashTable) same = g_hash_table_new (NULL, NULL);  /* content → the same */
  g_autofree guint *contents = fv_split_contents (dataset);
  guint n = 0;
  for (guint i = 0; near != NULL && i < dataset->items->len; i++)
    {
      const guint bit = 1u << fv_dataset_get (dataset, i)->subset;
      g_hash_table_insert (
          where, GUINT_TO_POINTER (near[i]),
          GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (where, GUINT_TO_POINTER (near[i]))) | bit));
      g_hash_table_insert (
          same, GUINT_TO_POINTER (contents[i]),
          GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (same, GUINT_TO_POINTER (contents[i]))) | bit));
    }
  for (guint i = 0; near != NULL && i < dataset->items->len; i++)
    {
      const FvSubset subset = fv_dataset_get (dataset, i)->subset;
      const guint ignored = 1u << FV_SUBSET_NONE | 1u << subset;
      if (near[i] == FV_SPLIT_ALONE || (subset != FV_SUBSET_VAL && subset != FV_SUBSET_TEST))
        continue;
      n += (GPOINTER_TO_UINT (g_hash_table_lookup (where, GUINT_TO_POINTER (near[i]))) & ~ignored) != 0
           && (contents[i] == FV_SPLIT_ALONE
               || (GPOINTER_TO_UINT (g_hash_table_lookup (same, GUINT_TO_POINTER (contents[i]))) & ~ignored) == 0);
    }
  return n;
}

char *
fv_split_describe_leaks (guint leaks)
{
  return g_strdup_printf (
      ngettext ("%u picture of val or test is in another subset, too, with the same content: results on it are "
                "too good to be true. 'fovea-cli split' keeps them together.",
                "%u pictures of val or test are in another subset, too, with the same content: results on them "
                "are too good to be true. 'fovea-cli split' keeps them together.",
                leaks),
      leaks);
}

static void
warn_of_leaks (FvSplitReport *self)
{
  g_autofree char *leaks = self->leaks > 0 ? fv_split_describe_leaks (self->leaks) : NULL;
  if (leaks != NULL)
    warn (self, "leak", "%s", leaks);
  if (self->near_leaks > 0)
    warn (self, "near-leak",
          ngettext ("%u picture of val or test has a near-duplicate in another subset: results on it are too good to "
                    "be true. 'fovea-cli split' keeps near-duplicates together.",
                    "%u pictures of val or test have a near-duplicate in another subset: results on them are too good "
                    "to be true. 'fovea-cli split' keeps near-duplicates together.",
                    self->near_leaks),
          self->near_leaks);
}

static void
warn_of_sizes (FvSplitReport *self, const FvSplitResult *result)
{
  if (self->n_pictures[FV_SUBSET_TRAIN] == 0)
    warn (self, "no-train", "%s", _ ("There are no pictures to train on."));
  if (self->n_pictures[FV_SUBSET_VAL] == 0)
    warn (self, "no-val", "%s",
          _ ("There are no pictures to validate with, so nothing would show how good a detector is. All pictures that "
             "could be may belong together."));
  for (guint subset = FV_SUBSET_VAL; result != NULL && subset < FV_N_SUBSETS; subset++)
    {
      const guint n = self->n_pictures[subset], wanted = result->n_wanted[subset];
      if (n > 0 && wanted > 0 && abs ((int)n - (int)wanted) > MAX ((int)wanted / 4, 1))
        warn (self, "size",
              _ ("%s has %u pictures where %u were wanted: pictures that belong together are not parted, and there are "
                 "only %u groups of them."),
              fv_subset_to_string ((FvSubset)subset), n, wanted, result->n_groups);
    }
  if (result != NULL && result->n_unknown > 0)
    warn (
        self, "unknown",
        ngettext ("Of %u picture it is not known where it belongs (it has no time, place or value), so it is in train.",
                  "Of %u pictures it is not known where they belong (they have no time, place or value), so they are "
                  "in train.",
                  result->n_unknown),
        result->n_unknown);
}

static void
warn_of_classes (FvSplitReport *self)
{
  for (guint subset = FV_SUBSET_TRAIN; subset < FV_N_SUBSETS; subset++)
    {
      g_autoptr (GString) names = g_string_new (NULL);
      guint n = 0;
      for (guint c = 0; self->n_pictures[subset] > 0 && c < self->classes->len; c++)
        {
          const FvSplitClass *class = class_at (self, c);
          const guint64 all
              = class->boxes[FV_SUBSET_TRAIN] + class->boxes[FV_SUBSET_VAL] + class->boxes[FV_SUBSET_TEST];
          if (all == 0 || class->boxes[subset] > 0)
            continue;
          if (n++ < MAX_NAMED)
            g_string_append_printf (names, "%s%s", n > 1 ? ", " : "", class->name);
        }
      if (n > MAX_NAMED)
        g_string_append (names, ", ...");
      if (n > 0)
        warn (self, "class-missing",
              ngettext ("%s has no box of %u class that other subsets have: %s. Label more pictures of it.",
                        "%s has no box of %u classes that other subsets have: %s. Label more pictures of them.", n),
              fv_subset_to_string ((FvSubset)subset), n, names->str);
    }
}

static void
warn_of_distances (FvSplitReport *self)
{
  static const struct
  {
    const char *id, *text;
  } respects[] = { { "size", N_ ("the sizes of boxes") },
                   { "aspect", N_ ("the aspect ratios of boxes") },
                   { "brightness", N_ ("the brightness of pictures") },
                   { "source", N_ ("the folders that pictures are from") },
                   { "time", N_ ("the times that pictures were taken at") } };
  for (guint i = 0; i < self->distances->len; i++)
    {
      const FvSplitDistance *distance = &g_array_index (self->distances, FvSplitDistance, i);
      for (guint k = 0; distance->differs && k < G_N_ELEMENTS (respects); k++)
        if (g_str_equal (respects[k].id, distance->id))
          warn (self, "differs",
                _ ("val is not like train in %s: distance %.2f, where chance gives up to %.2f. What is measured on it "
                   "tells of "
                   "such pictures; a stratified split has less of that."),
                _ (respects[k].text), distance->distance, distance->chance);
    }
}

static double
share_difference (const FvSplitReport *self, guint *class_id)
{
  double n[FV_N_SUBSETS] = { 0 }, largest = 0;
  for (guint c = 0; c < self->classes->len; c++)
    for (guint subset = 0; subset < FV_N_SUBSETS; subset++)
      n[subset] += (double)class_at (self, c)->boxes[subset];
  *class_id = 0;
  for (guint c = 0; n[FV_SUBSET_TRAIN] > 0 && n[FV_SUBSET_VAL] > 0 && c < self->classes->len; c++)
    {
      const double difference = fabs ((double)class_at (self, c)->boxes[FV_SUBSET_TRAIN] / n[FV_SUBSET_TRAIN]
                                      - (double)class_at (self, c)->boxes[FV_SUBSET_VAL] / n[FV_SUBSET_VAL]);
      if (difference > largest)
        {
          largest = difference;
          *class_id = c;
        }
    }
  return largest;
}

static FvSplitReport *
report_alloc (void)
{
  FvSplitReport *self = g_new0 (FvSplitReport, 1);
  self->classes = g_array_new (FALSE, TRUE, sizeof (FvSplitClass));
  self->warnings = g_array_new (FALSE, FALSE, sizeof (FvSplitWarning));
  g_array_set_clear_func (self->warnings, warning_clear);
  return self;
}

FvSplitReport *
fv_split_report_new (const FvDataset *dataset, const FvSplitReportParams *params)
{
  FvSplitReport *self = report_alloc ();
  FvSplitResult counted;
  fv_split_count (dataset, &counted);
  for (guint subset = 0; subset < FV_N_SUBSETS; subset++)
    self->n_pictures[subset] = counted.n_pictures[subset];
  self->leaks = counted.leaks;
  self->near_leaks = count_near_leaks (dataset, params->near);
  self->distances = fv_split_distances (dataset, params->brightness);
  count_classes (self, dataset);
  self->share_difference = share_difference (self, &self->share_class);
  warn_of_leaks (self);
  warn_of_sizes (self, params->result);
  warn_of_classes (self);
  warn_of_distances (self);
  return self;
}

void
fv_split_report_free (FvSplitReport *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->classes);
  g_clear_pointer (&self->distances, g_array_unref);
  g_array_unref (self->warnings);
  g_free (self);
}

double
fv_split_share_difference (const FvDataset *dataset, guint *class_id)
{
  g_autoptr (FvSplitReport) report = report_alloc ();
  guint c;
  count_classes (report, dataset);
  return share_difference (report, class_id != NULL ? class_id : &c);
}
