/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-importer.h"

G_BEGIN_DECLS

/* What data.yaml, or darknet's .data and .names files, say about a dataset. */

/* Where pictures of one subset are: a folder, or a .txt file that lists pictures. */
typedef struct
{
  FvSubset subset;
  char *path; /* absolute, as it was found on this disk */
} FvYoloSource;

typedef struct
{
  char *file;              /* the description, absolute */
  char *base;              /* absolute folder that its paths are meant from */
  GPtrArray *sources;      /* of FvYoloSource */
  GStrv class_names;       /* NULL where none are given */
  guint n_keypoint_values; /* of kpt_shape: how many values a line has behind class and box; 0 without */
} FvYoloConfig;

/*
 * Reads a description by its ending (.yaml, .yml, .data). What is wrong in parts is a row of repaired or rejected; a
 * file that says nothing usable is FV_IMPORT_ERROR_FORMAT with file and line.
 */
FvYoloConfig *fv_yolo_config_read (const char *file, GPtrArray *repaired, GPtrArray *rejected, GError **error);
void fv_yolo_config_free (FvYoloConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvYoloConfig, fv_yolo_config_free)

/* Whether a .yaml file looks like the description of a dataset: a mapping with train, val or test. */
gboolean fv_yolo_config_is_one (const char *file);

/*
 * One class a line (classes.txt, obj.names): (transfer full), NULL where the file has none or can't be read; then *reason
 * (optional) is a sentence.
 */
GStrv fv_yolo_read_names (const char *file, char **reason);

/*
 * The file or folder that text means, seen from one of the NULL-terminated folders, else NULL. Understands the ways in
 * which such paths are often a little wrong: "../train/images" for a folder beside the description, "data/..." in
 * darknet's lists, backslashes.
 */
char *fv_yolo_resolve (const char *const *folders, const char *text);

G_END_DECLS
