// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "winograd.glsl"
// gradient[tap][input][output] += G^T u G of u[position][input][output]: a thread for each pair of neighbours.
layout (local_size_x_id = 0) in;
layout (push_constant) uniform Push { uint64_t u, gradient; uint pairs; } pc;

void
main ()
{
  const uint i = gl_GlobalInvocationID.x;
  const uint64_t plane = uint64_t (pc.pairs) * 8ul;
  if (i >= pc.pairs)
    return;
  const uint64_t from = pc.u + uint64_t (i) * 8ul, to = pc.gradient + uint64_t (i) * 8ul;
  vec2 half_way[18];
  [[unroll]] for (uint k = 0; k < SIDE; k++)
    {
      vec2 column[6], g[3];
      [[unroll]] for (uint r = 0; r < SIDE; r++)
        column[r] = load2 (from + (r * SIDE + k) * plane);
      gather_weights (column, g);
      [[unroll]] for (uint t = 0; t < 3; t++)
        half_way[t * 6 + k] = g[t];
    }
  [[unroll]] for (uint t = 0; t < 3; t++)
    {
      vec2 row[6], g[3];
      [[unroll]] for (uint k = 0; k < SIDE; k++)
        row[k] = half_way[t * 6 + k];
      gather_weights (row, g);
      [[unroll]] for (uint k = 0; k < 3; k++)
        {
          uint64_t a = to + (t * 3 + k) * plane;
          store2 (a, load2 (a) + g[k]);
        }
    }
}
