/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-json-stream.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/exchange/fv-exchange-error.h"
#include "app/exchange/fv-file.h"
#include "app/exchange/fv-json.h"

/* A part that is larger is nobody's: it would only fill the memory. */
#define MAX_PART ((gsize)64 << 20)

typedef enum
{
  AT_START,
  IN_ROOT,   /* between the members of the root, or its elements */
  IN_MEMBER, /* between the elements of a member's array */
  AT_END,
} State;

struct _FvJsonStream
{
  GBytes *bytes;
  char *name;
  guint max_depth;
  const char *text;
  gsize size;

  State state;
  gboolean root_is_array;
  gsize at;
  guint line;
  guint index; /* of the next element; in the root of the next member */
  char *member;
};

FvJsonStream *
fv_json_stream_new (GBytes *bytes, const char *name, guint max_depth)
{
  FvJsonStream *self = g_new0 (FvJsonStream, 1);

  self->bytes = g_bytes_ref (bytes);
  self->name = g_strdup (name);
  self->max_depth = max_depth;
  self->text = g_bytes_get_data (bytes, &self->size);
  fv_json_stream_rewind (self);
  return self;
}

FvJsonStream *
fv_json_stream_open (const char *path, guint max_depth, GError **error)
{
  g_autoptr (GBytes) bytes = fv_file_map (path, error);

  return bytes != NULL ? fv_json_stream_new (bytes, path, max_depth) : NULL;
}

void
fv_json_stream_free (FvJsonStream *self)
{
  if (self == NULL)
    return;
  g_bytes_unref (self->bytes);
  g_free (self->name);
  g_free (self->member);
  g_free (self);
}

void
fv_json_stream_rewind (FvJsonStream *self)
{
  self->state = AT_START;
  /* A byte order mark. */
  self->at = self->size >= 3 && memcmp (self->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  self->line = 1;
  self->index = 0;
  g_clear_pointer (&self->member, g_free);
}

static gboolean
fail (FvJsonStream *self, guint line, const char *what, GError **error)
{
  self->state = AT_END;
  g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("%s, line %u: the file can't be read: %s."),
               self->name, line, what);
  return FALSE;
}

/* The next character that is no space, '\0' at the end. */
static char
peek (FvJsonStream *self)
{
  for (; self->at < self->size; self->at++)
    {
      const char c = self->text[self->at];

      if (c == '\n')
        self->line++;
      else if (c != ' ' && c != '\t' && c != '\r')
        return c;
    }
  return '\0';
}

/* Past the string at @at; FALSE where it has no end. */
static gboolean
skip_string (FvJsonStream *self)
{
  for (self->at++; self->at < self->size; self->at++)
    switch (self->text[self->at])
      {
      case '"':
        self->at++;
        return TRUE;
      case '\\':
        self->at++;
        break;
      case '\n':
        self->line++;
        break;
      default:
        break;
      }
  return FALSE;
}

/* Past the value at @at, by its quotes and brackets alone; FALSE where it has no end. */
static gboolean
skip_value (FvJsonStream *self)
{
  guint depth = 0;

  while (self->at < self->size)
    switch (self->text[self->at])
      {
      case '"':
        if (!skip_string (self))
          return FALSE;
        if (depth == 0)
          return TRUE;
        break;
      case '{':
      case '[':
        depth++;
        self->at++;
        break;
      case '}':
      case ']':
        if (depth == 0)
          return TRUE;
        self->at++;
        if (--depth == 0)
          return TRUE;
        break;
      case ',':
        if (depth == 0)
          return TRUE;
        self->at++;
        break;
      case '\n':
        self->line++;
        self->at++;
        break;
      default:
        self->at++;
        break;
      }
  return depth == 0;
}

/* The value at @at becomes a part. */
static gboolean
take_value (FvJsonStream *self, gboolean is_element, FvJsonPart *part, GError **error)
{
  const gsize start = self->at;
  const guint line = self->line;

  if (!skip_value (self))
    return fail (self, line, _ ("what begins there has no end"), error);
  if (self->at == start)
    return fail (self, line, _ ("a value is missing"), error);
  if (self->at - start > MAX_PART)
    return fail (self, line, _ ("what begins there is larger than 64 MiB"), error);
  *part = (FvJsonPart){ self->member, is_element,         is_element ? self->index++ : 0,
                        line,         self->text + start, self->at - start };
  return TRUE;
}

