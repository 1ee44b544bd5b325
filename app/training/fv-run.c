/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-run.h"

#include "app/exchange/fv-file.h"
#include "app/project/fv-lock.h"
#include "app/training/fv-json.h"
#include "app/training/fv-kernels.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

G_DEFINE_QUARK (fv_run_error, fv_run_error)

struct _FvRun
{
  char *project_path;
  guint number;
  FvLock *lock;
};

char *
fv_run_path (const char *project_path, guint number, const char *name)
{
  g_autofree char *folder = g_strdup_printf ("%u", number);

  return g_build_filename (project_path, "runs", folder, name, NULL);
}

char *
fv_run_get_file (const FvRun *self, const char *name)
{
  return fv_run_path (self->project_path, self->number, name);
}

guint
fv_run_get_number (const FvRun *self)
{
  return self->number;
}

void
fv_run_free (FvRun *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->lock, fv_lock_release);
  g_free (self->project_path);
  g_free (self);
}

static gboolean
take_lock (FvRun *self, GError **error)
{
  g_autofree char *path = fv_run_get_file (self, FV_RUN_LOCK);

  self->lock = fv_lock_take (path, error);
  if (!self->lock)
    g_prefix_error (error, _ ("Run %u can't be trained now: "), self->number);
  return self->lock != NULL;
}

static guint
next_number (const char *runs)
{
  g_autoptr (GDir) dir = g_dir_open (runs, 0, NULL);
  const char *name;
  guint64 last = 0;

  while (dir && (name = g_dir_read_name (dir)))
    {
      guint64 number;

      if (g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT, &number, NULL))
        last = MAX (last, number);
    }
  return (guint)last + 1;
}

/* mkdir() decides who gets a number when two runs start at once. */
static gboolean
make_folder (FvRun *self, const char *runs, guint wanted, GError **error)
{
  self->number = wanted > 0 ? wanted : next_number (runs);
  for (;;)
    {
      g_autofree char *folder = fv_run_get_file (self, NULL);

      if (g_mkdir (folder, 0777) == 0)
        return TRUE;
      if (errno == EEXIST && wanted == 0)
        {
          self->number++;
          continue;
        }
      if (errno == EEXIST)
        g_set_error (error, FV_RUN_ERROR, FV_RUN_ERROR_EXISTS,
                     _ ("Run %u exists already: go on with it (--resume %u), or take another number."), wanted, wanted);
      else
        fv_file_set_error (error, folder, errno);
      return FALSE;
    }
}

static gboolean
save_json (const FvRun *self, const char *name, JsonNode *node, GError **error)
{
  g_autofree char *path = fv_run_get_file (self, name);
  g_autofree char *text = fv_json_print (node, TRUE);

  return fv_file_replace (path, text, strlen (text), error);
}

/* The entries of the run's folder and of the one for runs; what is in a run's folder is flushed with it. */
static gboolean
flush_folders (const char *project_path, const char *runs, GError **error)
{
  const char *const folders[] = { runs, project_path };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    if (!fv_file_flush_folder (folders[i]))
      {
        fv_file_set_error (error, folders[i], errno);
        return FALSE;
      }
  return TRUE;
}

/* A run that could not begin leaves nothing, and its number to another. */
static void
remove_folder (FvRun *self)
{
  static const char *const names[] = { FV_RUN_DATA, FV_RUN_RECIPE, FV_RUN_LOCK };
  g_autofree char *folder = fv_run_get_file (self, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = fv_run_get_file (self, names[i]);

      g_unlink (path);
    }
  g_rmdir (folder);
}

