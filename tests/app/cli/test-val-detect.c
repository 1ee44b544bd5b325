/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-picture.h"
#include "app/exchange/fv-weights.h"
#include "app/project/fv-project.h"
#include "tests/fv-test-data.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>
#include <sys/wait.h>

/* What a call of fovea-cli left. */
typedef struct
{
  int status;
  char *out, *err;
  JsonParser *parser;
  JsonObject *result; /* NULL where stdout is not one JSON object */
} Call;

static void
call_clear (Call *call)
{
  g_free (call->out);
  g_free (call->err);
  g_clear_object (&call->parser);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)

/* Runs fovea-cli with the arguments up to NULL. @environment (nullable): one more variable, "NAME=VALUE". */
static Call
call_with (const char *environment, const char *first, va_list rest)
{
  Call call = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_ptr_array_add (argv, (char *)g_getenv ("FOVEA_CLI"));
  for (const char *arg = first; arg; arg = va_arg (rest, const char *))
    g_ptr_array_add (argv, (char *)arg);
  g_ptr_array_add (argv, NULL);
  g_auto (GStrv) env = g_get_environ ();
  if (environment)
    {
      g_auto (GStrv) parts = g_strsplit (environment, "=", 2);
      env = g_environ_setenv (env, parts[0], parts[1], TRUE);
    }
  int wait_status;
  g_spawn_sync (NULL, (char **)argv->pdata, env, G_SPAWN_DEFAULT, NULL, NULL, &call.out, &call.err, &wait_status,
                &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (wait_status));
  call.status = WEXITSTATUS (wait_status);
  call.parser = json_parser_new ();
  if (json_parser_load_from_data (call.parser, call.out, -1, NULL))
    {
      JsonNode *root = json_parser_get_root (call.parser);
      call.result = root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
    }
  if (*call.err)
    g_test_message ("%s", call.err);
  return call;
}

static Call G_GNUC_NULL_TERMINATED
call_cli (const char *first, ...)
{
  va_list rest;
  va_start (rest, first);
  const Call call = call_with (NULL, first, rest);
  va_end (rest);
  return call;
}

static Call G_GNUC_NULL_TERMINATED
call_without_driver (const char *first, ...)
{
  va_list rest;
  va_start (rest, first);
  const Call call = call_with ("VK_DRIVER_FILES=/nowhere/driver.json", first, rest);
  va_end (rest);
  return call;
}

static void
assert_one_sentence (const char *text)
{
  g_assert_cmpuint (strlen (text), >, 10);
  g_assert_true (strchr (text, '\n') == text + strlen (text) - 1);
}

static double
get_iou (const double a[4], const double b[4])
{
  const double width = MIN (a[2], b[2]) - MAX (a[0], b[0]), height = MIN (a[3], b[3]) - MAX (a[1], b[1]);
  if (width <= 0 || height <= 0)
    return 0;
  return width * height / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height);
}

/* Every box of the reference, and no other. */
static void
assert_same_detections (JsonObject *image, JsonObject *reference)
{
  JsonArray *found = json_object_get_array_member (image, "detections");
  JsonArray *wanted = json_object_get_array_member (reference, "detections");
  JsonArray *size = json_object_get_array_member (reference, "image_hw");
  g_assert_cmpint (json_object_get_int_member (image, "height"), ==, json_array_get_int_element (size, 0));
  g_assert_cmpint (json_object_get_int_member (image, "width"), ==, json_array_get_int_element (size, 1));
  g_assert_cmpuint (json_array_get_length (found), ==, json_array_get_length (wanted));
  for (guint i = 0; i < json_array_get_length (wanted); i++)
    {
      JsonObject *w = json_array_get_object_element (wanted, i);
      JsonArray *sides = json_object_get_array_member (w, "xyxy");
      double wanted_box[4], best = 0, best_confidence = 0;
      for (guint k = 0; k < 4; k++)
        wanted_box[k] = json_array_get_double_element (sides, k);
      for (guint j = 0; j < json_array_get_length (found); j++)
        {
          JsonObject *f = json_array_get_object_element (found, j);
          if (json_object_get_int_member (f, "class") != json_object_get_int_member (w, "cls"))
            continue;
          g_assert_cmpstr (json_object_get_string_member (f, "name"), ==, json_object_get_string_member (w, "name"));
          const double box[4] = { json_object_get_double_member (f, "x1"), json_object_get_double_member (f, "y1"),
                                  json_object_get_double_member (f, "x2"), json_object_get_double_member (f, "y2") };
          const double iou = get_iou (box, wanted_box);
          if (iou > best)
            {
              best = iou;
              best_confidence = json_object_get_double_member (f, "confidence");
            }
        }
      const double confidence = json_object_get_double_member (w, "conf");
      g_test_message ("%s: IoU %.4f, confidence %.4f for %.4f", json_object_get_string_member (w, "name"), best,
                      best_confidence, confidence);
      g_assert_cmpfloat (best, >=, 0.95);
      g_assert_cmpfloat_with_epsilon (best_confidence, confidence, 0.02);
    }
}

