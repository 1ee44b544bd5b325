/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-json.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/exchange/fv-exchange-error.h"

/* The four hexadecimal digits of "\\u00e4" as a number, G_MAXUINT where @size leaves none there. */
static guint
read_unit (const char *text, gsize size)
{
  guint unit = 0;

  if (size < 6 || text[0] != '\\' || text[1] != 'u')
    return G_MAXUINT;
  for (guint i = 2; i < 6; i++)
    {
      if (!g_ascii_isxdigit (text[i]))
        return G_MAXUINT;
      unit = unit << 4 | g_ascii_xdigit_value (text[i]);
    }
  return unit;
}

/*
 * Bytes of the escape at @text, 0 where JSON has no such one. json-glib also takes octal ones and lone halves of a pair, and then holds
 * text that is not UTF-8; a NUL would end the text early.
 */
static gsize
measure_escape (const char *text, gsize size)
{
  guint unit;

  if (size >= 2 && text[1] != '\0' && strchr ("\"\\/bfnrt", text[1]) != NULL)
    return 2;
  unit = read_unit (text, size);
  if (unit == G_MAXUINT || unit == 0 || (unit & 0xfc00) == 0xdc00)
    return 0;
  if ((unit & 0xfc00) != 0xd800)
    return 6;
  unit = read_unit (text + 6, size - 6);
  return unit != G_MAXUINT && (unit & 0xfc00) == 0xdc00 ? 12 : 0;
}

/* (nullable): why the text shall not come before json-glib. */
static const char *
find_fault (const char *text, gsize size, guint max_depth)
{
  gboolean in_string = FALSE;
  guint depth = 0;
  gsize step;

  for (gsize i = 0; i < size; i += step)
    {
      char c = text[i];

      step = 1;
      if (in_string && c == '\\')
        {
          step = measure_escape (text + i, size - i);
          if (step == 0)
            return _ ("it has an escape that JSON doesn't know");
        }
      else if (c == '"')
        in_string = !in_string;
      else if (in_string)
        continue;
      /* In a comment, which json-glib skips, brackets and quotes would count otherwise. */
      else if (!g_ascii_isalnum (c) && (c == '\0' || strchr (" \t\r\n{}[]:,+-.", c) == NULL))
        return _ ("it has a comment, or another character that JSON doesn't know");
      else if ((c == '{' || c == '[') && ++depth > max_depth)
        return _ ("it is nested too deeply");
      else if ((c == '}' || c == ']') && depth > 0)
        depth--;
    }
  return NULL;
}

JsonNode *
fv_json_parse (const char *text, gsize size, guint max_depth, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) json_error = NULL;
  const char *fault;

  if (size == 0)
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("it is empty"));
      return NULL;
    }
  if (!g_utf8_validate_len (text, size, NULL))
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("it is not UTF-8 text"));
      return NULL;
    }
  fault = find_fault (text, size, max_depth);
  if (fault != NULL)
    {
      g_set_error_literal (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, fault);
      return NULL;
    }
  parser = json_parser_new ();
  if (!json_parser_load_from_data (parser, text, size, &json_error))
    {
      /* It quotes the text, cut at any byte. */
      g_autofree char *why = g_utf8_make_valid (json_error->message, -1);

      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("it is not JSON (%s)"), why);
      return NULL;
    }
  if (json_parser_get_root (parser) == NULL)
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("it is empty"));
      return NULL;
    }
  return json_parser_steal_root (parser);
}
