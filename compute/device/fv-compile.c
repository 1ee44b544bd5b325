/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-device-private.h"
#include "compute/graph/fv-recorder.h"

/*
 * Lavapipe compiles a pipeline at its first dispatch, in the one thread of the device's queue, and keeps what it compiled on the disk. A
 * dispatch of no workgroups does it, too. So that all processors compile, further devices are opened, each with its own queue; the first
 * device then finds in the driver's cache what they left there.
 */

/* Compiling that takes longer is not finding things in the cache. */
#define PATIENCE_SECONDS 0.3

typedef struct
{
  FvDevice *device;
  GPtrArray *pipelines; /* of FvFreshPipeline */
  int next;             /* atomic: the next that nobody has taken */
} Compilation;

static const FvPipelineKey *
take (Compilation *self)
{
  const guint i = g_atomic_int_add (&self->next, 1);

  return i < self->pipelines->len ? &((FvFreshPipeline *)self->pipelines->pdata[i])->key : NULL;
}

static gboolean
record (FvDevice *device, const FvPipelineKey *key, VkCommandBuffer commands)
{
  static const guint8 push[FV_MAX_PUSH];
  const VkCommandBufferBeginInfo begin_info = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };

  if (fv_vulkan.BeginCommandBuffer (commands, &begin_info) != VK_SUCCESS)
    return FALSE;
  fv_vulkan.CmdBindPipeline (commands, VK_PIPELINE_BIND_POINT_COMPUTE, fv_device_get_pipeline (device, key));
  fv_vulkan.CmdPushConstants (commands, device->pipeline_layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push, push);
  fv_vulkan.CmdDispatch (commands, 0, 0, 0);
  return fv_vulkan.EndCommandBuffer (commands) == VK_SUCCESS;
}

static gboolean
compile (FvDevice *device, const FvPipelineKey *key)
{
  const VkCommandBufferAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = device->command_pool,
    .commandBufferCount = 1,
  };
  VkCommandBuffer commands;
  guint64 ticket;
  gboolean ok;

  if (!fv_device_make_pipelines (device, key, 1, NULL)
      || fv_vulkan.AllocateCommandBuffers (device->device, &info, &commands) != VK_SUCCESS)
    return FALSE;
  ok = record (device, key, commands) && fv_device_submit (device, &commands, 1, &ticket, NULL)
       && fv_device_wait (device, ticket, NULL);
  fv_vulkan.FreeCommandBuffers (device->device, device->command_pool, 1, &commands);
  return ok;
}

static gpointer
help (gpointer data)
{
  Compilation *self = data;
  g_autofree char *selector = g_strdup_printf ("%u", self->device->info->index);
  const FvDeviceParams params = { .selector = selector, .submission_seconds = self->device->submission_seconds };
  g_autoptr (FvDevice) device = fv_device_open (&params, NULL);
  const FvPipelineKey *key;

  while (device != NULL && (key = take (self)) != NULL)
    if (!compile (device, key))
      break;
  return NULL;
}

/* Making a pipeline and compiling it take about as long as its shader is. */
static int
longest_first (gconstpointer a, gconstpointer b)
{
  const FvFreshPipeline *left = *(FvFreshPipeline *const *)a, *right = *(FvFreshPipeline *const *)b;

  return left->seconds > right->seconds ? -1 : left->seconds < right->seconds;
}

void
fv_device_compile_pipelines (FvDevice *self)
{
  g_autoptr (GPtrArray) pipelines = g_steal_pointer (&self->fresh);
  g_autofree GThread **helpers = g_new0 (GThread *, g_get_num_processors ());
  Compilation compilation = { self, pipelines };
  const gint64 start = g_get_monotonic_time ();
  const FvPipelineKey *key;
  guint n_helpers = 0;

  self->fresh = g_ptr_array_new_with_free_func (g_free);
  if (!self->compiles_late)
    return;
  g_ptr_array_sort (pipelines, longest_first);
  while ((key = take (&compilation)) != NULL)
    {
      if (!compile (self, key))
        break;
      if (n_helpers == 0 && g_get_monotonic_time () - start > PATIENCE_SECONDS * G_USEC_PER_SEC)
        while (n_helpers + 1 < g_get_num_processors ())
          helpers[n_helpers++] = g_thread_new ("fovea-compile", help, &compilation);
    }
  for (guint i = 0; i < n_helpers; i++)
    g_thread_join (helpers[i]);
}
