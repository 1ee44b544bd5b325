/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-advice-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>

/* YOLOv5, "Tips for best training results". */
#define MIN_IMAGES 1500
#define MIN_BOXES 10000
#define MAX_BACKGROUNDS 0.1
/* A class with so many times fewer boxes than another is easily neglected. */
#define IMBALANCE 20
/* So few pictures are learned by heart, whatever the network. */
#define FEW_TO_TRAIN 200
/* A share found among so few is known to no better than 10 percentage points (95 %, 0.98 / root of n). */
#define FEW_TO_VALIDATE 100
/* Shares of pictures that look alike, and of boxes that overlap, which are no accident any more. */
#define MAX_NEAR_DUPLICATES 0.01
#define MAX_OVERLAPPING 0.02
/* Detections of one picture that validation looks at, as YOLOv5's. */
#define MAX_DETECTIONS 300

static const FvClassStatistics *
get_class (const FvAdviceFacts *facts, guint class_id)
{
  return &g_array_index (facts->statistics->classes, FvClassStatistics, class_id);
}

static gboolean
is_empty (const FvAdviceFacts *facts, guint class_id)
{
  return get_class (facts, class_id)->boxes == 0;
}

static gboolean
has_few_images (const FvAdviceFacts *facts, guint class_id)
{
  return get_class (facts, class_id)->boxes > 0 && get_class (facts, class_id)->images < MIN_IMAGES;
}

static gboolean
has_few_boxes (const FvAdviceFacts *facts, guint class_id)
{
  return get_class (facts, class_id)->boxes > 0 && get_class (facts, class_id)->boxes < MIN_BOXES;
}

static gboolean
is_rare (const FvAdviceFacts *facts, guint class_id)
{
  return get_class (facts, class_id)->boxes > 0 && get_class (facts, class_id)->boxes * IMBALANCE < facts->most;
}

static gboolean
is_never_trained (const FvAdviceFacts *facts, guint class_id)
{
  return facts->boxes[FV_SUBSET_TRAIN][class_id] == 0
         && facts->boxes[FV_SUBSET_VAL][class_id] + facts->boxes[FV_SUBSET_TEST][class_id] > 0;
}

static gboolean
is_never_validated (const FvAdviceFacts *facts, guint class_id)
{
  return facts->boxes[FV_SUBSET_TRAIN][class_id] > 0 && facts->boxes[FV_SUBSET_VAL][class_id] == 0;
}

/* Sets the text to @format, which takes the classes' names and their number. */
static gboolean
name (const FvAdviceFacts *facts, FvAdvice *advice, gboolean (*test) (const FvAdviceFacts *facts, guint class_id),
      const char *format)
{
  guint n;
  g_autofree char *names = fv_advice_name_classes (facts, test, &n);
  if (names == NULL)
    return FALSE;
  advice->figure = n;
  advice->text = g_strdup_printf (format, names, n, facts->statistics->classes->len);
  return TRUE;
}

static gboolean
judge_no_images (const FvAdviceFacts *facts, FvAdvice *advice)
{
  if (facts->statistics->images > 0)
    return FALSE;
  advice->text = g_strdup (facts->params->dataset->items->len > 0 ? _ ("There are no pictures in this subset.")
                                                                  : _ ("There are no pictures."));
  return TRUE;
}

static gboolean
judge_no_boxes (const FvAdviceFacts *facts, FvAdvice *advice)
{
  if (facts->statistics->boxes > 0)
    return FALSE;
  advice->text = g_strdup (_ ("No picture has a box."));
  return TRUE;
}

static gboolean
judge_no_train (const FvAdviceFacts *facts, FvAdvice *advice)
{
  if (facts->split.n_pictures[FV_SUBSET_TRAIN] > 0)
    return FALSE;
  advice->text = g_strdup (_ ("There are no pictures to train on."));
  return TRUE;
}

static gboolean
judge_no_val (const FvAdviceFacts *facts, FvAdvice *advice)
{
  if (facts->split.n_pictures[FV_SUBSET_VAL] > 0)
    return FALSE;
  advice->text = g_strdup (_ ("There are no pictures to validate with."));
  return TRUE;
}

static gboolean
judge_leaks (const FvAdviceFacts *facts, FvAdvice *advice)
{
  advice->figure = facts->split.leaks;
  if (facts->split.leaks == 0)
    return FALSE;
  advice->text = g_strdup_printf (
      ngettext ("%u picture of val or test is in another subset, too, with the same content.",
                "%u pictures of val or test are in another subset, too, with the same content.", facts->split.leaks),
      facts->split.leaks);
  return TRUE;
}

