/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-train-events.h"

#include "app/training/fv-setback.h"

#include <glib/gi18n-lib.h>
#include <math.h>

static void
put_start (JsonBuilder *b, const FvStartRecord *record)
{
  static const char *const kinds[]
      = { [FV_RUN_FROM_SCRATCH] = "scratch", [FV_RUN_FROM_FILE] = "file", [FV_RUN_FROM_RUN] = "run" };
  g_autofree char *name = record->start_file ? g_path_get_basename (record->start_file) : NULL;
  g_autofree char *valid = name ? g_utf8_make_valid (name, -1) : NULL;

  if (record->start == FV_RUN_FROM_UNKNOWN)
    return;
  json_builder_set_member_name (b, "start");
  json_builder_begin_object (b);
  fv_json_put_string (b, "kind", kinds[record->start]);
  if (record->start == FV_RUN_FROM_FILE && valid)
    fv_json_put_string (b, "file", valid);
  if (record->start == FV_RUN_FROM_RUN)
    fv_json_put_int (b, "run", record->start_run);
  json_builder_end_object (b);
}

gboolean
fv_train_events_started (FvEvents *events, const FvStartRecord *record, GError **error)
{
  JsonBuilder *b = fv_events_begin (events, "run-started");
  const char model[] = { record->variant, '\0' };

  json_builder_set_member_name (b, "recipe");
  json_builder_add_value (b, fv_recipe_to_json (record->recipe));
  fv_json_put_string (b, "device", fv_device_get_info (record->device)->name);
  fv_json_put_int (b, "images", record->images);
  fv_json_put_int (b, "val_images", record->val_images);
  if (record->split)
    fv_json_put_string (b, "split", record->split);
  fv_json_put_string (b, "model", model);
  put_start (b, record);
  json_builder_set_member_name (b, "transferred");
  json_builder_begin_object (b);
  fv_json_put_int (b, "tensors", record->transferred);
  fv_json_put_int (b, "of", record->total);
  json_builder_end_object (b);
  json_builder_set_member_name (b, "plan");
  json_builder_begin_object (b);
  fv_json_put_int (b, "device_bytes", (gint64)record->device_bytes);
  /* NaN becomes null: no such run was timed on this device yet; the step records tell soon enough. */
  fv_json_put_double (b, "seconds_per_epoch", fv_json_round (record->seconds_per_epoch));
  fv_json_put_int (b, "micro_batch", record->micro_batch);
  json_builder_end_object (b);
  return fv_events_end (events, b, error);
}

gboolean
fv_train_events_preparing (FvEvents *events, guint done, guint total, GError **error)
{
  JsonBuilder *b = fv_events_begin (events, "preparing");

  fv_json_put_int (b, "step", done);
  fv_json_put_int (b, "steps", total);
  return fv_events_end (events, b, error);
}

gboolean
fv_train_events_resumed (FvEvents *events, guint epoch, guint step, double rate_factor, GError **error)
{
  JsonBuilder *b = fv_events_begin (events, "resumed");

  fv_json_put_int (b, "epoch", epoch);
  fv_json_put_int (b, "step", step);
  fv_json_put_double (b, "rate_factor", rate_factor);
  return fv_events_end (events, b, error);
}

