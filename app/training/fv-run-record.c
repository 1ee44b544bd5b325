/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-run-record.h"

#include "app/exchange/fv-json.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define PIECE (1 << 20)
#define MAX_DEPTH 8

static void
record_class_clear (gpointer data)
{
  g_free (((FvRecordClass *)data)->name);
}

static void
record_start_free (FvRecordStart *start)
{
  if (!start)
    return;
  g_free (start->file);
  g_free (start->device);
  g_free (start);
}

void
fv_run_record_free (FvRunRecord *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->classes, g_array_unref);
  record_start_free (self->start);
  g_free (self->id);
  g_free (self->text);
  g_free (self->hint);
  g_free (self->reason);
  g_free (self);
}

void
fv_run_records_free (FvRunRecords *self)
{
  if (!self)
    return;
  g_ptr_array_unref (self->records);
  g_free (self);
}

/* Members, whatever type they turn out to have. */

static JsonNode *
get_value (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_VALUE (node) ? node : NULL;
}

static double
get_number (JsonObject *object, const char *name)
{
  JsonNode *node = get_value (object, name);

  if (!node || (json_node_get_value_type (node) != G_TYPE_INT64 && json_node_get_value_type (node) != G_TYPE_DOUBLE))
    return NAN;
  return json_node_get_double (node);
}

static guint
get_count (JsonObject *object, const char *name)
{
  double value = get_number (object, name);

  return value > 0 ? (guint)MIN (value, G_MAXINT) : 0;
}

/* (transfer full) (nullable) */
static char *
get_string (JsonObject *object, const char *name)
{
  JsonNode *node = get_value (object, name);

  return node ? g_strdup (json_node_get_string (node)) : NULL;
}

/* (transfer none) (nullable) */
static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static void
get_losses (JsonObject *object, double losses[3])
{
  losses[0] = object ? get_number (object, "box") : NAN;
  losses[1] = object ? get_number (object, "obj") : NAN;
  losses[2] = object ? get_number (object, "cls") : NAN;
}

static gint64
get_time (JsonObject *object)
{
  g_autofree char *text = get_string (object, "time");
  g_autoptr (GDateTime) time = text ? g_date_time_new_from_iso8601 (text, NULL) : NULL;

  return time ? g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time) : 0;
}

static GArray *
get_classes (JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "per_class");
  GArray *classes = g_array_new (FALSE, TRUE, sizeof (FvRecordClass));

  g_array_set_clear_func (classes, record_class_clear);
  for (guint i = 0; node && JSON_NODE_HOLDS_ARRAY (node) && i < json_array_get_length (json_node_get_array (node)); i++)
    {
      JsonNode *element = json_array_get_element (json_node_get_array (node), i);
      JsonObject *class = JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
      FvRecordClass record;

      if (!class)
        continue;
      record = (FvRecordClass){
        .name = get_string (class, "name"),
        .images = get_count (class, "images"),
        .instances = get_count (class, "instances"),
        .precision = get_number (class, "precision"),
        .recall = get_number (class, "recall"),
        .ap50 = get_number (class, "ap50"),
        .ap = get_number (class, "ap"),
      };
      g_array_append_val (classes, record);
    }
  return classes;
}

static FvRunStartKind
get_start_kind (JsonObject *start)
{
  static const char *const names[]
      = { [FV_RUN_FROM_SCRATCH] = "scratch", [FV_RUN_FROM_FILE] = "file", [FV_RUN_FROM_RUN] = "run" };
  g_autofree char *kind = get_string (start, "kind");

  for (guint i = FV_RUN_FROM_SCRATCH; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (kind, names[i]) == 0)
      return (FvRunStartKind)i;
  return FV_RUN_FROM_UNKNOWN;
}

static FvRecordStart *
read_start (JsonObject *object)
{
  FvRecordStart *self = g_new0 (FvRecordStart, 1);
  JsonObject *recipe = get_object (object, "recipe");
  JsonObject *plan = get_object (object, "plan");
  JsonObject *start = get_object (object, "start");
  g_autofree char *model = get_string (object, "model");
  double bytes = plan ? get_number (plan, "device_bytes") : NAN;

  fv_recipe_init (&self->recipe);
  self->has_recipe = recipe && fv_recipe_apply_json (&self->recipe, recipe, NULL);
  if (model && *model && strchr ("nsmlx", *model))
    self->variant = *model;
  if (start)
    {
      self->kind = get_start_kind (start);
      self->file = get_string (start, "file");
      self->run = get_count (start, "run");
    }
  self->device = get_string (object, "device");
  self->images = get_count (object, "images");
  self->val_images = get_count (object, "val_images");
  self->device_bytes = bytes > 0 && bytes < 1e18 ? (guint64)bytes : 0;
  self->seconds_per_epoch = plan ? get_number (plan, "seconds_per_epoch") : NAN;
  return self;
}

