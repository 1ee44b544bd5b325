/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-graph.h"

G_BEGIN_DECLS

/*
 * Graphs by size of batch, the least recently used dropped. Only one runs at a time, so all lie in one arena, which is as large as the
 * largest needs.
 */

#define FV_PLAN_MAX_SLOTS 2

typedef struct {
  guint n, height, width;
  FvGraph *graph;                              /* planned by the builder */
  FvTensor *block, *result;                    /* external tensors whose addresses a recording sets */
  FvBuffer *rows;                              /* (nullable): output of the plan's own */
  FvRecording *recordings[FV_PLAN_MAX_SLOTS];  /* made when first asked for */
} FvPlan;

typedef struct _FvPlans FvPlans;

typedef struct {
  FvDevice *device;
  guint max_plans;
  /* Fills @plan, whose size is set, up to fv_graph_plan(). */
  gboolean (*build) (FvPlan *plan, gpointer user_data, GError **error);
  /* Sets the addresses of the external tensors for @slot, before the graph is recorded. */
  void (*bind) (FvPlan *plan, guint slot, gpointer user_data);
  /* (nullable): whether there is memory for it; asked before the arena grows. */
  gboolean (*check) (const FvPlan *plan, gpointer user_data, GError **error);
  gpointer user_data;
} FvPlansParams;

FvPlans     *fv_plans_new       (const FvPlansParams *params);
void         fv_plans_free      (FvPlans *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPlans, fv_plans_free)

/* (transfer none): valid until the next call. */
FvPlan      *fv_plans_get       (FvPlans *self, guint n, guint height, guint width, GError **error);
/* (transfer none): the recording of @plan for @slot. */
FvRecording *fv_plans_record    (FvPlans *self, FvPlan *plan, guint slot, GError **error);
/* Bytes of the arena that there is. */
gsize        fv_plans_get_arena_bytes (FvPlans *self);
/* Records with or without timestamps from now on. */
void         fv_plans_set_timing (FvPlans *self, gboolean on);

G_END_DECLS
