// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "winograd.glsl"
// v[position][tile][channel] = B^T x B of tiles @first and on: a thread for each tile and pair of channels.
layout (local_size_x_id = 0) in;
layout (constant_id = 2) const uint PAIRS = 8;      // of channels
layout (push_constant) uniform Push
{
  uint64_t x, v, zero;
  uint h, w, pitch;             // of x; floats from pixel to pixel
  uint tiles_x, tiles_y;        // of a picture
  uint first, last;             // the tile that v begins with, and the last one there is, which repeats
  uint plane;                   // tiles of a position
  float inverse_row, inverse_picture;
} pc;

void
main ()
{
  const uint64_t x = pc.x, zero = pc.zero;
  const uint h = pc.h, w = pc.w, pitch = pc.pitch;
  const uint i = gl_GlobalInvocationID.x, tile = i / PAIRS, pair = i - tile * PAIRS;
  if (tile >= pc.plane)
    return;
  const Corner at_tile = corner_at (min (pc.first + tile, pc.last), pc.tiles_x, pc.tiles_y, pc.inverse_row, pc.inverse_picture);
  const uint channel = pair * 2;
  const uint64_t zeros = zero + uint64_t (channel * 4);

  // Left and above of the first output is a pixel of padding. What is outside is 0.
  uint64_t column[6];
  bool inside[6];
  [[unroll]] for (uint k = 0; k < SIDE; k++)
    {
      uint c = at_tile.x + k - 1;
      inside[k] = c < w;
      column[k] = uint64_t ((inside[k] ? c : 0) * pitch + channel) * 4ul;
    }

  vec2 d[36];
  [[unroll]] for (uint r = 0; r < SIDE; r++)
    {
      uint y = at_tile.y + r - 1;
      bool row_inside = y < h;
      uint64_t row = x + uint64_t ((at_tile.n * h + (row_inside ? y : 0)) * w) * uint64_t (pitch * 4);
      vec2 line[6];
      [[unroll]] for (uint k = 0; k < SIDE; k++)
        line[k] = load2 (row_inside && inside[k] ? row + column[k] : zeros);
      transform_input (line);
      [[unroll]] for (uint k = 0; k < SIDE; k++)
        d[r * SIDE + k] = line[k];
    }
  const uint64_t plane = uint64_t (pc.plane * PAIRS) * 8ul;
  uint64_t to = pc.v + uint64_t (i) * 8ul;
  [[unroll]] for (uint k = 0; k < SIDE; k++)
    {
      vec2 line[6];
      [[unroll]] for (uint r = 0; r < SIDE; r++)
        line[r] = d[r * SIDE + k];
      transform_input (line);
      [[unroll]] for (uint r = 0; r < SIDE; r++)
        store2 (to + (r * SIDE + k) * plane, line[r]);
    }
}
