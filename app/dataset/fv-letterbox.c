/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-letterbox.h"

#include <math.h>

#define STRIDE 32

/* Geometry of a picture of @width x @height; the way back is the caller's. */
static void
place (FvLetterbox *self, guint width, guint height, guint shape_width, guint shape_height, FvLetterboxFlags flags)
{
  double r = MIN ((double)shape_height / height, (double)shape_width / width);
  if (!(flags & FV_LETTERBOX_SCALE_UP))
    r = MIN (r, 1.0);
  /* rint() rounds halves to even, as Python does. */
  self->inner_width = MAX ((guint)rint (width * r), 1);
  self->inner_height = MAX ((guint)rint (height * r), 1);
  guint rest_x = shape_width - self->inner_width, rest_y = shape_height - self->inner_height;
  if (flags & FV_LETTERBOX_AUTO)
    {
      rest_x %= STRIDE;
      rest_y %= STRIDE;
    }
  self->width = self->inner_width + rest_x;
  self->height = self->inner_height + rest_y;
  self->pad_x = rest_x / 2.0;
  self->pad_y = rest_y / 2.0;
  self->left = (gint)rint (self->pad_x - 0.1);
  self->top = (gint)rint (self->pad_y - 0.1);
}

void
fv_letterbox_init (FvLetterbox *self, guint width, guint height, guint shape_width, guint shape_height,
                   FvLetterboxFlags flags)
{
  *self = (FvLetterbox){ .original_width = width, .original_height = height };
  place (self, width, height, shape_width, shape_height, flags);
  self->scale_x = (double)self->inner_width / width;
  self->scale_y = (double)self->inner_height / height;
  /* scale_boxes without ratio_pad knows the two shapes only. */
  self->gain = MIN ((double)self->height / height, (double)self->width / width);
  if (!(flags & FV_LETTERBOX_SCALE_UP))
    self->gain = MIN (self->gain, 1.0);
  self->pad_x = (self->width - width * self->gain) / 2;
  self->pad_y = (self->height - height * self->gain) / 2;
}

void
fv_letterbox_init_loaded (FvLetterbox *self, guint original_width, guint original_height, guint loaded_width,
                          guint loaded_height, guint shape_width, guint shape_height, FvLetterboxFlags flags)
{
  *self = (FvLetterbox){ .original_width = original_width, .original_height = original_height };
  place (self, loaded_width, loaded_height, shape_width, shape_height, flags);
  self->scale_x = (double)self->inner_width / original_width;
  self->scale_y = (double)self->inner_height / original_height;
  self->gain = (double)loaded_height / original_height;
}

FvPicture *
fv_letterbox_resize (const FvLetterbox *self, FvPicture *picture, GError **error)
{
  return fv_picture_resize (picture, self->inner_width, self->inner_height, FV_RESIZE_LINEAR, error);
}

void
fv_letterbox_sample (const FvLetterbox *self, guint picture, FvAugmentSample *sample)
{
  gint right = self->left + (gint)self->inner_width, bottom = self->top + (gint)self->inner_height;
  *sample = (FvAugmentSample){
    .n_layers = 1,
    .mix = 1,
    .hsv = { 1, 1, 1 },
    .layers = { {
        .n_tiles = 1,
        .canvas_width = self->width,
        .canvas_height = self->height,
        .inverse = { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
        .tiles = { { picture, self->left, self->top, right, bottom, self->left, self->top } },
    } },
  };
}

void
fv_letterbox_unmap (const FvLetterbox *self, float xyxy[4])
{
  for (guint i = 0; i < 4; i++)
    {
      gboolean y = i % 2 == 1;
      double value = (xyxy[i] - (y ? self->pad_y : self->pad_x)) / self->gain;
      xyxy[i] = (float)CLAMP (value, 0.0, (double)(y ? self->original_height : self->original_width));
    }
}

void
fv_letterbox_map (const FvLetterbox *self, const double xyxy[4], double mapped[4])
{
  for (guint i = 0; i < 4; i++)
    mapped[i] = i % 2 == 1 ? xyxy[i] * self->scale_y + self->pad_y : xyxy[i] * self->scale_x + self->pad_x;
}

void
fv_letterbox_rect_shape (double min_aspect, double max_aspect, guint imgsz, double pad, guint *width, guint *height)
{
  double w = 1, h = 1;
  if (max_aspect < 1)
    h = max_aspect;
  else if (min_aspect > 1)
    w = 1 / min_aspect;
  *width = (guint)ceil (w * imgsz / STRIDE + pad) * STRIDE;
  *height = (guint)ceil (h * imgsz / STRIDE + pad) * STRIDE;
}
