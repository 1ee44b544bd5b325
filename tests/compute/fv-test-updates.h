/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-optimizer.h"
#include "tests/compute/fv-test-engine.h"

G_BEGIN_DECLS

/*
 * One update of flat buffers with made-up values, and what it makes of them in double precision.
 *
 *   g_autoptr (FvTestUpdates) u = fv_test_updates_new (FV_OPTIMIZER_SGD, 0, fv_test_updates_make_layout ());
 *   fv_test_updates_fill (u, FV_TEST_GRADIENTS, 0.1);  ...
 *   result = fv_test_updates_run (u, &block);
 *   ... u->before[FV_TEST_WEIGHTS], u->after[FV_TEST_WEIGHTS]
 */

typedef enum {
  FV_TEST_WEIGHTS,
  FV_TEST_GRADIENTS,
  FV_TEST_MOMENTUM,
  FV_TEST_SECOND_MOMENT,
  FV_TEST_EMA,
  FV_TEST_STATISTICS,
  FV_TEST_EMA_STATISTICS,
  FV_TEST_N_VALUES,
} FvTestValues;

typedef struct {
  FvLayout *layout;
  FvOptimizer optimizer;
  guint frozen_layers;
  gsize sizes[FV_TEST_N_VALUES];          /* in floats */
  FvTestBuffer *buffers[FV_TEST_N_VALUES];
  float *before[FV_TEST_N_VALUES];        /* zero until filled; may be changed: uploaded by the next run */
  float *after[FV_TEST_N_VALUES];         /* of the last run */
  FvTestBuffer *scratch, *block, *result;
  FvTestBuffer *loss_scale;               /* NULL until it is set */
  FvRecording *recording;
} FvTestUpdates;

extern const char *const fv_test_values_names[FV_TEST_N_VALUES];

/* Four layers, of which the second has more floats than one workgroup takes. */
FvLayout           *fv_test_updates_make_layout (void);
/* @layout (transfer full). Timestamps are recorded. */
FvTestUpdates      *fv_test_updates_new    (FvOptimizer optimizer, guint frozen_layers, FvLayout *layout);
void                fv_test_updates_free   (FvTestUpdates *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvTestUpdates, fv_test_updates_free)
/* Updates from now on are those of mixed precision: the gradients have this scale, and each update leaves the next one's. */
void                fv_test_updates_set_loss_scale (FvTestUpdates *self, FvLossScale scale);
FvLossScale         fv_test_updates_get_loss_scale (FvTestUpdates *self);
/* Random values of -scale..scale (second moments: of 0..scale) where there are parameters or statistics; zero in the padding. */
void                fv_test_updates_fill   (FvTestUpdates *self, FvTestValues which, double scale);
void                fv_test_updates_clear  (FvTestUpdates *self, FvTestValues which);
/* Uploads everything, runs one update, downloads everything. */
FvUpdateBlockResult fv_test_updates_run    (FvTestUpdates *self, const FvUpdateBlock *block);
/* (transfer full) (nullable): says which guard zone was written to. */
char               *fv_test_updates_find_damage (FvTestUpdates *self);

/* Fills @expected with what the update of ->before makes of each buffer; each (transfer full). @norm: of the gradients that are learnt by. */
void                fv_test_updates_expect (FvTestUpdates *self, const FvUpdateBlock *block, double *expected[FV_TEST_N_VALUES], double *norm);

/* Of a float of the parameter buffers. */
FvGroup             fv_test_updates_get_group (FvTestUpdates *self, gsize i, gboolean *frozen);

G_END_DECLS
