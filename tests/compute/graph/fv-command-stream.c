/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/graph/fv-command-stream.h"

#include "compute/graph/fv-recorder-private.h"

#include <string.h>

typedef enum
{
  EVENT_COMMAND,
  EVENT_BEFORE, /* stands for all that was submitted before a recording */
  EVENT_BARRIER,
  EVENT_HOST, /* the host may read */
} EventKind;

typedef struct
{
  EventKind kind;
  /* Commands */
  const char *name;
  FvRange reads[FV_MAX_ACCESSES], writes[FV_MAX_ACCESSES];
  guint n_reads, n_writes;
  const FvDispatch *identity; /* the pieces of a command have the same */
  VkPipelineStageFlags2 stage;
  VkAccessFlags2 read, write;
  /* Barriers */
  VkMemoryBarrier2 barrier;
  guint number;
} Event;

/* Two commands, or a command and the host, that conflict, by their places in the stream. */
typedef struct
{
  guint first, second;
  VkAccessFlags2 made, seen; /* accesses to be made available and visible; 0: only the order counts */
  guint only;                /* the one barrier that orders them, or NONE */
} Pair;

#define NONE G_MAXUINT
#define NO_NUMBER (G_MAXUINT - 1) /* of barriers that are not counted */

typedef struct
{
  GArray *events; /* Event, of a command buffer, or of a submission */
  guint64 ticket;
  gboolean waited; /* by the host */
} Submission;

static struct
{
  FvVulkan real;
  const FvDispatch *declared; /* of the command that comes next */
  GHashTable *buffers;        /* VkCommandBuffer -> GArray of Event */
  GArray *submissions;        /* Submission */
  GArray *events, *pairs;     /* what was taken */
  guint n_barriers;
} stream;

/* Catching */

static void
add_event (VkCommandBuffer commands, const Event *event)
{
  GArray *events = g_hash_table_lookup (stream.buffers, commands);

  g_assert_nonnull (events);
  g_array_append_vals (events, event, 1);
}

static guint
pack_ranges (FvRange to[FV_MAX_ACCESSES], const FvRange from[FV_MAX_ACCESSES])
{
  guint n = 0;

  for (guint i = 0; i < FV_MAX_ACCESSES; i++)
    if (from[i].size > 0)
      to[n++] = from[i];
  return n;
}

static void
add_command (VkCommandBuffer commands, VkPipelineStageFlags2 stage, VkAccessFlags2 read, VkAccessFlags2 write)
{
  const FvDispatch *declared = stream.declared;
  Event event = { .kind = EVENT_COMMAND,
                  .name = declared->kernel != NULL ? declared->kernel : declared->phase,
                  .identity = declared,
                  .stage = stage,
                  .read = read,
                  .write = write };

  event.n_reads = pack_ranges (event.reads, declared->reads);
  event.n_writes = pack_ranges (event.writes, declared->writes);
  add_event (commands, &event);
  /* Each is declared. */
  stream.declared = NULL;
}

static void
observe (VkCommandBuffer commands, const FvDispatch *declared, double seconds)
{
  g_assert_null (stream.declared);
  stream.declared = declared;
}

static VKAPI_ATTR VkResult VKAPI_CALL
begin (VkCommandBuffer commands, const VkCommandBufferBeginInfo *info)
{
  g_hash_table_insert (stream.buffers, commands, g_array_new (FALSE, TRUE, sizeof (Event)));
  return stream.real.BeginCommandBuffer (commands, info);
}

static VKAPI_ATTR void VKAPI_CALL
dispatch (VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t z)
{
  add_command (commands, VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT, VK_ACCESS_2_SHADER_READ_BIT,
               VK_ACCESS_2_SHADER_WRITE_BIT);
  stream.real.CmdDispatch (commands, x, y, z);
}

static VKAPI_ATTR void VKAPI_CALL
dispatch_base (VkCommandBuffer commands, uint32_t base_x, uint32_t base_y, uint32_t base_z, uint32_t x, uint32_t y,
               uint32_t z)
{
  add_command (commands, VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT, VK_ACCESS_2_SHADER_READ_BIT,
               VK_ACCESS_2_SHADER_WRITE_BIT);
  stream.real.CmdDispatchBase (commands, base_x, base_y, base_z, x, y, z);
}

static VKAPI_ATTR void VKAPI_CALL
fill (VkCommandBuffer commands, VkBuffer buffer, VkDeviceSize offset, VkDeviceSize size, uint32_t word)
{
  add_command (commands, VK_PIPELINE_STAGE_2_TRANSFER_BIT, VK_ACCESS_2_TRANSFER_READ_BIT,
               VK_ACCESS_2_TRANSFER_WRITE_BIT);
  stream.real.CmdFillBuffer (commands, buffer, offset, size, word);
}

