/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/graph/fv-spirv-trace.h"

#include <stdint.h>
#include <string.h>

#include "tests/compute/graph/trace.spv.h"

/* The trace's code is put into the kernel's as a linker would: its ids move behind the kernel's, types that must not be declared twice are the
 * kernel's own, and its function is called where memory is touched. Numbers are those of the SPIR-V specification. */

#define HEADER_WORDS 5
#define BOUND 3 /* word of the header: all ids are smaller */
#define PHYSICAL_STORAGE_BUFFER 5349
#define TABLE_PLACEHOLDER 0x7eacedadd2e55000ull /* as in trace.comp */

enum
{
  OP_UNDEF = 1,
  OP_NAME = 5,
  OP_EXT_INST = 12,
  OP_TYPE_VOID = 19,
  OP_TYPE_BOOL = 20,
  OP_TYPE_INT = 21,
  OP_TYPE_FLOAT = 22,
  OP_TYPE_VECTOR = 23,
  OP_TYPE_ARRAY = 28,
  OP_TYPE_STRUCT = 30,
  OP_TYPE_POINTER = 32,
  OP_TYPE_FUNCTION = 33,
  OP_TYPE_FORWARD_POINTER = 39,
  OP_CONSTANT = 43,
  OP_FUNCTION = 54,
  OP_FUNCTION_PARAMETER = 55,
  OP_FUNCTION_END = 56,
  OP_FUNCTION_CALL = 57,
  OP_VARIABLE = 59,
  OP_LOAD = 61,
  OP_STORE = 62,
  OP_COPY_MEMORY = 63,
  OP_COPY_MEMORY_SIZED = 64,
  OP_ACCESS_CHAIN = 65,
  OP_PTR_ACCESS_CHAIN = 67,
  OP_DECORATE = 71,
  OP_MEMBER_DECORATE = 72,
  OP_VECTOR_SHUFFLE = 79,
  OP_COMPOSITE_EXTRACT = 81,
  OP_COMPOSITE_INSERT = 82,
  OP_COPY_OBJECT = 83,
  OP_CONVERT_PTR_TO_U = 117,
  OP_CONVERT_U_TO_PTR = 120,
  OP_BITCAST = 124,
  OP_SELECT = 169,
  OP_ATOMIC_LOAD = 227,
  OP_ATOMIC_STORE = 228,
  OP_ATOMIC_XOR = 242,
  OP_PHI = 245,
  OP_LOOP_MERGE = 246,
  OP_SELECTION_MERGE = 247,
  OP_LABEL = 248,
  OP_ATOMIC_FADD = 6035,

  DECORATION_ARRAY_STRIDE = 6,
  DECORATION_OFFSET = 35,
  LOOP_CONTROL_UNROLL = 1,
  LOOP_CONTROL_DONT_UNROLL = 2,
};

static guint
get_op (const guint32 *instruction)
{
  return instruction[0] & 0xffff;
}

static guint
get_length (const guint32 *instruction)
{
  return instruction[0] >> 16;
}

static const guint32 *
next (const guint32 *instruction)
{
  g_assert_cmpuint (get_length (instruction), >, 0);
  return instruction + get_length (instruction);
}

/* A module, and what its ids mean. */
typedef struct
{
  const guint32 *first, *end;
  guint32 bound;
  const guint32 **declared; /* by id: the instruction that declares the type or constant */
  guint32 *value_types;     /* by id: type of the value, of those that may be pointers */
  guint32 *strides;         /* by id of an array's type */
  GHashTable *offsets;      /* struct's id << 32 | member, as a guint64 -> GUINT_TO_POINTER (bytes + 1) */
} Module;

static gboolean
may_make_pointer (guint op)
{
  static const guint ops[]
      = { OP_UNDEF,       OP_FUNCTION_PARAMETER, OP_FUNCTION_CALL, OP_VARIABLE, OP_LOAD, OP_COMPOSITE_EXTRACT,
          OP_COPY_OBJECT, OP_CONVERT_U_TO_PTR,   OP_BITCAST,       OP_SELECT,   OP_PHI };

  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    if (op == ops[i])
      return TRUE;
  return op >= OP_ACCESS_CHAIN && op <= OP_PTR_ACCESS_CHAIN;
}

static void
note_decoration (Module *self, const guint32 *i)
{
  guint64 *key;

  if (get_op (i) == OP_DECORATE && i[2] == DECORATION_ARRAY_STRIDE)
    self->strides[i[1]] = i[3];
  if (get_op (i) != OP_MEMBER_DECORATE || i[3] != DECORATION_OFFSET)
    return;
  key = g_new (guint64, 1);
  *key = (guint64)i[1] << 32 | i[2];
  g_hash_table_insert (self->offsets, key, GUINT_TO_POINTER (i[4] + 1));
}

