/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/training/fv-test-runs.h"

#include "app/dataset/fv-sample-pictures.h"
#include "app/exchange/fv-tensor-file.h"
#include "tests/fv-test-data.h"

#include <string.h>

/* Boxes of the sample pictures, from their labels. */
static void
read_boxes (FvItem *item, const char *labels)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (g_file_get_contents (labels, &text, NULL, NULL));
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (char **line = lines; *line && **line; line++)
    {
      char *rest = *line;
      double v[5];
      FvBox box;

      for (guint i = 0; i < 5; i++)
        v[i] = g_ascii_strtod (rest, &rest);
      box = (FvBox){
        .class_id = (guint)v[0],
        .x1 = MAX ((v[1] - v[3] / 2) * item->width, 0),
        .y1 = MAX ((v[2] - v[4] / 2) * item->height, 0),
        .x2 = MIN ((v[1] + v[3] / 2) * item->width, item->width),
        .y2 = MIN ((v[2] + v[4] / 2) * item->height, item->height),
      };
      g_array_append_val (item->boxes, box);
    }
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

FvDataset *
fv_test_runs_make_dataset (guint n_train, guint n_val)
{
  static const char *const names[] = { "circle", "triangle", "square", NULL };
  const char *folder = fv_test_folder ();
  g_autoptr (GError) error = NULL;
  FvDataset *dataset = fv_dataset_new (names);

  g_assert_true (fv_sample_pictures_write (folder, &(FvSampleParams){ .n_train = n_train, .n_val = n_val, .size = 64 },
                                           NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < n_train + n_val; i++)
    {
      const char *subset = i < n_train ? "train" : "val";
      g_autofree char *images = g_build_filename (folder, "images", subset, NULL);
      g_autoptr (GDir) dir = g_dir_open (images, 0, NULL);
      g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
      const char *name;
      FvItem *item = fv_item_new ();
      g_autofree char *labels = NULL;

      while ((name = g_dir_read_name (dir)))
        g_ptr_array_add (files, g_strdup (name));
      g_ptr_array_sort (files, compare_names);
      name = files->pdata[i < n_train ? i : i - n_train];
      item->path = g_build_filename (images, name, NULL);
      item->name = g_build_filename ("images", subset, name, NULL);
      item->hash = g_strdup_printf ("%064u", i);
      item->width = item->height = 64;
      item->subset = i < n_train ? FV_SUBSET_TRAIN : FV_SUBSET_VAL;
      labels = g_build_filename (folder, "labels", subset, name, NULL);
      strcpy (strrchr (labels, '.'), ".txt");
      read_boxes (item, labels);
      fv_dataset_add (dataset, item);
    }
  fv_dataset_sort (dataset);
  return dataset;
}

void
fv_test_runs_init_recipe (FvRecipe *recipe, guint epochs)
{
  fv_recipe_init (recipe);
  recipe->epochs = epochs;
  recipe->batch = 2;
  recipe->imgsz = 64;
  recipe->nbs = 100;
  recipe->workers = 2;
}

gboolean
fv_test_runs_train (const FvTestRuns *self, guint number, const FvRecipe *recipe, FvDataset *dataset,
                    const FvWeights *weights, FvTrainResult *result, GError **error)
{
  g_autoptr (FvRun) run = fv_run_create (self->project, number, recipe, dataset, error);
  const FvTrainParams params = {
    .device = self->device,
    .run = run,
    .dataset = dataset,
    .recipe = recipe,
    .weights = weights,
    .variant = 'n',
    .plan = self->plan,
    .plan_run = 1,
    .status = self->status,
    .user_data = self->user_data,
    .cancellable = self->cancellable,
  };

  return run && fv_train (&params, result, error);
}

gboolean
fv_test_runs_resume (const FvTestRuns *self, guint number, guint workers, FvTrainResult *result, GError **error)
{
  g_autoptr (FvRun) run = fv_run_open (self->project, number, error);
  g_autoptr (FvDataset) dataset = NULL;
  FvRecipe recipe;
  FvTrainParams params = {
    .device = self->device,
    .run = run,
    .recipe = &recipe,
    .status = self->status,
    .user_data = self->user_data,
    .cancellable = self->cancellable,
    .resume = TRUE,
  };

  if (!run || !fv_run_load_recipe (run, &recipe, error))
    return FALSE;
  if (workers > 0)
    recipe.workers = workers;
  dataset = fv_run_load_data (run, error);
  params.dataset = dataset;
  return dataset && fv_train (&params, result, error);
}

char *
fv_test_runs_hash_tensors (const FvTestRuns *self, guint number, const char *name)
{
  g_autofree char *path = fv_run_path (self->project, number, name);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTensorFile) file = fv_tensor_file_open (path, &error);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  g_assert_no_error (error);
  for (guint i = 0; i < fv_tensor_file_get_n (file); i++)
    {
      const FvTensorView *view = fv_tensor_file_get (file, i);

      g_checksum_update (sum, (const guchar *)view->name, (gssize)strlen (view->name) + 1);
      g_checksum_update (sum, view->data, (gssize)view->n_bytes);
    }
  return g_strdup (g_checksum_get_string (sum));
}
