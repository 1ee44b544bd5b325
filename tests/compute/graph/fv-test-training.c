/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/graph/fv-test-training.h"

#include "compute/nets/fv-augmenter.h"
#include "compute/nets/fv-predictor.h"

#define HEIGHT 64
#define WIDTH 96
#define N_PICTURES 3

static const FvLossParams loss
    = { .box = 0.05f, .obj = 1, .cls = 0.5f, .cls_pw = 1, .obj_pw = 1, .anchor_t = 4, .label_smoothing = 0.1f };

/* A batch with what it points to. */
typedef struct
{
  FvBatch batch;
  FvPixels pictures[N_PICTURES];
  FvAugmentSample samples[2];
} Batch;

static FvAugmentLayer
make_layer (guint picture, float shift)
{
  return (FvAugmentLayer){
    .n_tiles = 2,
    .canvas_width = WIDTH,
    .canvas_height = HEIGHT,
    .inverse = { 0.9f, 0.05f, shift, -0.03f, 1.1f, 2, 0.0002f, 0.0001f, 1 },
    .tiles = { { .picture = picture, .x2 = WIDTH / 2, .y2 = HEIGHT },
               { .picture = 2, .x1 = WIDTH / 2, .x2 = WIDTH, .y2 = HEIGHT, .dx = WIDTH / 2 } },
  };
}

static void
batch_init (Batch *self)
{
  static const float targets[][6] = { { 0, 0, 0.3f, 0.4f, 0.2f, 0.3f },
                                      { 0, 2, 0.7f, 0.5f, 0.5f, 0.8f },
                                      { 1, 1, 0.5f, 0.5f, 0.1f, 0.15f },
                                      { 1, 1, 0.99f, 0.98f, 0.05f, 0.08f } };
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);

  for (guint i = 0; i < N_PICTURES; i++)
    {
      const guint width = WIDTH - 7 * i, height = HEIGHT + 3 * i;
      guint8 *rgb = g_malloc (3 * width * height);

      for (guint k = 0; k < 3 * width * height; k++)
        rgb[k] = g_rand_int (rand);
      self->pictures[i] = (FvPixels){ .rgb = rgb, .width = width, .height = height, .stride = 3 * width };
    }
  for (guint i = 0; i < G_N_ELEMENTS (self->samples); i++)
    self->samples[i] = (FvAugmentSample){
      .n_layers = 1 + i,
      .mix = i == 0 ? 1 : 0.6f,
      .hsv = { 1.01f, 0.8f, 1.1f },
      .flip_horizontal = i,
      .layers = { make_layer (i, 3), make_layer (2, -5) },
    };
  self->batch = (FvBatch){
    .n = G_N_ELEMENTS (self->samples),
    .height = HEIGHT,
    .width = WIDTH,
    .samples = self->samples,
    .pictures = self->pictures,
    .n_pictures = N_PICTURES,
    .targets = targets[0],
    .n_targets = G_N_ELEMENTS (targets),
  };
}

static void
batch_clear (Batch *self)
{
  for (guint i = 0; i < N_PICTURES; i++)
    g_free ((guint8 *)self->pictures[i].rgb);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Batch, batch_clear)

static FvModel *
make_model (FvDevice *device, GError **error)
{
  g_autoptr (FvModel) model = NULL;
  g_autofree float *parameters = NULL, *statistics = NULL;
  FvYolov5Config config;

  fv_yolov5_config_init (&config, 'n', 3);
  model = fv_model_new (device, &config, error);
  if (model == NULL)
    return NULL;
  parameters = g_new0 (float, fv_model_get_size (model, FV_BUFFER_WEIGHTS));
  statistics = g_new0 (float, fv_model_get_size (model, FV_BUFFER_STATISTICS));
  fv_yolov5_init (&config, fv_model_get_layout (model), 3, 0, FALSE, parameters, statistics);
  if (!fv_model_upload (model, FV_BUFFER_WEIGHTS, parameters, error)
      || !fv_model_upload (model, FV_BUFFER_EMA, parameters, error)
      || !fv_model_upload (model, FV_BUFFER_STATISTICS, statistics, error)
      || !fv_model_upload (model, FV_BUFFER_EMA_STATISTICS, statistics, error))
    return NULL;
  return g_steal_pointer (&model);
}

