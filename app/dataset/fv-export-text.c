/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "app/dataset/fv-exporter.h"

struct _FvExportText
{
  char *path;
  FILE *file;
};

gboolean
fv_export_set_write_error (const char *path, const char *why, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_set_error (error, FV_EXPORT_ERROR, FV_EXPORT_ERROR_WRITE,
               _ ("'%s' can't be written: %s. Nothing was exported; free some space, or choose another place."), shown,
               why);
  return FALSE;
}

gboolean
fv_export_make_folders (const FvExport *self, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  if (g_access (folder, F_OK) == 0 || g_mkdir_with_parents (folder, 0777) == 0)
    return TRUE;
  return fv_export_set_write_error (folder, g_strerror (errno), error);
}

FvExportText *
fv_export_text_open (FvExport *self, const char *name, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error) || !fv_export_make_folders (self, name, error))
    return NULL;
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  /* x: names are unique, so a file that is there is a mistake of ours. */
  FILE *file = fopen (path, "wxe");
  if (file == NULL)
    {
      fv_export_set_write_error (path, g_strerror (errno), error);
      return NULL;
    }
  FvExportText *text = g_new (FvExportText, 1);
  *text = (FvExportText){ g_steal_pointer (&path), file };
  self->n_files++;
  return text;
}

gboolean
fv_export_text_close (FvExportText *text, GError **error)
{
  errno = 0;
  const gboolean failed = ferror (text->file) != 0;
  const gboolean done = fclose (text->file) == 0 && !failed;
  if (!done)
    fv_export_set_write_error (text->path, g_strerror (errno != 0 ? errno : ENOSPC), error);
  g_free (text->path);
  g_free (text);
  return done;
}

void
fv_export_text_put (FvExportText *text, const char *what)
{
  fputs (what, text->file);
}

void
fv_export_text_printf (FvExportText *text, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  vfprintf (text->file, format, arguments);
  va_end (arguments);
}

void
fv_export_text_put_json (FvExportText *text, const char *what)
{
  fputc ('"', text->file);
  for (const char *next; *what != '\0'; what = next)
    {
      const gunichar c = g_utf8_get_char (what);
      next = g_utf8_next_char (what);
      if (c == '"' || c == '\\')
        fprintf (text->file, "\\%c", (int)c);
      /* YAML knows no halves of a pair, and beyond 0xffff takes all as it is; below it folds lines at some. */
      else if (c <= 0xffff && !g_unichar_isprint (c))
        fprintf (text->file, "\\u%04x", c);
      else
        fwrite (what, 1, (gsize)(next - what), text->file);
    }
  fputc ('"', text->file);
}

void
fv_export_text_put_xml (FvExportText *text, const char *what)
{
  for (const char *next; *what != '\0'; what = next)
    {
      const gunichar c = g_utf8_get_char (what);
      next = g_utf8_next_char (what);
      if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
        fprintf (text->file, "&#%u;", c);
      /* What XML 1.0 can't hold in any way. */
      else if (c < 0x20 || c == 0xfffe || c == 0xffff)
        fputs ("\xef\xbf\xbd", text->file);
      else
        fwrite (what, 1, (gsize)(next - what), text->file);
    }
}

void
fv_export_text_put_csv (FvExportText *text, const char *what)
{
  const gsize length = strlen (what);
  const gboolean plain = strpbrk (what, ",;\t\"\r\n") == NULL && length > 0 && !g_ascii_isspace (what[0])
                         && !g_ascii_isspace (what[length - 1]);
  if (plain)
    {
      fputs (what, text->file);
      return;
    }
  fputc ('"', text->file);
  for (; *what != '\0'; what++)
    {
      if (*what == '"')
        fputc ('"', text->file);
      fputc (*what, text->file);
    }
  fputc ('"', text->file);
}

FvNumberText
fv_number_text (double value)
{
  FvNumberText number;
  g_ascii_formatd (number.text, sizeof number.text, "%.10f", value);
  char *end = number.text + strlen (number.text);
  if (strchr (number.text, '.') == NULL)
    return number;
  while (end[-1] == '0')
    *--end = '\0';
  if (end[-1] == '.')
    *--end = '\0';
  if (strcmp (number.text, "-0") == 0)
    strcpy (number.text, "0");
  return number;
}
