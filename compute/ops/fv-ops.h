/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-graph.h"
#include "compute/nets/fv-layout.h"

G_BEGIN_DECLS

/*
 * The operators. Each appends its node and returns the new tensor; shapes beside each. Kernels live in shaders/, one file per
 * operator here decides which one runs.
 */

typedef enum { FV_ACTIVATION_NONE, FV_ACTIVATION_SILU } FvActivation;

/* A convolution's parameters on the device. Addresses are those of the flat buffers plus the parameter's offset. */
typedef struct {
  const FvParam *weight;               /* [O, I, KH, KW], kept as [KH][KW][CIP][COP] */
  VkDeviceAddress weight_address;
  VkDeviceAddress weight_gradient;     /* 0: frozen, or inference */
  const FvParam *bias;                 /* (nullable) */
  VkDeviceAddress bias_address;
  VkDeviceAddress bias_gradient;
  FvActivation activation;             /* of the output; inference only */
} FvConvWeights;

/* BatchNorm's parameters, [C] each. */
typedef struct {
  VkDeviceAddress weight, bias;
  VkDeviceAddress weight_gradient, bias_gradient;    /* 0: frozen, or inference */
  VkDeviceAddress running_mean, running_var;         /* updated in training unless frozen */
  gboolean frozen;                                   /* normalise by the running statistics and leave them */
} FvBatchNormWeights;

/* x [N, H, W, I] -> [N, (H + 2 padding - KH) / stride + 1, ..., O]. Square kernels of 1, 3, 5, 6; stride 1 or 2. Gradients of weights are added to.
 * An input of at most 4 channels must be laid out as a picture: with a pitch of 4, as its weights are. */
FvTensor *fv_conv2d        (FvGraph *g, FvTensor *x, const FvConvWeights *weights, guint stride, guint padding, const char *name);
/* y = act (weight * (x - mean) / sqrt (var + eps) + bias); eps 1e-3, momentum 0.03, unbiased running variance. */
FvTensor *fv_batch_norm    (FvGraph *g, FvTensor *x, const FvBatchNormWeights *weights, FvActivation activation, const char *name);
/* The same, and @residual (nullable), of the same shape, added to it. */
FvTensor *fv_batch_norm_add (FvGraph *g, FvTensor *x, const FvBatchNormWeights *weights, FvActivation activation, FvTensor *residual, const char *name);
/* Records what makes a convolution with @weights do the work of one and of a BatchNorm by its running statistics: copies of its weights and of
 * its bias, as wide, at @folded_weight and @folded_bias. */
void      fv_batch_norm_fold (FvRecorder *recorder, const FvConvWeights *weights, const FvBatchNormWeights *norm,
                              VkDeviceAddress folded_weight, VkDeviceAddress folded_bias);
FvTensor *fv_add           (FvGraph *g, FvTensor *a, FvTensor *b, const char *name);
/* Along channels. The inputs become slices of the result where they can; a tensor that is one already is copied. */
FvTensor *fv_concat        (FvGraph *g, FvTensor *const *inputs, guint n_inputs, const char *name);
/* Nearest, x2: [N, H, W, C] -> [N, 2H, 2W, C]. */
FvTensor *fv_upsample2x    (FvGraph *g, FvTensor *x, const char *name);
/* k x k, stride 1, padding k / 2; ties go to the first in row order, as PyTorch. */
FvTensor *fv_max_pool      (FvGraph *g, FvTensor *x, guint k, const char *name);
/* The same values as elements of @element bytes; @x itself where it has such. Of x in fp16, whose only consumer this is, the gradient is that of the
 * result times the float at @gradient_factor (0: 1): where the scale of the loss comes in, so that small gradients are not lost. */
FvTensor *fv_cast          (FvGraph *g, FvTensor *x, guint element, VkDeviceAddress gradient_factor);

G_END_DECLS
