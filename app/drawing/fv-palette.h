/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Colours that colour-blind people tell apart as well. All functions: any thread.
 */

/* sRGB, each 0..1. */
typedef struct
{
  double red, green, blue;
} FvColour;

/* So many classes have colours of their own that are clearly different to every kind of eye; then darker, then lighter ones follow. */
#define FV_PALETTE_N_DISTINCT 8
#define FV_PALETTE_N_CLASSES (3 * FV_PALETTE_N_DISTINCT)
#define FV_PALETTE_N_SERIES 6

/* For boxes on pictures; any number will do. */
FvColour fv_palette_get_class (guint class_id);
/* For curves on a light or a dark ground; any number will do. */
FvColour fv_palette_get_series (guint index, gboolean dark);
/* Black or white, whichever is read better on @ground: the contrast is at least 4.58. */
FvColour fv_palette_get_text (FvColour ground);
/* WCAG 2's contrast ratio, 1..21. */
double fv_palette_get_contrast (FvColour a, FvColour b);
/* As "#rrggbb": (transfer full). */
char *fv_palette_to_hex (FvColour colour);

G_END_DECLS
