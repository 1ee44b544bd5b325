/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/children/fv-serve-client.h"

G_BEGIN_DECLS

/* Small projects, and requests to a client that wait for their answers. */

/* (transfer none): the path of a new project with so many training pictures of so many pixels, and two for validation. */
const char *fv_test_serve_project (guint n_train, guint size);
/* Imports so many more into it. */
void fv_test_serve_import (const char *project, guint n_train, guint size);

/* Iterate the main context until the answer is there. (nullable): NULL with @error. */
FvPreviewReply *fv_test_serve_preview (FvServeClient *client, const FvPreviewRequest *request, GError **error);
FvDetectReply *fv_test_serve_detect (FvServeClient *client, const FvDetectRequest *request, GError **error);

/* (element-type FvBox) both: the same boxes, number by number. */
void fv_test_serve_assert_boxes (const GArray *boxes, const GArray *expected);

/* Iterates until the client is in that state; fails after ten seconds. */
void fv_test_serve_wait_state (FvServeClient *client, FvServeClientState state);

/* Every kind of augmentation, and much of it; imgsz 64. */
void fv_test_serve_strong_recipe (FvRecipe *recipe);

G_END_DECLS
