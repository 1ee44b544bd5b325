/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-pickle.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* yolov5x has some 60,000 values in 300 kB. */
#define MAX_BYTES (32 * 1024 * 1024)
#define MAX_VALUES (1024 * 1024)
#define MAX_GLOBAL_LENGTH 200

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

static gboolean
take_integer (Reader *r, guint n_bytes, guint32 *out)
{
  const guint8 *bytes = take (r, n_bytes);

  *out = 0;
  for (guint i = 0; bytes != NULL && i < n_bytes; i++)
    *out |= (guint32)bytes[i] << (8 * i);
  return bytes != NULL;
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

static gboolean
read_long (Reader *r)
{
  guint32 n;
  const guint8 *bytes;
  guint64 integer;

  if (!take_integer (r, 1, &n))
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
read_float (Reader *r)
{
  const guint8 *bytes = take (r, 8);
  guint64 bits = 0;
  FvPickleValue *value;

  if (bytes == NULL)
    return FALSE;
  for (guint i = 0; i < 8; i++)
    bits = bits << 8 | bytes[i];
  value = new_value (r, FV_PICKLE_FLOAT);
  memcpy (&value->number, &bits, sizeof bits);
  return push (r, value);
}

static gboolean
read_text (Reader *r)
{
  guint32 n;
  const guint8 *bytes;
  g_autofree char *text = NULL;
  FvPickleValue *value;

  if (!take_integer (r, 4, &n) || (bytes = take (r, n)) == NULL)
    return FALSE;
  /* Raw bytes come as text with NULs in it (numpy); nothing here needs what is behind the first. */
  text = g_strndup ((const char *)bytes, n);
  if (!g_utf8_validate (text, -1, NULL))
    return damaged (r, _ ("a text is not UTF-8"));
  value = new_value (r, FV_PICKLE_TEXT);
  value->text = g_steal_pointer (&text);
  return push (r, value);
}

static gboolean
is_allowed (const Reader *r, const char *global)
{
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
take_line (Reader *r, char **line)
{
  const guint8 *start = r->data + r->position;
  const guint8 *end = memchr (start, '\n', MIN (r->size - r->position, MAX_GLOBAL_LENGTH + 1));

  if (end == NULL)
    return damaged (r, _ ("a name has no end"));
  for (const guint8 *p = start; p < end; p++)
    if (!g_ascii_isalnum (*p) && *p != '_' && *p != '.')
      return damaged (r, _ ("a name has an odd character"));
  *line = g_strndup ((const char *)start, end - start);
  r->position += end - start + 1;
  return TRUE;
}

static gboolean
read_global (Reader *r)
{
  g_autofree char *module = NULL;
  g_autofree char *name = NULL;
  g_autofree char *global = NULL;
  FvPickleValue *value;

  if (!take_line (r, &module) || !take_line (r, &name))
    return FALSE;
  global = g_strconcat (module, ".", name, NULL);
  if (!is_allowed (r, global))
    {
      g_set_error (r->error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_REFUSED,
                   _ ("%s asks for %s, which no YOLOv5 weight file needs"
                      "; it was refused and nothing in it was executed"),
                   r->name, global);
      return FALSE;
    }
  value = new_value (r, FV_PICKLE_GLOBAL);
  value->text = g_steal_pointer (&global);
  return push (r, value);
}

/* REDUCE and NEWOBJ: a call that is noted, not made. */
static gboolean
read_call (Reader *r)
{
  FvPickleValue *args = pop (r);
  FvPickleValue *callee = args != NULL ? pop (r) : NULL;
  FvPickleValue *value;

  if (callee == NULL)
    return FALSE;
  if (callee->type != FV_PICKLE_GLOBAL || args->type != FV_PICKLE_TUPLE)
    return damaged (r, _ ("something that is no class or function is called"));
  value = new_value (r, FV_PICKLE_OBJECT);
  value->callee = callee;
  value->args = args;
  return push (r, value);
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
put_memo (Reader *r, guint n_bytes)
{
  guint32 index;
  FvPickleValue *value;

  if (!take_integer (r, n_bytes, &index) || (value = top (r)) == NULL)
    return FALSE;
  if (g_hash_table_size (r->memo) >= MAX_VALUES)
    return damaged (r, _ ("it remembers too many values"));
  g_hash_table_insert (r->memo, GUINT_TO_POINTER (index), value);
  return TRUE;
}

static gboolean
get_memo (Reader *r, guint n_bytes)
{
  guint32 index;
  FvPickleValue *value;

  if (!take_integer (r, n_bytes, &index))
    return FALSE;
  value = g_hash_table_lookup (r->memo, GUINT_TO_POINTER (index));
  if (value == NULL)
    return damaged (r, _ ("it refers to a value that it never gave"));
  return push (r, value);
}

/* One opcode, STOP excepted. */
static gboolean
step (Reader *r, guint8 opcode)
{
  guint32 n = 0;
  guint start;

  switch (opcode)
    {
    case 0x80: /* PROTO */
      if (!take_integer (r, 1, &n))
        return FALSE;
      return n == 2 || damaged (r, _ ("a pickle protocol other than 2, which PyTorch doesn't write,"));
    case '(': /* MARK */
      g_array_append_val (r->marks, r->stack->len);
      return TRUE;
    case 'N': /* NONE */
      return push (r, new_value (r, FV_PICKLE_NONE));
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
      return push_integer (r, FV_PICKLE_BOOL, opcode == 0x88);
    case 'J': /* BININT */
      return take_integer (r, 4, &n) && push_integer (r, FV_PICKLE_INT, (gint32)n);
    case 'K': /* BININT1 */
      return take_integer (r, 1, &n) && push_integer (r, FV_PICKLE_INT, n);
    case 'M': /* BININT2 */
      return take_integer (r, 2, &n) && push_integer (r, FV_PICKLE_INT, n);
    case 0x8a: /* LONG1 */
      return read_long (r);
    case 'G': /* BINFLOAT */
      return read_float (r);
    case 'X': /* BINUNICODE */
      return read_text (r);
    case ')': /* EMPTY_TUPLE */
      return push (r, new_value (r, FV_PICKLE_TUPLE));
    case 0x85: /* TUPLE1, TUPLE2, TUPLE3 */
    case 0x86:
    case 0x87:
      return push_short_tuple (r, opcode - 0x84);
    case 't': /* TUPLE */
      return close_mark (r, &start) && push_tuple (r, start);
    case ']': /* EMPTY_LIST */
      return push (r, new_value (r, FV_PICKLE_LIST));
    case 'a': /* APPEND */
      return r->stack->len >= 1 ? add_items (r, r->stack->len - 1, FALSE) : damaged (r, _ ("a value is missing"));
    case 'e': /* APPENDS */
      return close_mark (r, &start) && add_items (r, start, FALSE);
    case '}': /* EMPTY_DICT */
      return push (r, new_value (r, FV_PICKLE_DICT));
    case 's': /* SETITEM */
      return r->stack->len >= 2 ? add_items (r, r->stack->len - 2, TRUE) : damaged (r, _ ("a value is missing"));
    case 'u': /* SETITEMS */
      return close_mark (r, &start) && add_items (r, start, TRUE);
    case 'c': /* GLOBAL */
      return read_global (r);
    case 'R':  /* REDUCE */
    case 0x81: /* NEWOBJ */
      return read_call (r);
    case 'b': /* BUILD */
      return read_build (r);
    case 'Q': /* BINPERSID */
      return read_persistent (r);
    case 'q': /* BINPUT */
      return put_memo (r, 1);
    case 'r': /* LONG_BINPUT */
      return put_memo (r, 4);
    case 'h': /* BINGET */
      return get_memo (r, 1);
    case 'j': /* LONG_BINGET */
      return get_memo (r, 4);
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

/* The tree */

const FvPickleValue *
fv_pickle_get_root (const FvPickle *self)
{
  return self->root;
}

static gboolean
has_elements (const FvPickleValue *value)
{
  return value != NULL && (value->type == FV_PICKLE_TUPLE || value->type == FV_PICKLE_LIST) && value->items != NULL;
}

static gboolean
has_pairs (const FvPickleValue *value)
{
  return value != NULL && (value->type == FV_PICKLE_DICT || value->type == FV_PICKLE_OBJECT) && value->items != NULL;
}

guint
fv_pickle_length (const FvPickleValue *value)
{
  return has_elements (value) ? value->items->len : has_pairs (value) ? value->items->len / 2 : 0;
}

const FvPickleValue *
fv_pickle_element (const FvPickleValue *value, guint index)
{
  return has_elements (value) && index < value->items->len ? g_ptr_array_index (value->items, index) : NULL;
}

const FvPickleValue *
fv_pickle_key (const FvPickleValue *value, guint index)
{
  return has_pairs (value) && index < value->items->len / 2 ? g_ptr_array_index (value->items, 2 * index) : NULL;
}

const FvPickleValue *
fv_pickle_value (const FvPickleValue *value, guint index)
{
  return has_pairs (value) && index < value->items->len / 2 ? g_ptr_array_index (value->items, 2 * index + 1) : NULL;
}

const FvPickleValue *
fv_pickle_lookup (const FvPickleValue *value, const char *key)
{
  for (guint i = fv_pickle_length (value); has_pairs (value) && i-- > 0;)
    if (g_strcmp0 (fv_pickle_text (fv_pickle_key (value, i)), key) == 0)
      return fv_pickle_value (value, i);
  return NULL;
}

const FvPickleValue *
fv_pickle_attribute (const FvPickleValue *value, const char *attribute)
{
  return value != NULL && value->type == FV_PICKLE_OBJECT ? fv_pickle_lookup (value->state, attribute) : NULL;
}

const char *
fv_pickle_text (const FvPickleValue *value)
{
  return value != NULL && value->type == FV_PICKLE_TEXT ? value->text : NULL;
}

gboolean
fv_pickle_integer (const FvPickleValue *value, gint64 *out)
{
  if (value == NULL || value->type != FV_PICKLE_INT)
    return FALSE;
  *out = value->integer;
  return TRUE;
}

gboolean
fv_pickle_made_by (const FvPickleValue *value, const char *global)
{
  return value != NULL && value->type == FV_PICKLE_OBJECT && strcmp (value->callee->text, global) == 0;
}
