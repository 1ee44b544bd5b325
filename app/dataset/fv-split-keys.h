/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * What pictures are divided by where that is none of their own data.
 *
 *   g_autoptr (GPtrArray) keys = fv_split_keys_new (dataset, "plants.csv:field", &error);
 */

/*
 * (transfer full): a text or NULL for each picture. @by is
 *
 *   folder            the folder in the picture's name
 *   name:PATTERN      what a regular expression (PCRE) matches in the picture's name: its first group, else all of it
 *   FILE.csv:COLUMN   what a table says; it has a column file, filename, name, image or path with the pictures' names,
 *                     with or without folders
 *
 * Errors: FV_SPLIT_ERROR_KEYS, and those of reading the table.
 */
GPtrArray *fv_split_keys_new (const FvDataset *dataset, const char *by, GError **error);

/*
 * (transfer full), a picture: seconds since 1970 or FV_TIME_UNKNOWN. Of the key, where @keys (nullable) are given; else the
 * item's, else what stands in its name. With @to_the_second a name that only says a day counts as none.
 */
gint64 *fv_split_times (const FvDataset *dataset, const GPtrArray *keys, gboolean to_the_second);

/*
 * A time in a text: ISO 8601, EXIF's, seconds since 1970, or as cameras and telephones name files: 20240501_143205,
 * 2024-05-01 14.32.05, 2024-05-01. What says no zone is taken for UTC. @to_the_second as above.
 */
gint64 fv_split_parse_time (const char *text, gboolean to_the_second);

G_END_DECLS
