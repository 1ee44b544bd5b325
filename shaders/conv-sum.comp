// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
// gradient[i] += the sum over splits of partial[split][i], in their order. Two neighbours a thread: @pairs is half the length.
layout (local_size_x = 64) in;
layout (push_constant) uniform Push { uint64_t partial, gradient; uint pairs, splits; } pc;

void
main ()
{
  const uint i = gl_GlobalInvocationID.x;
  if (i >= pc.pairs)
    return;
  uint64_t a = pc.partial + uint64_t (i) * 8ul, g = pc.gradient + uint64_t (i) * 8ul;
  vec2 sum = vec2 (0);
  for (uint s = 0; s < pc.splits; s++)
    {
      sum += load2 (a);
      a += uint64_t (pc.pairs) * 8ul;
    }
  store2 (g, load2 (g) + sum);
}