static FvRunRecordType
get_type (JsonObject *object)
{
  static const char *const names[] = {
    [FV_RECORD_PREPARING] = "preparing",   [FV_RECORD_STARTED] = "run-started",   [FV_RECORD_RESUMED] = "resumed",
    [FV_RECORD_STEP] = "step",             [FV_RECORD_VALIDATION] = "validation", [FV_RECORD_CHECKPOINT] = "checkpoint",
    [FV_RECORD_WARNING] = "warning",       [FV_RECORD_FINISHED] = "run-finished", [FV_RECORD_FAILED] = "run-failed",
  };
  g_autofree char *event = get_string (object, "event");

  for (guint i = FV_RECORD_PREPARING; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (event, names[i]) == 0)
      return (FvRunRecordType)i;
  return FV_RECORD_OTHER;
}

static FvRunRecord *
read_record (JsonObject *object)
{
  FvRunRecord *self = g_new0 (FvRunRecord, 1);
  double best = get_number (object, "best_epoch");

  self->type = get_type (object);
  self->time = get_time (object);
  self->epoch = get_count (object, "epoch");
  self->step = get_count (object, "step");
  self->steps = get_count (object, "steps");
  self->best_epoch = best >= 0 ? (gint64)MIN (best, G_MAXINT) : -1;
  switch (self->type)
    {
    case FV_RECORD_STARTED:
      self->start = read_start (object);
      break;
    case FV_RECORD_STEP:
      get_losses (object, self->losses);
      self->images_per_second = get_number (object, "images_per_second");
      break;
    case FV_RECORD_VALIDATION:
      get_losses (object, self->losses);
      get_losses (get_object (object, "train"), self->train);
      self->precision = get_number (object, "precision");
      self->recall = get_number (object, "recall");
      self->map50 = get_number (object, "map50");
      self->map = get_number (object, "map");
      self->classes = get_classes (object);
      break;
    case FV_RECORD_WARNING:
    case FV_RECORD_FAILED:
      self->id = get_string (object, "id");
      self->text = get_string (object, "text");
      self->hint = get_string (object, "hint");
      break;
    case FV_RECORD_FINISHED:
      self->reason = get_string (object, "reason");
      break;
    case FV_RECORD_PREPARING:
    case FV_RECORD_RESUMED:
    case FV_RECORD_CHECKPOINT:
    case FV_RECORD_OTHER:
      break;
    }
  return self;
}

static void
read_line (FvRunRecords *self, const char *line, gsize length)
{
  g_autoptr (JsonNode) root = length > 0 ? fv_json_parse (line, length, MAX_DEPTH, NULL) : NULL;

  if (root && JSON_NODE_HOLDS_OBJECT (root))
    g_ptr_array_add (self->records, read_record (json_node_get_object (root)));
}

/* Up to @size bytes; fewer at the end of the file only. */
static gssize
read_piece (int fd, gint64 offset, char *bytes, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      gssize n = pread (fd, bytes + done, size - done, offset + (gint64)done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      done += (gsize)n;
    }
  return (gssize)done;
}

FvRunRecords *
fv_run_records_read (const char *path, gint64 offset, gboolean skipping, GError **error)
{
  g_autoptr (FvRunRecords) self = g_new0 (FvRunRecords, 1);
  g_autofree char *bytes = g_malloc (PIECE);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gssize size = fd < 0 ? -1 : read_piece (fd, offset, bytes, PIECE);
  const char *line = bytes, *line_end;

  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_run_record_free);
  if (size < 0)
    {
      int saved = errno;

      g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (saved), _ ("%s can't be read: %s."), path,
                   g_strerror (saved));
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  close (fd);
  while ((line_end = memchr (line, '\n', (gsize)(bytes + size - line))))
    {
      if (!skipping)
        read_line (self, line, (gsize)(line_end - line));
      skipping = FALSE;
      line = line_end + 1;
    }
  self->more = size == PIECE;
  /* No line of ours is that long. */
  if (self->more && line == bytes)
    skipping = TRUE;
  if (skipping)
    line = bytes + size;
  self->skipping = skipping;
  self->end = offset + (line - bytes);
  return g_steal_pointer (&self);
}
