/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings that are cut into submissions of bounded time. */
#include "compute/device/fv-device-private.h"
#include "compute/graph/fv-recorder-private.h"
#include "tests/compute/graph/fv-test-training.h"

#include <string.h>

#define BOUND 0.002 /* seconds, by the estimate */

static FvVulkan real;

/* What is watched. */
static struct
{
  GHashTable *seconds; /* VkCommandBuffer -> double, estimate of what is in it */
  guint n_submissions, n_cut_dispatches, n_query_pools;
  guint fail_at; /* which submission fails, from 1; 0: none */
  VkResult failure;
  guint64 ticks; /* that each submission seems to take; 0: the clock can't be read */
} watch;

static void
observe (VkCommandBuffer commands, const FvDispatch *declared, double seconds)
{
  double *sum = g_hash_table_lookup (watch.seconds, commands);

  if (sum == NULL)
    {
      sum = g_new0 (double, 1);
      g_hash_table_insert (watch.seconds, commands, sum);
    }
  *sum += seconds;
}

static VKAPI_ATTR VkResult VKAPI_CALL
submit (VkQueue queue, uint32_t n, const VkSubmitInfo2 *infos, VkFence fence)
{
  const guint before = watch.n_submissions;

  watch.n_submissions += n;
  if (watch.fail_at > before && watch.fail_at <= watch.n_submissions)
    return watch.failure;
  return real.QueueSubmit2 (queue, n, infos, fence);
}

static VKAPI_ATTR void VKAPI_CALL
dispatch_base (VkCommandBuffer commands, uint32_t base_x, uint32_t base_y, uint32_t base_z, uint32_t x, uint32_t y,
               uint32_t z)
{
  watch.n_cut_dispatches++;
  real.CmdDispatchBase (commands, base_x, base_y, base_z, x, y, z);
}

static VKAPI_ATTR VkResult VKAPI_CALL
create_query_pool (VkDevice device, const VkQueryPoolCreateInfo *info, const VkAllocationCallbacks *allocator,
                   VkQueryPool *pool)
{
  watch.n_query_pools++;
  return real.CreateQueryPool (device, info, allocator, pool);
}

static VKAPI_ATTR VkResult VKAPI_CALL
get_results (VkDevice device, VkQueryPool pool, uint32_t first, uint32_t n, size_t size, void *data,
             VkDeviceSize stride, VkQueryResultFlags flags)
{
  guint64 *ticks = data;

  for (guint i = 0; i < n; i++)
    ticks[i] = i % 2 * watch.ticks;
  return watch.ticks != 0 ? VK_SUCCESS : VK_NOT_READY;
}

static FvDevice *
open_device (double bound)
{
  g_autoptr (GError) error = NULL;
  FvDevice *device = fv_device_open (&(FvDeviceParams){ .submission_seconds = bound }, &error);

  g_assert_no_error (error);
  return device;
}

static void
start_watch (void)
{
  memset (&watch, 0, sizeof watch);
  watch.seconds = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  real = fv_vulkan;
  fv_recorder_observer = observe;
  fv_vulkan.QueueSubmit2 = submit;
  fv_vulkan.CmdDispatchBase = dispatch_base;
  fv_vulkan.CreateQueryPool = create_query_pool;
  fv_vulkan.GetQueryPoolResults = get_results;
}

static void
stop_watch (void)
{
  fv_vulkan = real;
  fv_recorder_observer = NULL;
  g_hash_table_unref (watch.seconds);
}

static double
get_longest (void)
{
  GHashTableIter iter;
  double *seconds, longest = 0;

  g_hash_table_iter_init (&iter, watch.seconds);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&seconds))
    longest = MAX (longest, *seconds);
  return longest;
}

static GByteArray *
train (FvDevice *device, GError **error)
{
  return fv_test_train (device, &(FvTestTraining){ .optimizer = FV_OPTIMIZER_SGD, .n_steps = 3 }, error);
}

/* Many submissions, none over the bound, long dispatches cut; one that fails is an error and no more; and the bits stay the same. */
static void
test_training (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) whole_device = open_device (1e6), cut_device = open_device (BOUND);
  g_autoptr (GByteArray) whole = NULL, cut = NULL, failed = NULL;
  guint n;

  start_watch ();
  whole = train (whole_device, &error);
  g_assert_no_error (error);
  n = watch.n_submissions;
  g_assert_cmpuint (watch.n_cut_dispatches, ==, 0);
  stop_watch ();

  start_watch ();
  watch.fail_at = n + 5;
  watch.failure = VK_ERROR_OUT_OF_HOST_MEMORY;
  failed = train (cut_device, &error);
  g_assert_null (failed);
  g_assert_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY);
  g_clear_error (&error);
  stop_watch ();

  start_watch ();
  cut = train (cut_device, &error);
  g_assert_no_error (error);
  g_test_message ("%u submissions instead of %u, %u dispatches in pieces, the longest of %g ms", watch.n_submissions, n,
                  watch.n_cut_dispatches, get_longest () * 1e3);
  g_assert_cmpuint (watch.n_submissions, >, 10 * n);
  g_assert_cmpuint (watch.n_cut_dispatches, >, 10);
  g_assert_cmpfloat (get_longest (), <=, BOUND * (1 + 1e-9));
  g_assert_cmpfloat (get_longest (), >, BOUND / 2);
  stop_watch ();
  g_assert_cmpmem (whole->data, whole->len, cut->data, cut->len);
}

