/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-optimizer.h"

#include <string.h>

#define PHASE "optimizer"
#define BLOCK 4096 /* floats of a workgroup: shaders/include/optimizer.glsl */

/* Beginning of the scratch buffer: what the norm tells the sweeps. The partial sums follow. */
typedef struct
{
  float scale;
  guint32 skipped;
} UpdateControl;

typedef struct
{
  guint64 gradients, partials;
  guint32 n;
} NormPush;

typedef struct
{
  guint64 partials, control, result, block, loss_scale;
  guint32 n;
  float least, most, period;
} ClipPush;

typedef struct
{
  guint64 weights, gradients, momentum, second_moment, ema, control, block;
  guint32 n;
} StepPush;

typedef struct
{
  guint32 group, decayed;
} StepSpec;

typedef struct
{
  guint64 values, ema, control, block;
  guint32 n;
} EmaPush;

/* A run of floats of a flat buffer. */
typedef struct
{
  gsize offset, length;
} Run;

static guint
run_groups (gsize length)
{
  return (length + BLOCK - 1) / BLOCK;
}

static FvRange
run_range (const FvBuffer *buffer, const Run *run)
{
  return fv_buffer_range (buffer, run->offset * sizeof (float), run->length * sizeof (float));
}

gsize
fv_optimizer_scratch_bytes (const FvLayout *layout)
{
  return sizeof (UpdateControl) + (run_groups (fv_layout_get_parameter_floats (layout)) + FV_N_GROUPS) * sizeof (float);
}

static void
record_norm (FvRecorder *recorder, const FvOptimizerArgs *args, const Run runs[FV_N_GROUPS], FvRange control)
{
  const FvRange all
      = fv_buffer_range (args->scratch, sizeof (UpdateControl), args->scratch->size - sizeof (UpdateControl));
  ClipPush clip = {
    .partials = all.address,
    .control = control.address,
    .result = args->result.address,
    .block = args->block.address,
    .loss_scale = args->loss_scale.size > 0 ? args->loss_scale.address : 0,
    .least = FV_LOSS_SCALE_LEAST,
    .most = FV_LOSS_SCALE_MOST,
    .period = FV_LOSS_SCALE_PERIOD,
  };

  for (guint i = 0; i < FV_N_GROUPS; i++)
    {
      const guint groups = run_groups (runs[i].length);
      const FvRange partials = { all.address + clip.n * sizeof (float), groups * sizeof (float) };
      const FvRange gradients = run_range (args->gradients, &runs[i]);
      const NormPush push = { gradients.address, partials.address, runs[i].length };

      if (groups == 0)
        continue;
      fv_recorder_dispatch (recorder, &(FvDispatch){
                                          .kernel = "optimizer-norm",
                                          .phase = PHASE,
                                          .groups = { groups, 1, 1 },
                                          .push = &push,
                                          .push_size = sizeof push,
                                          .reads = { gradients },
                                          .writes = { partials },
                                      });
      clip.n += groups;
    }
  fv_recorder_dispatch (recorder, &(FvDispatch){
                                      .kernel = "optimizer-clip",
                                      .phase = PHASE,
                                      .groups = { 1, 1, 1 },
                                      .push = &clip,
                                      .push_size = sizeof clip,
                                      .reads = { all, args->block, args->loss_scale },
                                      .writes = { control, args->result, args->loss_scale },
                                  });
}

static void
record_step (FvRecorder *recorder, const FvOptimizerArgs *args, FvGroup group, const Run *run, FvRange control)
{
  const gboolean adamw = args->optimizer == FV_OPTIMIZER_ADAMW;
  const FvRange weights = run_range (args->weights, run);
  const FvRange gradients = run_range (args->gradients, run);
  const FvRange momentum = run_range (args->momentum, run);
  const FvRange second_moment = adamw ? run_range (args->second_moment, run) : (FvRange){ 0 };
  const FvRange ema = run_range (args->ema, run);
  const StepPush push = {
    .weights = weights.address,
    .gradients = gradients.address,
    .momentum = momentum.address,
    .second_moment = second_moment.address,
    .ema = ema.address,
    .control = control.address,
    .block = args->block.address,
    .n = run->length,
  };
  const StepSpec spec = { group, group == FV_GROUP_WEIGHTS };
  FvDispatch dispatch = {
    .kernel = adamw ? "optimizer-adamw" : "optimizer-sgd",
    .phase = PHASE,
    .groups = { run_groups (run->length), 1, 1 },
    .push = &push,
    .push_size = sizeof push,
    .reads = { weights, gradients, momentum, ema, control, args->block, second_moment },
    .writes = { weights, gradients, momentum, ema, second_moment },
  };

  if (run->length == 0)
    return;
  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
record_ema (FvRecorder *recorder, const FvOptimizerArgs *args, FvRange values, FvRange ema, FvRange control)
{
  const EmaPush push = {
    .values = values.address,
    .ema = ema.address,
    .control = control.address,
    .block = args->block.address,
    .n = values.size / sizeof (float),
  };

  if (values.size == 0)
    return;
  fv_recorder_dispatch (recorder, &(FvDispatch){
                                      .kernel = "optimizer-ema",
                                      .phase = PHASE,
                                      .groups = { run_groups (push.n), 1, 1 },
                                      .push = &push,
                                      .push_size = sizeof push,
                                      .reads = { values, ema, control, args->block },
                                      .writes = { ema },
                                  });
}

void
fv_optimizer_record (FvRecorder *recorder, const FvOptimizerArgs *args)
{
  const FvRange control = fv_buffer_range (args->scratch, 0, sizeof (UpdateControl));
  const Run statistics = { 0, fv_layout_get_statistics_floats (args->layout) };
  Run live[FV_N_GROUPS], frozen[FV_N_GROUPS];

  for (guint i = 0; i < FV_N_GROUPS; i++)
    {
      fv_layout_get_group (args->layout, i, args->frozen_layers, &live[i].offset, &live[i].length);
      fv_layout_get_group (args->layout, i, 0, &frozen[i].offset, &frozen[i].length);
      frozen[i].length -= live[i].length;
    }
  record_norm (recorder, args, live, control);
  for (guint i = 0; i < FV_N_GROUPS; i++)
    {
      record_step (recorder, args, i, &live[i], control);
      record_ema (recorder, args, run_range (args->weights, &frozen[i]), run_range (args->ema, &frozen[i]), control);
    }
  record_ema (recorder, args, run_range (args->statistics, &statistics), run_range (args->ema_statistics, &statistics),
              control);
}
