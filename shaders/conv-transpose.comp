// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
// Weights [taps][rows][columns] -> [taps][columns][rows], for backward by data: a thread for each element written.
layout (local_size_x = 64) in;
layout (push_constant) uniform Push { uint64_t from, to; uint taps, rows, columns; } pc;

void
main ()
{
  const uint i = gl_GlobalInvocationID.x, of_tap = pc.rows * pc.columns, tap = i / of_tap;
  if (tap >= pc.taps)
    return;
  const uint r = i - tap * of_tap, column = r / pc.rows, row = r - column * pc.rows;
  store (at (pc.to, i), load (at (pc.from, tap * of_tap + row * pc.columns + column)));
}
