/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/graph/fv-access-trace.h"

#include "compute/device/fv-device-private.h"
#include "compute/graph/fv-recorder-private.h"
#include "compute/ops/fv-augment.h"
#include "tests/compute/fv-full-barrier.h"
#include "tests/compute/graph/fv-spirv-trace.h"

#include <string.h>

#define MAX_VIOLATIONS 64
#define MAX_RANGES 12 /* of each kind */
#define N_KINDS 2
#define MAX_DISPATCHES 16384

/* As trace.comp has them. */
typedef struct
{
  guint64 begin, end;
  guint32 touched, reserved;
} Range;

typedef struct
{
  guint32 n_ranges[N_KINDS]; /* by FvTraceKind */
  Range ranges[N_KINDS][MAX_RANGES];
} Dispatch;

typedef struct
{
  guint64 address;
  guint64 what; /* dispatch << 32 | bytes << 1 | kind */
} Violation;

typedef struct
{
  guint32 current, n_violations;
  Violation violations[MAX_VIOLATIONS];
  Dispatch dispatches[MAX_DISPATCHES];
} Table;

G_STATIC_ASSERT (sizeof (Dispatch) == 584 && G_STRUCT_OFFSET (Table, dispatches) == 8 + MAX_VIOLATIONS * 16);

/* What the host knows of a dispatch. */
typedef struct
{
  const char *kernel;
  const FvStepBlock *block;         /* that it follows, or NULL */
  char *names[N_KINDS][MAX_RANGES]; /* NULL: not declared by the dispatch itself */
} Known;

typedef struct
{
  VkBuffer buffer;
  VkDeviceMemory memory;
  FvRange range;
  void *map;
} Memory;

static struct
{
  FvDevice *device;
  FvVulkan real;
  FvBuffer *buffer;
  Table *table;
  GPtrArray *known; /* Known, by dispatch */
  GArray *memories; /* Memory */
  const FvDispatch *declared;
  void (*edit) (FvDispatch *declared);
} trace;

static void
known_free (Known *self)
{
  for (guint i = 0; i < N_KINDS * MAX_RANGES; i++)
    g_free (self->names[i / MAX_RANGES][i % MAX_RANGES]);
  g_free (self);
}

/* Memory: where the host finds a step block that kernels know by its address. */

static VKAPI_ATTR VkResult VKAPI_CALL
bind_memory (VkDevice device, VkBuffer buffer, VkDeviceMemory memory, VkDeviceSize offset)
{
  VkMemoryRequirements requirements;
  Memory entry = { .buffer = buffer, .memory = memory };

  trace.real.GetBufferMemoryRequirements (device, buffer, &requirements);
  entry.range.size = requirements.size;
  g_array_append_val (trace.memories, entry);
  return trace.real.BindBufferMemory (device, buffer, memory, offset);
}

static VKAPI_ATTR VkResult VKAPI_CALL
map_memory (VkDevice device, VkDeviceMemory memory, VkDeviceSize offset, VkDeviceSize size, VkMemoryMapFlags flags,
            void **map)
{
  const VkResult result = trace.real.MapMemory (device, memory, offset, size, flags, map);

  for (guint i = 0; i < trace.memories->len; i++)
    if (g_array_index (trace.memories, Memory, i).memory == memory)
      g_array_index (trace.memories, Memory, i).map = *map;
  return result;
}

static VKAPI_ATTR VkDeviceAddress VKAPI_CALL
get_address (VkDevice device, const VkBufferDeviceAddressInfo *info)
{
  const VkDeviceAddress address = trace.real.GetBufferDeviceAddress (device, info);

  for (guint i = 0; i < trace.memories->len; i++)
    if (g_array_index (trace.memories, Memory, i).buffer == info->buffer)
      g_array_index (trace.memories, Memory, i).range.address = address;
  return address;
}

/* What lies in @memory is no longer followed. */
static void
forget_blocks (const Memory *memory)
{
  for (guint i = 0; i < trace.known->len; i++)
    {
      Known *known = trace.known->pdata[i];

      if ((const char *)known->block >= (const char *)memory->map
          && (const char *)known->block < (const char *)memory->map + memory->range.size)
        known->block = NULL;
    }
}

static VKAPI_ATTR void VKAPI_CALL
destroy_buffer (VkDevice device, VkBuffer buffer, const VkAllocationCallbacks *allocator)
{
  for (guint i = 0; i < trace.memories->len; i++)
    if (g_array_index (trace.memories, Memory, i).buffer == buffer)
      {
        forget_blocks (&g_array_index (trace.memories, Memory, i));
        g_array_remove_index_fast (trace.memories, i);
        break;
      }
  trace.real.DestroyBuffer (device, buffer, allocator);
}

