/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/training/fv-recipe.h"

G_BEGIN_DECLS

/* Where a run's first weights come from. */
typedef enum
{
  FV_RUN_FROM_UNKNOWN,
  FV_RUN_FROM_SCRATCH, /* a new network */
  FV_RUN_FROM_FILE,    /* a weight file, .pt or .safetensors */
  FV_RUN_FROM_RUN,     /* the best weights of an earlier run of the project */
} FvRunStartKind;

/* What a new run is started with. Strings and recipe are the caller's and only read during a call. */
typedef struct
{
  FvRunStartKind kind;
  char variant;           /* 'n', 's', 'm', 'l' or 'x': FV_RUN_FROM_SCRATCH only */
  const char *weights;    /* path: FV_RUN_FROM_FILE only */
  guint run;              /* number: FV_RUN_FROM_RUN only */
  const FvRecipe *recipe; /* (nullable): NULL = the default */
  const char *device;     /* (nullable): number or part of a name, as for --device */
} FvRunStart;

G_END_DECLS
