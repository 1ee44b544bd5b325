// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "winograd.glsl"
// u[position][input / 2][output][input % 2] = G g G^T of the weights: a thread for each pair of inputs and output. Backward by data inputs and
// outputs change places, and taps are counted from the end.
layout (local_size_x_id = 0) in;
layout (push_constant) uniform Push
{
  uint64_t w, u;
  uint inputs, outputs;         // channels of u
  uint backward;
} pc;

void
main ()
{
  const uint inputs = pc.inputs, outputs = pc.outputs;
  const bool backward = pc.backward != 0;
  const uint i = gl_GlobalInvocationID.x, pair = i / outputs, o = i - pair * outputs;
  if (pair >= inputs / 2)
    return;
  const uint64_t tap = uint64_t (inputs * outputs) * 4ul;
  const uint64_t from = at (pc.w, backward ? o * inputs + pair * 2 : pair * 2 * outputs + o);
  const uint64_t next = backward ? 4ul : uint64_t (outputs) * 4ul;

  vec2 g[9];
  [[unroll]] for (uint t = 0; t < 9; t++)
    {
      uint64_t a = from + (backward ? 8 - t : t) * tap;
      g[t] = vec2 (load (a), load (a + next));
    }
  vec2 rows[18];
  [[unroll]] for (uint k = 0; k < 3; k++)
    {
      vec2 column[6];
      transform_weights (g[k], g[3 + k], g[6 + k], column);
      [[unroll]] for (uint r = 0; r < SIDE; r++)
        rows[r * 3 + k] = column[r];
    }
  const uint64_t plane = uint64_t (inputs * outputs) * 4ul;
  const uint64_t to = pc.u + uint64_t (i) * 8ul;
  [[unroll]] for (uint r = 0; r < SIDE; r++)
    {
      vec2 row[6];
      transform_weights (rows[r * 3], rows[r * 3 + 1], rows[r * 3 + 2], row);
      [[unroll]] for (uint k = 0; k < SIDE; k++)
        store2 (to + (r * SIDE + k) * plane, row[k]);
    }
}
