/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-project.h"

G_BEGIN_DECLS

/*
 * Splits as they were made: numbered from 1, never changed afterwards, each with the hash of what it says. The split in force is what
 * pictures have; its number is that of the newest version with the same hash.
 */

typedef struct
{
  guint number;
  char *time;       /* ISO 8601, UTC */
  char *parameters; /* JSON: how it was made */
  char *hash;
} FvSplitVersion;

/*
 * (transfer full): SHA-256, of the content and subset of every picture that has a subset: equal pictures that are split alike have the
 * same, whatever they are named and wherever they lie.
 */
char *fv_split_hash (const FvDataset *dataset);

/*
 * Writes the subset of every item that has an id, and keeps that as the next version, in one transaction. @folds (nullable) of guint: each
 * item's fold. @parameters: JSON. A split that says the same as the newest version, made alike, is that one. @number (optional).
 */
gboolean fv_project_save_split (FvProject *self, const FvDataset *dataset, const GArray *folds, const char *parameters,
                                guint *number, GError **error);

/* The newest version with that hash, or 0. */
gboolean fv_project_find_split (FvProject *self, const char *hash, guint *number, GError **error);

/* (transfer full), of FvSplitVersion, oldest first. */
GArray *fv_project_list_splits (FvProject *self, GError **error);

/*
 * Gives the items the subsets of a version, those that it doesn't know none. @folds: (transfer full), each item's fold, 0 = none. Nothing is
 * written. Errors: FV_PROJECT_ERROR_NOT_FOUND.
 */
gboolean fv_project_load_split (FvProject *self, guint number, FvDataset *dataset, GArray **folds, GError **error);

G_END_DECLS
