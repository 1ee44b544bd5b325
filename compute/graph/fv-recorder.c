/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-device-private.h"
#include "compute/graph/fv-pieces.h"
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
  VkDeviceSize from_offset, to_offset, size; /* of fills and copies, whose workgroups are TRANSFER_BYTES each */
  guint32 word;
} Command;

#define TRANSFER_BYTES 65536

struct _FvRecorder
{
  FvDevice *device;
  GArray *commands;
};

struct _FvRecording
{
  FvDevice *device;
  GArray *commands; /* Command */
  gboolean timing;
  GArray *pieces;      /* FvPiece, in order */
  GArray *submissions; /* VkCommandBuffer */
  VkQueryPool queries; /* two a piece; null without timing */
  VkQueryPool clock;   /* two a submission; null where those are unbounded */
  double slowness;     /* of the device when the pieces were cut; 0: not recorded */
  guint64 ticket;
  guint n_dispatches, n_barriers;
};

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

static guint32
count_transfer_groups (VkDeviceSize size)
{
  return MAX (1, (size + TRANSFER_BYTES - 1) / TRANSFER_BYTES);
}

void
fv_recorder_fill (FvRecorder *self, FvBuffer *buffer, VkDeviceSize offset, VkDeviceSize size, guint32 word)
{
  Command command = {
    .kind = COMMAND_FILL,
    .dispatch = { .phase = "fill",
                  .groups = { count_transfer_groups (size), 1, 1 },
                  .writes = { fv_buffer_range (buffer, offset, size) } },
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
                  .groups = { count_transfer_groups (size), 1, 1 },
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
put_dispatch (FvDevice *device, VkCommandBuffer commands, const Command *command, const FvPiece *piece)
{
  const FvDispatch *dispatch = &command->dispatch;
  const FvPipelineKey key = pipeline_key (command);
  const guint32 *base = piece->base, *groups = piece->groups;

  fv_vulkan.CmdBindPipeline (commands, VK_PIPELINE_BIND_POINT_COMPUTE, fv_device_get_pipeline (device, &key));
  if (dispatch->push_size > 0)
    fv_vulkan.CmdPushConstants (commands, device->pipeline_layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, dispatch->push_size,
                                command->push);
  if (memcmp (groups, dispatch->groups, sizeof dispatch->groups) == 0)
    fv_vulkan.CmdDispatch (commands, groups[0], groups[1], groups[2]);
  else
    fv_vulkan.CmdDispatchBase (commands, base[0], base[1], base[2], groups[0], groups[1], groups[2]);
}

static void
put_piece (FvDevice *device, VkCommandBuffer commands, const Command *command, const FvPiece *piece)
{
  const VkDeviceSize start = (VkDeviceSize)piece->base[0] * TRANSFER_BYTES;
  const VkDeviceSize size = MIN ((VkDeviceSize)piece->groups[0] * TRANSFER_BYTES, command->size - start);

  if (fv_recorder_observer != NULL)
    fv_recorder_observer (commands, &command->dispatch, piece->seconds);
  switch (command->kind)
    {
    case COMMAND_DISPATCH:
      put_dispatch (device, commands, command, piece);
      break;
    case COMMAND_FILL:
      fv_vulkan.CmdFillBuffer (commands, command->to, command->to_offset + start, size, command->word);
      break;
    case COMMAND_COPY:
      fv_vulkan.CmdCopyBuffer (commands, command->from, command->to, 1,
                               &(VkBufferCopy){ command->from_offset + start, command->to_offset + start, size });
      break;
    }
}

/* The first piece of a command. */
static gboolean
starts_command (FvRecording *recording, guint piece)
{
  return piece == 0
         || g_array_index (recording->pieces, FvPiece, piece).command
                != g_array_index (recording->pieces, FvPiece, piece - 1).command;
}

static void
put_pieces (FvRecording *recording, VkCommandBuffer commands, guint first, guint end, Pending *pending)
{
  for (guint i = first; i < end; i++)
    {
      const FvPiece *piece = &g_array_index (recording->pieces, FvPiece, i);
      const Command *command = &g_array_index (recording->commands, Command, piece->command);

      if (starts_command (recording, i))
        {
          if (conflicts (pending, &command->dispatch))
            {
              put_work_barrier (commands);
              forget (pending);
              recording->n_barriers++;
            }
          remember (pending, &command->dispatch);
          recording->n_dispatches += command->kind == COMMAND_DISPATCH;
        }
      if (recording->queries != VK_NULL_HANDLE)
        fv_vulkan.CmdWriteTimestamp2 (commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, recording->queries, 2 * i);
      put_piece (recording->device, commands, command, piece);
      if (recording->queries != VK_NULL_HANDLE)
        fv_vulkan.CmdWriteTimestamp2 (commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, recording->queries, 2 * i + 1);
    }
}

/* The pieces from @first to @end into submission @index; barriers go on from one to the next as if they were one. */
static void
put_submission (FvRecording *recording, guint index, guint first, guint end, Pending *pending)
{
  VkCommandBuffer commands = g_array_index (recording->submissions, VkCommandBuffer, index);

  if (recording->queries != VK_NULL_HANDLE)
    fv_vulkan.CmdResetQueryPool (commands, recording->queries, 2 * first, 2 * (end - first));
  if (recording->clock != VK_NULL_HANDLE)
    fv_vulkan.CmdResetQueryPool (commands, recording->clock, 2 * index, 2);
  /* Whatever was submitted before may still run. */
  if (index == 0)
    put_work_barrier (commands);
  if (recording->clock != VK_NULL_HANDLE)
    fv_vulkan.CmdWriteTimestamp2 (commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, recording->clock, 2 * index);
  put_pieces (recording, commands, first, end, pending);
  /* The host may read what was written into mapped memory. */
  if (index + 1 == recording->submissions->len)
    put_barrier (commands, VK_PIPELINE_STAGE_2_HOST_BIT, VK_ACCESS_2_HOST_READ_BIT);
  if (recording->clock != VK_NULL_HANDLE)
    fv_vulkan.CmdWriteTimestamp2 (commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, recording->clock, 2 * index + 1);
}

static gboolean
record_submissions (FvRecording *recording, GError **error)
{
  const VkCommandBufferBeginInfo begin_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
    .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT,
  };
  g_autoptr (GArray) reads = g_array_new (FALSE, FALSE, sizeof (FvRange));
  g_autoptr (GArray) writes = g_array_new (FALSE, FALSE, sizeof (FvRange));
  Pending pending = { .reads = reads, .writes = writes };
  guint first = 0, end;

  for (guint i = 0; i < recording->submissions->len; i++)
    {
      VkCommandBuffer commands = g_array_index (recording->submissions, VkCommandBuffer, i);

      for (end = first; end < recording->pieces->len; end++)
        if (g_array_index (recording->pieces, FvPiece, end).submission != i)
          break;
      if (!fv_device_check (recording->device, fv_vulkan.BeginCommandBuffer (commands, &begin_info), "record commands",
                            error))
        return FALSE;
      put_submission (recording, i, first, end, &pending);
      if (!fv_device_check (recording->device, fv_vulkan.EndCommandBuffer (commands), "record commands", error))
        return FALSE;
      first = end;
    }
  return TRUE;
}

static gboolean
make_query_pool (FvDevice *device, guint n, VkQueryPool *pool, GError **error)
{
  const VkQueryPoolCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
    .queryType = VK_QUERY_TYPE_TIMESTAMP,
    .queryCount = n,
  };

  return fv_device_check (device, fv_vulkan.CreateQueryPool (device->device, &info, NULL, pool), "make a query pool",
                          error);
}

