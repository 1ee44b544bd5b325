/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Memory that runs out where sizes come from input: g_try_malloc() and its kin, defined in the test's executable. What
 * is linked statically into it calls these and not GLib's. They count, on any thread, and one of them gives NULL.
 *
 *   fv_failing_memory_start (0, FALSE);
 *   ... once as it should be, to count ...
 *   for (guint n = fv_failing_memory_stop (); n > 0; n--)
 *     {
 *       fv_failing_memory_start (n, FALSE);
 *       ... what must end with a clean error, or as if nothing had been ...
 *       fv_failing_memory_stop ();
 *     }
 */

/* The @n-th call from now on fails (0 = none), and all after it where it is @lasting. */
void  fv_failing_memory_start (guint n, gboolean lasting);
/* From now on none fails; how many calls there were since the start. Fewer than n means that none has failed. */
guint fv_failing_memory_stop  (void);

G_END_DECLS