static void
test_detect_reference (void)
{
  const char *weights = fv_test_data ("weights/yolov5n.pt");
  const char *bus = fv_test_data ("images/bus.jpg"), *zidane = fv_test_data ("images/zidane.jpg");
  const char *reference = fv_test_data ("reference/detections_bus_zidane.json");
  if (!weights || !bus || !zidane || !reference)
    return;
  g_auto (Call) call = call_cli ("detect", "--json", "--weights", weights, bus, zidane, NULL);
  g_assert_cmpint (call.status, ==, 0);
  g_assert_nonnull (call.result);
  JsonArray *images = json_object_get_array_member (call.result, "images");
  g_assert_cmpuint (json_array_get_length (images), ==, 2);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_file (parser, reference, NULL));
  JsonObject *wanted = json_node_get_object (json_parser_get_root (parser));
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (images, 0), "file"), ==, bus);
  assert_same_detections (json_array_get_object_element (images, 0), json_object_get_object_member (wanted, "bus"));
  assert_same_detections (json_array_get_object_element (images, 1), json_object_get_object_member (wanted, "zidane"));
}

static const char *
copy_into (const char *folder, const char *name, const char *from, gsize at_most)
{
  g_autofree char *data = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (from, &data, &size, NULL));
  return fv_test_write_data (folder, name, data, MIN (size, at_most));
}

/* A folder with a damaged picture: the rest is done, boxes are drawn on copies, the originals stay as they are. */
static void
test_detect_folder (void)
{
  const char *weights = fv_test_data ("weights/yolov5n.pt"), *bus = fv_test_data ("images/bus.jpg");
  if (!weights || !bus)
    return;
  const char *folder = fv_test_folder ();
  const char *whole = copy_into (folder, "b.jpg", bus, G_MAXSIZE);
  const char *half = copy_into (folder, "a.jpg", bus, 50000);
  fv_test_write (folder, "notes.txt", "no picture");

  g_auto (Call) call
      = call_cli ("detect", "--json", "--imgsz", "320", "--weights", weights, "--save", folder, folder, NULL);
  g_assert_cmpint (call.status, ==, 1);
  assert_one_sentence (call.err);
  g_assert_nonnull (strstr (call.err, half));
  g_assert_nonnull (call.result);
  JsonArray *images = json_object_get_array_member (call.result, "images");
  JsonArray *errors = json_object_get_array_member (call.result, "errors");
  g_assert_cmpuint (json_array_get_length (images), ==, 1);
  g_assert_cmpuint (json_array_get_length (errors), ==, 1);
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (errors, 0), "file"), ==, half);

  const char *saved = json_object_get_string_member (json_array_get_object_element (images, 0), "saved");
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) drawn = fv_picture_load (saved, NULL, 0, FV_RESIZE_LINEAR, &error);
  g_assert_no_error (error);
  g_autoptr (FvPicture) original = fv_picture_load (bus, NULL, 0, FV_RESIZE_LINEAR, &error);
  g_assert_cmpuint (drawn->width, ==, original->width);
  g_assert_cmpuint (drawn->height, ==, original->height);
  g_assert_cmpstr (saved, !=, whole);
  guint n_changed = 0;
  for (guint y = 0; y < drawn->height; y++)
    for (guint x = 0; x < drawn->width; x++)
      n_changed += ABS (drawn->rgb[y * drawn->stride + 3 * x] - original->rgb[y * original->stride + 3 * x]) > 48;
  g_assert_cmpuint (n_changed, >, 1000);
  g_assert_cmpuint (n_changed, <, drawn->width * drawn->height / 4);

  g_autofree char *before = NULL, *after = NULL;
  gsize size_before, size_after;
  g_assert_true (g_file_get_contents (bus, &before, &size_before, NULL));
  g_assert_true (g_file_get_contents (whole, &after, &size_after, NULL));
  g_assert_cmpmem (before, size_before, after, size_after);
}

