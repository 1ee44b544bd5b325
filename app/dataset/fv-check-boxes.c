/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/dataset/fv-check-private.h"

/* Intersection over union from which two boxes of a class are one that was drawn twice. */
#define REPEATED_OVERLAP 0.9
/* The share of a box that lies in another of its class, from which it is inside; and how much larger the other must be. */
#define CONTAINED_SHARE 0.95
#define CONTAINED_RATIO 2.0
/* Of boxes that begin left of a box's end, so many are compared with it. */
#define MAX_NEIGHBOURS 500
/* Pixels of the picture. */
#define TINY_SIDE 4.0
/* A strip at the border: a side of this share of the picture's, at most, or the whole picture. */
#define STRIP 0.01
#define WHOLE 0.98
/* A class with fewer boxes has no usual shape. */
#define ENOUGH_BOXES 30
/* Of the logarithm of width by height: distances from the median, in median distances (normal: 1.4826 of them are a deviation). */
#define ODD_DISTANCE (5 * 1.4826)
/* No shape within a factor of two of the median is odd. */
#define LEAST_ODD_DISTANCE 0.7

static const char *
class_name (const FvCheck *self, const FvBox *box)
{
  return self->dataset->class_names[box->class_id];
}

static double
get_area (const FvBox *box)
{
  return (box->x2 - box->x1) * (box->y2 - box->y1);
}

/* Pairs of boxes of a picture */

typedef struct
{
  const FvBox *box;
  int number;
} Place;

static int
compare_left (gconstpointer a, gconstpointer b)
{
  const Place *first = a, *second = b;
  if (first->box->x1 != second->box->x1)
    return first->box->x1 < second->box->x1 ? -1 : 1;
  return first->number - second->number;
}

static void
check_pair (FvCheck *self, guint item, const Place *a, const Place *b, gboolean *told)
{
  const double width = MIN (a->box->x2, b->box->x2) - MAX (a->box->x1, b->box->x1);
  const double height = MIN (a->box->y2, b->box->y2) - MAX (a->box->y1, b->box->y1);
  if (a->box->class_id != b->box->class_id || width <= 0 || height <= 0)
    return;
  const double common = width * height, area_a = get_area (a->box), area_b = get_area (b->box);
  const double overlap = common / (area_a + area_b - common);
  if (overlap >= REPEATED_OVERLAP)
    {
      const Place *second = a->number > b->number ? a : b;
      if (told[second->number])
        return;
      told[second->number] = TRUE;
      FvFinding *finding = fv_check_add (self, "repeated-box", item, second->number,
                                         _ ("A box of '%s' is there twice: two share %.0f %% of their area. Each "
                                            "counts as an object of its own, and one of "
                                            "them can never be found."),
                                         class_name (self, second->box), overlap * 100);
      finding->repair = g_strdup (_ ("Deletes the second of the two boxes."));
      finding->action = FV_REPAIR_DELETE_BOX;
      return;
    }
  const Place *inner = area_a < area_b ? a : b;
  const double least = MIN (area_a, area_b);
  if (common >= CONTAINED_SHARE * least && MAX (area_a, area_b) >= CONTAINED_RATIO * least && !told[inner->number])
    {
      told[inner->number] = TRUE;
      fv_check_add (
          self, "contained-box", item, inner->number,
          _ ("A box of '%s' lies in a larger one of the same class. Is it a part of that object, or another one?"),
          class_name (self, inner->box));
    }
}

static void
check_pairs (FvCheck *self, guint item)
{
  const GArray *boxes = fv_dataset_get (self->dataset, item)->boxes;
  const guint n = boxes->len;
  if (n < 2)
    return;
  g_autofree Place *places = g_new (Place, n);
  g_autofree gboolean *told = g_new0 (gboolean, n);
  for (guint i = 0; i < n; i++)
    places[i] = (Place){ &g_array_index (boxes, FvBox, i), (int)i };
  qsort (places, n, sizeof *places, compare_left);
  for (guint i = 0; i < n; i++)
    {
      const guint end = MIN (n, i + 1 + MAX_NEIGHBOURS);
      for (guint k = i + 1; k < end && places[k].box->x1 < places[i].box->x2; k++)
        check_pair (self, item, &places[i], &places[k], told);
    }
}

/* Boxes by themselves */

