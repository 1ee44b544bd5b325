// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
// Max pooling K x K, stride 1, padding K / 2. Remembers in `indices` (pitch 2 * pairs) which of the window's places won, the first
// in row order on a tie, as PyTorch; the last of several that are not a number. A thread goes along a row and keeps its window's columns.
layout (constant_id = 1) const int K = 5;
layout (constant_id = 2) const uint REMEMBER = 1;
layout (push_constant, scalar) uniform Push
{
  uint64_t x, y, indices;
  uint pixels, pairs, per, x_pitch, y_pitch;
  int height, width;
} push;

#define LOWEST uintBitsToFloat (0xff800000u) // minus infinity

// The winner of a column of the window: its value and row.
struct Column { vec2 best, row; };

// Of the column @dx to the right of pixel @p, which is at @x, @y.
Column get_column (int p, int x, int y, int dx, int width, int height, uint pair)
{
  Column c = Column (vec2 (LOWEST), vec2 (0));
  [[unroll]] for (int ky = 0; ky < K; ky++)
    {
      int dy = ky - K / 2;
      bool inside = uint (y + dy) < uint (height) && uint (x + dx) < uint (width);
      vec2 v = load_pair (pair_at (push.x, uint (inside ? p + dy * width + dx : p), push.x_pitch, pair));
      bvec2 wins = bvec2 (inside && (v.x > c.best.x || isnan (v.x)), inside && (v.y > c.best.y || isnan (v.y)));
      c.best = mix (c.best, v, wins);
      c.row = mix (c.row, vec2 (ky), wins);
    }
  return c;
}

// Whether a column's winner beats that of the columns to its left.
bool beats (float value, float row, float best, float best_row)
{
  return value > best || (isnan (value) ? !isnan (best) || row >= best_row : value == best && row < best_row);
}

void main ()
{
  Share share;
  int height = push.height, width = push.width;
  if (!take_share (push.pixels, push.pairs, push.per, share))
    return;

  Column columns[K];
  [[unroll]] for (int kx = 0; kx < K; kx++)
    columns[kx] = Column (vec2 (LOWEST), vec2 (0));
  int row = int (share.first) / width, px = int (share.first) - row * width, py = row % height;
  [[dont_unroll]] for (uint p = share.first; p < share.end; p += share.step)
    {
      // All columns where a row begins, later the one that the window moves onto.
      int first = p == share.first || px == 0 || share.step != 1u ? -(K / 2) : K / 2;
      [[dont_unroll]] for (int dx = first; dx <= K / 2; dx++)
        {
          [[unroll]] for (int kx = 0; kx + 1 < K; kx++)
            columns[kx] = columns[kx + 1];
          columns[K - 1] = get_column (int (p), px, py, dx, width, height, share.pair);
        }
      vec2 best = vec2 (LOWEST), best_row = vec2 (0), best_column = vec2 (0);
      [[unroll]] for (int kx = 0; kx < K; kx++)
        {
          Column c = columns[kx];
          bvec2 wins = bvec2 (beats (c.best.x, c.row.x, best.x, best_row.x), beats (c.best.y, c.row.y, best.y, best_row.y));
          best = mix (best, c.best, wins);
          best_row = mix (best_row, c.row, wins);
          best_column = mix (best_column, vec2 (kx), wins);
        }
      store_pair (pair_at (push.y, p, push.y_pitch, share.pair), best);
      if (REMEMBER != 0)
        store_pair (pair_at (push.indices, p, 2u * push.pairs, share.pair), best_row * float (K) + best_column);
      px += int (share.step);
      [[unroll]] for (uint i = 0; i < 2; i++) // a step may be two rows of one pixel
        {
          bool over = px >= width;
          px -= over ? width : 0;
          py = over ? (py + 1 == height ? 0 : py + 1) : py;
        }
    }
}
