/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-pickle.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* yolov5x has some 60,000 values in 300 kB. */
#define MAX_BYTES (32 * 1024 * 1024)
#define MAX_VALUES (1024 * 1024)
#define MAX_PROTOCOL 5
#define MAX_LINE 65536
#define MAX_SHOWN 200

struct _FvPickle
{
  GPtrArray *values; /* all of them, owned */
  const FvPickleValue *root;
};

typedef struct
{
  FvPickle *pickle;
  const guint8 *data;
  gsize size, position;
  const char *const *allowed;
  const char *name;
  GPtrArray *stack;
  GArray *marks;    /* guint: heights of the stack */
  GHashTable *memo; /* index to value */
  GError **error;
} Reader;

static void
value_free (FvPickleValue *value)
{
  if (value->type == FV_PICKLE_TEXT || value->type == FV_PICKLE_GLOBAL)
    g_free (value->text);
  g_clear_pointer (&value->items, g_ptr_array_unref);
  g_free (value);
}

static gboolean
damaged (Reader *r, const char *what)
{
  g_set_error (r->error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT, _ ("%s is damaged: %s at byte %zu of its pickle"),
               r->name, what, r->position);
  return FALSE;
}

/* Input */

static const guint8 *
take (Reader *r, gsize n)
{
  const guint8 *bytes = r->data + r->position;

  if (n > r->size - r->position)
    {
      damaged (r, _ ("it ends too early"));
      return NULL;
    }
  r->position += n;
  return bytes;
}

/* Up to eight bytes, the lowest first. */
static gboolean
take_integer (Reader *r, guint n_bytes, guint64 *out)
{
  const guint8 *bytes = take (r, n_bytes);

  *out = 0;
  for (guint i = 0; bytes != NULL && i < n_bytes; i++)
    *out |= (guint64)bytes[i] << (8 * i);
  return bytes != NULL;
}

/* (transfer full): what stands before the next line end, of any bytes. */
static gboolean
take_line (Reader *r, char **line, gsize *length)
{
  const char *start = (const char *)r->data + r->position;
  const char *end = memchr (start, '\n', MIN (r->size - r->position, MAX_LINE + 1));

  if (end == NULL)
    return damaged (r, _ ("a line has no end"));
  *length = end - start;
  *line = g_strndup (start, *length);
  r->position += *length + 1;
  return TRUE;
}

/* The stack */

static FvPickleValue *
new_value (Reader *r, FvPickleType type)
{
  FvPickleValue *value = g_new0 (FvPickleValue, 1);

  value->type = type;
  g_ptr_array_add (r->pickle->values, value);
  return value;
}

static gboolean
push (Reader *r, const FvPickleValue *value)
{
  g_ptr_array_add (r->stack, (gpointer)value);
  return TRUE;
}

/* Height below which the values belong to an open mark. */
static guint
floor_of_stack (const Reader *r)
{
  return r->marks->len > 0 ? g_array_index (r->marks, guint, r->marks->len - 1) : 0;
}

static FvPickleValue *
pop (Reader *r)
{
  if (r->stack->len <= floor_of_stack (r))
    {
      damaged (r, _ ("a value is missing"));
      return NULL;
    }
  return g_ptr_array_steal_index (r->stack, r->stack->len - 1);
}

static FvPickleValue *
top (Reader *r)
{
  if (r->stack->len <= floor_of_stack (r))
    {
      damaged (r, _ ("a value is missing"));
      return NULL;
    }
  return g_ptr_array_index (r->stack, r->stack->len - 1);
}

/* Moves the topmost values, from @start on, to the end of @value's items. */
static void
move_items (Reader *r, FvPickleValue *value, guint start)
{
  guint n = r->stack->len - start;

  if (n == 0)
    return;
  if (value->items == NULL)
    value->items = g_ptr_array_sized_new (n);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (value->items, g_ptr_array_index (r->stack, start + i));
  g_ptr_array_set_size (r->stack, start);
}

static gboolean
close_mark (Reader *r, guint *start)
{
  if (r->marks->len == 0)
    return damaged (r, _ ("a mark is missing"));
  *start = g_array_index (r->marks, guint, r->marks->len - 1);
  g_array_set_size (r->marks, r->marks->len - 1);
  return TRUE;
}

