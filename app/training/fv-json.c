/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-json.h"

#include "app/exchange/fv-file.h"
#include "app/exchange/fv-json.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <math.h>

/* Settings, recipes and plans have some kilobytes and a few levels; a tree takes some fifty times its text. */
#define MAX_BYTES (4 << 20)
#define MAX_DEPTH 16

static void print_node (GString *out, JsonNode *node, gboolean pretty, guint depth);

char *
fv_json_double (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value))
    return g_strdup ("null");
  /* "10", not "1e+01" */
  if (fabs (value) < 1e15 && value == trunc (value))
    return g_strdup_printf ("%" G_GINT64_FORMAT, (gint64)value);
  for (int digits = 1; digits <= 17; digits++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (text, sizeof text, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
  return g_strdup (text);
}

static void
print_string (GString *out, const char *string)
{
  g_string_append_c (out, '"');
  for (const char *p = string; *p; p++)
    {
      guchar c = (guchar)*p;

      switch (c)
        {
        case '"':
          g_string_append (out, "\\\"");
          break;
        case '\\':
          g_string_append (out, "\\\\");
          break;
        case '\n':
          g_string_append (out, "\\n");
          break;
        case '\t':
          g_string_append (out, "\\t");
          break;
        default:
          if (c < 0x20 || c == 0x7f)
            g_string_append_printf (out, "\\u%04x", c);
          else
            g_string_append_c (out, *p);
        }
    }
  g_string_append_c (out, '"');
}

static void
new_line (GString *out, gboolean pretty, guint depth)
{
  if (pretty)
    g_string_append_printf (out, "\n%*s", (int)(2 * depth), "");
}

static void
print_object (GString *out, JsonObject *object, gboolean pretty, guint depth)
{
  g_autoptr (GList) members = json_object_get_members (object);

  g_string_append_c (out, '{');
  for (GList *l = members; l; l = l->next)
    {
      new_line (out, pretty, depth + 1);
      print_string (out, l->data);
      g_string_append (out, pretty ? ": " : ":");
      print_node (out, json_object_get_member (object, l->data), pretty, depth + 1);
      if (l->next)
        g_string_append_c (out, ',');
    }
  if (members)
    new_line (out, pretty, depth);
  g_string_append_c (out, '}');
}

static void
print_array (GString *out, JsonArray *array, gboolean pretty, guint depth)
{
  guint n = json_array_get_length (array);

  g_string_append_c (out, '[');
  for (guint i = 0; i < n; i++)
    {
      new_line (out, pretty, depth + 1);
      print_node (out, json_array_get_element (array, i), pretty, depth + 1);
      if (i + 1 < n)
        g_string_append_c (out, ',');
    }
  if (n > 0)
    new_line (out, pretty, depth);
  g_string_append_c (out, ']');
}

static void
print_node (GString *out, JsonNode *node, gboolean pretty, guint depth)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    print_object (out, json_node_get_object (node), pretty, depth);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    print_array (out, json_node_get_array (node), pretty, depth);
  else if (JSON_NODE_HOLDS_NULL (node))
    g_string_append (out, "null");
  else if (json_node_get_value_type (node) == G_TYPE_STRING)
    print_string (out, json_node_get_string (node));
  else if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
  else if (json_node_get_value_type (node) == G_TYPE_DOUBLE)
    {
      g_autofree char *text = fv_json_double (json_node_get_double (node));

      g_string_append (out, text);
    }
  else
    g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
}

char *
fv_json_print (JsonNode *node, gboolean pretty)
{
  GString *out = g_string_new (NULL);

  print_node (out, node, pretty, 0);
  if (pretty)
    g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}

JsonObject *
fv_json_load_object (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = fv_file_map (path, error);
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) local = NULL;

  if (!bytes)
    return NULL;
  if (g_bytes_get_size (bytes) > MAX_BYTES)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   _ ("%s is larger than %d MiB and so is no file of ours."), path, MAX_BYTES >> 20);
      return NULL;
    }
  root = fv_json_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), MAX_DEPTH, &local);
  if (!root)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("%s is not valid JSON: %s"), path, local->message);
      return NULL;
    }
  if (!JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("%s is not a JSON object ({ \"key\": value, ... })."),
                   path);
      return NULL;
    }
  return json_object_ref (json_node_get_object (root));
}
