/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#define NO_DRIVER "VK_DRIVER_FILES=/nonexistent/driver.json"

static const char *const commands[]
    = { "devices", "sample",         "init",  "import", "stats",  "check",   "repair", "window",
        "split",   "dataset-export", "train", "val",    "detect", "weights", "bench",  "parity" };

static void
test_help (void)
{
  g_auto (FvTestCall) help = fv_test_cli (NULL, "--help", NULL);
  g_autofree char *manual = NULL;

  g_assert_cmpint (help.status, ==, 0);
  g_assert_true (g_file_get_contents (fv_test_source ("data/fovea-cli.1"), &manual, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_auto (FvTestCall) own = fv_test_cli (NULL, commands[i], "--help", NULL);
      g_auto (FvTestCall) version = fv_test_cli (NULL, commands[i], "--version", NULL);
      g_autofree char *section = g_strdup_printf ("\n.SS %s", commands[i]);

      g_assert_nonnull (strstr (help.out, commands[i]));
      g_assert_nonnull (strstr (manual, section));
      g_assert_cmpint (own.status, ==, 0);
      g_assert_nonnull (strstr (own.out, "--json"));
      g_assert_cmpint (version.status, ==, 0);
      g_assert_true (g_str_has_prefix (version.out, "fovea-cli (Fovea) "));
    }
}

static void
test_wrong_usage (void)
{
  const char *const wrong[][5] = {
    { "no-such-command" },
    { "devices", "--no-such-option" },
    { "devices", "too-many" },
    { "stats" },
    { "check", "project", "--errors", "3" },
    { "check", "project", "--errors=3", "--of=2" },
    { "repair", "project" },
    { "repair", "project", "--undo", "--redo" },
    { "dataset-export", "project" },
    { "dataset-export", "project", "--format=coco" },
    { "dataset-export", "project", "--format=papyrus", "--output=out" },
    { "dataset-export", "project", "--format=coco", "--output=out", "--subset=none" },
    { "train" },
    { "train", "project", "--set", "no_such_key=1" },
    { "bench", "--imgsz", "33" },
    { "bench", "--what", "nothing" },
    { "bench", "--pool", "1" },
    { "bench", "--tune", "-1" },
    { "sample" },
  };
  g_auto (FvTestCall) none = fv_test_cli (NULL, NULL);

  g_assert_cmpint (none.status, ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_auto (FvTestCall) call
          = fv_test_cli (NULL, wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3], wrong[i][4], NULL);
      g_assert_cmpint (call.status, ==, 2);
      g_assert_cmpstr (call.out, ==, "");
      g_assert_true (g_str_has_prefix (call.err, "fovea-cli: "));
    }
}

static void
test_devices (void)
{
  g_auto (FvTestCall) call = fv_test_cli (NULL, "devices", "--json", NULL);
  g_auto (FvTestCall) kernels = fv_test_cli (NULL, "devices", "--kernels", "--json", NULL);
  static const char *const keys[]
      = { "index",  "name",  "type", "driver", "api_version", "memory_bytes", "fp16", "cooperative_matrix",
          "usable", "reason" };
  JsonArray *devices;

  g_assert_cmpint (call.status, ==, 0);
  devices = json_object_get_array_member (call.json, "devices");
  for (guint i = 0; i < json_array_get_length (devices); i++)
    for (guint k = 0; k < G_N_ELEMENTS (keys); k++)
      g_assert_true (json_object_has_member (json_array_get_object_element (devices, i), keys[k]));
  g_assert_false (json_object_has_member (call.json, "kernels"));
  g_assert_cmpint (kernels.status, ==, 0);
  g_assert_nonnull (json_object_get_array_member (kernels.json, "kernels"));
}

