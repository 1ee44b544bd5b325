/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * The store of a project: a folder with project.db (SQLite) and runs/.
 *
 *   g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_READ, &error);
 *   g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
 *
 * An editor holds the project's editing lock as long as it has it open. Everything that changes the store does so in
 * one transaction: it is there whole or not at all, also after a crash or on a full disk. One thread at a time.
 */

#define FV_PROJECT_ERROR (fv_project_error_quark ())
GQuark fv_project_error_quark (void);

typedef enum
{
  FV_PROJECT_ERROR_NOT_FOUND, /* the folder is not there, or is no project */
  FV_PROJECT_ERROR_EXISTS,    /* fv_project_create(): there is a project already, or a file in the way */
  FV_PROJECT_ERROR_TOO_NEW,   /* made by a newer Fovea */
  FV_PROJECT_ERROR_STORE,     /* SQLite says no: damaged, full disk, no permission; the message says which */
  FV_PROJECT_ERROR_READ_ONLY, /* a change asked of a project opened for reading, or of a folder that can't be written to */
} FvProjectError;

/* The version of the schema that this program writes; project.db says its own in user_version. */
#define FV_PROJECT_SCHEMA 2

typedef enum
{
  FV_PROJECT_READ,
  FV_PROJECT_EDIT, /* takes the editing lock, or FV_LOCK_ERROR_HELD names who has it */
} FvProjectMode;

typedef struct _FvProject FvProject;

/* Makes the folder (and its parents) with an empty store, opened for editing. */
FvProject *fv_project_create (const char *path, GError **error);
/*
 * Opens a project. A store of an older schema is copied beside itself (project.db.before-schema-N), then brought
 * forward; that needs the editing lock, also for FV_PROJECT_READ, and gives it back. In a folder that can't be written
 * to FV_PROJECT_READ takes the store as it is; FV_PROJECT_EDIT fails.
 */
FvProject *fv_project_open (const char *path, FvProjectMode mode, GError **error);
/* NULL-safe; closes the store and gives the lock back. */
void fv_project_free (FvProject *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvProject, fv_project_free)

/* The project's folder, absolute. */
const char *fv_project_get_path (const FvProject *self);
/* A sentence for the person on what this file system does not know (writing, locks, a write-ahead log), else NULL. */
const char *fv_project_get_notice (const FvProject *self);

/* Every picture with its boxes, in the dataset's order: (transfer full). */
FvDataset *fv_project_load_dataset (FvProject *self, GError **error);

/* One label or file that was not taken as it stood. */
typedef struct
{
  char *file;   /* absolute */
  guint line;   /* from 1; 0 where it concerns the whole file */
  char *reason; /* a sentence: what is wrong, what was done or what to do */
} FvProblem;

/* What is not valid UTF-8 is made so. */
FvProblem *fv_problem_new (const char *file, guint line, char *reason /* (transfer full) */);
void fv_problem_free (FvProblem *problem);

/* What one import adds to the store. Nothing is taken over; pointers are read during the call only. */
typedef struct
{
  const char *source;             /* absolute folder or file as the person gave it */
  const char *format;             /* "yolo", "voc", ... */
  const char *root;               /* absolute folder that the pictures' names are relative to */
  gboolean copied;                /* pictures lie in the project itself: the root follows it when it moves */
  const char *const *class_names; /* NULL-terminated; item boxes count in this list */
  const GPtrArray *items;         /* of FvItem */
  const GPtrArray *repaired;      /* of FvProblem */
  const GPtrArray *rejected;      /* of FvProblem */
} FvImportRecord;

/*
 * Adds pictures, boxes, classes (joined with the project's by name) and the report, in one transaction. A picture of
 * the same root and name is replaced with its boxes; its number stays. Errors: FV_PROJECT_ERROR; then nothing changed.
 */
gboolean fv_project_add_import (FvProject *self, const FvImportRecord *record, GError **error);

/* The reports of all imports, oldest first: arrays of FvProblem, (transfer container), each optional. */
gboolean fv_project_load_problems (FvProject *self, GPtrArray **repaired, GPtrArray **rejected, GError **error);

G_END_DECLS
