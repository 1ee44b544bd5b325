/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-statistics.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "app/dataset/fv-split.h"

#define SMALL_AREA (32.0 * 32.0)
#define LARGE_AREA (96.0 * 96.0)
#define MIN_IMAGES 1500
#define MIN_BOXES 10000
#define MAX_BACKGROUNDS 0.1
/* A class with so many times fewer boxes than another is easily neglected. */
#define IMBALANCE 20
#define MIN_SIDE 10

static void
class_clear (gpointer data)
{
  g_free (((FvClassStatistics *)data)->name);
}

static void
advice_clear (gpointer data)
{
  g_free (((FvAdvice *)data)->text);
}

static void advise (FvStatistics *self, const char *id, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
advise (FvStatistics *self, const char *id, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  const FvAdvice advice = { id, g_strdup_vprintf (format, arguments) };
  va_end (arguments);
  g_array_append_val (self->advice, advice);
}

/* Counts one picture; last[c] is the picture, from 1, in which class c was seen last. */
static void
count_item (FvStatistics *self, const FvItem *item, guint *last)
{
  self->images++;
  self->backgrounds += item->boxes->len == 0;
  self->n_in_subset[item->subset]++;
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const FvBox *box = &g_array_index (item->boxes, FvBox, i);
      FvClassStatistics *class = &g_array_index (self->classes, FvClassStatistics, box->class_id);
      double area = (box->x2 - box->x1) * (box->y2 - box->y1);
      self->boxes++;
      class->boxes++;
      class->images += last[box->class_id] != self->images;
      last[box->class_id] = self->images;
      *(area < SMALL_AREA ? &self->small : area > LARGE_AREA ? &self->large : &self->medium) += 1;
    }
}