static gboolean
append_bits (FvModel *model, GByteArray *bits, GError **error)
{
  for (FvModelBuffer buffer = FV_BUFFER_WEIGHTS; buffer <= FV_BUFFER_EMA_STATISTICS; buffer++)
    {
      const gsize n = fv_model_get_size (model, buffer), start = bits->len;

      g_byte_array_set_size (bits, start + n * sizeof (float));
      if (!fv_model_download (model, buffer, (float *)(gpointer)(bits->data + start), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
run_steps (FvTrainer *trainer, guint n_steps, GByteArray *bits, GError **error)
{
  g_auto (Batch) batch = { 0 };
  FvStepLosses losses;

  batch_init (&batch);
  for (guint step = 1; step <= n_steps; step++)
    {
      const FvUpdate update = { .lr = { 0.01f, 0.02f, 0.01f },
                                .momentum = 0.9f,
                                .beta2 = 0.999f,
                                .weight_decay = 0.0005f,
                                .ema_decay = 0.5f,
                                .step = step };

      for (guint i = 0; i < (step == 1 ? 1 : 2); i++)
        if (!fv_trainer_accumulate (trainer, &batch.batch, error))
          return FALSE;
      if (!fv_trainer_update (trainer, &update, error))
        return FALSE;
    }
  if (!fv_trainer_wait (trainer, error))
    return FALSE;
  while (fv_trainer_poll (trainer, &losses))
    {
      const float values[] = { losses.box, losses.obj, losses.cls };

      g_byte_array_append (bits, (const guint8 *)values, sizeof values);
    }
  return TRUE;
}

GByteArray *
fv_test_train (FvDevice *device, const FvTestTraining *training, GError **error)
{
  const FvTrainerParams params = {
    .optimizer = training->optimizer,
    .loss = loss,
    .frozen_layers = training->frozen_layers,
    .clip_norm = 10,
    .half = training->half,
    .aim_bytes = training->recompute,
  };
  g_autoptr (FvModel) model = make_model (device, error);
  g_autoptr (FvTrainer) trainer = model != NULL ? fv_trainer_new (model, &params, error) : NULL;
  g_autoptr (GByteArray) bits = g_byte_array_new ();
  const FvLossScale scale = { .scale = 1024 }; /* with which nothing is skipped */

  if (trainer == NULL || (training->half && !fv_model_upload (model, FV_BUFFER_LOSS_SCALE, &scale.scale, error))
      || !run_steps (trainer, training->n_steps, bits, error) || !append_bits (model, bits, error))
    return NULL;
  return g_steal_pointer (&bits);
}

GByteArray *
fv_test_predict (FvDevice *device, GError **error)
{
  g_auto (Batch) batch = { 0 };
  g_autoptr (FvModel) model = make_model (device, error);
  g_autoptr (FvPredictor) predictor = NULL;
  FvPrediction prediction;
  GByteArray *bits;

  batch_init (&batch);
  if (model != NULL)
    predictor = fv_predictor_new (model, &(FvPredictorParams){ .ema = TRUE, .loss = &loss }, error);
  if (predictor == NULL || !fv_predictor_run (predictor, &batch.batch, &prediction, error))
    return NULL;
  bits = g_byte_array_new ();
  g_byte_array_append (bits, (const guint8 *)prediction.rows,
                       batch.batch.n * prediction.n_rows * prediction.row_length * sizeof (float));
  g_byte_array_append (bits, (const guint8 *)(const float[]){ prediction.box, prediction.obj, prediction.cls },
                       3 * sizeof (float));
  return bits;
}

gboolean
fv_test_augment (FvDevice *device, GError **error)
{
  g_auto (Batch) batch = { 0 };
  g_autoptr (FvAugmenter) augmenter = fv_augmenter_new (device, error);

  batch_init (&batch);
  return augmenter != NULL && fv_augmenter_run (augmenter, &batch.batch, error) != NULL;
}
