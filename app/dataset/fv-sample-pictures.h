/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Generated pictures with labels, to try Fovea without any of one's own: coloured shapes on textured ground. */

typedef struct {
  guint n_train;     /* pictures to learn from; 0 = 400 */
  guint n_val;       /* pictures to choose the best epoch by; 0 = 60 */
  guint n_test;      /* pictures to measure the result on; 0 = 60 */
  guint size;        /* width and height in pixels; 0 = 160 */
  guint32 seed;      /* the same seed draws the same pictures */
} FvSampleParams;

/*
 * Writes images/{train,val,test}/NNNN.jpg, labels/{train,val,test}/NNNN.txt and data.yaml, as YOLO datasets are laid
 * out, into @folder, which is made where it is not there. Every shape shows at least in part and none hides another.
 * Errors: those of writing files, G_IO_ERROR_CANCELLED.
 */
gboolean fv_sample_pictures_write (const char *folder, const FvSampleParams *params, GCancellable *cancellable,
                                   GError **error);

G_END_DECLS
