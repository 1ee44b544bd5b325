/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-progress.h"

#include <math.h>

void
fv_progress_init (FvProgress *self)
{
  *self = (FvProgress){ .last_update = -1, .rate_factor = 1.0, .best_epoch = -1 };
  self->history = g_array_new (FALSE, TRUE, sizeof (FvEpochRecord));
}

void
fv_progress_clear (FvProgress *self)
{
  g_clear_pointer (&self->finished, g_free);
  g_clear_pointer (&self->history, g_array_unref);
}

void
fv_progress_copy (const FvProgress *from, FvProgress *to)
{
  fv_progress_clear (to);
  *to = *from;
  to->finished = g_strdup (from->finished);
  to->history = g_array_copy (from->history);
}

const FvEpochRecord *
fv_progress_get_best (const FvProgress *self)
{
  for (guint i = 0; i < self->history->len; i++)
    {
      const FvEpochRecord *record = &g_array_index (self->history, FvEpochRecord, i);

      if ((gint64)record->epoch == self->best_epoch)
        return record;
    }
  return NULL;
}

gboolean
fv_progress_judge (FvProgress *self, guint epoch, double fitness, guint patience)
{
  if (fitness >= self->best_fitness)
    {
      self->best_fitness = fitness;
      self->best_epoch = epoch;
    }
  return patience > 0 && (gint64)epoch - self->best_epoch >= patience;
}

static JsonArray *
doubles_to_json (const double *values, guint n)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < n; i++)
    json_array_add_double_element (array, values[i]);
  return array;
}

/* One row of the history: epoch, train[3], and where it was validated val[3], precision, recall, map50, map. */
static JsonArray *
record_to_json (const FvEpochRecord *record)
{
  const double validation[] = { record->val[0], record->val[1], record->val[2], record->precision,
                                record->recall, record->map50,  record->map };
  JsonArray *row = json_array_new ();

  json_array_add_int_element (row, record->epoch);
  for (guint i = 0; i < 3; i++)
    json_array_add_double_element (row, record->train[i]);
  for (guint i = 0; record->validated && i < G_N_ELEMENTS (validation); i++)
    json_array_add_double_element (row, validation[i]);
  return row;
}

JsonNode *
fv_progress_to_json (const FvProgress *self)
{
  JsonNode *node = json_node_init_object (json_node_alloc (), NULL);
  JsonObject *object = json_object_new ();
  JsonArray *history = json_array_new ();

  json_object_set_int_member (object, "epoch", self->epoch);
  json_object_set_int_member (object, "step", self->step);
  json_object_set_int_member (object, "last_update", self->last_update);
  json_object_set_int_member (object, "updates", (gint64)self->updates);
  json_object_set_array_member (object, "loss_sums", doubles_to_json (self->loss_sums, 3));
  json_object_set_double_member (object, "rate_factor", self->rate_factor);
  json_object_set_double_member (object, "best_fitness", self->best_fitness);
  json_object_set_int_member (object, "best_epoch", self->best_epoch);
  json_object_set_int_member (object, "pictures", (gint64)self->pictures);
  json_object_set_double_member (object, "train_seconds", self->train_seconds);
  json_object_set_double_member (object, "seconds", self->seconds);
  if (self->finished)
    json_object_set_string_member (object, "finished", self->finished);
  for (guint i = 0; i < self->history->len; i++)
    json_array_add_array_element (history, record_to_json (&g_array_index (self->history, FvEpochRecord, i)));
  json_object_set_array_member (object, "history", history);
  json_node_take_object (node, object);
  return node;
}

static gboolean
read_record (JsonArray *row, FvEpochRecord *record)
{
  guint n = json_array_get_length (row);
  double values[11] = { 0 };

  if (n != 4 && n != G_N_ELEMENTS (values))
    return FALSE;
  for (guint i = 0; i < n; i++)
    /* A null stands for a number that was not finite. */
    values[i] = json_array_get_null_element (row, i) ? NAN : json_array_get_double_element (row, i);
  *record = (FvEpochRecord){
    .epoch = (guint)values[0],
    .train = { values[1], values[2], values[3] },
    .validated = n > 4,
    .val = { values[4], values[5], values[6] },
    .precision = values[7],
    .recall = values[8],
    .map50 = values[9],
    .map = values[10],
  };
  return TRUE;
}

gboolean
fv_progress_read_json (FvProgress *self, JsonObject *object)
{
  static const char *const integers[] = { "epoch", "step", "last_update", "updates", "best_epoch", "pictures" };
  static const char *const doubles[] = { "best_fitness", "train_seconds", "seconds" };
  JsonNode *sums = json_object_get_member (object, "loss_sums");
  JsonNode *history = json_object_get_member (object, "history");
  JsonArray *array;

  for (guint i = 0; i < G_N_ELEMENTS (integers); i++)
    if (!json_object_has_member (object, integers[i]))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (doubles); i++)
    if (!json_object_has_member (object, doubles[i]))
      return FALSE;
  if (!sums || !JSON_NODE_HOLDS_ARRAY (sums) || json_array_get_length (json_node_get_array (sums)) != 3 || !history
      || !JSON_NODE_HOLDS_ARRAY (history))
    return FALSE;

  self->epoch = (guint)json_object_get_int_member (object, "epoch");
  self->step = (guint)json_object_get_int_member (object, "step");
  self->last_update = json_object_get_int_member (object, "last_update");
  self->updates = (guint64)json_object_get_int_member (object, "updates");
  self->best_epoch = json_object_get_int_member (object, "best_epoch");
  self->pictures = (guint64)json_object_get_int_member (object, "pictures");
  self->best_fitness = json_object_get_double_member (object, "best_fitness");
  self->train_seconds = json_object_get_double_member (object, "train_seconds");
  self->seconds = json_object_get_double_member (object, "seconds");
  /* Checkpoints of earlier versions have none. */
  self->rate_factor = json_object_get_double_member_with_default (object, "rate_factor", 1.0);
  if (!(self->rate_factor > 0.0 && self->rate_factor <= 1.0))
    return FALSE;
  self->finished = g_strdup (json_object_get_string_member_with_default (object, "finished", NULL));
  for (guint i = 0; i < 3; i++)
    self->loss_sums[i] = json_array_get_double_element (json_node_get_array (sums), i);

  array = json_node_get_array (history);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *row = json_array_get_element (array, i);
      FvEpochRecord record;

      if (!JSON_NODE_HOLDS_ARRAY (row) || !read_record (json_node_get_array (row), &record))
        return FALSE;
      g_array_append_val (self->history, record);
    }
  return TRUE;
}
