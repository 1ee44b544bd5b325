/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-json-stream.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/exchange/fv-exchange-error.h"
#include "app/exchange/fv-file.h"
#include "app/exchange/fv-json.h"

/* A tree takes some forty times its text, and what is larger than this is nobody's label. */
#define MAX_PARSED ((gsize)8 << 20)
#define MAX_NAME 1000

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
  guint first_line;

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
  self->first_line = 1;
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
  self->line = self->first_line;
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

/* Whether text between quotes is what it says, without escapes. */
static gboolean
is_plain (const char *text, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (text[i] == '\\' || (guchar)text[i] < ' ')
      return FALSE;
  return g_utf8_validate_len (text, size, NULL);
}

/* Past the name of a member, to its colon. */
static gboolean
skip_name (FvJsonStream *self, const char **name, gsize *size)
{
  const gsize start = self->at + 1;

  if (peek (self) != '"' || !skip_string (self))
    return FALSE;
  *name = self->text + start;
  *size = self->at - 1 - start;
  return TRUE;
}

static gboolean
take_name (FvJsonStream *self, GError **error)
{
  const guint line = self->line;
  const char *name;
  gsize size;

  if (!skip_name (self, &name, &size))
    return fail (self, line, _ ("a name in quotes is missing"), error);
  if (size > MAX_NAME)
    return fail (self, line, _ ("a name is too long"), error);
  g_free (self->member);
  self->member = NULL;
  if (is_plain (name, size))
    self->member = g_strndup (name, size);
  else
    {
      /* json-glib of Debian 12 takes no string for a root. */
      g_autofree char *listed = g_strdup_printf ("[\"%.*s\"]", (int)size, name);
      g_autoptr (GError) local = NULL;
      g_autoptr (JsonNode) node = fv_json_parse (listed, strlen (listed), 1, &local);

      if (node == NULL || json_array_get_length (json_node_get_array (node)) != 1)
        return fail (self, line, local != NULL ? local->message : _ ("a name in quotes is missing"), error);
      self->member = g_strdup (json_array_get_string_element (json_node_get_array (node), 0));
    }
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
fv_json_stream_parse (const FvJsonStream *self, const FvJsonPart *part, GError **error)
{
  g_autofree char *listed = NULL;
  g_autoptr (JsonNode) list = NULL;

  if (part->size > MAX_PARSED)
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("it is larger than 8 MiB"));
      return NULL;
    }
  if (part->text[0] == '{' || part->text[0] == '[')
    return fv_json_parse (part->text, part->size, self->max_depth, error);
  /* A number or a text alone is no root for json-glib of Debian 12. */
  listed = g_strdup_printf ("[%.*s]", (int)part->size, part->text);
  list = fv_json_parse (listed, strlen (listed), 1, error);
  if (list == NULL)
    return NULL;
  if (json_array_get_length (json_node_get_array (list)) != 1)
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("it is empty"));
      return NULL;
    }
  return json_array_dup_element (json_node_get_array (list), 0);
}

static gboolean
is_among (const char *const *names, const char *name, gsize size)
{
  for (; *names != NULL; names++)
    if (strlen (*names) == size && memcmp (*names, name, size) == 0)
      return TRUE;
  return FALSE;
}

/* Appends the members of @names of the object that @inside stands at; (nullable): why it is none. */
static const char *
pick_members (FvJsonStream *inside, const char *const *names, GString *picked)
{
  gboolean last = FALSE;

  if (peek (inside) != '{')
    return _ ("it is no object");
  inside->at++;
  for (gboolean first = TRUE;; first = FALSE)
    {
      const char *name;
      gsize size, start;

      if (!take_separator (inside, '}', first, &last, NULL))
        return _ ("a comma is missing, or what should follow it");
      if (last)
        return NULL;
      if (!skip_name (inside, &name, &size))
        return _ ("a name in quotes is missing");
      if (peek (inside) != ':')
        return _ ("a colon is missing");
      inside->at++;
      peek (inside);
      start = inside->at;
      if (!skip_value (inside) || inside->at == start)
        return _ ("a value is missing");
      if (!is_among (names, name, size))
        continue;
      if (inside->at - start > MAX_PARSED - MIN (picked->len, MAX_PARSED))
        return _ ("it is larger than 8 MiB");
      g_string_append_printf (picked, "%s\"%.*s\":", picked->len > 1 ? "," : "", (int)size, name);
      g_string_append_len (picked, inside->text + start, (gssize)(inside->at - start));
    }
}

JsonObject *
fv_json_stream_parse_members (const FvJsonStream *self, const FvJsonPart *part, const char *const *names,
                              GError **error)
{
  FvJsonStream inside = { .text = part->text, .size = part->size };
  g_autoptr (GString) picked = g_string_new ("{");
  const char *fault = pick_members (&inside, names, picked);
  g_autoptr (JsonNode) node = NULL;

  if (fault != NULL)
    {
      g_set_error_literal (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, fault);
      return NULL;
    }
  g_string_append_c (picked, '}');
  node = fv_json_parse (picked->str, picked->len, self->max_depth, error);
  return node != NULL ? json_node_dup_object (node) : NULL;
}

FvJsonStream *
fv_json_stream_enter (const FvJsonStream *self, const FvJsonPart *part)
{
  g_autoptr (GBytes) bytes = g_bytes_new_from_bytes (self->bytes, (gsize)(part->text - self->text), part->size);
  FvJsonStream *inside = fv_json_stream_new (bytes, self->name, self->max_depth);

  inside->line = inside->first_line = part->line;
  return inside;
}

double
fv_json_stream_get_progress (const FvJsonStream *self)
{
  return self->size > 0 ? (double)self->at / (double)self->size : 1;
}
