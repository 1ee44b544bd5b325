/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-advice-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/dataset/fv-coco-figures.h"
#include "app/training/fv-anchors.h"

/* As fv-suggest.c: what is narrower is hardly seen. */
#define NARROWEST 16
/* How far from COCO's figures is unlike it: factors, and a part of the range of colours. */
#define UNLIKE_SCALE 3
#define UNLIKE_NUMBER 4
#define UNLIKE_COLOUR 0.15
/* A single difference is no other domain. */
#define N_DIFFERENCES 2
/* More pictures than these are worth what freezing takes from accuracy; and strong augmentation is for fewer. */
#define MANY_TO_FREEZE 500
#define MANY_TO_AUGMENT 1000
#define BACKBONE 10
/* Colours this pale are shades of grey, or a stain of the camera's. */
#define GREY 0.03

static double
find_share_of_coco_classes (const FvAdviceFacts *facts)
{
  guint64 n = 0;
  for (guint i = 0; i < facts->statistics->classes->len; i++)
    {
      const FvClassStatistics *class = &g_array_index (facts->statistics->classes, FvClassStatistics, i);
      if (fv_coco_find_class (class->name) != NULL)
        n += class->boxes;
    }
  return (double)n / (double)facts->statistics->boxes;
}

static gboolean
is_apart (double a, double b, double factor)
{
  return a > b * factor || b > a * factor;
}

/* (transfer full): in what the data differ from COCO, @n of them; NULL for none. */
static char *
find_differences (const FvAdviceFacts *facts, guint *n)
{
  const FvStatistics *s = facts->statistics;
  const FvContent *content = facts->params->content;
  const char *found[5] = { NULL };
  *n = 0;
  if (find_share_of_coco_classes (facts) < 0.5)
    found[(*n)++] = _ ("the classes");
  if (is_apart (s->scale.median, FV_COCO_SCALE, UNLIKE_SCALE))
    found[(*n)++] = _ ("the size of the objects");
  if (s->boxes_in_image.mean > UNLIKE_NUMBER * ((double)FV_COCO_BOXES / FV_COCO_IMAGES))
    found[(*n)++] = _ ("the number of objects in a picture");
  if (content != NULL && content->measured > 0
      && (fabs (content->red - FV_COCO_RED) > UNLIKE_COLOUR || fabs (content->green - FV_COCO_GREEN) > UNLIKE_COLOUR
          || fabs (content->blue - FV_COCO_BLUE) > UNLIKE_COLOUR || content->saturation.median < GREY))
    found[(*n)++] = _ ("the colours");
  return *n > 0 ? g_strjoinv (", ", (char **)found) : NULL;
}

static gboolean
judge_unlike_coco (const FvAdviceFacts *facts, FvAdvice *advice)
{
  guint n;
  g_autofree char *differences = find_differences (facts, &n);
  advice->figure = n;
  if (n < N_DIFFERENCES)
    return FALSE;
  advice->text = g_strdup_printf (_ ("The pictures are unlike COCO's: %s."), differences);
  return TRUE;
}

/* Whether so many boxes are so narrow that a larger input is needed. */
static gboolean
judge_small_objects (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const guint imgsz = facts->statistics->imgsz;
  advice->figure = facts->figures.narrow * imgsz;
  if (!(advice->figure < NARROWEST))
    return FALSE;
  advice->text = g_strdup_printf (_ ("A quarter of the boxes are narrower than %.0f pixels at an input size of %u."),
                                  ceil (advice->figure), imgsz);
  if (facts->suggestions->imgsz > imgsz)
    {
      advice->setting = g_strdup_printf ("imgsz=%" G_GINT64_FORMAT, facts->suggestions->imgsz);
      advice->action = g_strdup_printf (_ ("Train with '--imgsz %d'."), (int)facts->suggestions->imgsz);
    }
  return TRUE;
}

static gboolean
judge_size_to_spare (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const gint64 imgsz = facts->suggestions->imgsz;
  advice->figure = (double)imgsz;
  if (facts->figures.boxes == 0 || imgsz >= facts->statistics->imgsz)
    return FALSE;
  advice->text = g_strdup_printf (_ ("An input size of %d is enough for these pictures."), (int)imgsz);
  advice->reason = g_strdup (facts->suggestions->imgsz_why);
  advice->action = g_strdup_printf (_ ("Train with '--imgsz %d', which takes a fraction of the time."), (int)imgsz);
  advice->setting = g_strdup_printf ("imgsz=%" G_GINT64_FORMAT, imgsz);
  return TRUE;
}

