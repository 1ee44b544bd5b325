/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-coco-figures.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Where the figures stand. */
#define COUNTED                                                                                                        \
  "detectron2's count of instances_train2017.json, without crowds: github.com/facebookresearch/detectron2/issues/1134"
#define PAPER "Lin et al., Microsoft COCO: Common Objects in Context, 2014, section 5: arxiv.org/abs/1405.0312"
#define SITE "cocodataset.org/#detection-eval; there by the area of the outline, which is smaller than that of the box"
#define SNIP                                                                                                           \
  "Singh and Davis, An Analysis of Scale Invariance in Object Detection - SNIP, 2018, section 1: "                     \
  "arxiv.org/abs/1711.08189"
#define CORNERNET                                                                                                      \
  "CornerNet, db/coco.py: github.com/princeton-vl/CornerNet; computed anew for val2017 in "                            \
  "github.com/xingyizhou/CenterNet/issues/229"

/* As detectron2 prints them when it loads coco_2017_train. */
static const FvCocoClass classes[FV_COCO_N_CLASSES] = {
  { "person", 257253 },
  { "bicycle", 7056 },
  { "car", 43533 },
  { "motorcycle", 8654 },
  { "airplane", 5129 },
  { "bus", 6061 },
  { "train", 4570 },
  { "truck", 9970 },
  { "boat", 10576 },
  { "traffic light", 12842 },
  { "fire hydrant", 1865 },
  { "stop sign", 1983 },
  { "parking meter", 1283 },
  { "bench", 9820 },
  { "bird", 10542 },
  { "cat", 4766 },
  { "dog", 5500 },
  { "horse", 6567 },
  { "sheep", 9223 },
  { "cow", 8014 },
  { "elephant", 5484 },
  { "bear", 1294 },
  { "zebra", 5269 },
  { "giraffe", 5128 },
  { "backpack", 8714 },
  { "umbrella", 11265 },
  { "handbag", 12342 },
  { "tie", 6448 },
  { "suitcase", 6112 },
  { "frisbee", 2681 },
  { "skis", 6623 },
  { "snowboard", 2681 },
  { "sports ball", 6299 },
  { "kite", 8802 },
  { "baseball bat", 3273 },
  { "baseball glove", 3747 },
  { "skateboard", 5536 },
  { "surfboard", 6095 },
  { "tennis racket", 4807 },
  { "bottle", 24070 },
  { "wine glass", 7839 },
  { "cup", 20574 },
  { "fork", 5474 },
  { "knife", 7760 },
  { "spoon", 6159 },
  { "bowl", 14323 },
  { "banana", 9195 },
  { "apple", 5776 },
  { "sandwich", 4356 },
  { "orange", 6302 },
  { "broccoli", 7261 },
  { "carrot", 7758 },
  { "hot dog", 2884 },
  { "pizza", 5807 },
  { "donut", 7005 },
  { "cake", 6296 },
  { "chair", 38073 },
  { "couch", 5779 },
  { "potted plant", 8631 },
  { "bed", 4192 },
  { "dining table", 15695 },
  { "toilet", 4149 },
  { "tv", 5803 },
  { "laptop", 4960 },
  { "mouse", 2261 },
  { "remote", 5700 },
  { "keyboard", 2854 },
  { "cell phone", 6422 },
  { "microwave", 1672 },
  { "oven", 3334 },
  { "toaster", 225 },
  { "sink", 5609 },
  { "refrigerator", 2634 },
  { "book", 24077 },
  { "clock", 6320 },
  { "vase", 6577 },
  { "scissors", 1464 },
  { "teddy bear", 4729 },
  { "hair drier", 198 },
  { "toothbrush", 1945 },
};

/* Less than that apart is taken for the same. */
#define SAME_RATIO 1.1
#define SAME_SHARE 0.02

const FvCocoClass *
fv_coco_get_classes (void)
{
  return classes;
}

const FvCocoClass *
fv_coco_find_class (const char *name)
{
  g_autofree char *plain = g_strdelimit (g_strdup (name), "_-", ' ');
  for (guint i = 0; i < FV_COCO_N_CLASSES; i++)
    if (g_ascii_strcasecmp (plain, classes[i].name) == 0)
      return &classes[i];
  return NULL;
}

/* The evenness of COCO's classes, as FvStatistics has it. */
static double
get_evenness (void)
{
  double entropy = 0;
  for (guint i = 0; i < FV_COCO_N_CLASSES; i++)
    entropy -= classes[i].boxes / (double)FV_COCO_BOXES * log2 (classes[i].boxes / (double)FV_COCO_BOXES);
  return entropy / log2 (FV_COCO_N_CLASSES);
}

static double
get_ratio (void)
{
  guint most = 0, least = G_MAXUINT;
  for (guint i = 0; i < FV_COCO_N_CLASSES; i++)
    {
      most = MAX (most, classes[i].boxes);
      least = MIN (least, classes[i].boxes);
    }
  return (double)most / least;
}

