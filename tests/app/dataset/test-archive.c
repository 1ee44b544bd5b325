/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>

#include "app/dataset/fv-archive.h"
#include "app/dataset/fv-importer.h"
#include "tests/app/dataset/test-import.h"

typedef struct
{
  const char *name;
  const void *data;
  gsize size;
  const char *link; /* of a symbolic link */
  guint type;       /* AE_IFREG where 0 */
} Entry;

static const struct
{
  const char *ending;
  int (*add) (struct archive *archive);
} filters[] = { { ".gz", archive_write_add_filter_gzip },
                { ".xz", archive_write_add_filter_xz },
                { ".zst", archive_write_add_filter_zstd },
                { ".bz2", archive_write_add_filter_bzip2 } };

/* Packed in the way that the ending of name says: (transfer none). */
static const char *
pack (const char *name, const Entry *entries)
{
  const char *path = fv_test_write (fv_test_folder (), name, NULL);
  struct archive *archive = archive_write_new ();
  if (g_str_has_suffix (name, ".zip"))
    archive_write_set_format_zip (archive);
  else
    archive_write_set_format_pax_restricted (archive);
  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    if (g_str_has_suffix (name, filters[i].ending))
      g_assert_cmpint (filters[i].add (archive), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_open_filename (archive, path), ==, ARCHIVE_OK);
  for (guint i = 0; entries[i].name != NULL; i++)
    {
      struct archive_entry *entry = archive_entry_new ();
      archive_entry_set_pathname (entry, entries[i].name);
      archive_entry_set_perm (entry, 0644);
      archive_entry_set_filetype (entry, entries[i].type != 0 ? entries[i].type : AE_IFREG);
      if (entries[i].link != NULL)
        {
          archive_entry_set_filetype (entry, AE_IFLNK);
          archive_entry_set_symlink (entry, entries[i].link);
        }
      archive_entry_set_size (entry, (la_int64_t)entries[i].size);
      g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
      if (entries[i].size > 0)
        g_assert_cmpint (archive_write_data (archive, entries[i].data, entries[i].size), ==,
                         (la_ssize_t)entries[i].size);
      archive_entry_free (entry);
    }
  g_assert_cmpint (archive_write_close (archive), ==, ARCHIVE_OK);
  archive_write_free (archive);
  return path;
}

#define TEXT(name, text)                                                                                               \
  {                                                                                                                    \
    name, text, sizeof text - 1, NULL, 0                                                                               \
  }

/* A dataset of YOLO's, in one folder and beside what desktops leave. */
static const char *
pack_dataset (const char *name)
{
  const char *folder = fv_test_folder ();
  gsize sizes[2];
  g_autofree char *first = NULL, *second = NULL;
  g_assert_true (g_file_get_contents (fv_test_jpeg (folder, "a.jpg", 200, 100, 1, 0), &first, &sizes[0], NULL));
  g_assert_true (g_file_get_contents (fv_test_jpeg (folder, "b.jpg", 100, 100, 2, 0), &second, &sizes[1], NULL));
  const Entry entries[] = { TEXT ("set/data.yaml", "names: [cat, dog]\ntrain: train/images\nval: val/images\n"),
                            { "set/train/images/a.jpg", first, sizes[0], NULL, 0 },
                            { "set/val/images/b.jpg", second, sizes[1], NULL, 0 },
                            TEXT ("set/train/labels/a.txt", "1 .5 .5 .2 .2\n0 .5 .5 .2 .2 .1\n"),
                            TEXT ("set/val/labels/b.txt", "0 .5 .5 .5 .5\n"),
                            TEXT ("__MACOSX/set/._a.jpg", "x"),
                            TEXT (".DS_Store", "x"),
                            { NULL } };
  return pack (name, entries);
}

static void
test_import (void)
{
  static const char *const names[]
      = { "cells.zip", "cells.tar", "cells.tar.gz", "cells.tar.xz", "cells.tar.zst", "cells.tar.bz2" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvProject) project = fv_test_project ();
      const char *path = pack_dataset (names[i]);
      g_autoptr (FvImportReport) report = fv_import (project, path, &(FvImportParams){ 0 }, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (report->format, ==, "yolo");
      g_assert_cmpuint (report->dataset->items->len, ==, 2);
      g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 2);
      g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 1);
      fv_test_assert_row (report->rejected, "train/labels/a.txt", 2, "");
      fv_test_assert_box (fv_test_item (report, "val/images/b.jpg"), 0, 0, 25, 25, 75, 75);

      /* The pictures are the project's, under the archive's name, and nothing is left over; they move with it. */
      g_autofree char *pictures = g_build_filename (fv_project_get_path (project), "pictures", NULL);
      g_autofree char *there = fv_test_list (pictures);
      g_assert_true (g_str_has_prefix (there, "cells-") && strchr (there, ' ') == NULL);
      g_assert_true (g_str_has_prefix (fv_dataset_get (report->dataset, 0)->path, pictures));

      /* Again: the same pictures. */
      g_autoptr (FvImportReport) again = fv_import (project, path, &(FvImportParams){ 0 }, &error);
      g_assert_no_error (error);
      g_autoptr (FvDataset) stored = fv_project_load_dataset (project, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (stored->items->len, ==, 2);
      g_autofree char *there_again = fv_test_list (pictures);
      g_assert_cmpstr (there_again, ==, there);
    }
}

