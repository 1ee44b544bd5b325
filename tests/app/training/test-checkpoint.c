/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-tensor-file.h"
#include "app/training/fv-checkpoint.h"
#include "compute/nets/fv-trainer.h"
#include "tests/fv-test-data.h"

#include <math.h>

static FvDevice *device;
static const char *const class_names[] = { "one", "zwei \"2\"", NULL };

/* A model with a trainer, every buffer filled with other numbers. */
static FvModel *
make_model (FvOptimizer optimizer, guint n_classes, float offset, FvTrainer **trainer)
{
  g_autoptr (GError) error = NULL;
  FvYolov5Config config;
  FvModel *model;

  fv_yolov5_config_init (&config, 'n', n_classes);
  config.anchors[1][2][0] = 33.3f;
  model = fv_model_new (device, &config, &error);
  g_assert_no_error (error);
  *trainer = fv_trainer_new (model, &(FvTrainerParams){ .optimizer = optimizer, .loss = { .box = 1 } }, &error);
  g_assert_no_error (error);
  for (guint b = 0; b < FV_N_BUFFERS; b++)
    {
      gsize size = fv_model_get_size (model, b);
      g_autofree float *data = g_new (float, size);

      for (gsize i = 0; i < size; i++)
        data[i] = offset + (float)b + (float)i * 1e-7f;
      if (size > 0)
        g_assert_true (fv_model_upload (model, b, data, &error));
    }
  return model;
}

static void
assert_models_equal (FvModel *a, FvModel *b)
{
  for (guint i = 0; i < FV_N_BUFFERS; i++)
    {
      gsize size = fv_model_get_size (a, i);
      g_autofree float *left = g_new (float, size);
      g_autofree float *right = g_new (float, size);

      g_assert_cmpuint (size, ==, fv_model_get_size (b, i));
      if (size == 0)
        continue;
      g_assert_true (fv_model_download (a, i, left, NULL));
      g_assert_true (fv_model_download (b, i, right, NULL));
      g_assert_cmpmem (left, size * sizeof *left, right, size * sizeof *right);
    }
}

static void
fill_progress (FvProgress *progress)
{
  const FvEpochRecord records[] = {
    { .epoch = 0, .train = { 0.1, 0.2, NAN } },
    { .epoch = 1,
      .train = { 0.1 + 0.2, 1e-30, 3 },
      .validated = TRUE,
      .val = { 1, 2, 3 },
      .precision = 1.0 / 3,
      .recall = 0.5,
      .map50 = 2.0 / 3,
      .map = 0.1 },
  };

  fv_progress_init (progress);
  progress->epoch = 2;
  progress->step = 5;
  progress->last_update = 30;
  progress->updates = 12;
  progress->loss_sums[0] = 0.1 + 0.2;
  progress->loss_sums[2] = 1e-17;
  progress->rate_factor = 0.1;
  progress->best_fitness = 2.0 / 7;
  progress->best_epoch = 1;
  progress->pictures = 1234567890123;
  progress->train_seconds = 1.5;
  progress->seconds = 10.25;
  g_array_append_vals (progress->history, records, G_N_ELEMENTS (records));
}

static void
assert_progress_equal (const FvProgress *a, const FvProgress *b)
{
  g_assert_cmpuint (a->epoch, ==, b->epoch);
  g_assert_cmpuint (a->step, ==, b->step);
  g_assert_cmpint (a->last_update, ==, b->last_update);
  g_assert_cmpuint (a->updates, ==, b->updates);
  g_assert_cmpmem (a->loss_sums, sizeof a->loss_sums, b->loss_sums, sizeof b->loss_sums);
  g_assert_cmpfloat (a->rate_factor, ==, b->rate_factor);
  g_assert_cmpfloat (a->best_fitness, ==, b->best_fitness);
  g_assert_cmpint (a->best_epoch, ==, b->best_epoch);
  g_assert_cmpuint (a->pictures, ==, b->pictures);
  g_assert_cmpfloat (a->train_seconds, ==, b->train_seconds);
  g_assert_cmpfloat (a->seconds, ==, b->seconds);
  g_assert_cmpstr (a->finished, ==, b->finished);
  g_assert_cmpuint (a->history->len, ==, b->history->len);
  for (guint i = 0; i < a->history->len; i++)
    {
      const FvEpochRecord *left = &g_array_index (a->history, FvEpochRecord, i);
      const FvEpochRecord *right = &g_array_index (b->history, FvEpochRecord, i);

      g_assert_cmpuint (left->epoch, ==, right->epoch);
      g_assert_cmpint (left->validated, ==, right->validated);
      for (guint k = 0; k < 3; k++)
        g_assert_true (left->train[k] == right->train[k] || (isnan (left->train[k]) && isnan (right->train[k])));
      g_assert_cmpmem (left->val, sizeof left->val, right->val, sizeof right->val);
      g_assert_cmpfloat (left->precision, ==, right->precision);
      g_assert_cmpfloat (left->map50, ==, right->map50);
      g_assert_cmpfloat (left->map, ==, right->map);
    }
}

