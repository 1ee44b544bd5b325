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
#include "conv-tile.glsl"

const uint SIDE4 = SIDE / 4;
const uint COLUMNS = CHANNELS / SIDE, ROWS = PIXELS / SIDE;    // threads
const uint PITCH = DEPTH4 + 1;                      // quads of a pixel: neighbouring pixels lie in other banks

shared vec4 xs[BUFFERS * PIXELS * PITCH];
shared vec4 ws[BUFFERS * DEPTH * CHANNELS4];

void
main ()
{
  const uint column = thread % COLUMNS, row = thread / COLUMNS;

  start_tile ();
  vec4 sum[SIDE * SIDE4];
  [[unroll]] for (uint j = 0; j < SIDE4; j++)
    {
      vec4 bias = load4 (at (pc.bias, channel + (j * COLUMNS + column) * 4));
      [[unroll]] for (uint i = 0; i < SIDE; i++)
        sum[i * SIDE4 + j] = bias;
    }

  [[dont_unroll]] for (uint s = 0; s <= steps; s++)
    {
      const uint now = s % BUFFERS, before = (s + 1) % BUFFERS;

      if (s < steps)
        fetch (s);
      // The step before, meanwhile.
      if (s > 0)
        [[dont_unroll]] for (uint q = 0; q < DEPTH4; q++)
          {
            vec4 x[SIDE];
            [[unroll]] for (uint i = 0; i < SIDE; i++)
              x[i] = xs[(before * PIXELS + i * ROWS + row) * PITCH + q];
            [[unroll]] for (uint k = 0; k < 4; k++)
              {
                vec4 w[SIDE4];
                [[unroll]] for (uint j = 0; j < SIDE4; j++)
                  w[j] = ws[(before * DEPTH + q * 4 + k) * CHANNELS4 + j * COLUMNS + column];
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
            xs[(now * PIXELS + pixel_of (l)) * PITCH + quad] = x_next[l];
          [[unroll]] for (uint l = 0; l < LOADS_W; l++)
            if (is_row (l))
              ws[(now * DEPTH + row_of (l)) * CHANNELS4 + quad_of (l)] = w_next[l];
        }
      barrier ();
    }

  [[unroll]] for (uint i = 0; i < SIDE; i++)
    [[unroll]] for (uint j = 0; j < SIDE4; j++)
      put (places[i * ROWS + row].w, (j * COLUMNS + column) * 4, sum[i * SIDE4 + j]);
}
