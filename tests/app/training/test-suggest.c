/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-suggest.h"

#include <math.h>

/* Pictures of one size with one box each, a quarter of which are @narrow pixels wide and the others @wide. */
static FvDataset *
make (guint n, guint n_val, guint width, guint height, double narrow, double wide)
{
  const char *const names[] = { "thing", NULL };
  FvDataset *dataset = fv_dataset_new (names);
  for (guint i = 0; i < n + n_val; i++)
    {
      FvItem *item = fv_item_new ();
      const FvBox box = { 0, 1, 1, 1 + (i % 4 == 0 ? narrow : wide), height - 1.0 };
      item->path = g_strdup_printf ("/pictures/%u.jpg", i);
      item->name = g_strdup_printf ("%u.jpg", i);
      item->width = width;
      item->height = height;
      item->subset = i < n ? FV_SUBSET_TRAIN : FV_SUBSET_VAL;
      g_array_append_val (item->boxes, box);
      fv_dataset_add (dataset, item);
    }
  return dataset;
}

static FvSuggestions *
suggest (FvDataset *dataset, gboolean trained, FvSuggestFigures *figures)
{
  g_autoptr (FvDataset) owned = dataset;
  fv_suggest_measure (owned, figures);
  return fv_suggest_new (figures, trained);
}

static void
assert_says (const char *sentence, const char *part)
{
  if (strstr (sentence, part) == NULL)
    g_error ("“%s” doesn't say “%s”.", sentence, part);
}

static void
test_figures (void)
{
  FvSuggestFigures figures;
  g_autoptr (FvSuggestions) s = suggest (make (400, 60, 1000, 800, 20, 300), FALSE, &figures);
  g_assert_cmpuint (figures.pictures, ==, 400);
  g_assert_cmpuint (figures.val_pictures, ==, 60);
  g_assert_cmpuint (figures.boxes, ==, 400);
  g_assert_cmpuint (figures.longer_side, ==, 1000);
  g_assert_cmpfloat_with_epsilon (figures.narrow, 0.02, 0.0011);
}

static void
test_size (void)
{
  const struct
  {
    guint width, height;
    double narrow, wide;
    gint64 imgsz;
    const char *says;
  } rows[] = {
    { 1000, 800, 80, 300, 320, "wider than 8.1 % of the picture, which is still 26 pixels" },
    { 1000, 800, 30, 300, 640, "narrower than 3.1 % of the picture, which is only 20 pixels" },
    { 4000, 3000, 50, 900, 1280, "narrower than 1.3 % of the picture, which is only 17 pixels" },
    { 4000, 3000, 10, 900, 1280, "narrower than 0.3 % of the picture. Even larger" },
    { 160, 120, 8, 60, 160, "no larger than 160 pixels" },
    { 600, 800, 12, 300, 800, "no larger than 800 pixels" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      FvSuggestFigures figures;
      g_autoptr (FvSuggestions) s
          = suggest (make (400, 60, rows[i].width, rows[i].height, rows[i].narrow, rows[i].wide), FALSE, &figures);
      g_test_message ("%u x %u: %d. %s", rows[i].width, rows[i].height, (int)s->imgsz, s->imgsz_why);
      g_assert_cmpint (s->imgsz, ==, rows[i].imgsz);
      g_assert_cmpint (s->imgsz % 32, ==, 0);
      assert_says (s->imgsz_why, rows[i].says);
    }
}

static void
test_epochs (void)
{
  const struct
  {
    guint n;
    gboolean trained;
    gint64 epochs, batch;
    const char *says, *batch_says;
  } rows[] = {
    { 9, FALSE, 300, 9, "9 pictures are few", "only 9 pictures" },
    { 40, FALSE, 300, 16, "40 pictures are few", "make 3 batches" },
    { 400, FALSE, 150, 16, "With 400 pictures a new network", "make 25 batches" },
    { 5000, FALSE, 20, 16, "With 5000 pictures", "make 313 batches" },
    { 40, TRUE, 100, 16, "already need fewer", "make 3 batches" },
    { 400, TRUE, 50, 16, "already need fewer", "make 25 batches" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      FvSuggestFigures figures;
      g_autoptr (FvSuggestions) s = suggest (make (rows[i].n, 5, 1000, 800, 80, 300), rows[i].trained, &figures);
      g_test_message ("%u: %d epochs. %s %d a batch. %s", rows[i].n, (int)s->epochs, s->epochs_why, (int)s->batch,
                      s->batch_why);
      g_assert_cmpint (s->epochs, ==, rows[i].epochs);
      g_assert_cmpint (s->batch, ==, rows[i].batch);
      g_assert_cmpint (s->patience, >=, 10);
      g_assert_cmpint (s->variant, ==, 'n');
      assert_says (s->epochs_why, rows[i].says);
      assert_says (s->batch_why, rows[i].batch_says);
    }
}

static void
test_large_pictures (void)
{
  FvSuggestFigures figures;
  g_autoptr (FvSuggestions) s = suggest (make (400, 60, 4000, 3000, 50, 900), FALSE, &figures);
  g_assert_cmpint (s->batch, ==, 4);
  assert_says (s->batch_why, "At 1280 pixels a picture takes 4.0 times the memory");
}

static void
test_nothing (void)
{
  const char *const names[] = { NULL };
  FvSuggestFigures figures;
  FvRecipe recipe, before;
  g_autoptr (FvSuggestions) s = suggest (fv_dataset_new (names), FALSE, &figures);
  g_assert_true (isnan (figures.narrow));
  g_assert_cmpint (s->imgsz, ==, 640);
  g_assert_cmpint (s->batch, ==, 16);
  fv_recipe_init (&recipe);
  before = recipe;
  fv_suggestions_apply (s, &recipe);
  g_assert_cmpint (recipe.imgsz, ==, s->imgsz);
  g_assert_cmpint (recipe.epochs, ==, s->epochs);
  g_assert_cmpint (recipe.batch, ==, s->batch);
  g_assert_cmpint (recipe.patience, ==, s->patience);
  before.imgsz = recipe.imgsz;
  before.epochs = recipe.epochs;
  before.batch = recipe.batch;
  before.patience = recipe.patience;
  g_assert_cmpmem (&before, sizeof before, &recipe, sizeof recipe);
}

/* Every value is one that a recipe may have. */
static void
test_ranges (void)
{
  const guint sides[] = { 1, 20, 33, 500, 9000, 100000 };
  for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    for (guint n = 1; n < 100000; n *= 17)
      for (double narrow = 0; narrow <= 1; narrow += 0.05)
        {
          const FvSuggestFigures figures = { n, 1, n, sides[i], MAX (narrow, 0.001) };
          g_autoptr (FvSuggestions) s = fv_suggest_new (&figures, n % 2);
          const FvRecipeKey *key = fv_recipe_lookup_key ("imgsz");
          g_assert_cmpint (s->imgsz % 32, ==, 0);
          g_assert_cmpint (s->imgsz, >=, key->min);
          g_assert_cmpint (s->imgsz, <=, key->max);
          g_assert_cmpint (s->batch, >=, 1);
          g_assert_cmpint (s->epochs, >=, 1);
        }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/training/suggest/figures", test_figures);
  g_test_add_func ("/training/suggest/size", test_size);
  g_test_add_func ("/training/suggest/epochs", test_epochs);
  g_test_add_func ("/training/suggest/large-pictures", test_large_pictures);
  g_test_add_func ("/training/suggest/nothing", test_nothing);
  g_test_add_func ("/training/suggest/ranges", test_ranges);
  return g_test_run ();
}
