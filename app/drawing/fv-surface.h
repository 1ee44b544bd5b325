/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "app/dataset/fv-picture.h"

G_BEGIN_DECLS

/* FvPicture as cairo surface and file. Any thread. */

/* (transfer full): the pixels as CAIRO_FORMAT_RGB24. Errors: FV_PICTURE_ERROR_SIZE: no memory, or a side beyond cairo's 32767. */
cairo_surface_t *fv_surface_new (const FvPicture *picture, GError **error);

/* Writes an image surface of CAIRO_FORMAT_RGB24: PNG where @path ends so, else JPEG. Atomic. Blocks.
   Errors: G_FILE_ERROR, G_IO_ERROR_FAILED. */
gboolean fv_surface_save (cairo_surface_t *surface, const char *path, GError **error);

/*
 * A picture at its own and at halved sizes, so that it is drawn small as quickly and as smoothly as large. Immutable once made.
 */
typedef struct _FvPyramid FvPyramid;

/* (transfer full). About 40 ms for twelve million pixels. A picture beyond what cairo holds begins at half or a quarter of its size. */
FvPyramid *fv_pyramid_new (const FvPicture *picture, GError **error);
void fv_pyramid_free (FvPyramid *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPyramid, fv_pyramid_free)

/* Paints the picture with its upper left corner at (@x, @y) at @scale user units per pixel. @device_scale: pixels of the device per user unit,
   which decides the level. @sharp: pixels stay squares where enlarged. */
void fv_pyramid_paint (const FvPyramid *self, cairo_t *cairo, double x, double y, double scale, double device_scale,
                       gboolean sharp);

G_END_DECLS