static void
test_dry_run (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (FvImportReport) report
      = fv_import (project, pack_dataset ("cells.zip"), &(FvImportParams){ .dry_run = TRUE }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 2);
  fv_test_assert_row (report->rejected, "/cells.zip/set/train/labels/a.txt", 2, "");
  g_autofree char *pictures = g_build_filename (fv_project_get_path (project), "pictures", NULL);
  g_autofree char *cache = g_build_filename (g_get_user_cache_dir (), "fovea", NULL);
  g_assert_false (g_file_test (pictures, G_FILE_TEST_EXISTS));
  g_autofree char *left = fv_test_list (cache);
  g_assert_cmpstr (left, ==, "");
}

/* Nothing lands outside, and nothing but files inside. */
static void
test_hostile (void)
{
  const Entry entries[] = { TEXT ("a/good.txt", "1"),
                            TEXT ("../escaped.txt", "1"),
                            TEXT ("a/../../escaped.txt", "1"),
                            TEXT ("/tmp/fovea-escaped.txt", "1"),
                            TEXT ("C:\\escaped.txt", "1"),
                            TEXT ("..\\escaped.txt", "1"),
                            { "link", NULL, 0, "/etc", 0 },
                            TEXT ("link/escaped.txt", "1"),
                            TEXT ("a/good.txt", "2"),
                            TEXT ("a/good.txt/below", "3"),
                            TEXT ("a", "3"),
                            { "pipe", NULL, 0, NULL, AE_IFIFO },
                            TEXT ("back\\slash.txt", "4"),
                            { NULL } };
  const char *outer = fv_test_folder ();
  g_autofree char *folder = g_build_filename (outer, "inner", NULL);
  g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);
  g_autoptr (GPtrArray) rejected = fv_problems_new ();
  g_autoptr (GError) error = NULL;
  fv_archive_unpack (pack ("bad.tar", entries), folder, rejected, NULL, NULL, NULL, &error);
  g_assert_no_error (error);

  g_autofree char *outside = fv_test_list (outer), *inside = fv_test_list (folder), *content = NULL;
  g_assert_cmpstr (outside, ==, "inner");
  g_assert_cmpstr (inside, ==, "a back link");
  g_assert_false (g_file_test ("/tmp/fovea-escaped.txt", G_FILE_TEST_EXISTS));
  g_autofree char *link = g_build_filename (folder, "link", NULL),
                  *good = g_build_filename (folder, "a/good.txt", NULL);
  g_assert_false (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  g_assert_true (g_file_get_contents (good, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "1");
  fv_test_assert_row (rejected, "escaped.txt", 0, "leads out of the archive");
  fv_test_assert_row (rejected, "fovea-escaped.txt", 0, "absolute");
  fv_test_assert_row (rejected, "/link", 0, "a link or a device");
  fv_test_assert_row (rejected, "/pipe", 0, "a link or a device");
  fv_test_assert_row (rejected, "a/good.txt", 0, "twice");
}

static void
test_bomb (void)
{
  const gsize size = 80 << 20;
  g_autofree char *zeros = g_malloc0 (size);
  const Entry entries[] = { { "zeros.jpg", zeros, size, NULL, 0 }, { NULL } };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  g_assert_null (fv_import (project, pack ("bomb.tar.gz", entries), &(FvImportParams){ 0 }, &error));
  /* 80 MiB make 80 kB. */
  g_assert_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_UNPACK);
  g_assert_nonnull (strstr (error->message, "holds more than"));
  g_autofree char *pictures = g_build_filename (fv_project_get_path (project), "pictures", NULL);
  g_autofree char *left = fv_test_list (pictures);
  g_assert_cmpstr (left, ==, "");
}

/* Cut or changed anywhere, an archive is an error or has rows; nothing of it stays in the project on an error. */
static void
test_broken (void)
{
  static const char *const names[] = { "cells.zip", "cells.tar.gz", "cells.tar.xz" };
  for (guint k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *whole = NULL;
      gsize size;
      g_assert_true (g_file_get_contents (pack_dataset (names[k]), &whole, &size, NULL));
      g_autoptr (FvProject) project = fv_test_project ();
      for (guint i = 0; i < 40; i++)
        {
          g_autoptr (GError) error = NULL;
          g_autofree char *data = g_memdup2 (whole, size);
          const gsize at = size * i / 40;
          data[at] ^= 0x5a;
          const char *path = fv_test_write_data (fv_test_folder (), names[k], data, i % 2 == 0 ? size : MAX (at, 6));
          g_autoptr (FvImportReport) report = fv_import (project, path, &(FvImportParams){ .dry_run = TRUE }, &error);
          g_assert_true ((report == NULL) == (error != NULL));
        }
    }
}

static void
test_is_one (void)
{
  const char *folder = fv_test_folder ();
  g_assert_true (fv_archive_is_one (pack_dataset ("a.zip")));
  g_assert_true (fv_archive_is_one (pack_dataset ("a.tar.xz")));
  g_assert_false (fv_archive_is_one (fv_test_jpeg (folder, "a.jpg", 20, 10, 1, 0)));
  g_assert_false (fv_archive_is_one (fv_test_write (folder, "empty", NULL)));
  g_assert_false (fv_archive_is_one (folder));
  g_assert_false (fv_archive_is_one ("/nowhere"));
}

int
main (int argc, char *argv[])
{
  fv_test_isolate ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/archive/import", test_import);
  g_test_add_func ("/dataset/archive/dry-run", test_dry_run);
  g_test_add_func ("/dataset/archive/hostile", test_hostile);
  g_test_add_func ("/dataset/archive/bomb", test_bomb);
  g_test_add_func ("/dataset/archive/broken", test_broken);
  g_test_add_func ("/dataset/archive/is-one", test_is_one);
  return g_test_run ();
}
