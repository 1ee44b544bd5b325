/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-events.h"

#include "app/exchange/fv-file.h"
#include "app/training/fv-json.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

struct _FvEvents
{
  char *path;
  int fd;
  gboolean torn; /* half a line is at the end, and could not be cut off */
  FILE *copy;
  guint run;
};

/* Cuts off what follows the last line end: a killed process or a full disk may have left half a line. */
static gboolean
cut_torn_line (int fd)
{
  off_t size = lseek (fd, 0, SEEK_END), end = size;
  char piece[4096];

  if (size < 0)
    return FALSE;
  while (end > 0)
    {
      gsize wanted = MIN ((gsize)end, sizeof piece);
      gssize n = pread (fd, piece, wanted, end - (off_t)wanted);
      const char *line_end;

      if (n != (gssize)wanted)
        {
          errno = n < 0 ? errno : EIO;
          return FALSE;
        }
      line_end = memrchr (piece, '\n', wanted);
      if (line_end)
        {
          end -= piece + wanted - (line_end + 1);
          break;
        }
      end -= (off_t)wanted;
    }
  return end == size || ftruncate (fd, end) == 0;
}

/* A line is whole or not there. */
static gboolean
write_line (FvEvents *self, const char *line, GError **error)
{
  gsize left = strlen (line);
  int saved;

  if (self->torn && !cut_torn_line (self->fd))
    {
      fv_file_set_error (error, self->path, errno);
      return FALSE;
    }
  self->torn = FALSE;
  while (left > 0)
    {
      gssize n = write (self->fd, line, left);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          saved = errno;
          self->torn = !cut_torn_line (self->fd);
          fv_file_set_error (error, self->path, saved);
          return FALSE;
        }
      line += n;
      left -= (gsize)n;
    }
  return TRUE;
}

FvEvents *
fv_events_open (const char *path, guint run, FILE *copy, GError **error)
{
  g_autoptr (FvEvents) self = g_new0 (FvEvents, 1);

  self->path = g_strdup (path);
  self->copy = copy;
  self->run = run;
  self->fd = open (path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (self->fd < 0 || !cut_torn_line (self->fd))
    {
      fv_file_set_error (error, path, errno);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
fv_events_free (FvEvents *self)
{
  if (!self)
    return;
  if (self->fd >= 0)
    close (self->fd);
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
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;

  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  g_object_unref (builder);
  text = fv_json_print (root, FALSE);
  line = g_strconcat (text, "\n", NULL);
  if (!write_line (self, line, error))
    return FALSE;
  if (self->copy && (fputs (line, self->copy) < 0 || fflush (self->copy) != 0))
    {
      int saved = errno;

      g_set_error (error, G_IO_ERROR, (int)g_io_error_from_errno (saved),
                   _ ("The copy of the event stream that --events asked for can't be written: %s."),
                   g_strerror (saved));
      return FALSE;
    }
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
