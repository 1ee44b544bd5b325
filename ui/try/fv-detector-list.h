/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-run-list.h"

G_BEGIN_DECLS

/*
 * What can be tried: the weight files that the person chose, newest first, then the best weights of the project's runs, newest first. A GListModel of
 * FvDetector, kept up to date as runs go on.
 */

#define FV_TYPE_DETECTOR (fv_detector_get_type ())
G_DECLARE_FINAL_TYPE (FvDetector, fv_detector, FV, DETECTOR, GObject)

/* Property "name": for the person: "Run 3 · mAP50 0.92", "yolov5n.pt". */
const char *fv_detector_get_name (FvDetector *self);
/* The weight file, absolute. */
const char *fv_detector_get_path (FvDetector *self);
/* The size that it was trained at; 0 = unknown. */
guint fv_detector_get_imgsz (FvDetector *self);

#define FV_TYPE_DETECTOR_LIST (fv_detector_list_get_type ())
G_DECLARE_FINAL_TYPE (FvDetectorList, fv_detector_list, FV, DETECTOR_LIST, GObject)

FvDetectorList *fv_detector_list_new (FvRunList *runs);
/* Adds a chosen file, once. */
void fv_detector_list_add_file (FvDetectorList *self, const char *path);
/* Position of the detector with that weight file; G_MAXUINT = none. */
guint fv_detector_list_find (FvDetectorList *self, const char *path);

G_END_DECLS
