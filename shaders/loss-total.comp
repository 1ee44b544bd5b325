#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// The three losses from the heads' partial sums: one workgroup, so that the order of the sums is fixed.
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"

layout (local_size_x = 64) in;

layout (push_constant, scalar) uniform Push {
  uint64_t partials;     // float [n_partials[0] + n_partials[1] + n_partials[2]][3]
  uint64_t counts;       // uint [3]
  uint64_t result;       // FvLossResult
  uint n_partials[3];
  vec3 scale[3];         // of each head's sums; those of box and class are still to be divided by the matches
};

shared vec3 sums[64];

void main ()
{
  const uint lane = gl_LocalInvocationID.x;
  vec3 losses = vec3 (0.0);
  uint64_t from = partials;
  for (uint head = 0u; head < 3u; head++)
    {
      vec3 sum = vec3 (0.0);
      for (uint i = lane; i < n_partials[head]; i += 64u)
        sum += vec3 (load (at (from, i * 3u)), load (at (from, i * 3u + 1u)), load (at (from, i * 3u + 2u)));
      sums[lane] = sum;
      barrier ();
      for (uint step = 32u; step > 0u; step >>= 1)
        {
          if (lane < step)
            sums[lane] += sums[lane + step];
          barrier ();
        }
      const uint n = load_uint (at (counts, head));
      const float matches = float (max (n, 1u));
      losses += sums[0] * scale[head] / vec3 (matches, 1.0, matches);
      barrier ();
      if (lane == head)
        store_uint (at (result, 3u + head), n);
      from = at (from, n_partials[head] * 3u);
    }
  if (lane == 0u)
    {
      store (result, losses.x);
      store (at (result, 1), losses.y);
      store (at (result, 2), losses.z);
    }
}
