// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
// Nearest upsampling by two, [N, H, W, C] -> [N, 2H, 2W, C]; pixels are those of the small side.
// BACKWARD: the small side receives the sum of its four copies, added to it with ADD.
layout (constant_id = 1) const uint BACKWARD = 0;
layout (constant_id = 2) const uint ADD = 0;
layout (push_constant, scalar) uniform Push
{
  uint64_t small, large;
  uint pixels, pairs, small_pitch, large_pitch, slices, width;
} push;

void main ()
{
  Share share;
  uint width = push.width, large_pitch = push.large_pitch;
  if (!take_share (push.pixels, push.pairs, push.slices, share))
    return;

  [[dont_unroll]] for (uint p = share.first; p < share.end; p++)
    {
      uint row = p / width, column = p - row * width;
      uint corner = row * 4u * width + 2u * column;
      uint64_t s = pair_at (push.small, p, push.small_pitch, share.pair);
      uint64_t l0 = pair_at (push.large, corner, large_pitch, share.pair);
      uint64_t l1 = pair_at (push.large, corner + 2u * width, large_pitch, share.pair);
      uint64_t next = element_at (0ul, large_pitch);
      if (BACKWARD == 0)
        {
          vec2 v = load_pair (s);
          store_pair (l0, v);
          store_pair (l0 + next, v);
          store_pair (l1, v);
          store_pair (l1 + next, v);
        }
      else
        {
          vec2 v = (load_pair (l0) + load_pair (l0 + next)) + (load_pair (l1) + load_pair (l1 + next));
          store_pair (s, ADD != 0 ? load_pair (s) + v : v);
        }
    }
}