/* Past the comma before the next one of several. *last: there is none, and @end has been passed. */
static gboolean
take_separator (FvJsonStream *self, char end, gboolean first, gboolean *last, GError **error)
{
  const char c = peek (self);

  *last = c == end;
  if (c == end)
    self->at++;
  else if (!first)
    {
      if (c != ',')
        return fail (self, self->line, c == '\0' ? _ ("it ends too early") : _ ("a comma is missing"), error);
      self->at++;
      if (peek (self) == end)
        return fail (self, self->line, _ ("a value is missing behind the comma"), error);
    }
  return TRUE;
}

static gboolean
take_name (FvJsonStream *self, GError **error)
{
  const gsize start = self->at;
  const guint line = self->line;
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *listed = NULL;

  if (peek (self) != '"' || !skip_string (self))
    return fail (self, line, _ ("a name in quotes is missing"), error);
  /* json-glib of Debian 12 takes no string for a root. */
  listed = g_strdup_printf ("[%.*s]", (int)MIN (self->at - start, G_MAXINT), self->text + start);
  node = fv_json_parse (listed, strlen (listed), 1, &local);
  if (node == NULL || json_array_get_length (json_node_get_array (node)) != 1)
    return fail (self, line, local != NULL ? local->message : _ ("a name in quotes is missing"), error);
  g_free (self->member);
  self->member = g_strdup (json_array_get_string_element (json_node_get_array (node), 0));
  if (peek (self) != ':')
    return fail (self, self->line, _ ("a colon is missing"), error);
  self->at++;
  peek (self);
  return TRUE;
}

static gboolean
at_end (FvJsonStream *self, GError **error)
{
  self->state = AT_END;
  return peek (self) == '\0' || fail (self, self->line, _ ("something stands behind its end"), error);
}

/* Past the root's bracket. */
static gboolean
take_root (FvJsonStream *self, GError **error)
{
  const char c = peek (self);

  if (c != '{' && c != '[')
    return fail (self, self->line, c == '\0' ? _ ("it is empty") : _ ("it is neither an object nor a list of JSON"),
                 error);
  self->root_is_array = c == '[';
  self->at++;
  self->state = IN_ROOT;
  return TRUE;
}

/* A member that is no array, or the first part of one that is. */
static gboolean
next_member (FvJsonStream *self, FvJsonPart *part, GError **error)
{
  gsize bracket;
  guint line;

  if (!take_name (self, error))
    return FALSE;
  if (self->text[MIN (self->at, self->size - 1)] != '[')
    return take_value (self, FALSE, part, error);
  bracket = self->at++;
  line = self->line;
  if (peek (self) == ']')
    {
      self->at++;
      *part = (FvJsonPart){ self->member, FALSE, 0, line, self->text + bracket, self->at - bracket };
      return TRUE;
    }
  self->state = IN_MEMBER;
  self->index = 0;
  return take_value (self, TRUE, part, error);
}

gboolean
fv_json_stream_next (FvJsonStream *self, FvJsonPart *part, GError **error)
{
  gboolean last, first = FALSE;

  if (self->state == AT_START)
    {
      if (!take_root (self, error))
        return FALSE;
      first = TRUE;
    }
  if (self->state == IN_MEMBER)
    {
      if (!take_separator (self, ']', FALSE, &last, error))
        return FALSE;
      if (!last)
        return take_value (self, TRUE, part, error);
      self->state = IN_ROOT;
    }
  if (self->state == AT_END)
    return FALSE;
  if (!take_separator (self, self->root_is_array ? ']' : '}', first, &last, error))
    return FALSE;
  if (last)
    {
      at_end (self, error);
      return FALSE;
    }
  return self->root_is_array ? take_value (self, TRUE, part, error) : next_member (self, part, error);
}

JsonNode *
fv_json_stream_parse (FvJsonStream *self, const FvJsonPart *part, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *listed = NULL;

  if (part->text[0] == '{' || part->text[0] == '[')
    node = fv_json_parse (part->text, part->size, self->max_depth, &local);
  else
    {
      g_autoptr (JsonNode) list = NULL;

      /* A number or a text alone is no root for json-glib of Debian 12. */
      listed = g_strdup_printf ("[%.*s]", (int)part->size, part->text);
      list = fv_json_parse (listed, strlen (listed), 1, &local);
      if (list != NULL && json_array_get_length (json_node_get_array (list)) == 1)
        node = json_array_dup_element (json_node_get_array (list), 0);
    }
  if (node == NULL)
    fail (self, part->line, local != NULL ? local->message : _ ("a value is missing"), error);
  return g_steal_pointer (&node);
}
