/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pipelines compiled ahead, on a driver that is slow to compile: each once, by several devices where there are processors for them. */
#include "compute/device/fv-device-private.h"
#include "compute/ops/fv-ops.h"
#include "tests/compute/fv-test-engine.h"

#include <string.h>

#define SIDE 8
#define CHANNELS 16

static FvVulkan driver;
static int n_devices, n_compiled, n_dispatched; /* atomic */
static gboolean refuse_devices;

static VKAPI_ATTR VkResult VKAPI_CALL
counting_CreateDevice (VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                       const VkAllocationCallbacks *callbacks, VkDevice *device)
{
  if (refuse_devices)
    return VK_ERROR_OUT_OF_HOST_MEMORY;
  g_atomic_int_inc (&n_devices);
  return driver.CreateDevice (physical, info, callbacks, device);
}

static VKAPI_ATTR void VKAPI_CALL
counting_CmdDispatch (VkCommandBuffer commands, guint32 x, guint32 y, guint32 z)
{
  g_atomic_int_inc (x == 0 ? &n_compiled : &n_dispatched);
  driver.CmdDispatch (commands, x, y, z);
}

static VKAPI_ATTR VkResult VKAPI_CALL
slow_QueueSubmit2 (VkQueue queue, guint32 n, const VkSubmitInfo2 *infos, VkFence fence)
{
  g_usleep (150000);
  return driver.QueueSubmit2 (queue, n, infos, fence);
}

static void
run (gboolean ahead, double values[SIDE * SIDE * CHANNELS])
{
  g_autoptr (FvTestGraph) test = fv_test_graph_new (FALSE);
  g_autofree double *start = fv_test_random_values (7, SIDE * SIDE * CHANNELS, -1, 1);
  FvDevice *device = fv_test_engine_get_device ();
  FvGraph *g = test->graph;
  FvTensor *x = fv_graph_tensor (g, 1, SIDE, SIDE, CHANNELS, CHANNELS, "x"), *pooled[2], *both, *y;
  int n_pipelines;

  pooled[0] = fv_max_pool (g, x, 5, "larger");
  pooled[1] = fv_max_pool (g, x, 3, "smaller");
  both = fv_concat (g, pooled, 2, "both");
  y = fv_add (g, fv_max_pool (g, x, 9, "largest"), fv_max_pool (g, x, 13, "all"), "sum");
  y = fv_upsample2x (g, y, "larger sum");
  both->keep = y->keep = TRUE;
  fv_test_graph_place (test, FALSE);
  fv_test_graph_write (test, x, start);
  n_pipelines = g_hash_table_size (device->pipelines);
  g_assert_cmpint (n_pipelines, >, 3);
  g_atomic_int_set (&n_compiled, 0);
  g_atomic_int_set (&n_devices, 0);
  if (ahead)
    {
      fv_vulkan.QueueSubmit2 = slow_QueueSubmit2;
      fv_device_compile_pipelines (device);
      fv_vulkan.QueueSubmit2 = driver.QueueSubmit2;
      g_assert_cmpint (g_atomic_int_get (&n_compiled), ==, device->compiles_late ? n_pipelines : 0);
      if (refuse_devices || !device->compiles_late)
        g_assert_cmpint (g_atomic_int_get (&n_devices), ==, 0);
      else if (g_get_num_processors () > 1)
        g_assert_cmpint (g_atomic_int_get (&n_devices), >, 0);
      /* Once is enough. */
      fv_device_compile_pipelines (device);
      g_assert_cmpint (g_atomic_int_get (&n_compiled), ==, device->compiles_late ? n_pipelines : 0);
    }
  fv_test_graph_run (test);
  fv_test_graph_read (test, pooled[0], values);
  fv_test_engine_close ();
}

static void
test_ahead (gconstpointer refuse)
{
  double expected[SIDE * SIDE * CHANNELS], values[SIDE * SIDE * CHANNELS];

  run (FALSE, expected);
  refuse_devices = FALSE;
  fv_test_engine_get_device ();
  refuse_devices = refuse != NULL;
  run (TRUE, values);
  refuse_devices = FALSE;
  g_assert_cmpmem (values, sizeof values, expected, sizeof expected);
}

int
main (int argc, char **argv)
{
  fv_test_engine_init (&argc, &argv, NULL);
  driver = fv_vulkan;
  fv_vulkan.CreateDevice = counting_CreateDevice;
  fv_vulkan.CmdDispatch = counting_CmdDispatch;
  g_test_add_data_func ("/compile/ahead", NULL, test_ahead);
  g_test_add_data_func ("/compile/ahead-alone", "refuse", test_ahead);
  return fv_test_engine_run ();
}
