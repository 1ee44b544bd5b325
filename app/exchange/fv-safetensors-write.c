/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-tensor-file.h"

#include "app/exchange/fv-file.h"

#include <string.h>

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return strcmp (((const FvMetadataEntry *)a)->key, ((const FvMetadataEntry *)b)->key);
}

/* Wider types first, so that each tensor is aligned where it lies. */
static int
compare_views (gconstpointer a, gconstpointer b)
{
  const FvTensorView *left = a, *right = b;
  gsize left_size = fv_dtype_size (left->dtype), right_size = fv_dtype_size (right->dtype);

  return left_size != right_size ? (left_size > right_size ? -1 : 1) : strcmp (left->name, right->name);
}

static void
append_string (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p++)
    if (*p == '"' || *p == '\\')
      g_string_append_printf (out, "\\%c", *p);
    else if ((guint8)*p < 0x20 || *p == 0x7f)
      g_string_append_printf (out, "\\u%04x", (guint)*p);
    else
      g_string_append_c (out, *p);
  g_string_append_c (out, '"');
}

static void
append_tensor (GString *out, const FvTensorView *view, gsize offset)
{
  append_string (out, view->name);
  g_string_append_printf (out, ":{\"dtype\":\"%s\",\"shape\":[", fv_dtype_name (view->dtype));
  for (guint i = 0; i < view->n_dims; i++)
    g_string_append_printf (out, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "", view->dims[i]);
  g_string_append_printf (out, "],\"data_offsets\":[%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT "]}", offset,
                          offset + view->n_bytes);
}

gboolean
fv_safetensors_write (const char *path, const FvTensorView *views, guint n_views, const FvMetadataEntry *metadata,
                      guint n_metadata, GError **error)
{
  g_autofree FvTensorView *sorted = g_memdup2 (views, n_views * sizeof *views);
  g_autofree FvMetadataEntry *entries = g_memdup2 (metadata, n_metadata * sizeof *metadata);
  g_autoptr (GString) header = g_string_new ("{");
  g_autoptr (FvFileWriter) writer = NULL;
  gsize offset = 0;
  guint64 header_size;

  if (n_views > 0)
    qsort (sorted, n_views, sizeof *sorted, compare_views);
  if (n_metadata > 0)
    qsort (entries, n_metadata, sizeof *entries, compare_entries);

  g_string_append (header, "\"__metadata__\":{");
  for (guint i = 0; i < n_metadata; i++)
    {
      g_return_val_if_fail (i == 0 || strcmp (entries[i - 1].key, entries[i].key) != 0, FALSE);
      g_return_val_if_fail (g_utf8_validate (entries[i].key, -1, NULL) && g_utf8_validate (entries[i].value, -1, NULL),
                            FALSE);
      if (i > 0)
        g_string_append_c (header, ',');
      append_string (header, entries[i].key);
      g_string_append_c (header, ':');
      append_string (header, entries[i].value);
    }
  g_string_append_c (header, '}');
  for (guint i = 0; i < n_views; i++)
    {
      g_return_val_if_fail (g_utf8_validate (sorted[i].name, -1, NULL), FALSE);
      g_return_val_if_fail (sorted[i].n_bytes == fv_tensor_view_n_values (&sorted[i]) * fv_dtype_size (sorted[i].dtype),
                            FALSE);
      g_string_append_c (header, ',');
      append_tensor (header, &sorted[i], offset);
      offset += sorted[i].n_bytes;
    }
  g_string_append_c (header, '}');
  while (header->len % 8 != 0)
    g_string_append_c (header, ' ');

  header_size = GUINT64_TO_LE (header->len);
  writer = fv_file_writer_open (path, error);
  if (writer == NULL || !fv_file_writer_write (writer, &header_size, sizeof header_size, error)
      || !fv_file_writer_write (writer, header->str, header->len, error))
    return FALSE;
  for (guint i = 0; i < n_views; i++)
    if (!fv_file_writer_write (writer, sorted[i].data, sorted[i].n_bytes, error))
      return FALSE;
  return fv_file_writer_commit (writer, error);
}
