/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-plans.h"

struct _FvPlans
{
  FvPlansParams params;
  GPtrArray *plans; /* FvPlan, most recently used last */
  FvBuffer *arena;
  gboolean timing;
};

static void
drop_recordings (FvPlan *plan)
{
  /* Freeing a recording waits until it is done. */
  for (guint i = 0; i < FV_PLAN_MAX_SLOTS; i++)
    g_clear_pointer (&plan->recordings[i], fv_recording_free);
}

static void
plan_free (FvPlan *plan)
{
  drop_recordings (plan);
  fv_graph_free (plan->graph);
  fv_buffer_free (plan->rows);
  g_free (plan);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPlan, plan_free)

FvPlans *
fv_plans_new (const FvPlansParams *params)
{
  FvPlans *self = g_new0 (FvPlans, 1);

  self->params = *params;
  self->plans = g_ptr_array_new_with_free_func ((GDestroyNotify)plan_free);
  return self;
}

void
fv_plans_free (FvPlans *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->plans);
  fv_buffer_free (self->arena);
  g_free (self);
}

static FvPlan *
build (FvPlans *self, guint n, guint height, guint width, GError **error)
{
  g_autoptr (FvPlan) plan = g_new0 (FvPlan, 1);

  plan->n = n;
  plan->height = height;
  plan->width = width;
  if (!self->params.build (plan, self->params.user_data, error))
    return NULL;
  return g_steal_pointer (&plan);
}

static gboolean
grow_arena (FvPlans *self, gsize bytes, GError **error)
{
  if (self->arena != NULL && self->arena->size >= bytes)
    return TRUE;
  g_ptr_array_foreach (self->plans, (GFunc)(void (*) (void))drop_recordings, NULL);
  g_clear_pointer (&self->arena, fv_buffer_free);
  self->arena = fv_buffer_new (self->params.device, FV_MEMORY_DEVICE, bytes, "activations", error);
  if (self->arena == NULL)
    {
      /* Their addresses are gone. */
      g_ptr_array_set_size (self->plans, 0);
      return FALSE;
    }
  for (guint i = 0; i < self->plans->len; i++)
    fv_graph_place (((FvPlan *)self->plans->pdata[i])->graph, self->arena);
  return TRUE;
}

FvPlan *
fv_plans_get (FvPlans *self, guint n, guint height, guint width, GError **error)
{
  g_autoptr (FvPlan) made = NULL;
  FvPlan *plan;

  for (guint i = 0; i < self->plans->len; i++)
    {
      plan = self->plans->pdata[i];
      if (plan->n == n && plan->height == height && plan->width == width)
        {
          g_ptr_array_add (self->plans, g_ptr_array_steal_index (self->plans, i));
          return plan;
        }
    }
  made = build (self, n, height, width, error);
  if (made == NULL || (self->params.check != NULL && !self->params.check (made, self->params.user_data, error)))
    return NULL;
  if (self->plans->len == self->params.max_plans)
    g_ptr_array_remove_index (self->plans, 0);
  if (!grow_arena (self, fv_graph_get_arena_bytes (made->graph), error))
    return NULL;
  fv_graph_place (made->graph, self->arena);
  plan = g_steal_pointer (&made);
  g_ptr_array_add (self->plans, plan);
  return plan;
}

FvRecording *
fv_plans_record (FvPlans *self, FvPlan *plan, guint slot, GError **error)
{
  g_autoptr (FvRecorder) recorder = NULL;

  if (plan->recordings[slot] != NULL)
    return plan->recordings[slot];
  recorder = fv_recorder_new (self->params.device);
  self->params.bind (plan, slot, self->params.user_data);
  fv_graph_record (plan->graph, recorder);
  plan->recordings[slot] = fv_recorder_finish (&recorder, self->timing, error);
  return plan->recordings[slot];
}

gsize
fv_plans_get_arena_bytes (FvPlans *self)
{
  return self->arena != NULL ? self->arena->size : 0;
}

void
fv_plans_set_timing (FvPlans *self, gboolean on)
{
  if (self->timing == on)
    return;
  self->timing = on;
  g_ptr_array_foreach (self->plans, (GFunc)(void (*) (void))drop_recordings, NULL);
}
