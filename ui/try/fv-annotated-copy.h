/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/children/fv-serve-protocol.h"
#include "app/dataset/fv-picture.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/*
 * Asks where a copy of a picture with its boxes is to go, writes it there in a thread, and says so in `from`'s window. file is the picture's own path,
 * reply has the classes' names, boxes (transfer full, of FvDrawBox) are those to draw.
 */
void fv_annotated_copy_save (GtkWidget *from, const char *file, FvPicture *picture, FvDetectReply *reply,
                             GArray *boxes);

G_END_DECLS