static gboolean
make_command_buffers (FvRecording *recording, guint n, GError **error)
{
  FvDevice *device = recording->device;
  const VkCommandBufferAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = device->command_pool,
    .commandBufferCount = n,
  };

  g_array_set_size (recording->submissions, n);
  if (fv_device_check (device,
                       fv_vulkan.AllocateCommandBuffers (device->device, &info,
                                                         (VkCommandBuffer *)(gpointer)recording->submissions->data),
                       "make a command buffer", error))
    return TRUE;
  g_array_set_size (recording->submissions, 0);
  return FALSE;
}

static void
cut_commands (FvRecording *recording)
{
  FvDevice *device = recording->device;

  for (guint i = 0; i < recording->commands->len; i++)
    {
      const FvDispatch *dispatch = &g_array_index (recording->commands, Command, i).dispatch;

      fv_pieces_append (recording->pieces, i, dispatch->groups, fv_estimate_seconds (device, dispatch),
                        device->submission_seconds);
    }
  recording->slowness = device->slowness;
}

static gboolean
make_objects (FvRecording *recording, GError **error)
{
  FvDevice *device = recording->device;
  const guint n_pieces = recording->pieces->len;
  guint n = 1;

  if (n_pieces > 0)
    n += g_array_index (recording->pieces, FvPiece, n_pieces - 1).submission;
  if (recording->timing && device->pipeline_timestamps && n_pieces > 0
      && !make_query_pool (device, 2 * n_pieces, &recording->queries, error))
    return FALSE;
  if (device->submission_seconds > 0 && device->pipeline_timestamps
      && !make_query_pool (device, 2 * n, &recording->clock, error))
    return FALSE;
  return make_command_buffers (recording, n, error);
}

