// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "winograd.glsl"
// y = A^T m A of tiles @first and on: a thread for each neighbours that conv-winograd-multiply.comp wrote.
layout (local_size_x_id = 0) in;
layout (constant_id = 2) const uint CHANNELS = 16;
layout (constant_id = 3) const uint WIDTH = 2;     // 2: two channels of a tile; 1: a channel of two tiles
layout (constant_id = 4) const uint ADD = 0;       // whether y is added to
layout (constant_id = 5) const uint SILU = 0;      // whether y goes through SiLU
layout (push_constant) uniform Push
{
  uint64_t m, y, bias, dump;    // bias: zeros where there is none
  uint h, w, pitch;             // of y; floats from pixel to pixel
  uint tiles_x, tiles_y;        // of a picture
  uint first, last;             // the tile that m begins with, and the last one there is
  uint plane;                   // tiles of a position
  float inverse_row, inverse_picture;
} pc;

vec2 silu (vec2 z) { return z / (1.0 + exp2 (z * -1.44269504)); }

void
main ()
{
  const uint64_t y = pc.y, dump = pc.dump;
  const uint h = pc.h, w = pc.w, pitch = pc.pitch;
  const uint across = CHANNELS / WIDTH, i = gl_GlobalInvocationID.x, part = i / across, channel = (i - part * across) * WIDTH;
  const uint tile = WIDTH == 2 ? part : part * 2;
  if (tile >= pc.plane)
    return;

  const uint64_t plane = uint64_t (pc.plane * CHANNELS) * 4ul;
  const uint64_t from = pc.m + uint64_t (i) * 8ul;
  vec2 half_way[24];
  [[unroll]] for (uint k = 0; k < SIDE; k++)
    {
      vec2 line[6];
      [[unroll]] for (uint r = 0; r < SIDE; r++)
        line[r] = load2 (from + (r * SIDE + k) * plane);
      transform_output (line);
      [[unroll]] for (uint r = 0; r < OUTPUTS; r++)
        half_way[r * SIDE + k] = line[r];
    }
  const uint64_t bias_at = at (pc.bias, channel);
  const vec2 bias = WIDTH == 2 ? load2 (bias_at) : vec2 (load (bias_at));
  vec2 sum[16];
  [[unroll]] for (uint r = 0; r < OUTPUTS; r++)
    {
      vec2 line[6];
      [[unroll]] for (uint k = 0; k < SIDE; k++)
        line[k] = half_way[r * SIDE + k];
      transform_output (line);
      [[unroll]] for (uint k = 0; k < OUTPUTS; k++)
        {
          vec2 z = line[k] + bias;
          sum[r * OUTPUTS + k] = SILU != 0 ? silu (z) : z;
        }
    }

  [[unroll]] for (uint t = 0; t < 3 - WIDTH; t++)
    {
      const uint which = pc.first + tile + t;
      const Corner to = corner_at (which, pc.tiles_x, pc.tiles_y, pc.inverse_row, pc.inverse_picture);
      const bool exists = which <= pc.last;
      uint64_t column[4];
      bool inside[4];
      [[unroll]] for (uint k = 0; k < OUTPUTS; k++)
        {
          inside[k] = to.x + k < w;
          column[k] = uint64_t (to.x + k) * uint64_t (pitch * 4);
        }
      [[unroll]] for (uint r = 0; r < OUTPUTS; r++)
        {
          bool row_inside = exists && to.y + r < h;
          uint64_t row = y + uint64_t ((to.n * h + to.y + r) * w) * uint64_t (pitch * 4) + uint64_t (channel * 4);
          [[unroll]] for (uint k = 0; k < OUTPUTS; k++)
            {
              uint64_t a = row_inside && inside[k] ? row + column[k] : dump + uint64_t (channel * 4);
              vec2 z = sum[r * OUTPUTS + k];
              if (WIDTH == 2)
                store2 (a, z + (ADD != 0 ? load2 (a) : vec2 (0)));
              else
                store (a, z[t] + (ADD != 0 ? load (a) : 0));
            }
        }
    }
}