static gboolean
push_tuple (Reader *r, guint start)
{
  FvPickleValue *tuple = new_value (r, FV_PICKLE_TUPLE);

  move_items (r, tuple, start);
  return push (r, tuple);
}

static gboolean
push_short_tuple (Reader *r, guint n)
{
  if (r->stack->len - floor_of_stack (r) < n)
    return damaged (r, _ ("a value is missing"));
  return push_tuple (r, r->stack->len - n);
}

/* A new container under the values from @start on. */
static FvPickleValue *
push_below (Reader *r, FvPickleType type, guint start)
{
  FvPickleValue *value = new_value (r, type);

  g_ptr_array_insert (r->stack, start, value);
  return value;
}

/* The container under the items above @start. */
static gboolean
add_items (Reader *r, guint start, gboolean pairs)
{
  FvPickleValue *container;

  if (start <= floor_of_stack (r) || start > r->stack->len)
    return damaged (r, _ ("a value is missing"));
  container = g_ptr_array_index (r->stack, start - 1);
  if (pairs ? container->type != FV_PICKLE_DICT && container->type != FV_PICKLE_OBJECT
            : container->type != FV_PICKLE_LIST)
    return damaged (r, _ ("items are added to something that has none"));
  if (pairs && (r->stack->len - start) % 2 != 0)
    return damaged (r, _ ("a key has no value"));
  move_items (r, container, start);
  return TRUE;
}

/* Opcodes */

static gboolean
push_integer (Reader *r, FvPickleType type, gint64 integer)
{
  FvPickleValue *value = new_value (r, type);

  value->integer = integer;
  return push (r, value);
}

/* A number of up to eight bytes, whose length comes in @n_bytes. */
static gboolean
read_long (Reader *r, guint n_bytes)
{
  guint64 n;
  const guint8 *bytes;
  guint64 integer;

  if (!take_integer (r, n_bytes, &n))
    return FALSE;
  if (n > 8)
    return damaged (r, _ ("a number is too large"));
  bytes = take (r, n);
  if (bytes == NULL)
    return FALSE;
  integer = n > 0 && (bytes[n - 1] & 0x80) ? ~G_GUINT64_CONSTANT (0) : 0;
  for (guint i = n; i-- > 0;)
    integer = integer << 8 | bytes[i];
  return push_integer (r, FV_PICKLE_INT, (gint64)integer);
}

static gboolean
push_number (Reader *r, double number)
{
  FvPickleValue *value = new_value (r, FV_PICKLE_FLOAT);

  value->number = number;
  return push (r, value);
}

/* INT, LONG and FLOAT of protocol 0: "7", "7L", "0.5"; "00" and "01" are truth values. */
static gboolean
read_number_line (Reader *r, guint8 opcode)
{
  g_autofree char *line = NULL;
  gsize length;
  gint64 integer;
  char *end;
  double number;

  if (!take_line (r, &line, &length))
    return FALSE;
  if (opcode == 'I' && (strcmp (line, "00") == 0 || strcmp (line, "01") == 0))
    return push_integer (r, FV_PICKLE_BOOL, line[1] == '1');
  if (opcode == 'L' && length > 0 && line[length - 1] == 'L')
    line[length - 1] = '\0';
  if (opcode != 'F')
    return g_ascii_string_to_signed (line, 10, G_MININT64, G_MAXINT64, &integer, NULL)
               ? push_integer (r, FV_PICKLE_INT, integer)
               : damaged (r, _ ("a number is too large or none"));
  number = g_ascii_strtod (line, &end);
  return (end != line && *end == '\0') ? push_number (r, number) : damaged (r, _ ("a number is too large or none"));
}

static gboolean
read_float (Reader *r)
{
  const guint8 *bytes = take (r, 8);
  guint64 bits = 0;
  double number;

  if (bytes == NULL)
    return FALSE;
  for (guint i = 0; i < 8; i++)
    bits = bits << 8 | bytes[i];
  memcpy (&number, &bits, sizeof bits);
  return push_number (r, number);
}