static const Memory *
find_memory (VkDeviceAddress address)
{
  for (guint i = 0; i < trace.memories->len; i++)
    {
      const Memory *memory = &g_array_index (trace.memories, Memory, i);

      if (address >= memory->range.address && address < memory->range.address + memory->range.size)
        return memory;
    }
  g_error ("No memory at address %" G_GINT64_MODIFIER "x", address);
}

/* Dispatches */

/* @name (transfer full) (nullable) */
static void
add_range (Dispatch *self, Known *known, const FvRange *range, FvTraceKind kind, char *name)
{
  const guint n = self->n_ranges[kind];

  g_assert_cmpuint (n, <, MAX_RANGES);
  known->names[kind][n] = name;
  self->ranges[kind][n] = (Range){ .begin = range->address, .end = range->address + range->size };
  self->n_ranges[kind]++;
}

static gboolean
has_range (const Dispatch *self, const FvRange *range, FvTraceKind kind)
{
  for (guint i = 0; i < self->n_ranges[kind]; i++)
    if (self->ranges[kind][i].begin == range->address && self->ranges[kind][i].end == range->address + range->size)
      return TRUE;
  return FALSE;
}

static void
add_declared (Dispatch *self, Known *known, const char *kernel, const FvRange ranges[FV_MAX_ACCESSES], FvTraceKind kind)
{
  for (guint i = 0; i < FV_MAX_ACCESSES; i++)
    if (ranges[i].size > 0 && !has_range (self, &ranges[i], kind))
      add_range (self, known, &ranges[i], kind,
                 g_strdup_printf ("%s %s[%u]", kernel, kind == FV_TRACE_READ ? "reads" : "writes", i));
}

/* The first range to read is for what the block points to: known at each submission. */
static void
add_block (Dispatch *self, Known *known, const FvDispatch *declared)
{
  for (guint i = 0; i < FV_MAX_ACCESSES; i++)
    if (declared->reads[i].size == sizeof (FvStepBlock)
        && (g_str_has_prefix (declared->kernel, "augment") || g_str_has_prefix (declared->kernel, "loss-")))
      {
        const Memory *memory = find_memory (declared->reads[i].address);

        known->block
            = (const FvStepBlock *)((const char *)memory->map + declared->reads[i].address - memory->range.address);
        add_range (self, known, &(FvRange){ 0, 0 }, FV_TRACE_READ, NULL);
        return;
      }
}

static guint32
add_dispatch (const FvDispatch *declared)
{
  const guint32 index = trace.known->len;
  Dispatch *self = &trace.table->dispatches[index];
  Known *known = g_new0 (Known, 1);
  FvDispatch edited = *declared;
  const FvRange zero = { fv_device_get_zero_page (trace.device), FV_PAGE_BYTES };
  /* What is added to it is read from it, too. */
  const FvRange dump = { fv_device_get_dump_page (trace.device), FV_PAGE_BYTES };

  g_assert_cmpuint (index, <, MAX_DISPATCHES);
  if (trace.edit != NULL)
    trace.edit (&edited);
  known->kernel = declared->kernel;
  add_block (self, known, declared);
  add_declared (self, known, edited.kernel, edited.reads, FV_TRACE_READ);
  add_declared (self, known, edited.kernel, edited.writes, FV_TRACE_WRITE);
  add_range (self, known, &zero, FV_TRACE_READ, NULL);
  add_range (self, known, &dump, FV_TRACE_READ, NULL);
  add_range (self, known, &dump, FV_TRACE_WRITE, NULL);
  g_ptr_array_add (trace.known, known);
  return index;
}

static void
observe (VkCommandBuffer commands, const FvDispatch *declared, double seconds)
{
  trace.declared = declared;
}

/* The kernel is told which dispatch it is; no other may run meanwhile. */
static void
put_index (VkCommandBuffer commands)
{
  const guint32 index = add_dispatch (trace.declared);

  fv_test_put_full_barrier (&trace.real, commands);
  trace.real.CmdFillBuffer (commands, trace.buffer->buffer, G_STRUCT_OFFSET (Table, current), sizeof index, index);
  fv_test_put_full_barrier (&trace.real, commands);
}

static VKAPI_ATTR void VKAPI_CALL
dispatch (VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t z)
{
  put_index (commands);
  trace.real.CmdDispatch (commands, x, y, z);
}

