/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/exchange/fv-tensor-file.h"
#include "compute/nets/fv-yolov5.h"

G_BEGIN_DECLS

/*
 * What a weight file of a YOLOv5 says, whichever format it came in.
 *
 * A state_dict of v7.0 counts one tensor more for each BatchNorm (num_batches_tracked, which nothing reads since the momentum is
 * fixed) and one for the anchors than an FvLayout: yolov5n has 349 of them, 291 in the layout.
 */
typedef struct {
  FvYolov5Config config;  /* variant found from the tensors; anchors in pixels of the input */
  char **class_names;     /* config.n_classes of them, NULL-terminated */
  guint imgsz;            /* side of the pictures that it was trained on, pixels; 0 = the file doesn't say */
  guint n_tensors;        /* in the file's state_dict */
  guint64 n_parameters;   /* values that training changes, statistics left out */
  GHashTable *metadata;   /* what else it says of itself, utf8 to utf8: recipe_hash, epoch, date, ... */
  GHashTable *tensors;    /* private: name to values; see fv_weights_lookup() */
} FvWeights;

/*
 * Reads a PyTorch .pt (a pickled YOLOv5 model or a state_dict; nothing in it is executed) or a safetensors file, told apart by
 * content, and compares every tensor with fv_yolov5_layout_new(). Values are finite.
 * Errors: G_FILE_ERROR, FV_EXCHANGE_ERROR; another architecture is refused with the first layer that differs.
 */
FvWeights   *fv_weights_load   (const char *path, GError **error);
/* The same from memory. @name stands for the file in messages. */
FvWeights   *fv_weights_parse  (GBytes *bytes, const char *name, GError **error);
void         fv_weights_free   (FvWeights *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvWeights, fv_weights_free)

/* (nullable): the values of a tensor of the layout in PyTorch's order, e.g. "model.0.conv.weight". */
const float *fv_weights_lookup (const FvWeights *self, const char *name);

/*
 * Fills flat buffers (sizes from @layout, which belongs to @config) with the weights. Where @config has another number of classes,
 * the Detect head starts as a new network's, drawn from @seed and rounded to fp16 once as v7.0 does.
 * @n_transferred of @n_total (both nullable) count state_dict tensors as v7.0 prints them: 349/349, or 343/349 with a new head.
 * Errors: FV_EXCHANGE_ERROR_ARCHITECTURE where the variants differ.
 */
gboolean     fv_weights_apply  (const FvWeights      *self,
                                const FvYolov5Config *config,
                                const FvLayout       *layout,
                                guint64               seed,
                                float                *parameters,
                                float                *statistics,
                                guint                *n_transferred,
                                guint                *n_total,
                                GError              **error);

/*
 * Writes safetensors, atomically: v7.0's state_dict names, OIHW, fp32, BatchNorm not fused, num_batches_tracked 0, and the metadata
 * format, architecture, model, classes, anchors, strides, input_size, preprocessing; @extra adds to it (recipe_hash, ...).
 * @imgsz 0: unknown. No time, path or host is written: equal input gives equal bytes. Errors: G_FILE_ERROR.
 */
gboolean     fv_weights_save   (const char            *path,
                                const FvYolov5Config  *config,
                                char                 **class_names,
                                guint                  imgsz,
                                const FvLayout        *layout,
                                const float           *parameters,
                                const float           *statistics,
                                const FvMetadataEntry *extra,
                                guint                  n_extra,
                                GError               **error);

G_END_DECLS
