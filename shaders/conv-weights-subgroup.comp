// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "lanes.glsl"
#include "conv-weights.glsl"
// A convolution's weight gradient for CPU drivers: partial[split][tap][ci][co] = sum over the split's pixels of x[pixel at tap, ci] * dy[pixel, co].
//
// [tap][ci] counts as one dimension, the rows. A subgroup makes ROWS of them, which may be of several taps, times VECTORS * WIDTH * LANES output
// channels. Output channels lie across the lanes; rows are loaded 2 neighbours a lane (64 bits), and each value is then spread over all lanes.
// As in conv-subgroup.comp a tile must be large for the price of loads, and the inner loop's body small: few pixels in a step.
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint LANES = 8;
layout (constant_id = 1) const uint ROWS = 32;     // a multiple of 2 * LANES
layout (constant_id = 2) const uint WIDTH = 2;     // neighbouring output channels of a lane: 1 or 2
layout (constant_id = 3) const uint VECTORS = 1;
layout (constant_id = 4) const uint PIXELS = 8;    // of a step
layout (constant_id = 5) const uint ROW = 0;       // a picture: the floats of a kernel row, which are neighbours and count as one tap's channels
layout (constant_id = 6) const uint FLAT = 0;      // 1 x 1 with stride 1: pixels lie as they are counted

const uint BLOCK = VECTORS * WIDTH * LANES;
const uint LOADS = ROWS / (2 * LANES);             // of a pixel
const uint COLUMNS = VECTORS * WIDTH;

void
main ()
{
  // A push constant costs a test and a branch wherever it is named.
  const uint64_t x_base = pc.x, dy_base = pc.dy, zero = pc.zero;
  const uint in_h = pc.in_h, in_w = pc.in_w, in_pitch = pc.in_pitch, out_pitch = pc.out_pitch, stride = pc.stride;
  const uint out_h = pc.out_h, out_w = pc.out_w, channels = pc.in_channels, kernel = pc.kernel;
  const uint taps_x = ROW == 0 ? kernel : 1;

  const uint lane = gl_SubgroupInvocationID, split = gl_WorkGroupID.y;
  const uint columns = pc.out_channels / BLOCK, column = gl_WorkGroupID.x % columns * BLOCK;
  const uint first_row = gl_WorkGroupID.x / columns * ROWS, n_rows = kernel * taps_x * channels;

  // Where the lane's rows lie, seen from the pixel of the first tap.
  int ky[LOADS], kx[LOADS];
  uint x_lane[LOADS];
  [[unroll]] for (uint g = 0; g < LOADS; g++)
    {
      uint row = first_row + g * 2 * LANES + lane * 2, tap = row / channels, channel = row - tap * channels;
      ky[g] = int (tap / taps_x) - int (pc.padding);
      kx[g] = int (tap % taps_x) - int (pc.padding);
      x_lane[g] = uint (ky[g] * int (in_w) + kx[g]) * in_pitch + channel;
      if (row >= n_rows)
        ky[g] = -0x10000000;
    }

  float sum[ROWS * COLUMNS];
  [[unroll]] for (uint i = 0; i < ROWS * COLUMNS; i++)
    sum[i] = 0;

  const uint start = split * pc.slice, end = min (start + pc.slice, pc.n * out_h * out_w);
  const uint64_t dy_lane = at (dy_base, column + lane * WIDTH);
  Place place = place_at (start);
  [[dont_unroll]] for (uint pixel = start; pixel < end; pixel += PIXELS)
    {
      float x[PIXELS * LOADS * 2], dy[PIXELS * COLUMNS];
      [[unroll]] for (uint p = 0; p < PIXELS; p++)
        {
          const bool there = pixel + p < end;
          const uint iy = place.y * stride, ix = place.x * stride;
          const uint from = FLAT != 0 ? (pixel + p) * in_pitch : ((place.n * in_h + iy) * in_w + ix) * in_pitch;
          [[unroll]] for (uint g = 0; g < LOADS; g++)
            {
              bool inside = there && (FLAT != 0 ? ky[g] == 0 : iy + uint (ky[g]) < in_h && ix + uint (kx[g]) < in_w);
              vec2 v = load2 (inside ? at (x_base, from + x_lane[g]) : zero);
              x[(p * LOADS + g) * 2] = v.x;
              x[(p * LOADS + g) * 2 + 1] = v.y;
            }
          uint64_t a = there ? dy_lane + uint64_t ((pixel + p) * out_pitch) * 4ul : zero;
          [[unroll]] for (uint v = 0; v < VECTORS; v++)
            {
              uint i = p * COLUMNS + v * WIDTH;
              if (WIDTH == 2)
                {
                  vec2 pair = load2 (a + v * LANES * WIDTH * 4);
                  dy[i] = pair.x;
                  dy[i + WIDTH - 1] = pair.y;
                }
              else
                dy[i] = load (a + v * LANES * WIDTH * 4);
            }
          if (FLAT == 0)
            advance (place, Place (0, 0, 1), out_h, out_w);
        }
      KEEP_IN_MEMORY (x, in_h, in_w);

      [[unroll]] for (uint r = 0; r < ROWS; r++)
        [[unroll]] for (uint p = 0; p < PIXELS; p++)
          {
            float value = lane_value (x[(p * LOADS + r / (2 * LANES)) * 2 + r % 2], r % (2 * LANES) / 2);
            [[unroll]] for (uint c = 0; c < COLUMNS; c++)
              sum[r * COLUMNS + c] = fma (value, dy[p * COLUMNS + c], sum[r * COLUMNS + c]);
          }
    }

  uint64_t a = pc.partial + uint64_t (split * n_rows + first_row) * uint64_t (pc.out_channels * 4) + uint64_t ((column + lane * WIDTH) * 4);
  [[unroll]] for (uint r = 0; r < ROWS; r++)
    if (first_row + r < n_rows)
      {
        [[unroll]] for (uint v = 0; v < VECTORS; v++)
          {
            uint s = r * COLUMNS + v * WIDTH;
            uint64_t b = a + uint64_t (r * pc.out_channels * 4) + v * LANES * WIDTH * 4;
            if (WIDTH == 2)
              store2 (b, vec2 (sum[s], sum[s + WIDTH - 1]));
            else
              store (b, sum[s]);
          }
      }
}
