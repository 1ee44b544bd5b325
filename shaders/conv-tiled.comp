// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "conv.glsl"
// Convolution as a gather (conv.glsl) for GPUs: a matrix product, pixels by output channels, summed over [tap][input channel], of which a
// workgroup stages DEPTH at a time in shared memory.
//
// While a step is multiplied the next one is on its way from memory into registers. A thread makes SIDE pixels times SIDE channels, so that
// 4 sums of products take one read of shared memory for SIDE of them: with 8, 16 reads of 16 bytes for 256 multiplications. Everything a
// thread reads is a quad of channels; the quads and pixels of neighbouring threads are neighbours.
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint THREADS = 128;  // PIXELS * CHANNELS / (SIDE * SIDE)
layout (constant_id = 1) const uint PIXELS = 128;
layout (constant_id = 2) const uint CHANNELS = 64;
layout (constant_id = 3) const uint SIDE = 8;       // a multiple of 4
layout (constant_id = 4) const uint DEPTH = 16;
layout (constant_id = 5) const uint BUFFERS = 2;    // of shared memory: with 2 a step needs one barrier

const uint DEPTH4 = DEPTH / 4, CHANNELS4 = CHANNELS / 4, SIDE4 = SIDE / 4;
const uint COLUMNS = CHANNELS / SIDE, ROWS = PIXELS / SIDE;    // threads
const uint PITCH = DEPTH4 + 1;                      // quads of a pixel: neighbouring pixels lie in other banks
const uint LOADS_X = PIXELS * DEPTH4 / THREADS, LOADS_W = (DEPTH * CHANNELS4 + THREADS - 1) / THREADS;
const uint NOWHERE = ~0u;

shared uvec4 places[PIXELS];                        // y, x and number of its input pixel at the first tap; element of the output
shared vec4 xs[BUFFERS * PIXELS * PITCH];
shared vec4 ws[BUFFERS * DEPTH * CHANNELS4];

#define thread gl_LocalInvocationIndex
#define quad (thread % DEPTH4)                      // of the input channels that a thread loads
uvec4 place[LOADS_X];
uint64_t pixel[LOADS_X];
vec4 x_next[LOADS_X], w_next[LOADS_W];

uint64_t
find_pixel (uvec4 p, uint ty, uint tx)
{
  int dy = pc.direction * int (ty), dx = pc.direction * int (tx);
  bool inside = p.x + uint (dy) < pc.in_h && p.y + uint (dx) < pc.in_w;
  return inside ? element_at (pc.x, (p.z + uint (dy * int (pc.in_w) + dx)) * pc.in_pitch) : pc.zero;
}

// The step's input, from channel @c on of the tap that pixel[] are at.
void
fetch_pixels (uint c)
{
  [[unroll]] for (uint l = 0; l < LOADS_X; l++)
    x_next[l] = load_quad (element_at (pixel[l], c + quad * 4));
}

// The same where the quads of a step are of several taps: from @k on of [tap][input channel].
void
fetch_taps (uint k)
{
  k += quad * 4;
  const uint tap = k / pc.in_channels, c = k - tap * pc.in_channels, ty = tap / pc.kernel, tx = tap - ty * pc.kernel;
  [[unroll]] for (uint l = 0; l < LOADS_X; l++)
    x_next[l] = load_quad (ty < pc.kernel ? element_at (find_pixel (place[l], ty, tx), c) : pc.zero);
}

// Of the weights, from row @row on of @rows.
void
fetch_weights (uint row, uint rows, uint channel)
{
  [[unroll]] for (uint l = 0; l < LOADS_W; l++)
    {
      uint i = l * THREADS + thread, k = i / CHANNELS4;
      bool inside = k < DEPTH && row + k < rows;
      w_next[l] = load4 (inside ? at (pc.w, (row + k) * pc.out_channels + channel + i % CHANNELS4 * 4) : pc.zero);
    }
}