static void
module_init (Module *self, const guint32 *words, gsize n_words)
{
  self->first = words + HEADER_WORDS;
  self->end = words + n_words;
  self->bound = words[BOUND];
  self->declared = g_new0 (const guint32 *, self->bound);
  self->value_types = g_new0 (guint32, self->bound);
  self->strides = g_new0 (guint32, self->bound);
  self->offsets = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  for (const guint32 *i = self->first; i < self->end; i = next (i))
    {
      note_decoration (self, i);
      if (get_op (i) >= OP_TYPE_VOID && get_op (i) < OP_TYPE_FORWARD_POINTER)
        self->declared[i[1]] = i;
      else if (get_op (i) == OP_CONSTANT)
        self->declared[i[2]] = i;
      else if (may_make_pointer (get_op (i)))
        self->value_types[i[2]] = i[1];
    }
}

static void
module_clear (Module *self)
{
  g_free (self->declared);
  g_free (self->value_types);
  g_free (self->strides);
  g_hash_table_unref (self->offsets);
}

static guint
size_of (const Module *self, guint32 type)
{
  const guint32 *i = self->declared[type];
  guint size = 0;

  g_assert_nonnull (i);
  switch (get_op (i))
    {
    case OP_TYPE_INT:
    case OP_TYPE_FLOAT:
      return i[2] / 8;
    case OP_TYPE_POINTER:
      return 8;
    case OP_TYPE_VECTOR:
      return i[3] * size_of (self, i[2]);
    case OP_TYPE_ARRAY:
      g_assert_nonnull (self->declared[i[3]]);
      return self->declared[i[3]][3] * self->strides[type];
    case OP_TYPE_STRUCT:
      for (guint32 member = 0; member + 2 < get_length (i); member++)
        {
          const guint64 key = (guint64)type << 32 | member;
          const guint offset = GPOINTER_TO_UINT (g_hash_table_lookup (self->offsets, &key));

          g_assert_cmpuint (offset, >, 0);
          size = MAX (size, offset - 1 + size_of (self, i[2 + member]));
        }
      return size;
    default:
      g_error ("No size of a type made by instruction %u", get_op (i));
    }
}

/* Bytes that @pointer points to when it is an address, else 0. */
static guint
addressed_bytes (const Module *self, guint32 pointer)
{
  const guint32 *type = self->declared[self->value_types[pointer]];

  g_assert_true (type != NULL && get_op (type) == OP_TYPE_POINTER);
  return type[2] == PHYSICAL_STORAGE_BUFFER ? size_of (self, type[3]) : 0;
}

/* Linking */

typedef struct
{
  Module kernel, trace;
  GArray *declarations, *functions; /* of the result, whose ids start with those of the kernel, then the trace's */
  guint32 *map;                     /* by id of the trace */
  guint32 n_ids;
  guint32 function; /* fv_trace(), and the types of its arguments; ids of the result but for the first */
  guint32 void_type, uint_type, ulong_type;
  GHashTable *constants; /* guint -> id */
} Linker;

#define PUT(words, op, ...)                                                                                            \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    const guint32 operands[] = { __VA_ARGS__ };                                                                        \
    const guint32 head = (G_N_ELEMENTS (operands) + 1) << 16 | (op);                                                   \
    g_array_append_val (words, head);                                                                                  \
    g_array_append_vals (words, operands, G_N_ELEMENTS (operands));                                                    \
  }                                                                                                                    \
  G_STMT_END

static guint32
get_constant (Linker *self, guint32 value)
{
  guint32 id = GPOINTER_TO_UINT (g_hash_table_lookup (self->constants, GUINT_TO_POINTER (value)));

  if (id == 0)
    {
      id = self->n_ids++;
      PUT (self->declarations, OP_CONSTANT, self->uint_type, id, value);
      g_hash_table_insert (self->constants, GUINT_TO_POINTER (value), GUINT_TO_POINTER (id));
    }
  return id;
}