FvRun *
fv_run_create (const char *project_path, guint number, const FvRecipe *recipe, const FvDataset *dataset, GError **error)
{
  g_autoptr (FvRun) self = g_new0 (FvRun, 1);
  g_autofree char *runs = g_build_filename (project_path, "runs", NULL);
  g_autofree char *data = NULL;
  g_autoptr (JsonNode) recipe_node = fv_recipe_to_json (recipe);

  self->project_path = g_strdup (project_path);
  if (g_mkdir_with_parents (runs, 0777) != 0)
    {
      fv_file_set_error (error, runs, errno);
      return NULL;
    }
  if (!make_folder (self, runs, number, error))
    return NULL;
  data = fv_run_get_file (self, FV_RUN_DATA);
  if (take_lock (self, error) && save_json (self, FV_RUN_RECIPE, recipe_node, error)
      && fv_dataset_save (dataset, data, error) && flush_folders (project_path, runs, error))
    return g_steal_pointer (&self);
  remove_folder (self);
  return NULL;
}

/* Who was killed while making the run's folder left it without a file that the run needs. */
static gboolean
check_begun (const FvRun *self, GError **error)
{
  static const char *const names[] = { FV_RUN_RECIPE, FV_RUN_DATA };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = fv_run_get_file (self, names[i]);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      g_set_error (error, FV_RUN_ERROR, FV_RUN_ERROR_INVALID,
                   _ ("Run %u has no %s, so there is nothing to go on from: start a new run."), self->number, names[i]);
      return FALSE;
    }
  return TRUE;
}

