/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-json.h"

#include <glib/gi18n-lib.h>

#include "app/exchange/fv-exchange-error.h"

static gboolean
is_shallow (const char *text, gsize size, guint max_depth)
{
  gboolean in_string = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < size; i++)
    {
      char c = text[i];

      if (in_string)
        {
          if (c == '\\')
            i++;
          else if (c == '"')
            in_string = FALSE;
        }
      else if (c == '"')
        in_string = TRUE;
      else if ((c == '{' || c == '[') && ++depth > max_depth)
        return FALSE;
      else if ((c == '}' || c == ']') && depth > 0)
        depth--;
    }
  return TRUE;
}

JsonNode *
fv_json_parse (const char *text, gsize size, guint max_depth, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) json_error = NULL;

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
  if (!is_shallow (text, size, max_depth))
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("it is nested too deeply"));
      return NULL;
    }
  parser = json_parser_new ();
  if (!json_parser_load_from_data (parser, text, size, &json_error))
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("it is not JSON (%s)"), json_error->message);
      return NULL;
    }
  if (json_parser_get_root (parser) == NULL)
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("it is empty"));
      return NULL;
    }
  return json_parser_steal_root (parser);
}
