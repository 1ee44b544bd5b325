/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/graph/fv-graph-private.h"

/*
 * Activations made again for the backward pass (T. Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016, by operators instead of
 * by segments). A tensor that a backward node reads need not be kept when all of it comes from operators that can be repeated and what those
 * read is there anyhow: it then dies with its last forward use, and a second tensor of the same layout, slices and all, is filled just before
 * the first backward node that reads it.
 */

typedef enum
{
  UNDECIDED,
  DECIDING,
  KEPT,
  REPEATED,
} Verdict;

/* What is known of a root. */
typedef struct
{
  GPtrArray *makers;    /* of FvNode: forward nodes that write it or its slices, in order */
  guint last_forward;   /* the last forward node that uses it */
  guint first_backward; /* the first node of the backward pass that reads it; 0 = none does */
  gboolean repeatable;  /* as far as its makers go */
  Verdict verdict;
  FvTensor *again;
} Root;

typedef struct
{
  FvGraph *graph;
  GHashTable *roots; /* FvTensor to Root */
} Pass;

static void
root_free (gpointer data)
{
  Root *root = data;

  g_ptr_array_unref (root->makers);
  g_free (root);
}

static Root *
get_root (Pass *self, const FvTensor *tensor)
{
  FvTensor *of = fv_tensor_get_root (tensor);
  Root *root = g_hash_table_lookup (self->roots, of);

  if (root == NULL)
    {
      root = g_new0 (Root, 1);
      root->makers = g_ptr_array_new ();
      root->repeatable = !of->external && !of->keep;
      g_hash_table_insert (self->roots, of, root);
    }
  return root;
}

static void
note_forward (Pass *self, FvNode *node, guint position)
{
  for (guint i = 0; i < node->n_inputs; i++)
    get_root (self, node->inputs[i])->last_forward = position;
  for (guint i = 0; i < node->n_outputs; i++)
    {
      Root *root = get_root (self, node->outputs[i]);

      root->last_forward = position;
      g_ptr_array_add (root->makers, node);
      root->repeatable = root->repeatable && i == 0 && node->op->again != NULL && !node->outputs[i]->keep;
    }
}

static void
note_backward (Pass *self, FvNode *node, guint position)
{
  for (guint i = 0; i < node->n_inputs; i++)
    {
      Root *root = get_root (self, node->inputs[i]);

      if (root->first_backward == 0)
        root->first_backward = position;
    }
}

/* Whether @tensor need not be kept for the backward pass, or will be there in any case. */
static gboolean is_at_hand (Pass *self, const FvTensor *tensor);

static gboolean
decide (Pass *self, Root *root)
{
  gboolean repeated = root->repeatable && root->makers->len > 0;

  if (root->verdict == UNDECIDED)
    {
      root->verdict = DECIDING;
      for (guint i = 0; i < root->makers->len && repeated; i++)
        {
          const FvNode *maker = root->makers->pdata[i];

          for (guint k = 0; k < maker->n_inputs && repeated; k++)
            repeated = get_root (self, maker->inputs[k]) == root || is_at_hand (self, maker->inputs[k]);
        }
      root->verdict = repeated ? REPEATED : KEPT;
    }
  /* What waits for itself is kept. */
  return root->verdict == REPEATED;
}

static gboolean
is_at_hand (Pass *self, const FvTensor *tensor)
{
  Root *root = get_root (self, tensor);

  return fv_tensor_get_root (tensor)->external || decide (self, root) || root->first_backward > 0;
}

/* The tensor of the second making that corresponds to @tensor. */
static FvTensor *
get_again (Pass *self, const FvTensor *tensor)
{
  if (tensor->parent == NULL)
    return get_root (self, tensor)->again;
  return fv_graph_view (self->graph, get_again (self, tensor->parent), tensor->channel_offset, tensor->c, tensor->name);
}

