/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

/* What a person gets to hear about input that is not as it should be, and that nothing is lost by it. */

static const char *
make_path (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  return g_intern_string (path);
}

/* A folder of generated pictures in which the labels and pictures named below are good. */
static const char *
make_pictures (void)
{
  const char *pictures = make_path (fv_test_folder (), "pictures");
  g_auto (FvTestCall) call
      = fv_test_cli (NULL, "sample", pictures, "--train", "10", "--val", "2", "--test", "2", "--size", "64", NULL);
  g_assert_cmpint (call.status, ==, 0);
  return pictures;
}

static const char *
make_project (const char *pictures)
{
  const char *project = make_path (fv_test_folder (), "project");
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, NULL);
  g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, pictures, NULL);

  g_assert_cmpint (init.status, ==, 0);
  g_assert_cmpint (import.status, ==, 0);
  return project;
}

/* Cuts a file to half its length. */
static void
truncate_file (const char *path)
{
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (truncate (path, status.st_size / 2), ==, 0);
}

static gboolean
has_row (JsonArray *rows, const char *file, gint64 line)
{
  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);
      g_assert_cmpstr (json_object_get_string_member (row, "reason"), !=, "");
      if (g_str_has_suffix (json_object_get_string_member (row, "file"), file)
          && (line == 0 || json_object_get_int_member (row, "line") == line))
        return TRUE;
    }
  return FALSE;
}

static void
test_labels (void)
{
  static const struct
  {
    const char *file;
    const char *text;
    gint64 line;
  } bad[] = {
    { "labels/train/0000.txt", "0 0.5 0.5 0.2 0.2\n0 0.5 0.5\n", 2 },
    { "labels/train/0001.txt", "0 1.2 0.5 0.2 0.2\n", 1 },
    { "labels/train/0002.txt", "1 0.5 nan 0.2 0.2\n", 1 },
    { "labels/train/0003.txt", "3 0.5 0.5 0.2 0.2\n", 1 },
    { "labels/train/0004.txt", "\n-1 0.5 0.5 0.2 0.2\n", 2 },
    { "labels/train/without-picture.txt", "0 0.5 0.5 0.2 0.2\n", 0 },
  };
  const char *pictures = make_pictures ();
  const char *project = make_path (fv_test_folder (), "project");
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, NULL);
  JsonArray *rejected;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fv_test_write (pictures, bad[i].file, bad[i].text);
  truncate_file (make_path (pictures, "images/train/0009.jpg"));
  {
    g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, pictures, "--json", NULL);
    g_auto (FvTestCall) stats = fv_test_cli (NULL, "stats", project, "--json", NULL);

    g_assert_cmpint (import.status, ==, 0);
    rejected = json_object_get_array_member (import.json, "rejected");
    for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
      g_assert_true (has_row (rejected, bad[i].file, bad[i].line));
    g_assert_true (has_row (rejected, "images/train/0009.jpg", 0));
    /* A bad label never takes its picture along; a picture that can't be read stays out. */
    g_assert_cmpint (json_object_get_int_member (stats.json, "images"), ==, 13);
  }
}

static void
test_sources (void)
{
  const char *pictures = make_pictures ();
  const char *project = make_project (pictures);
  const char *folder = fv_test_folder ();

  fv_test_write (folder, "empty/notes.txt", "nothing here\n");
  fv_test_write (folder, "voc/Annotations/a.xml", "<svg><circle/></svg>");
  fv_test_write (folder, "voc/JPEGImages/readme.txt", "");
  fv_test_write (folder, "yaml/data.yaml", "train: [unclosed\n");
  {
    const char *const sources[] = { make_path (folder, "nowhere"), make_path (folder, "empty"),
                                    make_path (folder, "voc"), make_path (folder, "yaml") };
    for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
      {
        g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, sources[i], "--json", NULL);
        fv_test_call_assert_fails (&import, sources[i]);
      }
  }
  if (geteuid () != 0) /* root may read everything */
    {
      g_assert_cmpint (g_chmod (make_path (folder, "empty"), 0), ==, 0);
      g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, make_path (folder, "empty"), "--json", NULL);
      g_assert_cmpint (g_chmod (make_path (folder, "empty"), 0700), ==, 0);
      fv_test_call_assert_fails (&import, "empty");
    }
  {
    g_auto (FvTestCall) stats = fv_test_cli (NULL, "stats", project, "--json", NULL);
    g_auto (FvTestCall) no_project = fv_test_cli (NULL, "stats", folder, "--json", NULL);
    g_auto (FvTestCall) again = fv_test_cli (NULL, "init", project, "--json", NULL);

    g_assert_cmpint (json_object_get_int_member (stats.json, "images"), ==, 14);
    fv_test_call_assert_fails (&no_project, folder);
    fv_test_call_assert_fails (&again, project);
  }
  fv_test_write (project, "project.db", "this is no database, and it is long enough to be told from an empty file\n");
  {
    g_auto (FvTestCall) stats = fv_test_cli (NULL, "stats", project, "--json", NULL);
    fv_test_call_assert_fails (&stats, "project.db");
  }
}

