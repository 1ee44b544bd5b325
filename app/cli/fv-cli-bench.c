/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "app/augment/fv-augment-geometry.h"
#include "app/augment/fv-batch-builder.h"
#include "app/augment/fv-random.h"
#include "app/cli/fv-cli.h"
#include "app/dataset/fv-sample-pictures.h"
#include "app/project/fv-project.h"
#include "app/training/fv-kernels.h"
#include "app/training/fv-recipe.h"
#include "app/training/fv-run-kernels.h"
#include "compute/nets/fv-augmenter.h"
#include "compute/nets/fv-predictor.h"

extern const FvCliCommand fv_cli_bench;

#define N_CLASSES 80
#define BOXES_PER_PICTURE 4
/* Samples share pictures, so that a great batch of large ones fits into the host's memory. */
#define MAX_PICTURES 16
/* Enough for the loader's pool and the device's caches to matter, few enough to be drawn in a second or two. */
#define PICTURES_TO_LOAD 64

typedef struct
{
  char model;
  guint imgsz, batch;
  double seconds;
  double tune;         /* seconds to try out kernels before */
  const char *project; /* (nullable): whose pictures the loader loads */
  guint pool;          /* MiB of decoded pictures that the loader keeps */
} Job;

typedef struct
{
  double seconds; /* wall clock of the measured steps */
  guint64 images;
  guint64 counted_bytes; /* what was reckoned to be the peak before anything was allocated; 0 = no device */
  guint64 peak_bytes;
  GArray *phases; /* FvPhase */
} Result;