static VKAPI_ATTR VkResult VKAPI_CALL
create_shader_module (VkDevice device, const VkShaderModuleCreateInfo *info, const VkAllocationCallbacks *allocator,
                      VkShaderModule *module)
{
  g_autoptr (GArray) code = fv_spirv_trace (info->pCode, info->codeSize / sizeof (guint32), trace.buffer->address);
  VkShaderModuleCreateInfo traced = *info;

  traced.pCode = (const guint32 *)(gpointer)code->data;
  traced.codeSize = code->len * sizeof (guint32);
  return trace.real.CreateShaderModule (device, &traced, allocator, module);
}

static VKAPI_ATTR VkResult VKAPI_CALL
submit (VkQueue queue, uint32_t n, const VkSubmitInfo2 *submits, VkFence fence)
{
  for (guint i = 0; i < trace.known->len; i++)
    {
      const Known *known = trace.known->pdata[i];
      Range *range = &trace.table->dispatches[i].ranges[FV_TRACE_READ][0];
      const Memory *data;

      if (known->block == NULL || known->block->samples == 0)
        continue;
      data = find_memory (known->block->samples);
      range->begin = data->range.address;
      range->end = range->begin + data->range.size;
    }
  return trace.real.QueueSubmit2 (queue, n, submits, fence);
}

void
fv_access_trace_start (FvDevice *device, void (*edit) (FvDispatch *declared))
{
  g_autoptr (GError) error = NULL;

  g_assert_null (trace.device);
  trace.device = device;
  trace.real = fv_vulkan;
  trace.edit = edit;
  trace.known = g_ptr_array_new_with_free_func ((GDestroyNotify)known_free);
  trace.memories = g_array_new (FALSE, FALSE, sizeof (Memory));
  trace.buffer = fv_buffer_new (device, FV_MEMORY_READBACK, sizeof (Table), "trace", &error);
  g_assert_no_error (error);
  trace.table = trace.buffer->map;
  fv_recorder_observer = observe;
  fv_vulkan.BindBufferMemory = bind_memory;
  fv_vulkan.MapMemory = map_memory;
  fv_vulkan.GetBufferDeviceAddress = get_address;
  fv_vulkan.DestroyBuffer = destroy_buffer;
  fv_vulkan.CmdDispatch = dispatch;
  fv_vulkan.CreateShaderModule = create_shader_module;
  fv_vulkan.QueueSubmit2 = submit;
}

void
fv_access_trace_stop (void)
{
  fv_vulkan = trace.real;
  fv_recorder_observer = NULL;
  fv_buffer_free (trace.buffer);
  g_ptr_array_unref (trace.known);
  g_array_unref (trace.memories);
  memset (&trace, 0, sizeof trace);
}

GPtrArray *
fv_access_trace_get_violations (void)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < MIN (trace.table->n_violations, MAX_VIOLATIONS); i++)
    {
      const Violation *violation = &trace.table->violations[i];
      const guint dispatch_index = violation->what >> 32, bytes = (violation->what & 0xffffffff) >> 1;
      const Known *known = trace.known->pdata[dispatch_index];

      g_ptr_array_add (texts,
                       g_strdup_printf ("%s (dispatch %u) %s %u bytes at %" G_GINT64_MODIFIER "x", known->kernel,
                                        dispatch_index, (violation->what & 1) == FV_TRACE_READ ? "reads" : "writes",
                                        bytes, violation->address));
    }
  if (trace.table->n_violations > MAX_VIOLATIONS)
    g_ptr_array_add (texts, g_strdup_printf ("%u in all", trace.table->n_violations));
  return texts;
}

/* Whether the dispatch ran and touched something. */
static gboolean
has_run (const Dispatch *self)
{
  for (guint i = 0; i < N_KINDS * MAX_RANGES; i++)
    if (self->ranges[i / MAX_RANGES][i % MAX_RANGES].touched)
      return TRUE;
  return FALSE;
}

GPtrArray *
fv_access_trace_get_untouched (void)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < trace.known->len; i++)
    {
      const Known *known = trace.known->pdata[i];
      const Dispatch *self = &trace.table->dispatches[i];

      if (!has_run (self))
        continue;
      for (guint k = 0; k < N_KINDS * MAX_RANGES; k++)
        {
          const char *name = known->names[k / MAX_RANGES][k % MAX_RANGES];

          if (name != NULL && !self->ranges[k / MAX_RANGES][k % MAX_RANGES].touched
              && !g_ptr_array_find_with_equal_func (texts, name, g_str_equal, NULL))
            g_ptr_array_add (texts, g_strdup (name));
        }
    }
  return texts;
}

guint
fv_access_trace_get_n_dispatches (void)
{
  return trace.known->len;
}
