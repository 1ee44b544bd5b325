/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-palette.h"

#include <math.h>

/* How colours look to other eyes, in linear RGB: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model for
   Simulation of Color Vision Deficiency", IEEE TVCG 15 (2009), severity 1. */
static const struct
{
  const char *name;
  double matrix[3][3];
} eyes[] = {
  { "usual", { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } } },
  { "protanopia",
    { { 0.152286, 1.052583, -0.204868 }, { 0.114503, 0.786281, 0.099216 }, { -0.003882, -0.048116, 1.051998 } } },
  { "deuteranopia",
    { { 0.367322, 0.860646, -0.227968 }, { 0.280085, 0.672501, 0.047413 }, { -0.011820, 0.042940, 0.968881 } } },
  { "tritanopia",
    { { 1.255528, -0.076749, -0.178779 }, { -0.078411, 0.930809, 0.147602 }, { 0.004733, 0.691367, 0.303900 } } },
};

static void
multiply (const double matrix[3][3], const double in[3], double out[3])
{
  for (guint i = 0; i < 3; i++)
    out[i] = matrix[i][0] * in[0] + matrix[i][1] * in[1] + matrix[i][2] * in[2];
}

/* CIE L*a*b* under D65 as this eye sees it. */
static void
get_lab (FvColour colour, guint eye, double lab[3])
{
  static const double to_xyz[3][3] = { { 0.4124564, 0.3575761, 0.1804375 },
                                       { 0.2126729, 0.7151522, 0.0721750 },
                                       { 0.0193339, 0.1191920, 0.9503041 } };
  static const double white[3] = { 0.95047, 1, 1.08883 };
  double rgb[3] = { colour.red, colour.green, colour.blue }, seen[3], xyz[3];
  for (guint i = 0; i < 3; i++)
    rgb[i] = rgb[i] <= 0.04045 ? rgb[i] / 12.92 : pow ((rgb[i] + 0.055) / 1.055, 2.4);
  multiply (eyes[eye].matrix, rgb, seen);
  for (guint i = 0; i < 3; i++)
    seen[i] = CLAMP (seen[i], 0, 1);
  multiply (to_xyz, seen, xyz);
  for (guint i = 0; i < 3; i++)
    {
      const double t = xyz[i] / white[i];
      xyz[i] = t > 0.008856 ? cbrt (t) : 7.787 * t + 16 / 116.;
    }
  lab[0] = 116 * xyz[1] - 16;
  lab[1] = 500 * (xyz[0] - xyz[1]);
  lab[2] = 200 * (xyz[1] - xyz[2]);
}

static double
get_distance (FvColour a, FvColour b, guint eye)
{
  double la[3], lb[3];
  get_lab (a, eye, la);
  get_lab (b, eye, lb);
  return sqrt (pow (la[0] - lb[0], 2) + pow (la[1] - lb[1], 2) + pow (la[2] - lb[2], 2));
}

static void
assert_distinct (const FvColour *colours, guint n, double wanted, const char *what)
{
  for (guint eye = 0; eye < G_N_ELEMENTS (eyes); eye++)
    {
      double least = INFINITY;
      for (guint i = 0; i < n; i++)
        for (guint k = 0; k < i; k++)
          least = MIN (least, get_distance (colours[i], colours[k], eye));
      g_test_message ("%s, %s: least distance %.1f", what, eyes[eye].name, least);
      g_assert_cmpfloat (least, >=, wanted);
    }
}

/* 2.3 is just noticed side by side; 15 is another colour at a glance. */
static void
test_classes_differ (void)
{
  FvColour colours[FV_PALETTE_N_DISTINCT];
  for (guint i = 0; i < G_N_ELEMENTS (colours); i++)
    colours[i] = fv_palette_get_class (i);
  assert_distinct (colours, G_N_ELEMENTS (colours), 15, "classes");
}

static void
test_series_differ (void)
{
  const FvColour white = { 1, 1, 1 }, card = { 0.19, 0.19, 0.19 };
  for (guint dark = 0; dark < 2; dark++)
    {
      FvColour colours[FV_PALETTE_N_SERIES];
      for (guint i = 0; i < G_N_ELEMENTS (colours); i++)
        {
          colours[i] = fv_palette_get_series (i, dark);
          /* WCAG 2.1, 1.4.11: graphics. */
          g_assert_cmpfloat (fv_palette_get_contrast (colours[i], dark ? card : white), >=, 3);
        }
      assert_distinct (colours, G_N_ELEMENTS (colours), 25, dark ? "series on dark" : "series on light");
    }
}

static void
test_shades_differ (void)
{
  for (guint i = 0; i < FV_PALETTE_N_CLASSES; i++)
    for (guint k = 0; k < i; k++)
      g_assert_cmpfloat (get_distance (fv_palette_get_class (i), fv_palette_get_class (k), 0), >, 5);
  const FvColour first = fv_palette_get_class (3), again = fv_palette_get_class (FV_PALETTE_N_CLASSES + 3);
  g_assert_cmpmem (&first, sizeof first, &again, sizeof again);
}

/* WCAG 2.1, 1.4.3: text. */
static void
test_text_is_read (void)
{
  double least = INFINITY;
  for (guint i = 0; i < FV_PALETTE_N_CLASSES; i++)
    {
      const FvColour ground = fv_palette_get_class (i);
      least = MIN (least, fv_palette_get_contrast (ground, fv_palette_get_text (ground)));
    }
  g_test_message ("least contrast of a label %.2f", least);
  g_assert_cmpfloat (least, >=, 4.5);
  for (double grey = 0; grey <= 1; grey += 1 / 255.)
    {
      const FvColour ground = { grey, grey, grey };
      g_assert_cmpfloat (fv_palette_get_contrast (ground, fv_palette_get_text (ground)), >=, 4.58);
    }
}

static void
test_contrast (void)
{
  const FvColour black = { 0, 0, 0 }, white = { 1, 1, 1 }, red = { 1, 0, 0 };
  g_assert_cmpfloat_with_epsilon (fv_palette_get_contrast (black, white), 21, 1e-9);
  g_assert_cmpfloat_with_epsilon (fv_palette_get_contrast (white, black), 21, 1e-9);
  g_assert_cmpfloat_with_epsilon (fv_palette_get_contrast (red, white), 3.998, 1e-3);
  g_autofree char *hex = fv_palette_to_hex (fv_palette_get_class (0));
  g_assert_cmpstr (hex, ==, "#e69f00");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/drawing/palette/classes-differ", test_classes_differ);
  g_test_add_func ("/drawing/palette/series-differ", test_series_differ);
  g_test_add_func ("/drawing/palette/shades-differ", test_shades_differ);
  g_test_add_func ("/drawing/palette/text", test_text_is_read);
  g_test_add_func ("/drawing/palette/contrast", test_contrast);
  return g_test_run ();
}
