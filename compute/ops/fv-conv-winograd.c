/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-families.h"

#include <string.h>

/*
 * Convolutions of 3 x 3 with stride 1 and padding 1 by minimal filtering (shaders/include/winograd.glsl), for CPU drivers: a tile of 4 x 4 outputs
 * takes 36 multiplications for each pair of channels instead of 144, one of 2 x 2 takes 16 instead of 36. A variant's `width` is that side. Forward
 * and backward by data, its matrix products are of `pixels` tiles by `channels`, `depth` input channels in a step; backward by weights of `depth`
 * input channels by `channels`, some tiles in a step.
 *
 * Transformed, a map is 2.25 or 4 times as large, going in and coming out. It is made in chunks small enough to stay in the processor's caches.
 * Backward by weights, what a chunk sums is added to what those before have; so no sum in one go is long (which would cost digits).
 *
 * The larger the tile the larger the numbers that cancel: with 4 x 4 outputs errors are some ten times those of a direct sum.
 */

#define CHUNK_BYTES (4 << 20)
/* What the kernels divide stays below 2^22. */
#define MAX_TILES (1 << 22)
#define THREADS 64
/* Of a chunk, the tiles are a multiple of this; backward by weights a step takes that many, or half of them. */
#define MAX_STEP 32
/* Multiplications that are unrolled: more don't fit the processor's instruction cache. */
#define MAX_UNROLLED 1024

/* Of the kernels that transform maps: where tiles are. */
typedef struct
{
  guint32 h, w, pitch, tiles_x, tiles_y, first, last, plane;
  float inverse_row, inverse_picture;
} Tiles;

typedef struct
{
  VkDeviceAddress w, u;
  guint32 inputs, outputs, backward;
} KernelPush;

typedef struct
{
  VkDeviceAddress from, to, zero;
  Tiles tiles;
} InputPush;

typedef struct
{
  VkDeviceAddress m, y, bias, dump;
  Tiles tiles;
} OutputPush;

typedef struct
{
  VkDeviceAddress from[2], to;
  guint32 plane;
} MultiplyPush;

typedef struct
{
  VkDeviceAddress u, gradient;
  guint32 pairs;
} WeightsPush;

typedef struct
{
  guint32 threads, outputs;
} KernelSpec;

typedef struct
{
  guint32 threads, outputs, pairs;
} InputSpec;

typedef struct
{
  guint32 threads, outputs, channels, width;
} GradientSpec;

typedef struct
{
  guint32 threads, outputs, channels, width, add, silu;
} OutputSpec;

typedef struct
{
  guint32 lanes, tiles, width, vectors, depth, in, out;
} MultiplySpec;

typedef struct
{
  guint32 lanes, rows, width, vectors, step, in, out, add;
} MultiplyWeightsSpec;

/* A convolution as it is computed. */
typedef struct
{
  guint in, out;   /* channels of what is gathered, and of what is made or, backward by weights, its gradient */
  guint positions; /* of a tile */
  guint tiles_x, tiles_y, n; /* tiles of a picture, and of all */
  guint block;               /* what the tiles of a chunk are a multiple of */
  guint chunk;               /* tiles of a chunk but the last */
  guint width;               /* 2: channels, of `out`, lie in pairs; 1: tiles */
} Plan;

static Plan
make_plan (const FvConvVariant *variant, FvConvDirection direction, const FvConvShape *shape)
{
  const gboolean data = direction == FV_CONV_BACKWARD_DATA;
  const guint side = variant->width;
  Plan plan = { .in = data ? shape->out_channels : shape->in_channels,
                .out = data ? shape->in_channels : shape->out_channels,
                .positions = (side + 2) * (side + 2),
                .tiles_x = fv_conv_divide_up (shape->out_w, side),
                .tiles_y = fv_conv_divide_up (shape->out_h, side),
                .block = MAX (variant->pixels, MAX_STEP),
                .width = variant->channels % (2 * variant->lanes) == 0 ? 2 : 1 };
  const gsize block_bytes = (gsize)plan.block * plan.positions * (plan.in + plan.out) * sizeof (float);

  plan.n = shape->n * plan.tiles_x * plan.tiles_y;
  plan.chunk = MIN (fv_conv_divide_up (plan.n, plan.block), MAX (CHUNK_BYTES / block_bytes, 1)) * plan.block;
  return plan;
}

static gboolean
fits (const FvConvVariant *variant, const FvDeviceLimits *limits, FvConvDirection direction, const FvConvShape *shape)
{
  const Plan plan = make_plan (variant, direction, shape);

  return shape->kernel == 3 && shape->stride == 1 && shape->padding == 1
         && (gsize)shape->n * plan.tiles_x * plan.tiles_y < MAX_TILES && plan.in % variant->depth == 0
         && plan.out % variant->channels == 0;
}