/* Takes @text. @n_bytes: its length in the file, where a NUL may be in it. */
static gboolean
push_text (Reader *r, char *text, gsize n_bytes)
{
  FvPickleValue *value;

  if (!g_utf8_validate (text, -1, NULL))
    {
      g_free (text);
      return damaged (r, _ ("a text is not UTF-8"));
    }
  value = new_value (r, FV_PICKLE_TEXT);
  value->text = text;
  value->cut = strlen (text) < n_bytes;
  return push (r, value);
}

/* Text behind its length in @n_bytes. */
static gboolean
read_text (Reader *r, guint n_bytes)
{
  guint64 n;
  const guint8 *bytes;

  if (!take_integer (r, n_bytes, &n) || (bytes = take (r, n)) == NULL)
    return FALSE;
  /* Raw bytes come as text with NULs in it (numpy); nothing here needs what is behind the first. */
  return push_text (r, g_strndup ((const char *)bytes, n), n);
}

/* Bytes behind their length in @n_bytes. Nothing here needs them. */
static gboolean
read_bytes (Reader *r, guint n_bytes)
{
  guint64 n;

  return take_integer (r, n_bytes, &n) && take (r, n) != NULL && push (r, new_value (r, FV_PICKLE_NONE));
}

/* STRING and UNICODE of protocol 0, with Python's escapes: what is escaped may be a name that isn't to be seen. */
static gboolean
read_text_line (Reader *r, gboolean quoted)
{
  g_autofree char *line = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  gsize length;

  if (!take_line (r, &line, &length))
    return FALSE;
  if (quoted && (length < 2 || line[0] != line[length - 1]))
    return damaged (r, _ ("a text has no end"));
  if (quoted)
    line[--length] = '\0';
  for (gsize i = quoted ? 1 : 0; i < length; i++)
    {
      const char *at = line[i] == '\\' ? strchr ("x2u4U8", line[i + 1]) : NULL;
      guint n_digits = at != NULL && g_ascii_isalpha (*at) ? at[1] - '0' : 0;
      guint code = 0, n = 0;

      while (n < n_digits && g_ascii_isxdigit (line[i + 2 + n]))
        code = code << 4 | g_ascii_xdigit_value (line[i + 2 + n++]);
      if (n_digits > 0 && n == n_digits && code != 0 && g_unichar_validate (code))
        {
          g_string_append_unichar (text, code);
          i += 1 + n_digits;
        }
      else
        g_string_append_c (text, line[i]);
    }
  return push_text (r, g_strdup (text->str), text->len);
}

/* Globals */

/* Python would look up a dotted name step by step, and so get at what another module has imported. */
static gboolean
is_plain (const char *name, const char *others)
{
  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr (others, *p) == NULL)
      return FALSE;
  return name[0] != '\0';
}

