// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "lanes.glsl"
#include "conv.glsl"
// Convolution as a gather (conv.glsl) for CPU drivers, where lanes are the elements of a register and a branch costs both sides.
//
// A subgroup makes PIXELS pixels, in the flat order of [n, oy, ox], times VECTORS * WIDTH * LANES output channels, lane by lane WIDTH of them.
// Weights lie across the lanes. Pixels are loaded DEPTH channels at a time, 2 neighbours a lane (64 bits, one or two pixels in a load), and
// each value is then spread over all lanes.
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint LANES = 8;
layout (constant_id = 1) const uint PIXELS = 32;
layout (constant_id = 2) const uint WIDTH = 2;     // neighbouring output channels of a lane: 1 or 2
layout (constant_id = 3) const uint VECTORS = 1;
layout (constant_id = 4) const uint DEPTH = 8;     // input channels of a step, LANES or 2 * LANES; divides IN
layout (constant_id = 5) const uint IN = 16;
layout (constant_id = 6) const uint OUT = 16;      // floats of a row of the weights
layout (constant_id = 7) const uint ROW = 0;       // a picture: the floats of a kernel row, which are neighbours; IN is all of the kernel
layout (constant_id = 8) const uint ADD = 0;       // whether y is added to
layout (constant_id = 9) const uint SILU = 0;      // whether y goes through SiLU

const uint BLOCK = VECTORS * WIDTH * LANES;
const uint OWNED = (PIXELS + LANES - 1) / LANES;   // pixels whose coordinates a lane keeps
const uint SHARE = 2 * LANES / DEPTH;              // pixels in one load of 2 channels a lane
const uint SPAN = LANES / SHARE;                   // lanes of a pixel in it
const uint GROUP = 4;                              // pixels that share a weight while it is in a register
const uint NOWHERE = ~0u;

