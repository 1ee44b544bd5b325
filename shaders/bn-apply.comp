// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
#include "activation.glsl"
// y = act (a x + b), or with RESIDUAL act (a x + b) + r; y and r may be slices of concatenations.
layout (constant_id = 2) const uint RESIDUAL = 0;
layout (push_constant, scalar) uniform Push
{
  uint64_t x, y, coefficients, residual;
  uint pixels, pairs, per, x_pitch, y_pitch, residual_pitch;
} push;

void main ()
{
  Share share;
  uint pairs = push.pairs;
  if (!take_share (push.pixels, pairs, push.per, share))
    return;

  vec2 a = load2 (push.coefficients + share.pair * 8ul), b = load2 (push.coefficients + (pairs + share.pair) * 8ul);
  uint64_t x = pair_at (push.x, share.first, push.x_pitch, share.pair), x_step = get_step (share, push.x_pitch);
  uint64_t y = pair_at (push.y, share.first, push.y_pitch, share.pair), y_step = get_step (share, push.y_pitch);
  uint64_t r = pair_at (push.residual, share.first, push.residual_pitch, share.pair);
  uint64_t r_step = get_step (share, push.residual_pitch);
  uint p = share.first;
  uint end = get_end_of_fours (share);
  [[dont_unroll]] for (; p < end; p += 4u * share.step)
    {
      vec2 v[4], s[4];
      [[unroll]] for (uint u = 0; u < 4; u++)
        {
          v[u] = load_pair (x + u * x_step);
          s[u] = RESIDUAL != 0 ? load_pair (r + u * r_step) : vec2 (0);
        }
      [[unroll]] for (uint u = 0; u < 4; u++)
        {
          vec2 result = activate (v[u] * a + b);
          store_pair (y + u * y_step, RESIDUAL != 0 ? result + s[u] : result);
        }
      x += 4ul * x_step;
      y += 4ul * y_step;
      r += 4ul * r_step;
    }
  [[dont_unroll]] for (; p < share.end; p += share.step)
    {
      vec2 result = activate (load_pair (x) * a + b);
      store_pair (y, RESIDUAL != 0 ? result + load_pair (r) : result);
      x += x_step;
      y += y_step;
      r += r_step;
    }
}
