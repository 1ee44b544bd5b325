/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/device/fv-fault-check.h"

#include "app/training/fv-checkpoint.h"
#include "app/training/fv-run-list.h"
#include "compute/device/fv-device-private.h"
#include "tests/app/training/fv-test-runs.h"
#include "tests/fv-test-data.h"

#include <json-glib/json-glib.h>
#include <string.h>

/*
 * Runs whose device is lost, or has no memory left, in their middle: they are interrupted, their last checkpoint is whole, and when they are
 * resumed they end with the bits of run 1, which nothing happens to.
 */

#define N_TRAIN 7
#define N_VAL 3

static const char *project;
static FvDataset *dataset;
static FvDevice *device;

static void
open_device (void)
{
  g_autoptr (GError) error = NULL;

  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  /* Not with further devices, whose calls would be counted, too. */
  device->compiles_late = FALSE;
}

/* Nothing of a run stays behind. */
static void
close_device (void)
{
  g_autofree char *live = NULL;

  g_clear_pointer (&device, fv_device_unref);
  live = fv_failing_vulkan_get_live ();
  g_assert_cmpstr (live, ==, "");
}

static gboolean
train (guint number, GError **error)
{
  const FvTestRuns runs = { .device = device, .project = project };
  FvTrainResult result;
  FvRecipe recipe;

  fv_test_runs_init_recipe (&recipe, 2);
  return fv_test_runs_train (&runs, number, &recipe, dataset, NULL, &result, error);
}

static void
resume (guint number)
{
  const FvTestRuns runs = { .device = device, .project = project };
  g_autoptr (GError) error = NULL;
  FvTrainResult result;

  fv_test_runs_resume (&runs, number, 0, &result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (result.reason, ==, FV_TRAIN_COMPLETED);
}

static void
assert_same_end (guint number)
{
  static const char *const names[] = { FV_RUN_CHECKPOINT, FV_RUN_LAST, FV_RUN_BEST };
  const FvTestRuns runs = { .project = project };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *expected = fv_test_runs_hash_tensors (&runs, 1, names[i]);
      g_autofree char *hash = fv_test_runs_hash_tensors (&runs, number, names[i]);

      g_assert_cmpstr (hash, ==, expected);
    }
}

/* (transfer full) (nullable): the last event of that name and, where that is given, id. */
static JsonObject *
find_event (guint number, const char *name, const char *id)
{
  g_autofree char *path = fv_run_path (project, number, FV_RUN_EVENTS);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  JsonObject *found = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      g_autoptr (JsonNode) node = json_from_string (*line, NULL);
      JsonObject *event = json_node_get_object (node);

      if (!g_str_equal (json_object_get_string_member (event, "event"), name)
          || (id != NULL && !g_str_equal (json_object_get_string_member (event, "id"), id)))
        continue;
      g_clear_pointer (&found, json_object_unref);
      found = json_object_ref (event);
    }
  return found;
}

/* As a window shows it. */
static void
assert_shown (guint number, FvRunState state)
{
  g_autoptr (FvRunList) list = fv_run_list_new (project);
  FvRunMonitor *run;

  while (fv_run_list_get_loading (list))
    g_main_context_iteration (NULL, TRUE);
  run = fv_run_list_lookup (list, number);
  g_assert_cmpint (fv_run_monitor_get_state (run), ==, state);
  g_assert_nonnull (fv_run_monitor_get_failure (run));
  g_assert_nonnull (fv_run_monitor_get_failure_hint (run));
  g_assert_true (fv_run_monitor_get_can_resume (run));
}

