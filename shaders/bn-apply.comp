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
  uint64_t x = pair_at (push.x, share.first, push.x_pitch, share.pair), x_step = uint64_t (push.x_pitch) * 4ul;
  uint64_t y = pair_at (push.y, share.first, push.y_pitch, share.pair), y_step = uint64_t (push.y_pitch) * 4ul;
  uint p = share.first;
  [[dont_unroll]] for (; p + 4u <= share.end; p += 4u)
    {
      vec2 v[4];
      [[unroll]] for (uint u = 0; u < 4; u++)
        v[u] = load2 (x + u * x_step);
      [[unroll]] for (uint u = 0; u < 4; u++)
        store2 (y + u * y_step, activate (v[u] * a + b));
      x += 4ul * x_step;
      y += 4ul * y_step;
    }
  [[dont_unroll]] for (; p < share.end; p++)
    {
      store2 (y, activate (load2 (x) * a + b));
      x += x_step;
      y += y_step;
    }
}
