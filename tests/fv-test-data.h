/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether memory is a sanitizer's, which takes more than the program asks for and never has too little. */
#ifdef __SANITIZE_ADDRESS__
#define FV_TEST_SANITIZED TRUE
#else
#define FV_TEST_SANITIZED FALSE
#endif

/*
 * Where tests find files, and temporary folders. All strings live as long as the process.
 *
 *   const char *weights = fv_test_data ("weights/yolov5n.pt");
 *   if (!weights)
 *     return;
 */

/*
 * (nullable): the absolute path of a file or folder of the test data: $FOVEA_TEST_DATA, else ../shared/data beside
 * the source folder. Where it is not there the test is marked as skipped, or as failed under FOVEA_REQUIRE_DATA=1,
 * and NULL is returned.
 */
const char *fv_test_data       (const char *relative);
/* (transfer none): the absolute path of a file of the source folder. */
const char *fv_test_source     (const char *relative);

/* (transfer none): a new empty folder; it and all that is in it is removed when the process ends. */
const char *fv_test_folder     (void);
/* (transfer full): what lies in @folder, hidden files too, sorted: "a b c". */
char       *fv_test_list       (const char *folder);
/*
 * (transfer none): @name in @folder written with @text (nullable = empty; NUL-terminated), parent folders made where
 * they are missing.
 */
const char *fv_test_write      (const char *folder, const char *name, const char *text);
/* The same for any bytes. */
const char *fv_test_write_data (const char *folder, const char *name, const void *data, gsize size);
/* The person's folders for data, settings, cache and state become new empty ones. Before anything asks for them. */
void        fv_test_isolate    (void);
/* Removes a folder and all that is in it. Links are removed, not followed. */
void        fv_test_remove     (const char *folder);

G_END_DECLS
