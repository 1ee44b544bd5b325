/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/reference/fv-reference-augment.h"

#include <math.h>

#define GREY 114

static int
canvas_value (const FvAugmentLayer *layer, const FvPixels *pictures, int x, int y, guint channel)
{
  for (guint t = 0; t < layer->n_tiles; t++)
    {
      const FvAugmentTile *tile = &layer->tiles[t];
      const FvPixels *picture = &pictures[tile->picture];
      if (x >= tile->x1 && x < tile->x2 && y >= tile->y1 && y < tile->y2)
        return picture->rgb[(y - tile->dy) * picture->stride + (x - tile->dx) * 3 + channel];
    }
  return GREY;
}

/* warpPerspective with INTER_LINEAR: coordinates in 1/32 pixels, weights that are whole numbers. */
static void
warp (const FvAugmentLayer *layer, const FvPixels *pictures, double u, double v, int rgb[3])
{
  const float *m = layer->inverse;
  double w = m[6] * u + m[7] * v + m[8];
  int x = (int)floor (32 * (m[0] * u + m[1] * v + m[2]) / w + 0.5);
  int y = (int)floor (32 * (m[3] * u + m[4] * v + m[5]) / w + 0.5);
  int fx = x & 31, fy = y & 31;
  x >>= 5;
  y >>= 5;
  for (guint c = 0; c < 3; c++)
    {
      int top = canvas_value (layer, pictures, x, y, c) * (32 - fx) + canvas_value (layer, pictures, x + 1, y, c) * fx;
      int bottom = canvas_value (layer, pictures, x, y + 1, c) * (32 - fx)
                   + canvas_value (layer, pictures, x + 1, y + 1, c) * fx;
      rgb[c] = (top * (32 - fy) + bottom * fy + 512) >> 10;
    }
}

static int
scaled_level (int level, double gain)
{
  return (int)MIN (level * gain, 255.0);
}

/* cvtColor to HSV, the look-up tables of augment_hsv, cvtColor back; all in 8 bits. */
static void
change_colours (int rgb[3], const float gains[3])
{
  int r = rgb[0], g = rgb[1], b = rgb[2];
  int v = MAX (r, MAX (g, b)), diff = v - MIN (r, MIN (g, b));
  int s = v > 0 ? (diff * (int)rint ((255 << 12) / (double)v) + 2048) >> 12 : 0;
  int h = v == r ? g - b : v == g ? b - r + 2 * diff : r - g + 4 * diff;
  h = diff > 0 ? (h * (int)rint ((180 << 12) / (6.0 * diff)) + 2048) >> 12 : 0;
  h += h < 0 ? 180 : 0;

  h = (int)fmod (h * (double)gains[0], 180);
  s = scaled_level (s, gains[1]);
  v = scaled_level (v, gains[2]);

  /* fp32 as OpenCV: fractions are cut, so that doubles would give other levels where a value is whole. */
  float hue = h * (6.0f / 180.0f), sector = floorf (hue), f = hue - sector;
  float sat = s * (1.0f / 255.0f), value = v * (1.0f / 255.0f);
  float levels[4] = { value, value * (1 - sat), value * (1 - sat * f), value * (1 - sat * (1 - f)) };
  static const guint8 choice[6][3] = { { 0, 3, 1 }, { 2, 0, 1 }, { 1, 0, 3 }, { 1, 2, 0 }, { 3, 1, 0 }, { 0, 1, 2 } };
  for (guint c = 0; c < 3; c++)
    rgb[c] = (int)MIN (levels[choice[(int)sector][c]] * 255, 255.0f);
}

void
fv_reference_augment (const FvAugmentSample *sample, const FvPixels *pictures, guint height, guint width, guint8 *out)
{
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      {
        double u = sample->flip_horizontal ? width - 1 - x : x, v = sample->flip_vertical ? height - 1 - y : y;
        int rgb[3], other[3];
        warp (&sample->layers[0], pictures, u, v, rgb);
        if (sample->n_layers == 2)
          {
            warp (&sample->layers[1], pictures, u, v, other);
            for (guint c = 0; c < 3; c++)
              rgb[c] = (int)(other[c] + (rgb[c] - other[c]) * (double)sample->mix);
          }
        if (sample->hsv[0] != 1 || sample->hsv[1] != 1 || sample->hsv[2] != 1)
          change_colours (rgb, sample->hsv);
        for (guint c = 0; c < 3; c++)
          *out++ = (guint8)rgb[c];
      }
}
