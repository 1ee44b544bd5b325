/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/input/fv-bounded.h"

#include "tests/fv-test-data.h"

#include <sys/resource.h>

/* Address space, libraries included: what asks for more at once gets nothing, whether it would be touched or not. */
#define MAX_ADDRESSES ((rlim_t)4 << 30)

gboolean
fv_bounded_begin (void)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return FALSE;
    }
  if (!FV_TEST_SANITIZED)
    g_assert_cmpint (setrlimit (RLIMIT_AS, &(struct rlimit){ MAX_ADDRESSES, MAX_ADDRESSES }), ==, 0);
  return TRUE;
}

void
fv_bounded_end (guint mib)
{
  struct rusage usage;

  g_assert_cmpint (getrusage (RUSAGE_SELF, &usage), ==, 0);
  g_test_message ("%ld MiB", usage.ru_maxrss / 1024);
  if (!FV_TEST_SANITIZED)
    g_assert_cmpint (usage.ru_maxrss / 1024, <=, mib);
}
