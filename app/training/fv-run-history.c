/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-run-history.h"

#include <math.h>
#include <string.h>

/* What a picture costs in a validation, as part of what it costs in a step; until the first validation tells. */
#define VALIDATION_GUESS 0.4

static void
validated_clear (gpointer data)
{
  g_array_unref (((FvValidated *)data)->classes);
}

static void
curves_init (FvCurves *self, guint n)
{
  self->x = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < n; i++)
    self->y[i] = g_array_new (FALSE, FALSE, sizeof (double));
}

static void
curves_clear (FvCurves *self)
{
  g_clear_pointer (&self->x, g_array_unref);
  for (guint i = 0; i < G_N_ELEMENTS (self->y); i++)
    g_clear_pointer (&self->y[i], g_array_unref);
}

static void
curves_truncate (FvCurves *self, guint n)
{
  g_array_set_size (self->x, n);
  for (guint i = 0; i < G_N_ELEMENTS (self->y) && self->y[i]; i++)
    g_array_set_size (self->y[i], n);
}

static void
curves_append (FvCurves *self, double x, const double *y)
{
  g_array_append_val (self->x, x);
  for (guint i = 0; i < G_N_ELEMENTS (self->y) && self->y[i]; i++)
    g_array_append_val (self->y[i], y[i]);
}

static double
last_x (const FvCurves *self)
{
  return self->x->len > 0 ? g_array_index (self->x, double, self->x->len - 1) : -1.0;
}

void
fv_run_history_init (FvRunHistory *self)
{
  *self = (FvRunHistory){ .best_epoch = -1, .validation = NAN, .pause = NAN };
  self->steps = g_array_new (FALSE, FALSE, sizeof (FvHistoryStep));
  curves_init (&self->step_curves, 3);
  curves_init (&self->mean_curves, 3);
  curves_init (&self->val_curves, 7);
  self->validated = g_array_new (FALSE, FALSE, sizeof (FvValidated));
  g_array_set_clear_func (self->validated, validated_clear);
  self->warnings = g_array_new (FALSE, FALSE, sizeof (FvRunWarning));
  self->names = g_string_chunk_new (256);
}

static void
start_free (FvRecordStart *start)
{
  FvRunRecord *record = g_new0 (FvRunRecord, 1);

  record->start = start;
  fv_run_record_free (record);
}

void
fv_run_history_clear (FvRunHistory *self)
{
  start_free (self->start);
  g_clear_pointer (&self->steps, g_array_unref);
  curves_clear (&self->step_curves);
  curves_clear (&self->mean_curves);
  curves_clear (&self->val_curves);
  g_clear_pointer (&self->validated, g_array_unref);
  g_clear_pointer (&self->warnings, g_array_unref);
  g_clear_pointer (&self->names, g_string_chunk_free);
  g_clear_pointer (&self->reason, g_free);
  g_clear_pointer (&self->failure_id, g_free);
  g_clear_pointer (&self->failure, g_free);
  g_clear_pointer (&self->hint, g_free);
}

/* Times */

static void
account (FvRunHistory *self, gint64 time)
{
  if (self->mark > 0 && time > self->mark)
    self->seconds += (double)(time - self->mark) / G_USEC_PER_SEC;
  self->mark = time;
}

/* Mean of the last batches; 0 where an epoch is one batch, whose time is part of the pause then, or where nothing is known. */
static double
get_batch_seconds (const FvRunHistory *self)
{
  guint n = MIN (self->n_batch, G_N_ELEMENTS (self->batch));
  double sum = 0.0;

  for (guint i = 0; i < n; i++)
    sum += self->batch[i];
  return n > 0 ? sum / n : 0.0;
}

static void
blend (double *mean, double value)
{
  *mean = isnan (*mean) ? value : 0.5 * *mean + 0.5 * value;
}

static void
clock_step (FvRunHistory *self, const FvRunRecord *record, const FvHistoryStep *before)
{
  double seconds = (double)(record->time - self->step_time) / G_USEC_PER_SEC;
  guint apart = record->step - before->step;

  if (self->step_time == 0 || seconds < 0.0)
    return;
  if (before->epoch == record->epoch && apart > 0)
    self->batch[self->n_batch++ % G_N_ELEMENTS (self->batch)] = seconds / apart;
  else if (before->epoch + 1 == record->epoch && self->epoch_time > 0)
    {
      double pause = MAX (seconds - get_batch_seconds (self) * (record->step + 1), 0.0);

      if (self->had_validation && !self->validation_counted)
        self->validation = pause;
      else
        blend (self->had_validation ? &self->validation : &self->pause, pause);
      self->validation_counted = self->validation_counted || self->had_validation;
    }
}

/* Curves */

