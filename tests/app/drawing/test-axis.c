/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-axis.h"

#include <locale.h>
#include <math.h>

static void
assert_near (double a, double b)
{
  g_assert_cmpfloat_with_epsilon (a, b, 1e-9 * fmax (1, fabs (b)));
}

static void
test_fit (void)
{
  FvAxis axis = fv_axis_fit (0.021, 0.118, NAN, NAN, FALSE);
  assert_near (axis.low, 0);
  assert_near (axis.high, 0.125);
  axis = fv_axis_fit (9.1, 9.9, NAN, NAN, FALSE);
  g_assert_cmpfloat (axis.low, >, 8);
  g_assert_cmpfloat (axis.low, <=, 9.1);
  g_assert_cmpfloat (axis.high, >=, 9.9);
  axis = fv_axis_fit (0.2, 0.4, 0, 1, FALSE);
  assert_near (axis.low, 0);
  assert_near (axis.high, 1);
  axis = fv_axis_fit (INFINITY, -INFINITY, NAN, NAN, FALSE);
  assert_near (axis.low, 0);
  assert_near (axis.high, 1);
  axis = fv_axis_fit (0.003, 42, NAN, NAN, TRUE);
  assert_near (axis.low, 0.002);
  assert_near (axis.high, 50);
}

/* For any two numbers: a range that holds them, and at least two ticks in it. */
static void
test_fit_anything (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  for (guint i = 0; i < 20000; i++)
    {
      const double scale = pow (10, g_rand_double_range (random, -8, 8));
      double a = g_rand_double_range (random, -1, 1) * scale, b = g_rand_double_range (random, -1, 1) * scale;
      if (i % 10 == 0)
        b = a;
      if (i % 37 == 0)
        a = b = 0;
      const gboolean logarithmic = i % 2;
      const double least = MIN (a, b), most = MAX (a, b);
      const FvAxis axis = fv_axis_fit (least, most, NAN, NAN, logarithmic);
      g_assert_cmpfloat (axis.low, <, axis.high);
      if (!logarithmic || least > 0)
        {
          g_assert_cmpfloat (axis.low, <=, least + 1e-9 * scale);
          g_assert_cmpfloat (axis.high, >=, most - 1e-9 * scale);
        }
      const guint wanted = 2 + i % 8;
      g_autoptr (GArray) ticks = fv_axis_get_ticks (&axis, wanted, FALSE);
      g_assert_cmpuint (ticks->len, >=, 1);
      g_assert_cmpuint (ticks->len, <=, wanted + 3);
      for (guint k = 1; k < ticks->len; k++)
        g_assert_cmpfloat (g_array_index (ticks, double, k - 1), <, g_array_index (ticks, double, k));
    }
}

static void
assert_ticks (FvAxis axis, guint n_wanted, gboolean whole, const char *wanted)
{
  g_autoptr (GArray) ticks = fv_axis_get_ticks (&axis, n_wanted, whole);
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < ticks->len; i++)
    {
      g_autofree char *tick = fv_axis_format_tick (&axis, ticks, i);
      g_string_append_printf (text, "%s%s", i ? " " : "", tick);
    }
  g_assert_cmpstr (text->str, ==, wanted);
}

static void
test_ticks (void)
{
  assert_ticks ((FvAxis){ 0, 1 }, 5, FALSE, "0.0 0.2 0.4 0.6 0.8 1.0");
  assert_ticks ((FvAxis){ 0, 1 }, 4, FALSE, "0.00 0.25 0.50 0.75 1.00");
  assert_ticks ((FvAxis){ 0, 0.15 }, 4, FALSE, "0.00 0.05 0.10 0.15");
  assert_ticks ((FvAxis){ -1, 1 }, 4, FALSE, "-1.0 -0.5 0.0 0.5 1.0");
  assert_ticks ((FvAxis){ 0, 300 }, 6, TRUE, "0 50 100 150 200 250 300");
  assert_ticks ((FvAxis){ 1, 4 }, 10, TRUE, "1 2 3 4");
  assert_ticks ((FvAxis){ 0, 10 }, 4, TRUE, "0 5 10");
  assert_ticks ((FvAxis){ 0.01, 0.2, TRUE }, 3, FALSE, "0.01 0.02 0.05 0.1 0.2");
  assert_ticks ((FvAxis){ 1e-3, 1e3, TRUE }, 3, FALSE, "0.001 0.1 10 1000");
}

static void
test_map (void)
{
  const FvAxis linear = { 2, 6 }, logarithmic = { 0.01, 100, TRUE };
  assert_near (fv_axis_map (&linear, 3), 0.25);
  assert_near (fv_axis_unmap (&linear, 0.25), 3);
  assert_near (fv_axis_map (&logarithmic, 1), 0.5);
  assert_near (fv_axis_unmap (&logarithmic, 0.5), 1);
  g_assert_true (isnan (fv_axis_map (&logarithmic, 0)));
  g_assert_true (isnan (fv_axis_map (&logarithmic, -1)));
}

static void
test_values (void)
{
  static const struct
  {
    double value;
    const char *text;
  } cases[] = { { 0, "0" },        { 0.0274, "0.0274" }, { 0.98765, "0.988" }, { 1, "1.00" },    { 12.345, "12.3" },
                { 123.45, "123" }, { 123456, "123456" }, { -0.5, "-0.500" },   { 1e-7, "1e-07" } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = fv_axis_format_value (cases[i].value);
      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  setlocale (LC_NUMERIC, "C");
  g_test_add_func ("/drawing/axis/fit", test_fit);
  g_test_add_func ("/drawing/axis/fit-anything", test_fit_anything);
  g_test_add_func ("/drawing/axis/ticks", test_ticks);
  g_test_add_func ("/drawing/axis/map", test_map);
  g_test_add_func ("/drawing/axis/values", test_values);
  return g_test_run ();
}
