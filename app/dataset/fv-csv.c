/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-csv.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/dataset/fv-import.h"

#define MAX_ROW (1 << 20)
#define MAX_FIELDS 10000
#define BLOCK (256 << 10)

struct _FvCsv
{
  char *path;
  int fd;
  guint8 *block;
  gsize at, end; /* what is unread of block */
  gboolean at_end;
  char separator;
  guint line, row_line; /* of what comes next, and of the row */
  GString *text;        /* the row's fields, each with a NUL behind it */
  GArray *starts;       /* of guint: where each begins in text */
};

static gboolean G_GNUC_PRINTF (4, 5) fail (const FvCsv *self, guint line, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *shown = g_filename_display_name (self->path);
  if (line > 0)
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE, _ ("%s, line %u: %s"), shown, line, reason);
  else
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE, "%s: %s", shown, reason);
  return FALSE;
}

void
fv_csv_free (FvCsv *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  g_free (self->block);
  g_string_free (self->text, TRUE);
  g_array_unref (self->starts);
  g_free (self);
}

/* Reads on where block is used up. FALSE with an error; at the end, at_end. */
static gboolean
fill (FvCsv *self, GError **error)
{
  if (self->at < self->end || self->at_end)
    return TRUE;
  ssize_t n;
  do
    n = read (self->fd, self->block, BLOCK);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return fail (self, 0, error, _ ("The file can't be read: %s."), g_strerror (errno));
  self->at = 0;
  self->end = (gsize)n;
  self->at_end = n == 0;
  return TRUE;
}

/* What the first line has most of, outside of quotes. */
static char
guess_separator (const FvCsv *self)
{
  static const char separators[] = ",;\t";
  guint counts[3] = { 0 }, best = 0;
  gboolean quoted = FALSE;
  for (gsize i = self->at; i < self->end && (quoted || (self->block[i] != '\n' && self->block[i] != '\r')); i++)
    {
      const char *found = !quoted && self->block[i] != '\0' ? strchr (separators, self->block[i]) : NULL;
      quoted ^= self->block[i] == '"';
      if (found != NULL)
        counts[found - separators]++;
    }
  for (guint i = 1; i < G_N_ELEMENTS (counts); i++)
    if (counts[i] > counts[best])
      best = i;
  return separators[best];
}

FvCsv *
fv_csv_open (const char *path, GError **error)
{
  g_autoptr (FvCsv) self = g_new0 (FvCsv, 1);
  struct stat status;
  self->path = g_strdup (path);
  self->block = g_malloc (BLOCK);
  self->text = g_string_new (NULL);
  self->starts = g_array_new (FALSE, FALSE, sizeof (guint));
  self->line = 1;
  /* Without waiting: what a pipe waits for may never come. */
  self->fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (self->fd < 0 || fstat (self->fd, &status) != 0)
    fail (self, 0, error, _ ("The file can't be read: %s."), g_strerror (errno));
  else if (!S_ISREG (status.st_mode))
    fail (self, 0, error, _ ("This is not a file."));
  else if (fill (self, error))
    {
      if (self->end >= 3 && memcmp (self->block, "\xef\xbb\xbf", 3) == 0)
        self->at = 3;
      self->separator = guess_separator (self);
      return g_steal_pointer (&self);
    }
  return NULL;
}

/* White space around a field that had no quotes; the field, from start, is the last of text. */
static void
strip_last (FvCsv *self, guint start)
{
  const char *field = self->text->str + start;
  gsize leading = strspn (field, " \t");
  g_string_erase (self->text, start, (gssize)leading);
  while (self->text->len > start && strchr (" \t", self->text->str[self->text->len - 1]) != NULL)
    g_string_truncate (self->text, self->text->len - 1);
}

