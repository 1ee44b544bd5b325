/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-tuner.h"
#include "compute/ops/fv-conv-families.h"

#include <math.h>
#include <string.h>

/* Of a convolution's variants on the processor, unless said otherwise. */
#define CPU_MAX_VARIANTS 4
/* Operations of one try: some milliseconds. */
#define CPU_WORK 0.3e9
#define GPU_WORK 8e9
/* Tries of each variant, in turn, and at most so long. */
#define TRIES 3
#define TRY_SECONDS 0.5
/* A variant so many times slower than the best is not tried again. */
#define HOPELESS 1.5
/* It must be that much faster than those that stand before it in the table. */
#define WORTH 0.97
/* Pipelines that are made and compiled together: enough for all processors. */
#define TOGETHER 12
/* A decision holds for pixels up to so many times as many or as few. */
#define NEAR 2.0
/* Of the work: what is left alone where the rest is decided. */
#define NEGLIGIBLE 0.05

/* One convolution to be decided. */
typedef struct
{
  FvConvAsked asked;
  double work;       /* of all its uses */
  double group_work; /* of all convolutions that run the same pipelines */
  FvConvShape tried; /* with fewer pictures */
  guint variants[FV_CONV_MAX_TIMINGS];
  guint n_variants;
} Task;

/* One variant of a task. */
typedef struct
{
  const Task *task;
  guint variant;
  FvParam weight;
  FvGraph *graph;
  FvRecording *recording;
  double best;  /* seconds */
  double spent; /* seconds */
  gboolean failed;
} Try;

typedef struct
{
  FvDevice *device;
  const FvConvTunerParams *params;
  GArray *tasks;                                 /* of Task, in order */
  FvBuffer *x, *y, *weight, *gradient, *scratch; /* zeros, shared by all tries of a batch */
  gint64 end;
} Tuner;

static void
try_clear (gpointer data)
{
  Try *self = data;

  g_clear_pointer (&self->recording, fv_recording_free);
  g_clear_pointer (&self->graph, fv_graph_free);
}

static void
clear_buffers (Tuner *self)
{
  g_clear_pointer (&self->x, fv_buffer_free);
  g_clear_pointer (&self->y, fv_buffer_free);
  g_clear_pointer (&self->weight, fv_buffer_free);
  g_clear_pointer (&self->gradient, fv_buffer_free);
  g_clear_pointer (&self->scratch, fv_buffer_free);
}

static gboolean
is_cpu (FvDevice *device)
{
  return g_str_equal (fv_device_get_info (device)->type, "cpu");
}

/* What is to be timed. */

static void
choose_variants (Tuner *self, Task *task)
{
  const FvDeviceLimits *limits = fv_device_get_limits (self->device);
  const gboolean cpu = is_cpu (self->device);
  const guint limit = MIN (self->params->max_variants > 0 ? self->params->max_variants
                           : cpu                          ? CPU_MAX_VARIANTS
                                                          : FV_CONV_MAX_TIMINGS,
                           FV_CONV_MAX_TIMINGS);
  guint n;
  const FvConvVariant *variants = fv_conv_get_variants (task->asked.direction, &n);

  for (guint i = 1; i < n && task->n_variants < limit; i++)
    if (fv_conv_variant_is_for (&variants[i], self->device)
        && fv_conv_variant_fits (&variants[i], limits, task->asked.direction, &task->asked.shape))
      task->variants[task->n_variants++] = i;
  /* What runs anywhere is never the fastest where the others were made for the device. */
  if (task->n_variants < limit && (task->n_variants == 0 || !cpu))
    task->variants[task->n_variants++] = 0;
}

/* As many pictures as the work of a try is. */
static FvConvShape
choose_size (Tuner *self, const FvConvShape *shape)
{
  const double work = self->params->work > 0 ? self->params->work : is_cpu (self->device) ? CPU_WORK : GPU_WORK;
  FvConvShape one = *shape, tried = *shape;

  one.n = 1;
  tried.n = CLAMP (ceil (work / fv_conv_shape_get_flops (&one)), 1, shape->n);
  return tried;
}