void
main ()
{
  const uint lane = gl_SubgroupInvocationID;
  const uint tile = gl_WorkGroupID.x + gl_WorkGroupID.y * pc.columns;
  const uint block = gl_WorkGroupID.z % (OUT / BLOCK), phase = gl_WorkGroupID.z / (OUT / BLOCK);
  const uint rest_y = phase / pc.phases, rest_x = phase % pc.phases;
  const Phase fy = phase_at (rest_y, pc.out_h), fx = phase_at (rest_x, pc.out_w);

  // Each lane works out the places of its own pixels.
  int iy[OWNED], ix[OWNED];
  uint from[OWNED], to[OWNED];
  [[unroll]] for (uint j = 0; j < OWNED; j++)
    {
      uint q = tile * PIXELS + j * LANES + lane, of_picture = fy.outputs * fx.outputs;
      uint n = q / of_picture, r = q - n * of_picture, oy = r / fx.outputs, ox = r - oy * fx.outputs;
      bool inside = n < pc.n && j * LANES + lane < PIXELS;
      iy[j] = inside ? int (oy * pc.step) + fy.base : -0x10000000;
      ix[j] = int (ox * pc.step) + fx.base;
      from[j] = (n * pc.in_h + uint (iy[j])) * pc.in_w + uint (ix[j]);
      to[j] = inside ? ((n * pc.out_h + oy * pc.phases + rest_y) * pc.out_w + ox * pc.phases + rest_x) * pc.out_pitch : NOWHERE;
    }

  uint touched = 0;                                // what loads ahead of time have read, to no end
  float sum[PIXELS * VECTORS * WIDTH];
  [[unroll]] for (uint v = 0; v < VECTORS; v++)
    {
      uint64_t a = at (pc.bias, block * BLOCK + (v * LANES + lane) * WIDTH);
      vec2 b = WIDTH == 2 ? load2 (a) : vec2 (load (a));
      [[unroll]] for (uint p = 0; p < PIXELS; p++)
        [[unroll]] for (uint k = 0; k < WIDTH; k++)
          sum[(p * VECTORS + v) * WIDTH + k] = b[k];
    }

  [[dont_unroll]] for (uint ty = 0; ty < fy.taps; ty++)
  [[dont_unroll]] for (uint tx = 0; tx < fx.taps; tx++)
    {
      int dy = pc.direction * int (ty), dx = pc.direction * int (tx);
      uint offset[OWNED];
      [[unroll]] for (uint j = 0; j < OWNED; j++)
        {
          bool inside = uint (iy[j] + dy) < pc.in_h && uint (ix[j] + dx) < pc.in_w;
          offset[j] = inside ? (from[j] + uint (dy * int (pc.in_w) + dx)) * pc.in_pitch : NOWHERE;
        }
      uint64_t pixel[PIXELS / SHARE];
      [[unroll]] for (uint g = 0; g < PIXELS / SHARE; g++)
        {
          uint p = g * SHARE, o = lane_value (offset[p / LANES], p % LANES);
          if (SHARE == 2)
            o = lane < SPAN ? o : lane_value (offset[p / LANES], p % LANES + SHARE - 1);
          pixel[g] = o == NOWHERE ? pc.zero : at (pc.x, o);
        }

      uint tap = (fy.first + ty * pc.phases) * pc.kernel + fx.first + tx * pc.phases;
      uint64_t weights = at (pc.w, tap * IN * OUT + block * BLOCK + lane * WIDTH);
      [[dont_unroll]] for (uint c = 0; c < IN; c += DEPTH)
        {
          uint k = c + lane % SPAN * 2;
          uint64_t channel = uint64_t (ROW == 0 ? k : k / max (ROW, 1) * pc.in_w * pc.in_pitch + k % max (ROW, 1)) * 4ul;
          // A load of a pixel fetches one line of the cache, and few of them are on their way at once: ask for LANES lines in one go first.
          [[unroll]] for (uint j = 0; j < OWNED; j++)
            touched |= load_uint ((offset[j] == NOWHERE ? pc.zero : at (pc.x, offset[j])) + uint64_t (c * 4));
          float x[PIXELS / SHARE * 2];
          [[unroll]] for (uint g = 0; g < PIXELS / SHARE; g++)
            {
              vec2 v = load2 (pixel[g] + channel);
              x[g * 2] = v.x;
              x[g * 2 + 1] = v.y;
            }
          KEEP_IN_MEMORY (x, pc.n, pc.in_h);

          [[unroll]] for (uint part = 0; part < DEPTH / LANES; part++)
            {
              float w[LANES * VECTORS * WIDTH];
              [[unroll]] for (uint d = 0; d < LANES; d++)
                {
                  [[unroll]] for (uint v = 0; v < VECTORS; v++)
                    {
                      uint64_t a = weights + v * LANES * WIDTH * 4;
                      uint i = (d * VECTORS + v) * WIDTH;
                      if (WIDTH == 2)
                        {
                          vec2 pair = load2 (a);
                          w[i] = pair.x;
                          w[i + WIDTH - 1] = pair.y;
                        }
                      else
                        w[i] = load (a);
                    }
                  weights += uint64_t (OUT * 4);
                }
              [[unroll]] for (uint g = 0; g < PIXELS; g += GROUP)
                [[unroll]] for (uint d = 0; d < LANES; d++)
                  [[unroll]] for (uint q = 0; q < GROUP; q++)
                    {
                      uint p = g + q;
                      uint depth = part * LANES + d;
                      float value = lane_value (x[p / SHARE * 2 + depth % 2], p % SHARE * SPAN + depth / 2);
                      [[unroll]] for (uint i = 0; i < VECTORS * WIDTH; i++)
                        sum[p * VECTORS * WIDTH + i] += value * w[d * VECTORS * WIDTH + i];
                    }
            }
        }
    }

  if (pc.n == 0) // never
    store_uint (pc.dump, touched);
  [[unroll]] for (uint p = 0; p < PIXELS; p++)
    {
      uint o = lane_value (to[p / LANES], p % LANES);
      uint64_t a = (o == NOWHERE ? pc.dump : at (pc.y, o + block * BLOCK)) + lane * WIDTH * 4;
      [[unroll]] for (uint v = 0; v < VECTORS; v++)
        {
          uint i = (p * VECTORS + v) * WIDTH;
          uint64_t b = a + v * LANES * WIDTH * 4;
          vec2 z = vec2 (sum[i], sum[i + WIDTH - 1]);
          if (SILU != 0)
            z = silu (z);
          if (WIDTH == 2)
            store2 (b, z + (ADD != 0 ? load2 (b) : vec2 (0)));
          else
            store (b, z.x + (ADD != 0 ? load (b) : 0));
        }
    }
}
