/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/compute/fv-test-engine.h"

#include <math.h>
#include <string.h>

static FvDevice *the_device;
static char *the_selector;

void
fv_test_engine_init (int *argc, char ***argv, const char *selector)
{
  fv_device_prepare_environment ();
  g_test_init (argc, argv, NULL);
  the_selector = g_strdup (selector);
}

FvDevice *
fv_test_engine_get_device (void)
{
  g_autoptr (GError) error = NULL;

  if (the_device == NULL)
    the_device = fv_device_open (&(FvDeviceParams){ .selector = the_selector }, &error);
  g_assert_no_error (error);
  return the_device;
}

void
fv_test_engine_close (void)
{
  g_clear_pointer (&the_device, fv_device_unref);
  g_clear_pointer (&the_selector, g_free);
}

int
fv_test_engine_run (void)
{
  const int status = g_test_run ();

  fv_test_engine_close ();
  return status;
}

/* Numbers */

guint64
fv_test_seed (const char *text)
{
  guint64 hash = 0xcbf29ce484222325ull; /* FNV-1a */

  for (; *text != '\0'; text++)
    hash = (hash ^ (guint8)*text) * 0x100000001b3ull;
  return hash;
}

/* SplitMix64, whose state is a counter. */
double
fv_test_random (guint64 seed, guint64 index)
{
  guint64 z = seed + (index + 1) * 0x9e3779b97f4a7c15ull;

  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z ^= z >> 31;
  return (float)((double)(z >> 11) * 0x1p-52 - 1);
}

double *
fv_test_random_values (guint64 seed, gsize n, double low, double high)
{
  double *values = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    values[i] = (float)(low + (high - low) * (0.5 * fv_test_random (seed, i) + 0.5));
  return values;
}

/* A number of fp16 is a multiple, of at most 11 bits, of a power of two that is 2^-24 at least. */
double
fv_test_round_to_half (double value)
{
  double unit, rounded;
  int exponent;

  if (value == 0 || !isfinite (value))
    return value;
  frexp (value, &exponent);
  unit = ldexp (1, MAX (exponent - 11, -24));
  rounded = nearbyint (value / unit) * unit;
  return fabs (rounded) < 65520 ? rounded : copysign (INFINITY, value);
}

guint16
fv_test_half_bits (double value)
{
  const guint16 sign = signbit (value) ? 0x8000 : 0;
  const double size = fabs (fv_test_round_to_half (value));
  int exponent;

  if (isnan (value))
    return 0x7e00;
  if (isinf (size))
    return sign | 0x7c00;
  frexp (size, &exponent);
  if (size < 0x1p-14)
    return sign | (guint16)ldexp (size, 24);
  return sign + ((exponent + 13) << 10) + (guint16)ldexp (size, 11 - exponent);
}

double
fv_test_half_value (guint16 bits)
{
  const guint exponent = bits >> 10 & 31, mantissa = bits & 0x3ff;
  const double size = exponent == 31  ? (mantissa != 0 ? NAN : INFINITY)
                      : exponent == 0 ? ldexp (mantissa, -24)
                                      : ldexp (mantissa + 1024, (int)exponent - 25);

  return (bits & 0x8000) != 0 ? -size : size;
}

double
fv_test_nmse (const double *values, const double *expected, gsize n)
{
  double error = 0, size = 0;

  for (gsize i = 0; i < n; i++)
    {
      error += (values[i] - expected[i]) * (values[i] - expected[i]);
      size += expected[i] * expected[i];
    }
  return error == 0 ? 0 : error / size;
}

guint32
fv_test_pattern (gsize index)
{
  return 0x7f800001u | (((guint32)index * 0x9e3779b1u) >> 10 & 0x3ffffeu);
}

/* Byte @index of memory that was not written. */
static guint8
pattern_byte (gsize index)
{
  return fv_test_pattern (index / 4) >> 8 * (index % 4);
}

/* Buffers */

FvTestBuffer *
fv_test_buffer_new (FvMemory memory, gsize bytes, const char *name)
{
  g_autoptr (GError) error = NULL;
  FvTestBuffer *self = g_new0 (FvTestBuffer, 1);
  const gsize all = bytes + 2 * FV_TEST_GUARD_BYTES;
  g_autofree guint32 *words = g_malloc (all + sizeof (guint32));

  for (gsize i = 0; i * sizeof *words < all; i++)
    words[i] = fv_test_pattern (i);
  self->buffer = fv_buffer_new (fv_test_engine_get_device (), memory, all, name, &error);
  g_assert_no_error (error);
  fv_buffer_upload (self->buffer, 0, words, all, &error);
  g_assert_no_error (error);
  self->address = self->buffer->address + FV_TEST_GUARD_BYTES;
  self->size = bytes;
  self->inner = *self->buffer;
  self->inner.address = self->address;
  self->inner.size = bytes;
  return self;
}

void
fv_test_buffer_free (FvTestBuffer *self)
{
  if (self == NULL)
    return;
  fv_buffer_free (self->buffer);
  g_free (self);
}