static double
find_recall (const FvAdviceFacts *facts, guint imgsz)
{
  const FvSubset train = FV_SUBSET_TRAIN;
  FvAnchors anchors;
  FvAnchorFit fit;
  g_autoptr (GArray) boxes
      = fv_anchors_collect (facts->params->dataset, facts->n_boxes[train] > 0 ? &train : NULL, imgsz);
  fv_anchors_get_coco (&anchors);
  fv_anchors_fit (boxes, &anchors, facts->recipe.anchor_t, &fit);
  return fit.best_possible_recall;
}

static gboolean
judge_anchors_poor (const FvAdviceFacts *facts, FvAdvice *advice)
{
  static const guint sizes[] = { 320, 416, 512, 640, 768, 960, 1280 };
  const guint imgsz = facts->statistics->imgsz;
  guint best = imgsz;
  double best_recall = advice->figure = find_recall (facts, imgsz);
  if (best_recall > FV_ANCHORS_GOOD)
    return FALSE;
  advice->text
      = g_strdup_printf (_ ("The anchors fit badly at an input size of %u: only %.1f %% of the boxes can be learned."),
                         imgsz, 100 * best_recall);
  for (guint i = 0; i < G_N_ELEMENTS (sizes) && best_recall <= FV_ANCHORS_GOOD; i++)
    {
      const double recall = find_recall (facts, sizes[i]);
      if (recall <= best_recall)
        continue;
      best = sizes[i];
      best_recall = recall;
    }
  if (best != imgsz)
    {
      advice->action = g_strdup_printf (_ ("'--imgsz %u' makes them %.1f %%. 'fovea-cli stats --anchors' shows anchors "
                                           "that fit."),
                                        best, 100 * best_recall);
      advice->setting = g_strdup_printf ("imgsz=%u", best);
    }
  return TRUE;
}

static gboolean
judge_augmentation (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const guint n = facts->figures.pictures;
  advice->figure = n;
  if (n == 0 || n >= MANY_TO_AUGMENT)
    return FALSE;
  advice->text = g_strdup_printf (ngettext ("In a long training, %u picture is seen again and again.",
                                            "In a long training, %u pictures are seen again and again.", n),
                                  n);
  return TRUE;
}

static gboolean
judge_batch (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const gint64 batch = facts->suggestions->batch;
  advice->figure = (double)batch;
  if (facts->figures.pictures == 0 || batch >= facts->recipe.batch)
    return FALSE;
  advice->text = g_strdup_printf (_ ("A batch of %d suits these pictures better than the usual %d."), (int)batch,
                                  (int)facts->recipe.batch);
  advice->reason = g_strdup (facts->suggestions->batch_why);
  advice->action = g_strdup_printf (_ ("Train with '--batch %d'."), (int)batch);
  advice->setting = g_strdup_printf ("batch=%" G_GINT64_FORMAT, batch);
  return TRUE;
}

static gboolean
judge_freeze (const FvAdviceFacts *facts, FvAdvice *advice)
{
  guint n_differences;
  const guint n = facts->figures.pictures;
  g_autofree char *differences = find_differences (facts, &n_differences);
  advice->figure = n;
  if (n == 0 || n >= MANY_TO_FREEZE || n_differences > 0)
    return FALSE;
  advice->text = g_strdup_printf (ngettext ("There is %u picture to train on, much like COCO's.",
                                            "There are %u pictures to train on, much like COCO's.", n),
                                  n);
  advice->setting = g_strdup_printf ("freeze=%d", BACKBONE);
  return TRUE;
}

/* Whether one of @words, NULL-terminated, is a word of the class's name; *word is its place among them. */
static gboolean
has_word (const char *name, const char *const *words, guint *word)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);
  g_auto (GStrv) parts = g_strsplit_set (lower, " _-./", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    for (*word = 0; words[*word] != NULL; ++*word)
      if (strcmp (parts[i], words[*word]) == 0)
        return TRUE;
  return FALSE;
}