char *
fv_coco_describe_difference (FvComparisonKind kind, double here, double coco)
{
  if (isnan (here))
    return g_strdup (_ ("nothing to compare"));
  if (kind == FV_COMPARISON_SHARE)
    {
      const double points = 100 * (here - coco);
      if (fabs (here - coco) < SAME_SHARE)
        return g_strdup (_ ("about as in COCO"));
      return points > 0 ? g_strdup_printf (_ ("%.0f percentage points more than in COCO"), points)
                        : g_strdup_printf (_ ("%.0f percentage points less than in COCO"), -points);
    }
  if (here <= 0)
    return g_strdup (_ ("none, unlike COCO"));
  const double ratio = here > coco ? here / coco : coco / here;
  if (ratio < SAME_RATIO)
    return g_strdup (_ ("about as in COCO"));
  g_autofree char *times = g_strdup_printf (ratio < 9.95 ? "%.1f" : "%.0f", ratio);
  return here > coco ? g_strdup_printf (_ ("%s times that of COCO"), times)
                     : g_strdup_printf (_ ("COCO has %s times that"), times);
}

static void
comparison_free (gpointer data)
{
  FvComparison *self = data;
  g_free (self->difference);
  g_free (self);
}

static void
compare (GPtrArray *all, const char *id, FvComparisonKind kind, const char *title, double here, double coco,
         const char *source)
{
  const FvComparison comparison
      = { id, kind, title, here, coco, fv_coco_describe_difference (kind, here, coco), source };
  g_ptr_array_add (all, g_memdup2 (&comparison, sizeof comparison));
}

static double
divide (double a, double b)
{
  return b > 0 ? a / b : NAN;
}

GPtrArray *
fv_coco_compare (const FvStatistics *s, const FvContent *content)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (comparison_free);
  const double boxes = (double)s->boxes, images = s->images;
  compare (all, "images", FV_COMPARISON_COUNT, _ ("Pictures"), images, FV_COCO_IMAGES, COUNTED);
  compare (all, "boxes", FV_COMPARISON_COUNT, _ ("Boxes"), boxes, FV_COCO_BOXES, COUNTED);
  compare (all, "classes", FV_COMPARISON_COUNT, _ ("Classes"), s->classes->len, FV_COCO_N_CLASSES, COUNTED);
  compare (all, "backgrounds", FV_COMPARISON_SHARE, _ ("Pictures without boxes"), divide (s->backgrounds, images),
           (double)FV_COCO_BACKGROUNDS / FV_COCO_IMAGES, COUNTED);
  compare (all, "boxes-per-image", FV_COMPARISON_RATIO, _ ("Boxes in a picture"), divide (boxes, images),
           (double)FV_COCO_BOXES / FV_COCO_IMAGES, COUNTED);
  compare (all, "evenness", FV_COMPARISON_SHARE, _ ("Evenness of the classes (entropy)"), s->evenness, get_evenness (),
           COUNTED);
  compare (all, "ratio", FV_COMPARISON_RATIO, _ ("Commonest class to rarest"), s->ratio, get_ratio (), COUNTED);
  compare (all, "classes-per-image", FV_COMPARISON_RATIO, _ ("Classes in a picture"), s->classes_in_image, 3.5, PAPER);
  compare (all, "single-class", FV_COMPARISON_SHARE, _ ("Pictures with a single class"),
           divide (s->single_class, images - s->backgrounds), 0.1, PAPER);
  compare (all, "small", FV_COMPARISON_SHARE, _ ("Small boxes"), divide ((double)s->sizes.small, boxes), 0.41, SITE);
  compare (all, "medium", FV_COMPARISON_SHARE, _ ("Medium boxes"), divide ((double)s->sizes.medium, boxes), 0.34, SITE);
  compare (all, "large", FV_COMPARISON_SHARE, _ ("Large boxes"), divide ((double)s->sizes.large, boxes), 0.24, SITE);
  compare (all, "scale-p10", FV_COMPARISON_RATIO, _ ("Scale of the smallest tenth of the boxes"), s->scale.p10, 0.024,
           SNIP);
  compare (all, "scale-median", FV_COMPARISON_RATIO, _ ("Scale of the middle box"), s->scale.median, FV_COCO_SCALE,
           SNIP);
  compare (all, "scale-p90", FV_COMPARISON_RATIO, _ ("Scale of the largest tenth of the boxes"), s->scale.p90, 0.472,
           SNIP);
  if (content == NULL)
    return all;
  compare (all, "brightness", FV_COMPARISON_SHARE, _ ("Brightness"), content->brightness.mean, FV_COCO_BRIGHTNESS,
           CORNERNET);
  compare (all, "red", FV_COMPARISON_SHARE, _ ("Red"), content->red, FV_COCO_RED, CORNERNET);
  compare (all, "green", FV_COMPARISON_SHARE, _ ("Green"), content->green, FV_COCO_GREEN, CORNERNET);
  compare (all, "blue", FV_COMPARISON_SHARE, _ ("Blue"), content->blue, FV_COCO_BLUE, CORNERNET);
  return all;
}
