/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-step-log.h"

#include "app/training/fv-micro-batch.h"
#include "app/training/fv-train.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Batches over which the rate is taken. */
#define WINDOW 8

struct _FvStepLog
{
  FvEvents *events;
  guint period;
  GQueue *submitted; /* of FvStepRecord */
  double sums[3];    /* losses of the batch whose parts are coming back */
  guint parts_done;
  guint done;
  gint64 times[WINDOW]; /* when the last batches came back, microseconds; a ring */
  guint pictures[WINDOW];
  guint n_times;
};

FvStepLog *
fv_step_log_new (FvEvents *events, guint period)
{
  FvStepLog *self = g_new0 (FvStepLog, 1);

  self->events = events;
  self->period = period;
  self->submitted = g_queue_new ();
  return self;
}

void
fv_step_log_free (FvStepLog *self)
{
  if (!self)
    return;
  g_queue_free_full (self->submitted, g_free);
  g_free (self);
}

void
fv_step_log_push (FvStepLog *self, const FvStepRecord *record)
{
  g_queue_push_tail (self->submitted, g_memdup2 (record, sizeof *record));
}

guint
fv_step_log_get_done (const FvStepLog *self)
{
  return self->done;
}

void
fv_step_log_start_epoch (FvStepLog *self, guint done)
{
  self->done = done;
  self->n_times = 0;
  self->times[0] = g_get_monotonic_time ();
}

/* times[n_times] is when the batch before the next one came back. */
static void
clock_batch (FvStepLog *self, guint pictures)
{
  self->pictures[self->n_times % WINDOW] = pictures;
  self->n_times++;
  self->times[self->n_times % WINDOW] = g_get_monotonic_time ();
}

double
fv_step_log_get_rate (const FvStepLog *self)
{
  guint n = MIN (self->n_times, WINDOW - 1);
  guint pictures = 0;
  double seconds;

  for (guint i = self->n_times - n; i < self->n_times; i++)
    pictures += self->pictures[i % WINDOW];
  seconds = (double)(self->times[self->n_times % WINDOW] - self->times[(self->n_times - n) % WINDOW]) / G_USEC_PER_SEC;
  return seconds > 0 ? pictures / seconds : 0.0;
}

static gboolean
write_step (FvStepLog *self, const FvStepRecord *record, const double losses[3], GError **error)
{
  JsonBuilder *builder = fv_events_begin (self->events, "step");

  fv_json_put_int (builder, "epoch", record->epoch);
  fv_json_put_int (builder, "step", record->step);
  fv_json_put_int (builder, "steps", record->steps);
  fv_json_put_losses (builder, losses);
  fv_json_put_double (builder, "lr", record->lr);
  fv_json_put_double (builder, "images_per_second", fv_json_round (fv_step_log_get_rate (self)));
  json_builder_set_member_name (builder, "waiting");
  json_builder_begin_object (builder);
  fv_json_put_double (builder, "disk", fv_json_round (record->disk));
  fv_json_put_double (builder, "decode", fv_json_round (record->decode));
  fv_json_put_double (builder, "device", fv_json_round (record->device));
  json_builder_end_object (builder);
  return fv_events_end (self->events, builder, error);
}

/* What a batch of several parts came to; the means of the parts count by their pictures, as their gradients do. */
static gboolean
add_part (FvStepLog *self, const FvStepRecord *record, const FvStepLosses *losses)
{
  double share = (double)fv_micro_batch_part (record->n, record->parts, self->parts_done) / record->n;
  const double values[3] = { losses->box, losses->obj, losses->cls };

  if (self->parts_done == 0)
    memset (self->sums, 0, sizeof self->sums);
  for (guint i = 0; i < 3; i++)
    self->sums[i] += share * values[i];
  self->parts_done = (self->parts_done + 1) % record->parts;
  return self->parts_done == 0;
}

static gboolean
take_losses (FvStepLog *self, const FvStepLosses *losses, FvProgress *progress, GError **error)
{
  g_autofree FvStepRecord *record = NULL;
  gboolean finite;

  g_assert (!g_queue_is_empty (self->submitted));
  if (!add_part (self, g_queue_peek_head (self->submitted), losses))
    return TRUE;
  record = g_queue_pop_head (self->submitted);
  /* A part that is not finite makes the sum so. */
  finite = isfinite (self->sums[0]) && isfinite (self->sums[1]) && isfinite (self->sums[2]);
  clock_batch (self, record->n);
  self->done++;
  progress->pictures += record->n;
  for (guint i = 0; i < 3; i++)
    progress->loss_sums[i] += self->sums[i];
  if ((record->step % self->period == 0 || record->step + 1 == record->steps || !finite)
      && !write_step (self, record, self->sums, error))
    return FALSE;
  if (!finite)
    g_set_error (error, FV_TRAIN_ERROR, FV_TRAIN_ERROR_NOT_FINITE,
                 _ ("The loss of epoch %u, step %u is not a finite number: training has run away."), record->epoch,
                 record->step);
  return finite;
}

/* Mixed precision: a gradient was too large for fp16. The scale of the loss is halved, and training goes on. */
static gboolean
write_skipped (FvStepLog *self, const FvProgress *progress, const FvUpdateResult *update, GError **error)
{
  JsonBuilder *builder = fv_events_begin (self->events, "update-skipped");

  fv_json_put_int (builder, "epoch", progress->epoch);
  fv_json_put_double (builder, "loss_scale", (double)update->loss_scale);
  return fv_events_end (self->events, builder, error);
}

gboolean
fv_step_log_collect (FvStepLog *self, FvTrainer *trainer, FvProgress *progress, GError **error)
{
  FvStepLosses losses;
  FvUpdateResult update;

  while (fv_trainer_poll (trainer, &losses))
    if (!take_losses (self, &losses, progress, error))
      return FALSE;
  while (fv_trainer_poll_update (trainer, &update))
    if (update.skipped && update.loss_scale > FV_LOSS_SCALE_LEAST)
      {
        if (!write_skipped (self, progress, &update, error))
          return FALSE;
      }
    else if (update.skipped)
      {
        g_set_error (error, FV_TRAIN_ERROR, FV_TRAIN_ERROR_NOT_FINITE,
                     _ ("The gradients of epoch %u are not finite numbers: training has run away."), progress->epoch);
        return FALSE;
      }
  return TRUE;
}

gboolean
fv_step_log_drop (FvStepLog *self, FvTrainer *trainer, GError **error)
{
  FvStepLosses losses;
  FvUpdateResult update;

  if (!fv_trainer_wait (trainer, error))
    return FALSE;
  while (fv_trainer_poll (trainer, &losses) || fv_trainer_poll_update (trainer, &update))
    ;
  g_queue_clear_full (self->submitted, g_free);
  self->parts_done = 0;
  return TRUE;
}
