// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "winograd.glsl"
// m[position][tile][channel] = A dy A^T of tiles @first and on, for the gradient of the weights: a thread for two neighbours, of WIDTH 2
// channels, of WIDTH 1 tiles, m[position][tile / 2][channel][tile % 2].
layout (local_size_x_id = 0) in;
layout (constant_id = 2) const uint CHANNELS = 16;
layout (constant_id = 3) const uint WIDTH = 2;
layout (push_constant) uniform Push
{
  uint64_t dy, m, zero;
  uint h, w, pitch;             // of dy; floats from pixel to pixel
  uint tiles_x, tiles_y;        // of a picture
  uint first, last;             // the tile that m begins with, and the last one there is
  uint plane;                   // tiles of a position
  float inverse_row, inverse_picture;
} pc;

void
main ()
{
  const uint64_t dy = pc.dy, zero = pc.zero;
  const uint h = pc.h, w = pc.w, pitch = pc.pitch;
  const uint across = CHANNELS / WIDTH, i = gl_GlobalInvocationID.x, part = i / across, channel = (i - part * across) * WIDTH;
  const uint tile = WIDTH == 2 ? part : part * 2;
  if (tile >= pc.plane)
    return;

  vec2 d[16];
  [[unroll]] for (uint t = 0; t < 3 - WIDTH; t++)
    {
      const uint which = pc.first + tile + t;
      const Corner from = corner_at (which, pc.tiles_x, pc.tiles_y, pc.inverse_row, pc.inverse_picture);
      const bool exists = which <= pc.last;
      uint64_t column[4];
      bool inside[4];
      [[unroll]] for (uint k = 0; k < OUTPUTS; k++)
        {
          inside[k] = from.x + k < w;
          column[k] = uint64_t (from.x + k) * uint64_t (pitch * 4);
        }
      [[unroll]] for (uint r = 0; r < OUTPUTS; r++)
        {
          bool row_inside = exists && from.y + r < h;
          uint64_t row = dy + uint64_t ((from.n * h + from.y + r) * w) * uint64_t (pitch * 4) + uint64_t (channel * 4);
          [[unroll]] for (uint k = 0; k < OUTPUTS; k++)
            {
              uint64_t a = row_inside && inside[k] ? row + column[k] : zero + uint64_t (channel * 4);
              if (WIDTH == 2)
                d[r * OUTPUTS + k] = load2 (a);
              else
                d[r * OUTPUTS + k][t] = load (a);
            }
        }
    }

  vec2 half_way[24];
  [[unroll]] for (uint r = 0; r < OUTPUTS; r++)
    {
      vec2 line[6];
      [[unroll]] for (uint k = 0; k < OUTPUTS; k++)
        line[k] = d[r * OUTPUTS + k];
      transform_gradient (line);
      [[unroll]] for (uint k = 0; k < SIDE; k++)
        half_way[r * SIDE + k] = line[k];
    }
  const uint64_t plane = uint64_t (pc.plane * CHANNELS) * 4ul;
  const uint64_t to = pc.m + uint64_t (i) * 8ul;
  [[unroll]] for (uint k = 0; k < SIDE; k++)
    {
      vec2 line[6];
      [[unroll]] for (uint r = 0; r < OUTPUTS; r++)
        line[r] = half_way[r * SIDE + k];
      transform_gradient (line);
      [[unroll]] for (uint r = 0; r < SIDE; r++)
        store2 (to + (r * SIDE + k) * plane, line[r]);
    }
}