/* Every buffer and every counter comes back, for either optimizer. */
static void
test_round_trip (gconstpointer data)
{
  FvOptimizer optimizer = (FvOptimizer)GPOINTER_TO_INT (data);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "last.ckpt", NULL);
  g_autoptr (FvTrainer) trainer = NULL;
  g_autoptr (FvTrainer) other_trainer = NULL;
  g_autoptr (FvModel) model = make_model (optimizer, 2, 0.5f, &trainer);
  g_autoptr (FvModel) other = make_model (optimizer, 2, -3.0f, &other_trainer);
  g_autoptr (FvCheckpoint) checkpoint = NULL;
  const FvYolov5Config *config;
  FvProgress progress, read;

  fill_progress (&progress);
  fv_progress_init (&read);
  g_assert_true (fv_checkpoint_save (path, model, (char **)class_names, "abc", &progress, &error));
  g_assert_no_error (error);
  checkpoint = fv_checkpoint_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fv_checkpoint_get_recipe_hash (checkpoint), ==, "abc");
  g_assert_true (g_strv_equal ((const char *const *)fv_checkpoint_get_class_names (checkpoint), class_names));
  config = fv_checkpoint_get_config (checkpoint);
  g_assert_cmpint (config->variant, ==, 'n');
  g_assert_cmpuint (config->n_classes, ==, 2);
  g_assert_cmpmem (config->anchors, sizeof config->anchors, fv_model_get_config (model)->anchors,
                   sizeof config->anchors);
  g_assert_true (fv_checkpoint_restore (checkpoint, other, &read, &error));
  g_assert_no_error (error);
  assert_models_equal (model, other);
  assert_progress_equal (&progress, &read);
  g_assert_cmpfloat (fv_progress_get_best (&read)->map50, ==, 2.0 / 3);
  fv_progress_clear (&progress);
  fv_progress_clear (&read);
}

/* A checkpoint of another network or optimizer is refused by name; what is no checkpoint is so at once. */
static void
test_refusals (void)
{
  const char *folder = fv_test_folder ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, "last.ckpt", NULL);
  g_autoptr (FvTrainer) trainer = NULL;
  g_autoptr (FvTrainer) adam_trainer = NULL;
  g_autoptr (FvTrainer) wide_trainer = NULL;
  g_autoptr (FvModel) model = make_model (FV_OPTIMIZER_SGD, 2, 0, &trainer);
  g_autoptr (FvModel) adam = make_model (FV_OPTIMIZER_ADAMW, 2, 0, &adam_trainer);
  g_autoptr (FvModel) wide = make_model (FV_OPTIMIZER_SGD, 30, 0, &wide_trainer);
  g_autoptr (FvCheckpoint) checkpoint = NULL;
  g_autofree char *bytes = NULL;
  gsize size;
  FvProgress progress;

  fill_progress (&progress);
  g_assert_true (fv_checkpoint_save (path, model, (char **)class_names, "abc", &progress, &error));
  checkpoint = fv_checkpoint_open (path, &error);
  g_assert_no_error (error);
  g_assert_false (fv_checkpoint_restore (checkpoint, adam, &progress, &error));
  g_assert_error (error, FV_CHECKPOINT_ERROR, FV_CHECKPOINT_ERROR_MISMATCH);
  g_clear_error (&error);
  g_assert_false (fv_checkpoint_restore (checkpoint, wide, &progress, &error));
  g_assert_error (error, FV_CHECKPOINT_ERROR, FV_CHECKPOINT_ERROR_MISMATCH);
  g_clear_error (&error);

  /* Cut short, as no atomic writer would leave it, but a broken disk may. */
  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  g_assert_null (fv_checkpoint_open (fv_test_write_data (folder, "cut.ckpt", bytes, size / 2), &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_null (fv_checkpoint_open (fv_test_write (folder, "text.ckpt", "no checkpoint"), &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_null (fv_checkpoint_open ("/nowhere/last.ckpt", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  fv_progress_clear (&progress);
}

/* Tensors without the metadata of a checkpoint: a weight file, say. */
static void
test_other_safetensors (void)
{
  g_autoptr (GError) error = NULL;
  const float value = 1;
  g_autofree char *path = g_build_filename (fv_test_folder (), "weights.safetensors", NULL);
  const FvTensorView view
      = { .name = "w", .dtype = FV_DTYPE_F32, .n_dims = 1, .dims = { 1 }, .data = &value, .n_bytes = 4 };

  g_assert_true (fv_safetensors_write (path, &view, 1, NULL, 0, &error));
  g_assert_no_error (error);
  g_assert_null (fv_checkpoint_open (path, &error));
  g_assert_error (error, FV_CHECKPOINT_ERROR, FV_CHECKPOINT_ERROR_INVALID);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  fv_device_prepare_environment ();
  g_test_init (&argc, &argv, NULL);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  g_test_add_data_func ("/training/checkpoint/round-trip-sgd", GINT_TO_POINTER (FV_OPTIMIZER_SGD), test_round_trip);
  g_test_add_data_func ("/training/checkpoint/round-trip-adamw", GINT_TO_POINTER (FV_OPTIMIZER_ADAMW), test_round_trip);
  g_test_add_func ("/training/checkpoint/refusals", test_refusals);
  g_test_add_func ("/training/checkpoint/other-safetensors", test_other_safetensors);
  status = g_test_run ();
  fv_device_unref (device);
  return status;
}