static void
set_mean (FvRunHistory *self, guint epoch, const double losses[3])
{
  while (last_x (&self->mean_curves) >= epoch + 1.0)
    curves_truncate (&self->mean_curves, self->mean_curves.x->len - 1);
  curves_append (&self->mean_curves, epoch + 1.0, losses);
}

static void
drop_steps (FvRunHistory *self, guint epoch, guint step)
{
  guint n = self->steps->len;

  while (n > 0)
    {
      const FvHistoryStep *last = &g_array_index (self->steps, FvHistoryStep, n - 1);

      if (last->epoch < epoch || (last->epoch == epoch && last->step < step))
        break;
      n--;
    }
  g_array_set_size (self->steps, n);
  curves_truncate (&self->step_curves, n);
}

static void
drop_validated (FvRunHistory *self, guint epoch)
{
  guint n = self->validated->len;

  while (n > 0 && g_array_index (self->validated, FvValidated, n - 1).epoch >= epoch)
    n--;
  g_array_set_size (self->validated, n);
  curves_truncate (&self->val_curves, n);
}

/* Over the step records that there are of the epoch. */
static void
sum_epoch (FvRunHistory *self, guint epoch)
{
  memset (self->sums, 0, sizeof self->sums);
  self->n_sums = 0;
  for (guint i = self->steps->len; i > 0 && g_array_index (self->steps, FvHistoryStep, i - 1).epoch == epoch; i--)
    {
      for (guint k = 0; k < 3; k++)
        self->sums[k] += g_array_index (self->step_curves.y[k], double, i - 1);
      self->n_sums++;
    }
}

gboolean
fv_run_history_get_best (const FvRunHistory *self, guint *index)
{
  for (guint i = 0; i < self->validated->len; i++)
    if ((gint64)g_array_index (self->validated, FvValidated, i).epoch == self->best_epoch)
      {
        *index = i;
        return TRUE;
      }
  return FALSE;
}

/* As fv_progress_judge() does. */
static void
find_best (FvRunHistory *self)
{
  double best = 0.0;

  self->best_epoch = -1;
  for (guint i = 0; i < self->validated->len; i++)
    {
      double fitness = 0.1 * g_array_index (self->val_curves.y[5], double, i)
                       + 0.9 * g_array_index (self->val_curves.y[6], double, i);

      if (fitness >= best)
        {
          best = fitness;
          self->best_epoch = g_array_index (self->validated, FvValidated, i).epoch;
        }
    }
}

/* Records */

/* All that lies at or after that point is done again. */
static void
go_back (FvRunHistory *self, const FvRunRecord *record)
{
  gboolean complete = self->steps_per_epoch > 0 && record->step >= self->steps_per_epoch;

  drop_steps (self, record->epoch, record->step);
  drop_validated (self, record->epoch);
  while (last_x (&self->mean_curves) > record->epoch + (complete ? 1.0 : 0.0))
    curves_truncate (&self->mean_curves, self->mean_curves.x->len - 1);
  sum_epoch (self, record->epoch);
  find_best (self);
  self->epoch = record->epoch;
  self->step = record->step;
  self->trained = FALSE;
  self->step_time = self->epoch_time = 0;
  self->mark = record->time;
  self->end = FV_HISTORY_OPEN;
  g_clear_pointer (&self->reason, g_free);
  g_clear_pointer (&self->failure_id, g_free);
  g_clear_pointer (&self->failure, g_free);
  g_clear_pointer (&self->hint, g_free);
}

static void
add_start (FvRunHistory *self, FvRunRecord *record)
{
  start_free (self->start);
  self->start = g_steal_pointer (&record->start);
  self->started = record->time;
  record->epoch = record->step = 0;
  go_back (self, record);
}

static void
add_step (FvRunHistory *self, const FvRunRecord *record)
{
  const FvHistoryStep step = { record->epoch, record->step };
  double x = record->epoch + (record->step + 1.0) / MAX (record->steps, record->step + 1);
  const FvHistoryStep *before = NULL;
  guint n = self->steps->len;
  double mean[3];

  /* Records rise, whatever the file says. */
  drop_steps (self, record->epoch, record->step);
  if (self->steps->len > 0)
    before = &g_array_index (self->steps, FvHistoryStep, self->steps->len - 1);
  if (before)
    clock_step (self, record, before);
  if (!before || before->epoch != record->epoch || self->steps->len < n)
    sum_epoch (self, record->epoch);
  account (self, record->time);
  self->step_time = record->time;
  g_array_append_val (self->steps, step);
  curves_append (&self->step_curves, x, record->losses);
  self->n_sums++;
  for (guint i = 0; i < 3; i++)
    {
      self->sums[i] += record->losses[i];
      mean[i] = self->sums[i] / self->n_sums;
    }
  self->epoch = record->epoch;
  self->step = record->step + 1;
  self->steps_per_epoch = record->steps;
  self->trained = TRUE;
  self->had_validation = FALSE;
  self->epoch_time = self->step == record->steps ? record->time : 0;
  if (isfinite (record->images_per_second))
    self->images_per_second = record->images_per_second;
  /* A validation brings the exact mean; without, that of what was recorded. */
  if (self->step == record->steps)
    set_mean (self, record->epoch, mean);
}

