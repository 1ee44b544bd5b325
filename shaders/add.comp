// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
// y = a + b, or with COPY y = a; any of them may be a slice, and y may be a or b.
layout (constant_id = 1) const uint COPY = 0;
layout (push_constant, scalar) uniform Push
{
  uint64_t a, b, y;
  uint pixels, pairs, per, a_pitch, b_pitch, y_pitch;
} push;

void main ()
{
  Share share;
  if (!take_share (push.pixels, push.pairs, push.per, share))
    return;

  uint64_t a = pair_at (push.a, share.first, push.a_pitch, share.pair), a_step = get_step (share, push.a_pitch);
  uint64_t b = pair_at (push.b, share.first, push.b_pitch, share.pair), b_step = get_step (share, push.b_pitch);
  uint64_t y = pair_at (push.y, share.first, push.y_pitch, share.pair), y_step = get_step (share, push.y_pitch);
  [[dont_unroll]] for (uint p = share.first; p < share.end; p += share.step)
    {
      store_pair (y, COPY != 0 ? load_pair (a) : load_pair (a) + load_pair (b));
      a += a_step;
      b += b_step;
      y += y_step;
    }
}
