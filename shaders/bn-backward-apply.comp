// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
#include "activation.glsl"
// Third stage: dx = a (dz - mean of dz - (x - mean) * mean of dz (x - mean) / (var + eps)); by running statistics just a dz.
layout (constant_id = 2) const uint BATCH_STATISTICS = 1;
layout (constant_id = 3) const uint ADD = 0;
layout (push_constant, scalar) uniform Push
{
  uint64_t x, dy, dx, coefficients, means;
  uint pixels, pairs, per, x_pitch, y_pitch, dx_pitch;
} push;

vec2 a, b, mean, k0, k1;

vec2 get_gradient (vec2 v, vec2 dy)
{
  vec2 dz = activate_backward (v * a + b, dy);
  return BATCH_STATISTICS != 0 ? a * dz - (k0 + (v - mean) * k1) : a * dz;
}

void main ()
{
  Share share;
  uint pairs = push.pairs;
  if (!take_share (push.pixels, pairs, push.per, share))
    return;

  a = load2 (push.coefficients + share.pair * 8ul);
  b = load2 (push.coefficients + (pairs + share.pair) * 8ul);
  mean = load2 (push.coefficients + (2u * pairs + share.pair) * 8ul);
  if (BATCH_STATISTICS != 0)
    {
      k0 = a * load2 (push.means + share.pair * 8ul);
      k1 = a * load2 (push.means + (pairs + share.pair) * 8ul);
    }
  uint64_t x = pair_at (push.x, share.first, push.x_pitch, share.pair), x_step = get_step (share, push.x_pitch);
  uint64_t y = pair_at (push.dy, share.first, push.y_pitch, share.pair), y_step = get_step (share, push.y_pitch);
  uint64_t o = pair_at (push.dx, share.first, push.dx_pitch, share.pair), o_step = get_step (share, push.dx_pitch);
  uint p = share.first;
  uint end = get_end_of_fours (share);
  [[dont_unroll]] for (; p < end; p += 4u * share.step)
    {
      vec2 dx[4];
      [[unroll]] for (uint u = 0; u < 4; u++)
        {
          dx[u] = get_gradient (load_pair (x + u * x_step), load_pair (y + u * y_step));
          if (ADD != 0)
            dx[u] += load_pair (o + u * o_step);
        }
      [[unroll]] for (uint u = 0; u < 4; u++)
        store_pair (o + u * o_step, dx[u]);
      x += 4ul * x_step;
      y += 4ul * y_step;
      o += 4ul * o_step;
    }
  [[dont_unroll]] for (; p < share.end; p += share.step)
    {
      vec2 dx = get_gradient (load_pair (x), load_pair (y));
      store_pair (o, ADD != 0 ? dx + load_pair (o) : dx);
      x += x_step;
      y += y_step;
      o += o_step;
    }
}
