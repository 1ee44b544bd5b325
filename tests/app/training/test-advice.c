/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-advice.h"
#include "app/training/fv-recipe.h"

#include <math.h>
#include <string.h>

/* A dataset about which there is nothing to say; each rule has one change of it that it is for. */
#define N_TRAIN 2000
#define N_VAL 300
#define N_BACKGROUNDS 50
#define N_BOXES 12 /* a picture, every second one of the other class */

typedef struct
{
  FvDataset *dataset;
  FvContent content;
  guint imgsz;
  const FvSubset *subset;
} Data;

static FvItem *
add_picture (FvDataset *dataset, FvSubset subset)
{
  FvItem *item = fv_item_new ();
  const guint i = dataset->items->len;
  item->hash = g_strdup_printf ("%u", i);
  item->name = g_strdup_printf ("%u.jpg", i);
  item->width = 640;
  item->height = 480;
  item->subset = subset;
  fv_dataset_add (dataset, item);
  return item;
}

/* 68 x 68 pixels are a scale of 0.12; a third are 18 pixels wide: wide enough at 640, and no more. */
static void
add_boxes (FvItem *item)
{
  for (guint k = 0; k < N_BOXES; k++)
    {
      const double x = (k % 4) * 150 + 10, y = (k / 4) * 150 + 10;
      const FvBox box = { k % 2, x, y, x + (k % 3 == 0 ? 18 : 68), y + 68 };
      g_array_append_val (item->boxes, box);
    }
}

static void
data_init (Data *data, const char *const *names)
{
  const char *const usual[] = { "person", "car", NULL };
  *data = (Data){ .dataset = fv_dataset_new (names != NULL ? names : usual) };
  data->content = (FvContent){ .measured = 1, .red = 0.47, .green = 0.45, .blue = 0.41 };
  data->content.saturation = (FvSpread){ 0.1, 0.2, 0.3, 0.4, 0.5, 0.3 };
  for (guint i = 0; i < N_TRAIN + N_VAL; i++)
    {
      FvItem *item = add_picture (data->dataset, i < N_TRAIN ? FV_SUBSET_TRAIN : FV_SUBSET_VAL);
      if (i % (N_TRAIN / N_BACKGROUNDS) > 0)
        add_boxes (item);
    }
}

/* (transfer full): the ids, between spaces. */
static char *
advise (Data *data)
{
  g_autoptr (GString) ids = g_string_new (" ");
  g_autoptr (FvStatistics) statistics
      = fv_statistics_new (data->dataset, &(FvStatisticsParams){ .imgsz = data->imgsz, .subset = data->subset });
  g_autoptr (GPtrArray) all
      = fv_advise (&(FvAdviceParams){ .dataset = data->dataset, .statistics = statistics, .content = &data->content });
  for (guint i = 0; i < all->len; i++)
    {
      const FvAdvice *advice = g_ptr_array_index (all, i);
      g_string_append_printf (ids, "%s ", advice->id);
      g_assert_cmpuint (strlen (advice->text), >, 0);
      g_assert_cmpuint (strlen (advice->reason), >, 0);
      g_assert_cmpuint (strlen (advice->action), >, 0);
      g_assert_true (isfinite (advice->figure));
      if (advice->setting != NULL)
        {
          g_autoptr (GError) error = NULL;
          FvRecipe recipe;
          fv_recipe_init (&recipe);
          fv_recipe_set_pair (&recipe, advice->setting, &error);
          g_assert_no_error (error);
        }
    }
  return g_string_free (g_steal_pointer (&ids), FALSE);
}

static void
keep (Data *data, guint n_train, guint n_val)
{
  g_autoptr (GPtrArray) items = g_steal_pointer (&data->dataset->items);
  data->dataset->items = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_item_unref);
  for (guint i = 0; i < items->len; i++)
    {
      const FvItem *item = g_ptr_array_index (items, i);
      guint *left = item->subset == FV_SUBSET_TRAIN ? &n_train : &n_val;
      if (*left == 0)
        continue;
      --*left;
      fv_dataset_add (data->dataset, fv_item_copy (item));
    }
}