static void
add_validation (FvRunHistory *self, const FvRunRecord *record)
{
  const double values[] = { record->losses[0], record->losses[1], record->losses[2], record->precision,
                            record->recall,    record->map50,     record->map };
  FvValidated validated = { .epoch = record->epoch, .classes = g_array_new (FALSE, TRUE, sizeof (FvRunClass)) };

  for (guint i = 0; record->classes && i < record->classes->len; i++)
    {
      const FvRecordClass *from = &g_array_index (record->classes, FvRecordClass, i);
      const FvRunClass to = {
        .name = g_string_chunk_insert_const (self->names, from->name ? from->name : ""),
        .images = from->images,
        .instances = from->instances,
        .precision = from->precision,
        .recall = from->recall,
        .ap50 = from->ap50,
        .ap = from->ap,
      };

      g_array_append_val (validated.classes, to);
    }
  drop_validated (self, record->epoch);
  g_array_append_val (self->validated, validated);
  curves_append (&self->val_curves, record->epoch + 1.0, values);
  if (!isnan (record->train[0]))
    set_mean (self, record->epoch, record->train);
  find_best (self);
  self->trained = TRUE;
  self->had_validation = TRUE;
  if (isnan (self->validation) && self->epoch_time > 0)
    self->validation = (double)(record->time - self->epoch_time) / G_USEC_PER_SEC;
  account (self, record->time);
}

static void
add_checkpoint (FvRunHistory *self, const FvRunRecord *record)
{
  self->epoch = record->epoch;
  self->step = record->step;
  if (record->step == 0 && record->epoch > 0 && self->start && self->start->val_images == 0)
    self->best_epoch = (gint64)record->epoch - 1;
  account (self, record->time);
}

static void
add_warning (FvRunHistory *self, const FvRunRecord *record)
{
  FvRunWarning warning = { g_string_chunk_insert_const (self->names, record->id ? record->id : ""),
                           g_string_chunk_insert_const (self->names, record->text ? record->text : "") };

  for (guint i = 0; i < self->warnings->len; i++)
    if (g_str_equal (g_array_index (self->warnings, FvRunWarning, i).text, warning.text))
      return;
  g_array_append_val (self->warnings, warning);
}

static void
add_end (FvRunHistory *self, FvRunRecord *record)
{
  account (self, record->time);
  self->mark = 0;
  self->step_time = 0;
  if (record->type == FV_RECORD_FINISHED)
    {
      self->end = FV_HISTORY_FINISHED;
      self->reason = g_steal_pointer (&record->reason);
      self->best_epoch = record->best_epoch;
      return;
    }
  self->end = FV_HISTORY_FAILED;
  self->failure_id = g_steal_pointer (&record->id);
  self->failure = g_steal_pointer (&record->text);
  self->hint = g_steal_pointer (&record->hint);
}

void
fv_run_history_add (FvRunHistory *self, FvRunRecord *record)
{
  const gboolean preparing = record->type == FV_RECORD_PREPARING;

  self->prepared = preparing ? MIN (record->step, record->steps) : 0;
  self->to_prepare = preparing ? record->steps : 0;
  switch (record->type)
    {
    case FV_RECORD_STARTED:
      add_start (self, record);
      break;
    case FV_RECORD_RESUMED:
      go_back (self, record);
      break;
    case FV_RECORD_STEP:
      add_step (self, record);
      break;
    case FV_RECORD_VALIDATION:
      add_validation (self, record);
      break;
    case FV_RECORD_CHECKPOINT:
      add_checkpoint (self, record);
      break;
    case FV_RECORD_WARNING:
      add_warning (self, record);
      break;
    case FV_RECORD_FINISHED:
    case FV_RECORD_FAILED:
      add_end (self, record);
      break;
    case FV_RECORD_PREPARING:
    case FV_RECORD_OTHER:
      break;
    }
  if (record->time > 0)
    self->last_time = record->time;
}

/* Questions */

guint
fv_run_history_get_series (const FvRunHistory *self, FvRunSeries series, const double **x, const double **y)
{
  const FvCurves *curves = series < FV_SERIES_TRAIN_BOX ? &self->step_curves
                           : series < FV_SERIES_VAL_BOX ? &self->mean_curves
                                                        : &self->val_curves;
  guint first = series < FV_SERIES_TRAIN_BOX ? FV_SERIES_STEP_BOX
                : series < FV_SERIES_VAL_BOX ? FV_SERIES_TRAIN_BOX
                                             : FV_SERIES_VAL_BOX;
  guint n = curves->x->len;

  if (x)
    *x = n > 0 ? (const double *)(gpointer)curves->x->data : NULL;
  if (y)
    *y = n > 0 ? (const double *)(gpointer)curves->y[series - first]->data : NULL;
  return n;
}

