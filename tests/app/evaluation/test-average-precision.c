/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluation/fv-evaluator.h"
#include "app/exchange/fv-tensor-file.h"
#include "tests/fv-test-data.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define N_CLASSES 80
#define assert_near(a, b, tolerance) g_assert_cmpfloat_with_epsilon (a, b, tolerance)

/* Members of val128_map.json by path. */
static JsonObject *
get_object (JsonParser *parser, const char *name)
{
  return json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), name);
}

static JsonParser *
parse (const char *path)
{
  g_autoptr (GError) error = NULL;
  JsonParser *parser = json_parser_new ();
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return parser;
}

static void
assert_coco (const FvCocoSummary *summary, JsonObject *wanted, double tolerance)
{
  const double values[]
      = { summary->ap,  summary->ap50, summary->ap75,  summary->ap_small, summary->ap_medium, summary->ap_large,
          summary->ar1, summary->ar10, summary->ar100, summary->ar_small, summary->ar_medium, summary->ar_large };
  const char *names[] = { "AP",   "AP50",  "AP75",   "AP_small", "AP_medium", "AP_large",
                          "AR_1", "AR_10", "AR_100", "AR_small", "AR_medium", "AR_large" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_test_message ("%s %.9f", names[i], values[i]);
      assert_near (values[i], json_object_get_double_member (wanted, names[i]), tolerance);
    }
}

static FvTruth
get_truth (const float *row)
{
  return (FvTruth){ .x1 = row[1], .y1 = row[2], .x2 = row[3], .y2 = row[4], .class_id = row[0] };
}

static FvDetection
get_detection (const float *row)
{
  return (FvDetection){ row[0], row[1], row[2], row[3], row[4], row[5] };
}

/* (transfer full): a copy, since tensors in a file may be unaligned. */
static void *
copy_tensor (FvTensorFile *file, const char *name, guint *n)
{
  const FvTensorView *view = fv_tensor_file_lookup (file, name);
  g_assert_nonnull (view);
  *n = view->dims[0];
  return g_memdup2 (view->data, view->n_bytes);
}

static void
assert_v7_numbers (const FvEvaluation *evaluation, JsonObject *wanted)
{
  g_test_message ("mAP50 %.9f mAP50-95 %.9f P %.9f R %.9f", evaluation->map50, evaluation->map, evaluation->precision,
                  evaluation->recall);
  assert_near (evaluation->map50, json_object_get_double_member (wanted, "mAP50"), 1e-9);
  assert_near (evaluation->map, json_object_get_double_member (wanted, "mAP50_95"), 1e-9);
  assert_near (evaluation->precision, json_object_get_double_member (wanted, "P"), 1e-9);
  assert_near (evaluation->recall, json_object_get_double_member (wanted, "R"), 1e-9);
  g_assert_cmpuint (evaluation->n_pictures, ==, 128);
  g_assert_cmpuint (evaluation->n_instances, ==, 898);
  g_assert_cmpuint (evaluation->n_detections, ==, 29606);

  JsonObject *classes = json_object_get_object_member (wanted, "classes");
  guint n_present = 0;
  for (guint c = 0; c < N_CLASSES; c++)
    {
      const FvClassEvaluation *class = &evaluation->classes[c];
      g_autofree char *key = g_strdup_printf ("%u", c);
      g_assert_cmpint (json_object_has_member (classes, key), ==, class->n_instances > 0);
      if (!class->n_instances)
        continue;
      n_present++;
      JsonObject *object = json_object_get_object_member (classes, key);
      JsonArray *by_iou = json_object_get_array_member (object, "AP_per_iou");
      g_assert_cmpuint (class->n_instances, ==, json_object_get_int_member (object, "instances"));
      assert_near (class->precision, json_object_get_double_member (object, "P"), 1e-9);
      assert_near (class->recall, json_object_get_double_member (object, "R"), 1e-9);
      assert_near (class->ap50, json_object_get_double_member (object, "AP50"), 1e-9);
      assert_near (class->ap, json_object_get_double_member (object, "AP50_95"), 1e-9);
      for (guint i = 0; i < FV_N_IOUS; i++)
        assert_near (class->ap_by_iou[i], json_array_get_double_element (by_iou, i), 1e-9);
    }
  g_assert_cmpuint (n_present, ==, json_object_get_size (classes));
}