void
main ()
{
  const uint blocks = pc.out_channels / CHANNELS, group = gl_WorkGroupID.x + gl_WorkGroupID.y * pc.columns;
  const uint tile = group / blocks, channel = group % blocks * CHANNELS, phase = gl_WorkGroupID.z;
  const uint rest_y = phase / pc.phases, rest_x = phase % pc.phases;
  const Phase fy = phase_at (rest_y, pc.out_h), fx = phase_at (rest_x, pc.out_w);

  for (uint p = thread; p < PIXELS; p += THREADS)
    {
      uint q = tile * PIXELS + p, of_picture = fy.outputs * fx.outputs;
      uint n = q / of_picture, r = q - n * of_picture, oy = r / fx.outputs, ox = r - oy * fx.outputs;
      uint iy = oy * pc.step + uint (fy.base), ix = ox * pc.step + uint (fx.base);
      uint to = ((n * pc.out_h + oy * pc.phases + rest_y) * pc.out_w + ox * pc.phases + rest_x) * pc.out_pitch;
      // Far enough from 0 that no tap leads back inside.
      places[p] = n < pc.n ? uvec4 (iy, ix, (n * pc.in_h + iy) * pc.in_w + ix, to) : uvec4 (0x40000000, 0, 0, NOWHERE);
    }
  barrier ();
  [[unroll]] for (uint l = 0; l < LOADS_X; l++)
    place[l] = places[l * (THREADS / DEPTH4) + thread / DEPTH4];

  const uint column = thread % COLUMNS, row = thread / COLUMNS;
  vec4 sum[SIDE * SIDE4];
  [[unroll]] for (uint j = 0; j < SIDE4; j++)
    {
      vec4 bias = load4 (at (pc.bias, channel + (j * COLUMNS + column) * 4));
      [[unroll]] for (uint i = 0; i < SIDE; i++)
        sum[i * SIDE4 + j] = bias;
    }

  // Only going forward may a step span taps, since all of them are met, one after the other.
  const bool spans = pc.in_channels % DEPTH != 0;
  const uint rows = pc.kernel * pc.kernel * pc.in_channels;
  const uint steps = spans ? (rows + DEPTH - 1) / DEPTH : fy.taps * fx.taps * (pc.in_channels / DEPTH);
  uint ty = 0, tx = 0, c = 0;                       // of the step that is fetched next
  [[dont_unroll]] for (uint s = 0; s <= steps; s++)
    {
      const uint buffer_x = s % BUFFERS * PIXELS * PITCH, buffer_w = s % BUFFERS * DEPTH * CHANNELS4;
      const uint before_x = (s + 1) % BUFFERS * PIXELS * PITCH, before_w = (s + 1) % BUFFERS * DEPTH * CHANNELS4;

      if (s < steps)
        {
          if (spans)
            {
              fetch_taps (s * DEPTH);
              fetch_weights (s * DEPTH, rows, channel);
            }
          else
            {
              if (c == 0)
                [[unroll]] for (uint l = 0; l < LOADS_X; l++)
                  pixel[l] = find_pixel (place[l], ty, tx);
              fetch_pixels (c);
              uint tap = (fy.first + ty * pc.phases) * pc.kernel + fx.first + tx * pc.phases;
              fetch_weights (tap * pc.in_channels + c, rows, channel);
              c += DEPTH;
              bool end = c == pc.in_channels;
              c = end ? 0 : c;
              tx += uint (end);
              end = tx == fx.taps;
              tx = end ? 0 : tx;
              ty += uint (end);
            }
        }

      // The step before, meanwhile.
      if (s > 0)
        [[dont_unroll]] for (uint q = 0; q < DEPTH4; q++)
          {
            vec4 x[SIDE];
            [[unroll]] for (uint i = 0; i < SIDE; i++)
              x[i] = xs[before_x + (i * ROWS + row) * PITCH + q];
            [[unroll]] for (uint k = 0; k < 4; k++)
              {
                vec4 w[SIDE4];
                [[unroll]] for (uint j = 0; j < SIDE4; j++)
                  w[j] = ws[before_w + (q * 4 + k) * CHANNELS4 + j * COLUMNS + column];
                [[unroll]] for (uint i = 0; i < SIDE; i++)
                  [[unroll]] for (uint j = 0; j < SIDE4; j++)
                    sum[i * SIDE4 + j] += x[i][k] * w[j];
              }
          }
      if (BUFFERS == 1)
        barrier ();
      if (s < steps)
        {
          [[unroll]] for (uint l = 0; l < LOADS_X; l++)
            xs[buffer_x + (l * (THREADS / DEPTH4) + thread / DEPTH4) * PITCH + quad] = x_next[l];
          [[unroll]] for (uint l = 0; l < LOADS_W; l++)
            if (DEPTH * CHANNELS4 % THREADS == 0 || l * THREADS + thread < DEPTH * CHANNELS4)
              ws[buffer_w + l * THREADS + thread] = w_next[l];
        }
      barrier ();
    }

  [[unroll]] for (uint i = 0; i < SIDE; i++)
    {
      uint to = places[i * ROWS + row].w;
      if (to != NOWHERE)
        [[unroll]] for (uint j = 0; j < SIDE4; j++)
          {
            uint64_t y = element_at (pc.y, to + channel + (j * COLUMNS + column) * 4);
            vec4 v = sum[i * SIDE4 + j];
            if (pc.silu != 0)
              v = silu (v);
            store_quad (y, pc.add != 0 ? load_quad (y) + v : v);
          }
    }
}