/* One bad annotation among good ones. */
static void
test_voc (void)
{
  const char *pictures = make_pictures ();
  const char *project = make_path (fv_test_folder (), "project");
  const char *folder = fv_test_folder ();
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, NULL);

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *from = g_strdup_printf ("%s/images/train/%04u.jpg", pictures, i);
      g_autofree char *to = g_strdup_printf ("JPEGImages/%u.jpg", i);
      g_autofree char *annotation = g_strdup_printf ("Annotations/%u.xml", i);
      g_autofree char *data = NULL;
      gsize size;

      g_assert_true (g_file_get_contents (from, &data, &size, NULL));
      fv_test_write_data (folder, to, data, size);
      fv_test_write (folder, annotation,
                     i == 1 ? "<svg><circle/></svg>"
                            : "<annotation><size><width>64</width><height>64</height></size><object><name>disc</name>"
                              "<bndbox><xmin>4</xmin><ymin>4</ymin><xmax>30</xmax><ymax>30</ymax></bndbox></object>"
                              "</annotation>");
    }
  {
    g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, folder, "--format", "voc", "--json", NULL);
    g_assert_cmpint (import.status, ==, 0);
    g_assert_cmpint (json_object_get_int_member (import.json, "boxes"), ==, 2);
    g_assert_true (has_row (json_object_get_array_member (import.json, "rejected"), "Annotations/1.xml", 0));
  }
}

static void
test_weights (void)
{
  const char *pictures = make_pictures ();
  const char *project = make_project (pictures);
  const char *folder = fv_test_folder ();
  const char *const files[] = {
    fv_test_write (folder, "garbage.pt", "this is not a weight file"),
    fv_test_write (folder, "empty.pt", NULL),
    fv_test_write_data (folder, "zip.pt", "PK\003\004\0\0\0\0", 8),
    fv_test_write_data (folder, "header.safetensors", "\377\377\377\377\377\377\377\177{}", 10),
    make_path (folder, "nowhere.pt"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_auto (FvTestCall) weights = fv_test_cli (NULL, "weights", files[i], "--json", NULL);
      g_auto (FvTestCall) train = fv_test_cli (NULL, "train", project, "--weights", files[i], "--json", NULL);
      g_auto (FvTestCall) val = fv_test_cli (NULL, "val", project, "--weights", files[i], "--json", NULL);
      g_auto (FvTestCall) detect = fv_test_cli (NULL, "detect", "--weights", files[i], pictures, "--json", NULL);

      fv_test_call_assert_fails (&weights, files[i]);
      fv_test_call_assert_fails (&train, files[i]);
      fv_test_call_assert_fails (&val, files[i]);
      fv_test_call_assert_fails (&detect, files[i]);
    }
}

static void
test_another_architecture (void)
{
  const char *file = fv_test_data ("weights/yolov5n-7-k5_NONSTANDARD.pt");
  if (!file)
    return;
  g_auto (FvTestCall) weights = fv_test_cli (NULL, "weights", file, "--json", NULL);
  fv_test_call_assert_fails (&weights, "model.");
}

/* Runs that are not there. */
static void
test_runs (void)
{
  const char *project = make_project (make_pictures ());
  g_auto (FvTestCall) val = fv_test_cli (NULL, "val", project, "--run", "7", "--json", NULL);
  g_auto (FvTestCall) resume = fv_test_cli (NULL, "train", project, "--resume", "7", "--json", NULL);

  fv_test_call_assert_fails (&val, "7");
  fv_test_call_assert_fails (&resume, "7");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/e2e/bad-input/labels", test_labels);
  g_test_add_func ("/e2e/bad-input/sources", test_sources);
  g_test_add_func ("/e2e/bad-input/voc", test_voc);
  g_test_add_func ("/e2e/bad-input/weights", test_weights);
  g_test_add_func ("/e2e/bad-input/another-architecture", test_another_architecture);
  g_test_add_func ("/e2e/bad-input/runs", test_runs);
  return g_test_run ();
}
