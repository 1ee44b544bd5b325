/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-recorder.h"

G_BEGIN_DECLS

/*
 * How long commands may take, and how they are cut so that no submission is expected to take longer than the device's bound: a device that
 * shows a desktop draws nothing meanwhile, and its driver resets it after some seconds.
 */

/* A command, or some of its workgroups. */
typedef struct {
  guint command;                  /* index */
  guint32 base[3], groups[3];
  double seconds;                 /* estimate */
  guint submission;               /* which of the recording's, from 0 */
} FvPiece;

/* Seconds that @dispatch takes at most on most devices of this kind, as FvDevice.slowness corrects it. Its ranges count as memory read or written once. */
double fv_estimate_seconds (FvDevice *device, const FvDispatch *dispatch);
/*
 * Appends command @command to @pieces, in pieces of at most @bound seconds, or of one workgroup each; starts a new submission where the last one would
 * exceed the bound. @bound 0: one piece, one submission.
 */
void   fv_pieces_append    (GArray *pieces, guint command, const guint32 groups[3], double seconds, double bound);

G_END_DECLS