static VKAPI_ATTR void VKAPI_CALL
copy (VkCommandBuffer commands, VkBuffer from, VkBuffer to, uint32_t n, const VkBufferCopy *copies)
{
  add_command (commands, VK_PIPELINE_STAGE_2_TRANSFER_BIT, VK_ACCESS_2_TRANSFER_READ_BIT,
               VK_ACCESS_2_TRANSFER_WRITE_BIT);
  stream.real.CmdCopyBuffer (commands, from, to, n, copies);
}

static VKAPI_ATTR void VKAPI_CALL
put_barrier (VkCommandBuffer commands, const VkDependencyInfo *info)
{
  const Event event = { .kind = EVENT_BARRIER, .barrier = info->pMemoryBarriers[0] };

  g_assert_cmpuint (info->memoryBarrierCount, ==, 1);
  add_event (commands, &event);
  stream.real.CmdPipelineBarrier2 (commands, info);
}

static VKAPI_ATTR VkResult VKAPI_CALL
submit (VkQueue queue, uint32_t n, const VkSubmitInfo2 *infos, VkFence fence)
{
  for (guint i = 0; i < n; i++)
    {
      const VkCommandBuffer commands = infos[i].pCommandBufferInfos[0].commandBuffer;
      const Submission submission = { .events = g_array_ref (g_hash_table_lookup (stream.buffers, commands)),
                                      .ticket = infos[i].pSignalSemaphoreInfos[0].value };

      g_assert_cmpuint (infos[i].commandBufferInfoCount, ==, 1);
      g_array_append_val (stream.submissions, submission);
    }
  return stream.real.QueueSubmit2 (queue, n, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
wait (VkDevice device, const VkSemaphoreWaitInfo *info, uint64_t timeout)
{
  for (guint i = 0; i < stream.submissions->len; i++)
    if (g_array_index (stream.submissions, Submission, i).ticket == info->pValues[0])
      g_array_index (stream.submissions, Submission, i).waited = TRUE;
  return stream.real.WaitSemaphores (device, info, timeout);
}

static void
submission_clear (gpointer data)
{
  g_array_unref (((Submission *)data)->events);
}

void
fv_command_stream_start (void)
{
  stream.real = fv_vulkan;
  stream.buffers = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
  stream.submissions = g_array_new (FALSE, FALSE, sizeof (Submission));
  g_array_set_clear_func (stream.submissions, submission_clear);
  stream.events = g_array_new (FALSE, FALSE, sizeof (Event));
  stream.pairs = g_array_new (FALSE, FALSE, sizeof (Pair));
  fv_recorder_observer = observe;
  fv_vulkan.BeginCommandBuffer = begin;
  fv_vulkan.CmdDispatch = dispatch;
  fv_vulkan.CmdDispatchBase = dispatch_base;
  fv_vulkan.CmdFillBuffer = fill;
  fv_vulkan.CmdCopyBuffer = copy;
  fv_vulkan.CmdPipelineBarrier2 = put_barrier;
  fv_vulkan.QueueSubmit2 = submit;
  fv_vulkan.WaitSemaphores = wait;
}

void
fv_command_stream_stop (void)
{
  fv_vulkan = stream.real;
  fv_recorder_observer = NULL;
  g_hash_table_unref (stream.buffers);
  g_array_unref (stream.submissions);
  g_array_unref (stream.events);
  g_array_unref (stream.pairs);
  memset (&stream, 0, sizeof stream);
}

/* Hazards */

static gboolean
overlap (const FvRange *a, guint n_a, const FvRange *b, guint n_b)
{
  for (guint i = 0; i < n_a; i++)
    for (guint k = 0; k < n_b; k++)
      if (a[i].address < b[k].address + b[k].size && b[k].address < a[i].address + a[i].size)
        return TRUE;
  return FALSE;
}

static gboolean
orders (const Event *barrier, const Event *a, const Event *b, const Pair *pair)
{
  return barrier->kind == EVENT_BARRIER && (barrier->barrier.srcStageMask & a->stage) != 0
         && (barrier->barrier.dstStageMask & b->stage) != 0
         && (barrier->barrier.srcAccessMask & pair->made) == pair->made
         && (barrier->barrier.dstAccessMask & pair->seen) == pair->seen;
}

/* Keeps a pair that needs order, but for one that two barriers give it to: either may go. */
static void
add_pair (Pair pair)
{
  const Event *events = (const Event *)(gpointer)stream.events->data;

  pair.only = NONE;
  for (guint i = pair.first + 1; i < pair.second; i++)
    {
      if (!orders (&events[i], &events[pair.first], &events[pair.second], &pair))
        continue;
      if (events[i].number == NO_NUMBER || (pair.only != NONE && pair.only != events[i].number))
        return;
      pair.only = events[i].number;
    }
  g_array_append_val (stream.pairs, pair);
}

static void
add_pairs (guint first, guint second)
{
  const Event *a = &g_array_index (stream.events, Event, first), *b = &g_array_index (stream.events, Event, second);

  if (b->kind == EVENT_HOST && a->n_writes > 0)
    add_pair ((Pair){ first, second, a->write, VK_ACCESS_2_HOST_READ_BIT, NONE });
  if (b->kind != EVENT_COMMAND || a->identity == b->identity)
    return;
  if (overlap (a->writes, a->n_writes, b->reads, b->n_reads))
    add_pair ((Pair){ first, second, a->write, b->read, NONE });
  if (overlap (a->writes, a->n_writes, b->writes, b->n_writes))
    add_pair ((Pair){ first, second, a->write, b->write, NONE });
  if (overlap (a->reads, a->n_reads, b->writes, b->n_writes))
    add_pair ((Pair){ first, second, 0, 0, NONE });
}

static gboolean
has_dispatch (GArray *events)
{
  for (guint i = 0; i < events->len; i++)
    if (g_array_index (events, Event, i).stage == VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT)
      return TRUE;
  return FALSE;
}

/* Numbers the barriers of every command buffer that has dispatches, in all of its submissions alike. */
static void
number_barriers (void)
{
  g_autoptr (GHashTable) numbered = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < stream.submissions->len; i++)
    {
      GArray *events = g_array_index (stream.submissions, Submission, i).events;
      const gboolean counted = has_dispatch (events);

      if (!g_hash_table_add (numbered, events))
        continue;
      for (guint k = 0; k < events->len; k++)
        if (g_array_index (events, Event, k).kind == EVENT_BARRIER)
          g_array_index (events, Event, k).number = counted ? stream.n_barriers++ : NO_NUMBER;
    }
}

/* Each recording ends with a barrier for the host. */
static gboolean
ends_recording (GArray *events)
{
  for (guint i = 0; i < events->len; i++)
    if (g_array_index (events, Event, i).barrier.dstStageMask == VK_PIPELINE_STAGE_2_HOST_BIT)
      return TRUE;
  return FALSE;
}

void
fv_command_stream_take (void)
{
  /* A recording doesn't know what was submitted before it: anything. */
  const Event unknown = { .kind = EVENT_BEFORE,
                          .name = "what was submitted before",
                          .writes = { { 0, G_MAXUINT64 } },
                          .n_writes = 1,
                          .stage = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT,
                          .write = VK_ACCESS_2_SHADER_WRITE_BIT };
  const Event host = { .kind = EVENT_HOST, .name = "the host", .stage = VK_PIPELINE_STAGE_2_HOST_BIT };
  gboolean starts = TRUE;

  number_barriers ();
  for (guint i = 0; i < stream.submissions->len; i++)
    {
      const Submission *submission = &g_array_index (stream.submissions, Submission, i);

      if (starts)
        g_array_append_val (stream.events, unknown);
      g_array_append_vals (stream.events, submission->events->data, submission->events->len);
      if (submission->waited)
        g_array_append_val (stream.events, host);
      starts = ends_recording (submission->events);
    }
  for (guint second = 0; second < stream.events->len; second++)
    for (guint first = 0; first < second; first++)
      if (g_array_index (stream.events, Event, first).kind <= EVENT_BEFORE)
        add_pairs (first, second);
}

guint
fv_command_stream_get_n_barriers (void)
{
  return stream.n_barriers;
}

guint
fv_command_stream_get_n_commands (void)
{
  guint n = 0;

  for (guint i = 0; i < stream.submissions->len; i++)
    {
      GArray *events = g_array_index (stream.submissions, Submission, i).events;

      for (guint k = 0; k < events->len; k++)
        n += g_array_index (events, Event, k).kind == EVENT_COMMAND;
    }
  return n;
}

char *
fv_command_stream_find_hazard (int without)
{
  for (guint i = 0; i < stream.pairs->len; i++)
    {
      const Pair *pair = &g_array_index (stream.pairs, Pair, i);

      if (pair->only == NONE || (without >= 0 && pair->only == (guint)without))
        return g_strdup_printf ("%s at %u, then %s at %u", g_array_index (stream.events, Event, pair->first).name,
                                pair->first, g_array_index (stream.events, Event, pair->second).name, pair->second);
    }
  return NULL;
}