/* What needs a device says that there is none; what needs none works. */
static void
test_no_driver (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *pictures = g_build_filename (folder, "pictures", NULL);
  g_autofree char *picture = g_build_filename (pictures, "images", "test", "0000.jpg", NULL);
  g_autofree char *project = g_build_filename (folder, "project", NULL);
  const char *weights = fv_test_data ("weights/yolov5n.pt");
  g_auto (FvTestCall) devices = fv_test_cli (NO_DRIVER, "devices", "--json", NULL);
  g_auto (FvTestCall) sample
      = fv_test_cli (NO_DRIVER, "sample", pictures, "--train", "6", "--val", "2", "--test", "1", "--size", "64", NULL);
  g_auto (FvTestCall) init = fv_test_cli (NO_DRIVER, "init", project, NULL);
  g_auto (FvTestCall) import = fv_test_cli (NO_DRIVER, "import", project, pictures, "--json", NULL);
  g_auto (FvTestCall) train = fv_test_cli (NO_DRIVER, "train", project, "--scratch", "--json", NULL);
  g_auto (FvTestCall) bench = fv_test_cli (NO_DRIVER, "bench", "--json", NULL);

  g_assert_cmpint (devices.status, ==, 0);
  g_assert_cmpint (json_array_get_length (json_object_get_array_member (devices.json, "devices")), ==, 0);
  g_assert_cmpint (sample.status, ==, 0);
  g_assert_cmpint (init.status, ==, 0);
  g_assert_cmpint (import.status, ==, 0);
  g_assert_cmpint (json_object_get_int_member (import.json, "images"), ==, 9);
  g_assert_cmpint (train.status, ==, 1);
  g_assert_nonnull (strstr (train.err, "Vulkan"));
  fv_test_call_assert_fails (&bench, "Vulkan");
  if (!weights)
    return;
  {
    g_auto (FvTestCall) detect = fv_test_cli (NO_DRIVER, "detect", "--weights", weights, picture, "--json", NULL);
    fv_test_call_assert_fails (&detect, "Vulkan");
  }
}

/* The same seed draws the same pictures, another one others. */
static void
test_sample (void)
{
  const char *folder = fv_test_folder ();
  const char *const seeds[] = { "7", "7", "8" };
  char *hashes[3];

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *pictures = g_strdup_printf ("%s/%u", folder, i);
      g_autofree char *last = g_build_filename (pictures, "images", "test", "0000.jpg", NULL);
      g_auto (FvTestCall) call = fv_test_cli (NULL, "sample", pictures, "--train", "1", "--val", "1", "--test", "1",
                                              "--seed", seeds[i], "--json", NULL);
      g_assert_cmpint (call.status, ==, 0);
      g_assert_nonnull (call.json);
      hashes[i] = fv_test_hash (last);
    }
  g_assert_cmpstr (hashes[0], ==, hashes[1]);
  g_assert_cmpstr (hashes[0], !=, hashes[2]);
  for (guint i = 0; i < 3; i++)
    g_free (hashes[i]);
}

/* The number of findings of a kind, and the id of the first. */
static guint
count_findings (const FvTestCall *check, const char *kind, char **id)
{
  JsonArray *findings = json_object_get_array_member (check->json, "findings");
  guint n = 0;

  for (guint i = 0; i < json_array_get_length (findings); i++)
    {
      JsonObject *finding = json_array_get_object_element (findings, i);

      if (!g_str_equal (json_object_get_string_member (finding, "kind"), kind))
        continue;
      if (n++ == 0 && id != NULL)
        *id = g_strdup (json_object_get_string_member (finding, "id"));
    }
  return n;
}

