/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/store/fv-failing-memory.h"

#include <stdlib.h>

static guint n_calls, failing, lasts;

void
fv_failing_memory_start (guint n, gboolean lasting)
{
  g_atomic_int_set (&n_calls, 0);
  g_atomic_int_set (&lasts, (guint)lasting);
  g_atomic_int_set (&failing, n);
}

guint
fv_failing_memory_stop (void)
{
  g_atomic_int_set (&failing, 0);
  return g_atomic_int_get (&n_calls);
}

static gboolean
fails (void)
{
  const guint number = g_atomic_int_add (&n_calls, 1) + 1, n = g_atomic_int_get (&failing);
  return n > 0 && (number == n || (g_atomic_int_get (&lasts) && number > n));
}

gpointer
g_try_malloc (gsize size)
{
  return size > 0 && !fails () ? malloc (size) : NULL;
}

gpointer
g_try_malloc0 (gsize size)
{
  return size > 0 && !fails () ? calloc (1, size) : NULL;
}

gpointer
g_try_realloc (gpointer memory, gsize size)
{
  if (size > 0)
    return fails () ? NULL : realloc (memory, size);
  free (memory);
  return NULL;
}

gpointer
g_try_malloc_n (gsize n, gsize size)
{
  gsize bytes;
  return g_size_checked_mul (&bytes, n, size) ? g_try_malloc (bytes) : NULL;
}

gpointer
g_try_malloc0_n (gsize n, gsize size)
{
  gsize bytes;
  return g_size_checked_mul (&bytes, n, size) ? g_try_malloc0 (bytes) : NULL;
}

gpointer
g_try_realloc_n (gpointer memory, gsize n, gsize size)
{
  gsize bytes;
  return g_size_checked_mul (&bytes, n, size) ? g_try_realloc (memory, bytes) : NULL;
}