/* How many of the operands, from the first on, are ids; between them @literal, 0 = none, is not. */
static guint
count_ids (const guint32 *instruction, guint *literal)
{
  *literal = 0;
  switch (get_op (instruction))
    {
    case OP_TYPE_INT:
    case OP_TYPE_FLOAT:
    case OP_TYPE_FORWARD_POINTER:
    case OP_DECORATE:
    case OP_MEMBER_DECORATE:
    case OP_SELECTION_MERGE:
      return 1;
    case OP_TYPE_VECTOR:
    case OP_CONSTANT:
    case OP_STORE:
    case OP_LOOP_MERGE:
      return 2;
    case OP_LOAD:
      return 3;
    case OP_TYPE_POINTER:
      *literal = 2;
      return 3;
    case OP_VARIABLE:
      return 2;
    case OP_FUNCTION:
      *literal = 3;
      return 4;
    case OP_EXT_INST:
    case OP_VECTOR_SHUFFLE:
    case OP_COMPOSITE_EXTRACT:
    case OP_COMPOSITE_INSERT:
      g_error ("trace.comp may not use instruction %u", get_op (instruction));
    default:
      return get_length (instruction) - 1;
    }
}

/* Appends an instruction of the trace with its ids changed. */
static void
put_mapped (Linker *self, GArray *words, const guint32 *instruction)
{
  guint literal;
  const guint n_ids = count_ids (instruction, &literal), start = words->len;

  g_array_append_vals (words, instruction, get_length (instruction));
  for (guint k = 1; k <= n_ids; k++)
    if (k != literal)
      g_array_index (words, guint32, start + k) = self->map[instruction[k]];
}

/* The kernel's id of a type of the trace that may not be declared twice; 0 when it has none. */
static guint32
find_type (Linker *self, const guint32 *type)
{
  g_autoptr (GArray) words = g_array_new (FALSE, FALSE, sizeof (guint32));
  const guint op = get_op (type);

  if (op > OP_TYPE_VECTOR && op != OP_TYPE_FUNCTION)
    return 0;
  put_mapped (self, words, type);
  for (guint32 id = 1; id < self->kernel.bound; id++)
    {
      const guint32 *candidate = self->kernel.declared[id];

      if (candidate != NULL && candidate[0] == type[0]
          && memcmp (candidate + 2, &g_array_index (words, guint32, 2), (words->len - 2) * sizeof (guint32)) == 0)
        return id;
    }
  return 0;
}

static gboolean
is_trace_name (const guint32 *instruction)
{
  static const char name[] = "fv_trace(";

  return get_op (instruction) == OP_NAME && get_length (instruction) > 4
         && memcmp (instruction + 2, name, sizeof name - 1) == 0;
}

static void
put_annotations (Linker *self)
{
  for (const guint32 *i = self->trace.first; i < self->trace.end; i = next (i))
    if (get_op (i) == OP_DECORATE || get_op (i) == OP_MEMBER_DECORATE)
      put_mapped (self, self->declarations, i);
    else if (is_trace_name (i))
      self->function = i[1];
  g_assert_cmpuint (self->function, !=, 0);
}

/* Types and constants. */
static void
put_declarations (Linker *self)
{
  for (const guint32 *i = self->trace.first; get_op (i) != OP_FUNCTION; i = next (i))
    {
      const guint op = get_op (i);

      if (op < OP_TYPE_VOID || op > OP_VARIABLE)
        continue;
      if (op < OP_TYPE_FORWARD_POINTER)
        {
          const guint32 known = find_type (self, i);

          if (op == OP_TYPE_VOID)
            self->void_type = known;
          if (op == OP_TYPE_INT && i[3] == 0)
            *(i[2] == 64 ? &self->ulong_type : &self->uint_type) = known;
          if (known != 0)
            {
              self->map[i[1]] = known;
              continue;
            }
        }
      put_mapped (self, self->declarations, i);
    }
  g_assert_true (self->void_type != 0 && self->uint_type != 0 && self->ulong_type != 0);
}

static void
put_function (Linker *self)
{
  const guint32 *i = self->trace.first;

  while (get_op (i) != OP_FUNCTION || i[2] != self->function)
    i = next (i);
  for (; get_op (i) != OP_FUNCTION_END; i = next (i))
    put_mapped (self, self->functions, i);
  put_mapped (self, self->functions, i);
}

static void
put_call (Linker *self, guint32 pointer, FvTraceKind kind)
{
  const guint bytes = addressed_bytes (&self->kernel, pointer);
  const guint32 address = self->n_ids, result = address + 1;

  if (bytes == 0)
    return;
  self->n_ids += 2;
  PUT (self->functions, OP_CONVERT_PTR_TO_U, self->ulong_type, address, pointer);
  PUT (self->functions, OP_FUNCTION_CALL, self->void_type, result, self->map[self->function], address,
       get_constant (self, bytes), get_constant (self, kind));
}