/* v7.0's own detections and labels in: its true positives bit for bit, its numbers. */
static void
test_v7_reference (void)
{
  const char *path = fv_test_data ("reference/val128_detections.safetensors");
  const char *map_path = fv_test_data ("reference/val128_map.json");
  if (!path || !map_path)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTensorFile) file = fv_tensor_file_open (path, &error);
  g_assert_no_error (error);
  guint n_rows, n_truth_rows;
  g_autofree gint64 *ids = copy_tensor (file, "image_id", &n_rows);
  g_autofree float *rows = copy_tensor (file, "xyxy_conf_cls", &n_rows);
  g_autofree guint8 *correct = copy_tensor (file, "correct", &n_rows);
  g_autofree gint64 *truth_ids = copy_tensor (file, "gt_image_id", &n_truth_rows);
  g_autofree float *truth_rows = copy_tensor (file, "gt_cls_xyxy", &n_truth_rows);

  g_autoptr (FvEvaluator) evaluator = fv_evaluator_new (N_CLASSES);
  guint n_pictures = 0, n_truths_used = 0;
  for (guint first = 0; first < n_rows; n_pictures++)
    {
      g_autoptr (GArray) detections = g_array_new (FALSE, FALSE, sizeof (FvDetection));
      g_autoptr (GArray) truths = g_array_new (FALSE, FALSE, sizeof (FvTruth));
      guint next = first;
      for (; next < n_rows && ids[next] == ids[first]; next++)
        {
          const FvDetection detection = get_detection (rows + 6 * next);
          g_array_append_val (detections, detection);
        }
      for (guint i = 0; i < n_truth_rows; i++)
        if (truth_ids[i] == ids[first])
          {
            const FvTruth truth = get_truth (truth_rows + 5 * i);
            g_array_append_val (truths, truth);
          }
      g_autofree guint16 *matched = g_new (guint16, detections->len);
      const FvDetection *d = (const FvDetection *)(void *)detections->data;
      const FvTruth *t = (const FvTruth *)(void *)truths->data;
      fv_match_v7 (d, detections->len, t, truths->len, matched);
      for (guint i = first; i < next; i++)
        for (guint k = 0; k < FV_N_IOUS; k++)
          g_assert_cmpuint ((matched[i - first] >> k) & 1, ==, correct[i * FV_N_IOUS + k]);
      fv_evaluator_add (evaluator, d, detections->len, t, truths->len);
      n_truths_used += truths->len;
      first = next;
    }
  /* Each of the pictures has detections, so no label was left behind. */
  g_assert_cmpuint (n_truths_used, ==, n_truth_rows);

  g_autoptr (FvEvaluation) evaluation = fv_evaluator_finish (evaluator);
  g_autoptr (JsonParser) parser = parse (map_path);
  assert_v7_numbers (evaluation, get_object (parser, "v7_val_batch32_default"));
}

/* A picture of the COCO files. */
typedef struct
{
  gint64 id;
  GArray *detections, *truths;
} CocoPicture;

static void
clear_picture (void *data)
{
  CocoPicture *picture = data;
  g_array_unref (picture->detections);
  g_array_unref (picture->truths);
}

static int
by_id (const void *a, const void *b)
{
  const CocoPicture *i = a, *j = b;
  return i->id < j->id ? -1 : i->id > j->id;
}

static CocoPicture *
find_picture (GArray *pictures, gint64 id)
{
  guint index;
  g_assert_true (g_array_binary_search (pictures, &(CocoPicture){ .id = id }, by_id, &index));
  return &g_array_index (pictures, CocoPicture, index);
}

static void
read_box (JsonObject *object, double box[4])
{
  JsonArray *array = json_object_get_array_member (object, "bbox");
  for (guint i = 0; i < 4; i++)
    box[i] = json_array_get_double_element (array, i);
}

static GArray *
read_coco (const char *truth_path, const char *detection_path)
{
  GArray *pictures = g_array_new (FALSE, FALSE, sizeof (CocoPicture));
  g_array_set_clear_func (pictures, clear_picture);
  g_autoptr (JsonParser) parser = parse (truth_path);
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  JsonArray *images = json_object_get_array_member (root, "images");
  for (guint i = 0; i < json_array_get_length (images); i++)
    {
      const CocoPicture picture
          = { json_object_get_int_member (json_array_get_object_element (images, i), "id"),
              g_array_new (FALSE, FALSE, sizeof (FvCocoDetection)), g_array_new (FALSE, FALSE, sizeof (FvTruth)) };
      g_array_append_val (pictures, picture);
    }
  g_array_sort (pictures, by_id);
  JsonArray *annotations = json_object_get_array_member (root, "annotations");
  for (guint i = 0; i < json_array_get_length (annotations); i++)
    {
      JsonObject *object = json_array_get_object_element (annotations, i);
      double box[4];
      read_box (object, box);
      const FvTruth truth = { .x1 = box[0],
                              .y1 = box[1],
                              .x2 = box[0] + box[2],
                              .y2 = box[1] + box[3],
                              .area = json_object_get_double_member (object, "area"),
                              .class_id = json_object_get_int_member (object, "category_id"),
                              .crowd = json_object_get_int_member (object, "iscrowd") };
      g_array_append_val (find_picture (pictures, json_object_get_int_member (object, "image_id"))->truths, truth);
    }
  g_autoptr (JsonParser) found = parse (detection_path);
  JsonArray *detections = json_node_get_array (json_parser_get_root (found));
  for (guint i = 0; i < json_array_get_length (detections); i++)
    {
      JsonObject *object = json_array_get_object_element (detections, i);
      double box[4];
      read_box (object, box);
      const FvCocoDetection detection = { .x = box[0],
                                          .y = box[1],
                                          .width = box[2],
                                          .height = box[3],
                                          .score = json_object_get_double_member (object, "score"),
                                          .class_id = json_object_get_int_member (object, "category_id") };
      g_array_append_val (find_picture (pictures, json_object_get_int_member (object, "image_id"))->detections,
                          detection);
    }
  return pictures;
}

