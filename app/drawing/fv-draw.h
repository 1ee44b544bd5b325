/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>
#include <pango/pango.h>

#include "app/dataset/fv-picture.h"

G_BEGIN_DECLS

/*
 * Boxes and their labels on any cairo context: on a picture that is saved, and in the window at every zoom.
 *
 *   const FvDrawView view = { .right = picture->width, .bottom = picture->height, .labels = FV_DRAW_LABELS_ALL };
 *   fv_draw_boxes (cairo, boxes, n_boxes, class_names, &view);
 *
 * Any thread; one context belongs to one thread at a time.
 */

typedef struct
{
  guint class_id;
  double x1, y1, x2, y2; /* pixels of the picture */
  double confidence;     /* 0..1; below 0: none, and none is written */
  double alpha;          /* opacity, above 0 to 1; 0 means 1 */
} FvDrawBox;

typedef enum
{
  FV_DRAW_LABELS_NONE,
  FV_DRAW_LABELS_THAT_FIT, /* those that would cover another label are left out */
  FV_DRAW_LABELS_ALL,
} FvDrawLabels;

/* How the picture lies in the context's user space. Lines and letters are measured in user space: their size does not change with scale. */
typedef struct
{
  double scale;         /* user units per pixel of the picture; 0 means 1 */
  double x, y;          /* where the picture's upper left corner is */
  double left, top, right, bottom; /* of what is seen of the picture, in user units: labels stay inside; all 0: no bounds */
  FvDrawLabels labels;
  const PangoFontDescription *font; /* (nullable): sans-serif at 6 times the line's width */
  double line;                      /* width of the coloured line; 0 means 2 */
  int highlighted;                  /* 1 + index of the box that stands out; 0: none */
} FvDrawView;

/* The first box is the most important one: it is drawn last. @class_names: (nullable) NULL-terminated; a class without a name is shown by its number. */
void fv_draw_boxes (cairo_t *cairo, const FvDrawBox *boxes, guint n_boxes, const char *const *class_names,
                    const FvDrawView *view);

/* The same as a file: PNG where @path ends so, else JPEG. The size of lines and labels follows the picture's. Atomic. Blocks.
   Errors: G_FILE_ERROR, FV_PICTURE_ERROR_SIZE, G_IO_ERROR_FAILED. */
gboolean fv_draw_save (FvPicture *picture, const FvDrawBox *boxes, guint n_boxes, const char *const *class_names,
                       const char *path, GError **error);

G_END_DECLS
