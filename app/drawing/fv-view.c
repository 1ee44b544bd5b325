/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-view.h"

#include <math.h>

#define MAX_ZOOM 32

static gboolean
is_known (const FvView *self)
{
  return self->picture_width > 0 && self->picture_height > 0 && self->width > 0 && self->height > 0;
}

static double
get_device_scale (const FvView *self)
{
  return self->device_scale > 0 ? self->device_scale : 1;
}

static double
get_fit_scale (const FvView *self)
{
  return is_known (self) ? MIN (self->width / self->picture_width, self->height / self->picture_height) : 0;
}

double
fv_view_get_fit_zoom (const FvView *self)
{
  return get_fit_scale (self) * get_device_scale (self);
}

double
fv_view_get_scale (const FvView *self)
{
  if (!is_known (self))
    return 0;
  return self->zoom > 0 ? self->zoom / get_device_scale (self) : get_fit_scale (self);
}

double
fv_view_get_zoom (const FvView *self)
{
  return fv_view_get_scale (self) * get_device_scale (self);
}

/* Along one side: in the middle where all of it is seen, else without a gap at either end. */
static double
limit (double position, double length, double side)
{
  return length <= side ? (side - length) / 2 : CLAMP (position, side - length, 0);
}

/* The same, but gaps may be as wide as they are at fit: zooming to a point of the picture is possible everywhere, and ends at fit in a
   steady way. */
static double
limit_loosely (double position, double length, double fit_length, double side)
{
  if (length <= fit_length)
    return (side - length) / 2;
  const double gap = (side - fit_length) / 2;
  return CLAMP (position, side - gap - length, gap);
}

static void
settle (FvView *self, gboolean loosely)
{
  const double scale = fv_view_get_scale (self), fit = get_fit_scale (self);
  const double length_x = self->picture_width * scale, length_y = self->picture_height * scale;
  if (scale <= 0)
    return;
  if (loosely)
    {
      self->x = limit_loosely (self->x, length_x, self->picture_width * fit, self->width);
      self->y = limit_loosely (self->y, length_y, self->picture_height * fit, self->height);
    }
  else
    {
      self->x = limit (self->x, length_x, self->width);
      self->y = limit (self->y, length_y, self->height);
    }
}

void
fv_view_set_picture (FvView *self, double width, double height)
{
  self->picture_width = width;
  self->picture_height = height;
  settle (self, FALSE);
}

void
fv_view_resize (FvView *self, double width, double height, double device_scale)
{
  const double old = fv_view_get_scale (self);
  const double x = old > 0 ? (self->width / 2 - self->x) / old : 0;
  const double y = old > 0 ? (self->height / 2 - self->y) / old : 0;
  self->width = width;
  self->height = height;
  self->device_scale = device_scale;
  const double scale = fv_view_get_scale (self);
  if (old > 0)
    {
      self->x = width / 2 - x * scale;
      self->y = height / 2 - y * scale;
    }
  settle (self, FALSE);
}

void
fv_view_set_zoom (FvView *self, double zoom, double x, double y)
{
  const double old = fv_view_get_scale (self), fit = fv_view_get_fit_zoom (self);
  if (old > 0 && zoom > 0)
    {
      zoom = CLAMP (zoom, MIN (fit, 1), MAX (fit, MAX_ZOOM));
      if (fit <= 1 && zoom <= fit * (1 + 1e-6))
        zoom = 0;
    }
  self->zoom = zoom;
  if (old <= 0)
    return;
  const double slack = 1e-6 * (self->width + self->height);
  const gboolean inside = x >= self->x - slack && x <= self->x + self->picture_width * old + slack
                          && y >= self->y - slack && y <= self->y + self->picture_height * old + slack;
  const double factor = fv_view_get_scale (self) / old;
  self->x = x - (x - self->x) * factor;
  self->y = y - (y - self->y) * factor;
  settle (self, inside);
}

void
fv_view_zoom (FvView *self, double factor, double x, double y)
{
  fv_view_set_zoom (self, fv_view_get_zoom (self) * factor, x, y);
}

gboolean
fv_view_can_pan (const FvView *self)
{
  return fv_view_get_scale (self) > get_fit_scale (self) * (1 + 1e-6);
}

/* Towards where it may be, and no further; it may be beyond already, after zooming. */
static double
move (double position, double by, double length, double side)
{
  const double nearest = limit (position, length, side), wanted = position + by;
  const double reached = limit (wanted, length, side);
  if (wanted == reached)
    return wanted;
  return nearest == position ? reached : CLAMP (wanted, MIN (position, nearest), MAX (position, nearest));
}

gboolean
fv_view_pan (FvView *self, double dx, double dy)
{
  const double x = self->x, y = self->y, scale = fv_view_get_scale (self);
  if (scale <= 0)
    return FALSE;
  self->x = move (x, dx, self->picture_width * scale, self->width);
  self->y = move (y, dy, self->picture_height * scale, self->height);
  return fabs (self->x - x) > 1e-9 || fabs (self->y - y) > 1e-9;
}