/* Bounds so low that loss and decoder are cut, too, most to single workgroups. */
static void
test_validation (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) whole_device = open_device (1e6), cut_device = open_device (15e-6);
  g_autoptr (GByteArray) whole = fv_test_predict (whole_device, &error), cut = NULL;

  g_assert_no_error (error);
  start_watch ();
  cut = fv_test_predict (cut_device, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (watch.n_cut_dispatches, >, 500);
  stop_watch ();
  g_assert_cmpmem (whole->data, whole->len, cut->data, cut->len);
}

/* Nothing is handed over after the one that failed, and what is freed waits for nothing. */
static void
test_lost (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = open_device (BOUND);

  start_watch ();
  watch.fail_at = 20;
  watch.failure = VK_ERROR_DEVICE_LOST;
  g_assert_null (fv_test_predict (device, &error));
  g_assert_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_LOST);
  g_assert_true (fv_device_is_lost (device));
  g_assert_cmpuint (watch.n_submissions, >, 20);
  stop_watch ();
}

/* Fills @to by way of @from, whose size no piece divides. */
static FvRecording *
record_transfers (FvDevice *device, FvBuffer *from, FvBuffer *to, gboolean timing)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvRecorder) recorder = fv_recorder_new (device);
  FvRecording *recording;

  fv_recorder_fill (recorder, from, 0, from->size, 7);
  fv_recorder_fill (recorder, from, from->size - 4, 4, 8);
  fv_recorder_copy (recorder, from, 0, to, 0, from->size);
  recording = fv_recorder_finish (&recorder, timing, &error);
  g_assert_no_error (error);
  return recording;
}

static void
run (FvRecording *recording, FvDevice *device)
{
  g_autoptr (GError) error = NULL;
  guint64 ticket;

  fv_recording_submit (recording, &ticket, &error);
  g_assert_no_error (error);
  fv_device_wait (device, ticket, &error);
  g_assert_no_error (error);
}

static void
test_transfers (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = open_device (20e-6);
  const gsize size = (10 << 16) + 444;
  g_autoptr (FvBuffer) from = fv_buffer_new (device, FV_MEMORY_DEVICE, size, "from", &error);
  g_autoptr (FvBuffer) to = fv_buffer_new (device, FV_MEMORY_DEVICE, size, "to", &error);
  g_autoptr (FvRecording) recording = record_transfers (device, from, to, TRUE);
  g_autoptr (GArray) phases = g_array_new (FALSE, TRUE, sizeof (FvPhase));
  g_autofree guint32 *words = g_malloc0 (size);

  run (recording, device);
  fv_buffer_download (to, 0, words, size, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < size / 4; i++)
    g_assert_cmpuint (words[i], ==, i + 1 < size / 4 ? 7 : 8);
  /* In pieces, yet one command each. */
  fv_recording_add_times (recording, phases);
  if (device->pipeline_timestamps)
    {
      g_assert_cmpuint (phases->len, ==, 2);
      g_assert_cmpuint (g_array_index (phases, FvPhase, 0).dispatches, ==, 2);
      g_assert_cmpuint (g_array_index (phases, FvPhase, 1).dispatches, ==, 1);
      g_assert_cmpfloat (g_array_index (phases, FvPhase, 0).seconds, >, 0);
    }
}

static guint
count_submissions (FvRecording *recording, FvDevice *device)
{
  const guint before = watch.n_submissions;

  run (recording, device);
  return watch.n_submissions - before;
}