/* pycocotools' twelve numbers from the same two files, overall and per class. */
static void
test_coco_reference (void)
{
  const char *truth_path = fv_test_data ("reference/val128_gt_coco.json");
  const char *detection_path = fv_test_data ("reference/val128_detections_coco.json");
  const char *map_path = fv_test_data ("reference/val128_map.json");
  if (!truth_path || !detection_path || !map_path)
    return;
  g_autoptr (GArray) pictures = read_coco (truth_path, detection_path);
  g_autoptr (GArray) matches = g_array_new (FALSE, FALSE, sizeof (FvCocoMatch));
  guint n_truths[N_CLASSES][FV_N_COCO_AREAS] = { 0 };
  for (guint i = 0; i < pictures->len; i++)
    {
      const CocoPicture *picture = &g_array_index (pictures, CocoPicture, i);
      fv_match_coco ((const FvCocoDetection *)(void *)picture->detections->data, picture->detections->len,
                     (const FvTruth *)(void *)picture->truths->data, picture->truths->len, N_CLASSES, matches,
                     n_truths);
    }
  FvCocoSummary summary;
  FvCocoClass classes[N_CLASSES];
  fv_ap_coco ((FvCocoMatch *)(void *)matches->data, matches->len, (const guint (*)[FV_N_COCO_AREAS])n_truths, N_CLASSES,
              classes, &summary);

  g_autoptr (JsonParser) parser = parse (map_path);
  assert_coco (&summary, get_object (parser, "pycocotools_batch32"), 1e-9);
  JsonObject *per_class = get_object (parser, "pycocotools_batch32_per_class");
  for (guint c = 0; c < N_CLASSES; c++)
    {
      g_autofree char *key = g_strdup_printf ("%u", c);
      if (!json_object_has_member (per_class, key))
        {
          g_assert_cmpfloat (classes[c].ap, ==, -1);
          continue;
        }
      JsonObject *wanted = json_object_get_object_member (per_class, key);
      assert_near (classes[c].ap, json_object_get_double_member (wanted, "AP"), 1e-9);
      assert_near (classes[c].ap50, json_object_get_double_member (wanted, "AP50"), 1e-9);
    }
}

static const FvTruth one_truth = { .x1 = 0, .y1 = 0, .x2 = 10, .y2 = 10, .class_id = 0 };

static void
test_nothing (void)
{
  g_autoptr (FvEvaluator) evaluator = fv_evaluator_new (2);
  g_autoptr (FvEvaluation) none = fv_evaluator_finish (evaluator);
  g_assert_cmpuint (none->n_pictures, ==, 0);
  g_assert_cmpfloat (none->map, ==, 0);
  g_assert_cmpfloat (none->coco.ap, ==, -1);

  /* A background with a false alarm: still nothing to find. */
  const FvDetection wrong = { 0, 0, 10, 10, 0.5f, 1 };
  fv_evaluator_add (evaluator, &wrong, 1, NULL, 0);
  g_autoptr (FvEvaluation) background = fv_evaluator_finish (evaluator);
  g_assert_cmpuint (background->n_pictures, ==, 1);
  g_assert_cmpuint (background->n_detections, ==, 1);
  g_assert_cmpfloat (background->map, ==, 0);
  g_assert_cmpfloat (background->coco.ar100, ==, -1);

  /* A true box and nothing found for it. */
  fv_evaluator_add (evaluator, NULL, 0, &one_truth, 1);
  g_autoptr (FvEvaluation) missed = fv_evaluator_finish (evaluator);
  g_assert_cmpuint (missed->n_instances, ==, 1);
  g_assert_cmpuint (missed->classes[0].n_pictures, ==, 1);
  g_assert_cmpfloat (missed->map50, ==, 0);
  g_assert_cmpfloat (missed->recall, ==, 0);
  g_assert_cmpfloat (missed->precision, ==, 0);
  g_assert_cmpfloat (missed->coco.ap, ==, 0);
  g_assert_cmpfloat (missed->coco.ap_large, ==, -1);
  g_assert_cmpfloat (missed->classes[1].coco_ap, ==, -1);
}

