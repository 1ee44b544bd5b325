/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-device-private.h"
#include "compute/device/fv-kernel.h"
#include "compute/graph/fv-recorder.h"

#include <string.h>

/* Pipelines by kernel, specialization and subgroup size; made on several threads, since each costs tens of milliseconds. */

static char *
key_string (const FvPipelineKey *key)
{
  GString *string = g_string_new (key->kernel);

  g_string_append_printf (string, ":%u", key->subgroup_size);
  for (guint i = 0; i < key->n_spec; i++)
    g_string_append_printf (string, ",%u", key->spec[i]);
  return g_string_free (string, FALSE);
}

typedef struct
{
  FvDevice *device;
  const FvPipelineKey *key;
  char *name;
  VkPipeline pipeline;
  VkResult result;
  double seconds;
} Job;

static void
make_pipeline (gpointer data, gpointer user_data)
{
  Job *job = data;
  FvDevice *self = job->device;
  const FvKernel *kernel = fv_kernel_lookup (job->key->kernel);
  const gint64 start = g_get_monotonic_time ();
  VkSpecializationMapEntry entries[FV_MAX_SPEC];
  const VkSpecializationInfo spec = {
    .mapEntryCount = job->key->n_spec,
    .pMapEntries = entries,
    .dataSize = job->key->n_spec * sizeof (guint32),
    .pData = job->key->spec,
  };
  const VkShaderModuleCreateInfo module_info = {
    .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
    .codeSize = kernel->size,
    .pCode = kernel->spirv,
  };
  const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
    .requiredSubgroupSize = job->key->subgroup_size,
  };
  VkComputePipelineCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
    .stage = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
      .stage = VK_SHADER_STAGE_COMPUTE_BIT,
      .pName = "main",
      .pSpecializationInfo = &spec,
    },
    /* Where a dispatch may be cut. */
    .flags = self->submission_seconds > 0 ? VK_PIPELINE_CREATE_DISPATCH_BASE_BIT : 0,
    .layout = self->pipeline_layout,
  };

  for (guint i = 0; i < job->key->n_spec; i++)
    entries[i]
        = (VkSpecializationMapEntry){ .constantID = i, .offset = i * sizeof (guint32), .size = sizeof (guint32) };
  if (job->key->subgroup_size != 0 && self->subgroup_size_control)
    {
      info.stage.pNext = &subgroup;
      info.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    }
  job->result = fv_vulkan.CreateShaderModule (self->device, &module_info, NULL, &info.stage.module);
  if (job->result != VK_SUCCESS)
    return;
  job->result = fv_vulkan.CreateComputePipelines (self->device, self->pipeline_cache, 1, &info, NULL, &job->pipeline);
  fv_vulkan.DestroyShaderModule (self->device, info.stage.module, NULL);
  job->seconds = (g_get_monotonic_time () - start) * 1e-6;
}

static void
note_fresh (FvDevice *self, const Job *job)
{
  const gsize spec_bytes = job->key->n_spec * sizeof (guint32);
  FvFreshPipeline *fresh = g_malloc (sizeof *fresh + spec_bytes);

  fresh->key = *job->key;
  fresh->key.kernel = fv_kernel_lookup (job->key->kernel)->name;
  fresh->key.spec = fresh->spec;
  memcpy (fresh->spec, job->key->spec, spec_bytes);
  fresh->seconds = job->seconds;
  g_ptr_array_add (self->fresh, fresh);
}

gboolean
fv_device_make_pipelines (FvDevice *self, const FvPipelineKey *keys, guint n_keys, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GArray) jobs = g_array_new (FALSE, TRUE, sizeof (Job));
  gboolean ok = TRUE;

  for (guint i = 0; i < n_keys; i++)
    {
      Job job = { .device = self, .key = &keys[i], .name = key_string (&keys[i]) };

      if (g_hash_table_contains (self->pipelines, job.name) || g_hash_table_contains (seen, job.name))
        {
          g_free (job.name);
          continue;
        }
      g_hash_table_add (seen, job.name);
      g_assert (fv_kernel_lookup (keys[i].kernel) != NULL);
      g_array_append_val (jobs, job);
    }
  if (jobs->len > 0)
    {
      GThreadPool *pool
          = g_thread_pool_new (make_pipeline, NULL, MIN (jobs->len, g_get_num_processors ()), FALSE, NULL);

      for (guint i = 0; i < jobs->len; i++)
        g_thread_pool_push (pool, &g_array_index (jobs, Job, i), NULL);
      g_thread_pool_free (pool, FALSE, TRUE);
    }
  for (guint i = 0; i < jobs->len; i++)
    {
      Job *job = &g_array_index (jobs, Job, i);

      if (job->result == VK_SUCCESS)
        {
          fv_device_name_object (self, VK_OBJECT_TYPE_PIPELINE, (guint64)job->pipeline, job->name);
          g_hash_table_insert (self->pipelines, job->name, job->pipeline);
          note_fresh (self, job);
          continue;
        }
      if (ok)
        {
          g_autofree char *what = g_strdup_printf ("compile the kernel “%s”", job->key->kernel);
          ok = fv_device_check (self, job->result, what, error);
        }
      g_free (job->name);
    }
  return ok;
}

VkPipeline
fv_device_get_pipeline (FvDevice *self, const FvPipelineKey *key)
{
  g_autofree char *name = key_string (key);

  return g_hash_table_lookup (self->pipelines, name);
}
