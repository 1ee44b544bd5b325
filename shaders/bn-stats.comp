// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
// Batch statistics, first stage: partial[slice][2][C] = sums of (x - m) and (x - m)^2 over a slice of the pixels, m being the running
// mean: a shift near the true mean keeps the variance from cancelling.
layout (push_constant, scalar) uniform Push
{
  uint64_t x, shift, partial;
  uint pixels, pairs, pitch, slices;
} push;

void main ()
{
  Share share;
  uint pairs = push.pairs, pitch = push.pitch;
  if (!take_share (push.pixels, pairs, push.slices, share))
    return;

  vec2 m = load2 (push.shift + share.pair * 8ul);
  vec2 sum[4] = vec2[4] (vec2 (0), vec2 (0), vec2 (0), vec2 (0));
  vec2 square[4] = vec2[4] (vec2 (0), vec2 (0), vec2 (0), vec2 (0));
  uint64_t a = pair_at (push.x, share.first, pitch, share.pair);
  uint64_t step = element_at (0ul, pitch);
  uint p = share.first;
  [[dont_unroll]] for (; p + 4u <= share.end; p += 4u)
    {
      [[unroll]] for (uint u = 0; u < 4; u++)
        {
          vec2 v = load_pair (a) - m;
          sum[u] += v;
          square[u] += v * v;
          a += step;
        }
    }
  [[dont_unroll]] for (; p < share.end; p++)
    {
      vec2 v = load_pair (a) - m;
      sum[0] += v;
      square[0] += v * v;
      a += step;
    }
  uint64_t o = push.partial + (uint64_t (share.slice * 2u * pairs) + uint64_t (share.pair)) * 8ul;
  store2 (o, (sum[0] + sum[1]) + (sum[2] + sum[3]));
  store2 (o + pairs * 8ul, (square[0] + square[1]) + (square[2] + square[3]));
}
