// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
// Backward of max-pool.comp as a gather: each input pixel adds up dy of the windows that it won.
layout (constant_id = 1) const int K = 5;
layout (constant_id = 2) const uint ADD = 0;
layout (push_constant, scalar) uniform Push
{
  uint64_t dx, dy, indices;
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
      vec2 sum = vec2 (0);
      [[dont_unroll]] for (int ky = 0; ky < K; ky++)
        [[unroll]] for (int kx = 0; kx < K; kx++)
          {
            // The window whose place (ky, kx) this pixel is.
            int dy = K / 2 - ky, dx = K / 2 - kx;
            bool inside = uint (py + dy) < uint (height) && uint (px + dx) < uint (width);
            uint q = inside ? uint (int (p) + dy * width + dx) : p;
            vec2 index = load_pair (pair_at (push.indices, q, 2u * push.pairs, share.pair));
            vec2 v = load_pair (pair_at (push.dy, q, push.y_pitch, share.pair));
            float place = float (ky * K + kx);
            sum += vec2 (inside && index.x == place ? v.x : 0.0, inside && index.y == place ? v.y : 0.0);
          }
      uint64_t o = pair_at (push.dx, p, push.x_pitch, share.pair);
      store_pair (o, ADD != 0 ? load_pair (o) + sum : sum);
      px += int (share.step);
      [[unroll]] for (uint i = 0; i < 2; i++) // a step may be two rows of one pixel
        {
          bool over = px >= width;
          px -= over ? width : 0;
          py = over ? (py + 1 == height ? 0 : py + 1) : py;
        }
    }
}
