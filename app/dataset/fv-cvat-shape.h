/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-importer.h"
#include "app/dataset/fv-xml.h"

G_BEGIN_DECLS

/* Shapes of CVAT's XML as boxes around them, in pixels. */

/* Whether an element of that name is a shape, or a tag. */
gboolean fv_cvat_is_shape (const char *name);
/*
 * The sides of the shape at hand, an element of the name @kind, in @box; *turned where it is turned and so smaller than its
 * box. NULL, or why there is no box: a constant sentence, to be translated.
 */
const char *fv_cvat_shape_read (const FvXmlStream *stream, const char *kind, FvStagedBox *box, gboolean *turned);

G_END_DECLS
