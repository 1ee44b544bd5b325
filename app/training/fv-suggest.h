/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"
#include "app/training/fv-recipe.h"

G_BEGIN_DECLS

/*
 * Settings that suit the data, each with a sentence why, for a person who has chosen none.
 *
 *   FvSuggestFigures figures;
 *   fv_suggest_measure (dataset, &figures);
 *   g_autoptr (FvSuggestions) suggestions = fv_suggest_new (&figures, FALSE);
 *   if (!fv_document_has_settings (document))
 *     fv_suggestions_apply (suggestions, &recipe);
 *
 * Any thread.
 */

/* What the suggestions go by, of the pictures to train on (of all where no subsets are there yet). */
typedef struct
{
  guint pictures, val_pictures; /* to train on; to validate on */
  guint64 boxes;
  guint longer_side; /* of the middle one of the pictures by that; pixels, 0 without pictures */
  double narrow;     /* a quarter of the boxes has a shorter side below this share of their picture's longer side; NaN without boxes */
} FvSuggestFigures;

/* One pass over the boxes, a millisecond for some 100,000. */
void fv_suggest_measure (const FvDataset *dataset, FvSuggestFigures *figures);

typedef struct
{
  gint64 imgsz, epochs, batch, patience;
  char variant; /* 'n', 's', 'm', 'l', 'x' */
  /* Sentences for the person, which cite what they go by; each is to be read after the value. */
  char *imgsz_why, *epochs_why, *batch_why, *variant_why;
} FvSuggestions;

/* @trained: whether the run starts from weights that were trained before. (transfer full) */
FvSuggestions *fv_suggest_new (const FvSuggestFigures *figures, gboolean trained);
void fv_suggestions_free (FvSuggestions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvSuggestions, fv_suggestions_free)

/* Sets imgsz, epochs, batch and patience; the rest stays. */
void fv_suggestions_apply (const FvSuggestions *self, FvRecipe *recipe);

G_END_DECLS
