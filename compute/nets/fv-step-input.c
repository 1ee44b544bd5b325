/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/nets/fv-step-input.h"

#include <string.h>

gboolean
fv_step_input_init (FvStepInput *self, FvDevice *device, GError **error)
{
  self->block = fv_buffer_new (device, FV_MEMORY_UPLOAD, sizeof (FvStepBlock), "step block", error);
  return self->block != NULL;
}

void
fv_step_input_clear (FvStepInput *self)
{
  if (self->block != NULL)
    fv_transfer_clear (&self->transfer, self->block->device);
  g_clear_pointer (&self->block, fv_buffer_free);
  g_clear_pointer (&self->data, fv_buffer_free);
  g_clear_pointer (&self->staging, fv_buffer_free);
}

/* Room for @bytes. Where the host can't write to the device's own memory, it writes to its own, and the device copies that. */
static gboolean
make_room (FvStepInput *self, gsize bytes, GError **error)
{
  FvDevice *device = self->block->device;
  const gsize size = (bytes + bytes / 4 + 15) / 16 * 16;

  if (self->data != NULL && self->data->size >= bytes)
    return TRUE;
  g_clear_pointer (&self->data, fv_buffer_free);
  g_clear_pointer (&self->staging, fv_buffer_free);
  self->data = fv_buffer_new (device, FV_MEMORY_UPLOAD, size, "batch", error);
  if (self->data == NULL || self->data->is_local || !fv_device_can_transfer (device))
    return self->data != NULL;
  self->staging = g_steal_pointer (&self->data);
  self->data = fv_buffer_new (device, FV_MEMORY_COPIED, size, "copied batch", error);
  return self->data != NULL;
}

/* Reserves @bytes at a multiple of 16 and gives the offset. */
static gsize
reserve (gsize *end, gsize bytes)
{
  const gsize offset = (*end + 15) / 16 * 16;

  *end = offset + bytes;
  return offset;
}

static gsize
picture_stride (const FvPixels *picture)
{
  return ((gsize)picture->width * 3 + 3) / 4 * 4;
}

static void
write_targets (const FvBatch *batch, guint32 *offsets, float *rows)
{
  guint row = 0;

  for (guint image = 0; image <= batch->n; image++)
    {
      while (row < batch->n_targets && batch->targets[6 * row] < image)
        row++;
      offsets[image] = row;
    }
  for (guint i = 0; i < batch->n_targets; i++)
    memcpy (rows + 5 * i, batch->targets + 6 * i + 1, 5 * sizeof (float));
}

static void
write_picture (const FvPixels *picture, guint8 *out)
{
  const gsize stride = picture_stride (picture);

  for (guint y = 0; y < picture->height; y++)
    memcpy (out + y * stride, picture->rgb + y * picture->stride, (gsize)picture->width * 3);
}

gboolean
fv_step_input_write (FvStepInput *self, const FvBatch *batch, GError **error)
{
  gsize end = 0;
  const gsize samples = reserve (&end, batch->n * sizeof (FvAugmentSample));
  const gsize table = reserve (&end, batch->n_pictures * sizeof (FvDevicePicture));
  const gsize offsets = reserve (&end, (batch->n + 1) * sizeof (guint32));
  const gsize targets = reserve (&end, (gsize)batch->n_targets * 5 * sizeof (float));
  g_autofree gsize *pixels = g_new (gsize, batch->n_pictures + 1);
  FvDevicePicture *pictures;
  FvStepBlock *block = self->block->map;
  guint8 *map;

  for (guint i = 0; i < batch->n_pictures; i++)
    pixels[i] = reserve (&end, picture_stride (&batch->pictures[i]) * batch->pictures[i].height);
  /* Kernels read whole words, also the one that a picture's last byte lies in. */
  end += 16;
  if (!fv_transfer_wait (&self->transfer, self->block->device, error) || !make_room (self, end, error))
    return FALSE;
  map = self->staging != NULL ? self->staging->map : self->data->map;
  memcpy (map + samples, batch->samples, batch->n * sizeof (FvAugmentSample));
  write_targets (batch, (guint32 *)(gpointer)(map + offsets), (float *)(gpointer)(map + targets));
  pictures = (FvDevicePicture *)(gpointer)(map + table);
  for (guint i = 0; i < batch->n_pictures; i++)
    {
      const FvPixels *picture = &batch->pictures[i];

      write_picture (picture, map + pixels[i]);
      pictures[i] = (FvDevicePicture){
        .address = self->data->address + pixels[i],
        .width = picture->width,
        .height = picture->height,
        .stride = picture_stride (picture),
      };
    }
  *block = (FvStepBlock){
    .samples = self->data->address + samples,
    .pictures = self->data->address + table,
    .target_offsets = self->data->address + offsets,
    .targets = self->data->address + targets,
  };
  return self->staging == NULL || fv_transfer_start (&self->transfer, self->staging, self->data, end, error);
}
