/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/augment/fv-augment-policy.h"
#include "compute/nets/fv-loss.h"
#include "compute/nets/fv-optimizer.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/*
 * How a run is trained: one struct, one table of keys behind it. Names and meanings are YOLOv5's where it has the parameter.
 *
 *   FvRecipe recipe;
 *   fv_recipe_init (&recipe);
 *   fv_recipe_apply_named (&recipe, "scratch-med", &error);
 *   fv_recipe_set (&recipe, "lr0", "0.02", &error);
 */

#define FV_RECIPE_ERROR (fv_recipe_error_quark ())
GQuark fv_recipe_error_quark (void);

typedef enum
{
  FV_RECIPE_ERROR_UNKNOWN_KEY,  /* the message names the nearest known one */
  FV_RECIPE_ERROR_UNKNOWN_NAME, /* no recipe of that name */
  FV_RECIPE_ERROR_VALUE,        /* not of the key's type, or out of its range */
} FvRecipeError;

typedef enum
{
  FV_PRECISION_AUTO, /* see fv_precision_is_half() */
  FV_PRECISION_FP32,
  FV_PRECISION_FP16, /* activations; mixed precision */
} FvPrecision;

typedef struct
{
  /* The run. */
  gint64 epochs, batch, micro_batch, imgsz, seed;
  gint64 optimizer;        /* FvOptimizer */
  gint64 precision;        /* FvPrecision */
  gint64 freeze, patience; /* patience 0: never stop early */
  gint64 nbs, carry_accumulation;
  gint64 val_period, workers, log_period;
  double checkpoint_minutes;
  /* Learning rates. */
  double lr0, lrf, momentum, beta2, weight_decay, clip;
  gint64 cos_lr;
  double warmup_epochs, warmup_momentum, warmup_bias_lr;
  double ema_decay, ema_tau;
  /* The loss, gains before fv_recipe_get_loss() scales them. */
  double box, cls, cls_pw, obj, obj_pw, anchor_t, fl_gamma, label_smoothing;
  FvAugmentPolicy augment;
} FvRecipe;

typedef enum
{
  FV_RECIPE_INTEGER,
  FV_RECIPE_NUMBER,
  FV_RECIPE_SWITCH,
  FV_RECIPE_CHOICE,
} FvRecipeType;

typedef struct
{
  const char *name;
  FvRecipeType type;
  gsize offset;               /* of the field in FvRecipe: a double for numbers, else a gint64 */
  double initial, min, max;   /* the default (hyp.scratch-low) and the range, both ends included */
  const char *const *choices; /* FV_RECIPE_CHOICE only; NULL-terminated, the value is the index */
  gboolean affects_result;    /* whether another value may give other weights */
  const char *text;           /* one sentence for the person */
} FvRecipeKey;

/* The table; @n receives the number of keys. */
const FvRecipeKey *fv_recipe_get_keys (guint *n);
/* (nullable) */
const FvRecipeKey *fv_recipe_lookup_key (const char *name);

/* Every key at its default: YOLOv5's hyp.scratch-low and train.py's options. */
void fv_recipe_init (FvRecipe *self);

/* "scratch-low", "scratch-med", "scratch-high": every key at its default but those that this recipe has otherwise. Errors: FV_RECIPE_ERROR. */
gboolean fv_recipe_apply_named (FvRecipe *self, const char *name, GError **error);
/* (transfer none): the names, NULL-terminated. */
const char *const *fv_recipe_get_names (void);
/* A JSON file of keys and values; unnamed keys stay as they are. Errors: FV_RECIPE_ERROR with the file's name, G_IO_ERROR, G_FILE_ERROR. */
gboolean fv_recipe_apply_file (FvRecipe *self, const char *path, GError **error);
gboolean fv_recipe_apply_json (FvRecipe *self, JsonObject *object, GError **error);
/* One key from text. Errors: FV_RECIPE_ERROR. */
gboolean fv_recipe_set (FvRecipe *self, const char *key, const char *value, GError **error);
/* "KEY=VALUE". */
gboolean fv_recipe_set_pair (FvRecipe *self, const char *pair, GError **error);

/* (transfer full): all keys, in the table's order. */
JsonNode *fv_recipe_to_json (const FvRecipe *self);
/*
 * (transfer full): the keys that affect the result, sorted by name, on one line. micro_batch and precision are among them only where the person chose
 * them: what automatic comes to is in the run's plan.
 */
char *fv_recipe_to_canonical (const FvRecipe *self);
/* (transfer full): sha256 of fv_recipe_to_canonical(), in hexadecimal. */
char *fv_recipe_hash (const FvRecipe *self);

/* Loss gains as train.py scales them: box by 3 / heads, cls by classes / 80, obj by (imgsz / 640) squared. */
void fv_recipe_get_loss (const FvRecipe *self, guint n_classes, FvLossParams *loss);
/* Batches summed into one update once warm-up is over: max (round (nbs / batch), 1). */
guint fv_recipe_get_accumulate (const FvRecipe *self);
/* Weight decay scaled by batch * accumulate / nbs, as train.py does. */
double fv_recipe_get_weight_decay (const FvRecipe *self);

G_END_DECLS
