/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-picture.h"
#include "app/evaluation/fv-detection.h"

G_BEGIN_DECLS

/*
 * Writes a copy of @picture as JPEG with its detections drawn: boxes, and above each its class and confidence. @class_names: one for each
 * class_id. Atomic. Errors: G_FILE_ERROR, G_IO_ERROR_FAILED.
 */
gboolean fv_cli_draw_detections (const FvPicture *picture, const FvDetection *detections, guint n_detections,
                                 const char *const *class_names, const char *path, GError **error);

G_END_DECLS
