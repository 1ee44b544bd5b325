/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-device-private.h"
#include "compute/graph/fv-recorder-private.h"

#include <string.h>

typedef enum
{
  COMMAND_DISPATCH,
  COMMAND_FILL,
  COMMAND_COPY,
} CommandKind;

typedef struct
{
  CommandKind kind;
  FvDispatch dispatch; /* its reads and writes also for fills and copies */
  guint8 push[FV_MAX_PUSH];
  VkBuffer from, to;
  VkDeviceSize from_offset, to_offset, size;
  guint32 word;
} Command;

struct _FvRecorder
{
  FvDevice *device;
  GArray *commands;
};

struct _FvRecording
{
  FvDevice *device;
  VkCommandBuffer commands;
  VkQueryPool queries; /* two a dispatch; null without timing */
  GArray *timed;       /* TimedDispatch */
  guint64 ticket;
  guint n_dispatches, n_barriers;
};

typedef struct
{
  const char *phase;
  double flops;
} TimedDispatch;

FvRecorderObserver fv_recorder_observer;

FvRecorder *
fv_recorder_new (FvDevice *device)
{
  FvRecorder *self = g_new0 (FvRecorder, 1);

  self->device = fv_device_ref (device);
  self->commands = g_array_new (FALSE, TRUE, sizeof (Command));
  return self;
}

void
fv_recorder_free (FvRecorder *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->commands);
  fv_device_unref (self->device);
  g_free (self);
}

FvDevice *
fv_recorder_get_device (FvRecorder *self)
{
  return self->device;
}

void
fv_recorder_dispatch (FvRecorder *self, const FvDispatch *dispatch)
{
  Command command = { .kind = COMMAND_DISPATCH, .dispatch = *dispatch };

  g_return_if_fail (dispatch->push_size <= FV_MAX_PUSH);
  g_return_if_fail (dispatch->groups[0] > 0 && dispatch->groups[1] > 0 && dispatch->groups[2] > 0);
  if (dispatch->push_size > 0)
    memcpy (command.push, dispatch->push, dispatch->push_size);
  command.dispatch.push = NULL;
  g_array_append_val (self->commands, command);
}

void
fv_recorder_fill (FvRecorder *self, FvBuffer *buffer, VkDeviceSize offset, VkDeviceSize size, guint32 word)
{
  Command command = {
    .kind = COMMAND_FILL,
    .dispatch = { .phase = "fill", .writes = { fv_buffer_range (buffer, offset, size) } },
    .to = buffer->buffer,
    .to_offset = offset,
    .size = size,
    .word = word,
  };

  g_array_append_val (self->commands, command);
}

void
fv_recorder_copy (FvRecorder *self, FvBuffer *from, VkDeviceSize from_offset, FvBuffer *to, VkDeviceSize to_offset,
                  VkDeviceSize size)
{
  Command command = {
    .kind = COMMAND_COPY,
    .dispatch = { .phase = "copy",
                  .reads = { fv_buffer_range (from, from_offset, size) },
                  .writes = { fv_buffer_range (to, to_offset, size) } },
    .from = from->buffer,
    .from_offset = from_offset,
    .to = to->buffer,
    .to_offset = to_offset,
    .size = size,
  };

  g_array_append_val (self->commands, command);
}

/* Barriers */

static gboolean
ranges_overlap (const FvRange *a, const FvRange *b)
{
  return a->size > 0 && b->size > 0 && a->address < b->address + b->size && b->address < a->address + a->size;
}

static gboolean
any_overlap (const FvRange *a, GArray *ranges)
{
  for (guint i = 0; i < ranges->len; i++)
    if (ranges_overlap (a, &g_array_index (ranges, FvRange, i)))
      return TRUE;
  return FALSE;
}

/* What has been read and written since the last barrier. */
typedef struct
{
  GArray *reads, *writes;
} Pending;

static gboolean
conflicts (const Pending *pending, const FvDispatch *dispatch)
{
  for (guint i = 0; i < FV_MAX_ACCESSES; i++)
    if (any_overlap (&dispatch->reads[i], pending->writes) || any_overlap (&dispatch->writes[i], pending->writes)
        || any_overlap (&dispatch->writes[i], pending->reads))
      return TRUE;
  return FALSE;
}

static void
remember (Pending *pending, const FvDispatch *dispatch)
{
  for (guint i = 0; i < FV_MAX_ACCESSES; i++)
    {
      if (dispatch->reads[i].size > 0)
        g_array_append_val (pending->reads, dispatch->reads[i]);
      if (dispatch->writes[i].size > 0)
        g_array_append_val (pending->writes, dispatch->writes[i]);
    }
}

static void
forget (Pending *pending)
{
  g_array_set_size (pending->reads, 0);
  g_array_set_size (pending->writes, 0);
}

