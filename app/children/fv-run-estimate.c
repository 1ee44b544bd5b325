/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/children/fv-run-estimate.h"

#include "app/children/fv-child.h"
#include "app/children/fv-run-command.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <signal.h>

void
fv_run_estimate_free (FvRunEstimate *self)
{
  if (!self)
    return;
  g_free (self->device);
  g_free (self);
}

static double
get_number (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

static guint
get_count (JsonObject *object, const char *name)
{
  double value = get_number (object, name);

  return value > 0.0 ? (guint)MIN (value, G_MAXINT) : 0;
}

static guint64
get_bytes (JsonObject *object, const char *name)
{
  double value = get_number (object, name);

  return value > 0.0 ? (guint64)MIN (value, 1e18) : 0;
}

/* (nullable) */
static FvRunEstimate *
read_estimate (const char *text)
{
  g_autoptr (JsonNode) node = text ? json_from_string (text, NULL) : NULL;
  JsonObject *object = node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  FvRunEstimate *self;

  if (!object || get_count (object, "steps_per_epoch") == 0)
    return NULL;
  self = g_new0 (FvRunEstimate, 1);
  *self = (FvRunEstimate){
    .images = get_count (object, "images"),
    .val_images = get_count (object, "val_images"),
    .steps_per_epoch = get_count (object, "steps_per_epoch"),
    .variant = *json_object_get_string_member_with_default (object, "model", ""),
    .device = g_strdup (json_object_get_string_member_with_default (object, "device", "")),
    .device_bytes = get_bytes (object, "device_bytes"),
    .device_memory_bytes = get_bytes (object, "device_memory_bytes"),
    .device_free_bytes = get_bytes (object, "device_free_bytes"),
    .micro_batch = get_count (object, "micro_batch"),
    .fits = json_object_get_boolean_member_with_default (object, "fits", FALSE),
    .seconds_per_epoch = get_number (object, "seconds_per_epoch"),
    .seconds = get_number (object, "seconds"),
    .measured = json_object_get_boolean_member_with_default (object, "measured", FALSE),
  };
  return self;
}

static void
on_said (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  GSubprocess *process = G_SUBPROCESS (source);
  g_autofree char *text = NULL;
  g_autofree char *messages = NULL;
  g_autoptr (GError) error = NULL;
  FvRunEstimate *estimate;

  if (!g_subprocess_communicate_utf8_finish (process, result, &text, &messages, &error))
    {
      /* Nobody waits for it any more: it has nothing to save. */
      g_subprocess_force_exit (process);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  estimate = g_subprocess_get_successful (process) ? read_estimate (text) : NULL;
  if (estimate)
    g_task_return_pointer (task, estimate, (GDestroyNotify)fv_run_estimate_free);
  else
    g_task_return_error (task, fv_run_command_make_error (process, messages));
}

void
fv_run_estimate_async (const char *project_path, const FvRunStart *start, gboolean measure, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GStrvBuilder) arguments = fv_run_command_new (project_path, &error);
  g_auto (GStrv) argv = NULL;

  g_task_set_source_tag (task, fv_run_estimate_async);
  if (!arguments)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  fv_run_command_add_start (arguments, start);
  g_strv_builder_add_many (arguments, "--dry-run", "--json", NULL);
  if (measure)
    g_strv_builder_add (arguments, "--measure");
  argv = g_strv_builder_end (arguments);
  launcher = fv_child_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *)argv, &error);
  if (!process)
    {
      g_task_return_new_error (task, FV_CHILD_ERROR, FV_CHILD_ERROR_START, _ ("fovea-cli could not be started: %s."),
                               error->message);
      return;
    }
  g_subprocess_communicate_utf8_async (process, NULL, cancellable, on_said, g_steal_pointer (&task));
}

FvRunEstimate *
fv_run_estimate_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
