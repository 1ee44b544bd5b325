/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluation/fv-nms.h"
#include "app/exchange/fv-tensor-file.h"
#include "tests/fv-test-data.h"

#include <json-glib/json-glib.h>
#include <math.h>

#define N_CLASSES 2
#define ROW(cx, cy, w, h, obj, a, b) cx, cy, w, h, obj, a, b

static const FvDetection *
nth (GArray *detections, guint i)
{
  return &g_array_index (detections, FvDetection, i);
}

/* bus.jpg: v7.0's own decoded rows in, v7.0's own boxes out. */
static void
test_bus (void)
{
  const char *rows_path = fv_test_data ("reference/forward_bus.safetensors");
  const char *boxes_path = fv_test_data ("reference/detections_bus_zidane.json");
  if (!rows_path || !boxes_path)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTensorFile) file = fv_tensor_file_open (rows_path, &error);
  g_assert_no_error (error);
  const FvTensorView *view = fv_tensor_file_lookup (file, "decoded");
  g_assert_cmpint (view->dims[2], ==, 85);
  g_autofree float *rows = g_new (float, fv_tensor_view_n_values (view));
  g_assert_true (fv_tensor_view_to_f32 (view, rows, &error));

  g_autoptr (GArray) found = fv_nms (rows, view->dims[1], 80, &(FvNmsParams){ 0 });

  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_file (parser, boxes_path, &error));
  JsonObject *bus = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), "bus");
  JsonArray *wanted = json_object_get_array_member (bus, "detections");
  g_assert_cmpuint (found->len, ==, json_array_get_length (wanted));
  for (guint i = 0; i < found->len; i++)
    {
      JsonObject *object = json_array_get_object_element (wanted, i);
      JsonArray *box = json_object_get_array_member (object, "xyxy_net");
      const FvDetection *d = nth (found, i);
      const float sides[] = { d->x1, d->y1, d->x2, d->y2 };
      g_assert_cmpuint (d->class_id, ==, json_object_get_int_member (object, "cls"));
      g_assert_cmpfloat ((double)d->confidence, ==, json_object_get_double_member (object, "conf"));
      for (guint k = 0; k < 4; k++)
        g_assert_cmpfloat ((double)sides[k], ==, json_array_get_double_element (box, k));
    }
}

static void
test_labels (void)
{
  const float rows[] = { ROW (10, 10, 4, 4, 0.5f, 0.8f, 0.9f), ROW (50, 50, 4, 4, 0.2f, 1, 1) };
  g_autoptr (GArray) single = fv_nms (rows, 2, N_CLASSES, &(FvNmsParams){ 0 });
  g_assert_cmpuint (single->len, ==, 1);
  g_assert_cmpuint (nth (single, 0)->class_id, ==, 1);
  g_assert_cmpfloat (nth (single, 0)->confidence, ==, 0.5f * 0.9f);
  g_assert_cmpfloat (nth (single, 0)->x1, ==, 8);
  g_assert_cmpfloat (nth (single, 0)->y2, ==, 12);

  g_autoptr (GArray) multi = fv_nms (rows, 2, N_CLASSES, &(FvNmsParams){ .multi_label = TRUE });
  g_assert_cmpuint (multi->len, ==, 2);
  g_assert_cmpuint (nth (multi, 0)->class_id, ==, 1);
  g_assert_cmpuint (nth (multi, 1)->class_id, ==, 0);
}

static void
test_suppression (void)
{
  /* Equal boxes of two classes stay; of one class the more confident. An IoU of exactly the threshold stays too. */
  const float rows[] = {
    ROW (10, 10, 4, 4, 1, 0.8f, 0), ROW (10, 10, 4, 4, 1, 0, 0.7f), ROW (10, 10, 4, 4, 1, 0.9f, 0),
    ROW (10, 12, 4, 4, 1, 0.6f, 0), /* IoU 1/3 with the others of class 0 */
  };
  g_autoptr (GArray) found = fv_nms (rows, 4, N_CLASSES, &(FvNmsParams){ .iou = (double)(8.f / 24.f) });
  g_assert_cmpuint (found->len, ==, 3);
  g_assert_cmpfloat (nth (found, 0)->confidence, ==, 0.9f);
  g_assert_cmpfloat (nth (found, 1)->confidence, ==, 0.7f);
  g_assert_cmpfloat (nth (found, 2)->confidence, ==, 0.6f);

  g_autoptr (GArray) fewer = fv_nms (rows, 4, N_CLASSES, &(FvNmsParams){ .iou = 0.33 });
  g_assert_cmpuint (fewer->len, ==, 2);
}

