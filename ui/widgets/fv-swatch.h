/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A dot in the colour in which a class's boxes are drawn. Property "class-id" (-1, the default: no class, nothing is drawn). */
#define FV_TYPE_SWATCH (fv_swatch_get_type ())
G_DECLARE_FINAL_TYPE (FvSwatch, fv_swatch, FV, SWATCH, GtkWidget)

GtkWidget *fv_swatch_new (void);
void fv_swatch_set_class (FvSwatch *self, int class_id);

G_END_DECLS
