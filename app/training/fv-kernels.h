/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/ops/fv-conv-choices.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/*
 * Which kernels convolutions run with, as JSON: in the plan of a run, and in a file in the person's cache folder that holds all that was ever timed
 * on this machine's devices. The file may be deleted at any time, and what is damaged or foreign in it is passed over.
 *
 *   fv_kernels_load (path, device);    // the device has choices now: those that were kept for it
 *   ... fv_conv_tune (device, &params, &error) ...
 *   fv_kernels_store (path, device, &error);
 */

/* (transfer full): where the file lies for this person. */
char *fv_kernels_path (void);

/* Of the kernels and of the tables that name their variants: with another one, another variant may be the fastest, and bits may differ. */
const char *fv_kernels_get_checksum (void);

/* Attaches what @path holds for @device, its driver, subgroup size and these kernels; nothing where that is nothing. */
void fv_kernels_load (const char *path, FvDevice *device);
/* Adds the device's choices to the file, in which a decision stays as it is. Atomic; the folder is made. Errors: G_FILE_ERROR. */
gboolean fv_kernels_store (const char *path, FvDevice *device, GError **error);
/* (transfer full): all that the file holds: [{ device, driver, uuid, subgroup_size, checksum, choices }]. */
JsonArray *fv_kernels_read (const char *path);

/* (transfer full): [{ direction, in, out, kernel, stride, padding, pixels, variant, seconds: { variant: seconds } }] */
JsonArray *fv_kernels_to_json (const FvConvChoices *choices);
/* (transfer full): what is not understood is left out. @node (nullable) */
FvConvChoices *fv_kernels_from_json (JsonNode *node);

G_END_DECLS
