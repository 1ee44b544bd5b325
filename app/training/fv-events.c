/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-events.h"

#include "app/training/fv-json.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

struct _FvEvents
{
  char *path;
  FILE *file;
  FILE *copy;
  guint run;
};

static gboolean
fail (const char *path, gboolean opened, GError **error)
{
  int saved = errno;

  g_set_error (error, G_IO_ERROR, (int)g_io_error_from_errno (saved),
               opened ? _ ("The event stream %s can't be written: %s.")
                      : _ ("The event stream %s can't be opened: %s."),
               path, g_strerror (saved));
  return FALSE;
}

/* Cuts off what follows the last line end: a killed process may have left half a line. */
static gboolean
cut_torn_line (FILE *file)
{
  long end;

  if (fseek (file, 0, SEEK_END) != 0 || (end = ftell (file)) < 0)
    return FALSE;
  while (end > 0)
    {
      if (fseek (file, end - 1, SEEK_SET) != 0)
        return FALSE;
      if (fgetc (file) == '\n')
        break;
      end--;
    }
  return ftruncate (fileno (file), end) == 0;
}

FvEvents *
fv_events_open (const char *path, guint run, FILE *copy, GError **error)
{
  g_autoptr (FvEvents) self = g_new0 (FvEvents, 1);

  self->path = g_strdup (path);
  self->copy = copy;
  self->run = run;
  self->file = g_fopen (path, "a+e");
  if (!self->file || !cut_torn_line (self->file))
    {
      fail (path, FALSE, error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
fv_events_free (FvEvents *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->file, fclose);
  g_free (self->path);
  g_free (self);
}

JsonBuilder *
fv_events_begin (FvEvents *self, const char *event)
{
  JsonBuilder *builder = json_builder_new ();
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *seconds = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");
  g_autofree char *time = g_strdup_printf ("%s.%03dZ", seconds, g_date_time_get_microsecond (now) / 1000);

  json_builder_begin_object (builder);
  fv_json_put_string (builder, "event", event);
  fv_json_put_string (builder, "time", time);
  fv_json_put_int (builder, "run", self->run);
  return builder;
}

gboolean
fv_events_end (FvEvents *self, JsonBuilder *builder, GError **error)
{
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *line = NULL;

  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  g_object_unref (builder);
  line = fv_json_print (root, FALSE);
  if (fprintf (self->file, "%s\n", line) < 0 || fflush (self->file) != 0)
    return fail (self->path, TRUE, error);
  if (self->copy && (fprintf (self->copy, "%s\n", line) < 0 || fflush (self->copy) != 0))
    return fail ("(the copy that --events asked for)", TRUE, error);
  return TRUE;
}

void
fv_json_put_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
fv_json_put_double (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

void
fv_json_put_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

/* The shortest decimal that is the same float. */
static double
shortest_float (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  double read = value;

  for (int digits = 1; digits <= 9; digits++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      read = g_ascii_strtod (g_ascii_formatd (text, sizeof text, format, value), NULL);
      if ((float)read == (float)value)
        break;
    }
  return read;
}

void
fv_json_put_losses (JsonBuilder *builder, const double losses[3])
{
  static const char *const names[] = { "box", "obj", "cls" };

  for (guint i = 0; i < 3; i++)
    fv_json_put_double (builder, names[i], shortest_float (losses[i]));
}

double
fv_json_round (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_ascii_strtod (g_ascii_formatd (text, sizeof text, "%.6g", value), NULL);
}
