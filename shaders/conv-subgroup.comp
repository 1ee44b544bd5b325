// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "lanes.glsl"
#include "conv.glsl"
// Convolution as a gather (conv.glsl) for CPU drivers, where lanes are the elements of a register and a branch costs both sides.
//
// A subgroup makes PIXELS pixels, in the flat order of [n, oy, ox], times VECTORS * WIDTH * LANES output channels, lane by lane WIDTH of them.
// Weights lie across the lanes. Pixels are loaded DEPTH channels at a time, 2 neighbours a lane (64 bits), as many pixels in a load as
// there are lanes for, and each value is then spread over all lanes.
//
// A load costs a gather of 8 words or two whatever it loads, so that a tile must be large; but the unrolled body of the inner loop, PIXELS *
// VECTORS * WIDTH * DEPTH multiplications, must stay small enough (about 1,000) for the processor's instruction cache. Hence a small DEPTH.
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint LANES = 8;
layout (constant_id = 1) const uint PIXELS = 32;   // a multiple of LANES
layout (constant_id = 2) const uint WIDTH = 2;     // neighbouring output channels of a lane: 1 or 2
layout (constant_id = 3) const uint VECTORS = 1;
layout (constant_id = 4) const uint DEPTH = 8;     // input channels of a step, 2 to 2 * LANES; divides IN
layout (constant_id = 5) const uint IN = 16;
layout (constant_id = 6) const uint OUT = 16;      // floats of a row of the weights
layout (constant_id = 7) const uint ROW = 0;       // a picture: the floats of a kernel row, which are neighbours; IN is all of the kernel
layout (constant_id = 8) const uint ADD = 0;       // whether y is added to
layout (constant_id = 9) const uint SILU = 0;      // whether y goes through SiLU
layout (constant_id = 10) const uint FLAT = 0;     // 1 x 1 with stride 1: pixels lie as they are counted

const uint BLOCK = VECTORS * WIDTH * LANES;
const uint OWNED = PIXELS / LANES;                 // pixels whose place in y a lane works out
const uint SPAN = DEPTH / 2;                       // lanes of a pixel in a load of 2 channels a lane
const uint SHARE = LANES / SPAN;                   // pixels in it
const uint LOADS = PIXELS / SHARE;
const uint ROWS = VECTORS * WIDTH;
const uint NOWHERE = ~0u;

// a / b for a < 2^31 and results below 2^21. A CPU driver divides integers lane by lane.
uint
divide (uint a, uint b)
{
  const int q = nearest (float (int (a)) / float (int (b)));
  const int r = int (a) - q * int (b);
  return uint (r < 0 ? q - 1 : r >= int (b) ? q + 1 : q);
}

struct Pixel { uint n, y, x; };

Pixel
pixel_at (uint q, uint of_picture, uint width)
{
  uint n = divide (q, of_picture), r = q - n * of_picture, y = divide (r, width);
  return Pixel (n, y, r - y * width);
}