static void
test_detect_refusals (void)
{
  const char *weights = fv_test_data ("weights/yolov5n.pt"), *bus = fv_test_data ("images/bus.jpg");
  const char *other = fv_test_data ("weights/yolov5n-7-k5_NONSTANDARD.pt");
  if (!weights || !bus || !other)
    return;
  g_auto (Call) no_weights = call_cli ("detect", "--json", bus, NULL);
  g_assert_cmpint (no_weights.status, ==, 2);
  g_auto (Call) odd_conf = call_cli ("detect", "--weights", weights, "--conf", "1.5", bus, NULL);
  g_assert_cmpint (odd_conf.status, ==, 2);
  g_auto (Call) no_file = call_cli ("detect", "--weights", "/nowhere/w.pt", bus, NULL);
  g_assert_cmpint (no_file.status, ==, 1);
  assert_one_sentence (no_file.err);
  g_auto (Call) another = call_cli ("detect", "--weights", other, bus, NULL);
  g_assert_cmpint (another.status, ==, 1);
  g_assert_nonnull (strstr (another.err, "model."));
  g_auto (Call) no_picture = call_cli ("detect", "--json", "--weights", weights, "/nowhere/p.jpg", NULL);
  g_assert_cmpint (no_picture.status, ==, 1);
  g_assert_nonnull (no_picture.result);
  g_auto (Call) no_driver = call_without_driver ("detect", "--json", "--weights", weights, bus, NULL);
  g_assert_cmpint (no_driver.status, ==, 1);
  g_assert_cmpstr (no_driver.out, ==, "");
  g_assert_nonnull (strstr (no_driver.err, "Vulkan"));
}

/* A project with a data set imported: (transfer none). */
static const char *
make_project (const char *source)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  g_auto (Call) init = call_cli ("init", path, NULL);
  g_assert_cmpint (init.status, ==, 0);
  g_auto (Call) import = call_cli ("import", "--json", path, source, NULL);
  g_assert_cmpint (import.status, ==, 0);
  return g_intern_string (path);
}

static double
get_number (const Call *call, const char *name)
{
  g_assert_true (json_object_has_member (call->result, name));
  return json_object_get_double_member (call->result, name);
}

/* v7.0's own numbers for the same weights, pictures and geometry. */
static void
test_val_reference (void)
{
  const char *weights = fv_test_data ("weights/yolov5n.pt"), *source = fv_test_data ("datasets/coco128");
  const char *map_path = fv_test_data ("reference/val128_map.json");
  if (!weights || !source || !map_path)
    return;
  const char *project = make_project (source);
  g_auto (Call) call = call_cli ("val", project, "--json", "--weights", weights, "--imgsz", "640", NULL);
  g_assert_cmpint (call.status, ==, 0);
  g_assert_nonnull (call.result);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_file (parser, map_path, NULL));
  JsonObject *wanted
      = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), "v7_val_square_640_pad0");
  g_test_message ("mAP50 %.5f, mAP50-95 %.5f, P %.4f, R %.4f, %.1f s", get_number (&call, "map50"),
                  get_number (&call, "map"), get_number (&call, "precision"), get_number (&call, "recall"),
                  get_number (&call, "seconds"));
  g_assert_cmpint (json_object_get_int_member (call.result, "images"), ==, 128);
  g_assert_cmpint (json_object_get_int_member (call.result, "instances"), ==, 898);
  g_assert_cmpfloat_with_epsilon (get_number (&call, "map50"), json_object_get_double_member (wanted, "mAP50"), 0.001);
  g_assert_cmpfloat_with_epsilon (get_number (&call, "map"), json_object_get_double_member (wanted, "mAP50_95"), 0.001);

  JsonObject *coco = json_object_get_object_member (call.result, "coco");
  const char *names[] = { "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const double value = json_object_get_double_member (coco, names[i]);
      g_assert_true (value > 0 && value < 1);
    }
  /* The two definitions differ by little. */
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (coco, "AP"), get_number (&call, "map"), 0.01);
  JsonArray *classes = json_object_get_array_member (call.result, "per_class");
  gint64 n_instances = 0;
  for (guint i = 0; i < json_array_get_length (classes); i++)
    n_instances += json_object_get_int_member (json_array_get_object_element (classes, i), "instances");
  g_assert_cmpint (n_instances, ==, 898);

  /* Rectangular inputs: another geometry, nearly the same numbers. */
  g_auto (Call) rect = call_cli ("val", project, "--json", "--weights", weights, "--imgsz", "320", "--rect", NULL);
  g_auto (Call) square = call_cli ("val", project, "--json", "--weights", weights, "--imgsz", "320", NULL);
  g_assert_cmpint (rect.status, ==, 0);
  g_assert_cmpint (square.status, ==, 0);
  g_test_message ("320: square %.4f, rectangular %.4f", get_number (&square, "map50"), get_number (&rect, "map50"));
  g_assert_cmpint (json_object_get_int_member (rect.result, "images"), ==, 128);
  g_assert_cmpfloat_with_epsilon (get_number (&rect, "map50"), get_number (&square, "map50"), 0.03);
}