static void
test_limits (void)
{
  g_autofree float *rows = g_new0 (float, 100 * 7);
  for (guint i = 0; i < 100; i++)
    {
      const float row[] = { ROW (i * 10, 5, 4, 4, 1, i == 77 ? 0.9f : 0.5f, 0) };
      memcpy (rows + i * 7, row, sizeof row);
    }
  g_autoptr (GArray) few = fv_nms (rows, 100, N_CLASSES, &(FvNmsParams){ .max_det = 3 });
  g_assert_cmpuint (few->len, ==, 3);
  g_assert_cmpfloat (nth (few, 0)->confidence, ==, 0.9f);
  /* Equal confidences keep the order of the rows. */
  g_assert_cmpfloat (nth (few, 1)->x1, ==, -2);
  g_assert_cmpfloat (nth (few, 2)->x1, ==, 8);

  g_autoptr (GArray) candidates = fv_nms (rows, 100, N_CLASSES, &(FvNmsParams){ .max_nms = 7 });
  g_assert_cmpuint (candidates->len, ==, 7);
}

static void
test_odd_values (void)
{
  const float rows[] = {
    ROW (NAN, 10, 4, 4, 1, 1, 0),  ROW (10, 10, INFINITY, 4, 1, 1, 0), ROW (10, 10, 4, 4, NAN, 1, 0),
    ROW (10, 10, 4, 4, 1, NAN, 0), ROW (10, 10, 0, 0, 1, 1, 0),
  };
  g_autoptr (GArray) found = fv_nms (rows, 5, N_CLASSES, &(FvNmsParams){ 0 });
  g_assert_cmpuint (found->len, ==, 1);
  g_assert_cmpfloat (nth (found, 0)->x1, ==, 10);

  g_autoptr (GArray) none = fv_nms (NULL, 0, N_CLASSES, &(FvNmsParams){ 0 });
  g_assert_cmpuint (none->len, ==, 0);

  /* One class: multi_label has no meaning, and the class still counts. */
  const float one[] = { 10, 10, 4, 4, 0.5f, 0.8f };
  g_autoptr (GArray) single = fv_nms (one, 1, 1, &(FvNmsParams){ .multi_label = TRUE });
  g_assert_cmpuint (single->len, ==, 1);
  g_assert_cmpfloat (nth (single, 0)->confidence, ==, 0.5f * 0.8f);
}

/* A network that knows nothing yet: every box a candidate of every class. The work must stay bounded. */
static void
test_worst_case (void)
{
  const guint n_rows = 25200, n_classes = 80;
  g_autofree float *rows = g_new (float, (gsize)n_rows *(5 + n_classes));
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  for (guint i = 0; i < n_rows; i++)
    {
      float *row = rows + (gsize)i * (5 + n_classes);
      for (guint k = 0; k < 5 + n_classes; k++)
        row[k] = k < 4 ? g_rand_double_range (random, 0, 640) : g_rand_double_range (random, 0.1, 1);
    }
  const gint64 start = g_get_monotonic_time ();
  g_autoptr (GArray) found = fv_nms (rows, n_rows, n_classes,
                                     &(FvNmsParams){ .conf = 0.001, .iou = 0.6, .multi_label = TRUE, .max_det = 300 });
  g_test_message ("two million candidates: %.1f ms", (g_get_monotonic_time () - start) / 1e3);
  g_assert_cmpuint (found->len, ==, 300);
  for (guint i = 1; i < found->len; i++)
    g_assert_cmpfloat (nth (found, i - 1)->confidence, >=, nth (found, i)->confidence);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evaluation/nms/bus", test_bus);
  g_test_add_func ("/evaluation/nms/labels", test_labels);
  g_test_add_func ("/evaluation/nms/suppression", test_suppression);
  g_test_add_func ("/evaluation/nms/limits", test_limits);
  g_test_add_func ("/evaluation/nms/odd-values", test_odd_values);
  g_test_add_func ("/evaluation/nms/worst-case", test_worst_case);
  return g_test_run ();
}
