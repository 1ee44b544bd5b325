/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is previewed is what is trained on: a training runs here, each of its batches is caught on its way to the device, and `fovea-cli serve` is asked
 * for the same samples. And what it detects is what `fovea-cli detect` does.
 */
#include "app/dataset/fv-picture.h"
#include "app/project/fv-project.h"
#include "app/training/fv-train.h"
#include "tests/app/children/fv-test-serve.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"
#include "tests/reference/fv-device-augment.h"

#include <math.h>
#include <string.h>

#define N_TRAIN 11
#define N_EPOCHS 2
#define BATCH 4
#define IMGSZ 64
#define INPUT_FLOATS ((IMGSZ + 4) * (IMGSZ + 4) * 4)

/* A sample as training had it. */
typedef struct
{
  float *input;  /* [IMGSZ + 4][IMGSZ + 4][4] */
  GArray *boxes; /* of FvBox, pixels of the input */
} Trained;

static FvDevice *device;
static const char *project;
static FvRecipe recipe;
static Trained trained[N_EPOCHS * N_TRAIN];
static guint n_trained;

/* The linker puts this in the place of the trainer's function, and gives that another name (--wrap). */
gboolean __real_fv_trainer_accumulate (FvTrainer *self, const FvBatch *batch, GError **error);
gboolean __wrap_fv_trainer_accumulate (FvTrainer *self, const FvBatch *batch, GError **error);

gboolean
__wrap_fv_trainer_accumulate (FvTrainer *self, const FvBatch *batch, GError **error)
{
  g_autofree float *inputs = fv_device_augment (device, batch);

  g_assert_cmpuint (n_trained + batch->n, <=, G_N_ELEMENTS (trained));
  for (guint i = 0; i < batch->n; i++)
    trained[n_trained + i] = (Trained){
      g_memdup2 (inputs + (gsize)i * INPUT_FLOATS, INPUT_FLOATS * sizeof (float)),
      g_array_new (FALSE, FALSE, sizeof (FvBox)),
    };
  for (guint i = 0; i < batch->n_targets; i++)
    {
      const float *t = batch->targets + 6 * i;
      const double cx = t[2], cy = t[3], w = t[4], h = t[5];
      const FvBox box
          = { (guint)t[1], (cx - w / 2) * IMGSZ, (cy - h / 2) * IMGSZ, (cx + w / 2) * IMGSZ, (cy + h / 2) * IMGSZ };

      g_array_append_val (trained[n_trained + (guint)t[0]].boxes, box);
    }
  n_trained += batch->n;
  return __real_fv_trainer_accumulate (self, batch, error);
}

static void
train (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) store = fv_project_open (project, FV_PROJECT_READ, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (store, &error);
  g_assert_no_error (error);
  g_autoptr (FvRun) run = fv_run_create (project, 1, &recipe, dataset, &error);
  g_assert_no_error (error);
  FvTrainResult result;

  fv_train (&(FvTrainParams){ .device = device, .run = run, .dataset = dataset, .recipe = &recipe, .variant = 'n' },
            &result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_trained, ==, N_EPOCHS * N_TRAIN);
}

static FvPreviewRequest
ask_for (guint epoch, guint sample, guint count, gboolean floats)
{
  return (FvPreviewRequest){ project, 1, &recipe, epoch, sample, count, floats };
}

static void
check_sample (const FvPreviewSample *sample, const Trained *expected)
{
  gsize size;
  gconstpointer bytes = g_bytes_get_data (sample->rgb, &size);

  g_assert_cmpmem (bytes, size, expected->input, INPUT_FLOATS * sizeof (float));
  fv_test_serve_assert_boxes (sample->boxes, expected->boxes);
}

/* Every sample of two epochs: one by one, several at once, and over the end of the epoch. */
static void
test_equals_training (void)
{
  static const guint counts[] = { 1, 4, N_TRAIN };
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  guint n_boxes = 0;

  for (guint c = 0; c < G_N_ELEMENTS (counts); c++)
    for (guint epoch = 0; epoch < N_EPOCHS; epoch++)
      for (guint first = 0; first < N_TRAIN; first += counts[c])
        {
          g_autoptr (GError) error = NULL;
          const FvPreviewRequest request = ask_for (epoch, first, counts[c], TRUE);
          g_autoptr (FvPreviewReply) reply = fv_test_serve_preview (client, &request, &error);

          g_assert_no_error (error);
          g_assert_cmpuint (reply->n, ==, counts[c]);
          g_assert_cmpuint (reply->width, ==, IMGSZ);
          g_assert_cmpuint (reply->pictures, ==, N_TRAIN);
          for (guint i = 0; i < reply->n; i++)
            {
              check_sample (&reply->samples[i], &trained[epoch * N_TRAIN + (first + i) % N_TRAIN]);
              n_boxes += reply->samples[i].boxes->len;
            }
        }
  g_assert_cmpuint (n_boxes, >, 0);
}

