/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/graph/fv-graph-private.h"

#include <string.h>

FvGraph *
fv_graph_new (FvDevice *device, const FvGraphParams *params)
{
  FvGraph *self = g_new0 (FvGraph, 1);

  self->device = fv_device_ref (device);
  self->training = params->training;
  self->aim_bytes = params->aim_bytes;
  self->half = params->half;
  self->guard_bytes = params->guard_bytes;
  self->tensors = g_ptr_array_new_with_free_func (g_free);
  self->nodes = g_ptr_array_new ();
  return self;
}

void
fv_graph_free (FvGraph *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->nodes->len; i++)
    {
      FvNode *node = self->nodes->pdata[i];

      g_free (node->params);
      g_free (node);
    }
  g_ptr_array_unref (self->nodes);
  g_ptr_array_unref (self->tensors);
  fv_buffer_free (self->arena);
  fv_device_unref (self->device);
  g_free (self);
}

FvDevice *
fv_graph_get_device (FvGraph *self)
{
  return self->device;
}

gboolean
fv_graph_is_training (FvGraph *self)
{
  return self->training;
}

/* Tensors */

GPtrArray *
fv_graph_get_tensors (FvGraph *self)
{
  return self->tensors;
}

static FvTensor *
new_tensor (FvGraph *self, guint n, guint h, guint w, guint c, guint pitch, guint element, const char *name)
{
  FvTensor *tensor = g_new0 (FvTensor, 1);

  tensor->graph = self;
  tensor->n = n;
  tensor->h = h;
  tensor->w = w;
  tensor->c = c;
  tensor->pitch = pitch != 0 ? pitch : (c + 15) / 16 * 16;
  tensor->element = element;
  tensor->name = name;
  tensor->size = (gsize)n * h * w * tensor->pitch * element;
  g_ptr_array_add (self->tensors, tensor);
  return tensor;
}

FvTensor *
fv_graph_tensor (FvGraph *self, guint n, guint h, guint w, guint c, guint pitch, const char *name)
{
  return new_tensor (self, n, h, w, c, pitch, self->half ? FV_ELEMENT_HALF : FV_ELEMENT_FLOAT, name);
}

FvTensor *
fv_graph_tensor_like (FvGraph *self, const FvTensor *like, guint element)
{
  return new_tensor (self, like->n, like->h, like->w, like->c, like->pitch, element, like->name);
}

FvTensor *
fv_graph_scratch (FvGraph *self, gsize floats, const char *name)
{
  FvTensor *tensor = new_tensor (self, 1, 1, 1, 1, 1, FV_ELEMENT_FLOAT, name);

  tensor->size = floats * sizeof (float);
  return tensor;
}

FvTensor *
fv_graph_view (FvGraph *self, FvTensor *parent, guint channel_offset, guint c, const char *name)
{
  FvTensor *view = new_tensor (self, parent->n, parent->h, parent->w, c, parent->pitch, parent->element, name);

  view->size = 0;
  view->parent = parent;
  view->channel_offset = channel_offset;
  return view;
}

gboolean
fv_tensor_move_into (FvTensor *self, FvTensor *parent, guint channel_offset)
{
  g_return_val_if_fail (self->n == parent->n && self->h == parent->h && self->w == parent->w, FALSE);
  g_return_val_if_fail (self->element == parent->element, FALSE);
  if (self->parent != NULL || self->external || self->producer == NULL || self->gradient != NULL)
    return FALSE;
  self->parent = parent;
  self->channel_offset = channel_offset;
  self->pitch = parent->pitch;
  self->size = 0;
  return TRUE;
}

FvTensor *
fv_tensor_get_gradient (FvTensor *self)
{
  if (self->gradient != NULL)
    return self->gradient;
  if (self->parent != NULL)
    self->gradient
        = fv_graph_view (self->graph, fv_tensor_get_gradient (self->parent), self->channel_offset, self->c, self->name);
  else
    self->gradient = fv_graph_tensor_like (self->graph, self, self->element);
  return self->gradient;
}

static gboolean
has_written_slice (FvTensor *parent)
{
  GPtrArray *tensors = parent->graph->tensors;

  for (guint i = 0; i < tensors->len; i++)
    {
      const FvTensor *tensor = tensors->pdata[i];

      if (tensor->parent == parent && tensor->gradient_written)
        return TRUE;
    }
  return FALSE;
}

