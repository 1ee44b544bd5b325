/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-run-kernels.h"

#include "app/training/fv-kernels.h"
#include "compute/nets/fv-predictor.h"
#include "compute/ops/fv-conv-tuner.h"

/* Timing may take that share of the run, by a rate that a slow device has, and no longer than a person cares to wait. */
#define SHARE 0.02
#define SLOW_FLOPS 50e9
#define MIN_SECONDS 1.0
#define MAX_SECONDS 20.0

/* Operations of all that was asked for. */
static double
count_flops (const GArray *asked)
{
  double flops = 0;

  for (guint i = 0; i < asked->len; i++)
    {
      const FvConvAsked *one = &g_array_index (asked, FvConvAsked, i);

      flops += one->uses * fv_conv_shape_get_flops (&one->shape);
    }
  return flops;
}

/* Builds the run's graphs, without memory; returns the operations of a picture in training. */
static double
ask (const FvRunKernels *self, FvConvChoices *choices)
{
  const FvPredictorParams predictor = { .ema = TRUE, .loss = &self->trainer->loss };
  double flops = 0;

  fv_conv_choices_forget_asked (choices);
  for (guint i = 0; i < FV_RUN_KERNELS_MAX_SIZES && self->sizes[i] > 0; i++)
    {
      fv_trainer_count_bytes (self->device, self->config, self->trainer, self->sizes[i], self->imgsz, self->imgsz,
                              NULL);
      if (i == 0)
        flops = count_flops (fv_conv_choices_get_asked (choices)) / self->sizes[0];
    }
  for (guint i = 0; i < FV_RUN_KERNELS_MAX_SIZES && self->val_sizes[i] > 0; i++)
    fv_predictor_count_bytes (self->device, self->config, &predictor, self->val_sizes[i], self->imgsz, self->imgsz,
                              NULL);
  return flops;
}

static gboolean
tune (const FvRunKernels *self, double flops, GError **error)
{
  const double share = SHARE * flops * self->pictures / SLOW_FLOPS;
  const double seconds = self->seconds >= 0 ? self->seconds : MIN (share, MAX_SECONDS);
  const FvConvTunerParams params = {
    .seconds = seconds, .progress = self->progress, .user_data = self->user_data, .cancellable = self->cancellable
  };
  g_autoptr (GError) failure = NULL;
  gint decided = 0;

  if (self->path && (self->seconds > 0 || seconds >= MIN_SECONDS))
    decided = fv_conv_tune (self->device, &params, error);
  /* A cache: what fails is not worth a word. */
  if (decided > 0 && !fv_kernels_store (self->path, self->device, &failure))
    g_debug ("%s", failure->message);
  return decided >= 0;
}

gboolean
fv_run_kernels_choose (const FvRunKernels *params, GError **error)
{
  FvConvChoices *choices;

  if (!fv_conv_choices_of (params->device))
    fv_conv_choices_attach (params->device, fv_conv_choices_new ());
  choices = fv_conv_choices_of (params->device);
  if (!tune (params, ask (params, choices), error))
    return FALSE;
  ask (params, choices);
  fv_conv_choices_attach (params->device, fv_conv_choices_freeze (choices));
  return TRUE;
}
