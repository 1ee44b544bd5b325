/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/augment/fv-random.h"

#include <math.h>

#define N 200000

static void
test_streams (void)
{
  FvRandom a, b;
  fv_random_init (&a, 1, 2, 3);
  fv_random_init (&b, 1, 2, 3);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (fv_random_next (&a), ==, fv_random_next (&b));
  /* Neighbouring keys, and the same numbers in other places, give other streams. */
  static const guint64 keys[][3] = { { 1, 2, 3 }, { 1, 2, 4 }, { 1, 3, 3 }, { 2, 2, 3 }, { 3, 2, 1 }, { 1, 3, 2 } };
  g_autoptr (GHashTable) seen = g_hash_table_new (g_int64_hash, g_int64_equal);
  static guint64 numbers[G_N_ELEMENTS (keys)][50];
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      fv_random_init (&a, keys[i][0], keys[i][1], keys[i][2]);
      for (guint k = 0; k < 50; k++)
        {
          numbers[i][k] = fv_random_next (&a);
          g_assert_true (g_hash_table_add (seen, &numbers[i][k]));
        }
    }
}

static void
test_moments (void)
{
  FvRandom random;
  double sums[4] = { 0 }, squares[4] = { 0 };
  fv_random_init (&random, 0, 0, 0);
  for (guint i = 0; i < N; i++)
    {
      double draws[4] = { fv_random_unit (&random), fv_random_normal (&random), fv_random_beta (&random, 32, 32),
                          fv_random_beta (&random, 1, 3) };
      g_assert_true (draws[0] >= 0 && draws[0] < 1);
      g_assert_true (draws[2] > 0 && draws[2] < 1);
      for (guint k = 0; k < 4; k++)
        {
          sums[k] += draws[k];
          squares[k] += draws[k] * draws[k];
        }
    }
  static const double means[4] = { 0.5, 0, 0.5, 0.25 };
  static const double variances[4] = { 1 / 12.0, 1, 1 / 260.0, 3 / 80.0 }; /* of Beta: ab / ((a + b)^2 (a + b + 1)) */
  for (guint k = 0; k < 4; k++)
    {
      double mean = sums[k] / N, variance = squares[k] / N - mean * mean;
      g_assert_cmpfloat_with_epsilon (mean, means[k], 5 * sqrt (variances[k] / N));
      g_assert_cmpfloat_with_epsilon (variance / variances[k], 1, 0.02);
    }
}

static void
test_below (void)
{
  FvRandom random;
  guint counts[7] = { 0 };
  fv_random_init (&random, 9, 9, 9);
  for (guint i = 0; i < 70000; i++)
    counts[fv_random_below (&random, 7)]++;
  for (guint i = 0; i < 7; i++)
    g_assert_cmpint (ABS ((int)counts[i] - 10000), <, 500);
  g_assert_cmpuint (fv_random_below (&random, 1), ==, 0);
}

static void
test_shuffle (void)
{
  FvRandom random;
  guint places[4][4] = { { 0 } };
  fv_random_init (&random, 4, 4, 4);
  for (guint i = 0; i < 24000; i++)
    {
      guint values[4] = { 0, 1, 2, 3 };
      fv_random_shuffle (&random, values, 4);
      for (guint k = 0; k < 4; k++)
        places[k][values[k]]++;
    }
  for (guint k = 0; k < 4; k++)
    for (guint v = 0; v < 4; v++)
      g_assert_cmpint (ABS ((int)places[k][v] - 6000), <, 350);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/random/streams", test_streams);
  g_test_add_func ("/random/moments", test_moments);
  g_test_add_func ("/random/below", test_below);
  g_test_add_func ("/random/shuffle", test_shuffle);
  return g_test_run ();
}
