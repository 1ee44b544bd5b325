/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-weights.h"
#include "app/training/fv-checkpoint.h"
#include "app/training/fv-estimate.h"
#include "app/training/fv-micro-batch.h"
#include "app/training/fv-train-events.h"
#include "compute/device/fv-vulkan.h"
#include "tests/app/training/fv-test-runs.h"
#include "tests/fv-test-data.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/*
 * Devices with too little memory for a batch: it goes through them in parts. 10 pictures in batches of 8 and 2.
 */

#define N_TRAIN 10
#define N_VAL 3
#define N_CLASSES 3
#define BATCH 8
/* For what a device has before a run; a picture more takes a megabyte. */
#define SLACK (256 << 10)

static FvVulkan driver;
static guint64 memory = G_MAXUINT64; /* that devices opened from now on have */
static const char *device_name;      /* (nullable): what they are called */
static const char *project;
static FvDataset *dataset;

static void
limit_heaps (VkPhysicalDeviceMemoryProperties *properties)
{
  for (guint i = 0; i < properties->memoryHeapCount; i++)
    properties->memoryHeaps[i].size = MIN (properties->memoryHeaps[i].size, memory);
}

static VKAPI_ATTR void VKAPI_CALL
small_GetPhysicalDeviceMemoryProperties (VkPhysicalDevice physical, VkPhysicalDeviceMemoryProperties *properties)
{
  driver.GetPhysicalDeviceMemoryProperties (physical, properties);
  limit_heaps (properties);
}

/* Nothing else uses that memory. */
static VKAPI_ATTR void VKAPI_CALL
small_GetPhysicalDeviceMemoryProperties2 (VkPhysicalDevice physical, VkPhysicalDeviceMemoryProperties2 *properties)
{
  VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget = properties->pNext;

  driver.GetPhysicalDeviceMemoryProperties2 (physical, properties);
  limit_heaps (&properties->memoryProperties);
  for (guint i = 0; budget && i < properties->memoryProperties.memoryHeapCount; i++)
    {
      budget->heapBudget[i] = properties->memoryProperties.memoryHeaps[i].size;
      budget->heapUsage[i] = 0;
    }
}

static VKAPI_ATTR void VKAPI_CALL
renamed_GetPhysicalDeviceProperties (VkPhysicalDevice physical, VkPhysicalDeviceProperties *properties)
{
  driver.GetPhysicalDeviceProperties (physical, properties);
  if (device_name)
    g_strlcpy (properties->deviceName, device_name, sizeof properties->deviceName);
}

static VKAPI_ATTR void VKAPI_CALL
renamed_GetPhysicalDeviceProperties2 (VkPhysicalDevice physical, VkPhysicalDeviceProperties2 *properties)
{
  driver.GetPhysicalDeviceProperties2 (physical, properties);
  if (device_name)
    g_strlcpy (properties->properties.deviceName, device_name, sizeof properties->properties.deviceName);
}

static FvDevice *
open_device (guint64 bytes, const char *name)
{
  g_autoptr (GError) error = NULL;
  FvDevice *device;

  memory = bytes;
  device_name = name;
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  return device;
}

static void
init_recipe (FvRecipe *recipe)
{
  fv_test_runs_init_recipe (recipe, 2);
  recipe->batch = BATCH;
}

