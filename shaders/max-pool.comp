// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
// Max pooling K x K, stride 1, padding K / 2. Remembers in `indices` (pitch 2 * pairs) which of the window's places won, the first
// in row order on a tie, as PyTorch.
layout (constant_id = 1) const int K = 5;
layout (constant_id = 2) const uint REMEMBER = 1;
layout (push_constant, scalar) uniform Push
{
  uint64_t x, y, indices;
  uint pixels, pairs, per, x_pitch, y_pitch;
  int height, width;
} push;

void main ()
{
  Share share;
  int height = push.height, width = push.width;
  if (!take_share (push.pixels, push.pairs, push.per, share))
    return;

  int row = int (share.first) / width, px = int (share.first) - row * width, py = row % height;
  [[dont_unroll]] for (uint p = share.first; p < share.end; p += share.step)
    {
      vec2 best = vec2 (uintBitsToFloat (0xff800000u)), index = vec2 (0);
      [[dont_unroll]] for (int ky = 0; ky < K; ky++)
        [[unroll]] for (int kx = 0; kx < K; kx++)
          {
            int dy = ky - K / 2, dx = kx - K / 2;
            bool inside = uint (py + dy) < uint (height) && uint (px + dx) < uint (width);
            vec2 v = load_pair (pair_at (push.x, inside ? uint (int (p) + dy * width + dx) : p, push.x_pitch, share.pair));
            bvec2 wins = bvec2 (inside && (v.x > best.x || isnan (v.x)), inside && (v.y > best.y || isnan (v.y)));
            best = mix (best, v, wins);
            index = mix (index, vec2 (ky * K + kx), wins);
          }
      store_pair (pair_at (push.y, p, push.y_pitch, share.pair), best);
      if (REMEMBER != 0)
        store_pair (pair_at (push.indices, p, 2u * push.pairs, share.pair), index);
      px += int (share.step);
      [[unroll]] for (uint i = 0; i < 2; i++) // a step may be two rows of one pixel
        {
          bool over = px >= width;
          px -= over ? width : 0;
          py = over ? (py + 1 == height ? 0 : py + 1) : py;
        }
    }
}
