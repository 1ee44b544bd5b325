/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-recorder.h"

G_BEGIN_DECLS

/*
 * What a device is really given, caught between the engine and Vulkan: commands with what they declare to read and write, the barriers between them,
 * and where the host waits and may read what was written. Hazards are looked for pair by pair, without any of the recorder's own reasoning. Before
 * each recording stands a command that wrote all memory, since anything may have been submitted before.
 */

void  fv_command_stream_start          (void);
void  fv_command_stream_stop           (void);
/* Takes what was submitted since the start as it now stands; what is asked below is asked of that. */
void  fv_command_stream_take           (void);
/* Barriers of recordings with dispatches; those of a recording that was submitted twice count once. */
guint fv_command_stream_get_n_barriers (void);
guint fv_command_stream_get_n_commands (void);
/*
 * (transfer full) (nullable): two commands, or a command and the host, that touch the same bytes, one of them writing, and no barrier between them orders
 * both. @without: leave out this barrier wherever it was submitted, -1 = none.
 */
char *fv_command_stream_find_hazard    (int without);

G_END_DECLS