static gboolean
is_near (const FvConvKey *a, const FvConvKey *b)
{
  return fv_conv_key_is_like (a, b) && a->pixels <= NEAR * b->pixels && b->pixels <= NEAR * a->pixels;
}

/* Whether one of the tasks that there are will decide it, too. */
static gboolean
is_covered (Tuner *self, const FvConvKey *key)
{
  for (guint i = 0; i < self->tasks->len; i++)
    {
      const FvConvAsked *other = &g_array_index (self->tasks, Task, i).asked;
      FvConvKey other_key;

      fv_conv_key_init (&other_key, other->direction, &other->shape);
      if (is_near (key, &other_key))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_decided (Tuner *self, const FvConvChoices *choices, const FvConvAsked *asked, const FvConvKey *key)
{
  const FvConvChoice *choice
      = fv_conv_choices_find (choices, fv_device_get_limits (self->device), asked->direction, &asked->shape);

  return choice != NULL && is_near (&choice->key, key);
}

static gboolean
share_pipelines (const Task *a, const Task *b)
{
  const FvConvShape *left = &a->asked.shape, *right = &b->asked.shape;

  return a->asked.direction == b->asked.direction && left->in_channels == right->in_channels
         && left->out_channels == right->out_channels && left->kernel == right->kernel && left->half == right->half;
}

static gint
compare (double a, double b)
{
  return a > b ? -1 : a < b;
}

/* The most work first, those of the same pipelines together. */
static gint
by_work (gconstpointer a, gconstpointer b)
{
  const Task *left = a, *right = b;
  const FvConvShape *l = &left->asked.shape, *r = &right->asked.shape;

  if (left->group_work != right->group_work)
    return compare (left->group_work, right->group_work);
  if (left->asked.direction != right->asked.direction)
    return left->asked.direction < right->asked.direction ? -1 : 1;
  if (l->in_channels != r->in_channels)
    return l->in_channels < r->in_channels ? -1 : 1;
  if (l->out_channels != r->out_channels)
    return l->out_channels < r->out_channels ? -1 : 1;
  if (l->kernel != r->kernel)
    return l->kernel < r->kernel ? -1 : 1;
  return compare (left->work, right->work);
}

/* The share of the work that is not decided. */
static double
list_tasks (Tuner *self, FvConvChoices *choices)
{
  const GArray *asked = fv_conv_choices_get_asked (choices);
  double all = 0, left = 0;

  for (guint i = 0; i < asked->len; i++)
    {
      Task task = { .asked = g_array_index (asked, FvConvAsked, i) };
      FvConvKey key;

      fv_conv_key_init (&key, task.asked.direction, &task.asked.shape);
      choose_variants (self, &task);
      /* Where there is nothing to choose from, there is nothing to time. */
      if (task.n_variants < 2 || is_covered (self, &key))
        continue;
      task.work = task.asked.uses * fv_conv_shape_get_flops (&task.asked.shape);
      task.tried = choose_size (self, &task.asked.shape);
      all += task.work;
      if (is_decided (self, choices, &task.asked, &key))
        continue;
      left += task.work;
      g_array_append_val (self->tasks, task);
    }
  for (guint i = 0; i < self->tasks->len; i++)
    {
      Task *task = &g_array_index (self->tasks, Task, i);

      for (guint k = 0; k < self->tasks->len; k++)
        if (share_pipelines (task, &g_array_index (self->tasks, Task, k)))
          task->group_work += g_array_index (self->tasks, Task, k).work;
    }
  g_array_sort (self->tasks, by_work);
  return all > 0 ? left / all : 0;
}

/* Timing. */

static gsize
count_bytes (guint n, guint h, guint w, guint channels)
{
  return sizeof (float) * n * h * w * (gsize)channels;
}

static void
build (Tuner *self, Try *try)
{
  const FvConvShape *shape = &try->task->tried;

  try->best = INFINITY;
  try->weight = (FvParam){
    .name = (char *)"weight",
    .kind = FV_PARAM_CONV_WEIGHT,
    .n_dims = 4,
    .dims = { shape->out_channels, shape->in_channels, shape->kernel, shape->kernel },
    .pitch_in = shape->in_channels,
    .pitch_out = shape->out_channels,
    .length = (gsize)shape->kernel * shape->kernel * shape->in_channels * shape->out_channels,
  };
  try->graph = fv_graph_new (self->device, &(FvGraphParams){ .training = TRUE, .half = try->task->tried.half });
}

/* All but the addresses of its scratch memory. */
static void
append (Tuner *self, Try *try)
{
  const FvConvShape *shape = &try->task->tried;
  FvTensor *x
      = fv_graph_tensor (try->graph, shape->n, shape->in_h, shape->in_w, shape->in_channels, shape->in_channels, "x");
  FvTensor *y = fv_graph_tensor (try->graph, shape->n, shape->out_h, shape->out_w, shape->out_channels,
                                 shape->out_channels, "y");

  fv_tensor_set_address (x, self->x->address);
  fv_tensor_set_address (y, self->y->address);
  fv_conv_append_alone (try->graph, try->task->asked.direction, shape,
                        &(FvConvWeights){ .weight = &try->weight,
                                          .weight_address = self->weight->address,
                                          .weight_gradient = self->gradient->address },
                        try->variant, x, y);
  fv_graph_plan (try->graph);
}

/* @buffer with room for @bytes. */
static gboolean
make_buffer (Tuner *self, FvBuffer **buffer, gsize bytes, GError **error)
{
  *buffer = fv_buffer_new (self->device, FV_MEMORY_DEVICE, MAX (bytes, sizeof (float)), "tuning", error);
  return *buffer != NULL;
}

static gboolean
make_buffers (Tuner *self, const GArray *tries, GError **error)
{
  gsize x = 0, y = 0, weight = 0;

  for (guint i = 0; i < tries->len; i++)
    {
      const Try *try = &g_array_index (tries, Try, i);
      const FvConvShape *shape = &try->task->tried;

      x = MAX (x, count_bytes (shape->n, shape->in_h, shape->in_w, shape->in_channels));
      y = MAX (y, count_bytes (shape->n, shape->out_h, shape->out_w, shape->out_channels));
      weight = MAX (weight, try->weight.length * sizeof (float));
    }
  return make_buffer (self, &self->x, x, error) && make_buffer (self, &self->y, y, error)
         && make_buffer (self, &self->weight, weight, error) && make_buffer (self, &self->gradient, weight, error);
}

/* Graphs and recordings of all tries, in memory that they share. */
static gboolean
prepare (Tuner *self, GArray *tries, GError **error)
{
  gsize scratch = 0;

  for (guint i = 0; i < tries->len; i++)
    build (self, &g_array_index (tries, Try, i));
  if (!make_buffers (self, tries, error))
    return FALSE;
  for (guint i = 0; i < tries->len; i++)
    {
      Try *try = &g_array_index (tries, Try, i);

      append (self, try);
      scratch = MAX (scratch, fv_graph_get_arena_bytes (try->graph));
    }
  if (!make_buffer (self, &self->scratch, scratch, error))
    return FALSE;
  for (guint i = 0; i < tries->len; i++)
    {
      Try *try = &g_array_index (tries, Try, i);
      FvRecorder *recorder = fv_recorder_new (self->device);

      fv_graph_place (try->graph, self->scratch);
      fv_graph_record (try->graph, recorder);
      try->recording = fv_recorder_finish (&recorder, TRUE, error);
      if (try->recording == NULL)
        return FALSE;
    }
  fv_device_compile_pipelines (self->device);
  return TRUE;
}

/* By the device's clock where it has one. */
static gboolean
run_once (Tuner *self, Try *try, GError **error)
{
  const gint64 start = g_get_monotonic_time ();
  g_autoptr (GArray) phases = g_array_new (FALSE, TRUE, sizeof (FvPhase));
  double seconds = 0, waited;
  guint64 ticket;

  if (!fv_recording_submit (try->recording, &ticket, error) || !fv_device_wait (self->device, ticket, error))
    return FALSE;
  waited = (g_get_monotonic_time () - start) * 1e-6;
  fv_recording_add_times (try->recording, phases);
  for (guint i = 0; i < phases->len; i++)
    seconds += g_array_index (phases, FvPhase, i).seconds;
  try->best = MIN (try->best, seconds > 0 ? seconds : waited);
  try->spent += waited;
  return TRUE;
}

/* In turn, so that what else the machine does hits all alike. */
static gboolean
race (Tuner *self, Try *tries, guint n, GError **error)
{
  double best = INFINITY;

  for (guint round = 0; round < TRIES; round++)
    for (guint i = 0; i < n; i++)
      if (round == 0 || (tries[i].best < HOPELESS * best && tries[i].spent < TRY_SECONDS))
        {
          if (!run_once (self, &tries[i], error))
            return FALSE;
          best = MIN (best, tries[i].best);
        }
  return TRUE;
}

static void
decide (FvConvChoices *choices, const Try *tries, guint n)
{
  const Task *task = tries->task;
  FvConvChoice choice = { .variant = tries->variant };
  double best = INFINITY;

  fv_conv_key_init (&choice.key, task->asked.direction, &task->asked.shape);
  for (guint i = 0; i < n; i++)
    {
      choice.timings[choice.n_timings++] = (FvConvTiming){ tries[i].variant, tries[i].best };
      if (tries[i].best < WORTH * best)
        {
          best = tries[i].best;
          choice.variant = tries[i].variant;
        }
    }
  fv_conv_choices_add (choices, &choice);
}

static gboolean
is_over (Tuner *self)
{
  return g_get_monotonic_time () >= self->end || g_cancellable_is_cancelled (self->params->cancellable);
}

static void
report (Tuner *self, guint done)
{
  if (self->params->progress != NULL)
    self->params->progress (done, self->tasks->len, self->params->user_data);
}

/* The tasks from @first on whose pipelines are made together; returns how many were decided, 0: it is over, -1: the device is lost. */
static gint
tune_some (Tuner *self, FvConvChoices *choices, guint first, guint *n_tasks, GError **error)
{
  g_autoptr (GArray) tries = g_array_new (FALSE, TRUE, sizeof (Try));
  g_autoptr (GError) failure = NULL;
  guint last = first, decided = 0;

  g_array_set_clear_func (tries, try_clear);
  for (guint pipelines = 0; last < self->tasks->len; last++)
    {
      const Task *task = &g_array_index (self->tasks, Task, last);

      if (last == first || !share_pipelines (task, &g_array_index (self->tasks, Task, last - 1)))
        pipelines += task->n_variants;
      if (last > first && pipelines > TOGETHER)
        break;
      for (guint i = 0; i < task->n_variants; i++)
        {
          const Try try = { .task = task, .variant = task->variants[i] };

          g_array_append_val (tries, try);
        }
    }
  *n_tasks = last - first;
  if (prepare (self, tries, &failure))
    for (guint i = 0; i < tries->len && failure == NULL && (decided == 0 || !is_over (self));)
      {
        Try *some = &g_array_index (tries, Try, i);

        if (race (self, some, some->task->n_variants, &failure))
          {
            decide (choices, some, some->task->n_variants);
            report (self, first + ++decided);
          }
        i += some->task->n_variants;
      }
  g_clear_pointer (&tries, g_array_unref);
  clear_buffers (self);
  if (failure != NULL && fv_device_is_lost (self->device))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return -1;
    }
  if (failure != NULL)
    g_debug ("not timed: %s", failure->message);
  return decided;
}

gint
fv_conv_tune (FvDevice *device, const FvConvTunerParams *params, GError **error)
{
  FvConvChoices *choices = fv_conv_choices_of (device);
  g_autoptr (GArray) tasks = g_array_new (FALSE, TRUE, sizeof (Task));
  Tuner self = { .device = device, .params = params, .tasks = tasks };
  const double left = list_tasks (&self, choices);
  gint decided = 0, n = 0;
  guint n_tasks;

  if (left < NEGLIGIBLE || !(params->seconds > 0))
    return 0;
  self.end = g_get_monotonic_time () + (gint64)(left * params->seconds * G_USEC_PER_SEC);
  for (guint i = 0; i < tasks->len && !is_over (&self); i += n_tasks)
    {
      n = tune_some (&self, choices, i, &n_tasks, error);
      if (n < 0)
        return -1;
      decided += n;
    }
  return decided;
}
