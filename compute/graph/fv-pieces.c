/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/graph/fv-pieces.h"

#include "compute/device/fv-device-private.h"

#include <string.h>

#define COMMAND_SECONDS 10e-6 /* to start one, and to wait for the one before */

/* What a kernel that suits the device badly still does each second, on the slowest of each kind that one would train on. */
static const struct
{
  const char *type;
  double flops, bytes;
} rates[] = {
  { "discrete", 500e9, 50e9 },
  { "cpu", 5e9, 1e9 },
  { NULL, 50e9, 5e9 },
};

double
fv_estimate_seconds (FvDevice *device, const FvDispatch *dispatch)
{
  const char *type = fv_device_get_info (device)->type;
  double bytes = 0;
  guint kind = 0;

  while (rates[kind].type != NULL && !g_str_equal (rates[kind].type, type))
    kind++;
  for (guint i = 0; i < FV_MAX_ACCESSES; i++)
    bytes += (double)dispatch->reads[i].size + (double)dispatch->writes[i].size;
  return device->slowness * (COMMAND_SECONDS + dispatch->flops / rates[kind].flops + bytes / rates[kind].bytes);
}

typedef struct
{
  GArray *pieces;
  double bound;
  double sum; /* of the last submission */
} Cutter;

static void
append (Cutter *self, FvPiece piece)
{
  const FvPiece *last = self->pieces->len > 0 ? &g_array_index (self->pieces, FvPiece, self->pieces->len - 1) : NULL;

  piece.submission = last != NULL ? last->submission : 0;
  if (self->bound > 0 && last != NULL && self->sum + piece.seconds > self->bound)
    {
      piece.submission++;
      self->sum = 0;
    }
  self->sum += piece.seconds;
  g_array_append_val (self->pieces, piece);
}

/* Halves along the longest side until it fits. */
static void
cut (Cutter *self, FvPiece piece)
{
  guint axis = 2;
  FvPiece rest = piece;

  for (guint i = 0; i < 2; i++)
    if (piece.groups[i] > piece.groups[axis])
      axis = i;
  if (self->bound <= 0 || piece.seconds <= self->bound || piece.groups[axis] == 1)
    {
      append (self, piece);
      return;
    }
  piece.groups[axis] /= 2;
  rest.groups[axis] -= piece.groups[axis];
  rest.base[axis] += piece.groups[axis];
  piece.seconds *= (double)piece.groups[axis] / (piece.groups[axis] + rest.groups[axis]);
  rest.seconds -= piece.seconds;
  cut (self, piece);
  cut (self, rest);
}

/* Of the last submission so far. */
static double
sum_seconds (GArray *pieces)
{
  const guint last = pieces->len > 0 ? g_array_index (pieces, FvPiece, pieces->len - 1).submission : 0;
  double sum = 0;

  for (guint i = pieces->len; i > 0 && g_array_index (pieces, FvPiece, i - 1).submission == last; i--)
    sum += g_array_index (pieces, FvPiece, i - 1).seconds;
  return sum;
}

void
fv_pieces_append (GArray *pieces, guint command, const guint32 groups[3], double seconds, double bound)
{
  Cutter cutter = { .pieces = pieces, .bound = bound, .sum = bound > 0 ? sum_seconds (pieces) : 0 };
  FvPiece piece = { .command = command, .seconds = seconds };

  memcpy (piece.groups, groups, sizeof piece.groups);
  cut (&cutter, piece);
}
