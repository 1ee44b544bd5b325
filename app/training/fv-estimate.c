/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-estimate.h"

#include "app/dataset/fv-letterbox.h"
#include "app/training/fv-micro-batch.h"
#include "app/training/fv-precision.h"
#include "app/training/fv-train.h"
#include "compute/nets/fv-predictor.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Of a batch's buffer on the device, so that it need not grow with each batch. */
#define INPUT_SLACK 1.25
#define TRAINER_SLOTS 2

/* What of their buffer activations fill at their peak; the rest lies between them. */
#define PACKING 0.97

/* Bytes a second that weights and checkpoints are written with, until a run has told. */
#define WRITING 2e8

/* Checkpoint, best and last weights. */
static guint64
count_written (const FvYolov5Config *config, const FvRecipe *recipe)
{
  g_autoptr (FvLayout) layout = fv_yolov5_layout_new (config);
  guint n = (recipe->optimizer == FV_OPTIMIZER_ADAMW ? 5 : 4) + 2;

  return sizeof (float)
         * (n * fv_layout_get_parameter_floats (layout) + (2 + 2) * fv_layout_get_statistics_floats (layout));
}

/* Bytes of the pictures that an average batch of @n samples brings, each once, of the dataset's @items. */
static double
count_picture_bytes (FvDataset *dataset, const GArray *items, const FvRecipe *recipe, double draws)
{
  double bytes = 0.0;
  double n = items->len;

  for (guint i = 0; i < items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, g_array_index (items, guint, i));
      guint width, height;

      fv_picture_fit (item->width, item->height, (guint)recipe->imgsz, &width, &height);
      bytes += (double)height * ((3 * width + 3) / 4 * 4);
    }
  /* Of n pictures, so many are among those drawn. */
  return n > 0 ? bytes / n * n * (1.0 - pow (1.0 - 1.0 / n, draws)) : 0.0;
}

/* What is estimated for. */
typedef struct
{
  FvDevice *device;
  FvDataset *dataset;
  const GArray *train, *val; /* of guint: indices into the dataset */
  const FvRecipe *recipe;
  const FvYolov5Config *config;
  FvLossParams loss;
} Needs;

/* What a run takes. */
typedef struct
{
  guint64 bytes;
  guint64 largest; /* of one buffer */
  guint64 aim;     /* of FvTrainerParams */
} Count;

/* With @n pictures at a time. @largest: of one buffer. */
static guint64
count_trainer (const Needs *self, guint n, guint64 aim, guint64 *largest)
{
  const FvRecipe *recipe = self->recipe;
  const FvAugmentPolicy *augment = &recipe->augment;
  double tiles = 1.0 + 3.0 * augment->mosaic + 4.0 * augment->mosaic * augment->mixup;
  double input = count_picture_bytes (self->dataset, self->train, recipe, n * tiles);
  const FvTrainerParams params = {
    .optimizer = (FvOptimizer)recipe->optimizer,
    .loss = self->loss,
    .frozen_layers = (guint)recipe->freeze,
    .clip_norm = (float)recipe->clip,
    .half = fv_precision_is_half (recipe, self->device),
    .aim_bytes = aim,
  };

  return fv_trainer_count_bytes (self->device, self->config, &params, n, (guint)recipe->imgsz, (guint)recipe->imgsz,
                                 largest)
         + (guint64)(TRAINER_SLOTS * INPUT_SLACK * input);
}

static guint64
count_predictor (const Needs *self, guint n, guint64 *largest)
{
  guint rest = n > 0 ? self->val->len % n : 0;
  double input
      = n > 0 ? INPUT_SLACK * count_picture_bytes (self->dataset, self->val, self->recipe, 1e9) * n / self->val->len
              : 0.0;
  guint imgsz = (guint)self->recipe->imgsz;
  const FvPredictorParams params = { .ema = TRUE, .loss = &self->loss };

  *largest = 0;
  if (n == 0)
    return 0;
  /* The last, smaller batch shares the memory of the others but for its boxes. */
  return fv_predictor_count_bytes (self->device, self->config, &params, n, imgsz, imgsz, largest)
         + sizeof (float) * rest * fv_yolo_count_rows (imgsz, imgsz) * (5 + self->config->n_classes) + (guint64)input;
}

guint
fv_estimate_val_batch (guint micro_batch, guint n)
{
  return MIN (2 * micro_batch, n);
}

/* Pictures of a full batch. */
static guint
get_full (const Needs *self)
{
  return MIN ((guint)self->recipe->batch, self->train->len);
}

static Count
count_with (const Needs *self, guint micro_batch, guint64 aim)
{
  guint n = get_full (self);
  guint parts = fv_micro_batch_count (n, micro_batch);
  guint64 largest_trained, largest_predicted;
  Count count = { .aim = aim };

  count.bytes = count_trainer (self, fv_micro_batch_part (n, parts, 0), aim, &largest_trained)
                + count_predictor (self, fv_estimate_val_batch (micro_batch, self->val->len), &largest_predicted);
  count.largest = MAX (largest_trained, largest_predicted);
  return count;
}

static gboolean
has_room (const Needs *self, const Count *count, guint64 available)
{
  return count->bytes <= available && count->largest <= fv_device_get_largest_buffer_bytes (self->device);
}

/*
 * Counts with all activations kept; where there is no room, with as many made again as it takes; at last, with all that can be. Whether there
 * is room then.
 */