/* Moves every box of a class, in all pictures or in those of a subset, to another one. */
static void
reclass (Data *data, const FvSubset *subset, guint from, guint to)
{
  for (guint i = 0; i < data->dataset->items->len; i++)
    {
      FvItem *item = fv_dataset_get (data->dataset, i);
      for (guint k = 0; k < item->boxes->len && (subset == NULL || item->subset == *subset); k++)
        if (g_array_index (item->boxes, FvBox, k).class_id == from)
          g_array_index (item->boxes, FvBox, k).class_id = to;
    }
}

static void
scale_boxes (Data *data, double x, double y)
{
  for (guint i = 0; i < data->dataset->items->len; i++)
    {
      FvItem *item = fv_dataset_get (data->dataset, i);
      for (guint k = 0; k < item->boxes->len; k++)
        {
          FvBox *box = &g_array_index (item->boxes, FvBox, k);
          box->x2 = box->x1 + (box->x2 - box->x1) * x;
          box->y2 = box->y1 + (box->y2 - box->y1) * y;
        }
    }
}

static void
no_images (Data *data)
{
  keep (data, 0, 0);
}

static void
no_boxes (Data *data)
{
  for (guint i = 0; i < data->dataset->items->len; i++)
    g_array_set_size (fv_dataset_get (data->dataset, i)->boxes, 0);
}

static void
no_train (Data *data)
{
  keep (data, 0, N_VAL);
}

static void
no_val (Data *data)
{
  keep (data, N_TRAIN, 0);
}

static void
repeat (Data *data)
{
  FvItem *item = fv_item_copy (fv_dataset_get (data->dataset, 1));
  fv_dataset_add (data->dataset, item);
}

static void
leak (Data *data)
{
  repeat (data);
  fv_dataset_get (data->dataset, data->dataset->items->len - 1)->subset = FV_SUBSET_VAL;
}

static void
missing_in_train (Data *data)
{
  reclass (data, &(FvSubset){ FV_SUBSET_TRAIN }, 1, 0);
}

static void
missing_in_val (Data *data)
{
  reclass (data, &(FvSubset){ FV_SUBSET_VAL }, 1, 0);
}

static void
empty_class (Data *data)
{
  reclass (data, NULL, 1, 0);
}

static void
few_pictures (Data *data)
{
  keep (data, 199, N_VAL);
}

static void
few_to_augment (Data *data)
{
  keep (data, 999, N_VAL);
}

static void
few_like_coco (Data *data)
{
  keep (data, 499, N_VAL);
}

/* One in 25 boxes of the second class stays. */
static void
imbalance (Data *data)
{
  guint n = 0;
  for (guint i = 0; i < data->dataset->items->len; i++)
    {
      FvItem *item = fv_dataset_get (data->dataset, i);
      for (guint k = 0; k < item->boxes->len; k++)
        if (g_array_index (item->boxes, FvBox, k).class_id == 1 && n++ % 25 > 0)
          g_array_index (item->boxes, FvBox, k).class_id = 0;
    }
}

/* 1,400 pictures with boxes, of 12,000 of the two classes each and more. */
static void
few_images (Data *data)
{
  keep (data, 1300, 100);
}

static void
few_boxes (Data *data)
{
  for (guint i = 0; i < data->dataset->items->len; i++)
    {
      FvItem *item = fv_dataset_get (data->dataset, i);
      g_array_set_size (item->boxes, MIN (item->boxes->len, 6));
    }
}

static void
small_val (Data *data)
{
  keep (data, N_TRAIN, 8);
}

static void
near_duplicates (Data *data)
{
  data->content.near_duplicates = 100;
}

static void
many_backgrounds (Data *data)
{
  for (guint i = 0; i < N_TRAIN / 4; i++)
    add_picture (data->dataset, FV_SUBSET_TRAIN);
}

static void
no_backgrounds (Data *data)
{
  for (guint i = 0; i < data->dataset->items->len; i++)
    if (fv_dataset_get (data->dataset, i)->boxes->len == 0)
      add_boxes (fv_dataset_get (data->dataset, i));
}

static void
tiny_picture (Data *data)
{
  add_picture (data->dataset, FV_SUBSET_TRAIN)->width = 9;
}

static void
overlapping (Data *data)
{
  for (guint i = 0; i < data->dataset->items->len; i++)
    {
      FvItem *item = fv_dataset_get (data->dataset, i);
      if (i % 4 != 1 || item->boxes->len == 0)
        continue;
      FvBox box = g_array_index (item->boxes, FvBox, 1);
      box.x1 += 10;
      box.x2 += 10;
      g_array_append_val (item->boxes, box);
    }
}

