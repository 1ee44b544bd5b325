/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-file.h"
#include "tests/faults/files/fv-failing-files.h"
#include "tests/fv-test-data.h"

#include <errno.h>
#include <string.h>

/* A file on a disk that is full, read-only or broken: whatever call fails, the old file or the new one is whole, and nothing else is there. */

/* More than one buffer of the writer, so that it is written in several calls. */
#define SIZE (600 * 1024)

static const int codes[] = { ENOSPC, EDQUOT, EIO, EROFS, EACCES };

/* What a write is to look like where nothing fails: flushed before it is renamed, and the folder after it. */
static void
test_order (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  g_autoptr (GError) error = NULL;

  fv_failing_files_start (&(FvFailingFilesParams){ .folder = folder });
  fv_file_replace (path, "new", 3, &error);
  g_assert_cmpuint (fv_failing_files_stop (), ==, 6);
  g_assert_no_error (error);
  g_assert_cmpstr (
      fv_failing_files_journal (), ==,
      "open .file.part\nsize .file.part\nwrite .file.part\nflush .file.part\nrename .file.part file\nflush .\n");
}

/* Fails call @nth. FALSE: there was no such call. */
static gboolean
replace (const FvFailingFilesParams *params, const char *new)
{
  const char *folder = params->folder;
  const char *path = fv_test_write (folder, "file", "old");
  g_autofree char *text = NULL;
  g_autofree char *names = NULL;
  g_autoptr (GError) error = NULL;
  const char *journal;
  gboolean written, failed, renamed;
  gsize size;
  guint n;

  fv_failing_files_start (params);
  written = fv_file_replace (path, new, SIZE, &error);
  n = fv_failing_files_stop ();
  journal = fv_failing_files_journal ();
  failed = strstr (journal, " !\n") != NULL;
  renamed = strstr (journal, "rename .file.part file\n") != NULL;

  /* That some file systems can't flush a folder is no failure. */
  if (failed && renamed && (params->code == EROFS || params->code == EACCES))
    failed = FALSE;
  g_assert_true (written == !failed);
  g_assert_true (written == (error == NULL));
  if (failed)
    {
      g_assert_cmpint (error->domain, ==, G_FILE_ERROR);
      g_assert_nonnull (strstr (error->message, path));
      g_assert_nonnull (strstr (error->message, g_strerror (params->code)));
      if (renamed)
        g_assert_nonnull (strstr (error->message, "was written"));
      else
        g_assert_nonnull (strstr (error->message, ". "));
      if (!renamed && (params->code == ENOSPC || params->code == EDQUOT))
        g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
    }
  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  if (renamed)
    g_assert_cmpmem (text, size, new, SIZE);
  else
    g_assert_cmpmem (text, size, "old", 3);
  names = fv_test_list (folder);
  g_assert_cmpstr (names, ==, "file");
  return n >= params->nth;
}

static void
test_each_call (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  g_autofree char *new = g_malloc (SIZE);
  guint n_failures = 0;

  for (gsize i = 0; i < SIZE; i++)
    new[i] = (char)('a' + i % 23);
  for (guint code = 0; code < G_N_ELEMENTS (codes); code++)
    for (guint kind = 0; kind < 4; kind++)
      {
        FvFailingFilesParams params
            = { .folder = folder, .code = codes[code], .stays = (kind & 1) != 0, .half = (kind & 2) != 0 };

        for (params.nth = 1; replace (&params, new); params.nth++)
          {
            n_failures++;
            /* With the fault gone the same call works. */
            g_assert_true (fv_file_replace (path, new, SIZE, NULL));
          }
      }
  g_test_message ("%u calls failed", n_failures);
  g_assert_cmpuint (n_failures, >, 100);
}

/* The system may take fewer bytes than it is given. */
static void
test_short_writes (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *new = g_malloc0 (SIZE);
  FvFailingFilesParams params = { .folder = folder, .half = TRUE };

  for (params.nth = 1; replace (&params, new); params.nth++)
    ;
  g_assert_cmpuint (params.nth, >, 6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faults/files/order", test_order);
  g_test_add_func ("/faults/files/each-call", test_each_call);
  g_test_add_func ("/faults/files/short-writes", test_short_writes);
  return g_test_run ();
}