static void
put_barrier (VkCommandBuffer commands, VkPipelineStageFlags2 stages, VkAccessFlags2 access)
{
  const VkPipelineStageFlags2 work = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_TRANSFER_BIT;
  const VkMemoryBarrier2 barrier = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,
    .srcStageMask = work,
    .srcAccessMask = VK_ACCESS_2_SHADER_WRITE_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT,
    .dstStageMask = stages,
    .dstAccessMask = access,
  };
  const VkDependencyInfo info
      = { .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO, .memoryBarrierCount = 1, .pMemoryBarriers = &barrier };

  fv_vulkan.CmdPipelineBarrier2 (commands, &info);
}

static void
put_work_barrier (VkCommandBuffer commands)
{
  put_barrier (commands, VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_TRANSFER_BIT,
               VK_ACCESS_2_SHADER_READ_BIT | VK_ACCESS_2_SHADER_WRITE_BIT | VK_ACCESS_2_TRANSFER_READ_BIT
                   | VK_ACCESS_2_TRANSFER_WRITE_BIT);
}

/* Recording */

static FvPipelineKey
pipeline_key (const Command *command)
{
  return (FvPipelineKey){
    .kernel = command->dispatch.kernel,
    .spec = command->dispatch.spec,
    .n_spec = command->dispatch.n_spec,
    .subgroup_size = command->dispatch.subgroup_size,
  };
}

static gboolean
make_pipelines (FvRecorder *self, GError **error)
{
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (FvPipelineKey));

  for (guint i = 0; i < self->commands->len; i++)
    {
      const Command *command = &g_array_index (self->commands, Command, i);

      if (command->kind == COMMAND_DISPATCH)
        {
          FvPipelineKey key = pipeline_key (command);
          g_array_append_val (keys, key);
        }
    }
  return fv_device_make_pipelines (self->device, (const FvPipelineKey *)(gpointer)keys->data, keys->len, error);
}

static void
put_command (FvRecording *recording, Command *command)
{
  const FvDispatch *dispatch = &command->dispatch;
  const FvPipelineKey key = pipeline_key (command);
  FvDevice *device = recording->device;

  if (fv_recorder_observer != NULL)
    fv_recorder_observer (recording->commands, dispatch);
  switch (command->kind)
    {
    case COMMAND_DISPATCH:
      fv_vulkan.CmdBindPipeline (recording->commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                                 fv_device_get_pipeline (device, &key));
      if (dispatch->push_size > 0)
        fv_vulkan.CmdPushConstants (recording->commands, device->pipeline_layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                    dispatch->push_size, command->push);
      fv_vulkan.CmdDispatch (recording->commands, dispatch->groups[0], dispatch->groups[1], dispatch->groups[2]);
      recording->n_dispatches++;
      break;
    case COMMAND_FILL:
      fv_vulkan.CmdFillBuffer (recording->commands, command->to, command->to_offset, command->size, command->word);
      break;
    case COMMAND_COPY:
      fv_vulkan.CmdCopyBuffer (recording->commands, command->from, command->to, 1,
                               &(VkBufferCopy){ command->from_offset, command->to_offset, command->size });
      break;
    }
}

static void
put_commands (FvRecording *recording, GArray *commands)
{
  Pending pending = {
    .reads = g_array_new (FALSE, FALSE, sizeof (FvRange)),
    .writes = g_array_new (FALSE, FALSE, sizeof (FvRange)),
  };

  if (recording->queries != VK_NULL_HANDLE)
    fv_vulkan.CmdResetQueryPool (recording->commands, recording->queries, 0, 2 * commands->len);
  /* Whatever was submitted before may still run. */
  put_work_barrier (recording->commands);
  for (guint i = 0; i < commands->len; i++)
    {
      Command *command = &g_array_index (commands, Command, i);
      TimedDispatch timed = { command->dispatch.phase, command->dispatch.flops };

      if (conflicts (&pending, &command->dispatch))
        {
          put_work_barrier (recording->commands);
          forget (&pending);
          recording->n_barriers++;
        }
      if (recording->queries != VK_NULL_HANDLE)
        fv_vulkan.CmdWriteTimestamp2 (recording->commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, recording->queries,
                                      2 * i);
      put_command (recording, command);
      if (recording->queries != VK_NULL_HANDLE)
        fv_vulkan.CmdWriteTimestamp2 (recording->commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, recording->queries,
                                      2 * i + 1);
      remember (&pending, &command->dispatch);
      g_array_append_val (recording->timed, timed);
    }
  /* The host may read what was written into mapped memory. */
  put_barrier (recording->commands, VK_PIPELINE_STAGE_2_HOST_BIT, VK_ACCESS_2_HOST_READ_BIT);
  g_array_unref (pending.reads);
  g_array_unref (pending.writes);
}