static void
crowded (Data *data)
{
  FvItem *item = fv_dataset_get (data->dataset, 1);
  while (item->boxes->len <= 300)
    {
      const FvBox box = { 0, item->boxes->len, 0, item->boxes->len + 17.0, 400 };
      g_array_append_val (item->boxes, box);
    }
}

static void
small_objects (Data *data)
{
  scale_boxes (data, 0.5, 1);
}

/* Small pictures: a larger input than suggested helps nothing, and the advice has no setting. */
static void
anchors_poor (Data *data)
{
  scale_boxes (data, 0.1, 4);
}

/* Other classes, and boxes over a tenth of the picture's side each. */
static void
unlike_coco (Data *data)
{
  data->content.red = 0.8;
}

static void
grey (Data *data)
{
  data->content.saturation = (FvSpread){ 0, 0, 0.01, 0.02, 0.05, 0.01 };
}

static void
small_batch (Data *data)
{
  keep (data, 12, N_VAL);
}

static void
large_boxes (Data *data)
{
  scale_boxes (data, 2, 2);
}

static const struct
{
  const char *id;
  void (*change) (Data *data); /* NULL: the names are enough */
  const char *names[3];
} cases[] = {
  { "no-images", no_images },
  { "no-boxes", no_boxes },
  { "no-train", no_train },
  { "no-val", no_val },
  { "leaks", leak },
  { "train-missing-classes", missing_in_train },
  { "val-missing-classes", missing_in_val },
  { "empty-classes", empty_class },
  { "few-pictures", few_pictures },
  { "imbalance", imbalance },
  { "few-images", few_images },
  { "few-boxes", few_boxes },
  { "small-val", small_val },
  { "repeated-pictures", repeat },
  { "near-duplicates", near_duplicates },
  { "many-backgrounds", many_backgrounds },
  { "no-backgrounds", no_backgrounds },
  { "tiny-pictures", tiny_picture },
  { "overlapping", overlapping },
  { "crowded", crowded },
  { "small-objects", small_objects },
  { "anchors-poor", anchors_poor },
  { "unlike-coco", unlike_coco, { "platelet", "red cell" } },
  { "flip-sides", NULL, { "left hand", "right hand" } },
  { "colour-classes", NULL, { "red-car", "blue-car" } },
  { "grey-pictures", grey },
  { "augmentation", few_to_augment },
  { "freeze", few_like_coco },
  { "batch", small_batch },
  { "size-to-spare", large_boxes },
};

static void
test_silent (void)
{
  Data data;
  data_init (&data, NULL);
  g_autoptr (FvDataset) owned = data.dataset;
  g_autofree char *ids = advise (&data);
  g_assert_cmpstr (ids, ==, " ");
}

static void
test_rule (gconstpointer which)
{
  const guint i = GPOINTER_TO_UINT (which);
  g_autofree char *wanted = g_strdup_printf (" %s ", cases[i].id);
  Data data;
  data_init (&data, cases[i].names[0] != NULL ? cases[i].names : NULL);
  if (cases[i].change != NULL)
    cases[i].change (&data);
  g_autoptr (FvDataset) owned = data.dataset;
  g_autofree char *ids = advise (&data);
  g_test_message ("%s:%s", cases[i].id, ids);
  if (strstr (ids, wanted) == NULL)
    g_error ("%s is not advised, only%s", cases[i].id, ids);
}

/* The table above has every rule, in their order. */
static void
test_complete (void)
{
  const char *const *ids = fv_advice_get_ids ();
  g_assert_cmpuint (g_strv_length ((char **)ids), ==, G_N_ELEMENTS (cases));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (ids[i], ==, cases[i].id);
}

/* What a rule that stands alone says is all there is; a subset may be empty where the dataset is not. */
static void
test_alone (void)
{
  Data data;
  data_init (&data, NULL);
  g_autoptr (FvDataset) owned = data.dataset;
  data.subset = &(FvSubset){ FV_SUBSET_TEST };
  g_autofree char *none = advise (&data);
  g_assert_cmpstr (none, ==, " no-images ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/training/advice/silent", test_silent);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/training/advice/%s", cases[i].id);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_rule);
    }
  g_test_add_func ("/training/advice/complete", test_complete);
  g_test_add_func ("/training/advice/alone", test_alone);
  return g_test_run ();
}
