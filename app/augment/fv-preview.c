/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/augment/fv-preview.h"

#include "compute/nets/fv-augmenter.h"

#define DEFAULT_POOL_BYTES ((gsize)256 << 20)
#define MAX_WORKERS 8
#define HALO 2 /* pixels of zeros around the network's input */

struct _FvPreview
{
  FvDataset *dataset;
  guint n_items, imgsz;
  FvBatchBuilder *builder;
  FvAugmenter *augmenter;
  char *problem;
};

static void
on_report (const char *path, const char *reason, gpointer user_data)
{
  FvPreview *self = user_data;

  if (self->problem == NULL)
    self->problem = g_strdup (reason);
}

FvPreview *
fv_preview_new (FvDevice *device, const FvPreviewParams *params, GError **error)
{
  g_autoptr (FvPreview) self = g_new0 (FvPreview, 1);
  const FvAugmentPolicy none = { 0 };

  self->dataset = fv_dataset_ref (params->dataset);
  self->n_items = params->n_items;
  self->imgsz = params->imgsz;
  self->augmenter = fv_augmenter_new (device, error);
  if (self->augmenter == NULL)
    return NULL;
  self->builder
      = fv_batch_builder_new (params->dataset, params->items, params->n_items,
                              &(FvBatchBuilderParams){
                                  .policy = &none,
                                  .imgsz = params->imgsz,
                                  .seed = params->seed,
                                  .n_workers = CLAMP (g_get_num_processors (), 1, MAX_WORKERS),
                                  .pool_bytes = params->pool_bytes > 0 ? params->pool_bytes : DEFAULT_POOL_BYTES,
                                  .report = on_report,
                                  .report_data = self,
                              });
  return g_steal_pointer (&self);
}

void
fv_preview_free (FvPreview *self)
{
  if (self == NULL)
    return;
  fv_batch_builder_free (self->builder);
  fv_augmenter_free (self->augmenter);
  fv_dataset_unref (self->dataset);
  g_free (self->problem);
  g_free (self);
}

const char *
fv_preview_get_problem (FvPreview *self)
{
  return self->problem;
}

static void
previewed_free (gpointer data)
{
  FvPreviewed *self = data;

  g_array_unref (self->boxes);
  g_free (self);
}

/* The kernel made them of whole numbers by dividing by 255, so rounding gives those back. */
static void
append_rgb (const float *input, guint n, guint side, GByteArray *pixels)
{
  const guint pitch = side + 2 * HALO;
  guint8 *out;

  g_byte_array_set_size (pixels, pixels->len + n * side * side * 3);
  out = pixels->data + pixels->len - n * side * side * 3;
  for (guint i = 0; i < n; i++)
    for (guint y = 0; y < side; y++)
      {
        const float *row = input + (((gsize)i * pitch + y + HALO) * pitch + HALO) * 4;

        for (guint x = 0; x < side; x++, row += 4, out += 3)
          for (guint c = 0; c < 3; c++)
            out[c] = (guint8)(gint)(row[c] * 255.0f + 0.5f);
      }
}

static void
append_samples (FvPreview *self, const FvBuiltBatch *built, GPtrArray *samples)
{
  const FvBatch *batch = &built->batch;
  const guint first = samples->len;

  for (guint i = 0; i < batch->n; i++)
    {
      FvPreviewed sample = { built->items[i], g_array_new (FALSE, FALSE, sizeof (FvBox)) };

      g_ptr_array_add (samples, g_memdup2 (&sample, sizeof sample));
    }
  for (guint i = 0; i < batch->n_targets; i++)
    {
      const float *target = batch->targets + 6 * i;
      const FvPreviewed *sample = samples->pdata[first + (guint)target[0]];
      const double side = self->imgsz, cx = target[2], cy = target[3], w = target[4], h = target[5];
      const FvBox box
          = { (guint)target[1], (cx - w / 2) * side, (cy - h / 2) * side, (cx + w / 2) * side, (cy + h / 2) * side };

      g_array_append_val (sample->boxes, box);
    }
}

/* Positions that follow each other. */
static gboolean
make_range (FvPreview *self, const FvPreviewQuery *query, guint first, guint n, GByteArray *pixels, GPtrArray *samples,
            GError **error)
{
  g_autoptr (FvBuiltBatch) built = NULL;
  const gsize floats = (gsize)n * (self->imgsz + 2 * HALO) * (self->imgsz + 2 * HALO) * 4;
  const float *input;

  fv_batch_builder_start_range (self->builder, query->epoch, query->order, first, first + n);
  built = fv_batch_builder_next (self->builder, n, error);
  input = built != NULL ? fv_augmenter_run (self->augmenter, &built->batch, error) : NULL;
  if (input == NULL)
    return FALSE;
  if (query->floats)
    g_byte_array_append (pixels, (const guint8 *)input, floats * sizeof (float));
  else
    append_rgb (input, n, self->imgsz, pixels);
  append_samples (self, built, samples);
  return TRUE;
}

GPtrArray *
fv_preview_make (FvPreview *self, const FvPreviewQuery *query, GByteArray *pixels, GError **error)
{
  g_autoptr (GPtrArray) samples = g_ptr_array_new_with_free_func (previewed_free);

  g_byte_array_set_size (pixels, 0);
  fv_batch_builder_set_policy (self->builder, query->policy);
  while (samples->len < query->count)
    {
      const guint first = (query->first % self->n_items + samples->len) % self->n_items;
      const guint n = MIN (query->count - samples->len, self->n_items - first);

      if (!make_range (self, query, first, n, pixels, samples, error))
        return NULL;
    }
  return g_steal_pointer (&samples);
}
