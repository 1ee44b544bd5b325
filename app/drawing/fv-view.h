/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * How a picture lies in a view while one zooms and pans: arithmetic only, any thread. Lengths of the view are in its own units
 * (a widget's pixels); "zoom" is in pixels of the device per pixel of the picture, so that 1 is sharp on every screen.
 *
 * Zooming never moves the point of the picture that one zooms to, which may leave a gap beside the picture's edge, as wide as at fit at
 * most; zooming out arrives at fit without a jump. Panning makes no gaps, but closes those that are there.
 */
typedef struct
{
  double picture_width, picture_height; /* pixels; 0: no picture */
  double width, height;                 /* of the view; 0: not known yet */
  double device_scale;                  /* pixels of the device per unit of the view; 0 means 1 */
  double zoom;                          /* as wanted; 0: fit */
  double x, y;                          /* the picture's upper left corner; as fv_view_ functions leave it */
} FvView;

/* Units of the view per pixel of the picture; 0 where there is no picture or no view. */
double fv_view_get_scale (const FvView *self);
/* The zoom in effect: that of fit where zoom is 0; 0 where there is no picture or no view. */
double fv_view_get_zoom (const FvView *self);
double fv_view_get_fit_zoom (const FvView *self);

void fv_view_set_picture (FvView *self, double width, double height);
/* The point in the middle stays there. */
void fv_view_resize (FvView *self, double width, double height, double device_scale);
/* The point of the picture at (x, y) stays there. Cut to what is useful: 32 at most; at least fit, or 1 where that is smaller; arriving at
   fit from above gives 0. */
void fv_view_set_zoom (FvView *self, double zoom, double x, double y);
void fv_view_zoom (FvView *self, double factor, double x, double y);
/* Whether there is anything to see beyond the edges. */
gboolean fv_view_can_pan (const FvView *self);
/* Returns whether anything moved. */
gboolean fv_view_pan (FvView *self, double dx, double dy);

G_END_DECLS
