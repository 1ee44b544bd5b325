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
  uint pixels, pairs, x_pitch, y_pitch, dx_pitch, slices;
} push;

void main ()
{
  Share share;
  uint pairs = push.pairs;
  if (!take_share (push.pixels, pairs, push.slices, share))
    return;

  vec2 a = load2 (push.coefficients + share.pair * 8ul), b = load2 (push.coefficients + (pairs + share.pair) * 8ul);
  vec2 mean = load2 (push.coefficients + (2u * pairs + share.pair) * 8ul), k0 = vec2 (0), k1 = vec2 (0);
  if (BATCH_STATISTICS != 0)
    {
      k0 = load2 (push.means + share.pair * 8ul);
      k1 = load2 (push.means + (pairs + share.pair) * 8ul);
    }
  uint64_t x = pair_at (push.x, share.first, push.x_pitch, share.pair), x_step = element_at (0ul, push.x_pitch);
  uint64_t y = pair_at (push.dy, share.first, push.y_pitch, share.pair), y_step = element_at (0ul, push.y_pitch);
  uint64_t o = pair_at (push.dx, share.first, push.dx_pitch, share.pair), o_step = element_at (0ul, push.dx_pitch);
  [[dont_unroll]] for (uint p = share.first; p < share.end; p++)
    {
      vec2 v = load_pair (x), dz = activate_backward (v * a + b, load_pair (y));
      vec2 dx = BATCH_STATISTICS != 0 ? a * (dz - k0 - (v - mean) * k1) : a * dz;
      if (ADD != 0)
        dx += load_pair (o);
      store_pair (o, dx);
      x += x_step;
      y += y_step;
      o += o_step;
    }
}