gboolean
fv_tensor_claim_gradient (FvTensor *self)
{
  /* What a consumer of the whole has written is there for its slices too. */
  gboolean written = self->gradient_written || (self->parent != NULL && self->parent->gradient_written);

  /* Consumers of a whole come after those of its slices in YOLOv5, so backward they come first; the other order would lose gradients. */
  g_assert (written || self->parent != NULL || !has_written_slice (self));
  self->gradient_written = TRUE;
  return written;
}

void
fv_tensor_set_address (FvTensor *self, VkDeviceAddress address)
{
  g_return_if_fail (self->parent == NULL);
  self->external = TRUE;
  self->address = address;
}

FvTensor *
fv_tensor_get_root (const FvTensor *tensor)
{
  while (tensor->parent != NULL)
    tensor = tensor->parent;
  return (FvTensor *)tensor;
}

static guint
offset_in_root (const FvTensor *tensor)
{
  guint offset = 0;

  for (; tensor->parent != NULL; tensor = tensor->parent)
    offset += tensor->channel_offset;
  return offset;
}

VkDeviceAddress
fv_tensor_get_address (const FvTensor *self)
{
  const FvTensor *root = fv_tensor_get_root (self);

  g_assert (root->address != 0);
  return root->address + offset_in_root (self) * self->element;
}

FvRange
fv_tensor_get_range (const FvTensor *self)
{
  const FvTensor *root = fv_tensor_get_root (self);
  const gsize offset = offset_in_root (self) * self->element;
  const guint padded = MIN ((self->c + 15) / 16 * 16, self->pitch);

  if (self->parent == NULL)
    return (FvRange){ fv_tensor_get_address (self), root->size };
  return (FvRange){ root->address + offset,
                    ((gsize)(fv_tensor_get_pixels (self) - 1) * self->pitch + padded) * self->element };
}

guint
fv_tensor_get_pixels (const FvTensor *self)
{
  return self->n * self->h * self->w;
}

/* Nodes */

FvNode *
fv_graph_node (FvGraph *self, const FvOpClass *op, FvTensor *const *inputs, FvTensor *const *outputs, gpointer params)
{
  FvNode *node = g_new0 (FvNode, 1);

  node->op = op;
  node->graph = self;
  node->params = params;
  for (; inputs != NULL && inputs[node->n_inputs] != NULL; node->n_inputs++)
    {
      g_assert (node->n_inputs < FV_NODE_MAX_TENSORS);
      node->inputs[node->n_inputs] = inputs[node->n_inputs];
    }
  for (; outputs != NULL && outputs[node->n_outputs] != NULL; node->n_outputs++)
    {
      g_assert (node->n_outputs < FV_NODE_MAX_TENSORS);
      node->outputs[node->n_outputs] = outputs[node->n_outputs];
      if (outputs[node->n_outputs]->producer == NULL)
        outputs[node->n_outputs]->producer = node;
    }
  g_ptr_array_add (self->nodes, node);
  return node;
}

void
fv_graph_backward (FvGraph *self)
{
  const guint n_forward = self->nodes->len;

  for (guint i = n_forward; i-- > 0;)
    {
      FvNode *node = self->nodes->pdata[i];

      if (node->op->backward != NULL)
        node->op->backward (self, node);
    }
  if (self->aim_bytes > 0)
    fv_graph_recompute (self, n_forward);
}

gsize
fv_graph_get_arena_bytes (FvGraph *self)
{
  return self->arena_bytes;
}

void
fv_graph_place (FvGraph *self, FvBuffer *arena)
{
  g_return_if_fail (arena->size >= self->arena_bytes);
  for (guint i = 0; i < self->tensors->len; i++)
    {
      FvTensor *tensor = self->tensors->pdata[i];

      if (tensor->parent == NULL && !tensor->external && tensor->first_use >= 0)
        tensor->address = arena->address + tensor->arena_offset;
    }
}

gboolean
fv_graph_allocate (FvGraph *self, GError **error)
{
  self->arena = fv_buffer_new (self->device, FV_MEMORY_DEVICE, self->arena_bytes, "activations", error);
  if (self->arena == NULL)
    return FALSE;
  fv_graph_place (self, self->arena);
  return TRUE;
}

void
fv_graph_record (FvGraph *self, FvRecorder *recorder)
{
  for (guint i = 0; i < self->nodes->len; i++)
    {
      FvNode *node = self->nodes->pdata[i];

      node->op->record (node, recorder);
    }
}
