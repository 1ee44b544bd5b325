// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
#include "activation.glsl"
// Backward of y = act (z), z = a x + b, first stage: partial[part][2][C] = sums of dz and of dz * (x - mean) over a share of the pixels.
layout (push_constant, scalar) uniform Push
{
  uint64_t x, dy, coefficients, partial;
  uint pixels, pairs, per, x_pitch, y_pitch;
} push;

void main ()
{
  Share share;
  uint pairs = push.pairs;
  if (!take_share (push.pixels, pairs, push.per, share))
    return;

  vec2 a = load2 (push.coefficients + share.pair * 8ul), b = load2 (push.coefficients + (pairs + share.pair) * 8ul);
  vec2 mean = load2 (push.coefficients + (2u * pairs + share.pair) * 8ul), sum = vec2 (0), product = vec2 (0);
  uint64_t x = pair_at (push.x, share.first, push.x_pitch, share.pair), x_step = get_step (share, push.x_pitch);
  uint64_t y = pair_at (push.dy, share.first, push.y_pitch, share.pair), y_step = get_step (share, push.y_pitch);
  uint p = share.first;
  uint end = get_end_of_fours (share);
  [[dont_unroll]] for (; p < end; p += 4u * share.step)
    {
      vec2 dz[4], moment[4];
      [[unroll]] for (uint u = 0; u < 4; u++)
        {
          vec2 v = load_pair (x + u * x_step);
          dz[u] = activate_backward (v * a + b, load_pair (y + u * y_step));
          moment[u] = dz[u] * (v - mean);
        }
      sum += (dz[0] + dz[1]) + (dz[2] + dz[3]);
      product += (moment[0] + moment[1]) + (moment[2] + moment[3]);
      x += 4ul * x_step;
      y += 4ul * y_step;
    }
  [[dont_unroll]] for (; p < share.end; p += share.step)
    {
      vec2 v = load_pair (x), dz = activate_backward (v * a + b, load_pair (y));
      sum += dz;
      product += dz * (v - mean);
      x += x_step;
      y += y_step;
    }
  uint64_t o = push.partial + (uint64_t (share.part * 2u * pairs) + uint64_t (share.pair)) * 8ul;
  store2 (o, sum);
  store2 (o + pairs * 8ul, product);
}