/* "a, b, c and 4 more" of the classes for which the test is true; NULL for none. */
static char *
name_classes (const FvStatistics *self, gboolean (*test) (const FvClassStatistics *class, guint64 max), guint64 max,
              guint *n)
{
  g_autoptr (GString) text = g_string_new (NULL);
  *n = 0;
  for (guint i = 0; i < self->classes->len; i++)
    {
      const FvClassStatistics *class = &g_array_index (self->classes, FvClassStatistics, i);
      if (test (class, max) && ++*n <= 5)
        g_string_append_printf (text, "%s%s", *n > 1 ? ", " : "", class->name);
    }
  if (*n > 5)
    g_string_append_printf (text, _ (" and %u more"), *n - 5);
  return *n > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static gboolean
is_empty (const FvClassStatistics *class, guint64 max)
{
  return class->boxes == 0;
}

static gboolean
has_few_images (const FvClassStatistics *class, guint64 max)
{
  return class->boxes > 0 && class->images < MIN_IMAGES;
}

static gboolean
has_few_boxes (const FvClassStatistics *class, guint64 max)
{
  return class->boxes > 0 && class->boxes < MIN_BOXES;
}

static gboolean
is_rare (const FvClassStatistics *class, guint64 max)
{
  return class->boxes > 0 && class->boxes * IMBALANCE < max;
}

static void
advise_on_classes (FvStatistics *self)
{
  guint n;
  guint64 max = 0;
  for (guint i = 0; i < self->classes->len; i++)
    max = MAX (max, g_array_index (self->classes, FvClassStatistics, i).boxes);

  g_autofree char *empty = name_classes (self, is_empty, max, &n);
  if (empty != NULL)
    advise (self, "empty-classes",
            ngettext ("%u of %u classes has no box: %s. A detector can't learn it; leave it out or add pictures.",
                      "%u of %u classes have no box: %s. A detector can't learn them; leave them out or add pictures.",
                      n),
            n, self->classes->len, empty);
  g_autofree char *rare = name_classes (self, is_rare, max, &n);
  if (rare != NULL)
    advise (self, "imbalance",
            ngettext ("%u class has less than a twentieth of the boxes of the commonest one: %s. More pictures of it "
                      "help most.",
                      "%u classes have less than a twentieth of the boxes of the commonest one: %s. More pictures of "
                      "them help most.",
                      n),
            n, rare);
  g_autofree char *few_images = name_classes (self, has_few_images, max, &n);
  if (few_images != NULL)
    advise (self, "few-images",
            ngettext ("%u class is on fewer than %d pictures, YOLOv5's advice for the best results: %s. Start from "
                      "trained weights, and add pictures where results disappoint.",
                      "%u classes are on fewer than %d pictures, YOLOv5's advice for the best results: %s. Start from "
                      "trained weights, and add pictures where results disappoint.",
                      n),
            n, MIN_IMAGES, few_images);
  g_autofree char *few_boxes = name_classes (self, has_few_boxes, max, &n);
  if (few_boxes != NULL)
    advise (self, "few-boxes",
            ngettext ("%u class has fewer than %d boxes, YOLOv5's advice for the best results: %s.",
                      "%u classes have fewer than %d boxes, YOLOv5's advice for the best results: %s.", n),
            n, MIN_BOXES, few_boxes);
}

static void
advise_on_pictures (FvStatistics *self, guint n_tiny)
{
  if (self->backgrounds > MAX_BACKGROUNDS * self->images)
    advise (self, "many-backgrounds",
            ngettext ("%u of %u pictures has no box. Up to 10 %% such backgrounds help against false alarms; more "
                      "slow training down. Was it forgotten when labels were drawn?",
                      "%u of %u pictures have no box. Up to 10 %% such backgrounds help against false alarms; more "
                      "slow training down. Were some forgotten when labels were drawn?",
                      self->backgrounds),
            self->backgrounds, self->images);
  else if (self->backgrounds == 0)
    advise (self, "no-backgrounds",
            _ ("Every picture has a box. A few pictures without any object (up to 10 %%) help against "
               "false alarms."));
  if (self->small > self->boxes / 2)
    advise (self, "small-objects",
            _ ("%" PRIu64 " of %" PRIu64 " boxes are smaller than 32 x 32 pixels. Train "
               "with a larger input size than 640, so that they are not shrunk away."),
            self->small, self->boxes);
  if (n_tiny > 0)
    advise (self, "tiny-pictures",
            ngettext ("%u picture has a side below %d pixels. It is used, but hardly teaches anything.",
                      "%u pictures have a side below %d pixels. They are used, but hardly teach anything.", n_tiny),
            n_tiny, MIN_SIDE);
  if (self->repeated > 0)
    advise (
        self, "repeated-pictures",
        ngettext ("%u picture is there more than once under different names. It counts twice in training; delete "
                  "what is too much.",
                  "%u pictures are there more than once under different names. They count twice in training; delete "
                  "what is too much.",
                  self->repeated),
        self->repeated);
}

static void
advise_on_split (FvStatistics *self, const FvDataset *dataset)
{
  FvSplitResult split;
  fv_split_count (dataset, &split);
  if (split.n_pictures[FV_SUBSET_TRAIN] == 0)
    advise (self, "no-train", _ ("There are no pictures to train on. 'fovea-cli split' makes subsets."));
  if (split.n_pictures[FV_SUBSET_VAL] == 0)
    advise (self, "no-val",
            _ ("There are no pictures to validate with, so nothing would show how good a detector is. "
               "'fovea-cli split' makes subsets."));
  if (split.leaks > 0)
    advise (self, "leaks",
            ngettext ("%u picture of val or test is in another subset, too, with the same content: results on it are "
                      "too good to be true. 'fovea-cli split' keeps them together.",
                      "%u pictures of val or test are in another subset, too, with the same content: results on them "
                      "are too good to be true. 'fovea-cli split' keeps them together.",
                      split.leaks),
            split.leaks);
}

FvStatistics *
fv_statistics_new (const FvDataset *dataset, const FvSubset *subset)
{
  FvStatistics *self = g_new0 (FvStatistics, 1);
  self->classes = g_array_new (FALSE, TRUE, sizeof (FvClassStatistics));
  g_array_set_clear_func (self->classes, class_clear);
  self->advice = g_array_new (FALSE, FALSE, sizeof (FvAdvice));
  g_array_set_clear_func (self->advice, advice_clear);
  g_array_set_size (self->classes, dataset->n_classes);
  for (guint c = 0; c < dataset->n_classes; c++)
    g_array_index (self->classes, FvClassStatistics, c).name = g_strdup (dataset->class_names[c]);

  g_autofree guint *last = g_new0 (guint, dataset->n_classes + 1);
  g_autoptr (GHashTable) hashes = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_tiny = 0;
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      if (subset != NULL && item->subset != *subset)
        continue;
      count_item (self, item, last);
      n_tiny += MIN (item->width, item->height) < MIN_SIDE;
      self->repeated += !g_hash_table_add (hashes, item->hash);
    }

  if (self->images == 0)
    advise (self, "no-images",
            subset != NULL ? _ ("There are no pictures in this subset.")
                           : _ ("There are no pictures; 'fovea-cli import' brings them in."));
  else
    {
      advise_on_split (self, dataset);
      advise_on_classes (self);
      advise_on_pictures (self, n_tiny);
    }
  return self;
}

void
fv_statistics_free (FvStatistics *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->classes);
  g_array_unref (self->advice);
  g_free (self);
}
