/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What is done with a hostile file, in a process of its own whose memory is measured.
 *
 *   if (!fv_bounded_begin ())
 *     return;
 *   ... read the file ...
 *   fv_bounded_end (64);
 */

/* TRUE in that process, in which the test begins anew; FALSE once it has ended well. */
gboolean fv_bounded_begin (void);
/* Never more than @mib MiB were in use at a time. Not asserted under a sanitizer, which has a memory of its own. */
void     fv_bounded_end   (guint mib);

G_END_DECLS
