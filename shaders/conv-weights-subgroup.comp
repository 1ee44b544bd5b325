// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "lanes.glsl"
#include "conv-weights.glsl"
// A convolution's weight gradient for CPU drivers: partial[split][tap][ci][co] = sum over the split's pixels of x[pixel at tap, ci] * dy[pixel, co].
//
// A subgroup makes ROWS input channels times VECTORS * WIDTH * LANES output channels of one tap. Output channels lie across the lanes;
// input channels are loaded 2 neighbours a lane (64 bits, one or two pixels in a load), and each value is then spread over all lanes.
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint LANES = 8;
layout (constant_id = 1) const uint ROWS = 16;     // input channels, LANES or 2 * LANES
layout (constant_id = 2) const uint WIDTH = 2;     // neighbouring output channels of a lane: 1 or 2
layout (constant_id = 3) const uint VECTORS = 1;
layout (constant_id = 4) const uint ROW = 0;       // a picture: the floats of a kernel row, which are neighbours; in_channels is all of the kernel

const uint SHARE = 2 * LANES / ROWS;               // pixels in one load of 2 input channels a lane
const uint SPAN = LANES / SHARE;                   // lanes of a pixel in it
const uint BLOCK = VECTORS * WIDTH * LANES;
const uint GROUP = 4;                              // input channels whose sums are in registers together
const uint NOWHERE = ~0u;

void
main ()
{
  const uint lane = gl_SubgroupInvocationID, split = gl_WorkGroupID.y;
  uint r = gl_WorkGroupID.x;
  const uint columns = pc.out_channels / BLOCK, rows = pc.in_channels / ROWS;
  const uint column = r % columns * BLOCK;
  r /= columns;
  const uint row = r % rows * ROWS, tap = r / rows;
  const int ky = int (tap / pc.kernel) - int (pc.padding), kx = int (tap % pc.kernel) - int (pc.padding);

  uint k = row + lane % SPAN * 2;
  const uint64_t x_lane = uint64_t (ROW == 0 ? k : k / max (ROW, 1) * pc.in_w * pc.in_pitch + k % max (ROW, 1)) * 4ul;
  const uint64_t dy_lane = uint64_t (column + lane * WIDTH) * 4ul;

  uint touched = 0;                                // what loads ahead of time have read, to no end
  float sum[ROWS * VECTORS * WIDTH];
  [[unroll]] for (uint i = 0; i < ROWS * VECTORS * WIDTH; i++)
    sum[i] = 0;

  // Lanes work out the places of LANES pixels at once.
  const uint end = min ((split + 1) * pc.slice, pc.n * pc.out_h * pc.out_w);
  uint pixel = split * pc.slice + lane;
  Place place = place_at (pixel);
  const Place by = place_at (LANES);
  [[dont_unroll]] for (uint start = split * pc.slice; start < end; start += LANES)
    {
      int iy = int (place.y * pc.stride) + ky, ix = int (place.x * pc.stride) + kx;
      bool inside = pixel < end && uint (iy) < pc.in_h && uint (ix) < pc.in_w;
      uint x_at = inside ? ((place.n * pc.in_h + uint (iy)) * pc.in_w + uint (ix)) * pc.in_pitch : NOWHERE;
      uint dy_at = pixel < end ? pixel * pc.out_pitch : NOWHERE;

      // A load of a pixel fetches one line of the cache, and few of them are on their way at once: ask for LANES lines in one go first.
      [[unroll]] for (uint i = 0; i < ROWS; i += 16)
        touched |= load_uint (x_at == NOWHERE ? pc.zero : at (pc.x, x_at + (ROW == 0 ? row + i : 0)));
      [[unroll]] for (uint i = 0; i < BLOCK; i += 16)
        touched |= load_uint (dy_at == NOWHERE ? pc.zero : at (pc.dy, dy_at + column + i));

      float x[LANES / SHARE * 2], dy[LANES * VECTORS * WIDTH];
      [[unroll]] for (uint g = 0; g < LANES / SHARE; g++)
        {
          uint o = lane_value (x_at, g * SHARE);
          if (SHARE == 2)
            o = lane < SPAN ? o : lane_value (x_at, g * SHARE + SHARE - 1);
          vec2 v = load2 ((o == NOWHERE ? pc.zero : at (pc.x, o)) + x_lane);
          x[g * 2] = v.x;
          x[g * 2 + 1] = v.y;
        }
      [[unroll]] for (uint p = 0; p < LANES; p++)
        {
          uint o = lane_value (dy_at, p);
          uint64_t a = (o == NOWHERE ? pc.zero : at (pc.dy, o)) + dy_lane;
          [[unroll]] for (uint v = 0; v < VECTORS; v++)
            {
              uint i = (p * VECTORS + v) * WIDTH;
              if (WIDTH == 2)
                {
                  vec2 pair = load2 (a + v * LANES * WIDTH * 4);
                  dy[i] = pair.x;
                  dy[i + WIDTH - 1] = pair.y;
                }
              else
                dy[i] = load (a + v * LANES * WIDTH * 4);
            }
        }
      KEEP_IN_MEMORY (x, pc.n, pc.in_h);

      [[unroll]] for (uint g = 0; g < ROWS; g += GROUP)
        [[unroll]] for (uint p = 0; p < LANES; p++)
          [[unroll]] for (uint q = 0; q < GROUP; q++)
            {
              uint i = g + q;
              float value = lane_value (x[p / SHARE * 2 + i % 2], p % SHARE * SPAN + i / 2);
              [[unroll]] for (uint c = 0; c < VECTORS * WIDTH; c++)
                sum[i * VECTORS * WIDTH + c] += value * dy[p * VECTORS * WIDTH + c];
            }

      pixel += LANES;
      advance (place, by);
    }

  if (pc.n == 0) // never
    store_uint (pc.partial, touched);
  uint64_t a = pc.partial + uint64_t ((split * pc.kernel * pc.kernel + tap) * pc.in_channels + row) * uint64_t (pc.out_channels * 4) + dy_lane;
  [[unroll]] for (uint i = 0; i < ROWS; i++)
    {
      [[unroll]] for (uint v = 0; v < VECTORS; v++)
        {
          uint s = (i * VECTORS + v) * WIDTH;
          if (WIDTH == 2)
            store2 (a + v * LANES * WIDTH * 4, vec2 (sum[s], sum[s + WIDTH - 1]));
          else
            store (a + v * LANES * WIDTH * 4, sum[s]);
        }
      a += uint64_t (pc.out_channels * 4);
    }
}