/* Of weights or their gradient, and of a chunk's inputs and outputs, all transformed. */
static gsize
count_scratch (const FvConvVariant *variant, FvConvDirection direction, const FvConvShape *shape)
{
  const Plan plan = make_plan (variant, direction, shape);

  return plan.positions * ((gsize)plan.in * plan.out + (gsize)plan.chunk * (plan.in + plan.out));
}

static Tiles
get_tiles (const Plan *plan, const FvTensor *map, guint first, guint tiles)
{
  return (Tiles){ .h = map->h,
                  .w = map->w,
                  .pitch = map->pitch,
                  .tiles_x = plan->tiles_x,
                  .tiles_y = plan->tiles_y,
                  .first = first,
                  .last = plan->n - 1,
                  .plane = tiles,
                  .inverse_row = 1.0f / plan->tiles_x,
                  .inverse_picture = 1.0f / (plan->tiles_x * plan->tiles_y) };
}

static void
record_kernel (const FvConvCall *call, FvRecorder *recorder, const Plan *plan, FvRange u)
{
  const KernelPush push = { .w = call->weights.weight_address,
                            .u = u.address,
                            .inputs = plan->in,
                            .outputs = plan->out,
                            .backward = call->direction == FV_CONV_BACKWARD_DATA };
  const KernelSpec spec = { THREADS, call->variant->width };
  FvDispatch dispatch = { .kernel = "conv-winograd-kernel",
                          .phase = fv_conv_get_phase (call->direction),
                          .groups = { fv_conv_divide_up (plan->in / 2 * plan->out, THREADS), 1, 1 },
                          .push = &push,
                          .push_size = sizeof push,
                          .reads = { fv_conv_weight_range (call, call->weights.weight_address) },
                          .writes = { u } };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
record_input (const FvConvCall *call, FvRecorder *recorder, const Plan *plan, guint first, guint tiles, FvRange v)
{
  const FvTensor *x = call->direction == FV_CONV_BACKWARD_DATA ? call->y : call->x;
  const InputPush push = { .from = fv_tensor_get_address (x),
                           .to = v.address,
                           .zero = fv_device_get_zero_page (fv_recorder_get_device (recorder)),
                           .tiles = get_tiles (plan, x, first, tiles) };
  const InputSpec spec = { THREADS, call->variant->width, plan->in / 2 };
  FvDispatch dispatch = { .kernel = "conv-winograd-input",
                          .phase = fv_conv_get_phase (call->direction),
                          .groups = { fv_conv_divide_up ((gsize)tiles * (plan->in / 2), THREADS), 1, 1 },
                          .push = &push,
                          .push_size = sizeof push,
                          .reads = { fv_tensor_get_range (x) },
                          .writes = { v } };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
record_gradient (const FvConvCall *call, FvRecorder *recorder, const Plan *plan, guint first, guint tiles, FvRange m)
{
  const InputPush push = { .from = fv_tensor_get_address (call->y),
                           .to = m.address,
                           .zero = fv_device_get_zero_page (fv_recorder_get_device (recorder)),
                           .tiles = get_tiles (plan, call->y, first, tiles) };
  const GradientSpec spec = { THREADS, call->variant->width, plan->out, plan->width };
  FvDispatch dispatch = { .kernel = "conv-winograd-gradient",
                          .phase = fv_conv_get_phase (call->direction),
                          .groups = { fv_conv_divide_up ((gsize)tiles * (plan->out / 2), THREADS), 1, 1 },
                          .push = &push,
                          .push_size = sizeof push,
                          .reads = { fv_tensor_get_range (call->y) },
                          .writes = { m } };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
record_multiply (const FvConvCall *call, FvRecorder *recorder, const Plan *plan, guint tiles, FvRange v, FvRange u,
                 FvRange m)
{
  const FvConvVariant *variant = call->variant;
  const MultiplyPush push = { { v.address, u.address }, m.address, tiles };
  const MultiplySpec spec = { .lanes = variant->lanes,
                              .tiles = variant->pixels,
                              .width = plan->width,
                              .vectors = variant->channels / variant->lanes,
                              .depth = variant->depth,
                              .in = plan->in,
                              .out = plan->out };
  FvDispatch dispatch = { .kernel = variant->lanes == 8 ? "conv-winograd-multiply-shuffle" : "conv-winograd-multiply",
                          .phase = fv_conv_get_phase (call->direction),
                          .groups = { tiles / variant->pixels, plan->out / variant->channels, plan->positions },
                          .subgroup_size = variant->lanes,
                          .push = &push,
                          .push_size = sizeof push,
                          .reads = { v, u },
                          .writes = { m },
                          .flops = call->flops * MIN (tiles, plan->n) / plan->n };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
record_multiply_weights (const FvConvCall *call, FvRecorder *recorder, const Plan *plan, gboolean add, guint tiles,
                         FvRange v, FvRange m, FvRange u)
{
  const FvConvVariant *variant = call->variant;
  const guint vectors = variant->channels / variant->lanes;
  const MultiplyPush push = { { v.address, m.address }, u.address, tiles };
  const MultiplyWeightsSpec spec
      = { .lanes = variant->lanes,
          .rows = variant->depth,
          .width = plan->width,
          .vectors = vectors,
          .step = variant->depth * vectors * MAX_STEP > MAX_UNROLLED ? MAX_STEP / 2 : MAX_STEP,
          .in = plan->in,
          .out = plan->out,
          .add = add };
  FvDispatch dispatch
      = { .kernel = variant->lanes == 8 ? "conv-winograd-weights-multiply-shuffle" : "conv-winograd-weights-multiply",
          .phase = fv_conv_get_phase (call->direction),
          .groups = { plan->in / variant->depth, plan->out / variant->channels, plan->positions },
          .subgroup_size = variant->lanes,
          .push = &push,
          .push_size = sizeof push,
          .reads = { v, m },
          .writes = { u },
          .flops = call->flops * MIN (tiles, plan->n) / plan->n };

  if (add)
    dispatch.reads[2] = u;
  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
record_output (const FvConvCall *call, FvRecorder *recorder, const Plan *plan, guint first, guint tiles, FvRange m)
{
  FvDevice *device = fv_recorder_get_device (recorder);
  const gboolean data = call->direction == FV_CONV_BACKWARD_DATA;
  const FvTensor *y = data ? call->x : call->y;
  const gboolean has_bias = !data && call->weights.bias != NULL;
  const OutputPush push = { .m = m.address,
                            .y = fv_tensor_get_address (y),
                            .bias = has_bias ? call->weights.bias_address : fv_device_get_zero_page (device),
                            .dump = fv_device_get_dump_page (device),
                            .tiles = get_tiles (plan, y, first, tiles) };
  const OutputSpec spec = { .threads = THREADS,
                            .outputs = call->variant->width,
                            .channels = plan->out,
                            .width = plan->width,
                            .add = call->add,
                            .silu = !data && call->weights.activation == FV_ACTIVATION_SILU };
  FvDispatch dispatch = { .kernel = "conv-winograd-output",
                          .phase = fv_conv_get_phase (call->direction),
                          .groups = { fv_conv_divide_up ((gsize)tiles * (plan->out / 2), THREADS), 1, 1 },
                          .push = &push,
                          .push_size = sizeof push,
                          .reads = { m },
                          .writes = { fv_tensor_get_range (y) } };

  if (has_bias)
    dispatch.reads[1] = (FvRange){ call->weights.bias_address, call->weights.bias->length * sizeof (float) };
  if (call->add)
    dispatch.reads[2] = dispatch.writes[0];
  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

static void
record_weights (const FvConvCall *call, FvRecorder *recorder, const Plan *plan, FvRange u)
{
  const FvRange gradient = fv_conv_weight_range (call, call->weights.weight_gradient);
  const WeightsPush push = { u.address, gradient.address, plan->in * plan->out / 2 };
  const KernelSpec spec = { THREADS, call->variant->width };
  FvDispatch dispatch = { .kernel = "conv-winograd-weights",
                          .phase = fv_conv_get_phase (call->direction),
                          .groups = { fv_conv_divide_up (push.pairs, THREADS), 1, 1 },
                          .push = &push,
                          .push_size = sizeof push,
                          .reads = { u, gradient },
                          .writes = { gradient } };

  FV_DISPATCH_SPEC (&dispatch, &spec);
  fv_recorder_dispatch (recorder, &dispatch);
}

/* The next @floats of scratch memory. */
static FvRange
take (VkDeviceAddress *address, gsize floats)
{
  const FvRange range = { *address, floats * sizeof (float) };

  *address += range.size;
  return range;
}

static void
record (const FvConvCall *call, FvRecorder *recorder)
{
  const Plan plan = make_plan (call->variant, call->direction, &call->shape);
  const gboolean weights = call->direction == FV_CONV_BACKWARD_WEIGHTS;
  VkDeviceAddress address = fv_tensor_get_address (call->scratch);
  const FvRange u = take (&address, (gsize)plan.positions * plan.in * plan.out);
  const FvRange v = take (&address, (gsize)plan.positions * plan.in * plan.chunk);
  const FvRange m = take (&address, (gsize)plan.positions * plan.out * plan.chunk);

  if (!weights)
    record_kernel (call, recorder, &plan, u);
  for (guint first = 0; first < plan.n; first += plan.chunk)
    {
      const guint tiles = MIN (plan.chunk, fv_conv_divide_up (plan.n - first, plan.block) * plan.block);

      record_input (call, recorder, &plan, first, tiles, v);
      if (weights)
        {
          record_gradient (call, recorder, &plan, first, tiles, m);
          record_multiply_weights (call, recorder, &plan, first > 0, tiles, v, m, u);
        }
      else
        {
          record_multiply (call, recorder, &plan, tiles, v, u, m);
          record_output (call, recorder, &plan, first, tiles, m);
        }
    }
  if (weights)
    record_weights (call, recorder, &plan, u);
}

const FvConvFamily fv_conv_winograd
    = { .name = "winograd", .fits = fits, .count_scratch = count_scratch, .record = record };