static gboolean
is_allowed (const Reader *r, const char *module, const char *name)
{
  g_autofree char *global = g_strconcat (module, ".", name, NULL);

  if (!is_plain (module, "_.") || !is_plain (name, "_"))
    return FALSE;
  for (guint i = 0; r->allowed[i] != NULL; i++)
    {
      gsize n = strlen (r->allowed[i]);

      if (r->allowed[i][n - 1] == '*' ? strncmp (global, r->allowed[i], n - 1) == 0
                                      : strcmp (global, r->allowed[i]) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
push_global (Reader *r, const char *module, const char *name)
{
  FvPickleValue *value;

  if (!is_allowed (r, module, name))
    {
      /* Escaped, so that letters of another script that look alike show what they are. */
      g_autofree char *escaped_module = g_strescape (module, NULL);
      g_autofree char *escaped_name = g_strescape (name, NULL);
      g_autofree char *shown = g_strdup_printf ("%.*s.%.*s", MAX_SHOWN, escaped_module, MAX_SHOWN, escaped_name);

      g_set_error (r->error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_REFUSED,
                   _ ("%s asks for %s, which no YOLOv5 weight file needs"
                      "; it was refused and nothing in it was executed"),
                   r->name, shown);
      return FALSE;
    }
  value = new_value (r, FV_PICKLE_GLOBAL);
  value->text = g_strconcat (module, ".", name, NULL);
  return push (r, value);
}

static gboolean
read_global (Reader *r)
{
  g_autofree char *module = NULL;
  g_autofree char *name = NULL;
  gsize module_length, name_length;

  if (!take_line (r, &module, &module_length) || !take_line (r, &name, &name_length))
    return FALSE;
  if (strlen (module) != module_length || strlen (name) != name_length)
    return damaged (r, _ ("a name has a NUL in it"));
  return push_global (r, module, name);
}

/* STACK_GLOBAL: both names are values, however they came about. */
static gboolean
read_stack_global (Reader *r)
{
  const FvPickleValue *name = pop (r);
  const FvPickleValue *module = name != NULL ? pop (r) : NULL;

  if (module == NULL)
    return FALSE;
  if (module->type != FV_PICKLE_TEXT || name->type != FV_PICKLE_TEXT)
    return damaged (r, _ ("a name is no text"));
  if (module->cut || name->cut)
    return damaged (r, _ ("a name has a NUL in it"));
  return push_global (r, module->text, name->text);
}

/* A call that is noted, not made. */
static gboolean
push_call (Reader *r, const FvPickleValue *callee, const FvPickleValue *args)
{
  FvPickleValue *value;

  if (callee->type != FV_PICKLE_GLOBAL || args->type != FV_PICKLE_TUPLE)
    return damaged (r, _ ("something that is no class or function is called"));
  value = new_value (r, FV_PICKLE_OBJECT);
  value->callee = callee;
  value->args = args;
  return push (r, value);
}

/* REDUCE, NEWOBJ; NEWOBJ_EX has arguments with names on top, which nothing here looks at. */
static gboolean
read_call (Reader *r, gboolean named)
{
  const FvPickleValue *names = named ? pop (r) : NULL;
  const FvPickleValue *args = !named || names != NULL ? pop (r) : NULL;
  const FvPickleValue *callee = args != NULL ? pop (r) : NULL;

  return callee != NULL && push_call (r, callee, args);
}

/* INST, whose class comes by name, and OBJ, whose class is the first above the mark: the rest there are the arguments. */
static gboolean
read_marked_call (Reader *r, gboolean by_name)
{
  const FvPickleValue *callee;
  const FvPickleValue *args;
  guint start;

  if (by_name && !read_global (r))
    return FALSE;
  callee = by_name ? pop (r) : NULL;
  if (!close_mark (r, &start))
    return FALSE;
  if (!by_name)
    {
      if (start >= r->stack->len)
        return damaged (r, _ ("a value is missing"));
      callee = g_ptr_array_steal_index (r->stack, start);
    }
  if (!push_tuple (r, start))
    return FALSE;
  args = pop (r);
  return args != NULL && push_call (r, callee, args);
}

static gboolean
read_build (Reader *r)
{
  FvPickleValue *state = pop (r);
  FvPickleValue *object = state != NULL ? top (r) : NULL;

  if (object == NULL)
    return FALSE;
  if (object->type != FV_PICKLE_OBJECT || object->state != NULL)
    return damaged (r, _ ("something that is no new object gets a state"));
  object->state = state;
  return TRUE;
}

static gboolean
read_persistent (Reader *r)
{
  FvPickleValue *id = pop (r);
  FvPickleValue *value;

  if (id == NULL)
    return FALSE;
  value = new_value (r, FV_PICKLE_PERSISTENT);
  value->args = id;
  return push (r, value);
}

static gboolean
put_memo (Reader *r, guint64 index)
{
  FvPickleValue *value = top (r);

  if (value == NULL)
    return FALSE;
  if (index > G_MAXUINT32 || g_hash_table_size (r->memo) >= MAX_VALUES)
    return damaged (r, _ ("it remembers too many values"));
  g_hash_table_insert (r->memo, GUINT_TO_POINTER ((guint)index), value);
  return TRUE;
}

static gboolean
get_memo (Reader *r, guint64 index)
{
  FvPickleValue *value = index <= G_MAXUINT32 ? g_hash_table_lookup (r->memo, GUINT_TO_POINTER ((guint)index)) : NULL;

  if (value == NULL)
    return damaged (r, _ ("it refers to a value that it never gave"));
  return push (r, value);
}

/* PUT and GET of protocol 0. */
static gboolean
take_index_line (Reader *r, guint64 *index)
{
  g_autofree char *line = NULL;
  gsize length;

  if (!take_line (r, &line, &length))
    return FALSE;
  return g_ascii_string_to_unsigned (line, 10, 0, G_MAXUINT32, index, NULL)
         || damaged (r, _ ("a number is too large or none"));
}

static gboolean
push_container (Reader *r, FvPickleType type, gboolean pairs)
{
  guint start;

  if (!close_mark (r, &start))
    return FALSE;
  if (pairs && (r->stack->len - start) % 2 != 0)
    return damaged (r, _ ("a key has no value"));
  move_items (r, push_below (r, type, start), start + 1);
  return TRUE;
}

static gboolean
drop_marked (Reader *r)
{
  guint start;

  if (!close_mark (r, &start))
    return FALSE;
  g_ptr_array_set_size (r->stack, start);
  return TRUE;
}

/* One opcode, STOP excepted. All of Python's but those that need something from outside. */
static gboolean
step (Reader *r, guint8 opcode)
{
  guint64 n = 0;
  guint start;

  switch (opcode)
    {
    case 0x80: /* PROTO */
      if (!take_integer (r, 1, &n))
        return FALSE;
      return n <= MAX_PROTOCOL || damaged (r, _ ("a pickle protocol newer than 5, which PyTorch doesn't write,"));
    case 0x95: /* FRAME */
      return take_integer (r, 8, &n);
    case '(': /* MARK */
      g_array_append_val (r->marks, r->stack->len);
      return TRUE;
    case '0': /* POP */
      return pop (r) != NULL;
    case '1': /* POP_MARK */
      return drop_marked (r);
    case '2': /* DUP */
      return top (r) != NULL && push (r, top (r));
    case 'N': /* NONE */
      return push (r, new_value (r, FV_PICKLE_NONE));
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
      return push_integer (r, FV_PICKLE_BOOL, opcode == 0x88);
    case 'I': /* INT */
    case 'L': /* LONG */
    case 'F': /* FLOAT */
      return read_number_line (r, opcode);
    case 'J': /* BININT */
      return take_integer (r, 4, &n) && push_integer (r, FV_PICKLE_INT, (gint32)n);
    case 'K': /* BININT1 */
      return take_integer (r, 1, &n) && push_integer (r, FV_PICKLE_INT, n);
    case 'M': /* BININT2 */
      return take_integer (r, 2, &n) && push_integer (r, FV_PICKLE_INT, n);
    case 0x8a: /* LONG1 */
      return read_long (r, 1);
    case 0x8b: /* LONG4, whose length has a sign */
      return read_long (r, 4);
    case 'G': /* BINFLOAT */
      return read_float (r);
    case 'S': /* STRING */
    case 'V': /* UNICODE */
      return read_text_line (r, opcode == 'S');
    case 0x8c: /* SHORT_BINUNICODE */
    case 'U':  /* SHORT_BINSTRING */
      return read_text (r, 1);
    case 'X': /* BINUNICODE */
    case 'T': /* BINSTRING */
      return read_text (r, 4);
    case 0x8d: /* BINUNICODE8 */
      return read_text (r, 8);
    case 'C': /* SHORT_BINBYTES */
      return read_bytes (r, 1);
    case 'B': /* BINBYTES */
      return read_bytes (r, 4);
    case 0x8e: /* BINBYTES8 */
      return read_bytes (r, 8);
    case ')': /* EMPTY_TUPLE */
      return push (r, new_value (r, FV_PICKLE_TUPLE));
    case 0x85: /* TUPLE1, TUPLE2, TUPLE3 */
    case 0x86:
    case 0x87:
      return push_short_tuple (r, opcode - 0x84);
    case 't':  /* TUPLE */
    case 0x91: /* FROZENSET */
      return push_container (r, FV_PICKLE_TUPLE, FALSE);
    case ']':  /* EMPTY_LIST */
    case 0x8f: /* EMPTY_SET */
      return push (r, new_value (r, FV_PICKLE_LIST));
    case 'l': /* LIST */
      return push_container (r, FV_PICKLE_LIST, FALSE);
    case 'a': /* APPEND */
      return r->stack->len >= 1 ? add_items (r, r->stack->len - 1, FALSE) : damaged (r, _ ("a value is missing"));
    case 'e':  /* APPENDS */
    case 0x90: /* ADDITEMS */
      return close_mark (r, &start) && add_items (r, start, FALSE);
    case '}': /* EMPTY_DICT */
      return push (r, new_value (r, FV_PICKLE_DICT));
    case 'd': /* DICT */
      return push_container (r, FV_PICKLE_DICT, TRUE);
    case 's': /* SETITEM */
      return r->stack->len >= 2 ? add_items (r, r->stack->len - 2, TRUE) : damaged (r, _ ("a value is missing"));
    case 'u': /* SETITEMS */
      return close_mark (r, &start) && add_items (r, start, TRUE);
    case 'c': /* GLOBAL */
      return read_global (r);
    case 0x93: /* STACK_GLOBAL */
      return read_stack_global (r);
    case 'R':  /* REDUCE */
    case 0x81: /* NEWOBJ */
      return read_call (r, FALSE);
    case 0x92: /* NEWOBJ_EX */
      return read_call (r, TRUE);
    case 'i': /* INST */
    case 'o': /* OBJ */
      return read_marked_call (r, opcode == 'i');
    case 'b': /* BUILD */
      return read_build (r);
    case 'P': /* PERSID */
      return read_text_line (r, FALSE) && read_persistent (r);
    case 'Q': /* BINPERSID */
      return read_persistent (r);
    case 'p': /* PUT */
      return take_index_line (r, &n) && put_memo (r, n);
    case 'q': /* BINPUT */
      return take_integer (r, 1, &n) && put_memo (r, n);
    case 'r': /* LONG_BINPUT */
      return take_integer (r, 4, &n) && put_memo (r, n);
    case 0x94: /* MEMOIZE */
      return put_memo (r, g_hash_table_size (r->memo));
    case 'g': /* GET */
      return take_index_line (r, &n) && get_memo (r, n);
    case 'h': /* BINGET */
      return take_integer (r, 1, &n) && get_memo (r, n);
    case 'j': /* LONG_BINGET */
      return take_integer (r, 4, &n) && get_memo (r, n);
    default:
      g_set_error (r->error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_REFUSED,
                   _ ("%s has the pickle operation 0x%02x, which no YOLOv5 weight file needs, at byte %zu of its "
                      "pickle; it was refused and nothing in it was executed"),
                   r->name, opcode, r->position - 1);
      return FALSE;
    }
}

static gboolean
run (Reader *r)
{
  for (;;)
    {
      const guint8 *opcode = take (r, 1);

      if (opcode == NULL)
        return FALSE;
      if (*opcode == '.') /* STOP */
        {
          r->pickle->root = pop (r);
          return r->pickle->root != NULL;
        }
      if (!step (r, *opcode))
        return FALSE;
      if (r->pickle->values->len > MAX_VALUES)
        return damaged (r, _ ("it has more values than any weight file"));
    }
}

FvPickle *
fv_pickle_parse (const guint8 *data, gsize size, const char *const *allowed, const char *name, GError **error)
{
  g_autoptr (FvPickle) self = NULL;
  Reader r = { .data = data, .size = size, .allowed = allowed, .name = name, .error = error };
  gboolean ok;

  if (size > MAX_BYTES)
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT,
                   _ ("%s is not a weight file: its pickle has %zu bytes"), name, size);
      return NULL;
    }
  self = g_new0 (FvPickle, 1);
  self->values = g_ptr_array_new_with_free_func ((GDestroyNotify)value_free);
  r.pickle = self;
  r.stack = g_ptr_array_new ();
  r.marks = g_array_new (FALSE, FALSE, sizeof (guint));
  r.memo = g_hash_table_new (NULL, NULL);
  ok = run (&r);
  g_ptr_array_unref (r.stack);
  g_array_unref (r.marks);
  g_hash_table_unref (r.memo);
  return ok ? g_steal_pointer (&self) : NULL;
}

void
fv_pickle_free (FvPickle *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->values);
  g_free (self);
}

const FvPickleValue *
fv_pickle_get_root (const FvPickle *self)
{
  return self->root;
}