static void
check_size (FvCheck *self, guint item, int number)
{
  const FvItem *picture = fv_dataset_get (self->dataset, item);
  const FvBox *box = &g_array_index (picture->boxes, FvBox, number);
  const double width = box->x2 - box->x1, height = box->y2 - box->y1;
  if (MIN (width, height) >= TINY_SIDE)
    return;
  FvFinding *finding = fv_check_add (
      self, "tiny-box", item, number,
      _ ("A box of '%s' is %.1f x %.1f pixels: too few to see anything on. Such boxes are mostly slips of the mouse."),
      class_name (self, box), width, height);
  finding->repair = g_strdup (_ ("Deletes the box."));
  finding->action = FV_REPAIR_DELETE_BOX;
}

static void
check_border (FvCheck *self, guint item, int number)
{
  const FvItem *picture = fv_dataset_get (self->dataset, item);
  const FvBox *box = &g_array_index (picture->boxes, FvBox, number);
  const double width = (box->x2 - box->x1) / picture->width, height = (box->y2 - box->y1) / picture->height;
  const gboolean at_side = box->x1 <= 0.5 || box->x2 >= picture->width - 0.5;
  const gboolean at_end = box->y1 <= 0.5 || box->y2 >= picture->height - 0.5;
  if (width >= WHOLE && height >= WHOLE)
    fv_check_add (
        self, "border-box", item, number,
        _ ("A box of '%s' is the whole picture. Is one object that large, or was a picture labelled as a whole?"),
        class_name (self, box));
  else if ((at_side && width <= STRIP) || (at_end && height <= STRIP))
    fv_check_add (
        self, "border-box", item, number,
        _ ("A box of '%s' is a strip at the picture's border, %.1f x %.1f pixels. Can the object be recognized by "
           "what is left of it?"),
        class_name (self, box), box->x2 - box->x1, box->y2 - box->y1);
}

/* Shapes, class by class */

typedef struct
{
  guint item;
  int number;
  double shape; /* logarithm of width by height */
} Shaped;

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double
median_of (double *values, guint n)
{
  qsort (values, n, sizeof *values, compare_doubles);
  return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

static void
check_shapes_of_class (FvCheck *self, const GArray *shaped)
{
  const guint n = shaped->len;
  if (n < ENOUGH_BOXES)
    return;
  g_autofree double *values = g_new (double, n);
  for (guint i = 0; i < n; i++)
    values[i] = g_array_index (shaped, Shaped, i).shape;
  const double median = median_of (values, n);
  for (guint i = 0; i < n; i++)
    values[i] = fabs (g_array_index (shaped, Shaped, i).shape - median);
  const double limit = MAX (ODD_DISTANCE * median_of (values, n), LEAST_ODD_DISTANCE);
  for (guint i = 0; i < n; i++)
    {
      const Shaped *own = &g_array_index (shaped, Shaped, i);
      const FvBox *box = &g_array_index (fv_dataset_get (self->dataset, own->item)->boxes, FvBox, own->number);
      if (fabs (own->shape - median) > limit)
        fv_check_add (
            self, "odd-aspect", own->item, own->number,
            _ ("A box of '%s' is %.2f times as wide as high; half of that class are below %.2f. Is it cut off, or of "
               "another class?"),
            class_name (self, box), exp (own->shape), exp (median));
    }
}

static void
check_shapes (FvCheck *self)
{
  const guint n_classes = self->dataset->n_classes;
  g_autoptr (GPtrArray) classes = g_ptr_array_new_with_free_func ((GDestroyNotify)g_array_unref);
  for (guint c = 0; c < n_classes; c++)
    g_ptr_array_add (classes, g_array_new (FALSE, FALSE, sizeof (Shaped)));
  for (guint i = 0; i < self->dataset->items->len; i++)
    {
      const GArray *boxes = fv_dataset_get (self->dataset, i)->boxes;
      for (guint k = 0; k < boxes->len; k++)
        {
          const FvBox *box = &g_array_index (boxes, FvBox, k);
          const Shaped shaped = { i, (int)k, log ((box->x2 - box->x1) / (box->y2 - box->y1)) };
          g_array_append_val ((GArray *)classes->pdata[box->class_id], shaped);
        }
    }
  for (guint c = 0; c < n_classes; c++)
    check_shapes_of_class (self, classes->pdata[c]);
}

void
fv_check_boxes (FvCheck *self)
{
  for (guint i = 0; i < self->dataset->items->len; i++)
    {
      const guint n = fv_dataset_get (self->dataset, i)->boxes->len;
      check_pairs (self, i);
      for (guint k = 0; k < n; k++)
        {
          check_size (self, i, (int)k);
          check_border (self, i, (int)k);
        }
    }
  check_shapes (self);
}