/* A project with zidane.jpg to train on and bus.jpg to validate with; the truth is what the weights find (detections_bus_zidane.json). Its three
 * classes are some of the 80 of the weights, in another order. @names: a list in YAML. */
static const char *
make_small_project (const char *folder, const char *names)
{
  copy_into (folder, "images/val/bus.jpg", fv_test_data ("images/bus.jpg"), G_MAXSIZE);
  copy_into (folder, "images/train/zidane.jpg", fv_test_data ("images/zidane.jpg"), G_MAXSIZE);
  /* In parts of 810 x 1080. */
  fv_test_write (folder, "labels/val/bus.txt",
                 "0 0.511528 0.466910 0.966347 0.511628\n"
                 "2 0.164218 0.595858 0.192106 0.455291\n"
                 "2 0.921817 0.577788 0.156366 0.475573\n"
                 "2 0.346904 0.589592 0.159509 0.421992\n"
                 "2 0.044393 0.678338 0.088787 0.296270\n");
  g_autofree char *yaml = g_strdup_printf ("path: .\ntrain: images/train\nval: images/val\nnames: %s\n", names);
  fv_test_write (folder, "data.yaml", yaml);
  return make_project (folder);
}

static gboolean
has_small_data (void)
{
  return fv_test_data ("weights/yolov5n.pt") && fv_test_data ("images/bus.jpg") && fv_test_data ("images/zidane.jpg");
}

static void
test_val_classes_by_name (void)
{
  if (!has_small_data ())
    return;
  const char *weights = fv_test_data ("weights/yolov5n.pt");
  const char *project = make_small_project (fv_test_folder (), "[bus, tie, person]");
  g_auto (Call) call = call_cli ("val", project, "--json", "--weights", weights, "--imgsz", "640", "--rect", NULL);
  g_assert_cmpint (call.status, ==, 0);
  g_test_message ("mAP50 %.4f, mAP50-95 %.4f", get_number (&call, "map50"), get_number (&call, "map"));
  g_assert_cmpfloat (get_number (&call, "map50"), >, 0.98);
  g_assert_cmpfloat (get_number (&call, "map"), >, 0.9);
  JsonArray *classes = json_object_get_array_member (call.result, "per_class");
  g_assert_cmpuint (json_array_get_length (classes), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (classes, 1), "name"), ==, "person");

  const char *unknown = make_small_project (fv_test_folder (), "[bus, tie, astronaut]");
  g_auto (Call) refused = call_cli ("val", unknown, "--weights", weights, NULL);
  g_assert_cmpint (refused.status, ==, 1);
  g_assert_nonnull (strstr (refused.err, "astronaut"));
  assert_one_sentence (refused.err);
}