/* A run that ends at the @nth call of @calls, with @result. */
static void
interrupt (guint number, guint calls, guint nth, VkResult result)
{
  const gboolean lost = result == VK_ERROR_DEVICE_LOST;
  g_autofree char *path = fv_run_path (project, number, FV_RUN_CHECKPOINT);
  g_autofree char *resume_option = g_strdup_printf ("--resume %u", number);
  g_autoptr (JsonObject) event = NULL;
  g_autoptr (FvCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;

  fv_failing_vulkan_arm (&(FvVulkanFault){ .calls = calls, .nth = nth, .result = result });
  g_assert_false (train (number, &error));
  fv_fault_check_error (error, result);
  g_assert_nonnull (fv_failing_vulkan_disarm ());
  g_assert_true (fv_device_is_lost (device) == lost);
  event = find_event (number, "run-failed", lost ? "device-lost" : "out-of-memory");
  g_assert_cmpstr (json_object_get_string_member (event, "text"), ==, error->message);
  if (lost)
    g_assert_nonnull (strstr (json_object_get_string_member (event, "hint"), resume_option));
  g_clear_error (&error);
  checkpoint = fv_checkpoint_open (path, &error);
  g_assert_no_error (error);
  g_test_message ("ended, the last checkpoint is of epoch %u", fv_checkpoint_get_progress (checkpoint)->epoch);
  assert_shown (number, lost ? FV_RUN_INTERRUPTED : FV_RUN_FAILED);
}

/* Lost in its epochs and validations; resumed on a device that is opened anew. */
static void
test_lost (void)
{
  const guint calls = FV_CALL_QueueSubmit2 | FV_CALL_WaitSemaphores;
  g_autoptr (GError) error = NULL;
  guint n;

  open_device ();
  fv_failing_vulkan_arm (&(FvVulkanFault){ .calls = calls });
  train (1, &error);
  g_assert_no_error (error);
  n = fv_failing_vulkan_count ();
  fv_failing_vulkan_disarm ();
  for (guint i = 0; i < 4; i++)
    {
      interrupt (2 + i, calls, n * (i + 2) / 6, VK_ERROR_DEVICE_LOST);
      /* As if it were another device, but with the pipelines of this one. */
      device->lost = FALSE;
    }
  interrupt (6, FV_CALL_QueueSubmit2, 9, VK_ERROR_OUT_OF_DEVICE_MEMORY);
  close_device ();

  open_device ();
  for (guint number = 2; number <= 6; number++)
    {
      resume (number);
      g_assert_null (find_event (number, "warning", "other-device"));
      assert_same_end (number);
    }
  /* For those that follow. */
  for (guint number = 7; number <= 8; number++)
    {
      interrupt (number, calls, n * 3 / 4, VK_ERROR_DEVICE_LOST);
      device->lost = FALSE;
    }
}

/* Resumed on another device, which happens to compute the same: the run says that it might not. */
static void
test_other_name (void)
{
  g_autofree char *name = device->info->name;
  g_autofree char *plan = fv_run_path (project, 7, "plan-2.json");
  g_autoptr (JsonObject) warning = NULL;

  device->info->name = g_strdup ("A card of another make");
  resume (7);
  g_free (device->info->name);
  device->info->name = g_steal_pointer (&name);
  warning = find_event (7, "warning", "other-device");
  g_assert_nonnull (strstr (json_object_get_string_member (warning, "text"), "A card of another make"));
  g_assert_nonnull (strstr (json_object_get_string_member (warning, "text"), "may differ"));
  g_assert_true (g_file_test (plan, G_FILE_TEST_EXISTS));
  assert_same_end (7);
}

/* Resumed where subgroups have another size, which a driver decides when it is loaded, so in another process: this program again. */
static void
test_other_size (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *size = g_strdup_printf ("%u", fv_device_get_subgroup_size (device));
  const char *const argv[] = { program, project, "8", size, NULL };
  g_auto (GStrv) environment = g_get_environ ();
  g_autofree char *plan = fv_run_path (project, 8, "plan-2.json");
  g_autofree char *last = fv_run_path (project, 8, FV_RUN_LAST);
  g_autoptr (JsonObject) warning = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  close_device ();
  environment = g_str_equal (size, "8") ? g_environ_unsetenv (environment, "LP_NATIVE_VECTOR_WIDTH")
                                        : g_environ_setenv (environment, "LP_NATIVE_VECTOR_WIDTH", "256", TRUE);
  g_spawn_sync (NULL, (char **)argv, environment, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  if (WIFEXITED (status) && WEXITSTATUS (status) == 77)
    {
      g_test_skip ("the driver has subgroups of one size only, or is slow with others");
      return;
    }
  g_spawn_check_wait_status (status, &error);
  g_assert_no_error (error);
  warning = find_event (8, "warning", "other-device");
  g_assert_nonnull (strstr (json_object_get_string_member (warning, "text"), "may differ"));
  g_assert_true (g_file_test (plan, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (last, G_FILE_TEST_EXISTS));
}

/* The other process: a run's project and number, and the size of subgroups that it began with. */
static int
resume_elsewhere (char **arguments)
{
  project = arguments[0];
  /* 16 where the driver is quick with that. */
  fv_device_prepare_environment ();
  open_device ();
  if (fv_device_get_subgroup_size (device) == g_ascii_strtoull (arguments[2], NULL, 10))
    return 77;
  resume (g_ascii_strtoull (arguments[1], NULL, 10));
  close_device ();
  return 0;
}

int
main (int argc, char **argv)
{
  int status;

  fv_failing_vulkan_install ();
  if (argc == 4 && g_file_test (argv[1], G_FILE_TEST_IS_DIR))
    return resume_elsewhere (argv + 1);
  g_test_init (&argc, &argv, NULL);
  project = fv_test_folder ();
  dataset = fv_test_runs_make_dataset (N_TRAIN, N_VAL);
  g_test_add_func ("/faults/lost-run/lost", test_lost);
  g_test_add_func ("/faults/lost-run/other-name", test_other_name);
  g_test_add_func ("/faults/lost-run/other-size", test_other_size);
  status = g_test_run ();
  close_device ();
  fv_dataset_unref (dataset);
  return status;
}
