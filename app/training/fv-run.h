/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"
#include "app/training/fv-recipe.h"
#include "compute/ops/fv-conv-choices.h"

G_BEGIN_DECLS

/*
 * The folder of a run, PROJECT/runs/N, and its lock. Files: recipe.json, data.json (what it trains on), plan.json (device, driver,
 * subgroup size and kernels that its bits belong to), events.jsonl, last.ckpt, best.safetensors, last.safetensors.
 */

#define FV_RUN_ERROR (fv_run_error_quark ())
GQuark fv_run_error_quark (void);

typedef enum
{
  FV_RUN_ERROR_EXISTS, /* a run of that number is there already */
  FV_RUN_ERROR_NOT_FOUND,
  FV_RUN_ERROR_INVALID, /* a file in it is missing or damaged */
} FvRunError;

#define FV_RUN_RECIPE "recipe.json"
#define FV_RUN_DATA "data.json"
#define FV_RUN_PLAN "plan.json"
#define FV_RUN_EVENTS "events.jsonl"
#define FV_RUN_CHECKPOINT "last.ckpt"
#define FV_RUN_EPOCH_CHECKPOINT "epoch.ckpt" /* see fv-setback.h */
#define FV_RUN_BEST "best.safetensors"
#define FV_RUN_LAST "last.safetensors"
#define FV_RUN_LOCK "lock"

typedef struct _FvRun FvRun;

/*
 * Makes the folder of a new run with recipe.json and data.json in it, and takes its lock. @number 0: the next free one.
 * Errors: FV_RUN_ERROR_EXISTS, G_FILE_ERROR.
 */
FvRun *fv_run_create (const char *project_path, guint number, const FvRecipe *recipe, const FvDataset *dataset,
                      GError **error);
/*
 * Opens a run to go on with it, taking its lock. Errors: FV_RUN_ERROR_NOT_FOUND, FV_RUN_ERROR_INVALID (it was killed before it had begun),
 * FV_LOCK_ERROR_HELD.
 */
FvRun *fv_run_open (const char *project_path, guint number, GError **error);
void fv_run_free (FvRun *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvRun, fv_run_free)

guint fv_run_get_number (const FvRun *self);
/* (transfer full): the path of a file in the run's folder. */
char *fv_run_get_file (const FvRun *self, const char *name);
/* (transfer full): the same without opening the run or knowing whether it is there. */
char *fv_run_path (const char *project_path, guint number, const char *name);

gboolean fv_run_load_recipe (const FvRun *self, FvRecipe *recipe, GError **error);
FvDataset *fv_run_load_data (const FvRun *self, GError **error);

/* What the bits of a run depend on besides recipe and data. */
typedef struct
{
  char *device, *driver, *type; /* names */
  guint subgroup_size;
  char *checksum;         /* of fv-kernels.h; "" where it was not said, as in plans of earlier versions */
  FvConvChoices *kernels; /* which convolutions run with */
  guint micro_batch; /* pictures at a time, see fv-micro-batch.h; 0 = not said, as in plans of earlier versions: whole batches */
} FvRunPlan;

void fv_run_plan_clear (FvRunPlan *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FvRunPlan, fv_run_plan_clear)
/* Reads plan.json of a run, which needs neither be open nor free. */
gboolean fv_run_plan_load (FvRunPlan *self, const char *project_path, guint number, GError **error);
/* Whether bits of that plan can be had on @device, with the kernels of this program. */
gboolean fv_run_plan_is_of (const FvRunPlan *self, FvDevice *device);
/* (transfer full): a sentence: that the run @number, which a plan says what it ran on, has other bits than one on @device. */
char *fv_run_plan_describe_difference (const FvRunPlan *self, guint number, FvDevice *device);

/*
 * Writes plan.json for @device, with its choices of kernels, and @micro_batch where there is none; where there is one of another device, driver,
 * subgroup size or other kernels, writes the next free plan-N.json beside it and sets @differs to a sentence that says so (transfer full), else to NULL.
 */
gboolean fv_run_keep_plan (const FvRun *self, FvDevice *device, guint micro_batch, char **differs, GError **error);
/* The run's plan of @device, else its first; @same receives which. One that has none leaves @plan empty. */
gboolean fv_run_find_plan (const FvRun *self, FvDevice *device, FvRunPlan *plan, gboolean *same, GError **error);

G_END_DECLS
