/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/children/fv-serve-protocol.h"

G_DEFINE_BOXED_TYPE (FvPreviewReply, fv_preview_reply, fv_preview_reply_ref, fv_preview_reply_unref)
G_DEFINE_BOXED_TYPE (FvDetectReply, fv_detect_reply, fv_detect_reply_ref, fv_detect_reply_unref)

const char *
fv_serve_kind_name (FvServeKind kind)
{
  static const char *const names[FV_SERVE_N_KINDS] = { "preview", "detect" };

  return names[kind];
}

FvPreviewReply *
fv_preview_reply_new (guint n)
{
  FvPreviewReply *self = g_new0 (FvPreviewReply, 1);

  g_atomic_ref_count_init (&self->references);
  self->n = n;
  self->samples = g_new0 (FvPreviewSample, n);
  for (guint i = 0; i < n; i++)
    self->samples[i].boxes = g_array_new (FALSE, FALSE, sizeof (FvBox));
  return self;
}

FvPreviewReply *
fv_preview_reply_ref (FvPreviewReply *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
fv_preview_reply_unref (FvPreviewReply *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  for (guint i = 0; i < self->n; i++)
    {
      g_free (self->samples[i].name);
      g_array_unref (self->samples[i].boxes);
      g_clear_pointer (&self->samples[i].rgb, g_bytes_unref);
    }
  g_free (self->samples);
  g_free (self->problem);
  g_free (self);
}

gboolean
fv_preview_reply_set_pixels (FvPreviewReply *self, GBytes *pixels)
{
  const gsize size = g_bytes_get_size (pixels);

  if (self->n == 0 || size % self->n != 0 || size / self->n < (gsize)self->width * self->height * 3)
    return FALSE;
  for (guint i = 0; i < self->n; i++)
    self->samples[i].rgb = g_bytes_new_from_bytes (pixels, i * (size / self->n), size / self->n);
  return TRUE;
}

FvDetectReply *
fv_detect_reply_new (void)
{
  FvDetectReply *self = g_new0 (FvDetectReply, 1);

  g_atomic_ref_count_init (&self->references);
  self->detections = g_array_new (FALSE, FALSE, sizeof (FvDetection));
  return self;
}

FvDetectReply *
fv_detect_reply_ref (FvDetectReply *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
fv_detect_reply_unref (FvDetectReply *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  g_array_unref (self->detections);
  g_strfreev (self->class_names);
  g_free (self);
}

void
fv_serve_request_free (FvServeRequest *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->paths); i++)
    g_free (self->paths[i]);
  g_free (self);
}

void
fv_serve_reply_free (FvServeReply *self)
{
  g_free (self->error);
  g_clear_pointer (&self->preview, fv_preview_reply_unref);
  g_clear_pointer (&self->detect, fv_detect_reply_unref);
  g_free (self);
}
