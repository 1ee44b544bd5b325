// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "conv-weights.glsl"
// A convolution's weight gradient for GPUs: a matrix product, [tap][input channel] by output channels, summed over a split's pixels, of which a
// workgroup stages PIXELS at a time in shared memory. As conv-tiled.comp otherwise. A tile may span taps; the last one may reach past the end.
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint THREADS = 64;   // INPUTS * CHANNELS / (SIDE * SIDE)
layout (constant_id = 1) const uint PIXELS = 16;
layout (constant_id = 2) const uint CHANNELS = 64;
layout (constant_id = 3) const uint SIDE = 8;       // a multiple of 4
layout (constant_id = 4) const uint INPUTS = 64;    // of [tap][input channel]
layout (constant_id = 5) const uint BUFFERS = 2;

const uint INPUTS4 = INPUTS / 4, CHANNELS4 = CHANNELS / 4, SIDE4 = SIDE / 4;
const uint COLUMNS = CHANNELS / SIDE, ROWS = INPUTS / SIDE;    // threads
const uint LOADS_X = PIXELS * INPUTS4 / THREADS, LOADS_Y = PIXELS * CHANNELS4 / THREADS;
const uint OWN_X = THREADS / INPUTS4, OWN_Y = THREADS / CHANNELS4;    // pixels of all threads' loads

shared vec4 xs[BUFFERS * PIXELS * INPUTS4];
shared vec4 ys[BUFFERS * PIXELS * CHANNELS4];

void
main ()
{
  const uint thread = gl_LocalInvocationIndex, split = gl_WorkGroupID.y;
  const uint blocks = pc.out_channels / CHANNELS, channel = gl_WorkGroupID.x % blocks * CHANNELS;
  const uint input_0 = gl_WorkGroupID.x / blocks * INPUTS, inputs = pc.kernel * pc.kernel * pc.in_channels;
  const uint start = split * pc.slice, end = min (start + pc.slice, pc.n * pc.out_h * pc.out_w);

  // What a thread loads: the same quad of channels of pixels that go on by PIXELS.
  const uint i = input_0 + thread % INPUTS4 * 4, tap = i / pc.in_channels;
  const int ky = int (tap / pc.kernel) - int (pc.padding), kx = int (tap % pc.kernel) - int (pc.padding);
  const uint x_channel = i % pc.in_channels, y_channel = channel + thread % CHANNELS4 * 4;
  const Place by = place_at (PIXELS);
  Place place[LOADS_X];
  [[unroll]] for (uint l = 0; l < LOADS_X; l++)
    place[l] = place_at (start + l * OWN_X + thread / INPUTS4);

  const uint column = thread % COLUMNS, row = thread / COLUMNS;
  vec4 sum[SIDE * SIDE4];
  [[unroll]] for (uint s = 0; s < SIDE * SIDE4; s++)
    sum[s] = vec4 (0);

  vec4 x_next[LOADS_X], y_next[LOADS_Y];
  const uint steps = start < end ? (end - start + PIXELS - 1) / PIXELS : 0;
  [[dont_unroll]] for (uint s = 0; s <= steps; s++)
    {
      const uint buffer_x = s % BUFFERS * PIXELS * INPUTS4, buffer_y = s % BUFFERS * PIXELS * CHANNELS4;
      const uint before_x = (s + 1) % BUFFERS * PIXELS * INPUTS4, before_y = (s + 1) % BUFFERS * PIXELS * CHANNELS4;

      if (s < steps)
        {
          const uint pixel = start + s * PIXELS;
          [[unroll]] for (uint l = 0; l < LOADS_X; l++)
            {
              uint iy = uint (int (place[l].y * pc.stride) + ky), ix = uint (int (place[l].x * pc.stride) + kx);
              bool inside = pixel + l * OWN_X + thread / INPUTS4 < end && iy < pc.in_h && ix < pc.in_w && i < inputs;
              uint from = ((place[l].n * pc.in_h + iy) * pc.in_w + ix) * pc.in_pitch + x_channel;
              x_next[l] = load_quad (inside ? element_at (pc.x, from) : pc.zero);
              advance (place[l], by);
            }
          [[unroll]] for (uint l = 0; l < LOADS_Y; l++)
            {
              uint p = pixel + l * OWN_Y + thread / CHANNELS4;
              y_next[l] = load_quad (p < end ? element_at (pc.dy, p * pc.out_pitch + y_channel) : pc.zero);
            }
        }

      // The step before, meanwhile.
      if (s > 0)
        [[dont_unroll]] for (uint q = 0; q < PIXELS; q += 4)
          [[unroll]] for (uint k = 0; k < 4; k++)
            {
              vec4 x[SIDE4], y[SIDE4];
              [[unroll]] for (uint j = 0; j < SIDE4; j++)
                {
                  x[j] = xs[before_x + (q + k) * INPUTS4 + j * ROWS + row];
                  y[j] = ys[before_y + (q + k) * CHANNELS4 + j * COLUMNS + column];
                }
              [[unroll]] for (uint r = 0; r < SIDE; r++)
                [[unroll]] for (uint j = 0; j < SIDE4; j++)
                  sum[r * SIDE4 + j] += x[r / 4][r % 4] * y[j];
            }
      if (BUFFERS == 1)
        barrier ();
      if (s < steps)
        {
          [[unroll]] for (uint l = 0; l < LOADS_X; l++)
            xs[buffer_x + l * THREADS + thread] = x_next[l];
          [[unroll]] for (uint l = 0; l < LOADS_Y; l++)
            ys[buffer_y + l * THREADS + thread] = y_next[l];
        }
      barrier ();
    }

  [[unroll]] for (uint r = 0; r < SIDE; r++)
    {
      uint to = input_0 + (r / 4 * ROWS + row) * 4 + r % 4;
      if (to < inputs)
        [[unroll]] for (uint j = 0; j < SIDE4; j++)
          store4 (pc.partial + uint64_t (split * inputs + to) * uint64_t (pc.out_channels * 4)
                    + uint64_t ((channel + (j * COLUMNS + column) * 4) * 4),
                  sum[r * SIDE4 + j]);
    }
}