static void
result_clear (Result *result)
{
  g_clear_pointer (&result->phases, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

/* A batch of made-up pictures that is in memory already. */
typedef struct
{
  FvBatch batch;
  GPtrArray *pixels;
  GArray *pictures; /* FvPixels */
  GArray *samples;  /* FvAugmentSample */
  GArray *targets;  /* float[6] */
  GArray *boxes;    /* FvBox, the same on every picture */
  guint imgsz;
} MadeBatch;

static void
made_batch_clear (MadeBatch *made)
{
  g_clear_pointer (&made->pixels, g_ptr_array_unref);
  g_clear_pointer (&made->pictures, g_array_unref);
  g_clear_pointer (&made->samples, g_array_unref);
  g_clear_pointer (&made->targets, g_array_unref);
  g_clear_pointer (&made->boxes, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MadeBatch, made_batch_clear)

static void
get_source (guint item, FvAugmentSource *source, gpointer user_data)
{
  const MadeBatch *made = user_data;
  *source = (FvAugmentSource){ .original_width = made->imgsz,
                               .original_height = made->imgsz,
                               .width = made->imgsz,
                               .height = made->imgsz,
                               .boxes = (const FvBox *)made->boxes->data,
                               .n_boxes = made->boxes->len };
}

/* Noise: what a picture shows makes no difference to the time. @policy as in training; all zero to infer. */
static void
made_batch_init (MadeBatch *made, const Job *job, const FvAugmentPolicy *policy)
{
  FvRandom random;
  FvAugmented augmented = { .targets = g_array_new (FALSE, FALSE, sizeof (FvTarget)) };
  guint stride = 4 * ((3 * job->imgsz + 3) / 4);

  made->imgsz = job->imgsz;
  made->pixels = g_ptr_array_new_with_free_func (g_free);
  made->pictures = g_array_new (FALSE, TRUE, sizeof (FvPixels));
  made->samples = g_array_new (FALSE, TRUE, sizeof (FvAugmentSample));
  made->targets = g_array_new (FALSE, TRUE, 6 * sizeof (float));
  made->boxes = g_array_new (FALSE, TRUE, sizeof (FvBox));
  fv_random_init (&random, 0, 0, 0);
  for (guint i = 0; i < BOXES_PER_PICTURE; i++)
    {
      double x = fv_random_uniform (&random, 0, 0.6), y = fv_random_uniform (&random, 0, 0.6);
      FvBox box = { i, x * job->imgsz, y * job->imgsz, 0, 0 };
      box.x2 = box.x1 + fv_random_uniform (&random, 0.1, 0.4) * job->imgsz;
      box.y2 = box.y1 + fv_random_uniform (&random, 0.1, 0.4) * job->imgsz;
      g_array_append_val (made->boxes, box);
    }
  for (guint i = 0; i < MIN (job->batch, MAX_PICTURES); i++)
    {
      guint8 *rgb = g_malloc ((gsize)stride * job->imgsz);
      FvPixels pixels = { rgb, job->imgsz, job->imgsz, stride };
      for (gsize k = 0; k < (gsize)stride * job->imgsz; k++)
        rgb[k] = fv_random_next (&random) >> 56;
      g_ptr_array_add (made->pixels, rgb);
      g_array_append_val (made->pictures, pixels);
    }
  for (guint i = 0; i < job->batch; i++)
    {
      FvAugmentParams params
          = { .imgsz = job->imgsz, .position = i, .item = i % made->pictures->len, .n_items = made->pictures->len };
      fv_augment_sample (policy, &params, get_source, made, &augmented);
      /* Tiles point at the sample's own list of pictures; here at the batch's. */
      for (guint l = 0; l < augmented.sample.n_layers; l++)
        for (guint t = 0; t < augmented.sample.layers[l].n_tiles; t++)
          {
            FvAugmentTile *tile = &augmented.sample.layers[l].tiles[t];
            tile->picture = augmented.items[tile->picture];
          }
      g_array_append_val (made->samples, augmented.sample);
      for (guint t = 0; t < augmented.targets->len; t++)
        {
          const FvTarget *target = &g_array_index (augmented.targets, FvTarget, t);
          const float row[6] = { i, target->class_id, target->cx, target->cy, target->w, target->h };
          g_array_append_vals (made->targets, row, 1);
        }
    }
  g_array_unref (augmented.targets);
  made->batch = (FvBatch){
    .n = job->batch,
    .height = job->imgsz,
    .width = job->imgsz,
    .samples = (const FvAugmentSample *)made->samples->data,
    .pictures = (const FvPixels *)made->pictures->data,
    .n_pictures = made->pictures->len,
    .targets = (const float *)made->targets->data,
    .n_targets = made->targets->len,
  };
}

static FvModel *
make_model (FvDevice *device, const Job *job, GError **error)
{
  FvYolov5Config config;
  g_autoptr (FvModel) model = NULL;
  g_autofree float *parameters = NULL, *statistics = NULL;

  fv_yolov5_config_init (&config, job->model, N_CLASSES);
  model = fv_model_new (device, &config, error);
  if (!model)
    return NULL;
  parameters = g_new0 (float, fv_model_get_size (model, FV_BUFFER_WEIGHTS));
  statistics = g_new0 (float, fv_model_get_size (model, FV_BUFFER_STATISTICS));
  fv_yolov5_init (&config, fv_model_get_layout (model), 0, 0, FALSE, parameters, statistics);
  if (!fv_model_upload (model, FV_BUFFER_WEIGHTS, parameters, error)
      || !fv_model_upload (model, FV_BUFFER_EMA, parameters, error)
      || !fv_model_upload (model, FV_BUFFER_STATISTICS, statistics, error)
      || !fv_model_upload (model, FV_BUFFER_EMA_STATISTICS, statistics, error))
    return NULL;
  return g_steal_pointer (&model);
}

/* Whether to measure another step; shows how far it is. */
static gboolean
go_on (FvCli *cli, const Job *job, gint64 start, guint64 steps, GError **error)
{
  double elapsed = (g_get_monotonic_time () - start) / 1e6;

  fv_cli_progress (cli, MIN (elapsed / job->seconds, 0.99), "%" G_GUINT64_FORMAT " batches of %u", steps, job->batch);
  return !g_cancellable_set_error_if_cancelled (fv_cli_get_cancellable (cli), error)
         && (elapsed < job->seconds || steps < 2);
}

static void
report_tuned (guint done, guint total, gpointer cli)
{
  fv_cli_progress (cli, 0, "Trying out what is fastest on this device: %u of %u", done, total);
}

/* The kernels of a network that is trained, or only runs forward. */
static gboolean
tune (FvCli *cli, const Job *job, FvModel *model, const FvTrainerParams *params, gboolean train, GError **error)
{
  g_autofree char *path = fv_kernels_path ();
  const FvRunKernels kernels = { .device = fv_model_get_device (model),
                                 .config = fv_model_get_config (model),
                                 .trainer = params,
                                 .imgsz = job->imgsz,
                                 .sizes = { train ? job->batch : 0 },
                                 .val_sizes = { train ? 0 : job->batch },
                                 .path = path,
                                 .seconds = job->tune,
                                 .progress = report_tuned,
                                 .user_data = cli,
                                 .cancellable = fv_cli_get_cancellable (cli) };

  return fv_run_kernels_choose (&kernels, error);
}

static gboolean
bench_train (FvCli *cli, const Job *job, Result *result, GError **error)
{
  const FvAugmentPolicy policy = FV_AUGMENT_POLICY_SCRATCH_LOW;
  g_auto (MadeBatch) made = { { 0 } };
  g_autoptr (FvDevice) device = fv_cli_open_device (cli, 0, error);
  g_autoptr (FvModel) model = device ? make_model (device, job, error) : NULL;
  g_autoptr (FvTrainer) trainer = NULL;
  FvTrainerParams params = { .optimizer = FV_OPTIMIZER_SGD, .clip_norm = 10 };
  FvUpdate update = { .momentum = 0.937, .weight_decay = 0.0005, .ema_decay = 0.9999 };
  FvStepLosses losses;
  FvRecipe recipe;
  gint64 start = 0;

  if (!model)
    return FALSE;
  fv_recipe_init (&recipe);
  recipe.imgsz = job->imgsz;
  fv_recipe_get_loss (&recipe, N_CLASSES, &params.loss);
  for (guint group = 0; group < FV_N_GROUPS; group++)
    update.lr[group] = 1e-4;
  if (!tune (cli, job, model, &params, TRUE, error))
    return FALSE;
  result->counted_bytes
      = fv_trainer_count_bytes (device, fv_model_get_config (model), &params, job->batch, job->imgsz, job->imgsz, NULL);
  trainer = fv_trainer_new (model, &params, error);
  if (!trainer || !fv_trainer_prepare (trainer, job->batch, job->imgsz, job->imgsz, error))
    return FALSE;
  made_batch_init (&made, job, &policy);
  /* The first step is not measured: pipelines are made and memory is touched for the first time. */
  for (guint64 step = 0; step == 0 || go_on (cli, job, start, step - 1, error); step++)
    {
      update.step = step + 1;
      if (!fv_trainer_accumulate (trainer, &made.batch, error) || !fv_trainer_update (trainer, &update, error))
        return FALSE;
      while (fv_trainer_poll (trainer, &losses))
        ;
      if (step == 0)
        {
          if (!fv_trainer_wait (trainer, error))
            return FALSE;
          fv_trainer_set_timing (trainer, TRUE);
          start = g_get_monotonic_time ();
        }
      else
        result->images += job->batch;
    }
  if (*error || !fv_trainer_wait (trainer, error))
    return FALSE;
  result->seconds = (g_get_monotonic_time () - start) / 1e6;
  result->phases = fv_trainer_get_phases (trainer);
  result->peak_bytes = fv_device_get_peak_bytes (device);
  return TRUE;
}

static gboolean
bench_infer (FvCli *cli, const Job *job, Result *result, GError **error)
{
  const FvAugmentPolicy policy = { 0 };
  g_auto (MadeBatch) made = { { 0 } };
  g_autoptr (FvDevice) device = fv_cli_open_device (cli, 0, error);
  g_autoptr (FvModel) model = device ? make_model (device, job, error) : NULL;
  g_autoptr (FvPredictor) predictor = NULL;
  FvPrediction prediction;
  gint64 start;

  if (!model || !tune (cli, job, model, &(FvTrainerParams){ 0 }, FALSE, error))
    return FALSE;
  predictor = fv_predictor_new (model, &(FvPredictorParams){ .ema = TRUE }, error);
  if (!predictor)
    return FALSE;
  made_batch_init (&made, job, &policy);
  if (!fv_predictor_run (predictor, &made.batch, &prediction, error))
    return FALSE;
  fv_predictor_set_timing (predictor, TRUE);
  start = g_get_monotonic_time ();
  for (guint64 step = 0; go_on (cli, job, start, step, error); step++)
    {
      if (!fv_predictor_run (predictor, &made.batch, &prediction, error))
        return FALSE;
      result->images += job->batch;
    }
  if (*error)
    return FALSE;
  result->seconds = (g_get_monotonic_time () - start) / 1e6;
  result->phases = fv_predictor_get_phases (predictor);
  result->peak_bytes = fv_device_get_peak_bytes (device);
  return TRUE;
}

/* A dataset of generated pictures in @folder. */
static FvDataset *
make_dataset (FvCli *cli, const char *folder, const Job *job, GError **error)
{
  const FvSampleParams params = { .n_train = PICTURES_TO_LOAD, .n_val = 1, .n_test = 1, .size = job->imgsz };
  const char *const names[] = { "circle", "triangle", "square", NULL };
  g_autoptr (FvDataset) dataset = fv_dataset_new (names);

  if (!fv_sample_pictures_write (folder, &params, fv_cli_get_cancellable (cli), error))
    return NULL;
  for (guint i = 0; i < PICTURES_TO_LOAD; i++)
    {
      FvItem *item = fv_item_new ();
      FvBox box = { 0, 0.2 * job->imgsz, 0.2 * job->imgsz, 0.6 * job->imgsz, 0.6 * job->imgsz };
      item->path = g_strdup_printf ("%s/images/train/%04u.jpg", folder, i);
      item->name = g_path_get_basename (item->path);
      item->width = item->height = job->imgsz;
      item->orientation = 1;
      item->subset = FV_SUBSET_TRAIN;
      g_array_append_val (item->boxes, box);
      fv_dataset_add (dataset, item);
    }
  fv_dataset_sort (dataset);
  return g_steal_pointer (&dataset);
}

static FvDataset *
open_dataset (const char *folder, GError **error)
{
  g_autoptr (FvProject) project = fv_project_open (folder, FV_PROJECT_READ, error);
  return project ? fv_project_load_dataset (project, error) : NULL;
}

/*
 * All that makes files into the network's input: reading, decoding, laying out, and the pixels of the augmentation on the device. As in training,
 * workers are ahead of the device. Only whole batches count.
 */
static gboolean
load_batches (FvCli *cli, const Job *job, FvDataset *dataset, Result *result, GError **error)
{
  const FvAugmentPolicy policy = FV_AUGMENT_POLICY_SCRATCH_LOW;
  g_autoptr (GArray) items = fv_dataset_subset (dataset, FV_SUBSET_TRAIN);
  const guint *order = (const guint *)items->data;
  const guint n = items->len > job->batch ? items->len - items->len % job->batch : items->len;
  const guint steps_per_epoch = (n + job->batch - 1) / job->batch;
  /* A byte is too little for any picture: each is decoded anew. */
  const FvBatchBuilderParams params
      = { .policy = &policy, .imgsz = job->imgsz, .pool_bytes = job->pool ? (gsize)job->pool << 20 : 1 };
  g_autoptr (FvDevice) device = fv_cli_open_device (cli, 0, error);
  g_autoptr (FvAugmenter) augmenter = device ? fv_augmenter_new (device, error) : NULL;
  g_autoptr (FvBatchBuilder) builder = NULL;
  gint64 start = 0, waited = 0;
  FvBatchBuilderStats before = { 0 }, stats;
  FvPhase phases[] = { { .name = "disk" }, { .name = "decode" }, { .name = "augment" } };
  guint epoch = 0;

  if (!augmenter)
    return FALSE;
  if (n == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s has no pictures to train on: import some.",
                   job->project);
      return FALSE;
    }
  builder = fv_batch_builder_new (dataset, order, items->len, &params);
  fv_batch_builder_start_epoch (builder, epoch, order, n);
  /* The first epoch is not measured: it fills the pool, and the pipeline is made. */
  for (guint64 step = 0; step < steps_per_epoch || go_on (cli, job, start, step - steps_per_epoch, error);)
    {
      g_autoptr (FvBuiltBatch) batch = fv_batch_builder_next (builder, job->batch, error);
      gint64 built = g_get_monotonic_time ();
      if (!batch && *error)
        return FALSE;
      if (!batch)
        {
          fv_batch_builder_start_epoch (builder, ++epoch, order, n);
          continue;
        }
      if (!fv_augmenter_run (augmenter, &batch->batch, error))
        return FALSE;
      if (++step > steps_per_epoch)
        {
          waited += g_get_monotonic_time () - built;
          result->images += batch->batch.n;
        }
      else if (step == steps_per_epoch)
        {
          fv_batch_builder_get_stats (builder, &before);
          start = g_get_monotonic_time ();
        }
    }
  if (*error)
    return FALSE;
  result->seconds = (g_get_monotonic_time () - start) / 1e6;
  result->peak_bytes = fv_device_get_peak_bytes (device);
  fv_batch_builder_get_stats (builder, &stats);
  phases[0].seconds = stats.disk - before.disk;
  phases[1].seconds = stats.decode - before.decode;
  phases[2].seconds = waited / 1e6;
  result->phases = g_array_new (FALSE, TRUE, sizeof (FvPhase));
  g_array_append_vals (result->phases, phases, G_N_ELEMENTS (phases));
  return TRUE;
}

static int
remove_one (const char *path, const struct stat *status, int kind, struct FTW *where)
{
  return remove (path);
}

static gboolean
bench_loader (FvCli *cli, const Job *job, Result *result, GError **error)
{
  g_autofree char *folder = job->project ? NULL : g_dir_make_tmp ("fovea-bench-XXXXXX", error);
  g_autoptr (FvDataset) dataset = job->project ? open_dataset (job->project, error)
                                  : folder     ? make_dataset (cli, folder, job, error)
                                               : NULL;
  gboolean done = dataset && load_batches (cli, job, dataset, result, error);

  if (folder)
    nftw (folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  return done;
}

static void
print_result (FvCli *cli, const char *what, const Job *job, const Result *result)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *peak = g_format_size_full (result->peak_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *counted = g_format_size_full (result->counted_bytes, G_FORMAT_SIZE_IEC_UNITS);
  double flops = 0, seconds = 0;

  for (guint i = 0; i < result->phases->len; i++)
    {
      flops += g_array_index (result->phases, FvPhase, i).flops;
      seconds += g_array_index (result->phases, FvPhase, i).seconds;
    }
  json_builder_begin_object (builder);
  fv_cli_json_string (builder, "what", what);
  fv_cli_json_number (builder, "images_per_second", result->images / result->seconds);
  fv_cli_json_number (builder, "gflops", flops / result->seconds / 1e9);
  fv_cli_json_int (builder, "peak_device_bytes", result->peak_bytes);
  if (result->counted_bytes > 0)
    fv_cli_json_int (builder, "counted_device_bytes", result->counted_bytes);
  fv_cli_json_number (builder, "seconds", result->seconds);
  fv_cli_json_int (builder, "images", result->images);
  json_builder_set_member_name (builder, "phases");
  json_builder_begin_array (builder);
  fv_cli_say (cli, "%.1f images/s, %.1f GFLOP/s, at most %s of device memory", result->images / result->seconds,
              flops / result->seconds / 1e9, peak);
  if (result->counted_bytes > 0)
    fv_cli_say (cli, "%s were counted on before the start, pictures aside", counted);
  for (guint i = 0; i < result->phases->len; i++)
    {
      const FvPhase *phase = &g_array_index (result->phases, FvPhase, i);
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "name", phase->name);
      fv_cli_json_number (builder, "seconds", phase->seconds);
      fv_cli_json_number (builder, "flops", phase->flops);
      fv_cli_json_int (builder, "dispatches", phase->dispatches);
      json_builder_end_object (builder);
      fv_cli_say (cli, "  %-28s %8.3f s  %5.1f %%  %6.1f GFLOP/s", phase->name, phase->seconds,
                  100 * phase->seconds / result->seconds, phase->seconds > 0 ? phase->flops / phase->seconds / 1e9 : 0);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  fv_cli_say (cli, "  %.1f %% of %.1f s", 100 * seconds / result->seconds, result->seconds);
  fv_cli_print_json (cli, builder);
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_autofree char *what = NULL, *model = NULL, *project = NULL;
  int imgsz = 640, batch = 16, pool = 0, status;
  double seconds = 10, tune_seconds = 0;
  const GOptionEntry entries[] = {
    { "what", 0, 0, G_OPTION_ARG_STRING, &what, "train (the default), infer or loader", "WHAT" },
    { "model", 0, 0, G_OPTION_ARG_STRING, &model, "n (the default), s, m, l or x", "SIZE" },
    { "imgsz", 0, 0, G_OPTION_ARG_INT, &imgsz, "Side of the network's input in pixels (640)", "N" },
    { "batch", 0, 0, G_OPTION_ARG_INT, &batch, "Pictures in a batch (16)", "N" },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "How long to measure, at least two batches (10)", "N" },
    { "tune", 0, 0, G_OPTION_ARG_DOUBLE, &tune_seconds,
      "Seconds to try out kernels that this device has not run yet, before measuring (0)", "N" },
    { "project", 0, 0, G_OPTION_ARG_FILENAME, &project, "Load this project's pictures, not made-up ones", "PROJECT" },
    { "pool", 0, 0, G_OPTION_ARG_INT, &pool, "Memory for decoded pictures, in MiB (0: each is decoded anew)", "N" },
    { NULL },
  };
  const struct
  {
    const char *name;
    gboolean (*bench) (FvCli *cli, const Job *job, Result *result, GError **error);
  } kinds[] = { { "train", bench_train }, { "infer", bench_infer }, { "loader", bench_loader } };
  g_autoptr (GError) error = NULL;
  g_auto (Result) result = { 0 };
  Job job;

  if (!fv_cli_parse (cli, &argc, &argv, entries, 0, 0, &status))
    return status;
  if (model && (strlen (model) != 1 || !strchr ("nsmlx", *model)))
    return fv_cli_wrong_usage (cli, "The model is n, s, m, l or x.");
  if (imgsz < 32 || imgsz > 4096 || imgsz % 32 != 0)
    return fv_cli_wrong_usage (cli, "The input's side must be a multiple of 32, at most 4096.");
  if (batch < 1 || batch > 1024)
    return fv_cli_wrong_usage (cli, "A batch holds 1 to 1024 pictures.");
  if (!(seconds > 0 && seconds <= 86400))
    return fv_cli_wrong_usage (cli, "The time to measure must be above 0 and at most a day.");
  if (!(tune_seconds >= 0 && tune_seconds <= 86400))
    return fv_cli_wrong_usage (cli, "The time to try out kernels must not be below 0 and at most a day.");
  if (pool < 0)
    return fv_cli_wrong_usage (cli, "Memory can't be less than nothing.");
  if ((project || pool) && g_strcmp0 (what, "loader") != 0)
    return fv_cli_wrong_usage (cli, "--project and --pool belong to --what loader.");
  job = (Job){ .model = model ? *model : 'n',
               .imgsz = imgsz,
               .batch = batch,
               .seconds = seconds,
               .tune = tune_seconds,
               .project = project,
               .pool = pool };
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (what ? what : "train", kinds[i].name))
      {
        if (!kinds[i].bench (cli, &job, &result, &error))
          return fv_cli_fail (cli, error);
        fv_cli_progress (cli, 1, "Measured");
        print_result (cli, kinds[i].name, &job, &result);
        return FV_CLI_DONE;
      }
  return fv_cli_wrong_usage (cli, "There is no bench “%s”; there are train, infer and loader.", what);
}

const FvCliCommand fv_cli_bench = { "bench", "Measure this machine", NULL, run, TRUE };
