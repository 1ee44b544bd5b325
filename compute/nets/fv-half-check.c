/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-half-check.h"
#include "compute/nets/fv-trainer.h"

#include <math.h>

#define SIDE 128 /* of a picture */
#define N_PICTURES 4
#define LOSSES 0.05
#define GRADIENTS 0.5
/* Scales of the loss that are tried. */
#define FIRST_SCALE 1024.0f
#define SCALE_STEP 16.0f

/* What one precision made of the batch. */
typedef struct
{
  float *gradients;
  float losses[3];
} Outcome;

static void
outcome_clear (Outcome *self)
{
  g_clear_pointer (&self->gradients, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

/* Squares of 8 x 8 pixels of one colour each. */
static void
draw (guint8 *rgb)
{
  guint32 colour = 1;

  for (guint i = 0; i < N_PICTURES * SIDE * SIDE * 3; i++)
    {
      const guint x = i / 3 % SIDE, y = i / 3 / SIDE;

      colour = (x / 8 * 73856093u) ^ (y / 8 * 19349663u) ^ (i % 3 * 83492791u);
      rgb[i] = (colour * 2654435761u) >> 24;
    }
}

static gboolean
upload (FvModel *model, const float *parameters, const float *statistics, GError **error)
{
  return fv_model_upload (model, FV_BUFFER_WEIGHTS, parameters, error)
         && fv_model_upload (model, FV_BUFFER_STATISTICS, statistics, error);
}

static gboolean
run (FvModel *model, FvTrainer *trainer, Outcome *outcome, GError **error)
{
  static const float targets[][6] = { { 0, 0, 0.3f, 0.4f, 0.2f, 0.3f },
                                      { 1, 0, 0.6f, 0.5f, 0.5f, 0.8f },
                                      { 2, 0, 0.5f, 0.5f, 0.1f, 0.15f },
                                      { 3, 0, 0.7f, 0.2f, 0.3f, 0.25f } };
  const gsize n = fv_model_get_size (model, FV_BUFFER_GRADIENTS);
  g_autofree guint8 *rgb = g_malloc (N_PICTURES * SIDE * SIDE * 3);
  g_autofree float *zeros = g_new0 (float, n);
  FvAugmentSample samples[N_PICTURES];
  FvPixels pictures[N_PICTURES];
  FvStepLosses losses;
  FvBatch batch = {
    .n = N_PICTURES,
    .height = SIDE,
    .width = SIDE,
    .samples = samples,
    .pictures = pictures,
    .n_pictures = N_PICTURES,
    .targets = targets[0],
    .n_targets = G_N_ELEMENTS (targets),
  };

  draw (rgb);
  for (guint i = 0; i < N_PICTURES; i++)
    {
      pictures[i] = (FvPixels){ .rgb = rgb + i * SIDE * SIDE * 3, .width = SIDE, .height = SIDE, .stride = 3 * SIDE };
      samples[i] = (FvAugmentSample){
        .n_layers = 1,
        .mix = 1,
        .hsv = { 1, 1, 1 },
        .layers = { { .n_tiles = 1,
                      .canvas_width = SIDE,
                      .canvas_height = SIDE,
                      .inverse = { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
                      .tiles = { { .picture = i, .x2 = SIDE, .y2 = SIDE } } } },
      };
    }
  if (!fv_model_upload (model, FV_BUFFER_GRADIENTS, zeros, error) || !fv_trainer_accumulate (trainer, &batch, error)
      || !fv_trainer_wait (trainer, error) || !fv_trainer_poll (trainer, &losses))
    return FALSE;
  outcome_clear (outcome);
  outcome->gradients = g_new (float, n);
  outcome->losses[0] = losses.box;
  outcome->losses[1] = losses.obj;
  outcome->losses[2] = losses.cls;
  return fv_model_download (model, FV_BUFFER_GRADIENTS, outcome->gradients, error);
}

static void
compare (const Outcome *single, const Outcome *half, gsize n, double scale, FvHalfCheck *result)
{
  double square = 0, difference = 0;

  result->losses = 0;
  for (guint i = 0; i < 3; i++)
    if (single->losses[i] != 0)
      result->losses = fmax (result->losses, fabs ((double)half->losses[i] / single->losses[i] - 1));
  for (gsize i = 0; i < n; i++)
    {
      square += (double)single->gradients[i] * single->gradients[i];
      difference += pow (half->gradients[i] / scale - single->gradients[i], 2);
    }
  result->gradients = square > 0 ? sqrt (difference / square) : 0;
  if (!isfinite (result->gradients))
    result->gradients = NAN;
  result->passed = isfinite (half->losses[0] + half->losses[1] + half->losses[2]) && result->losses <= LOSSES
                   && result->gradients <= GRADIENTS;
}

gboolean
fv_half_check (FvDevice *device, const FvYolov5Config *config, const FvLossParams *loss, const float *parameters,
               const float *statistics, FvHalfCheck *result, GError **error)
{
  g_autoptr (FvModel) model = fv_model_new (device, config, error);
  g_autoptr (FvTrainer) trainer = NULL;
  g_auto (Outcome) single = { 0 }, half = { 0 };
  FvTrainerParams params = { .loss = *loss };

  if (model == NULL || !upload (model, parameters, statistics, error))
    return FALSE;
  trainer = fv_trainer_new (model, &params, error);
  if (trainer == NULL || !run (model, trainer, &single, error))
    return FALSE;
  g_clear_pointer (&trainer, fv_trainer_free);
  params.half = TRUE;
  trainer = fv_trainer_new (model, &params, error);
  if (trainer == NULL)
    return FALSE;
  result->gradients = NAN;
  for (FvLossScale scale = { .scale = FIRST_SCALE }; isnan (result->gradients) && scale.scale >= 1;
       scale.scale /= SCALE_STEP)
    {
      if (!upload (model, parameters, statistics, error)
          || !fv_model_upload (model, FV_BUFFER_LOSS_SCALE, &scale.scale, error) || !run (model, trainer, &half, error))
        return FALSE;
      compare (&single, &half, fv_model_get_size (model, FV_BUFFER_GRADIENTS), scale.scale, result);
    }
  return TRUE;
}
