/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-picture-finder.h"
#include "app/exchange/fv-json-stream.h"

G_BEGIN_DECLS

/* What the formats that label pictures by JSON have in common: telling them apart, and reading values of the right type. */

/* Of objects and lists in each other; labels have at most eight. */
#define FV_LABEL_JSON_DEPTH 16

typedef enum
{
  FV_LABEL_JSON_OTHER, /* no labels, or no JSON */
  FV_LABEL_JSON_COCO,
  FV_LABEL_JSON_COCO_CAPTIONS,
  FV_LABEL_JSON_COCO_PANOPTIC,
  FV_LABEL_JSON_COCO_STUFF,
  FV_LABEL_JSON_COCO_LABELS,
  FV_LABEL_JSON_COCO_IMAGE_INFO,
  FV_LABEL_JSON_COCO_RESULTS,
  FV_LABEL_JSON_CREATE_ML,
  FV_LABEL_JSON_LABELME,
  FV_LABEL_JSON_LABEL_STUDIO,
} FvLabelJsonKind;

/* By its content, of which no more is read than tells. *fault (nullable): why it is no JSON, a sentence with file and line. */
FvLabelJsonKind fv_label_json_kind (const char *path, char **fault);
/* (nullable): why a file of that kind has no boxes, and what to do. */
const char *fv_label_json_refusal (FvLabelJsonKind kind);
/* (nullable): the same with the file's name, of the first one among the source's. */
char *fv_label_json_source_refusal (const FvImportSource *source);
/*
 * Whether one of the source's first JSON files is of @kind. *why then says so: "'a.json' is COCO JSON", @title being the
 * name. Where none is, *why may say what is wrong with one.
 */
gboolean fv_label_json_detect (const FvImportSource *source, FvLabelJsonKind kind, const char *title, char **why);

/*
 * Reads all files of @kind of the source, in order; those of COCO's kinds without boxes, and those that are no JSON, become
 * rows. FALSE where there is none, with a sentence that has @title.
 */
gboolean fv_label_json_read_all (FvImportJob *job, const FvPictureFinder *finder, FvLabelJsonKind kind,
                                 const char *title,
                                 gboolean (*read_file) (FvImportJob *job, const FvPictureFinder *finder,
                                                        const char *path, GError **error),
                                 GError **error);
/*
 * The entry of the picture that the file at @path calls @name, or else @other_name (nullable): a new one, or the one that an earlier
 * line of the same file made. NULL with a row where there is no such picture, or where another file has its labels.
 */
FvImportEntry *fv_label_json_entry (FvImportJob *job, const FvPictureFinder *finder, const char *path, guint line,
                                    const char *name, const char *other_name);
/* Every thousand parts: says how far reading has come, @done of it before this pass of @stream. FALSE where it is cancelled. */
gboolean fv_label_json_go_on (FvImportJob *job, const FvJsonStream *stream, guint n_parts, double done, double share,
                              GError **error);
/* The error of an import whose file ends in @fault, a stream's. Always FALSE. */
gboolean fv_label_json_fail (const GError *fault, GError **error);
/* A row for a part that can't be parsed. */
void fv_label_json_report (GPtrArray *rejected, const char *file, guint line, const GError *fault);

/* Members of an object, NULL or FALSE where they are absent or of another type. */
const char *fv_label_json_text (JsonObject *object, const char *name);
JsonObject *fv_label_json_object (JsonObject *object, const char *name);
JsonArray *fv_label_json_array (JsonObject *object, const char *name);
/* A number, maybe an infinite one. */
gboolean fv_label_json_number (JsonObject *object, const char *name, double *value);
/* A size in pixels; 0 where the node (nullable) is none. */
guint fv_label_json_size (JsonNode *node);
/* 1, true, and what tools write for them. */
gboolean fv_label_json_flag (JsonObject *object, const char *name);
/* An id, number or text, as text: (transfer full) (nullable). */
char *fv_label_json_id (JsonObject *object, const char *name);
gboolean fv_label_json_numbers (JsonArray *array, double *values, guint n);
/* The box around points [[x, y], ...]; FALSE where they are none. */
gboolean fv_label_json_points (JsonArray *points, FvStagedBox *box);

/* Whether @class_name can be one; where not, a row says so. */
gboolean fv_label_json_check_class (GPtrArray *rejected, const char *file, guint line, const char *class_name);

G_END_DECLS