/* Names of classes that only some of @words tell apart, at least two different ones; NULL for none. */
static char *
find_words (const FvAdviceFacts *facts, const char *const *words, guint *n)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint64 seen = 0;
  *n = 0;
  for (guint i = 0; i < facts->statistics->classes->len; i++)
    {
      guint word;
      const char *class_name = g_array_index (facts->statistics->classes, FvClassStatistics, i).name;
      if (!has_word (class_name, words, &word))
        continue;
      seen |= (guint64)1 << word;
      if (++*n <= 5)
        g_string_append_printf (text, "%s%s", *n > 1 ? ", " : "", class_name);
    }
  /* More than one bit. */
  return (seen & (seen - 1)) != 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static gboolean
judge_flip_sides (const FvAdviceFacts *facts, FvAdvice *advice)
{
  static const char *const words[] = { "left", "right", "links", "rechts", NULL };
  guint n;
  g_autofree char *names = find_words (facts, words, &n);
  advice->figure = n;
  if (names == NULL)
    return FALSE;
  advice->text = g_strdup_printf (_ ("Classes are told apart by their side: %s."), names);
  advice->setting = g_strdup ("fliplr=0");
  return TRUE;
}

static gboolean
judge_colour_classes (const FvAdviceFacts *facts, FvAdvice *advice)
{
  static const char *const words[] = { "red",  "green", "blue",  "yellow", "purple", "pink",  "brown", "rot",
                                       "rote", "blau",  "blaue", "gelb",   "gelbe",  "braun", NULL };
  guint n;
  g_autofree char *names = find_words (facts, words, &n);
  advice->figure = n;
  if (names == NULL)
    return FALSE;
  advice->text = g_strdup_printf (_ ("Classes are told apart by their colour: %s."), names);
  advice->setting = g_strdup ("hsv_h=0");
  return TRUE;
}

static gboolean
judge_grey_pictures (const FvAdviceFacts *facts, FvAdvice *advice)
{
  const FvContent *content = facts->params->content;
  if (content == NULL || content->measured == 0 || !(content->saturation.p90 < GREY))
    return FALSE;
  advice->figure = content->saturation.p90;
  advice->text = g_strdup (_ ("The pictures are grey."));
  advice->setting = g_strdup ("hsv_s=0");
  return TRUE;
}

const FvAdviceRule fv_advice_training_rules[] = {
  { "small-objects", judge_small_objects, N_ ("A network sees little in what is narrower than 16 pixels."),
    N_ ("A larger input would only blow the pictures up, or take very long: take them from nearer, or cut them into "
        "tiles.") },
  { "anchors-poor", judge_anchors_poor,
    N_ ("A box is only learned where an anchor's sides are less than four times larger or smaller."),
    N_ ("Another '--imgsz' doesn't help. 'fovea-cli stats --anchors' shows anchors that fit; very long or thin objects "
        "stay hard to learn.") },
  { "unlike-coco", judge_unlike_coco,
    N_ ("Weights trained on COCO know less of such pictures: lines and textures, but hardly any objects."),
    N_ ("Start from them all the same, freeze nothing, and allow more epochs and pictures.") },
  { "flip-sides", judge_flip_sides, N_ ("Half of the pictures are mirrored in training, which swaps the sides."),
    N_ ("Train with '--set fliplr=0'.") },
  { "colour-classes", judge_colour_classes, N_ ("Hues are changed in training."), N_ ("Train with '--set hsv_h=0'.") },
  { "grey-pictures", judge_grey_pictures, N_ ("Changing their hue or saturation in training does nothing."),
    N_ ("Train with '--set hsv_h=0 --set hsv_s=0', and leave hsv_v as it is.") },
  { "augmentation", judge_augmentation,
    N_ ("Pictures that are changed more each time are not learned by heart as fast."),
    N_ ("Try strong augmentation ('--recipe scratch-high') beside the light one that is usual, and compare.") },
  { "freeze", judge_freeze, N_ ("The first 10 layers of trained weights, the backbone, know such pictures already."),
    N_ ("Start from trained weights and train with '--set freeze=10': it is faster, and less is learned by heart.") },
  { "batch", judge_batch, NULL, NULL },
  { "size-to-spare", judge_size_to_spare, NULL, NULL },
  { NULL },
};
