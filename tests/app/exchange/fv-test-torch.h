/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Makes files as torch.save() does: a pickle, piece by piece, and storages beside it, in a zip file.
 * Between begin_dict and end_dict come keys and values in turn; likewise in an object's state.
 */
typedef struct _FvTestTorch FvTestTorch;

FvTestTorch *fv_test_torch_new          (void);
void         fv_test_torch_free         (FvTestTorch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvTestTorch, fv_test_torch_free)

void         fv_test_torch_raw          (FvTestTorch *self, const char *opcodes, gsize size);
void         fv_test_torch_text         (FvTestTorch *self, const char *text);
void         fv_test_torch_integer      (FvTestTorch *self, gint32 integer);
void         fv_test_torch_begin_dict   (FvTestTorch *self);
void         fv_test_torch_end_dict     (FvTestTorch *self);
void         fv_test_torch_begin_object (FvTestTorch *self, const char *module, const char *name);
void         fv_test_torch_end_object   (FvTestTorch *self);
/* A key and a tensor: @n sizes and strides, a window into the storage @key of @storage_length values. */
void         fv_test_torch_tensor       (FvTestTorch *self,
                                         const char  *name,
                                         const char  *type,
                                         const char  *key,
                                         int          storage_length,
                                         int          offset,
                                         guint        n,
                                         const int   *dims,
                                         const int   *strides);

/* An entry of the zip file, "archive/data/0". */
void         fv_test_torch_add_entry    (FvTestTorch *self, const char *path, const void *data, gsize size);

/* (transfer full): the whole file. Once. */
GBytes      *fv_test_torch_finish                (FvTestTorch *self);
GBytes      *fv_test_torch_finish_without_pickle (FvTestTorch *self);

G_END_DECLS
