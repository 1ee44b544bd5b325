#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// The network's input from decoded pictures: warp, MixUp, HSV, flips, RGB / 255 into [n, height + 4, width + 4, 4].
// The warp follows OpenCV's bilinear remap: coordinates rounded to 1/32 pixel, integer weights, 8-bit results, so that
// values are those of warpAffine and warpPerspective but for coordinates that round the other way (a level or two there).
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "augment.glsl"
#include "step.glsl"

layout (local_size_x = 32) in;
layout (constant_id = 0) const uint ROWS = 12; // rows that one invocation makes, one below the other: a sample is read once for all

layout (push_constant, scalar) uniform Push {
  uint64_t block;
  uint64_t result;
  int width, height; // of the input without its halo
} pc;

const int HALO = 2;
const uint GREY = 0x727272; // 114 three times

// A tile with what is needed to reach a pixel by its canvas coordinates.
struct Source {
  ivec4 rect;
  uint64_t origin; // address of canvas pixel 0, 0 if the picture went on that far
  int stride;
};

Source
load_source (Samples samples, DevicePictures pictures, uint sample_index, uint layer, uint t)
{
  Tile tile = samples.s[sample_index].layers[layer].tiles[t];
  bool used = t < samples.s[sample_index].layers[layer].n_tiles;
  DevicePicture picture = pictures.p[used ? tile.picture : 0u];
  Source s;
  s.rect = used ? ivec4 (tile.x1, tile.y1, tile.x2, tile.y2) : ivec4 (0);
  s.stride = int (picture.stride);
  s.origin = picture.address - uint64_t (int64_t (tile.dy) * int64_t (s.stride) + int64_t (tile.dx) * 3l);
  return s;
}

bool
covers (Source s, int x, int y)
{
  return x >= s.rect.x && y >= s.rect.y && x < s.rect.z && y < s.rect.w;
}

// The canvas pixel as 0x..BBGGRR. Without a @mosaic there is only @a.
uint
canvas (Source a, Source b, Source c, Source d, bool mosaic, int x, int y)
{
  bool inside = covers (a, x, y);
  int stride = a.stride;
  uint64_t origin = a.origin;
  if (mosaic)
    {
      bool in_a = inside, in_b = covers (b, x, y), in_c = covers (c, x, y), in_d = covers (d, x, y);
      inside = in_a || in_b || in_c || in_d;
      stride = in_a ? a.stride : in_b ? b.stride : in_c ? c.stride : d.stride;
      origin = in_a ? a.origin : in_b ? b.origin : in_c ? c.origin : d.origin;
    }
  uint64_t address = origin + uint64_t (int64_t (y * stride + x * 3));
  address = inside ? address : pc.block; // some address that may be read
  uint shift = uint (address) & 3u;
  address -= uint64_t (shift);
  // Three bytes lie in this word and, from the third byte on, in the next.
  uint low = load_uint (address);
  uint high = load_uint (address + uint64_t (shift >= 2u ? 4u : 0u));
  uint pixel = (low >> (8u * shift)) | (shift >= 2u ? high << (32u - 8u * shift) : 0u);
  return inside ? pixel : GREY;
}

ivec3
channels (uint pixel)
{
  return ivec3 (pixel & 255u, (pixel >> 8) & 255u, (pixel >> 16) & 255u);
}

void
main ()
{
  int x = int (gl_GlobalInvocationID.x), first_row = int (gl_WorkGroupID.y * ROWS);
  uint n = gl_WorkGroupID.z;
  int pitch = pc.width + 2 * HALO, rows = pc.height + 2 * HALO;
  if (x >= pitch)
    return;
  int last_row = min (first_row + int (ROWS), rows);
  StepBlock block = StepBlock (pc.block);
  Samples samples = Samples (block.samples);
  DevicePictures pictures = DevicePictures (block.pictures);
  uint n_layers = samples.s[n].n_layers;
  float mix_weight = samples.s[n].mix;
  vec3 gains = vec3 (samples.s[n].hsv[0], samples.s[n].hsv[1], samples.s[n].hsv[2]);
  bool colours = gains != vec3 (1.0);
  bool flip_x = samples.s[n].flip_horizontal != 0u, flip_y = samples.s[n].flip_vertical != 0u;
  bool inside_x = x >= HALO && x < pc.width + HALO;
  float u = float (flip_x ? pc.width + HALO - 1 - x : x - HALO);

  for (uint layer = 0; layer < n_layers; layer++)
    {
      bool mosaic = samples.s[n].layers[layer].n_tiles > 1u;
      float m[9] = samples.s[n].layers[layer].inverse;
      Source a = load_source (samples, pictures, n, layer, 0), b = load_source (samples, pictures, n, layer, 1);
      Source c = load_source (samples, pictures, n, layer, 2), d = load_source (samples, pictures, n, layer, 3);
      for (int row = first_row; row < last_row; row++)
        {
          uint64_t result = element_at (pc.result, ((n * uint (rows) + uint (row)) * uint (pitch) + uint (x)) * 4u);
          float v = float (flip_y ? pc.height + HALO - 1 - row : row - HALO);
          float w = m[6] * u + m[7] * v + m[8];
          float scale = w != 0.0 ? 32.0 / w : 0.0;
          vec2 at32 = vec2 (m[0] * u + m[1] * v + m[2], m[3] * u + m[4] * v + m[5]) * scale;
          ivec2 fixed_point = ivec2 (floor (clamp (at32, vec2 (-1e6), vec2 (1e6)) + 0.5));
          ivec2 p = fixed_point >> 5, f = fixed_point & 31;

          ivec3 rgb = channels (canvas (a, b, c, d, mosaic, p.x, p.y));
          if ((f.x | f.y) != 0) // between pixels, as hardly ever where pictures were scaled before
            {
              ivec3 top = rgb * (32 - f.x) + channels (canvas (a, b, c, d, mosaic, p.x + 1, p.y)) * f.x;
              ivec3 bottom = channels (canvas (a, b, c, d, mosaic, p.x, p.y + 1)) * (32 - f.x)
                             + channels (canvas (a, b, c, d, mosaic, p.x + 1, p.y + 1)) * f.x;
              rgb = (top * (32 - f.y) + bottom * f.y + 512) >> 10;
            }

          if (layer > 0) // blend with what the layer below left there, fractions cut
            {
              vec3 below = vec3 (load_pair (result), load_element (element_at (result, 2u)));
              rgb = ivec3 (vec3 (rgb) + (below - vec3 (rgb)) * mix_weight);
            }
          vec3 value = vec3 (rgb);
          if (layer + 1 == n_layers)
            {
              if (colours)
                value = vec3 (apply_hsv (rgb, gains));
              value /= 255.0;
            }
          bool inside = inside_x && row >= HALO && row < pc.height + HALO;
          value = inside ? value : vec3 (0.0);
          store_pair (result, value.rg);
          store_pair (element_at (result, 2u), vec2 (value.b, 0.0));
        }
    }
}
