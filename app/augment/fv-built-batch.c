/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/augment/fv-built-batch.h"

#include <string.h>

/* The memory behind a FvBuiltBatch, which comes first so that one is the other. */
struct _FvBatchMaker
{
  FvBuiltBatch public;
  GArray *samples, *pixels, *targets, *items, *letterboxes;
  GPtrArray *pictures;
  GHashTable *indices; /* of pictures, by item and size */
};

FvBuiltSample *
fv_built_sample_new (guint item)
{
  FvBuiltSample *self = g_new0 (FvBuiltSample, 1);
  self->item = item;
  self->augmented.targets = g_array_new (FALSE, FALSE, sizeof (FvTarget));
  return self;
}

void
fv_built_sample_free (FvBuiltSample *self)
{
  for (guint i = 0; i < FV_AUGMENT_MAX_SOURCES; i++)
    g_clear_pointer (&self->pictures[i], fv_picture_unref);
  g_array_unref (self->augmented.targets);
  g_free (self);
}

FvBatchMaker *
fv_batch_maker_new (guint n_samples)
{
  FvBatchMaker *self = g_new0 (FvBatchMaker, 1);
  self->samples = g_array_sized_new (FALSE, FALSE, sizeof (FvAugmentSample), n_samples);
  self->pixels = g_array_new (FALSE, FALSE, sizeof (FvPixels));
  self->targets = g_array_new (FALSE, FALSE, 6 * sizeof (float));
  self->items = g_array_sized_new (FALSE, FALSE, sizeof (guint), n_samples);
  self->letterboxes = g_array_new (FALSE, FALSE, sizeof (FvLetterbox));
  self->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_picture_unref);
  self->indices = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return self;
}

void
fv_built_batch_free (FvBuiltBatch *batch)
{
  FvBatchMaker *self = (FvBatchMaker *)batch;
  if (self == NULL)
    return;
  g_array_unref (self->samples);
  g_array_unref (self->pixels);
  g_array_unref (self->targets);
  g_array_unref (self->items);
  g_array_unref (self->letterboxes);
  g_ptr_array_unref (self->pictures);
  g_hash_table_unref (self->indices);
  g_free (self);
}

/* The index of an item's picture in the batch, which holds each size of it only once, so that a batch looks the same whether the
 * pool had kept the picture or not. Takes the reference. */
static guint
add_picture (FvBatchMaker *self, guint item, FvPicture *picture)
{
  guint64 key = (guint64)item << 32 | picture->width << 16 | picture->height; /* sides are below 2^16 */
  gpointer index;
  if (g_hash_table_lookup_extended (self->indices, &key, NULL, &index))
    {
      fv_picture_unref (picture);
      return GPOINTER_TO_UINT (index);
    }
  FvPixels pixels = { picture->rgb, picture->width, picture->height, picture->stride };
  g_array_append_val (self->pixels, pixels);
  g_ptr_array_add (self->pictures, picture);
  g_hash_table_insert (self->indices, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (self->pictures->len - 1));
  return self->pictures->len - 1;
}

void
fv_batch_maker_add (FvBatchMaker *self, FvBuiltSample *sample, gboolean letterboxed)
{
  FvAugmented *augmented = &sample->augmented;
  guint indices[FV_AUGMENT_MAX_SOURCES] = { 0 };
  for (guint i = 0; i < augmented->n_items; i++)
    {
      FvPicture *picture = g_steal_pointer (&sample->pictures[i]);
      if (picture != NULL)
        indices[i] = add_picture (self, augmented->items[i], picture);
    }
  for (guint l = 0; l < augmented->sample.n_layers; l++)
    for (guint t = 0; t < augmented->sample.layers[l].n_tiles; t++)
      {
        FvAugmentTile *tile = &augmented->sample.layers[l].tiles[t];
        tile->picture = indices[tile->picture];
      }
  float row[6] = { self->samples->len };
  for (guint i = 0; i < augmented->targets->len; i++)
    {
      memcpy (row + 1, &g_array_index (augmented->targets, FvTarget, i), sizeof (FvTarget));
      g_array_append_vals (self->targets, row, 1);
    }
  g_array_append_val (self->samples, augmented->sample);
  g_array_append_val (self->items, sample->item);
  if (letterboxed)
    g_array_append_val (self->letterboxes, sample->letterbox);
  fv_built_sample_free (sample);
}

FvBuiltBatch *
fv_batch_maker_finish (FvBatchMaker *self, guint first, guint width, guint height)
{
  if (self->pixels->len == 0) /* the shader reads the first picture's address even where no tile shows one */
    {
      static guint8 grey[4] = { 114, 114, 114 };
      FvPixels pixels = { grey, 1, 1, sizeof grey };
      g_array_append_val (self->pixels, pixels);
    }
  self->public = (FvBuiltBatch){
    .batch = {
      .n = self->samples->len,
      .width = width,
      .height = height,
      .samples = (const FvAugmentSample *)self->samples->data,
      .pictures = (const FvPixels *)self->pixels->data,
      .n_pictures = self->pixels->len,
      .targets = (const float *)self->targets->data,
      .n_targets = self->targets->len,
    },
    .first = first,
    .items = (const guint *)self->items->data,
    .letterboxes = self->letterboxes->len > 0 ? (const FvLetterbox *)self->letterboxes->data : NULL,
  };
  return &self->public;
}