static void
test_perfect (void)
{
  g_autoptr (FvEvaluator) evaluator = fv_evaluator_new (3);
  const FvTruth truths[] = { one_truth, { .x1 = 100, .y1 = 100, .x2 = 300, .y2 = 300, .class_id = 2 } };
  const FvDetection detections[] = { { 0, 0, 10, 10, 0.9f, 0 }, { 100, 100, 300, 300, 0.9f, 2 } };
  fv_evaluator_add (evaluator, detections, 2, truths, 2);
  g_autoptr (FvEvaluation) evaluation = fv_evaluator_finish (evaluator);
  /* v7.0's curve falls from (1, 1) to its sentinel (1, 0): a perfect class has AP 0.995. */
  assert_near (evaluation->map50, 0.995, 1e-12);
  assert_near (evaluation->map, 0.995, 1e-12);
  assert_near (evaluation->precision, 1, 1e-12);
  assert_near (evaluation->recall, 1, 1e-12);
  assert_near (evaluation->coco.ap, 1, 1e-12);
  assert_near (evaluation->coco.ap_small, 1, 1e-12);
  assert_near (evaluation->coco.ap_large, 1, 1e-12);
  g_assert_cmpfloat (evaluation->coco.ap_medium, ==, -1);
  g_assert_cmpuint (evaluation->classes[1].n_instances, ==, 0);
  g_assert_cmpfloat (evaluation->classes[1].ap, ==, 0);
}

/* One confidence for all: the order of the pictures decides, and the result is the same each time. */
static void
test_equal_confidences (void)
{
  const FvDetection right = { 0, 0, 10, 10, 0.5f, 0 }, wrong = { 50, 50, 60, 60, 0.5f, 0 };
  g_autoptr (FvEvaluator) evaluator = fv_evaluator_new (1);
  fv_evaluator_add (evaluator, &right, 1, &one_truth, 1);
  fv_evaluator_add (evaluator, &wrong, 1, &one_truth, 1);
  g_autoptr (FvEvaluation) evaluation = fv_evaluator_finish (evaluator);
  /* COCO: precision 1 up to recall 0.5, nothing beyond: 51 of 101 points. */
  assert_near (evaluation->coco.ap, 51 / 101., 1e-12);
  assert_near (evaluation->classes[0].coco_ap50, 51 / 101., 1e-12);
  g_assert_cmpuint (evaluation->n_detections, ==, 2);
  g_autoptr (FvEvaluation) again = fv_evaluator_finish (evaluator);
  g_assert_cmpfloat (again->map, ==, evaluation->map);
  g_assert_cmpfloat (again->coco.ap, ==, evaluation->coco.ap);
}

static void
test_crowd (void)
{
  FvTruth crowd = one_truth;
  crowd.crowd = TRUE;
  const FvTruth truths[] = { crowd, { .x1 = 50, .y1 = 50, .x2 = 60, .y2 = 60, .class_id = 0 } };
  const FvDetection detections[] = { { 0, 0, 10, 10, 0.9f, 0 }, { 50, 50, 60, 60, 0.8f, 0 } };
  g_autoptr (FvEvaluator) evaluator = fv_evaluator_new (1);
  fv_evaluator_add (evaluator, detections, 2, truths, 2);
  g_autoptr (FvEvaluation) evaluation = fv_evaluator_finish (evaluator);
  g_assert_cmpuint (evaluation->n_instances, ==, 1);
  assert_near (evaluation->coco.ap, 1, 1e-12);
  /* v7.0 knows no crowds: the first detection is a false alarm there. */
  g_assert_cmpfloat (evaluation->map50, <, 0.9);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evaluation/average-precision/v7-reference", test_v7_reference);
  g_test_add_func ("/evaluation/average-precision/coco-reference", test_coco_reference);
  g_test_add_func ("/evaluation/average-precision/nothing", test_nothing);
  g_test_add_func ("/evaluation/average-precision/perfect", test_perfect);
  g_test_add_func ("/evaluation/average-precision/equal-confidences", test_equal_confidences);
  g_test_add_func ("/evaluation/average-precision/crowd", test_crowd);
  return g_test_run ();
}
