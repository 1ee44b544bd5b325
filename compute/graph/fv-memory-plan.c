/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/graph/fv-graph-private.h"

/* Every tensor starts at a multiple of this. */
#define ALIGNMENT 256

/* Memory: each root lives from its first to its last use; best fit by rising first use. */

static void
note_use (FvTensor *tensor, gint position)
{
  FvTensor *root = fv_tensor_get_root (tensor);

  if (root->first_use < 0)
    root->first_use = position;
  root->last_use = MAX (root->last_use, position);
}

static gint
by_size_descending (gconstpointer a, gconstpointer b)
{
  const FvTensor *left = *(FvTensor *const *)a, *right = *(FvTensor *const *)b;

  if (left->size != right->size)
    return left->size < right->size ? 1 : -1;
  return left->first_use - right->first_use;
}

static gint
by_offset (gconstpointer a, gconstpointer b)
{
  const FvTensor *left = *(FvTensor *const *)a, *right = *(FvTensor *const *)b;

  return left->arena_offset < right->arena_offset ? -1 : left->arena_offset > right->arena_offset;
}

/* The smallest gap between tensors that live at the same time, else the end. */
static gsize
find_place (const FvTensor *tensor, GPtrArray *placed)
{
  g_autoptr (GPtrArray) rivals = g_ptr_array_new ();
  gsize best = G_MAXSIZE, best_gap = G_MAXSIZE, end = 0;

  for (guint i = 0; i < placed->len; i++)
    {
      FvTensor *other = placed->pdata[i];

      if (other->first_use <= tensor->last_use && tensor->first_use <= other->last_use)
        g_ptr_array_add (rivals, other);
    }
  g_ptr_array_sort (rivals, by_offset);
  for (guint i = 0; i < rivals->len; i++)
    {
      const FvTensor *rival = rivals->pdata[i];
      const gsize rival_end = (rival->arena_offset + rival->size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

      if (rival->arena_offset >= end + tensor->size && rival->arena_offset - end < best_gap)
        {
          best = end;
          best_gap = rival->arena_offset - end;
        }
      end = MAX (end, rival_end);
    }
  return best != G_MAXSIZE ? best : end;
}

void
fv_graph_find_lifetimes (FvGraph *self)
{
  for (guint i = 0; i < self->tensors->len; i++)
    {
      FvTensor *tensor = self->tensors->pdata[i];
      tensor->first_use = tensor->last_use = -1;
    }
  for (guint i = 0; i < self->nodes->len; i++)
    {
      FvNode *node = self->nodes->pdata[i];

      for (guint k = 0; k < node->n_inputs; k++)
        note_use (node->inputs[k], i);
      for (guint k = 0; k < node->n_outputs; k++)
        note_use (node->outputs[k], i);
    }
  for (guint i = 0; i < self->tensors->len; i++)
    {
      FvTensor *tensor = self->tensors->pdata[i];

      if (tensor->parent != NULL && tensor->keep)
        fv_tensor_get_root (tensor)->keep = TRUE;
    }
  for (guint i = 0; i < self->tensors->len; i++)
    {
      FvTensor *tensor = self->tensors->pdata[i];

      if (tensor->parent == NULL && tensor->keep && tensor->first_use >= 0)
        {
          tensor->first_use = 0;
          tensor->last_use = G_MAXINT;
        }
    }
}

void
fv_graph_plan (FvGraph *self)
{
  g_autoptr (GPtrArray) roots = g_ptr_array_new ();
  g_autoptr (GPtrArray) placed = g_ptr_array_new ();
  gsize end = 0;

  fv_graph_find_lifetimes (self);
  for (guint i = 0; i < self->tensors->len; i++)
    {
      FvTensor *tensor = self->tensors->pdata[i];

      if (tensor->parent == NULL && !tensor->external && tensor->first_use >= 0)
        g_ptr_array_add (roots, tensor);
    }
  g_ptr_array_sort (roots, by_size_descending);
  for (guint i = 0; i < roots->len; i++)
    {
      FvTensor *tensor = roots->pdata[i];

      if (self->guard_bytes > 0)
        tensor->arena_offset = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + self->guard_bytes;
      else
        tensor->arena_offset = find_place (tensor, placed);
      end = MAX (end, tensor->arena_offset + tensor->size);
      g_ptr_array_add (placed, tensor);
    }
  self->arena_bytes = (end + self->guard_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

gsize *
fv_graph_count_live (FvGraph *self)
{
  gsize *live = g_new0 (gsize, self->nodes->len);

  for (guint i = 0; i < self->tensors->len; i++)
    {
      const FvTensor *tensor = self->tensors->pdata[i];

      if (tensor->parent == NULL && !tensor->external && tensor->first_use >= 0)
        for (guint k = tensor->first_use; k < self->nodes->len && (gint)k <= tensor->last_use; k++)
          live[k] += tensor->size;
    }
  return live;
}

gsize
fv_graph_get_peak_bytes (FvGraph *self)
{
  g_autofree gsize *live = fv_graph_count_live (self);
  gsize peak = 0;

  for (guint i = 0; i < self->nodes->len; i++)
    peak = MAX (peak, live[i]);
  return peak;
}
