// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#define MATRIX
#include "fovea.glsl"
#include "matrix.glsl"
#include "conv-weights.glsl"
// A convolution's weight gradient on cooperative matrices: as conv-weights-tiled.comp, with products of fp16, summed in fp32. A subgroup makes
// INPUTS / ROWS by CHANNELS / COLUMNS of a tile, in matrices of M by N.
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint THREADS = 128;
layout (constant_id = 1) const uint PIXELS = 32;
layout (constant_id = 2) const uint CHANNELS = 64;
layout (constant_id = 3) const uint COLUMNS = 2;    // subgroups
layout (constant_id = 4) const uint INPUTS = 64;
layout (constant_id = 5) const uint BUFFERS = 2;
layout (constant_id = 6) const uint LANES = 32;     // of a subgroup
layout (constant_id = 7) const uint M = 16;
layout (constant_id = 8) const uint N = 16;
layout (constant_id = 9) const uint K = 16;
#include "conv-weights-tile.glsl"

const uint ROWS = THREADS / LANES / COLUMNS;        // subgroups
const uint TALL = INPUTS / ROWS / M, WIDE = CHANNELS / COLUMNS / N;    // matrices of a subgroup
const uint PITCH_X = INPUTS / 2 + PAD, PITCH_Y = CHANNELS / 2 + PAD;

shared f16vec2 xs[BUFFERS * PIXELS * PITCH_X];      // [pixel][input]
shared f16vec2 ys[BUFFERS * PIXELS * PITCH_Y];      // [pixel][output channel]
shared float results[THREADS / LANES * M * N];      // a matrix of each subgroup

void
main ()
{
  const uint lane = gl_SubgroupInvocationID, row = gl_SubgroupID / COLUMNS, column = gl_SubgroupID % COLUMNS;

  start_tile ();
  coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> sum[TALL * WIDE];
  [[unroll]] for (uint i = 0; i < TALL * WIDE; i++)
    sum[i] = coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> (0.0);

  [[dont_unroll]] for (uint s = 0; s <= steps; s++)
    {
      const uint now = s % BUFFERS, before = (s + 1) % BUFFERS;

      if (s < steps)
        fetch (s);
      // The step before, meanwhile.
      if (s > 0)
        [[unroll]] for (uint k = 0; k < PIXELS; k += K)
          {
            coopmat<float16_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA> x[TALL];
            [[unroll]] for (uint i = 0; i < TALL; i++)
              coopMatLoad (x[i], xs, (before * PIXELS + k) * PITCH_X + (row * TALL + i) * M / 2, PITCH_X,
                           gl_CooperativeMatrixLayoutColumnMajor);
            [[unroll]] for (uint j = 0; j < WIDE; j++)
              {
                coopmat<float16_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB> y;
                coopMatLoad (y, ys, (before * PIXELS + k) * PITCH_Y + (column * WIDE + j) * N / 2, PITCH_Y,
                             gl_CooperativeMatrixLayoutRowMajor);
                [[unroll]] for (uint i = 0; i < TALL; i++)
                  sum[i * WIDE + j] = coopMatMulAdd (x[i], y, sum[i * WIDE + j]);
              }
          }
      if (BUFFERS == 1)
        barrier ();
      if (s < steps)
        {
          [[unroll]] for (uint l = 0; l < LOADS_X; l++)
            {
              uint a = (now * PIXELS + x_pixel_of (l)) * PITCH_X + thread % INPUTS4 * 2;
              xs[a] = x_next[l].xy;
              xs[a + 1] = x_next[l].zw;
            }
          [[unroll]] for (uint l = 0; l < LOADS_Y; l++)
            if (is_y (l))
              {
                uint a = (now * PIXELS + y_pixel_of (l)) * PITCH_Y + thread % CHANNELS4 * 2;
                ys[a] = y_next[l].xy;
                ys[a + 1] = y_next[l].zw;
              }
        }
      barrier ();
    }

  const uint mine = gl_SubgroupID * M * N;
  [[unroll]] for (uint i = 0; i < TALL; i++)
    [[unroll]] for (uint j = 0; j < WIDE; j++)
      {
        subgroup_fence ();
        coopMatStore (sum[i * WIDE + j], results, mine, N, gl_CooperativeMatrixLayoutRowMajor);
        subgroup_fence ();
        for (uint e = lane; e < M * N / 4; e += LANES)
          {
            uint r = e / (N / 4), c = e % (N / 4) * 4, a = mine + r * N + c;
            put ((row * TALL + i) * M + r, (column * WIDE + j) * N + c,
                 vec4 (results[a], results[a + 1], results[a + 2], results[a + 3]));
          }
      }
}