FvRun *
fv_run_open (const char *project_path, guint number, GError **error)
{
  g_autoptr (FvRun) self = g_new0 (FvRun, 1);
  g_autofree char *folder = NULL;

  self->project_path = g_strdup (project_path);
  self->number = number;
  folder = fv_run_get_file (self, NULL);
  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, FV_RUN_ERROR, FV_RUN_ERROR_NOT_FOUND, _ ("The project %s has no run %u."), project_path,
                   number);
      return NULL;
    }
  if (!take_lock (self, error) || !check_begun (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
fv_run_load_recipe (const FvRun *self, FvRecipe *recipe, GError **error)
{
  g_autofree char *path = fv_run_get_file (self, FV_RUN_RECIPE);

  fv_recipe_init (recipe);
  return fv_recipe_apply_file (recipe, path, error);
}

FvDataset *
fv_run_load_data (const FvRun *self, GError **error)
{
  g_autofree char *path = fv_run_get_file (self, FV_RUN_DATA);

  return fv_dataset_load (path, error);
}

void
fv_run_plan_clear (FvRunPlan *self)
{
  g_clear_pointer (&self->device, g_free);
  g_clear_pointer (&self->driver, g_free);
  g_clear_pointer (&self->type, g_free);
  g_clear_pointer (&self->checksum, g_free);
  g_clear_pointer (&self->kernels, fv_conv_choices_free);
}

static gboolean
load_plan (FvRunPlan *self, const char *path, GError **error)
{
  g_autoptr (JsonObject) object = fv_json_load_object (path, error);

  if (!object)
    return FALSE;
  *self = (FvRunPlan){
    .device = g_strdup (json_object_get_string_member_with_default (object, "device", "")),
    .driver = g_strdup (json_object_get_string_member_with_default (object, "driver", "")),
    .type = g_strdup (json_object_get_string_member_with_default (object, "type", "")),
    .subgroup_size = (guint)json_object_get_int_member_with_default (object, "subgroup_size", 0),
    .checksum = g_strdup (json_object_get_string_member_with_default (object, "checksum", "")),
    .kernels = fv_kernels_from_json (json_object_get_member (object, "kernels")),
    .micro_batch = (guint)CLAMP (json_object_get_int_member_with_default (object, "micro_batch", 0), 0, G_MAXINT),
  };
  return TRUE;
}

gboolean
fv_run_plan_load (FvRunPlan *self, const char *project_path, guint number, GError **error)
{
  g_autofree char *path = fv_run_path (project_path, number, FV_RUN_PLAN);

  return load_plan (self, path, error);
}

static gboolean
plans_equal (const FvRunPlan *a, const FvRunPlan *b)
{
  return g_strcmp0 (a->device, b->device) == 0 && g_strcmp0 (a->driver, b->driver) == 0
         && a->subgroup_size == b->subgroup_size && g_strcmp0 (a->checksum, b->checksum) == 0;
}

static JsonNode *
plan_to_json (const FvRunPlan *plan)
{
  JsonNode *node = json_node_init_object (json_node_alloc (), NULL);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "device", plan->device);
  json_object_set_string_member (object, "driver", plan->driver);
  json_object_set_string_member (object, "type", plan->type);
  json_object_set_int_member (object, "subgroup_size", plan->subgroup_size);
  json_object_set_int_member (object, "micro_batch", plan->micro_batch);
  json_object_set_string_member (object, "checksum", plan->checksum);
  if (plan->kernels)
    json_object_set_array_member (object, "kernels", fv_kernels_to_json (plan->kernels));
  json_node_take_object (node, object);
  return node;
}

/* (transfer full) */
static char *
plan_name (guint i)
{
  return i == 1 ? g_strdup (FV_RUN_PLAN) : g_strdup_printf ("plan-%u.json", i);
}

/* Its strings and choices are the device's. */
static FvRunPlan
plan_of_device (FvDevice *device)
{
  const FvDeviceInfo *info = fv_device_get_info (device);

  return (FvRunPlan){ .device = info->name,
                      .driver = info->driver,
                      .type = info->type,
                      .subgroup_size = fv_device_get_subgroup_size (device),
                      .checksum = (char *)fv_kernels_get_checksum (),
                      .kernels = fv_conv_choices_of (device) };
}

gboolean
fv_run_plan_is_of (const FvRunPlan *self, FvDevice *device)
{
  const FvRunPlan now = plan_of_device (device);

  return plans_equal (self, &now);
}

char *
fv_run_plan_describe_difference (const FvRunPlan *self, guint number, FvDevice *device)
{
  FvRunPlan now = plan_of_device (device);

  now.checksum = self->checksum;
  if (plans_equal (self, &now))
    return g_strdup_printf (_ ("Run %u began with another version of this program: weights may differ in their last "
                               "bits from those that it would have given."),
                            number);
  return g_strdup_printf (
      _ ("Run %u began on %s (%s, subgroups of %u), and this is %s (%s, subgroups of %u): "
         "weights may differ in their last bits from those of a run on one device."),
      number, self->device, self->driver, self->subgroup_size, now.device, now.driver, now.subgroup_size);
}

gboolean
fv_run_find_plan (const FvRun *self, FvDevice *device, FvRunPlan *plan, gboolean *same, GError **error)
{
  const FvRunPlan now = plan_of_device (device);

  *plan = (FvRunPlan){ NULL };
  *same = FALSE;
  for (guint i = 1; !*same; i++)
    {
      g_autofree char *name = plan_name (i);
      g_autofree char *path = fv_run_get_file (self, name);
      g_auto (FvRunPlan) kept = { NULL };

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        break;
      if (!load_plan (&kept, path, error))
        return FALSE;
      *same = plans_equal (&kept, &now);
      if (i > 1 && !*same)
        continue;
      fv_run_plan_clear (plan);
      *plan = kept;
      kept = (FvRunPlan){ NULL };
    }
  return TRUE;
}

gboolean
fv_run_keep_plan (const FvRun *self, FvDevice *device, guint micro_batch, char **differs, GError **error)
{
  FvRunPlan now = plan_of_device (device);
  g_autoptr (JsonNode) node = NULL;

  now.micro_batch = micro_batch;
  node = plan_to_json (&now);
  *differs = NULL;
  for (guint i = 1;; i++)
    {
      g_autofree char *name = plan_name (i);
      g_autofree char *path = fv_run_get_file (self, name);
      g_auto (FvRunPlan) kept = { NULL };

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        return save_json (self, name, node, error);
      if (!load_plan (&kept, path, error))
        return FALSE;
      if (i == 1 && !plans_equal (&kept, &now))
        *differs = fv_run_plan_describe_difference (&kept, self->number, device);
      if (plans_equal (&kept, &now))
        return TRUE;
    }
}
