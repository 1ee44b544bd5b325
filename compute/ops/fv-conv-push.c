/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-families.h"

/* What the dispatches of all families have in common. */

gsize
fv_conv_count_weights (const FvConvShape *shape)
{
  return (gsize)shape->kernel * shape->kernel * shape->in_channels * shape->out_channels;
}

static void
prepare_forward (const FvConvCall *call, FvDispatch *dispatch, FvConvGatherPush *push)
{
  const FvConvShape *shape = &call->shape;

  *dispatch = (FvDispatch){ .reads = { fv_tensor_get_range (call->x),
                                       fv_conv_weight_range (call, call->weights.weight_address) },
                            .writes = { fv_tensor_get_range (call->y) } };
  if (call->weights.bias != NULL)
    dispatch->reads[2] = (FvRange){ call->weights.bias_address, call->weights.bias->length * sizeof (float) };
  *push = (FvConvGatherPush){ .x = fv_tensor_get_address (call->x),
                              .w = call->weights.weight_address,
                              .y = fv_tensor_get_address (call->y),
                              .bias = call->weights.bias_address,
                              .in_h = shape->in_h,
                              .in_w = shape->in_w,
                              .out_h = shape->out_h,
                              .out_w = shape->out_w,
                              .in_pitch = call->x->pitch,
                              .out_pitch = call->y->pitch,
                              .in_channels = shape->in_channels,
                              .out_channels = shape->out_channels,
                              .step = shape->stride,
                              .phases = 1,
                              .direction = 1,
                              .silu = call->weights.activation == FV_ACTIVATION_SILU };
}

static void
prepare_data (const FvConvCall *call, FvRecorder *recorder, FvDispatch *dispatch, FvConvGatherPush *push)
{
  const FvConvShape *shape = &call->shape;
  const FvRange dx = fv_tensor_get_range (call->x), transposed = fv_tensor_get_range (call->scratch);

  *dispatch = (FvDispatch){ .reads = { fv_tensor_get_range (call->y), transposed }, .writes = { dx } };
  if (call->add)
    dispatch->reads[2] = dx;
  *push = (FvConvGatherPush){ .x = fv_tensor_get_address (call->y),
                              .w = transposed.address,
                              .y = dx.address,
                              .in_h = shape->out_h,
                              .in_w = shape->out_w,
                              .out_h = shape->in_h,
                              .out_w = shape->in_w,
                              .in_pitch = call->y->pitch,
                              .out_pitch = call->x->pitch,
                              .in_channels = shape->out_channels,
                              .out_channels = shape->in_channels,
                              .step = 1,
                              .phases = shape->stride,
                              .direction = -1,
                              .add = call->add };
  fv_conv_record_transpose (call, recorder, transposed);
}

gsize
fv_conv_prepare_gather (const FvConvCall *call, FvRecorder *recorder, FvDispatch *dispatch, FvConvGatherPush *push)
{
  FvDevice *device = fv_recorder_get_device (recorder);

  if (call->direction == FV_CONV_FORWARD)
    prepare_forward (call, dispatch, push);
  else
    prepare_data (call, recorder, dispatch, push);
  dispatch->phase = fv_conv_get_phase (call->direction);
  dispatch->flops = call->flops;
  dispatch->push = push;
  dispatch->push_size = sizeof *push;
  push->n = call->shape.n;
  push->kernel = call->shape.kernel;
  push->padding = call->shape.padding;
  push->zero = fv_device_get_zero_page (device);
  push->dump = fv_device_get_dump_page (device);
  if (push->bias == 0)
    push->bias = push->zero;
  return (gsize)push->n * fv_conv_divide_up (push->out_h, push->phases) * fv_conv_divide_up (push->out_w, push->phases);
}

void
fv_conv_prepare_weights (const FvConvCall *call, FvRecorder *recorder, guint splits, FvDispatch *dispatch,
                         FvConvWeightsPush *push)
{
  const FvConvShape *shape = &call->shape;
  const FvRange partial = fv_tensor_get_range (call->scratch);

  *dispatch = (FvDispatch){ .phase = fv_conv_get_phase (call->direction),
                            .groups = { 1, splits, 1 },
                            .push = push,
                            .push_size = sizeof *push,
                            .reads = { fv_tensor_get_range (call->x), fv_tensor_get_range (call->y) },
                            .writes = { partial },
                            .flops = call->flops };
  *push = (FvConvWeightsPush){ .x = fv_tensor_get_address (call->x),
                               .dy = fv_tensor_get_address (call->y),
                               .partial = partial.address,
                               .zero = fv_device_get_zero_page (fv_recorder_get_device (recorder)),
                               .n = shape->n,
                               .in_h = shape->in_h,
                               .in_w = shape->in_w,
                               .out_h = shape->out_h,
                               .out_w = shape->out_w,
                               .in_pitch = call->x->pitch,
                               .out_pitch = call->y->pitch,
                               .in_channels = shape->in_channels,
                               .out_channels = shape->out_channels,
                               .kernel = shape->kernel,
                               .padding = shape->padding,
                               .stride = shape->stride,
                               .slice = fv_conv_divide_up (fv_tensor_get_pixels (call->y), splits) };
}