static gboolean
is_validated (const FvRunHistory *self, guint epoch)
{
  guint n = self->validated->len;

  return n > 0 && g_array_index (self->validated, FvValidated, n - 1).epoch >= epoch;
}

static gboolean
wants_validation (const FvRunHistory *self, const FvRecipe *recipe, guint epoch)
{
  return self->start && self->start->val_images > 0
         && ((gint64)epoch + 1 == recipe->epochs || (epoch + 1) % (guint)recipe->val_period == 0);
}

gboolean
fv_run_history_is_validating (const FvRunHistory *self, const FvRecipe *recipe)
{
  return self->steps_per_epoch > 0 && self->step >= self->steps_per_epoch && self->end == FV_HISTORY_OPEN
         && wants_validation (self, recipe, self->epoch) && !is_validated (self, self->epoch);
}

/* What is done and what is left, in batches and in pauses between epochs. */
typedef struct
{
  guint n;                         /* batches of an epoch; 0 = unknown */
  double batch, validation, pause; /* seconds of one */
  double batches_done, batches_left;
  guint validations_done, validations_left;
  guint pauses_done, pauses_left;
} Work;

static void
count_work (const FvRunHistory *self, const FvRecipe *recipe, Work *work)
{
  guint epochs = (guint)recipe->epochs;
  guint images = self->start ? self->start->images : 0;
  guint batch = (guint)MIN (recipe->batch, MAX (images, 1));
  guint epoch = self->epoch, step = self->step;

  *work = (Work){ .n = self->steps_per_epoch ? self->steps_per_epoch : (images + batch - 1) / batch,
                  .batch = get_batch_seconds (self) };
  work->validation = self->validation;
  if (isnan (work->validation) && self->start)
    work->validation = VALIDATION_GUESS * work->batch / batch * self->start->val_images;
  work->pause = isnan (self->pause) ? 0.0 : self->pause;
  /* Validated, and only its checkpoint is to come. */
  if (work->n > 0 && step >= work->n && wants_validation (self, recipe, epoch) && is_validated (self, epoch))
    {
      epoch++;
      step = 0;
    }
  epoch = MIN (epoch, epochs);
  step = epoch < epochs ? MIN (step, work->n) : 0;
  work->batches_done = (double)epoch * work->n + step;
  work->batches_left = (double)epochs * work->n - work->batches_done;
  for (guint i = 0; i < epochs; i++)
    {
      guint *validations = i < epoch ? &work->validations_done : &work->validations_left;
      guint *pauses = i < epoch ? &work->pauses_done : &work->pauses_left;

      ++*(wants_validation (self, recipe, i) ? validations : pauses);
    }
}

static double
since_last (const FvRunHistory *self, gint64 now)
{
  return self->last_time > 0 ? MAX ((double)(now - self->last_time) / G_USEC_PER_SEC, 0.0) : 0.0;
}

double
fv_run_history_get_seconds_left (const FvRunHistory *self, const FvRecipe *recipe, gint64 now)
{
  double planned = self->start ? self->start->seconds_per_epoch : NAN;
  gboolean validating = fv_run_history_is_validating (self, recipe);
  double current;
  Work work;

  count_work (self, recipe, &work);
  if (work.n == 0 || (work.batch <= 0.0 && isnan (self->validation) && isnan (self->pause)))
    return planned > 0.0 && work.n > 0 ? MAX (planned * (work.batches_left / work.n) - since_last (self, now), 0.0)
                                       : NAN;
  current = validating ? work.validation : work.batch * (double)recipe->log_period;
  return MAX (work.batches_left * work.batch + work.validations_left * work.validation + work.pauses_left * work.pause
                  - MIN (since_last (self, now), current),
              0.0);
}

double
fv_run_history_get_fraction (const FvRunHistory *self, const FvRecipe *recipe, gint64 now)
{
  double left = fv_run_history_get_seconds_left (self, recipe, now);
  double done, current;
  Work work;

  count_work (self, recipe, &work);
  done = work.batches_done * work.batch + work.validations_done * work.validation + work.pauses_done * work.pause;
  current = work.batches_left * work.batch + work.validations_left * work.validation + work.pauses_left * work.pause;
  if (work.n == 0)
    return 0.0;
  if (isnan (left) || done + current <= 0.0)
    return work.batches_done / (work.batches_done + work.batches_left);
  return CLAMP (1.0 - left / (done + current), 0.0, 1.0);
}