static void
put_calls (Linker *self, const guint32 *i)
{
  const guint op = get_op (i);

  g_assert_cmpuint (op, !=, OP_COPY_MEMORY_SIZED);
  if (op == OP_LOAD || (op >= OP_ATOMIC_LOAD && op <= OP_ATOMIC_XOR && op != OP_ATOMIC_STORE) || op == OP_ATOMIC_FADD)
    put_call (self, i[3], FV_TRACE_READ);
  if (op == OP_COPY_MEMORY)
    put_call (self, i[2], FV_TRACE_READ);
  if (op == OP_STORE || op == OP_COPY_MEMORY || op == OP_ATOMIC_STORE)
    put_call (self, i[1], FV_TRACE_WRITE);
  if ((op > OP_ATOMIC_STORE && op <= OP_ATOMIC_XOR) || op == OP_ATOMIC_FADD)
    put_call (self, i[3], FV_TRACE_WRITE);
}

/* Whether the loop that @merge begins touches memory, or may, or has another inside. */
static gboolean
is_plain_loop (Linker *self, const guint32 *merge)
{
  for (const guint32 *i = next (merge); get_op (i) != OP_LABEL || i[1] != merge[1]; i = next (i))
    if (get_op (i) == OP_LOOP_MERGE || get_op (i) == OP_FUNCTION_CALL
        || (get_op (i) == OP_LOAD && addressed_bytes (&self->kernel, i[3]) > 0)
        || (get_op (i) == OP_STORE && addressed_bytes (&self->kernel, i[1]) > 0))
      return FALSE;
  return TRUE;
}

/* An instruction of one of the kernel's functions. Unrolled, the checks would take the compiler minutes. */
static void
put_code (Linker *self, const guint32 *i)
{
  put_calls (self, i);
  g_array_append_vals (self->functions, i, get_length (i));
  if (get_op (i) == OP_LOOP_MERGE && i[3] <= LOOP_CONTROL_UNROLL && !is_plain_loop (self, i))
    g_array_index (self->functions, guint32, self->functions->len - 1) = LOOP_CONTROL_DONT_UNROLL;
}

static void
link_modules (Linker *self)
{
  const guint32 *i = self->kernel.first;

  for (; get_op (i) < OP_TYPE_VOID || get_op (i) > OP_TYPE_FORWARD_POINTER; i = next (i))
    g_array_append_vals (self->declarations, i, get_length (i));
  put_annotations (self);
  for (; get_op (i) != OP_FUNCTION; i = next (i))
    g_array_append_vals (self->declarations, i, get_length (i));
  put_declarations (self);
  for (; i < self->kernel.end; i = next (i))
    put_code (self, i);
  put_function (self);
}

/* trace.comp's code with the address of the table in it. */
static guint32 *
make_trace (guint64 table)
{
  guint32 *words = g_memdup2 (fv_spv_trace, sizeof fv_spv_trace);
  const guint32 *end = words + G_N_ELEMENTS (fv_spv_trace);
  guint n_found = 0;

  for (guint32 *i = words + HEADER_WORDS; i < end; i += get_length (i))
    if (get_op (i) == OP_CONSTANT && get_length (i) == 5 && ((guint64)i[4] << 32 | i[3]) == TABLE_PLACEHOLDER)
      {
        i[3] = (guint32)table;
        i[4] = table >> 32;
        n_found++;
      }
  g_assert_cmpuint (n_found, ==, 1);
  return words;
}

GArray *
fv_spirv_trace (const guint32 *code, gsize n_words, guint64 table)
{
  g_autofree guint32 *trace = make_trace (table);
  Linker self = {
    .declarations = g_array_new (FALSE, FALSE, sizeof (guint32)),
    .functions = g_array_new (FALSE, FALSE, sizeof (guint32)),
    .constants = g_hash_table_new (NULL, NULL),
  };

  module_init (&self.kernel, code, n_words);
  module_init (&self.trace, trace, G_N_ELEMENTS (fv_spv_trace));
  self.map = g_new0 (guint32, self.trace.bound);
  for (guint32 id = 0; id < self.trace.bound; id++)
    self.map[id] = self.kernel.bound + id;
  self.n_ids = self.kernel.bound + self.trace.bound;
  g_array_append_vals (self.declarations, code, HEADER_WORDS);
  link_modules (&self);
  g_array_append_vals (self.declarations, self.functions->data, self.functions->len);
  g_array_index (self.declarations, guint32, BOUND) = self.n_ids;
  module_clear (&self.kernel);
  module_clear (&self.trace);
  g_free (self.map);
  g_array_unref (self.functions);
  g_hash_table_unref (self.constants);
  return self.declarations;
}