static gboolean
begin (FvRecording *recording, guint n_commands, gboolean timing, GError **error)
{
  FvDevice *device = recording->device;
  const VkCommandBufferAllocateInfo allocate_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = device->command_pool,
    .commandBufferCount = 1,
  };
  const VkCommandBufferBeginInfo begin_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
    .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT,
  };
  const VkQueryPoolCreateInfo query_info = {
    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
    .queryType = VK_QUERY_TYPE_TIMESTAMP,
    .queryCount = 2 * n_commands,
  };

  if (timing && device->pipeline_timestamps && n_commands > 0
      && !fv_device_check (device, fv_vulkan.CreateQueryPool (device->device, &query_info, NULL, &recording->queries),
                           "make a query pool", error))
    return FALSE;
  return fv_device_check (device,
                          fv_vulkan.AllocateCommandBuffers (device->device, &allocate_info, &recording->commands),
                          "make a command buffer", error)
         && fv_device_check (device, fv_vulkan.BeginCommandBuffer (recording->commands, &begin_info), "record commands",
                             error);
}

FvRecording *
fv_recorder_finish (FvRecorder **recorder, gboolean timing, GError **error)
{
  g_autoptr (FvRecorder) self = g_steal_pointer (recorder);
  g_autoptr (FvRecording) recording = g_new0 (FvRecording, 1);

  recording->device = fv_device_ref (self->device);
  recording->timed = g_array_new (FALSE, FALSE, sizeof (TimedDispatch));
  if (!make_pipelines (self, error) || !begin (recording, self->commands->len, timing, error))
    return NULL;
  put_commands (recording, self->commands);
  if (!fv_device_check (self->device, fv_vulkan.EndCommandBuffer (recording->commands), "record commands", error))
    return NULL;
  return g_steal_pointer (&recording);
}

void
fv_recording_free (FvRecording *self)
{
  if (self == NULL)
    return;
  if (self->ticket != 0 && !self->device->lost)
    fv_device_wait (self->device, self->ticket, NULL);
  if (self->queries != VK_NULL_HANDLE)
    fv_vulkan.DestroyQueryPool (self->device->device, self->queries, NULL);
  if (self->commands != VK_NULL_HANDLE)
    fv_vulkan.FreeCommandBuffers (self->device->device, self->device->command_pool, 1, &self->commands);
  g_array_unref (self->timed);
  fv_device_unref (self->device);
  g_free (self);
}

gboolean
fv_recording_submit (FvRecording *self, guint64 *ticket, GError **error)
{
  if (!fv_device_submit (self->device, self->commands, &self->ticket, error))
    return FALSE;
  if (ticket != NULL)
    *ticket = self->ticket;
  return TRUE;
}

static FvPhase *
find_phase (GArray *phases, const char *name)
{
  for (guint i = 0; i < phases->len; i++)
    if (strcmp (g_array_index (phases, FvPhase, i).name, name) == 0)
      return &g_array_index (phases, FvPhase, i);
  g_array_append_vals (phases, &(FvPhase){ .name = name }, 1);
  return &g_array_index (phases, FvPhase, phases->len - 1);
}

void
fv_recording_add_times (FvRecording *self, GArray *phases)
{
  g_autofree guint64 *ticks = NULL;

  if (self->queries == VK_NULL_HANDLE || self->timed->len == 0)
    return;
  ticks = g_new0 (guint64, 2 * self->timed->len);
  if (fv_vulkan.GetQueryPoolResults (self->device->device, self->queries, 0, 2 * self->timed->len,
                                     2 * self->timed->len * sizeof *ticks, ticks, sizeof *ticks, VK_QUERY_RESULT_64_BIT)
      != VK_SUCCESS)
    return;
  for (guint i = 0; i < self->timed->len; i++)
    {
      const TimedDispatch *timed = &g_array_index (self->timed, TimedDispatch, i);
      FvPhase *phase = find_phase (phases, timed->phase);

      phase->seconds += (ticks[2 * i + 1] - ticks[2 * i]) * self->device->timestamp_seconds;
      phase->flops += timed->flops;
      phase->dispatches++;
    }
}

static gint
by_seconds_descending (gconstpointer a, gconstpointer b)
{
  const FvPhase *left = a, *right = b;

  return left->seconds > right->seconds ? -1 : left->seconds < right->seconds;
}

GArray *
fv_phases_sorted (GArray *phases)
{
  GArray *sorted = g_array_copy (phases);

  g_array_sort (sorted, by_seconds_descending);
  return sorted;
}

guint
fv_recording_get_n_dispatches (FvRecording *self)
{
  return self->n_dispatches;
}

guint
fv_recording_get_n_barriers (FvRecording *self)
{
  return self->n_barriers;
}
