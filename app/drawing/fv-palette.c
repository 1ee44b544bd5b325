/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-palette.h"

#include <math.h>

#define RGB(hex)                                                                                                       \
  {                                                                                                                    \
    ((hex) >> 16 & 255) / 255., ((hex) >> 8 & 255) / 255., ((hex)&255) / 255.                                          \
  }

/* Masataka Okabe and Kei Ito, "Color Universal Design" (2008); white in the place of black, which is lost on dark pictures. */
static const FvColour class_colours[FV_PALETTE_N_DISTINCT] = {
  RGB (0xe69f00), /* orange */
  RGB (0x56b4e9), /* sky blue */
  RGB (0x009e73), /* bluish green */
  RGB (0xf0e442), /* yellow */
  RGB (0x0072b2), /* blue */
  RGB (0xd55e00), /* vermilion */
  RGB (0xcc79a7), /* reddish purple */
  RGB (0xffffff), /* white */
};

/* The same hues moved until the least distance between any two, for every kind of eye, was 25 in CIE L*a*b*, with a contrast of at least 3 on
   white and 4.5 on a dark card. */
static const FvColour series_colours[2][FV_PALETTE_N_SERIES] = {
  { RGB (0x15559d), RGB (0xd77b11), RGB (0x00a363), RGB (0xc17bab), RGB (0x6c4e00), RGB (0x2e332f) },
  { RGB (0xa1cbff), RGB (0xf49034), RGB (0x38ac68), RGB (0xbf88a5), RGB (0xffe00c), RGB (0xe9f2f4) },
};

static FvColour
mix (FvColour a, double b, double share)
{
  return (FvColour){ a.red + (b - a.red) * share, a.green + (b - a.green) * share, a.blue + (b - a.blue) * share };
}

FvColour
fv_palette_get_class (guint class_id)
{
  const FvColour colour = class_colours[class_id % FV_PALETTE_N_DISTINCT];
  switch (class_id / FV_PALETTE_N_DISTINCT % 3)
    {
    case 1:
      return mix (colour, 0, 0.42);
    case 2:
      /* White has no lighter shade. */
      return class_id % FV_PALETTE_N_DISTINCT == FV_PALETTE_N_DISTINCT - 1 ? mix (colour, 0, 0.7)
                                                                           : mix (colour, 1, 0.55);
    default:
      return colour;
    }
}

FvColour
fv_palette_get_series (guint index, gboolean dark)
{
  return series_colours[dark ? 1 : 0][index % FV_PALETTE_N_SERIES];
}

static double
make_linear (double value)
{
  return value <= 0.04045 ? value / 12.92 : pow ((value + 0.055) / 1.055, 2.4);
}

static double
get_luminance (FvColour colour)
{
  return 0.2126 * make_linear (colour.red) + 0.7152 * make_linear (colour.green) + 0.0722 * make_linear (colour.blue);
}

double
fv_palette_get_contrast (FvColour a, FvColour b)
{
  const double la = get_luminance (a), lb = get_luminance (b);
  return (MAX (la, lb) + 0.05) / (MIN (la, lb) + 0.05);
}

FvColour
fv_palette_get_text (FvColour ground)
{
  const FvColour black = { 0, 0, 0 }, white = { 1, 1, 1 };
  return fv_palette_get_contrast (ground, black) >= fv_palette_get_contrast (ground, white) ? black : white;
}

char *
fv_palette_to_hex (FvColour colour)
{
  return g_strdup_printf ("#%02x%02x%02x", (guint)lrint (colour.red * 255), (guint)lrint (colour.green * 255),
                          (guint)lrint (colour.blue * 255));
}
