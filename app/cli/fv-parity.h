/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "app/cli/fv-parity-net.h"
#include "app/exchange/fv-weights.h"

G_BEGIN_DECLS

/*
 * Reference values of YOLOv5 v7.0 against what this device computes. A folder holds forward_*.safetensors, loss_*.safetensors with
 * loss.json, backward_*.safetensors and steps*.safetensors, each with a .json of its name. Sizes, variants and numbers
 * of steps come from the files. Each comparison is a case with an error and the largest error allowed.
 */

typedef struct {
  char *file;             /* its name within the folder */
  char *quantity;
  double error;           /* not finite: there was nothing to compare, or no number */
  double tolerance;
  gboolean ok;
} FvParityCase;

typedef struct {
  FvDevice *device;
  const FvWeights *weights;
  const char *folder;
  gboolean recompute;     /* for backward, all that can be made again */
  gboolean half;          /* mixed precision, with tolerances of its own */
  const char *file;       /* the one in hand */
  GArray *cases;          /* FvParityCase */
  GPtrArray *left_out;    /* sentences: what a file holds that is no case, and files that can't be read */
  guint n_failed;
  void (*progress) (const char *file, guint done, guint total, gpointer user_data); /* (nullable) */
  gpointer user_data;
} FvParity;

void          fv_parity_clear     (FvParity *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FvParity, fv_parity_clear)

/*
 * Runs every reference of self->folder; device, weights, folder, recompute, half and progress are set by the caller. A damaged reference is a failed
 * case. Errors: G_FILE_ERROR where the folder can't be read, FV_DEVICE_ERROR, G_IO_ERROR_CANCELLED.
 */
gboolean      fv_parity_run       (FvParity *self, GCancellable *cancellable, GError **error);

/* One kind of file each, in fv-parity-cases.c and fv-parity-steps.c. */
gboolean      fv_parity_forward   (FvParity *self, const FvTensorFile *file, GError **error);
gboolean      fv_parity_loss      (FvParity *self, const FvTensorFile *file, JsonObject *facts, GError **error);
gboolean      fv_parity_backward  (FvParity *self, const FvTensorFile *file, JsonObject *facts, GError **error);
gboolean      fv_parity_steps     (FvParity *self, const FvTensorFile *file, JsonObject *facts, GError **error);

/* What they share. */
void          fv_parity_add       (FvParity *self, double error, double tolerance, const char *format, ...) G_GNUC_PRINTF (4, 5);
void          fv_parity_leave_out (FvParity *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* (transfer full): the values as fp32; @view (nullable) receives its shape. Fails where there is no such tensor. */
float        *fv_parity_values    (const FvTensorFile *file, const char *name, const FvTensorView **view, GError **error);
/* Not a number where there is no such member: nothing is equal to that. */
double        fv_parity_number    (JsonObject *object, const char *name);
/* box, obj and cls gains of @facts; fl_gamma, label_smoothing, anchor_t, cls_pw, obj_pw where it has them. */
gboolean      fv_parity_read_loss (JsonObject *facts, FvLossParams *params, GError **error);
/* Keeps the greater, and no number for good. */
void          fv_parity_keep_worst (double *worst, double error);
/* Relative to @expected, which may be 0: then the value itself. */
double        fv_parity_relative  (double value, double expected);
/* The largest absolute difference of head @i from a [N, 3, ny, nx, 5 + classes] tensor; @largest (nullable) receives its maximum. */
double        fv_parity_head_error (const FvParityNet *net, guint i, const float *values, const float *expected, double *largest);
/* The weights of the file, changed where the reference has tensors init.*. Flat buffers (transfer full). */
gboolean      fv_parity_start     (FvParity *self, const FvTensorFile *file, const FvYolov5Config *config, const FvLayout *layout,
                                   float **weights, float **statistics, GError **error);
/* (transfer full): a parameter's or statistic's values in PyTorch's order from flat buffers; its number in @n. */
float        *fv_parity_unpack    (const FvLayout *layout, const char *name, const float *weights, const float *statistics, gsize *n,
                                   GError **error);

G_END_DECLS
