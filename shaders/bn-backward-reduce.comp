// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
#include "activation.glsl"
// Backward of y = act (z), z = a x + b, first stage: partial[slice][2][C] = sums of dz and of dz * (x - mean) over a slice of the pixels.
layout (push_constant, scalar) uniform Push
{
  uint64_t x, dy, coefficients, partial;
  uint pixels, pairs, x_pitch, y_pitch, slices;
} push;

void main ()
{
  Share share;
  uint pairs = push.pairs;
  if (!take_share (push.pixels, pairs, push.slices, share))
    return;

  vec2 a = load2 (push.coefficients + share.pair * 8ul), b = load2 (push.coefficients + (pairs + share.pair) * 8ul);
  vec2 mean = load2 (push.coefficients + (2u * pairs + share.pair) * 8ul);
  uint64_t x = pair_at (push.x, share.first, push.x_pitch, share.pair), x_step = element_at (0ul, push.x_pitch);
  uint64_t y = pair_at (push.dy, share.first, push.y_pitch, share.pair), y_step = element_at (0ul, push.y_pitch);
  vec2 sum[4] = vec2[4] (vec2 (0), vec2 (0), vec2 (0), vec2 (0));
  vec2 product[4] = vec2[4] (vec2 (0), vec2 (0), vec2 (0), vec2 (0));
  uint p = share.first;
  [[dont_unroll]] for (; p + 4u <= share.end; p += 4u)
    {
      [[unroll]] for (uint u = 0; u < 4; u++)
        {
          vec2 v = load_pair (x + u * x_step), dz = activate_backward (v * a + b, load_pair (y + u * y_step));
          sum[u] += dz;
          product[u] += dz * (v - mean);
        }
      x += 4ul * x_step;
      y += 4ul * y_step;
    }
  [[dont_unroll]] for (; p < share.end; p++)
    {
      vec2 v = load_pair (x), dz = activate_backward (v * a + b, load_pair (y));
      sum[0] += dz;
      product[0] += dz * (v - mean);
      x += x_step;
      y += y_step;
    }
  uint64_t o = push.partial + (uint64_t (share.slice * 2u * pairs) + uint64_t (share.pair)) * 8ul;
  store2 (o, (sum[0] + sum[1]) + (sum[2] + sum[3]));
  store2 (o + pairs * 8ul, (product[0] + product[1]) + (product[2] + product[3]));
}
