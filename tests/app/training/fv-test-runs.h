/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-train.h"

G_BEGIN_DECLS

/*
 * Runs of the smallest network on a few generated pictures of 64 pixels, for tests that do something to them: about a second each.
 *
 *   FvTestRuns runs = { .device = device, .project = fv_test_folder () };
 *   fv_test_runs_init_recipe (&recipe, 2);
 *   fv_test_runs_train (&runs, 1, &recipe, dataset, NULL, &result, &error);
 */

typedef struct {
  FvDevice *device;
  const char *project;         /* the folder that they lie in; it has no store */
  FvTrainStatusFunc status;    /* (nullable) */
  gpointer user_data;          /* of it */
  GCancellable *cancellable;   /* (nullable) */
  FvRunPlan *plan;             /* (nullable): that a new run repeats */
} FvTestRuns;

/* (transfer full): circles, triangles and squares, in a folder of their own. */
FvDataset *fv_test_runs_make_dataset (guint n_train, guint n_val);
/* Batches of 2. Accumulation grows past 1 within the first of them, so that partial gradients cross the ends of epochs and checkpoints. */
void       fv_test_runs_init_recipe  (FvRecipe *recipe, guint epochs);

/* Makes run @number (0: the next) and trains it, from @weights or (NULL) from scratch. Errors: those of fv_run_create() and fv_train(). */
gboolean   fv_test_runs_train        (const FvTestRuns *self, guint number, const FvRecipe *recipe, FvDataset *dataset,
                                      const FvWeights *weights, FvTrainResult *result, GError **error);
/* Goes on with it as fovea-cli does, with that many decoding threads (0: as many as before). */
gboolean   fv_test_runs_resume       (const FvTestRuns *self, guint number, guint workers, FvTrainResult *result, GError **error);

/* (transfer full): SHA-256 of the names and values of all tensors of a safetensors file; a checkpoint's counters of seconds are no part of it. */
char      *fv_test_runs_hash_tensors (const FvTestRuns *self, guint number, const char *name);

G_END_DECLS