static gboolean
judge_train_missing_classes (const FvAdviceFacts *facts, FvAdvice *advice)
{
  return facts->n_boxes[FV_SUBSET_TRAIN] > 0
         && name (facts, advice, is_never_trained, _ ("Never trained on, but in val or test: %s (%u of %u classes)."));
}

static gboolean
judge_val_missing_classes (const FvAdviceFacts *facts, FvAdvice *advice)
{
  return facts->n_boxes[FV_SUBSET_VAL] > 0
         && name (facts, advice, is_never_validated, _ ("Trained on, but not in val: %s (%u of %u classes)."));
}

static gboolean
judge_empty_classes (const FvAdviceFacts *facts, FvAdvice *advice)
{
  return name (facts, advice, is_empty, _ ("Without a box: %s (%u of %u classes)."));
}

static gboolean
judge_imbalance (const FvAdviceFacts *facts, FvAdvice *advice)
{
  return name (facts, advice, is_rare,
               _ ("Less than a twentieth of the boxes of the commonest class: %s (%u of %u classes)."));
}

static gboolean
judge_few_pictures (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const guint n = facts->figures.pictures;
  advice->figure = n;
  if (n == 0 || n >= FEW_TO_TRAIN)
    return FALSE;
  advice->text = g_strdup_printf (
      ngettext ("There is only %u picture to train on.", "There are only %u pictures to train on.", n), n);
  return TRUE;
}

static gboolean
judge_few_images (const FvAdviceFacts *facts, FvAdvice *advice)
{
  return name (facts, advice, has_few_images, _ ("On fewer than 1,500 pictures: %s (%u of %u classes)."));
}

static gboolean
judge_few_boxes (const FvAdviceFacts *facts, FvAdvice *advice)
{
  return name (facts, advice, has_few_boxes, _ ("Fewer than 10,000 boxes: %s (%u of %u classes)."));
}

static gboolean
judge_small_val (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const guint n = (guint)facts->n_boxes[FV_SUBSET_VAL];
  advice->figure = n;
  if (n == 0 || n >= FEW_TO_VALIDATE)
    return FALSE;
  advice->text = g_strdup_printf (
      ngettext ("There is only %u box to validate with.", "There are only %u boxes to validate with.", n), n);
  advice->reason
      = g_strdup_printf (_ ("A recall that is measured on so few may be off by %.0f percentage points by chance."),
                         MIN (98 / sqrt (n), 100));
  return TRUE;
}

static gboolean
judge_repeated_pictures (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const guint n = facts->statistics->repeated;
  advice->figure = n;
  if (n == 0)
    return FALSE;
  advice->text = g_strdup_printf (ngettext ("%u picture is there more than once under different names.",
                                            "%u pictures are there more than once under different names.", n),
                                  n);
  return TRUE;
}

static gboolean
judge_near_duplicates (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const FvContent *content = facts->params->content;
  const guint n = content != NULL ? content->near_duplicates : 0;
  advice->figure = n;
  if (n <= MAX_NEAR_DUPLICATES * facts->statistics->images)
    return FALSE;
  advice->text = g_strdup_printf (
      ngettext ("%u picture looks nearly like another one.", "%u pictures look nearly like another one.", n), n);
  return TRUE;
}

static gboolean
judge_many_backgrounds (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const FvStatistics *s = facts->statistics;
  advice->figure = (double)s->backgrounds / s->images;
  if (advice->figure <= MAX_BACKGROUNDS)
    return FALSE;
  advice->text
      = g_strdup_printf (ngettext ("%u of %u pictures has no box.", "%u of %u pictures have no box.", s->backgrounds),
                         s->backgrounds, s->images);
  return TRUE;
}

static gboolean
judge_no_backgrounds (const FvAdviceFacts *facts, FvAdvice *advice)
{
  if (facts->statistics->backgrounds > 0)
    return FALSE;
  advice->text = g_strdup (_ ("Every picture has a box."));
  return TRUE;
}

static gboolean
judge_tiny_pictures (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const guint n = facts->statistics->tiny;
  advice->figure = n;
  if (n == 0)
    return FALSE;
  advice->text = g_strdup_printf (
      ngettext ("%u picture has a side below 10 pixels.", "%u pictures have a side below 10 pixels.", n), n);
  return TRUE;
}