/* The largest tensor of @candidates that is not read from before @position until after it; taken out of them. */
static const FvTensor *
take_largest (Pass *self, GPtrArray *candidates, guint position)
{
  const FvTensor *largest = NULL;
  guint index = 0;

  for (guint i = 0; i < candidates->len; i++)
    {
      const FvTensor *tensor = candidates->pdata[i];
      const Root *root = get_root (self, tensor);

      if (root->last_forward < position && position < root->first_backward
          && (largest == NULL || tensor->size > largest->size))
        {
          largest = tensor;
          index = i;
        }
    }
  if (largest != NULL)
    g_ptr_array_remove_index (candidates, index);
  return largest;
}

/* Keeps what could be made again but need not be: as long as more lives at one time than it should, the largest tensor there is not kept. */
static void
choose (Pass *self)
{
  FvGraph *graph = self->graph;
  g_autoptr (GPtrArray) candidates = g_ptr_array_new ();
  g_autofree gsize *live = NULL;
  const FvTensor *taken;

  fv_graph_find_lifetimes (graph);
  live = fv_graph_count_live (graph);
  for (guint i = 0; i < graph->tensors->len; i++)
    {
      FvTensor *tensor = graph->tensors->pdata[i];

      /* What the backward pass doesn't read itself is made again only for what it does. */
      if (tensor->parent == NULL && get_root (self, tensor)->first_backward > 0
          && decide (self, get_root (self, tensor)))
        g_ptr_array_add (candidates, tensor);
    }
  do
    {
      guint position = 0;

      for (guint i = 0; i < graph->nodes->len; i++)
        if (live[i] > live[position])
          position = i;
      taken = live[position] > graph->aim_bytes ? take_largest (self, candidates, position) : NULL;
      if (taken != NULL)
        for (guint i = get_root (self, taken)->last_forward + 1; i < get_root (self, taken)->first_backward; i++)
          live[i] -= taken->size;
    }
  while (taken != NULL);
  for (guint i = 0; i < candidates->len; i++)
    get_root (self, candidates->pdata[i])->verdict = KEPT;
}

/* Appends nodes that make again what @node is about to read and lets it read that. */
static void
provide (Pass *self, FvNode *node)
{
  for (guint k = 0; k < node->n_inputs; k++)
    {
      FvTensor *of = fv_tensor_get_root (node->inputs[k]);
      Root *root = get_root (self, of);

      if (!decide (self, root))
        continue;
      if (root->again == NULL)
        {
          root->again = fv_graph_tensor_like (self->graph, of, of->element);
          for (guint i = 0; i < root->makers->len; i++)
            {
              FvNode *maker = root->makers->pdata[i];
              FvNode *again = maker->op->again (self->graph, maker, get_again (self, maker->outputs[0]));

              /* It was appended, but what it reads comes first. */
              g_ptr_array_set_size (self->graph->nodes, self->graph->nodes->len - 1);
              provide (self, again);
              g_ptr_array_add (self->graph->nodes, again);
            }
        }
      node->inputs[k] = get_again (self, node->inputs[k]);
    }
}

void
fv_graph_recompute (FvGraph *graph, guint n_forward)
{
  g_autoptr (GHashTable) roots = g_hash_table_new_full (NULL, NULL, NULL, root_free);
  g_autoptr (GPtrArray) nodes = g_ptr_array_ref (graph->nodes);
  Pass self = { graph, roots };

  for (guint i = 0; i < nodes->len; i++)
    {
      if (i < n_forward)
        note_forward (&self, nodes->pdata[i], i);
      else
        note_backward (&self, nodes->pdata[i], i);
    }
  choose (&self);
  g_ptr_array_unref (graph->nodes);
  graph->nodes = g_ptr_array_new ();
  for (guint i = 0; i < nodes->len; i++)
    {
      if (i >= n_forward)
        provide (&self, nodes->pdata[i]);
      g_ptr_array_add (graph->nodes, nodes->pdata[i]);
    }
}

FvNode *
fv_graph_repeat (FvGraph *graph, const FvNode *node, FvTensor *output)
{
  FvTensor *inputs[FV_NODE_MAX_TENSORS + 1] = { NULL };

  g_assert (node->params == NULL);
  for (guint i = 0; i < node->n_inputs; i++)
    inputs[i] = node->inputs[i];
  return fv_graph_node (graph, node->op, inputs, (FvTensor *[]){ output, NULL }, NULL);
}
