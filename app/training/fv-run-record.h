/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-recipe.h"
#include "app/training/fv-run-start.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Lines of an event stream, read: the other end of fv-events.h. Nothing in a file is trusted. */

typedef enum
{
  FV_RECORD_OTHER, /* of a newer version, or no event at all */
  FV_RECORD_PREPARING, /* its step of its steps */
  FV_RECORD_STARTED,
  FV_RECORD_RESUMED,
  FV_RECORD_STEP,
  FV_RECORD_VALIDATION,
  FV_RECORD_CHECKPOINT,
  FV_RECORD_WARNING,
  FV_RECORD_FINISHED,
  FV_RECORD_FAILED,
} FvRunRecordType;

typedef struct
{
  char *name;
  guint images, instances;
  double precision, recall, ap50, ap;
} FvRecordClass;

/* What run-started says. */
typedef struct
{
  FvRecipe recipe;
  gboolean has_recipe;
  char variant; /* '\0': not said */
  FvRunStartKind kind;
  char *file; /* (nullable) */
  guint run;
  char *device; /* (nullable) */
  guint images, val_images;
  guint64 device_bytes;
  double seconds_per_epoch; /* NaN: not known */
} FvRecordStart;

/* Which fields are set depends on the type; numbers that are missing or not finite are NaN. */
typedef struct
{
  FvRunRecordType type;
  gint64 time; /* microseconds since 1970; 0: none */
  guint epoch, step, steps;
  double losses[3]; /* box, obj, cls: of a step, or of a validation */
  double train[3];  /* of a validation: the epoch's means */
  double images_per_second;
  double precision, recall, map50, map;
  GArray *classes; /* of FvRecordClass; (nullable) */
  char *id, *text, *hint;
  char *reason;
  gint64 best_epoch;
  FvRecordStart *start;
} FvRunRecord;

void fv_run_record_free (FvRunRecord *self);

/* What one call of fv_run_records_read() gives. */
typedef struct
{
  GPtrArray *records; /* of FvRunRecord */
  gint64 end;         /* where the next call goes on: after the last whole line */
  gboolean more;      /* there is more to read now */
  gboolean skipping;  /* within a line that is too long to be one of ours */
} FvRunRecords;

void fv_run_records_free (FvRunRecords *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvRunRecords, fv_run_records_free)

/*
 * Reads whole lines from @offset on, at most a megabyte of them; half a line at the end is left for later. @skipping is what the call before
 * gave. Any thread. Errors: G_FILE_ERROR.
 */
FvRunRecords *fv_run_records_read (const char *path, gint64 offset, gboolean skipping, GError **error);

G_END_DECLS
