/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/drawing/fv-draw.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A row for a list of boxes: the colour of its class, the name, the confidence. */
GtkWidget *fv_found_row_new (const FvDrawBox *box, const char *class_name);

G_END_DECLS