/* Bytes of a run with so many pictures at a time on a device with @available. */
static guint64
count_bytes (guint micro_batch, guint64 available, const char *name)
{
  g_autoptr (FvDevice) device = open_device (available, name);
  g_autoptr (GError) error = NULL;
  FvYolov5Config config;
  FvEstimate needs;
  FvRecipe recipe;

  init_recipe (&recipe);
  fv_yolov5_config_init (&config, 'n', N_CLASSES);
  g_assert_true (fv_estimate_init (&needs, device, dataset, &recipe, &config, micro_batch, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (needs.micro_batch, ==, micro_batch);
  g_test_message ("%u at a time: %" G_GUINT64_FORMAT " bytes", micro_batch, needs.device_bytes);
  return needs.device_bytes;
}

/* The fewest: where there is no room for anything. */
static guint64
count_least (guint micro_batch, const char *name)
{
  return count_bytes (micro_batch, 1, name);
}

static void
on_status (const FvTrainStatus *status, gpointer user_data)
{
  if (!status->validating && status->epoch == 1 && status->step == 1)
    g_cancellable_cancel (user_data);
}

/* @stop: after the first batch of the second epoch. */
static gboolean
train (guint number, FvDevice *device, const FvRecipe *recipe, FvDataset *data, gboolean stop, FvTrainResult *result,
       GError **error)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const FvTestRuns runs = { .device = device,
                            .project = project,
                            .status = stop ? on_status : NULL,
                            .user_data = cancellable,
                            .cancellable = cancellable };

  return fv_test_runs_train (&runs, number, recipe, data, NULL, result, error);
}

static void
assert_same (guint a, guint b, gboolean same)
{
  const FvTestRuns runs = { .project = project };
  g_autofree char *left = fv_test_runs_hash_tensors (&runs, a, FV_RUN_LAST);
  g_autofree char *right = fv_test_runs_hash_tensors (&runs, b, FV_RUN_LAST);

  if (same)
    g_assert_cmpstr (left, ==, right);
  else
    g_assert_cmpstr (left, !=, right);
}

/* (transfer full) (nullable): the @nth event of that name, from 0. */
static JsonObject *
find_event (guint number, const char *name, guint nth)
{
  g_autofree char *path = fv_run_path (project, number, FV_RUN_EVENTS);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (char **line = lines; *line; line++)
    {
      g_autoptr (JsonNode) node = json_from_string (*line, NULL);
      JsonObject *object = json_node_get_object (node);

      if (g_str_equal (json_object_get_string_member (object, "event"), name) && nth-- == 0)
        return json_object_ref (object);
    }
  return NULL;
}

static void
assert_warning (guint number, guint nth, const char *id, const char *words)
{
  g_autoptr (JsonObject) warning = find_event (number, "warning", nth);

  g_assert_nonnull (warning);
  g_assert_cmpstr (json_object_get_string_member (warning, "id"), ==, id);
  if (!strstr (json_object_get_string_member (warning, "text"), words))
    g_error ("“%s” doesn't say “%s”", json_object_get_string_member (warning, "text"), words);
}

static guint
count_events (guint number, const char *name)
{
  guint n = 0;

  for (;; n++)
    {
      g_autoptr (JsonObject) event = find_event (number, name, n);

      if (!event)
        return n;
    }
}

static guint
read_plan (guint number)
{
  g_auto (FvRunPlan) plan = { NULL };

  g_assert_true (fv_run_plan_load (&plan, project, number, NULL));
  return plan.micro_batch;
}

/* Parts of all batches with all limits: whole, within the limit, as equal as can be, and the same when the largest is the limit. */
static void
test_parts (void)
{
  static const struct
  {
    guint n, limit, parts;
  } cases[] = { { 16, 16, 1 }, { 16, 6, 4 }, { 16, 8, 2 }, { 16, 1, 16 }, { 17, 6, 3 },
                { 9, 4, 3 },   { 10, 4, 3 }, { 14, 6, 3 }, { 7, 100, 1 }, { 1, 1, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpuint (fv_micro_batch_count (cases[i].n, cases[i].limit), ==, cases[i].parts);
  for (guint n = 1; n <= 70; n++)
    for (guint limit = 1; limit <= 71; limit++)
      {
        guint parts = fv_micro_batch_count (n, limit);
        guint largest = fv_micro_batch_part (n, parts, 0), smallest = fv_micro_batch_part (n, parts, parts - 1);
        guint sum = 0;

        for (guint i = 0; i < parts; i++)
          sum += fv_micro_batch_part (n, parts, i);
        g_assert_cmpuint (sum, ==, n);
        g_assert_cmpuint (largest, <=, limit);
        g_assert_cmpuint (smallest, >=, MAX (largest, 2) - 1);
        g_assert_cmpuint (fv_micro_batch_count (n, largest), ==, parts);
      }
}

/* Runs 1 to 5: chosen by memory, chosen by the person, repeated from a plan, stopped and gone on with where there is more. All the same. */
static void
test_chosen (void)
{
  guint64 bytes = count_least (4, NULL);
  g_autoptr (FvDevice) small = open_device (bytes + SLACK, NULL);
  g_autoptr (FvDevice) large = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) started = NULL;
  g_autoptr (JsonObject) step = NULL;
  FvTrainResult result;
  FvRecipe recipe;

  init_recipe (&recipe);
  g_assert_true (train (1, small, &recipe, dataset, FALSE, &result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
  g_assert_cmpuint (result.micro_batch, ==, 4);
  g_assert_cmpuint (result.peak_device_bytes, <=, bytes * 1.02);
  g_assert_cmpuint (count_events (1, "warning"), ==, 1);
  assert_warning (1, 0, "micro-batch", "Of the 8 pictures of a batch, the device takes 4 at a time");
  assert_warning (1, 0, "micro-batch", "batch normalisation sees only 4");
  started = find_event (1, "run-started", 0);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (started, "plan"), "micro_batch"), ==, 4);
  g_assert_cmpuint (read_plan (1), ==, 4);
  /* Records, and what they count, are of whole batches. */
  g_assert_cmpuint (count_events (1, "step"), ==, 2 * 2);
  step = find_event (1, "step", 3);
  g_assert_cmpint (json_object_get_int_member (step, "epoch"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (step, "step"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (step, "steps"), ==, 2);

  g_assert_true (train (2, small, &recipe, dataset, TRUE, &result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (result.reason, ==, FV_TRAIN_STOPPED);

  large = open_device (G_MAXUINT64, NULL);
  recipe.micro_batch = 4;
  g_assert_true (train (3, large, &recipe, dataset, FALSE, &result, &error));
  g_assert_no_error (error);
  assert_same (1, 3, TRUE);

  g_assert_true (fv_test_runs_resume (&(FvTestRuns){ .device = large, .project = project }, 2, 0, &result, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (result.micro_batch, ==, 4);
  g_assert_cmpuint (read_plan (2), ==, 4);
  assert_same (1, 2, TRUE);

  {
    g_autoptr (FvRun) run = NULL;
    g_auto (FvRunPlan) plan = { NULL };

    g_assert_true (fv_run_plan_load (&plan, project, 1, &error));
    recipe.micro_batch = 0;
    run = fv_run_create (project, 4, &recipe, dataset, &error);
    g_assert_true (fv_train (&(FvTrainParams){ .device = large,
                                               .run = run,
                                               .dataset = dataset,
                                               .recipe = &recipe,
                                               .variant = 'n',
                                               .plan = &plan,
                                               .plan_run = 1 },
                             &result, &error));
    g_assert_no_error (error);
    assert_same (1, 4, TRUE);
  }
  g_assert_true (train (5, large, &recipe, dataset, FALSE, &result, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (result.micro_batch, ==, BATCH);
  g_assert_cmpuint (count_events (5, "warning"), ==, 0);
  assert_same (1, 5, FALSE);

  /* The whole batch as a limit is no limit. */
  recipe.micro_batch = BATCH;
  g_assert_true (train (6, large, &recipe, dataset, FALSE, &result, &error));
  g_assert_no_error (error);
  assert_same (5, 6, TRUE);
}

/* Where not all activations have room they are made again: the whole batch still, less memory, the same bits. Resumed with more, they are kept. */
static void
test_recompute (void)
{
  const guint64 least = count_least (BATCH, NULL), all = count_bytes (BATCH, G_MAXUINT64, NULL);
  const guint64 sizes[] = { G_MAXUINT64, (least + all) / 2, least + SLACK };
  g_autoptr (FvDevice) large = NULL;
  g_autoptr (GError) error = NULL;
  FvTrainResult result;
  FvRecipe recipe;

  init_recipe (&recipe);
  g_assert_cmpuint (least + 4 * SLACK, <, all);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (FvDevice) device = open_device (sizes[i], NULL);

      g_assert_true (train (40 + i, device, &recipe, dataset, FALSE, &result, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (result.micro_batch, ==, BATCH);
      g_assert_cmpuint (count_events (40 + i, "warning"), ==, 0);
      g_assert_cmpuint (result.peak_device_bytes - SLACK, <=, sizes[i]);
      g_test_message ("%" G_GUINT64_FORMAT " bytes at the peak", result.peak_device_bytes);
      if (i == 0)
        /* What was counted before anything was allocated is what there is at last. */
        g_assert_cmpfloat_with_epsilon (result.peak_device_bytes / (double)all, 1.0, 0.03);
      else
        assert_same (40, 40 + i, TRUE);
      if (i == 2)
        g_assert_true (train (50, device, &recipe, dataset, TRUE, &result, &error));
    }
  large = open_device (G_MAXUINT64, NULL);
  g_assert_true (fv_test_runs_resume (&(FvTestRuns){ .device = large, .project = project }, 50, 0, &result, &error));
  g_assert_no_error (error);
  assert_same (40, 50, TRUE);
}

/* Gone on with on another device with less memory: fewer at a time, in a plan of its own that counts there from then on. */
static void
test_other_device (void)
{
  guint64 bytes = count_least (2, "Another Device");
  const guint64 sizes[] = { bytes + SLACK, G_MAXUINT64 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvRun) run = NULL;
  g_autoptr (FvDevice) device = NULL;
  g_auto (FvRunPlan) plan = { NULL };
  gboolean same;
  FvTrainResult result;
  FvRecipe recipe;

  init_recipe (&recipe);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint number = 10 + i;

      g_clear_pointer (&device, fv_device_unref);
      device = open_device (G_MAXUINT64, NULL);
      g_assert_true (train (number, device, &recipe, dataset, TRUE, &result, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (result.micro_batch, ==, BATCH);
      g_clear_pointer (&device, fv_device_unref);
      device = open_device (sizes[i], "Another Device");
      fv_test_runs_resume (&(FvTestRuns){ .device = device, .project = project }, number, 0, &result, &error);
      g_assert_no_error (error);
      g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
      g_assert_cmpuint (result.micro_batch, ==, i == 0 ? 2 : BATCH);
      g_assert_cmpuint (read_plan (number), ==, BATCH);
    }
  assert_warning (10, 0, "micro-batch", "takes 2 at a time");
  assert_warning (10, 1, "other-device", "Another Device");
  run = fv_run_open (project, 10, &error);
  g_assert_no_error (error);
  g_assert_true (fv_run_find_plan (run, device, &plan, &same, &error));
  g_assert_true (same);
  g_assert_cmpuint (plan.micro_batch, ==, 2);
}

/* Not even one picture at a time: said before anything is made, with numbers and what to change. */
static void
test_none_fits (void)
{
  guint64 bytes = count_least (1, NULL);
  g_autoptr (FvDevice) tiny = open_device (bytes - 1, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *needed = g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *checkpoint = fv_run_path (project, 20, FV_RUN_CHECKPOINT);
  g_autofree char *hint = NULL;
  g_autoptr (JsonObject) failed = NULL;
  FvTrainResult result;
  FvRecipe recipe;
  const char *id;

  init_recipe (&recipe);
  g_assert_false (train (20, tiny, &recipe, dataset, FALSE, &result, &error));
  g_assert_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "1 at a time"));
  g_assert_nonnull (strstr (error->message, needed));
  g_assert_cmpuint (fv_device_get_peak_bytes (tiny), <, bytes / 10);
  failed = find_event (20, "run-failed", 0);
  g_assert_cmpstr (json_object_get_string_member (failed, "id"), ==, "out-of-memory");
  hint = fv_train_advise (20, &recipe, error, &id);
  g_assert_cmpstr (json_object_get_string_member (failed, "hint"), ==, hint);
  g_assert_nonnull (strstr (hint, "imgsz, now 64"));
  g_assert_nonnull (strstr (hint, "smaller model"));
  g_assert_false (g_file_test (checkpoint, G_FILE_TEST_EXISTS));
}

/* (transfer full): the momentum in a run's checkpoint, which is the sum of its gradients, and how many updates went into it. */
static float *
load_momentum (guint number, gsize *n, guint64 *updates)
{
  g_autofree char *path = fv_run_path (project, number, FV_RUN_CHECKPOINT);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTensorFile) file = fv_tensor_file_open (path, &error);
  g_autoptr (FvCheckpoint) checkpoint = fv_checkpoint_open (path, &error);
  const FvTensorView *view;

  g_assert_no_error (error);
  view = fv_tensor_file_lookup (file, fv_model_buffer_name (FV_BUFFER_MOMENTUM));
  *n = fv_tensor_view_n_values (view);
  *updates = fv_checkpoint_get_progress (checkpoint)->updates;
  return g_memdup2 (view->data, view->n_bytes);
}

/* |a - b| / |a| */
static double
compare (const float *a, const float *b, gsize n)
{
  double difference = 0.0, length = 0.0;

  for (gsize i = 0; i < n; i++)
    {
      difference += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
      length += (double)a[i] * a[i];
    }
  return sqrt (difference / length);
}

/*
 * Batches of one picture eight times over, without augmentation: any part of them has the statistics and the means of the whole, so parts must
 * give the same losses and the same steps but for rounding.
 */
static void
test_same_step (void)
{
  g_autoptr (FvDevice) device = open_device (G_MAXUINT64, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) copies = fv_dataset_new ((const char *const *)dataset->class_names);
  static const guint limits[] = { 0, 4, 3, 1 };
  g_autofree float *whole = NULL;
  double losses[3];
  guint64 updates = 0;
  FvRecipe recipe;
  gsize n;

  for (guint i = 0; i < BATCH; i++)
    {
      FvItem *item = fv_item_copy (fv_dataset_get (dataset, 0));

      item->subset = FV_SUBSET_TRAIN;
      fv_dataset_add (copies, item);
    }
  init_recipe (&recipe);
  recipe.nbs = BATCH;
  recipe.clip = 0;
  memset (&recipe.augment, 0, sizeof recipe.augment);
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      static const char *const terms[] = { "box", "obj", "cls" };
      guint number = 30 + i;
      g_autoptr (JsonObject) step = NULL;
      g_autofree float *momentum = NULL;
      FvTrainResult result;
      guint64 n_updates;

      recipe.micro_batch = limits[i];
      g_assert_true (train (number, device, &recipe, copies, FALSE, &result, &error));
      g_assert_no_error (error);
      momentum = load_momentum (number, &n, &n_updates);
      step = find_event (number, "step", 0);
      if (i == 0)
        {
          whole = g_steal_pointer (&momentum);
          updates = n_updates;
          for (guint k = 0; k < 3; k++)
            losses[k] = json_object_get_double_member (step, terms[k]);
          continue;
        }
      g_test_message ("%u at a time: gradients %.2g apart", limits[i], compare (whole, momentum, n));
      /* Measured: 0.009 and 2e-5; batch norm over a few cells enlarges rounding. */
      g_assert_cmpfloat (compare (whole, momentum, n), <, 0.05);
      g_assert_cmpuint (n_updates, ==, updates);
      for (guint k = 0; k < 3; k++)
        g_assert_cmpfloat_with_epsilon (json_object_get_double_member (step, terms[k]) / losses[k], 1.0, 1e-4);
    }
}

int
main (int argc, char **argv)
{
  int status;

  fv_device_prepare_environment ();
  driver = fv_vulkan;
  fv_vulkan.GetPhysicalDeviceMemoryProperties = small_GetPhysicalDeviceMemoryProperties;
  fv_vulkan.GetPhysicalDeviceMemoryProperties2 = small_GetPhysicalDeviceMemoryProperties2;
  fv_vulkan.GetPhysicalDeviceProperties = renamed_GetPhysicalDeviceProperties;
  fv_vulkan.GetPhysicalDeviceProperties2 = renamed_GetPhysicalDeviceProperties2;
  g_test_init (&argc, &argv, NULL);
  project = fv_test_folder ();
  dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  g_test_add_func ("/faults/training/micro-batch/parts", test_parts);
  g_test_add_func ("/faults/training/micro-batch/chosen", test_chosen);
  g_test_add_func ("/faults/training/micro-batch/recompute", test_recompute);
  g_test_add_func ("/faults/training/micro-batch/other-device", test_other_device);
  g_test_add_func ("/faults/training/micro-batch/none-fits", test_none_fits);
  g_test_add_func ("/faults/training/micro-batch/same-step", test_same_step);
  status = g_test_run ();
  fv_dataset_unref (dataset);
  return status;
}