void
fv_test_buffer_write (FvTestBuffer *self, const void *data, gsize bytes)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (bytes, <=, self->size);
  fv_buffer_upload (self->buffer, FV_TEST_GUARD_BYTES, data, bytes, &error);
  g_assert_no_error (error);
}

void
fv_test_buffer_read (FvTestBuffer *self, void *data, gsize bytes)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (bytes, <=, self->size);
  fv_buffer_download (self->buffer, FV_TEST_GUARD_BYTES, data, bytes, &error);
  g_assert_no_error (error);
}

char *
fv_test_buffer_find_damage (FvTestBuffer *self)
{
  g_autoptr (GError) error = NULL;
  guint8 guard[FV_TEST_GUARD_BYTES];

  for (guint behind = 0; behind < 2; behind++)
    {
      const gsize offset = behind ? FV_TEST_GUARD_BYTES + self->size : 0;

      fv_buffer_download (self->buffer, offset, guard, sizeof guard, &error);
      g_assert_no_error (error);
      for (gsize i = 0; i < sizeof guard; i++)
        if (guard[i] != pattern_byte (offset + i))
          return g_strdup_printf ("%s was written to at byte %" G_GSIZE_FORMAT " %s it", self->buffer->name,
                                  behind ? i : sizeof guard - i, behind ? "behind" : "before");
    }
  return NULL;
}

/* Graphs */

static FvTestGraph *
new_graph (gboolean training, gboolean half)
{
  FvTestGraph *self = g_new0 (FvTestGraph, 1);

  self->graph
      = fv_graph_new (fv_test_engine_get_device (),
                      &(FvGraphParams){ .training = training, .half = half, .guard_bytes = FV_TEST_GUARD_BYTES });
  return self;
}

FvTestGraph *
fv_test_graph_new (gboolean training)
{
  return new_graph (training, FALSE);
}

FvTestGraph *
fv_test_graph_new_half (gboolean training)
{
  return new_graph (training, TRUE);
}

void
fv_test_graph_free (FvTestGraph *self)
{
  if (self == NULL)
    return;
  fv_recording_free (self->recording);
  fv_graph_free (self->graph);
  fv_buffer_free (self->arena);
  g_free (self->bytes);
  g_free (self);
}

void
fv_test_graph_place (FvTestGraph *self, gboolean timing)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvRecorder) recorder = fv_recorder_new (fv_test_engine_get_device ());

  fv_graph_plan (self->graph);
  self->arena = fv_buffer_new (fv_test_engine_get_device (), FV_MEMORY_DEVICE, fv_graph_get_arena_bytes (self->graph),
                               "arena", &error);
  g_assert_no_error (error);
  fv_graph_place (self->graph, self->arena);
  self->bytes = g_malloc (self->arena->size);
  for (gsize i = 0; i < self->arena->size; i++)
    self->bytes[i] = pattern_byte (i);
  fv_graph_record (self->graph, recorder);
  self->recording = fv_recorder_finish (&recorder, timing, &error);
  g_assert_no_error (error);
}

static const FvTensor *
root_of (const FvTensor *tensor)
{
  while (tensor->parent != NULL)
    tensor = tensor->parent;
  return tensor;
}

/* The bytes of a tensor's first pixel. */
static guint8 *
bytes_of (const FvTestGraph *self, const FvTensor *tensor)
{
  return self->bytes + (fv_tensor_get_address (tensor) - self->arena->address);
}

static guint
padded (const FvTensor *tensor)
{
  return MIN ((tensor->c + 15) / 16 * 16, tensor->pitch);
}

static void
put_element (const FvTensor *tensor, guint8 *to, double value)
{
  const float single = value;
  const guint16 half = fv_test_half_bits (value);

  memcpy (to, tensor->element == FV_ELEMENT_HALF ? (const void *)&half : &single, tensor->element);
}

static double
get_element (const FvTensor *tensor, const guint8 *from)
{
  float single;
  guint16 half;

  memcpy (tensor->element == FV_ELEMENT_HALF ? (void *)&half : &single, from, tensor->element);
  return tensor->element == FV_ELEMENT_HALF ? fv_test_half_value (half) : single;
}

void
fv_test_graph_write (FvTestGraph *self, const FvTensor *tensor, const double *values)
{
  guint8 *bytes = bytes_of (self, tensor);

  g_assert_false (self->started);
  for (gsize p = 0; p < fv_tensor_get_pixels (tensor); p++)
    for (guint c = 0; c < padded (tensor); c++)
      put_element (tensor, bytes + (p * tensor->pitch + c) * tensor->element,
                   c < tensor->c ? values[p * tensor->c + c] : 0);
}

void
fv_test_graph_read (const FvTestGraph *self, const FvTensor *tensor, double *values)
{
  const guint8 *bytes = bytes_of (self, tensor);

  for (gsize p = 0; p < fv_tensor_get_pixels (tensor); p++)
    for (guint c = 0; c < tensor->c; c++)
      values[p * tensor->c + c] = get_element (tensor, bytes + (p * tensor->pitch + c) * tensor->element);
}

