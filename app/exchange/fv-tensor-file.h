/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/exchange/fv-exchange-error.h"

G_BEGIN_DECLS

/*
 * safetensors (huggingface.co/docs/safetensors): a length, a JSON header, raw little-endian tensors. The host is little-endian.
 */

typedef enum {
  FV_DTYPE_F32,
  FV_DTYPE_F16,
  FV_DTYPE_BF16,
  FV_DTYPE_F64,
  FV_DTYPE_U8,
  FV_DTYPE_I8,
  FV_DTYPE_I16,
  FV_DTYPE_I32,
  FV_DTYPE_I64,
  FV_DTYPE_BOOL,
  FV_N_DTYPES,
} FvDtype;

#define FV_TENSOR_MAX_DIMS 8

/* A tensor somewhere in memory, contiguous, last dimension fastest. Owns nothing. */
typedef struct {
  const char *name;
  FvDtype dtype;
  guint n_dims;                    /* 0: one value */
  gint64 dims[FV_TENSOR_MAX_DIMS];
  const void *data;                /* may be unaligned where it comes from a file */
  gsize n_bytes;
} FvTensorView;

typedef struct {
  const char *key;
  const char *value;
} FvMetadataEntry;

/* "F32", "BF16", ...: safetensors' names. */
const char         *fv_dtype_name              (FvDtype dtype);
gsize               fv_dtype_size              (FvDtype dtype);

guint64             fv_tensor_view_n_values    (const FvTensorView *view);
/* @out: fv_tensor_view_n_values() floats. Fails where n_bytes doesn't fit the shape. */
gboolean            fv_tensor_view_to_f32      (const FvTensorView *view, float *out, GError **error);
/* (transfer full): "64x3x6x6"; "a single value" without dimensions. */
char               *fv_tensor_view_shape       (const FvTensorView *view);

typedef struct _FvTensorFile FvTensorFile;

/*
 * Maps the file; views point into it and live as long as the FvTensorFile. Every offset, shape and type is checked here.
 * Read-only afterwards, so any thread may use it. Errors: G_FILE_ERROR, FV_EXCHANGE_ERROR_FORMAT.
 */
FvTensorFile       *fv_tensor_file_open         (const char *path, GError **error);
/* The same from memory. @name stands for the file in messages. */
FvTensorFile       *fv_tensor_file_new          (GBytes *bytes, const char *name, GError **error);
void                fv_tensor_file_free         (FvTensorFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvTensorFile, fv_tensor_file_free)

/* Tensors in the order of their data in the file. */
guint               fv_tensor_file_get_n        (const FvTensorFile *self);
const FvTensorView *fv_tensor_file_get          (const FvTensorFile *self, guint index);
/* (nullable): NULL when there is none of that name. */
const FvTensorView *fv_tensor_file_lookup       (const FvTensorFile *self, const char *name);
/* (nullable) */
const char         *fv_tensor_file_get_metadata (const FvTensorFile *self, const char *key);
/* (transfer none) (element-type utf8 utf8) */
GHashTable         *fv_tensor_file_get_all_metadata (const FvTensorFile *self);

/*
 * Writes atomically (fv-file.h). Equal tensors and metadata give equal bytes, whatever their order: metadata by key, tensors by
 * size of their type (so that each is aligned), then by name. Names and metadata are UTF-8 and unique.
 * Errors: G_FILE_ERROR; the old file is then untouched.
 */
gboolean            fv_safetensors_write        (const char            *path,
                                                 const FvTensorView    *views,
                                                 guint                  n_views,
                                                 const FvMetadataEntry *metadata,
                                                 guint                  n_metadata,
                                                 GError               **error);

G_END_DECLS
