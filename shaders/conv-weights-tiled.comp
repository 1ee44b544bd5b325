// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "conv-weights.glsl"
// A convolution's weight gradient for GPUs: a matrix product, [tap][input channel] by output channels, summed over a split's pixels, of which a
// workgroup stages PIXELS at a time in shared memory. As conv-tiled.comp otherwise.
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint THREADS = 64;   // INPUTS * CHANNELS / (SIDE * SIDE)
layout (constant_id = 1) const uint PIXELS = 16;
layout (constant_id = 2) const uint CHANNELS = 64;
layout (constant_id = 3) const uint SIDE = 8;       // a multiple of 4
layout (constant_id = 4) const uint INPUTS = 64;
layout (constant_id = 5) const uint BUFFERS = 2;    // of shared memory: with 2 a step needs one barrier
#include "conv-weights-tile.glsl"

const uint SIDE4 = SIDE / 4;
const uint COLUMNS = CHANNELS / SIDE, ROWS = INPUTS / SIDE;    // threads

shared vec4 xs[BUFFERS * PIXELS * INPUTS4];
shared vec4 ys[BUFFERS * PIXELS * CHANNELS4];

void
main ()
{
  const uint column = thread % COLUMNS, row = thread / COLUMNS;

  start_tile ();
  vec4 sum[SIDE * SIDE4];
  [[unroll]] for (uint i = 0; i < SIDE * SIDE4; i++)
    sum[i] = vec4 (0);

  [[dont_unroll]] for (uint s = 0; s <= steps; s++)
    {
      const uint now = s % BUFFERS, before = (s + 1) % BUFFERS;

      if (s < steps)
        fetch (s);
      // The step before, meanwhile.
      if (s > 0)
        [[dont_unroll]] for (uint q = 0; q < PIXELS; q += 4)
          [[unroll]] for (uint k = 0; k < 4; k++)
            {
              vec4 x[SIDE4], y[SIDE4];
              [[unroll]] for (uint j = 0; j < SIDE4; j++)
                {
                  x[j] = xs[(before * PIXELS + q + k) * INPUTS4 + j * ROWS + row];
                  y[j] = ys[(before * PIXELS + q + k) * CHANNELS4 + j * COLUMNS + column];
                }
              [[unroll]] for (uint i = 0; i < SIDE; i++)
                [[unroll]] for (uint j = 0; j < SIDE4; j++)
                  sum[i * SIDE4 + j] += x[i / 4][i % 4] * y[j];
            }
      if (BUFFERS == 1)
        barrier ();
      if (s < steps)
        {
          [[unroll]] for (uint l = 0; l < LOADS_X; l++)
            xs[now * PIXELS * INPUTS4 + l * THREADS + thread] = x_next[l];
          [[unroll]] for (uint l = 0; l < LOADS_Y; l++)
            if (is_y (l))
              ys[now * PIXELS * CHANNELS4 + l * THREADS + thread] = y_next[l];
        }
      barrier ();
    }

  [[unroll]] for (uint i = 0; i < SIDE; i++)
    [[unroll]] for (uint j = 0; j < SIDE4; j++)
      put ((i / 4 * ROWS + row) * 4 + i % 4, (j * COLUMNS + column) * 4, sum[i * SIDE4 + j]);
}
