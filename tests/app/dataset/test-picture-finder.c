/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-picture-finder.h"

#include <string.h>

#include "tests/fv-test-data.h"

static FvImportSource
make_source (const char *path, gboolean is_folder)
{
  FvImportSource source = { g_strdup (path), is_folder, NULL };
  if (is_folder)
    source.files = fv_scan_folder (path, NULL, NULL);
  else
    {
      source.files = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (source.files, g_strdup (path));
    }
  return source;
}

static void
clear_source (FvImportSource *source)
{
  g_free (source->path);
  g_ptr_array_unref (source->files);
}

static void
assert_found (const FvPictureFinder *finder, const char *label, const char *name, FvSubset subset, const char *expected)
{
  g_autofree char *reason = NULL, *label_path = g_build_filename (fv_picture_finder_root (finder), label, NULL);
  const char *found = fv_picture_finder_find (finder, label_path, name, subset, &reason), *relative = NULL;
  g_test_message ("%.100s: %s", name, found != NULL ? found : reason);
  g_assert_true ((found == NULL) == (reason != NULL));
  if (found != NULL)
    g_assert_true (fv_path_is_below (found, fv_picture_finder_root (finder), &relative));
  g_assert_cmpstr (relative, ==, expected);
}

static void
test_names (void)
{
  static const char *const files[] = { "images/train2017/a.jpg",
                                       "images/val2017/a.jpg",
                                       "images/b.jpg",
                                       "deep/er/c.jpg",
                                       "deep/d.jpg",
                                       "other/er/c.jpg",
                                       "x/e.jpg",
                                       "y/e.jpg",
                                       "annotations/it.json" };
  static const struct
  {
    const char *label, *name;
    FvSubset subset;
    const char *found;
  } cases[] = {
    { "annotations/it.json", "b.jpg", FV_SUBSET_NONE, "images/b.jpg" },
    { "annotations/it.json", "a.jpg", FV_SUBSET_TRAIN, "images/train2017/a.jpg" },
    { "annotations/it.json", "a.jpg", FV_SUBSET_VAL, "images/val2017/a.jpg" },
    { "annotations/it.json", "a.jpg", FV_SUBSET_NONE, NULL },
    { "annotations/it.json", "a.jpg", FV_SUBSET_TEST, NULL },
    { "annotations/it.json", "val2017/a.jpg", FV_SUBSET_TRAIN, "images/val2017/a.jpg" },
    { "images/val2017/it.json", "a.jpg", FV_SUBSET_NONE, "images/val2017/a.jpg" },
    { "it.json", "C:\\data\\deep\\er\\c.jpg", FV_SUBSET_NONE, "deep/er/c.jpg" },
    { "it.json", "er/c.jpg", FV_SUBSET_NONE, NULL },
    { "it.json", "/home/other/nowhere/d.jpg", FV_SUBSET_NONE, "deep/d.jpg" },
    { "it.json", "./../x/e.jpg", FV_SUBSET_NONE, "x/e.jpg" },
    { "it.json", "e.jpg", FV_SUBSET_NONE, NULL },
    { "it.json", "it.json", FV_SUBSET_NONE, NULL },
    { "it.json", "E.jpg", FV_SUBSET_NONE, NULL },
    { "it.json", "", FV_SUBSET_NONE, NULL },
    { "it.json", "/", FV_SUBSET_NONE, NULL },
    { "it.json", "x/", FV_SUBSET_NONE, NULL },
    { "it.json", "..", FV_SUBSET_NONE, NULL },
    { "it.json", "/etc/passwd", FV_SUBSET_NONE, NULL },
  };
  const char *folder = fv_test_folder ();
  g_autofree char *long_name = g_strnfill (100000, '/');
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    fv_test_write (folder, files[i], NULL);
  FvImportSource source = make_source (folder, TRUE);
  g_autoptr (FvPictureFinder) finder = fv_picture_finder_new (&source, NULL);
  g_assert_cmpuint (fv_picture_finder_pictures (finder)->len, ==, 8);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_found (finder, cases[i].label, cases[i].name, cases[i].subset, cases[i].found);
  assert_found (finder, "it.json", long_name, FV_SUBSET_NONE, NULL);
  clear_source (&source);
}

/* Where the source is a file, or the pictures are named. */
static void
test_roots (void)
{
  const char *folder = fv_test_folder ();
  fv_test_write (folder, "set/images/a.jpg", NULL);
  fv_test_write (folder, "elsewhere/a.jpg", NULL);
  FvImportSource source = make_source (fv_test_write (folder, "set/Annotations/it.json", NULL), FALSE);
  g_autofree char *set = g_build_filename (folder, "set", NULL), *other = g_build_filename (folder, "elsewhere", NULL);
  g_autoptr (FvPictureFinder) around = fv_picture_finder_new (&source, NULL);
  g_autoptr (FvPictureFinder) named = fv_picture_finder_new (&source, other);
  g_assert_cmpstr (fv_picture_finder_root (around), ==, set);
  assert_found (around, "Annotations/it.json", "a.jpg", FV_SUBSET_NONE, "images/a.jpg");
  g_assert_cmpstr (fv_picture_finder_root (named), ==, other);
  assert_found (named, "it.json", "a.jpg", FV_SUBSET_NONE, "a.jpg");
  clear_source (&source);
}

static void
test_subsets (void)
{
  static const struct
  {
    const char *path;
    FvSubset subset;
  } cases[] = {
    { "/train/set/it.json", FV_SUBSET_NONE },
    { "/train/set/annotations/instances_train2017.json", FV_SUBSET_TRAIN },
    { "/train/set/annotations/image_info_test-dev2017.json", FV_SUBSET_TEST },
    { "/train/set/valid/_annotations.coco.json", FV_SUBSET_VAL },
    { "/train/set/val.json", FV_SUBSET_VAL },
    { "/train/set/trains.json", FV_SUBSET_NONE },
    { "/elsewhere/test_labels.json", FV_SUBSET_TEST },
  };
  const FvImportSource source = { (char *)"/train/set", TRUE, NULL };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (fv_subset_of_label_file (&source, cases[i].path), ==, cases[i].subset);
}

/* Names that many pictures have: what says more is found, and found fast. */
static void
test_many (void)
{
  const guint n = 20000;
  FvImportSource source = { g_strdup ("/set"), TRUE, g_ptr_array_new_with_free_func (g_free) };
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (source.files, g_strdup_printf ("/set/images/%05u/0.jpg", i));
  g_autoptr (FvPictureFinder) finder = fv_picture_finder_new (&source, NULL);
  const gint64 start = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("of/another/%05u/0.jpg", i), *reason = NULL;
      g_assert_cmpstr (fv_picture_finder_find (finder, "/set/it.json", name, FV_SUBSET_NONE, &reason), ==,
                       g_ptr_array_index (source.files, i));
    }
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *reason = NULL;
      g_assert_null (fv_picture_finder_find (finder, "/set/it.json", "0.jpg", FV_SUBSET_NONE, &reason));
    }
  /* Comparing with each would be 400 million paths. */
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
  clear_source (&source);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/picture-finder/names", test_names);
  g_test_add_func ("/dataset/picture-finder/roots", test_roots);
  g_test_add_func ("/dataset/picture-finder/subsets", test_subsets);
  g_test_add_func ("/dataset/picture-finder/many", test_many);
  return g_test_run ();
}
