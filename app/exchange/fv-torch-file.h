/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/exchange/fv-tensor-file.h"

G_BEGIN_DECLS

/*
 * The zip file that torch.save() writes (PyTorch 1.6 and newer): a pickle, and one entry for each storage. It holds either a pickled
 * YOLOv5 model (alone, or under "ema" or "model" in a checkpoint) or a state_dict. Nothing is executed, see fv-pickle.h.
 */
typedef struct {
  GArray *views;          /* FvTensorView, contiguous: the state_dict in the order of its modules */
  char **class_names;     /* (nullable): the model's, by class */
  guint imgsz;            /* 0: not known */
  GHashTable *metadata;   /* utf8 to utf8: "epoch", "date" of the checkpoint where it has them */
  GPtrArray *storages;    /* private: memory under the views */
  GPtrArray *names;       /* private: likewise */
} FvTorchFile;

/* @name stands for the file in messages. Errors: FV_EXCHANGE_ERROR. */
FvTorchFile *fv_torch_file_new  (GBytes *bytes, const char *name, GError **error);
void         fv_torch_file_free (FvTorchFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvTorchFile, fv_torch_file_free)

G_END_DECLS