/* The policy changes with each request and comes back: nothing of another one stays. */
static void
test_policies (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 12; i++)
    {
      FvPreviewRequest request = ask_for (1, 3, 1, TRUE);
      FvRecipe other = recipe;
      other.augment = (FvAugmentPolicy){ .degrees = 10.0 * i };
      request.recipe = &other;
      g_autoptr (FvPreviewReply) turned = fv_test_serve_preview (client, &request, &error);
      g_assert_no_error (error);
      g_assert_cmpint (memcmp (g_bytes_get_data (turned->samples[0].rgb, NULL), trained[N_TRAIN + 3].input,
                               INPUT_FLOATS * sizeof (float)),
                       !=, 0);
      request.recipe = &recipe;
      g_autoptr (FvPreviewReply) back = fv_test_serve_preview (client, &request, &error);
      g_assert_no_error (error);
      check_sample (&back->samples[0], &trained[N_TRAIN + 3]);
    }
}

static void
test_rgb (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_autoptr (GError) error = NULL;
  const FvPreviewRequest request = ask_for (1, 2, 5, FALSE);
  g_autoptr (FvPreviewReply) reply = fv_test_serve_preview (client, &request, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < 5; i++)
    {
      const Trained *expected = &trained[N_TRAIN + 2 + i];
      gsize size;
      const guint8 *rgb = g_bytes_get_data (reply->samples[i].rgb, &size);

      g_assert_cmpuint (size, ==, IMGSZ * IMGSZ * 3);
      for (guint y = 0; y < IMGSZ; y++)
        for (guint x = 0; x < IMGSZ; x++)
          for (guint c = 0; c < 3; c++)
            {
              float value = expected->input[((y + 2) * (IMGSZ + 4) + x + 2) * 4 + c];

              g_assert_cmpint (rgb[(y * IMGSZ + x) * 3 + c], ==, lrintf (value * 255));
            }
      fv_test_serve_assert_boxes (reply->samples[i].boxes, expected->boxes);
    }
}

/* The name and the picture belong together: without augmentation a sample is its own picture. */
static void
test_names (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_autoptr (GError) error = NULL;
  FvRecipe plain = recipe;
  plain.augment = (FvAugmentPolicy){ 0 };
  FvPreviewRequest request = ask_for (0, 0, N_TRAIN, FALSE);
  request.recipe = &plain;
  g_autoptr (FvPreviewReply) reply = fv_test_serve_preview (client, &request, &error);
  g_assert_no_error (error);
  g_autoptr (FvProject) store = fv_project_open (project, FV_PROJECT_READ, &error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (store, &error);
  g_assert_no_error (error);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_direct_hash, g_direct_equal);

  for (guint i = 0; i < N_TRAIN; i++)
    {
      const FvPreviewSample *sample = &reply->samples[i];
      const FvItem *item = fv_dataset_get (dataset, sample->item);
      g_autoptr (FvPicture) picture = fv_picture_load (item->path, NULL, IMGSZ, FV_RESIZE_LINEAR, &error);
      const guint8 *rgb = g_bytes_get_data (sample->rgb, NULL);

      g_assert_no_error (error);
      g_assert_cmpstr (sample->name, ==, item->name);
      g_assert_cmpint (item->subset, ==, FV_SUBSET_TRAIN);
      g_assert_true (g_hash_table_add (seen, GUINT_TO_POINTER (sample->item)));
      for (guint y = 0; y < IMGSZ; y++)
        g_assert_cmpmem (rgb + y * IMGSZ * 3, IMGSZ * 3, picture->rgb + y * picture->stride, IMGSZ * 3);
      g_assert_cmpuint (sample->boxes->len, ==, item->boxes->len);
      for (guint k = 0; k < item->boxes->len; k++)
        {
          const FvBox *box = &g_array_index (sample->boxes, FvBox, k);
          const FvBox *label = &g_array_index (item->boxes, FvBox, k);

          g_assert_cmpuint (box->class_id, ==, label->class_id);
          g_assert_cmpfloat_with_epsilon (box->x1, label->x1 * IMGSZ / item->width, 0.01);
          g_assert_cmpfloat_with_epsilon (box->y2, label->y2 * IMGSZ / item->height, 0.01);
        }
    }
}

static double
number (JsonObject *object, const char *name)
{
  return json_object_get_double_member (object, name);
}