/* Nothing of it may be running. */
static void
drop (FvRecording *self)
{
  FvDevice *device = self->device;

  if (self->queries != VK_NULL_HANDLE)
    fv_vulkan.DestroyQueryPool (device->device, self->queries, NULL);
  if (self->clock != VK_NULL_HANDLE)
    fv_vulkan.DestroyQueryPool (device->device, self->clock, NULL);
  if (self->submissions->len > 0)
    fv_vulkan.FreeCommandBuffers (device->device, device->command_pool, self->submissions->len,
                                  (const VkCommandBuffer *)(gpointer)self->submissions->data);
  self->queries = self->clock = VK_NULL_HANDLE;
  g_array_set_size (self->submissions, 0);
  g_array_set_size (self->pieces, 0);
  self->n_dispatches = self->n_barriers = 0;
  self->slowness = 0;
}

/* Cuts the commands, and makes everything that is submitted. */
static gboolean
record (FvRecording *recording, GError **error)
{
  drop (recording);
  cut_commands (recording);
  if (make_objects (recording, error) && record_submissions (recording, error))
    return TRUE;
  drop (recording);
  return FALSE;
}

FvRecording *
fv_recorder_finish (FvRecorder **recorder, gboolean timing, GError **error)
{
  g_autoptr (FvRecorder) self = g_steal_pointer (recorder);
  g_autoptr (FvRecording) recording = g_new0 (FvRecording, 1);

  recording->device = fv_device_ref (self->device);
  recording->commands = g_array_ref (self->commands);
  recording->timing = timing;
  recording->pieces = g_array_new (FALSE, FALSE, sizeof (FvPiece));
  recording->submissions = g_array_new (FALSE, TRUE, sizeof (VkCommandBuffer));
  if (!make_pipelines (self, error) || !record (recording, error))
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
  drop (self);
  g_array_unref (self->commands);
  g_array_unref (self->pieces);
  g_array_unref (self->submissions);
  fv_device_unref (self->device);
  g_free (self);
}

/* Submission */

/* Two ticks for each of @n things, or NULL while they are not there. */
static guint64 *
read_ticks (FvRecording *self, VkQueryPool pool, guint n)
{
  g_autofree guint64 *ticks = g_new0 (guint64, 2 * n);

  if (fv_vulkan.GetQueryPoolResults (self->device->device, pool, 0, 2 * n, 2 * n * sizeof *ticks, ticks, sizeof *ticks,
                                     VK_QUERY_RESULT_64_BIT)
      != VK_SUCCESS)
    return NULL;
  return g_steal_pointer (&ticks);
}

/* Seconds that the longest submission really took last time, 0 where that is not known. */
static double
measure (FvRecording *self)
{
  g_autofree guint64 *ticks = NULL;
  guint64 longest = 0;

  if (self->clock == VK_NULL_HANDLE || self->ticket == 0 || !fv_device_is_done (self->device, self->ticket))
    return 0;
  ticks = read_ticks (self, self->clock, self->submissions->len);
  for (guint i = 0; ticks != NULL && i < self->submissions->len; i++)
    longest = MAX (longest, ticks[2 * i + 1] - ticks[2 * i]);
  return longest * self->device->timestamp_seconds;
}

#define MAX_SLOWNESS 64 /* where a single workgroup takes too long, nothing helps */

/*
 * The estimate starts from rates that nearly every device keeps. Where a submission takes longer than it may, all that is recorded on the device
 * from then on is expected to take longer by as much, and what is submitted again is recorded anew. Never the other way round: what is cut too
 * small costs next to nothing.
 */
static gboolean
refine (FvRecording *self, GError **error)
{
  FvDevice *device = self->device;
  const double seconds = measure (self);

  if (seconds > device->submission_seconds)
    device->slowness = CLAMP (self->slowness * seconds / device->submission_seconds, device->slowness, MAX_SLOWNESS);
  /* Where it failed the last time there is nothing to submit yet, nor anything that runs. */
  if (self->slowness > 0 && (device->slowness <= self->slowness || !fv_device_is_done (device, self->ticket)))
    return TRUE;
  return record (self, error);
}

gboolean
fv_recording_submit (FvRecording *self, guint64 *ticket, GError **error)
{
  if (self->device->submission_seconds > 0 && !refine (self, error))
    return FALSE;
  if (!fv_device_submit (self->device, (const VkCommandBuffer *)(gpointer)self->submissions->data,
                         self->submissions->len, &self->ticket, error))
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

  if (self->queries != VK_NULL_HANDLE)
    ticks = read_ticks (self, self->queries, self->pieces->len);
  for (guint i = 0; ticks != NULL && i < self->pieces->len; i++)
    {
      const guint command = g_array_index (self->pieces, FvPiece, i).command;
      const FvDispatch *dispatch = &g_array_index (self->commands, Command, command).dispatch;
      FvPhase *phase = find_phase (phases, dispatch->phase);

      phase->seconds += (ticks[2 * i + 1] - ticks[2 * i]) * self->device->timestamp_seconds;
      if (starts_command (self, i))
        {
          phase->flops += dispatch->flops;
          phase->dispatches++;
        }
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