static void
start (FvTestGraph *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->started)
    fv_buffer_upload (self->arena, 0, self->bytes, self->arena->size, &error);
  g_assert_no_error (error);
  self->started = TRUE;
}

static void
submit (FvTestGraph *self)
{
  g_autoptr (GError) error = NULL;
  guint64 ticket;

  fv_recording_submit (self->recording, &ticket, &error);
  g_assert_no_error (error);
  fv_device_wait (fv_test_engine_get_device (), ticket, &error);
  g_assert_no_error (error);
}

void
fv_test_graph_run (FvTestGraph *self)
{
  g_autoptr (GError) error = NULL;

  start (self);
  submit (self);
  fv_buffer_download (self->arena, 0, self->bytes, self->arena->size, &error);
  g_assert_no_error (error);
}

double
fv_test_graph_time (FvTestGraph *self, guint times, double *flops)
{
  double best = G_MAXDOUBLE;

  start (self);
  for (guint i = 0; i < times; i++)
    {
      g_autoptr (GArray) phases = g_array_new (FALSE, TRUE, sizeof (FvPhase));
      double seconds = 0;

      submit (self);
      fv_recording_add_times (self->recording, phases);
      *flops = 0;
      for (guint k = 0; k < phases->len; k++)
        {
          seconds += g_array_index (phases, FvPhase, k).seconds;
          *flops += g_array_index (phases, FvPhase, k).flops;
        }
      best = MIN (best, seconds);
    }
  return best;
}

static gint
by_address (gconstpointer a, gconstpointer b)
{
  const FvTensor *left = *(FvTensor *const *)a, *right = *(FvTensor *const *)b;

  return left->address < right->address ? -1 : left->address > right->address;
}

/* (nullable): what is wrong in the guard zone between two tensors that lie side by side, either of which may be missing. */
static char *
find_damage_between (const FvTestGraph *self, const FvTensor *before, const FvTensor *behind)
{
  const gsize first = before != NULL ? bytes_of (self, before) + before->size - self->bytes : 0;
  const gsize end = behind != NULL ? (gsize)(bytes_of (self, behind) - self->bytes) : self->arena->size;

  for (gsize i = first; i < end; i++)
    if (self->bytes[i] != pattern_byte (i))
      return g_strdup_printf ("byte %" G_GSIZE_FORMAT " behind %s, %" G_GSIZE_FORMAT " before %s, was written to",
                              i - first, before != NULL ? before->name : "the start", end - i,
                              behind != NULL ? behind->name : "the end");
  return NULL;
}

char *
fv_test_graph_find_damage (const FvTestGraph *self)
{
  GPtrArray *tensors = fv_graph_get_tensors (self->graph);
  g_autoptr (GPtrArray) roots = g_ptr_array_new ();
  char *damage = NULL;

  for (guint i = 0; i < tensors->len; i++)
    {
      const FvTensor *tensor = tensors->pdata[i];

      if (tensor->parent == NULL && !tensor->external && tensor->first_use >= 0)
        g_ptr_array_add (roots, (gpointer)tensor);
    }
  g_ptr_array_sort (roots, by_address);
  for (guint i = 0; i <= roots->len && damage == NULL; i++)
    damage = find_damage_between (self, i > 0 ? roots->pdata[i - 1] : NULL, i < roots->len ? roots->pdata[i] : NULL);
  return damage;
}

/* Whether an element is as it was before anything was written. */
static gboolean
is_untouched (const FvTestGraph *self, const guint8 *element, guint n_bytes)
{
  for (guint i = 0; i < n_bytes; i++)
    if (element[i] != pattern_byte (element + i - self->bytes))
      return FALSE;
  return TRUE;
}

char *
fv_test_tensor_find_damage (const FvTestGraph *self, const FvTensor *tensor)
{
  const FvTensor *root = root_of (tensor);
  const guint8 *bytes = bytes_of (self, root);
  const guint first = (bytes_of (self, tensor) - bytes) / tensor->element;

  for (gsize p = 0; p < fv_tensor_get_pixels (tensor); p++)
    for (guint c = 0; c < root->pitch; c++)
      {
        const guint8 *element = bytes + (p * root->pitch + c) * tensor->element;
        const guint own = c - first; /* wraps around before it */

        if (own < tensor->c)
          continue;
        if (own < padded (tensor) && get_element (tensor, element) != 0)
          return g_strdup_printf ("%s has no zero in its padding, channel %u of pixel %" G_GSIZE_FORMAT, tensor->name,
                                  own, p);
        if (own >= padded (tensor) && !is_untouched (self, element, tensor->element))
          return g_strdup_printf ("%s was written to beside it, at channel %d of pixel %" G_GSIZE_FORMAT, tensor->name,
                                  (int)c - (int)first, p);
      }
  return NULL;
}
