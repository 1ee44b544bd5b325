/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-estimate.h"

#include "app/dataset/fv-letterbox.h"
#include "app/training/fv-train.h"
#include "compute/nets/fv-predictor.h"

#include <math.h>

/* Of a batch's buffer on the device, so that it need not grow with each batch. */
#define INPUT_SLACK 1.25
#define TRAINER_SLOTS 2

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

static guint64
count_trainer (FvDevice *device, FvDataset *dataset, const GArray *items, const FvRecipe *recipe,
               const FvYolov5Config *config, const FvLossParams *loss)
{
  guint n = MIN ((guint)recipe->batch, items->len);
  const FvAugmentPolicy *augment = &recipe->augment;
  double tiles = 1.0 + 3.0 * augment->mosaic + 4.0 * augment->mosaic * augment->mixup;
  double input = count_picture_bytes (dataset, items, recipe, n * tiles);
  const FvTrainerParams params = {
    .optimizer = (FvOptimizer)recipe->optimizer,
    .loss = *loss,
    .frozen_layers = (guint)recipe->freeze,
    .clip_norm = (float)recipe->clip,
  };

  return fv_trainer_count_bytes (device, config, &params, n, (guint)recipe->imgsz, (guint)recipe->imgsz)
         + (guint64)(TRAINER_SLOTS * INPUT_SLACK * input);
}

static guint64
count_predictor (FvDevice *device, FvDataset *dataset, const GArray *items, const FvRecipe *recipe,
                 const FvYolov5Config *config, const FvLossParams *loss)
{
  guint n = MIN (2 * (guint)recipe->batch, items->len);
  guint rest = n > 0 ? items->len % n : 0;
  double input = INPUT_SLACK * count_picture_bytes (dataset, items, recipe, 1e9) * n / MAX (items->len, 1);
  guint imgsz = (guint)recipe->imgsz;

  if (n == 0)
    return 0;
  /* The last, smaller batch shares the memory of the others but for its boxes. */
  return fv_predictor_count_bytes (device, config, &(FvPredictorParams){ .ema = TRUE, .loss = loss }, n, imgsz, imgsz)
         + sizeof (float) * rest * fv_yolo_count_rows (imgsz, imgsz) * (5 + config->n_classes) + (guint64)input;
}

gboolean
fv_estimate_init (FvEstimate *self, FvDevice *device, FvDataset *dataset, const FvRecipe *recipe,
                  const FvYolov5Config *config, GError **error)
{
  g_autoptr (GArray) train = fv_dataset_subset (dataset, FV_SUBSET_TRAIN);
  g_autoptr (GArray) val = fv_dataset_subset (dataset, FV_SUBSET_VAL);
  FvLossParams loss;

  if (!fv_train_check_data (dataset, error))
    return FALSE;
  fv_recipe_get_loss (recipe, config->n_classes, &loss);
  *self = (FvEstimate){
    .images = train->len,
    .val_images = val->len,
    .steps_per_epoch = (train->len + (guint)recipe->batch - 1) / (guint)recipe->batch,
    .device_bytes = count_trainer (device, dataset, train, recipe, config, &loss)
                    + count_predictor (device, dataset, val, recipe, config, &loss),
    .written_bytes = count_written (config, recipe),
    .device_memory_bytes = fv_device_get_info (device)->memory_bytes,
    .seconds_per_epoch = NAN,
    .seconds = NAN,
  };
  self->fits = self->device_bytes <= self->device_memory_bytes;
  return TRUE;
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