/* A device that is slower than thought is given less at a time: what is submitted again, and what is recorded later. */
static void
test_slow_device (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = open_device (1e-3);
  g_autoptr (FvBuffer) from = fv_buffer_new (device, FV_MEMORY_DEVICE, 1 << 22, "from", &error);
  g_autoptr (FvBuffer) to = fv_buffer_new (device, FV_MEMORY_DEVICE, 1 << 22, "to", &error);
  g_autoptr (FvRecording) recording = NULL, later = NULL;
  guint n, n_slow;

  if (!device->pipeline_timestamps)
    {
      g_test_skip ("the device has no clock");
      return;
    }
  start_watch ();
  recording = record_transfers (device, from, to, FALSE);
  n = count_submissions (recording, device);
  watch.ticks = 0.0009 / device->timestamp_seconds;
  g_assert_cmpuint (count_submissions (recording, device), ==, n);
  watch.ticks = 0.004 / device->timestamp_seconds;
  n_slow = count_submissions (recording, device);
  g_assert_cmpuint (n_slow, >=, 3 * n);
  watch.ticks = 0.0001 / device->timestamp_seconds;
  g_assert_cmpuint (count_submissions (recording, device), ==, n_slow);
  later = record_transfers (device, from, to, FALSE);
  g_assert_cmpuint (count_submissions (later, device), ==, n_slow);
  stop_watch ();
}

/* A clean error when it can't be recorded anew, and then the next attempt does. */
static VKAPI_ATTR VkResult VKAPI_CALL
allocate_no_commands (VkDevice device, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *commands)
{
  return VK_ERROR_OUT_OF_HOST_MEMORY;
}

static void
test_not_recorded_again (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) device = open_device (1e-3);
  g_autoptr (FvBuffer) from = fv_buffer_new (device, FV_MEMORY_DEVICE, 1 << 22, "from", &error);
  g_autoptr (FvBuffer) to = fv_buffer_new (device, FV_MEMORY_DEVICE, 1 << 22, "to", &error);
  g_autoptr (FvRecording) recording = NULL;
  guint n;

  if (!device->pipeline_timestamps)
    {
      g_test_skip ("the device has no clock");
      return;
    }
  start_watch ();
  recording = record_transfers (device, from, to, FALSE);
  n = count_submissions (recording, device);
  watch.ticks = 0.004 / device->timestamp_seconds;
  fv_vulkan.AllocateCommandBuffers = allocate_no_commands;
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (fv_recording_submit (recording, NULL, &error));
      g_assert_error (error, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY);
      g_clear_error (&error);
    }
  fv_vulkan.AllocateCommandBuffers = real.AllocateCommandBuffers;
  g_assert_cmpuint (count_submissions (recording, device), >=, 3 * n);
  stop_watch ();
}

static VkPhysicalDeviceType type;

static VKAPI_ATTR void VKAPI_CALL
get_properties (VkPhysicalDevice device, VkPhysicalDeviceProperties *properties)
{
  real.GetPhysicalDeviceProperties (device, properties);
  properties->deviceType = type;
}

/* Where there may be a desktop, and only there; but the person has the last word. */
static void
test_defaults (void)
{
  static const VkPhysicalDeviceType types[]
      = { VK_PHYSICAL_DEVICE_TYPE_OTHER, VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU, VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU,
          VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU, VK_PHYSICAL_DEVICE_TYPE_CPU };

  start_watch ();
  fv_vulkan.GetPhysicalDeviceProperties = get_properties;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (FvDevice) device = NULL, asked = NULL, told = NULL, free_device = NULL;

      type = types[i];
      watch.n_query_pools = 0;
      device = open_device (0);
      g_assert_cmpfloat (device->submission_seconds, ==, type == VK_PHYSICAL_DEVICE_TYPE_CPU ? 0 : 0.2);
      /* No clock where nothing is bounded. */
      g_assert_true ((watch.n_query_pools > 0) == (type != VK_PHYSICAL_DEVICE_TYPE_CPU && device->pages->map == NULL));
      g_setenv ("FOVEA_SUBMISSION_MS", "50", TRUE);
      told = open_device (0);
      asked = open_device (0.1);
      g_setenv ("FOVEA_SUBMISSION_MS", "0", TRUE);
      free_device = open_device (0);
      g_unsetenv ("FOVEA_SUBMISSION_MS");
      g_assert_cmpfloat (told->submission_seconds, ==, 0.05);
      g_assert_cmpfloat (asked->submission_seconds, ==, 0.1);
      g_assert_cmpfloat (free_device->submission_seconds, ==, 0);
    }
  stop_watch ();
}

int
main (int argc, char **argv)
{
  g_unsetenv ("FOVEA_SUBMISSION_MS");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/submissions/training", test_training);
  g_test_add_func ("/submissions/validation", test_validation);
  g_test_add_func ("/submissions/lost", test_lost);
  g_test_add_func ("/submissions/transfers", test_transfers);
  g_test_add_func ("/submissions/slow-device", test_slow_device);
  g_test_add_func ("/submissions/not-recorded-again", test_not_recorded_again);
  g_test_add_func ("/submissions/defaults", test_defaults);
  return g_test_run ();
}
