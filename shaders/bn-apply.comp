// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
#include "activation.glsl"
// y = act (a x + b); y may be a slice of a concatenation.
layout (push_constant, scalar) uniform Push
{
  uint64_t x, y, coefficients;
  uint pixels, pairs, x_pitch, y_pitch, slices;
} push;

void main ()
{
  Share share;
  uint pairs = push.pairs;
  if (!take_share (push.pixels, pairs, push.slices, share))
    return;

  vec2 a = load2 (push.coefficients + share.pair * 8ul), b = load2 (push.coefficients + (pairs + share.pair) * 8ul);
  uint64_t x = pair_at (push.x, share.first, push.x_pitch, share.pair), x_step = element_at (0ul, push.x_pitch);
  uint64_t y = pair_at (push.y, share.first, push.y_pitch, share.pair), y_step = element_at (0ul, push.y_pitch);
  uint p = share.first;
  [[dont_unroll]] for (; p + 4u <= share.end; p += 4u)
    {
      vec2 v[4];
      [[unroll]] for (uint u = 0; u < 4; u++)
        v[u] = load_pair (x + u * x_step);
      [[unroll]] for (uint u = 0; u < 4; u++)
        store_pair (y + u * y_step, activate (v[u] * a + b));
      x += 4ul * x_step;
      y += 4ul * y_step;
    }
  [[dont_unroll]] for (; p < share.end; p++)
    {
      store_pair (y, activate (load_pair (x) * a + b));
      x += x_step;
      y += y_step;
    }
}