/* A field and what ends it: *last where that is the end of the row. */
static gboolean
read_field (FvCsv *self, gboolean *last, GError **error)
{
  enum
  {
    BARE,
    QUOTED,
    AFTER
  } state
      = BARE; /* AFTER: behind a quote inside of quotes, its end or half of one that is meant */
  const guint start = (guint)self->text->len;
  gboolean had_quotes = FALSE;
  guint quote_line = 0;
  g_array_append_val (self->starts, start);
  for (;;)
    {
      if (!fill (self, error))
        return FALSE;
      if (self->at_end)
        break;
      const char c = (char)self->block[self->at++];
      if (c == '\0')
        return fail (self, self->line, error, _ ("The file is not text. Save it as plain text (UTF-8)."));
      if (self->text->len >= MAX_ROW)
        return state == QUOTED
                   ? fail (self, quote_line, error, _ ("Nothing closes the quote in this line. Correct the line."))
                   : fail (self, self->row_line, error, _ ("The line is longer than 1 MiB. Is it a table?"));
      if (c == '\n')
        self->line++;
      if (state == QUOTED)
        {
          if (c == '"')
            state = AFTER;
          else
            g_string_append_c (self->text, c);
          continue;
        }
      if (c == '"'
          && (state == AFTER || (!had_quotes && strspn (self->text->str + start, " \t") == self->text->len - start)))
        {
          if (state == AFTER)
            g_string_append_c (self->text, '"');
          else
            {
              g_string_truncate (self->text, start);
              had_quotes = TRUE;
              quote_line = self->line;
            }
          state = QUOTED;
          continue;
        }
      state = BARE;
      if (c == self->separator || c == '\n')
        {
          if (!had_quotes)
            strip_last (self, start);
          g_string_append_c (self->text, '\0');
          *last = c == '\n';
          return TRUE;
        }
      if (c != '\r' && !(had_quotes && (c == ' ' || c == '\t')))
        g_string_append_c (self->text, c);
    }
  if (state == QUOTED)
    return fail (self, quote_line, error, _ ("Nothing closes the quote in this line. Correct the line."));
  if (!had_quotes)
    strip_last (self, start);
  g_string_append_c (self->text, '\0');
  *last = TRUE;
  return TRUE;
}

gboolean
fv_csv_next (FvCsv *self, GError **error)
{
  do
    {
      g_string_truncate (self->text, 0);
      g_array_set_size (self->starts, 0);
      self->row_line = self->line;
      if (!fill (self, error) || self->at_end)
        return FALSE;
      for (gboolean last = FALSE; !last;)
        {
          if (self->starts->len >= MAX_FIELDS)
            return fail (self, self->row_line, error, _ ("The line has more than %d fields. Is it a table?"),
                         MAX_FIELDS);
          if (!read_field (self, &last, error))
            return FALSE;
        }
    }
  while (self->starts->len == 1 && self->text->len == 1);
  for (guint i = 0; i < self->starts->len; i++)
    if (!g_utf8_validate (fv_csv_get_field (self, (int)i), -1, NULL))
      return fail (self, self->row_line, error, _ ("The text is not valid UTF-8. Save the file as UTF-8."));
  return TRUE;
}

guint
fv_csv_get_line (const FvCsv *self)
{
  return self->row_line;
}

guint
fv_csv_get_n_fields (const FvCsv *self)
{
  return self->starts->len;
}

const char *
fv_csv_get_field (const FvCsv *self, int index)
{
  return index >= 0 && (guint)index < self->starts->len ? self->text->str + g_array_index (self->starts, guint, index)
                                                        : "";
}

gboolean
fv_csv_get_number (const FvCsv *self, int index, double *value)
{
  const char *text = fv_csv_get_field (self, index);
  char *end;
  *value = g_ascii_strtod (text, &end);
  if (end != text && *end == ',' && self->separator != ',' && strchr (text, '.') == NULL)
    {
      /* Where fields end with semicolons, a comma may be the sign before decimals. */
      g_autofree char *with_point = g_strdup (text);
      with_point[end - text] = '.';
      char *at_end;
      *value = g_ascii_strtod (with_point, &at_end);
      return *at_end == '\0';
    }
  return end != text && *end == '\0';
}

int
fv_csv_find (const FvCsv *self, const char *const *names)
{
  for (; *names != NULL; names++)
    for (guint i = 0; i < self->starts->len; i++)
      if (g_ascii_strcasecmp (fv_csv_get_field (self, (int)i), *names) == 0)
        return (int)i;
  return -1;
}
