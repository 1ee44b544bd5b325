// SPDX-License-Identifier: GPL-3.0-or-later
// The structs of compute/ops/fv-augment.h as they lie in memory, and colours as OpenCV counts them in 8 bits.

struct Tile {
  uint picture;
  int x1, y1, x2, y2;
  int dx, dy;
};

struct Layer {
  uint n_tiles;
  int canvas_width, canvas_height;
  float inverse[9];
  Tile tiles[4];
};

struct Sample {
  uint n_layers;
  float mix;
  float hsv[3];
  uint flip_horizontal, flip_vertical;
  Layer layers[2];
};

struct DevicePicture {
  uint64_t address;
  uint width, height;
  uint stride;
  uint reserved;
};

layout (buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Samples { Sample s[]; };
layout (buffer_reference, scalar, buffer_reference_align = 8) readonly buffer DevicePictures { DevicePicture p[]; };

// Red, green, blue in 0..255 to hue in 0..179, saturation and value in 0..255; 12-bit fixed point as OpenCV's tables.
ivec3
hsv_from_rgb (ivec3 c)
{
  int v = max (c.r, max (c.g, c.b));
  int diff = v - min (c.r, min (c.g, c.b));
  int s_scale = v == 0 ? 0 : int (1044480.0 / float (v) + 0.5);      // (255 << 12) / v
  int h_scale = diff == 0 ? 0 : int (122880.0 / float (diff) + 0.5); // (180 << 12) / (6 diff)
  int h = v == c.r ? c.g - c.b : v == c.g ? c.b - c.r + 2 * diff : c.r - c.g + 4 * diff;
  h = (h * h_scale + 2048) >> 12;
  return ivec3 (h < 0 ? h + 180 : h, (diff * s_scale + 2048) >> 12, v);
}

// Fractions are cut, as OpenCV's vector code does (its scalar code, for the last few pixels of a row, rounds).
ivec3
rgb_from_hsv (ivec3 c)
{
  float h = float (c.x) * (6.0 / 180.0);
  float s = float (c.y) * (1.0 / 255.0);
  float v = float (c.z) * (1.0 / 255.0);
  int sector = int (h);
  float f = h - float (sector);
  float p = v * (1.0 - s), q = v * (1.0 - s * f), t = v * (1.0 - s * (1.0 - f));
  vec3 rgb = sector == 0 ? vec3 (v, t, p)
             : sector == 1 ? vec3 (q, v, p)
             : sector == 2 ? vec3 (p, v, t)
             : sector == 3 ? vec3 (p, q, v)
             : sector == 4 ? vec3 (t, p, v)
                           : vec3 (v, p, q);
  return ivec3 (min (rgb * 255.0, 255.0));
}

// v7.0's augment_hsv: hue times its gain modulo 180, saturation and value times theirs up to 255, fractions cut.
ivec3
apply_hsv (ivec3 rgb, vec3 gains)
{
  ivec3 c = hsv_from_rgb (rgb);
  vec3 scaled = vec3 (c) * gains;
  float hue = scaled.x >= 180.0 ? scaled.x - 180.0 : scaled.x; // a gain is below 2
  return rgb_from_hsv (ivec3 (hue, min (scaled.y, 255.0), min (scaled.z, 255.0)));
}
