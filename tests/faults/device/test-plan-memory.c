/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/device/fv-fault-check.h"

#include "compute/device/fv-device-private.h"
#include "compute/nets/fv-trainer.h"

#include <string.h>

/* Too little memory for a plan, known before anything is made of it, and memory that is gone when it is wanted. */

#define SIZE 64

static const FvLossParams loss = { .box = 0.05f, .obj = 1, .cls = 0.5f, .cls_pw = 1, .obj_pw = 1, .anchor_t = 4 };

#define PLENTY (1ull << 40)

/* One for all tests, since its pipelines are what takes time. */
static FvDevice *device;

typedef struct
{
  FvYolov5Config config;
  FvTrainerParams params;
  FvModel *model;
  FvTrainer *trainer;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  device->memory_budget = TRUE;
  fv_failing_vulkan_set_free_bytes (PLENTY);
  fv_yolov5_config_init (&self->config, 'n', 2);
  self->params = (FvTrainerParams){ .loss = loss, .clip_norm = 10 };
  self->model = fv_model_new (device, &self->config, &error);
  g_assert_no_error (error);
  self->trainer = fv_trainer_new (self->model, &self->params, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  fv_trainer_free (self->trainer);
  fv_model_unref (self->model);
}

/* Bytes of activations. */
static guint64
count_arena (Fixture *self, guint n)
{
  g_autoptr (FvLayout) layout = fv_yolov5_layout_new (&self->config);
  const guint64 floats = 4 * fv_layout_get_parameter_floats (layout) + 2 * fv_layout_get_statistics_floats (layout);

  return fv_trainer_count_bytes (device, &self->config, &self->params, n, SIZE, SIZE, NULL) - sizeof (float) * floats
         - fv_optimizer_scratch_bytes (layout);
}

static void
assert_says (const GError *error, const char *const *parts)
{
  fv_fault_check_error (error, VK_ERROR_OUT_OF_DEVICE_MEMORY);
  for (; *parts != NULL; parts++)
    if (strstr (error->message, *parts) == NULL)
      g_error ("“%s” is not in “%s”", *parts, error->message);
}

static char *
format (guint64 bytes)
{
  return g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
}

/* What other programs leave, else what this one has not taken. */
static void
test_available (Fixture *self, gconstpointer data)
{
  fv_failing_vulkan_set_free_bytes (12345678);
  g_assert_cmpuint (fv_device_get_available_bytes (device), ==, 12345678);
  device->memory_budget = FALSE;
  g_assert_cmpuint (fv_device_get_available_bytes (device), ==,
                    device->info->memory_bytes - fv_device_get_allocated_bytes (device));
  device->allocated_bytes += device->info->memory_bytes;
  g_assert_cmpuint (fv_device_get_available_bytes (device), ==, 0);
  device->allocated_bytes -= device->info->memory_bytes;
}

/* A plan that has no room is refused before anything is made of it; a smaller one has room, and the larger one when there is. */
static void
test_no_room (Fixture *self, gconstpointer data)
{
  const guint64 before = fv_device_get_allocated_bytes (device);
  const guint64 needed = fv_trainer_count_bytes (device, &self->config, &self->params, 8, SIZE, SIZE, NULL);
  const guint64 there = needed - count_arena (self, 8) + count_arena (self, 4);
  g_autofree char *needed_text = format (needed), *there_text = format (there);
  const char *const parts[] = { "8 pictures of 64 x 64 px", needed_text,     there_text, "smaller batch",
                                "smaller pictures",         "smaller model", NULL };
  g_autoptr (GError) error = NULL;

  fv_failing_vulkan_set_free_bytes (count_arena (self, 4));
  fv_failing_vulkan_arm (&(FvVulkanFault){ .calls = FV_CALLS_ALL });
  g_assert_false (fv_trainer_prepare (self->trainer, 8, SIZE, SIZE, &error));
  g_assert_cmpuint (fv_failing_vulkan_count (), ==, 0);
  assert_says (error, parts);
  g_clear_error (&error);
  fv_trainer_prepare (self->trainer, 4, SIZE, SIZE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fv_device_get_allocated_bytes (device), ==, before + count_arena (self, 4));

  /* The memory of the smaller one counts as free. */
  fv_failing_vulkan_set_free_bytes (count_arena (self, 8) - count_arena (self, 4));
  fv_trainer_prepare (self->trainer, 8, SIZE, SIZE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fv_device_get_allocated_bytes (device), ==, before + count_arena (self, 8));
}

/* There is memory, but not in one piece. */
static void
test_no_piece (Fixture *self, gconstpointer data)
{
  g_autofree char *needed = format (count_arena (self, 4)), *largest = format (count_arena (self, 2));
  const char *const parts[] = { "4 pictures of 64 x 64 px", "in one piece", needed, largest, "smaller batch", NULL };
  const char *const buffer_parts[] = { "in one piece", "rather large", largest, "smaller batch", NULL };
  const guint64 largest_bytes = device->largest_buffer_bytes;
  g_autoptr (FvBuffer) buffer = NULL;
  g_autoptr (GError) error = NULL;

  device->largest_buffer_bytes = count_arena (self, 2);
  fv_failing_vulkan_arm (&(FvVulkanFault){ .calls = FV_CALLS_ALL });
  g_assert_false (fv_trainer_prepare (self->trainer, 4, SIZE, SIZE, &error));
  assert_says (error, parts);
  g_clear_error (&error);
  buffer = fv_buffer_new (device, FV_MEMORY_DEVICE, device->largest_buffer_bytes + 4, "rather large", &error);
  g_assert_null (buffer);
  assert_says (error, buffer_parts);
  g_clear_error (&error);
  g_assert_cmpuint (fv_failing_vulkan_count (), ==, 0);
  fv_trainer_prepare (self->trainer, 2, SIZE, SIZE, &error);
  g_assert_no_error (error);
  device->largest_buffer_bytes = largest_bytes;
}

/* (transfer full): what is said of a plan for four while there is no memory. */
static GError *
fail_allocations (Fixture *self)
{
  const guint64 before = fv_device_get_allocated_bytes (device), before_memory = fv_failing_vulkan_get_bytes ();
  GError *error = NULL;

  fv_failing_vulkan_arm (&(FvVulkanFault){
      .calls = FV_CALL_AllocateMemory, .nth = 1, .lasting = TRUE, .result = VK_ERROR_OUT_OF_DEVICE_MEMORY });
  g_assert_false (fv_trainer_prepare (self->trainer, 4, SIZE, SIZE, &error));
  g_assert_cmpstr (fv_failing_vulkan_disarm (), ==, "AllocateMemory");
  g_assert_cmpuint (fv_device_get_allocated_bytes (device), <=, before);
  g_assert_cmpuint (fv_failing_vulkan_get_bytes (), <=, before_memory);
  return error;
}

/* Another program took the memory between the plan and its start. */
static void
test_taken (Fixture *self, gconstpointer data)
{
  const guint64 before = fv_device_get_allocated_bytes (device);
  g_autofree char *needed = format (count_arena (self, 4)), *there = format (PLENTY);
  const char *const parts[]
      = { "activations", needed, there, "smaller batch", "smaller pictures", "smaller model", "other programs", NULL };
  g_autoptr (GError) error = fail_allocations (self), again = NULL;

  assert_says (error, parts);
  g_clear_error (&error);
  g_assert_cmpuint (fv_device_get_allocated_bytes (device), ==, before);

  /* The same trainer goes on with a smaller plan, also where it gave that up for a larger one. */
  for (guint i = 0; i < 2; i++)
    {
      fv_trainer_prepare (self->trainer, 2, SIZE, SIZE, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (fv_device_get_allocated_bytes (device), ==, before + count_arena (self, 2));
      g_clear_error (&again);
      again = fail_allocations (self);
      assert_says (again, parts);
    }
  fv_trainer_prepare (self->trainer, 2, SIZE, SIZE, &error);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_autofree char *live = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  fv_failing_vulkan_install ();
  device = fv_device_open (&(FvDeviceParams){ 0 }, NULL);
  g_assert_nonnull (device);
  g_test_add ("/faults/plan-memory/available", Fixture, NULL, set_up, test_available, tear_down);
  g_test_add ("/faults/plan-memory/no-room", Fixture, NULL, set_up, test_no_room, tear_down);
  g_test_add ("/faults/plan-memory/no-piece", Fixture, NULL, set_up, test_no_piece, tear_down);
  g_test_add ("/faults/plan-memory/taken", Fixture, NULL, set_up, test_taken, tear_down);
  status = g_test_run ();
  fv_device_unref (device);
  live = fv_failing_vulkan_get_live ();
  g_assert_cmpstr (live, ==, "");
  return status;
}