/* A box that is there twice is found, repaired, and back again. */
static void
test_check_and_repair (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *pictures = g_build_filename (folder, "pictures", NULL);
  g_autofree char *label = g_build_filename (pictures, "labels", "train", "0001.txt", NULL);
  g_autofree char *project = g_build_filename (folder, "checked", NULL), *id = NULL;
  g_auto (FvTestCall) sample
      = fv_test_cli (NULL, "sample", pictures, "--train", "6", "--val", "2", "--test", "1", "--size", "64", NULL);
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, NULL);

  g_assert_true (g_file_set_contents (label, "0 0.5 0.5 0.5 0.5\n0 0.501 0.5 0.5 0.5\n", -1, NULL));
  g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, pictures, "--json", NULL);
  g_auto (FvTestCall) check = fv_test_cli (NULL, "check", project, "--json", NULL);
  g_assert_cmpint (import.status, ==, 0);
  g_assert_cmpint (check.status, ==, 0);
  g_assert_cmpuint (count_findings (&check, "repeated-box", &id), ==, 1);

  g_auto (FvTestCall) wrong = fv_test_cli (NULL, "repair", project, "--finding", "repeated-box-0", NULL);
  fv_test_call_assert_fails (&wrong, "repeated-box-0");
  g_auto (FvTestCall) repair = fv_test_cli (NULL, "repair", project, "--finding", id, "--json", NULL);
  g_assert_cmpint (repair.status, ==, 0);
  g_assert_cmpint (json_object_get_int_member (repair.json, "repaired"), ==, 1);
  g_auto (FvTestCall) repaired = fv_test_cli (NULL, "check", project, "--json", NULL);
  g_assert_cmpuint (count_findings (&repaired, "repeated-box", NULL), ==, 0);
  g_auto (FvTestCall) undo = fv_test_cli (NULL, "repair", project, "--undo", "--json", NULL);
  g_assert_cmpint (json_object_get_int_member (undo.json, "repaired"), ==, 1);
  g_auto (FvTestCall) undone = fv_test_cli (NULL, "check", project, "--json", NULL);
  g_assert_cmpstr (undone.out, ==, check.out);
  g_auto (FvTestCall) redo = fv_test_cli (NULL, "repair", project, "--redo", "--json", NULL);
  g_assert_cmpint (json_object_get_int_member (redo.json, "repaired"), ==, 1);
  g_auto (FvTestCall) nothing = fv_test_cli (NULL, "repair", project, "--redo", "--json", NULL);
  g_assert_cmpint (nothing.status, ==, 0);
  g_assert_cmpint (json_object_get_int_member (nothing.json, "repaired"), ==, 0);

  g_auto (FvTestCall) some = fv_test_cli (NULL, "check", project, "--sample", "4", "--json", NULL);
  g_assert_cmpint (json_array_get_length (json_object_get_array_member (some.json, "sample")), ==, 4);
  g_auto (FvTestCall) rate = fv_test_cli (NULL, "check", project, "--errors", "1", "--of", "4", "--json", NULL);
  g_assert_cmpfloat (json_object_get_double_member (rate.json, "rate"), ==, 0.25);
}

/* Out of a project, into another: the same numbers. */
static void
test_dataset_export (void)
{
  g_autofree char *project = fv_test_make_project ("exported", 4, 2, 1, 32);
  g_autofree char *output = g_build_filename (fv_test_folder (), "out", NULL);
  g_autofree char *other = g_build_filename (fv_test_folder (), "other", NULL);
  g_auto (FvTestCall) there = fv_test_cli (NULL, "stats", project, "--json", NULL);
  g_auto (FvTestCall) call
      = fv_test_cli (NULL, "dataset-export", project, "--format", "coco", "--output", output, "--json", NULL);
  g_assert_cmpint (call.status, ==, 0);
  g_assert_cmpint (json_object_get_int_member (call.json, "images"), ==, 7);
  g_assert_cmpint (json_object_get_int_member (call.json, "boxes"), ==,
                   json_object_get_int_member (there.json, "boxes"));
  g_assert_cmpint (json_object_get_int_member (call.json, "files"), ==, 7 + 3);

  g_auto (FvTestCall) again
      = fv_test_cli (NULL, "dataset-export", project, "--format", "voc", "--output", output, NULL);
  fv_test_call_assert_fails (&again, "not empty");
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", other, NULL);
  g_assert_cmpint (init.status, ==, 0);
  g_auto (FvTestCall) nothing = fv_test_cli (NULL, "dataset-export", other, "--format=voc", "--output=nowhere", NULL);
  fv_test_call_assert_fails (&nothing, "no pictures");
  g_auto (FvTestCall) back = fv_test_cli (NULL, "import", other, output, "--json", NULL);
  g_assert_cmpint (back.status, ==, 0);
  g_assert_cmpstr (json_object_get_string_member (back.json, "format"), ==, "coco");
  g_assert_cmpint (json_object_get_int_member (back.json, "boxes"), ==,
                   json_object_get_int_member (call.json, "boxes"));
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (back.json, "subsets"), "val"), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/e2e/cli/help", test_help);
  g_test_add_func ("/e2e/cli/wrong-usage", test_wrong_usage);
  g_test_add_func ("/e2e/cli/devices", test_devices);
  g_test_add_func ("/e2e/cli/no-driver", test_no_driver);
  g_test_add_func ("/e2e/cli/sample", test_sample);
  g_test_add_func ("/e2e/cli/dataset-export", test_dataset_export);
  g_test_add_func ("/e2e/cli/check-and-repair", test_check_and_repair);
  return g_test_run ();
}