/* A picture that was damaged after its import is named and left out; where none is left that is an error. */
static void
test_val_damaged_picture (void)
{
  if (!has_small_data ())
    return;
  const char *weights = fv_test_data ("weights/yolov5n.pt"), *bus = fv_test_data ("images/bus.jpg");
  const char *folder = fv_test_folder ();
  copy_into (folder, "images/val/damaged.jpg", bus, G_MAXSIZE);
  fv_test_write (folder, "labels/val/damaged.txt", "0 0.5 0.5 0.5 0.5\n");
  const char *project = make_small_project (folder, "[bus, tie, person]");
  copy_into (folder, "images/val/damaged.jpg", bus, 30000);

  g_auto (Call) call = call_cli ("val", project, "--json", "--weights", weights, "--imgsz", "160", NULL);
  g_assert_cmpint (call.status, ==, 0);
  g_assert_nonnull (strstr (call.err, "damaged.jpg"));
  g_assert_cmpint (json_object_get_int_member (call.result, "images"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (call.result, "instances"), ==, 5);
  g_assert_cmpint (json_object_get_int_member (call.result, "unreadable"), ==, 1);

  copy_into (folder, "images/val/bus.jpg", bus, 30000);
  g_auto (Call) none = call_cli ("val", project, "--json", "--weights", weights, "--imgsz", "160", NULL);
  g_assert_cmpint (none.status, ==, 1);
  g_assert_cmpstr (none.out, ==, "");
}

/* The weights of a run, and a warning where the run knows the answers. */
static void
test_val_run (void)
{
  if (!has_small_data ())
    return;
  const char *project = make_small_project (fv_test_folder (), "[bus, tie, person]");
  g_autoptr (GError) error = NULL;
  g_autoptr (FvWeights) weights = fv_weights_load (fv_test_data ("weights/yolov5n.pt"), &error);
  g_assert_no_error (error);
  g_autoptr (FvLayout) layout = fv_yolov5_layout_new (&weights->config);
  g_autofree float *parameters = g_new0 (float, fv_layout_get_parameter_floats (layout));
  g_autofree float *statistics = g_new0 (float, fv_layout_get_statistics_floats (layout));
  g_assert_true (fv_weights_apply (weights, &weights->config, layout, 0, parameters, statistics, NULL, NULL, &error));
  g_autofree char *best = g_build_filename (project, "runs", "1", "best.safetensors", NULL);
  g_autofree char *data = g_build_filename (project, "runs", "1", "data.json", NULL);
  g_autofree char *run = g_path_get_dirname (best);
  g_assert_cmpint (g_mkdir_with_parents (run, 0700), ==, 0);
  fv_weights_save (best, &weights->config, weights->class_names, 160, layout, parameters, statistics, NULL, 0, &error);
  g_assert_no_error (error);

  g_autoptr (FvProject) opened = fv_project_open (project, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (opened, &error);
  g_assert_true (fv_dataset_save (dataset, data, &error));
  g_auto (Call) honest = call_cli ("val", project, "--json", "--run", "1", NULL);
  g_assert_cmpint (honest.status, ==, 0);
  g_assert_null (strstr (honest.err, "trained on"));
  g_assert_cmpint (json_object_get_int_member (honest.result, "instances"), ==, 5);

  for (guint i = 0; i < dataset->items->len; i++)
    fv_dataset_get (dataset, i)->subset = FV_SUBSET_TRAIN;
  g_assert_true (fv_dataset_save (dataset, data, &error));
  g_auto (Call) seen = call_cli ("val", project, "--json", "--run", "1", NULL);
  g_assert_cmpint (seen.status, ==, 0);
  g_assert_nonnull (strstr (seen.err, "trained on 1 of these 1 pictures"));
  g_assert_cmpfloat (get_number (&seen, "map"), ==, get_number (&honest, "map"));
}

static void
test_val_refusals (void)
{
  if (!has_small_data ())
    return;
  const char *weights = fv_test_data ("weights/yolov5n.pt");
  const char *project = make_small_project (fv_test_folder (), "[bus, tie, person]");
  g_auto (Call) neither = call_cli ("val", project, NULL);
  g_assert_cmpint (neither.status, ==, 2);
  g_auto (Call) both = call_cli ("val", project, "--weights", weights, "--run", "1", NULL);
  g_assert_cmpint (both.status, ==, 2);
  g_auto (Call) subset = call_cli ("val", project, "--weights", weights, "--subset", "odd", NULL);
  g_assert_cmpint (subset.status, ==, 2);
  g_auto (Call) no_run = call_cli ("val", project, "--run", "7", NULL);
  g_assert_cmpint (no_run.status, ==, 1);
  assert_one_sentence (no_run.err);
  g_auto (Call) no_project = call_cli ("val", "/nowhere", "--weights", weights, NULL);
  g_assert_cmpint (no_project.status, ==, 1);
  assert_one_sentence (no_project.err);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/detect/reference", test_detect_reference);
  g_test_add_func ("/cli/detect/folder", test_detect_folder);
  g_test_add_func ("/cli/detect/refusals", test_detect_refusals);
  g_test_add_func ("/cli/val/reference", test_val_reference);
  g_test_add_func ("/cli/val/classes-by-name", test_val_classes_by_name);
  g_test_add_func ("/cli/val/damaged-picture", test_val_damaged_picture);
  g_test_add_func ("/cli/val/run", test_val_run);
  g_test_add_func ("/cli/val/refusals", test_val_refusals);
  return g_test_run ();
}