static gboolean
judge_overlapping (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const FvStatistics *s = facts->statistics;
  advice->figure = (double)s->overlapping / (double)s->boxes;
  if (advice->figure <= MAX_OVERLAPPING)
    return FALSE;
  advice->text = g_strdup_printf (
      _ ("%.0f %% of the boxes overlap another one of their class by more than 45 %% (intersection over union)."),
      100 * advice->figure);
  return TRUE;
}

static gboolean
judge_crowded (const FvAdviceFacts *facts, FvAdvice *advice)
{
  advice->figure = facts->statistics->boxes_in_image.max;
  if (advice->figure <= MAX_DETECTIONS)
    return FALSE;
  advice->text = g_strdup_printf (_ ("A picture has %.0f boxes."), advice->figure);
  return TRUE;
}

const FvAdviceRule fv_advice_data_rules[] = {
  { "no-images", judge_no_images, N_ ("There is nothing to count or to learn from."),
    N_ ("'fovea-cli import' brings pictures in."), TRUE },
  { "no-boxes", judge_no_boxes, N_ ("A detector learns what is inside of boxes."), N_ ("Import labels, or draw boxes."),
    TRUE },
  { "no-train", judge_no_train, N_ ("Training needs some."), N_ ("'fovea-cli split' makes subsets.") },
  { "no-val", judge_no_val, N_ ("Nothing would show how good a detector is."),
    N_ ("'fovea-cli split' makes subsets.") },
  { "leaks", judge_leaks, N_ ("Results on what was trained on are too good to be true."),
    N_ ("'fovea-cli split' keeps such pictures together.") },
  { "train-missing-classes", judge_train_missing_classes, N_ ("They can't be found, and lower every result."),
    N_ ("Split anew ('fovea-cli split'), or add pictures of them to train.") },
  { "val-missing-classes", judge_val_missing_classes, N_ ("Nothing shows whether they are found."),
    N_ ("Split anew ('fovea-cli split'), or add pictures of them to val.") },
  { "empty-classes", judge_empty_classes, N_ ("A detector can't learn what it never sees."),
    N_ ("Leave such classes out, or add pictures.") },
  { "few-pictures", judge_few_pictures, N_ ("A network learns so few by heart instead of learning what to look for."),
    N_ ("Start from trained weights ('--weights'), and add pictures.") },
  { "imbalance", judge_imbalance, N_ ("What is rare counts for little in the loss, and is easily passed over."),
    N_ ("More pictures of such classes help most.") },
  { "few-images", judge_few_images, N_ ("As many as that are YOLOv5's advice for the best results."),
    N_ ("Start from trained weights ('--weights'), and add pictures where results disappoint.") },
  { "few-boxes", judge_few_boxes, N_ ("As many as that are YOLOv5's advice for the best results."),
    N_ ("Start from trained weights ('--weights'), and add pictures where results disappoint.") },
  { "small-val", judge_small_val, NULL,
    N_ ("Add pictures to val, or train on several folds ('fovea-cli split --folds').") },
  { "repeated-pictures", judge_repeated_pictures, N_ ("What is there twice counts twice in training."),
    N_ ("Delete what is too much.") },
  { "near-duplicates", judge_near_duplicates,
    N_ ("They teach little that is new, and parted between train and val they make results too good to be true."),
    N_ ("'fovea-cli check' names them; 'fovea-cli split' keeps them together.") },
  { "many-backgrounds", judge_many_backgrounds,
    N_ ("Up to a tenth of such backgrounds help against false alarms; more slow training down, and forgotten labels "
        "teach to "
        "overlook objects."),
    N_ ("Look through them for objects that were forgotten when labels were drawn.") },
  { "no-backgrounds", judge_no_backgrounds,
    N_ ("A detector that never saw an empty picture gives false alarms on them."),
    N_ ("Add some pictures without any object, up to a tenth.") },
  { "tiny-pictures", judge_tiny_pictures, N_ ("There is hardly anything to see on them."), N_ ("Leave them out.") },
  { "overlapping", judge_overlapping,
    N_ ("Detection takes two boxes that overlap that much for one, and drops the less certain one."),
    N_ ("Detect with a larger limit, such as '--iou 0.6', and compare.") },
  { "crowded", judge_crowded, N_ ("Validation looks at the 300 most certain detections of a picture."),
    N_ ("Cut such pictures into tiles, and detect on tiles, too.") },
  { NULL },
};
