/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-letterbox.h"
#include "app/evaluation/fv-nms.h"
#include "compute/nets/fv-predictor.h"

G_BEGIN_DECLS

/*
 * v7.0's detect.py for one picture: letterboxed to the smallest multiple of 32 that holds it at a longer side of @imgsz (pixels, rounded up to a
 * multiple of 32), forward on the device, NMS, boxes back.
 *
 * (transfer full) (element-type FvDetection): by falling confidence, pixels of the picture, clipped to it. Blocks. Errors: FV_DEVICE_ERROR,
 * FV_PICTURE_ERROR.
 */
GArray *fv_detect_picture (FvPredictor *predictor, FvPicture *picture, guint imgsz, const FvNmsParams *nms,
                           GError **error);

G_END_DECLS
