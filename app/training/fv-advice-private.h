/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-split.h"
#include "app/training/fv-advice.h"
#include "app/training/fv-suggest.h"

G_BEGIN_DECLS

/* What rules judge by. */
typedef struct
{
  const FvAdviceParams *params;
  const FvStatistics *statistics;
  guint64 most; /* boxes of the commonest class of the statistics */
  FvSplitResult split;
  guint64 *boxes[FV_N_SUBSETS]; /* [class], of the whole dataset */
  guint64 n_boxes[FV_N_SUBSETS];
  FvSuggestFigures figures;
  FvSuggestions *suggestions;
  FvRecipe recipe; /* the defaults */
} FvAdviceFacts;

typedef struct
{
  const char *id;
  /* TRUE where the advice is due: then it has set the text and the figure, and what differs from the two below. */
  gboolean (*judge) (const FvAdviceFacts *facts, FvAdvice *advice);
  const char *reason, *action; /* to be translated */
  gboolean alone;              /* where it is due, no other rule after it says anything */
} FvAdviceRule;

/* Each ends with a rule whose id is NULL. */
extern const FvAdviceRule fv_advice_data_rules[];     /* pictures, classes, subsets */
extern const FvAdviceRule fv_advice_training_rules[]; /* how to train on them */

/* (transfer full): "a, b, c and 4 more" of the classes for which @test is true; NULL for none. */
char *fv_advice_name_classes (const FvAdviceFacts *facts, gboolean (*test) (const FvAdviceFacts *facts, guint class_id),
                              guint *n);

G_END_DECLS