static gboolean
fit (const Needs *self, guint micro_batch, guint64 available, Count *count)
{
  const guint64 largest = fv_device_get_largest_buffer_bytes (self->device);
  guint64 excess;

  *count = count_with (self, micro_batch, 0);
  if (has_room (self, count, available))
    return TRUE;
  /* The largest buffer is that of the activations. */
  excess = count->bytes > available ? count->bytes - available : 0;
  if (count->largest > excess)
    *count = count_with (self, micro_batch, (guint64)(PACKING * MIN (count->largest - excess, largest)));
  if (!has_room (self, count, available))
    *count = count_with (self, micro_batch, 1);
  return has_room (self, count, available);
}

/* The size of the largest part where at most @limit are to be in one; the batch where it is whole. */
static guint
even_parts (const Needs *self, guint limit)
{
  guint n = get_full (self);

  return limit < n ? fv_micro_batch_part (n, fv_micro_batch_count (n, limit), 0) : (guint)self->recipe->batch;
}

/* The largest that fits; as for 1 where none does. */
static guint
choose_micro_batch (const Needs *self, guint64 available)
{
  guint n = get_full (self);
  guint wanted = self->recipe->micro_batch > 0 ? MIN ((guint)self->recipe->micro_batch, n) : n;
  guint fitting = 0, too_many = wanted;
  Count count;

  if (fit (self, even_parts (self, wanted), available, &count))
    return even_parts (self, wanted);
  while (fitting + 1 < too_many)
    {
      guint middle = (fitting + too_many) / 2;

      if (fit (self, middle, available, &count))
        fitting = middle;
      else
        too_many = middle;
    }
  return even_parts (self, MAX (fitting, 1));
}

gboolean
fv_estimate_init (FvEstimate *self, FvDevice *device, FvDataset *dataset, const FvRecipe *recipe,
                  const FvYolov5Config *config, guint micro_batch, GError **error)
{
  g_autoptr (GArray) train = fv_dataset_subset (dataset, FV_SUBSET_TRAIN);
  g_autoptr (GArray) val = fv_dataset_subset (dataset, FV_SUBSET_VAL);
  Needs needs = { device, dataset, train, val, recipe, config };
  guint64 available = fv_device_get_available_bytes (device);
  Count count;
  gboolean fits;

  if (!fv_train_check_data (dataset, error))
    return FALSE;
  fv_recipe_get_loss (recipe, config->n_classes, &needs.loss);
  micro_batch = micro_batch > 0 ? even_parts (&needs, micro_batch) : choose_micro_batch (&needs, available);
  fits = fit (&needs, micro_batch, available, &count);
  *self = (FvEstimate){
    .images = train->len,
    .val_images = val->len,
    .steps_per_epoch = (train->len + (guint)recipe->batch - 1) / (guint)recipe->batch,
    .micro_batch = micro_batch,
    .device_bytes = count.bytes,
    .largest_bytes = count.largest,
    .aim_bytes = count.aim,
    .fits = fits,
    .written_bytes = count_written (config, recipe),
    .device_memory_bytes = fv_device_get_info (device)->memory_bytes,
    .device_free_bytes = available,
    .seconds_per_epoch = NAN,
    .seconds = NAN,
  };
  return TRUE;
}

gboolean
fv_estimate_is_whole (const FvEstimate *self, const FvRecipe *recipe)
{
  return self->micro_batch >= MIN ((guint)recipe->batch, self->images);
}

char *
fv_estimate_describe_parts (const FvEstimate *self, const FvRecipe *recipe)
{
  guint n = MIN ((guint)recipe->batch, self->images);

  return g_strdup_printf (
      _ ("Of the %u pictures of a batch, the device takes %u at a time: updates are as large as before, but batch "
         "normalisation sees only %u pictures, so the result differs a little from that of whole batches."),
      n, self->micro_batch, self->micro_batch);
}

gboolean
fv_estimate_check (const FvEstimate *self, FvDevice *device, const FvRecipe *recipe, GError **error)
{
  g_autofree char *needed = g_format_size_full (self->device_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *left = g_format_size_full (self->device_free_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *total = g_format_size_full (self->device_memory_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *piece = g_format_size_full (self->largest_bytes, G_FORMAT_SIZE_IEC_UNITS);
  guint64 largest = fv_device_get_largest_buffer_bytes (device);
  g_autofree char *most = g_format_size_full (largest, G_FORMAT_SIZE_IEC_UNITS);

  if (self->largest_bytes > largest)
    g_set_error (
        error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY,
        _ ("Training with pictures of %d x %d px, %u at a time, needs %s of memory in one piece, and the device "
           "“%s” gives at most %s."),
        (int)recipe->imgsz, (int)recipe->imgsz, self->micro_batch, piece, fv_device_get_info (device)->name, most);
  else if (!self->fits)
    g_set_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY,
                 _ ("Training with pictures of %d x %d px, %u at a time, needs %s of memory, and the device “%s” has "
                    "%s left of %s."),
                 (int)recipe->imgsz, (int)recipe->imgsz, self->micro_batch, needed, fv_device_get_info (device)->name,
                 left, total);
  return self->fits;
}

void
fv_estimate_set_rate (FvEstimate *self, const FvRecipe *recipe, const FvRate *rate)
{
  double validations = recipe->epochs / recipe->val_period + (recipe->epochs % recipe->val_period ? 1 : 0);
  double updates
      = (double)self->images / (double)(MIN (recipe->batch, self->images) * fv_recipe_get_accumulate (recipe));
  /* A forward pass is about a third of a step, and boxes are to be sorted out afterwards. */
  double val = isnan (rate->val) ? 0.4 * rate->train : rate->val;

  self->seconds_per_epoch = self->images * rate->train + updates * (isnan (rate->update) ? 0.0 : rate->update)
                            + validations / (double)recipe->epochs * self->val_images * val
                            + (isnan (rate->save) ? self->written_bytes / WRITING : rate->save);
  self->seconds = (double)recipe->epochs * self->seconds_per_epoch;
}
