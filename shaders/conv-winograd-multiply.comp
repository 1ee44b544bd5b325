// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "lanes.glsl"
// m[position] = v[position] u[position] for CPU drivers, as conv-subgroup.comp multiplies: a subgroup makes TILES tiles by VECTORS * LANES
// output channels, which lie across the lanes, of one position.
//
// Two neighbours are written with one access: of WIDTH 2 output channels, m[position][tile][output]; of WIDTH 1 tiles,
// m[position][tile / 2][output][tile % 2].
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint LANES = 16;
layout (constant_id = 1) const uint TILES = 32;
layout (constant_id = 2) const uint WIDTH = 2;     // neighbouring output channels of a lane: 1 or 2
layout (constant_id = 3) const uint VECTORS = 2;   // a multiple of WIDTH
layout (constant_id = 4) const uint DEPTH = 16;    // input channels of a step, at most 2 * LANES; divides IN
layout (constant_id = 5) const uint IN = 16;
layout (constant_id = 6) const uint OUT = 32;
layout (push_constant) uniform Push
{
  uint64_t v, u, m;
  uint plane;                   // tiles of a position
} pc;

const uint BLOCK = VECTORS * LANES;
const uint SPAN = DEPTH / 2;                       // lanes of a tile in a load of pairs of channels
const uint SHARE = LANES / SPAN;                   // tiles in it
const uint GROUP = 4;                              // tiles that share a weight while it is in a register

void
main ()
{
  const uint lane = gl_SubgroupInvocationID, block = gl_WorkGroupID.y, position = gl_WorkGroupID.z;
  const uint plane = pc.plane;
  const uint tile = gl_WorkGroupID.x * TILES;
  uint64_t v = pc.v + (uint64_t (position * plane + tile + lane / SPAN) * IN + lane % SPAN * 2) * 4ul;
  uint64_t u = pc.u + (uint64_t (position * (IN / 2)) * OUT + block * BLOCK + lane * WIDTH) * 8ul;

  float sum[TILES * VECTORS];
  [[unroll]] for (uint i = 0; i < TILES * VECTORS; i++)
    sum[i] = 0;
  [[dont_unroll]] for (uint c = 0; c < IN; c += DEPTH)
    {
      float x[TILES / SHARE * 2];
      [[unroll]] for (uint g = 0; g < TILES / SHARE; g++)
        {
          vec2 pair = load2 (v + g * SHARE * IN * 4);
          x[g * 2] = pair.x;
          x[g * 2 + 1] = pair.y;
        }
      KEEP_IN_MEMORY (x, plane, tile);
      float w[DEPTH * VECTORS];
      [[unroll]] for (uint d = 0; d < DEPTH; d += 2)
        [[unroll]] for (uint k = 0; k < VECTORS; k++)
          {
            vec2 pair = load2 (u + (d / 2 * OUT + k / WIDTH * WIDTH * LANES + k % WIDTH) * 8);
            w[d * VECTORS + k] = pair.x;
            w[(d + 1) * VECTORS + k] = pair.y;
          }
      [[unroll]] for (uint g = 0; g < TILES; g += GROUP)
        [[unroll]] for (uint d = 0; d < DEPTH; d++)
          [[unroll]] for (uint q = 0; q < GROUP; q++)
            {
              uint p = g + q;
              float value = lane_value (x[p / SHARE * 2 + d % 2], p % SHARE * SPAN + d / 2);
              [[unroll]] for (uint k = 0; k < VECTORS; k++)
                sum[p * VECTORS + k] += value * w[d * VECTORS + k];
            }
      v += DEPTH * 4;
      u += DEPTH / 2 * OUT * 8;
    }

  uint64_t m = pc.m + (uint64_t (position * plane + tile) * OUT + (block * BLOCK + lane * WIDTH) * 2 / WIDTH) * 4ul;
  if (WIDTH == 2)
    {
      [[unroll]] for (uint p = 0; p < TILES; p++)
        [[unroll]] for (uint k = 0; k < VECTORS; k += 2)
          store2 (m + (p * OUT + k * LANES) * 4, vec2 (sum[p * VECTORS + k], sum[p * VECTORS + k + WIDTH - 1]));
    }
  else
    {
      [[unroll]] for (uint p = 0; p < TILES; p += 2)
        [[unroll]] for (uint k = 0; k < VECTORS; k++)
          store2 (m + (p * OUT + k * LANES * 2) * 4, vec2 (sum[p * VECTORS + k], sum[(p + 1) * VECTORS + k]));
    }
}