void
main ()
{
  // A push constant costs a test and a branch wherever it is named.
  const uint64_t x_base = pc.x, y_base = pc.y, zero = pc.zero, dump = pc.dump;
  const uint n_pictures = pc.n, in_h = pc.in_h, in_w = pc.in_w, out_h = pc.out_h, out_w = pc.out_w;
  const uint in_pitch = pc.in_pitch, out_pitch = pc.out_pitch, phases = pc.phases, step = pc.step, kernel = pc.kernel;
  const int direction = pc.direction;

  const uint lane = gl_SubgroupInvocationID;
  const uint tile = gl_WorkGroupID.x + gl_WorkGroupID.y * pc.columns;
  const uint block = gl_WorkGroupID.z % (OUT / BLOCK), phase = gl_WorkGroupID.z / (OUT / BLOCK);
  const uint rest_y = phase / phases, rest_x = phase % phases;
  const Phase fy = phase_at (rest_y, out_h), fx = phase_at (rest_x, out_w);
  const uint of_picture = fy.outputs * fx.outputs;

  // The pixels of each load: where the first tap meets them.
  int iy[LOADS], ix[LOADS];
  uint from[LOADS];
  [[unroll]] for (uint g = 0; g < LOADS; g++)
    {
      uint q = tile * PIXELS + g * SHARE + lane / SPAN;
      if (FLAT != 0)
        from[g] = q < n_pictures * of_picture ? q * in_pitch : NOWHERE;
      else
        {
          Pixel o = pixel_at (q, of_picture, fx.outputs);
          iy[g] = o.n < n_pictures ? int (o.y * step) + fy.base : -0x10000000;
          ix[g] = int (o.x * step) + fx.base;
          from[g] = (o.n * in_h + uint (iy[g])) * in_w + uint (ix[g]);
        }
    }

  float sum[PIXELS * ROWS];
  [[unroll]] for (uint v = 0; v < VECTORS; v++)
    {
      uint64_t a = at (pc.bias, block * BLOCK + (v * LANES + lane) * WIDTH);
      vec2 b = WIDTH == 2 ? load2 (a) : vec2 (load (a));
      [[unroll]] for (uint p = 0; p < PIXELS; p++)
        [[unroll]] for (uint k = 0; k < WIDTH; k++)
          sum[p * ROWS + v * WIDTH + k] = b[k];
    }

  const uint64_t w_base = at (pc.w, block * BLOCK + lane * WIDTH);
  const uint taps_y = FLAT != 0 ? 1 : fy.taps, taps_x = FLAT != 0 ? 1 : fx.taps;
  uint touched = 0;                                // what loads ahead of time have read, to no end
  [[dont_unroll]] for (uint ty = 0; ty < taps_y; ty++)
  [[dont_unroll]] for (uint tx = 0; tx < taps_x; tx++)
    {
      int dy = direction * int (ty), dx = direction * int (tx);
      uint64_t pixel[LOADS];
      [[unroll]] for (uint g = 0; g < LOADS; g++)
        {
          bool inside = FLAT != 0 ? from[g] != NOWHERE : uint (iy[g] + dy) < in_h && uint (ix[g] + dx) < in_w;
          uint o = FLAT != 0 ? from[g] : (from[g] + uint (dy * int (in_w) + dx)) * in_pitch;
          pixel[g] = inside ? at (x_base, o) : zero;
        }
      // A load of few pixels fetches few lines of the cache, and waits for them: ask for one or two lines of every pixel in one go first.
      if (ROW == 0)
        [[dont_unroll]] for (uint c = 0; c < IN; c += SPAN * 16)
          [[unroll]] for (uint g = 0; g < LOADS; g++)
            touched |= load_uint (pixel[g] + uint64_t (min (c + lane % SPAN * 16, IN - 16) * 4));

      uint tap = (fy.first + ty * phases) * kernel + fx.first + tx * phases;
      uint64_t weights = at (w_base, tap * IN * OUT);
      [[dont_unroll]] for (uint c = 0; c < IN; c += DEPTH)
        {
          uint k = c + lane % SPAN * 2;             // the lane's first channel
          uint64_t channel = uint64_t (ROW == 0 ? k : k / max (ROW, 1) * in_w * in_pitch + k % max (ROW, 1)) * 4ul;
          float x[LOADS * 2];
          [[unroll]] for (uint g = 0; g < LOADS; g++)
            {
              vec2 v = load2 (pixel[g] + channel);
              x[g * 2] = v.x;
              x[g * 2 + 1] = v.y;
            }
          KEEP_IN_MEMORY (x, n_pictures, in_h);
          float w[DEPTH * ROWS];
          [[unroll]] for (uint d = 0; d < DEPTH; d++)
            {
              [[unroll]] for (uint v = 0; v < VECTORS; v++)
                {
                  uint64_t a = weights + v * LANES * WIDTH * 4;
                  uint i = d * ROWS + v * WIDTH;
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
          [[unroll]] for (uint p = 0; p < PIXELS; p++)
            [[unroll]] for (uint d = 0; d < DEPTH; d++)
              {
                float value = lane_value (x[p / SHARE * 2 + d % 2], p % SHARE * SPAN + d / 2);
                [[unroll]] for (uint i = 0; i < ROWS; i++)
                  sum[p * ROWS + i] = fma (value, w[d * ROWS + i], sum[p * ROWS + i]);
              }
        }
    }

  if (n_pictures == 0) // never
    store_uint (dump, touched);
  const uint64_t lanes = uint64_t (block * BLOCK + lane * WIDTH) * 4ul;
  uint to[OWNED];
  [[unroll]] for (uint j = 0; j < OWNED; j++)
    {
      uint q = tile * PIXELS + j * LANES + lane;
      Pixel o = Pixel (0, 0, 0);
      if (FLAT == 0)
        o = pixel_at (q, of_picture, fx.outputs);
      uint place = FLAT != 0 ? q : (o.n * out_h + o.y * phases + rest_y) * out_w + o.x * phases + rest_x;
      to[j] = q < n_pictures * of_picture ? place * out_pitch : NOWHERE;
    }
  [[unroll]] for (uint p = 0; p < PIXELS; p++)
    {
      uint o = lane_value (to[p / LANES], p % LANES);
      uint64_t a = (o == NOWHERE ? dump : at (y_base, o)) + lanes;
      [[unroll]] for (uint v = 0; v < VECTORS; v++)
        {
          uint i = p * ROWS + v * WIDTH;
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
