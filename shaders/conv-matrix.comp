// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#define MATRIX
#include "fovea.glsl"
#include "matrix.glsl"
#include "conv.glsl"
// Convolution as a gather (conv.glsl) on cooperative matrices: as conv-tiled.comp, with products of fp16, summed in fp32. A subgroup makes
// PIXELS / ROWS by CHANNELS / COLUMNS of a tile, in matrices of M by N. Weights are rounded to fp16 on their way to shared memory.
layout (local_size_x_id = 0) in;
layout (constant_id = 0) const uint THREADS = 128;
layout (constant_id = 1) const uint PIXELS = 64;
layout (constant_id = 2) const uint CHANNELS = 64;
layout (constant_id = 3) const uint COLUMNS = 2;    // subgroups
layout (constant_id = 4) const uint DEPTH = 32;
layout (constant_id = 5) const uint BUFFERS = 2;
layout (constant_id = 6) const uint LANES = 32;     // of a subgroup
layout (constant_id = 7) const uint M = 16;
layout (constant_id = 8) const uint N = 16;
layout (constant_id = 9) const uint K = 16;
#include "conv-tile.glsl"

const uint ROWS = THREADS / LANES / COLUMNS;        // subgroups
const uint TALL = PIXELS / ROWS / M, WIDE = CHANNELS / COLUMNS / N;    // matrices of a subgroup
const uint PITCH_X = DEPTH / 2 + PAD, PITCH_W = CHANNELS / 2 + PAD;

shared f16vec2 xs[BUFFERS * PIXELS * PITCH_X];      // [pixel][input channel]
shared f16vec2 ws[BUFFERS * DEPTH * PITCH_W];       // [input channel][output channel]
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
        [[unroll]] for (uint k = 0; k < DEPTH; k += K)
          {
            coopmat<float16_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA> x[TALL];
            [[unroll]] for (uint i = 0; i < TALL; i++)
              coopMatLoad (x[i], xs, (before * PIXELS + (row * TALL + i) * M) * PITCH_X + k / 2, PITCH_X,
                           gl_CooperativeMatrixLayoutRowMajor);
            [[unroll]] for (uint j = 0; j < WIDE; j++)
              {
                coopmat<float16_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB> w;
                coopMatLoad (w, ws, (before * DEPTH + k) * PITCH_W + (column * WIDE + j) * N / 2, PITCH_W,
                             gl_CooperativeMatrixLayoutRowMajor);
                [[unroll]] for (uint i = 0; i < TALL; i++)
                  sum[i * WIDE + j] = coopMatMulAdd (x[i], w, sum[i * WIDE + j]);
              }
          }
      if (BUFFERS == 1)
        barrier ();
      if (s < steps)
        {
          [[unroll]] for (uint l = 0; l < LOADS_X; l++)
            {
              uint a = (now * PIXELS + pixel_of (l)) * PITCH_X + quad * 2;
              xs[a] = x_next[l].xy;
              xs[a + 1] = x_next[l].zw;
            }
          [[unroll]] for (uint l = 0; l < LOADS_W; l++)
            if (is_row (l))
              {
                uint a = (now * DEPTH + row_of (l)) * PITCH_W + quad_of (l) * 2;
                ws[a] = w_next[l].xy;
                ws[a + 1] = w_next[l].zw;
              }
        }
      barrier ();
    }

  // What a matrix's elements are is known in memory only: a matrix at a time there, and a quad of channels at a time from there to the output.
  const uint mine = gl_SubgroupID * M * N;
  [[unroll]] for (uint i = 0; i < TALL; i++)
    [[unroll]] for (uint j = 0; j < WIDE; j++)
      {
        subgroup_fence ();
        coopMatStore (sum[i * WIDE + j], results, mine, N, gl_CooperativeMatrixLayoutRowMajor);
        subgroup_fence ();
        for (uint e = lane; e < M * N / 4; e += LANES)
          {
            uint p = e / (N / 4), c = e % (N / 4) * 4, a = mine + p * N + c, of_tile = (column * WIDE + j) * N + c;
            vec4 bias = load4 (at (pc.bias, channel + of_tile));
            put (places[(row * TALL + i) * M + p].w, of_tile, bias + vec4 (results[a], results[a + 1], results[a + 2], results[a + 3]));
          }
      }
}