static void
test_detect (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *weights = fv_run_path (project, 1, FV_RUN_LAST);
  g_autoptr (FvProject) store = fv_project_open (project, FV_PROJECT_READ, &error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (store, &error);
  g_assert_no_error (error);
  guint n_found = 0;

  for (guint i = 0; i < 3; i++)
    {
      const char *file = fv_dataset_get (dataset, i)->path;
      g_auto (FvTestCall) call = fv_test_cli (NULL, "detect", file, "--weights", weights, "--imgsz", "96", "--conf",
                                              "0.0005", "--iou", "0.5", "--json", NULL);
      g_assert_cmpint (call.status, ==, 0);
      JsonObject *image = json_array_get_object_element (json_object_get_array_member (call.json, "images"), 0);
      JsonArray *expected = json_object_get_array_member (image, "detections");
      g_autoptr (FvDetectReply) reply = fv_test_serve_detect (
          client, &(FvDetectRequest){ .weights = weights, .file = file, .imgsz = 96, .conf = 0.0005, .iou = 0.5 },
          &error);

      g_assert_no_error (error);
      g_assert_cmpint (reply->width, ==, json_object_get_int_member (image, "width"));
      g_assert_cmpint (reply->height, ==, json_object_get_int_member (image, "height"));
      g_assert_cmpfloat (reply->seconds, >, 0);
      g_assert_cmpuint (reply->detections->len, ==, json_array_get_length (expected));
      for (guint k = 0; k < reply->detections->len; k++, n_found++)
        {
          JsonObject *theirs = json_array_get_object_element (expected, k);
          const FvDetection *ours = &g_array_index (reply->detections, FvDetection, k);

          g_assert_cmpint (ours->class_id, ==, json_object_get_int_member (theirs, "class"));
          g_assert_cmpstr (reply->class_names[ours->class_id], ==, json_object_get_string_member (theirs, "name"));
          g_assert_cmpfloat (ours->confidence, ==, (float)number (theirs, "confidence"));
          g_assert_cmpfloat (ours->x1, ==, (float)number (theirs, "x1"));
          g_assert_cmpfloat (ours->y1, ==, (float)number (theirs, "y1"));
          g_assert_cmpfloat (ours->x2, ==, (float)number (theirs, "x2"));
          g_assert_cmpfloat (ours->y2, ==, (float)number (theirs, "y2"));
        }
    }
  g_test_message ("%u detections", n_found);
  g_assert_cmpuint (n_found, >, 0);
}

/* One confidence is enough to ask for: those above another are the same ones. */
static void
test_confidence (void)
{
  g_autoptr (FvServeClient) client = fv_serve_client_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *weights = fv_run_path (project, 1, FV_RUN_LAST);
  g_autoptr (FvProject) store = fv_project_open (project, FV_PROJECT_READ, &error);
  g_autoptr (FvDataset) dataset = fv_project_load_dataset (store, &error);
  g_assert_no_error (error);
  FvDetectRequest request
      = { .weights = weights, .file = fv_dataset_get (dataset, 0)->path, .imgsz = 64, .conf = 0.0002, .iou = 0.5 };
  g_autoptr (FvDetectReply) low = fv_test_serve_detect (client, &request, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (low->detections->len, >, 1);
  request.conf = g_array_index (low->detections, FvDetection, low->detections->len / 2).confidence;
  g_autoptr (FvDetectReply) high = fv_test_serve_detect (client, &request, &error);
  g_assert_no_error (error);
  guint n = 0;

  for (guint i = 0; i < low->detections->len; i++)
    if ((double)g_array_index (low->detections, FvDetection, i).confidence > request.conf)
      n++;
  g_assert_cmpmem (high->detections->data, high->detections->len * sizeof (FvDetection), low->detections->data,
                   n * sizeof (FvDetection));
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  fv_device_prepare_environment ();
  g_test_init (&argc, &argv, NULL);
  fv_test_serve_strong_recipe (&recipe);
  recipe.imgsz = IMGSZ;
  recipe.epochs = N_EPOCHS;
  recipe.batch = BATCH;
  recipe.workers = 3;
  project = fv_test_serve_project (N_TRAIN, 96);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  train ();
  g_test_add_func ("/preview/equals-training", test_equals_training);
  g_test_add_func ("/preview/policies", test_policies);
  g_test_add_func ("/preview/rgb", test_rgb);
  g_test_add_func ("/preview/names", test_names);
  g_test_add_func ("/preview/detect", test_detect);
  g_test_add_func ("/preview/confidence", test_confidence);
  status = g_test_run ();
  for (guint i = 0; i < n_trained; i++)
    {
      g_free (trained[i].input);
      g_array_unref (trained[i].boxes);
    }
  fv_device_unref (device);
  return status;
}