gboolean
fv_train_events_validation (FvEvents *events, const FvEpochRecord *record, const FvEvaluation *evaluation,
                            char **class_names, GError **error)
{
  JsonBuilder *b = fv_events_begin (events, "validation");

  fv_json_put_int (b, "epoch", record->epoch);
  fv_json_put_losses (b, record->val);
  fv_json_put_double (b, "precision", fv_json_round (record->precision));
  fv_json_put_double (b, "recall", fv_json_round (record->recall));
  fv_json_put_double (b, "map50", fv_json_round (record->map50));
  fv_json_put_double (b, "map", fv_json_round (record->map));
  json_builder_set_member_name (b, "train");
  json_builder_begin_object (b);
  fv_json_put_losses (b, record->train);
  json_builder_end_object (b);
  json_builder_set_member_name (b, "per_class");
  json_builder_begin_array (b);
  for (guint i = 0; evaluation && i < evaluation->n_classes; i++)
    {
      const FvClassEvaluation *c = &evaluation->classes[i];

      json_builder_begin_object (b);
      fv_json_put_string (b, "name", class_names[i]);
      fv_json_put_int (b, "images", c->n_pictures);
      fv_json_put_int (b, "instances", c->n_instances);
      fv_json_put_double (b, "precision", fv_json_round (c->precision));
      fv_json_put_double (b, "recall", fv_json_round (c->recall));
      fv_json_put_double (b, "ap50", fv_json_round (c->ap50));
      fv_json_put_double (b, "ap", fv_json_round (c->ap));
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
  return fv_events_end (events, b, error);
}

gboolean
fv_train_events_checkpoint (FvEvents *events, guint epoch, guint step, GError **error)
{
  JsonBuilder *b = fv_events_begin (events, "checkpoint");

  fv_json_put_int (b, "epoch", epoch);
  fv_json_put_int (b, "step", step);
  fv_json_put_string (b, "file", FV_RUN_CHECKPOINT);
  return fv_events_end (events, b, error);
}

gboolean
fv_train_events_warning (FvEvents *events, const char *id, const char *text, GError **error)
{
  JsonBuilder *b = fv_events_begin (events, "warning");

  fv_json_put_string (b, "id", id);
  fv_json_put_string (b, "text", text);
  return fv_events_end (events, b, error);
}

gboolean
fv_train_events_finished (FvEvents *events, const char *reason, const FvProgress *progress, GError **error)
{
  JsonBuilder *b = fv_events_begin (events, "run-finished");
  const FvEpochRecord *best = fv_progress_get_best (progress);
  gboolean validated = best && best->validated;

  fv_json_put_string (b, "reason", reason);
  fv_json_put_int (b, "best_epoch", progress->best_epoch);
  /* NaN becomes null. */
  fv_json_put_double (b, "map50", validated ? fv_json_round (best->map50) : NAN);
  fv_json_put_double (b, "map", validated ? fv_json_round (best->map) : NAN);
  return fv_events_end (events, b, error);
}

/* A tenth was tried. */
static double
advise_rate (const FvRecipe *recipe)
{
  return MAX (recipe->lr0 * FV_SETBACK_FACTOR * 0.1, fv_recipe_lookup_key ("lr0")->min);
}

char *
fv_train_advise (guint run, const FvRecipe *recipe, const GError *failure, const char **id)
{
  if (g_error_matches (failure, FV_DEVICE_ERROR, FV_DEVICE_ERROR_OUT_OF_MEMORY))
    {
      *id = "out-of-memory";
      return g_strdup_printf (_ ("Take smaller pictures (imgsz, now %d) or a smaller model, end other programs that "
                                 "use the device, or let fewer "
                                 "pictures onto it at a time (micro_batch)."),
                              (int)recipe->imgsz);
    }
  if (g_error_matches (failure, FV_DEVICE_ERROR, FV_DEVICE_ERROR_LOST))
    {
      *id = "device-lost";
      return g_strdup_printf (
          _ ("Go on from the last checkpoint with --resume %u; if it happens again, update the driver."), run);
    }
  if (g_error_matches (failure, FV_TRAIN_ERROR, FV_TRAIN_ERROR_NOT_FINITE))
    {
      *id = "not-finite";
      return g_strdup_printf (_ ("Start a new run with a lower lr0, such as %g (now %g), or a longer warm-up "
                                 "(warmup_epochs, now %g), and look for "
                                 "damaged pictures and boxes; the last good weights are kept in this one."),
                              advise_rate (recipe), recipe->lr0, recipe->warmup_epochs);
    }
  if (g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOSPC)
      || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    {
      *id = "disk-full";
      return g_strdup_printf (_ ("Free some space, then go on from the last checkpoint with --resume %u."), run);
    }
  *id = "failed";
  return g_strdup_printf (_ ("When the cause is removed, go on from the last checkpoint with --resume %u."), run);
}

void
fv_train_events_failed (FvEvents *events, guint run, const FvRecipe *recipe, const GError *failure)
{
  JsonBuilder *b = fv_events_begin (events, "run-failed");
  const char *id;
  g_autofree char *hint = fv_train_advise (run, recipe, failure, &id);

  fv_json_put_string (b, "id", id);
  fv_json_put_string (b, "text", failure->message);
  fv_json_put_string (b, "hint", hint);
  fv_events_end (events, b, NULL);
}
