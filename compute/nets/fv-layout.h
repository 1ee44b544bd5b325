/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Where every parameter and running statistic of a network lies in the flat device buffers.
 *
 * Pure host arithmetic; no Vulkan. A layout is made once per architecture, e.g. by
 * fv_yolov5_layout_new(), and is immutable afterwards, so any thread may read it.
 *
 * The parameter buffers (weights, gradients, momenta, EMA) share one order: decayed weights (convolution kernels),
 * then BatchNorm weights, then biases (BatchNorm's and convolutions'), layer by layer within each. Running
 * statistics live in a second buffer. A convolution kernel is kept as [KH][KW][CIP][COP] floats,
 * CIP and COP being its channel counts padded to the pitch (multiples of 16; 4 for the picture
 * itself). Everything in the padding is zero and stays zero.
 */

typedef enum {
  FV_PARAM_CONV_WEIGHT,   /* [O, I, KH, KW]; decayed */
  FV_PARAM_BN_WEIGHT,     /* [C] */
  FV_PARAM_BIAS,          /* [C]; of BatchNorm or of a convolution */
  FV_PARAM_RUNNING_MEAN,  /* [C]; in the statistics buffer */
  FV_PARAM_RUNNING_VAR,   /* [C]; in the statistics buffer */
} FvParamKind;

typedef struct {
  char *name;             /* state_dict name, "model.0.conv.weight" */
  FvParamKind kind;
  guint layer;            /* index of the top-level module, 0..24 */
  guint n_dims;           /* 4 for convolution weights, else 1 */
  guint dims[4];          /* OIHW, or [C] */
  guint pitch_in;         /* CIP; 0 for vectors */
  guint pitch_out;        /* COP; the padded length for vectors */
  gsize offset;           /* in floats, into the parameter or the statistics buffer */
  gsize length;           /* in floats, padding included */
} FvParam;

/* The three optimizer groups, in buffer order. */
typedef enum {
  FV_GROUP_WEIGHTS,
  FV_GROUP_BN_WEIGHTS,
  FV_GROUP_BIASES,
  FV_N_GROUPS,
} FvGroup;

typedef struct _FvLayout FvLayout;

FvLayout      *fv_layout_new          (void);
void           fv_layout_free         (FvLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvLayout, fv_layout_free)

/* Adds a parameter; offsets are assigned by fv_layout_seal(). (transfer none), valid until sealing appends no more. */
void           fv_layout_add          (FvLayout   *self,
                                       const char *name,
                                       FvParamKind kind,
                                       guint       layer,
                                       guint       n_dims,
                                       const guint dims[4]);
void           fv_layout_seal         (FvLayout *self);

guint          fv_layout_get_n_params (const FvLayout *self);
const FvParam *fv_layout_get_param    (const FvLayout *self, guint index);
/* (nullable): NULL when there is no parameter of that name. */
const FvParam *fv_layout_lookup       (const FvLayout *self, const char *name);

/* Floats of the parameter buffers and of the statistics buffer, padding included. */
gsize          fv_layout_get_parameter_floats  (const FvLayout *self);
gsize          fv_layout_get_statistics_floats (const FvLayout *self);

/* First float and number of floats of the part of @group that belongs to layers >= @first_layer. */
void           fv_layout_get_group    (const FvLayout *self,
                                       FvGroup         group,
                                       guint           first_layer,
                                       gsize          *offset,
                                       gsize          *length);

gboolean       fv_param_is_statistic  (const FvParam *param);
/* Number of values in PyTorch's order, padding left out. */
gsize          fv_param_get_n_values  (const FvParam *param);
/* Between PyTorch's order (OIHW or [C]) and the flat buffer (@flat points at its first float, not the parameter's). */
void           fv_param_pack          (const FvParam *param, const float *values, float *flat);
void           fv_param_unpack        (const FvParam *param, const float *flat, float *values);

G_END_DECLS
