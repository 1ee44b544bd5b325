/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * (transfer none): a small JPEG, width x height pixels as stored, written as name into folder. Pictures with another
 * shade (0..255) have another content. orientation 0 = no EXIF, else EXIF says so (1..8).
 */
const char *fv_test_jpeg (const char *folder, const char *name, guint width, guint height, guint shade,
                          guint orientation);

/*
 * (transfer none): the same with what a camera writes: when ("2024:05:31 14:03:59") and where (degrees). time NULL and latitude NAN leave it out;
 * offset (nullable) is the time's from UTC: "+02:00".
 */
const char *fv_test_jpeg_taken (const char *folder, const char *name, guint width, guint height, guint shade,
                                const char *time, const char *offset, double latitude, double longitude);

G_END_DECLS
