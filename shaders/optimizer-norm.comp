#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// Sums of squares of a run of gradients, one for each workgroup.
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "optimizer.glsl"

layout (push_constant, scalar) uniform Push {
  uint64_t gradients;
  uint64_t partials;   // float [workgroups]
  uint n;              // floats
};

shared float sums[64];

void main ()
{
  const uint lane = gl_LocalInvocationID.x;
  const uint begin = gl_WorkGroupID.x * BLOCK, end = min (begin + BLOCK, n);
  vec2 sum = vec2 (0.0);
  for (uint i = begin + lane * 2u; i < end; i += 128u)
    {
      const vec2 g = load2 (at (gradients, i));
      sum += g * g;
    }
  sums[lane] = sum.x + sum.y;
  barrier ();
  for (uint step = 32u; step > 0u; step >>= 1)
    {
      if (lane < step)
        sums[lane] += sums[lane + step];
      barrier ();
    }
  if (lane == 0u)
    store (at (partials, gl_WorkGroupID.x), sums[0]);
}
