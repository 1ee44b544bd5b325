/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/ops/fv-conv-variants.h"

G_BEGIN_DECLS

/*
 * Which variant each convolution runs with: what was decided for a device, by measuring (fv-conv-tuner.h) or by the plan of a run. Belongs to the
 * device; the graphs built on it follow.
 *
 *   fv_conv_choices_attach (device, choices);
 *   ... build graphs ...
 *   asked = fv_conv_choices_get_asked (choices);
 */

/* What the choice depends on. */
typedef struct {
  FvConvDirection direction;
  guint in_channels, out_channels, kernel, stride, padding;
  gboolean half;
  guint64 pixels;                    /* of the output, all pictures together */
} FvConvKey;

/* How long a variant took. */
typedef struct {
  guint variant;
  double seconds;
} FvConvTiming;

#define FV_CONV_MAX_TIMINGS 16

typedef struct {
  FvConvKey key;
  guint variant;                     /* index into the direction's table */
  FvConvTiming timings[FV_CONV_MAX_TIMINGS];    /* why: what was timed, in the order of the table; none where the plan of a run says so */
  guint n_timings;
} FvConvChoice;

/* A convolution that a graph was built with. */
typedef struct {
  FvConvDirection direction;
  FvConvShape shape;                 /* the first of this key */
  guint variant;                     /* the answer */
  guint uses;
} FvConvAsked;

typedef struct _FvConvChoices FvConvChoices;

void fv_conv_key_init (FvConvKey *key, FvConvDirection direction, const FvConvShape *shape);
/* Whether both are the same but for the pixels. */
gboolean fv_conv_key_is_like (const FvConvKey *a, const FvConvKey *b);

FvConvChoices *fv_conv_choices_new  (void);
void           fv_conv_choices_free (FvConvChoices *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvConvChoices, fv_conv_choices_free)

/* Decides. What has been decided stays: FALSE where it was. */
gboolean            fv_conv_choices_add     (FvConvChoices *self, const FvConvChoice *choice);
guint               fv_conv_choices_get_n   (const FvConvChoices *self);
const FvConvChoice *fv_conv_choices_get     (const FvConvChoices *self, guint i);
/* (nullable): what was decided for this key; else for the nearest number of pixels, by their ratio, whose variant fits. */
const FvConvChoice *fv_conv_choices_find    (const FvConvChoices *self, const FvDeviceLimits *limits, FvConvDirection direction, const FvConvShape *shape);

/* (transfer full @self): to @device, instead of what it had; NULL: it has none. */
void           fv_conv_choices_attach (FvDevice *device, FvConvChoices *self);
/* (transfer none) (nullable) */
FvConvChoices *fv_conv_choices_of     (FvDevice *device);

/* (element-type FvConvAsked) (transfer none): what graphs were built with since fv_conv_choices_forget_asked(), each key once. */
GArray *fv_conv_choices_get_asked    (FvConvChoices *self);
void    fv_conv_choices_forget_asked (FvConvChoices *self);
/* (transfer full): the answers alone, decided or not, as decisions. */
FvConvChoices *fv_conv_choices_freeze (FvConvChoices *self);

/* For fv_conv_choose_variant(): notes what was asked and answered. */
void    fv_conv_choices_note (FvConvChoices *self, FvConvDirection direction, const FvConvShape *shape, guint variant);

G_END_DECLS
