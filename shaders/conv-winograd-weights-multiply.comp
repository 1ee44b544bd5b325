// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "lanes.glsl"
// u[position][input][output] = the sum over tiles of v[position][tile][input] m[position][tile][output] for CPU drivers: a subgroup makes
// ROWS input channels by VECTORS * LANES output channels, which lie across the lanes, of one position, summing over STEP tiles at a time.
// Of WIDTH 1, m is [position][tile / 2][output][tile % 2].
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint LANES = 16;
layout (constant_id = 1) const uint ROWS = 32;     // at most 2 * LANES; divides IN
layout (constant_id = 2) const uint WIDTH = 2;     // neighbouring output channels of a lane: 1 or 2
layout (constant_id = 3) const uint VECTORS = 2;   // a multiple of WIDTH
layout (constant_id = 4) const uint STEP = 16;
layout (constant_id = 5) const uint IN = 32;
layout (constant_id = 6) const uint OUT = 32;
layout (constant_id = 7) const uint ADD = 0;       // whether u is added to
layout (push_constant) uniform Push
{
  uint64_t v, m, u;
  uint plane;                   // tiles of a position, a multiple of STEP
} pc;

const uint BLOCK = VECTORS * LANES;
const uint SPAN = ROWS / 2;                        // lanes of a tile in a load of pairs of channels
const uint SHARE = LANES / SPAN;                   // tiles in it
const uint GROUP = 4;                              // rows that share a value while it is in a register

void
main ()
{
  const uint lane = gl_SubgroupInvocationID, row = gl_WorkGroupID.x * ROWS, column = gl_WorkGroupID.y * BLOCK, position = gl_WorkGroupID.z;
  const uint plane = pc.plane;
  uint64_t v = pc.v + (uint64_t (position * plane + lane / SPAN) * IN + row + lane % SPAN * 2) * 4ul;
  uint64_t m = pc.m + (uint64_t (position * plane) * OUT + (column + lane * WIDTH) * 2 / WIDTH) * 4ul;

  float sum[ROWS * VECTORS];
  [[unroll]] for (uint i = 0; i < ROWS * VECTORS; i++)
    sum[i] = 0;
  [[dont_unroll]] for (uint t = 0; t < plane; t += STEP)
    {
      float x[STEP / SHARE * 2];
      [[unroll]] for (uint g = 0; g < STEP / SHARE; g++)
        {
          vec2 pair = load2 (v + g * SHARE * IN * 4);
          x[g * 2] = pair.x;
          x[g * 2 + 1] = pair.y;
        }
      KEEP_IN_MEMORY (x, plane, row);
      float y[STEP * VECTORS];
      if (WIDTH == 2)
        {
          [[unroll]] for (uint p = 0; p < STEP; p++)
            [[unroll]] for (uint k = 0; k < VECTORS; k += 2)
              {
                vec2 pair = load2 (m + (p * OUT + k * LANES) * 4);
                y[p * VECTORS + k] = pair.x;
                y[p * VECTORS + k + WIDTH - 1] = pair.y;
              }
        }
      else
        {
          [[unroll]] for (uint p = 0; p < STEP; p += 2)
            [[unroll]] for (uint k = 0; k < VECTORS; k++)
              {
                vec2 pair = load2 (m + (p * OUT + k * LANES * 2) * 4);
                y[p * VECTORS + k] = pair.x;
                y[(p + 1) * VECTORS + k] = pair.y;
              }
        }
      [[unroll]] for (uint g = 0; g < ROWS; g += GROUP)
        [[unroll]] for (uint p = 0; p < STEP; p++)
          [[unroll]] for (uint q = 0; q < GROUP; q++)
            {
              uint r = g + q;
              float value = lane_value (x[p / SHARE * 2 + r % 2], p % SHARE * SPAN + r / 2);
              [[unroll]] for (uint k = 0; k < VECTORS; k++)
                sum[r * VECTORS + k] += value * y[p * VECTORS + k];
            }
      v += STEP * IN * 4;
      m += STEP * OUT * 4;
    }

  const uint64_t u = pc.u + (uint64_t (position * IN + row) * OUT + column + lane * WIDTH) * 4ul;
  [[unroll]] for (uint r = 0; r < ROWS; r++)
    [[unroll]] for (uint k = 0; k < VECTORS; k += WIDTH)
      {
        uint64_t a = u + (r * OUT + k * LANES) * 4;
        uint i = r * VECTORS + k;
        if (WIDTH == 2)
          store2 (a, vec2 (sum[i], sum[i + WIDTH - 1]) + (ADD != 0 ? load2 (a) : vec2 (0)));
        else
          store (a, sum[i] + (ADD != 0 ? load (a) : 0));
      }
}
