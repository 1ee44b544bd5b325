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
  uint pixels, pairs, per, small_pitch, large_pitch, width;
} push;

void main ()
{
  Share share;
  if (!take_share (push.pixels, push.pairs, push.per, share))
    return;

  uint width = push.width, row = share.first / width, column = share.first - row * width;
  uint64_t next = element_at (0ul, push.large_pitch), below = uint64_t (2u * width) * next, two_rows = 2ul * below;
  uint64_t s = pair_at (push.small, share.first, push.small_pitch, share.pair), s_step = get_step (share, push.small_pitch);
  uint64_t line = pair_at (push.large, 4u * width * row, push.large_pitch, share.pair);
  [[dont_unroll]] for (uint p = share.first; p < share.end; p += share.step)
    {
      uint64_t l0 = line + uint64_t (2u * column) * next;
      uint64_t l1 = l0 + below;
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
      s += s_step;
      column += share.step;
      [[unroll]] for (uint i = 0; i < 2; i++) // a step may be two rows of one pixel
        {
          line += column >= width ? two_rows : 0ul;
          column -= column >= width ? width : 0u;
        }
    }
}
