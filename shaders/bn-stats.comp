// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
// Batch statistics, first stage: partial[part][2][C] = sums of (x - m) and (x - m)^2 over a share of the pixels, m being the running
// mean: a shift near the true mean keeps the variance from cancelling.
layout (push_constant, scalar) uniform Push
{
  uint64_t x, shift, partial;
  uint pixels, pairs, per, pitch;
} push;

void main ()
{
  Share share;
  uint pairs = push.pairs;
  if (!take_share (push.pixels, pairs, push.per, share))
    return;

  vec2 m = load2 (push.shift + share.pair * 8ul), sum = vec2 (0), square = vec2 (0);
  uint64_t x = pair_at (push.x, share.first, push.pitch, share.pair), step = get_step (share, push.pitch);
  uint p = share.first;
  uint end = get_end_of_fours (share);
  [[dont_unroll]] for (; p < end; p += 4u * share.step)
    {
      vec2 v[4];
      [[unroll]] for (uint u = 0; u < 4; u++)
        v[u] = load_pair (x + u * step) - m;
      sum += (v[0] + v[1]) + (v[2] + v[3]);
      square += (v[0] * v[0] + v[1] * v[1]) + (v[2] * v[2] + v[3] * v[3]);
      x += 4ul * step;
    }
  [[dont_unroll]] for (; p < share.end; p += share.step)
    {
      vec2 v = load_pair (x) - m;
      sum += v;
      square += v * v;
      x += step;
    }
  uint64_t o = push.partial + (uint64_t (share.part * 2u * pairs) + uint64_t (share.pair)) * 8ul;
  store2 (o, sum);
  store2 (o + pairs * 8ul, square);
}
