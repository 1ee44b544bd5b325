/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-sampler.h"
#include "app/training/fv-schedule.h"
#include "tests/fv-test-data.h"

#include <math.h>

/* BCCD: 205 pictures in batches of 16. */
#define PEER_BATCHES 13

/*
 * x/lr0, x/lr1 and x/lr2 of the original's results.csv: the rates of the biases, the weights and the BatchNorm weights at the last batch of each
 * epoch, to the five digits that it prints.
 */
static void
check_peer (const char *name, guint epochs)
{
  const char *path = fv_test_data (name);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;
  FvRecipe recipe;
  guint n_rows = 0;

  if (!path)
    return;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  fv_recipe_init (&recipe);
  recipe.epochs = epochs;
  for (char **line = lines + 1; *line && **line; line++)
    {
      static const FvGroup groups[] = { FV_GROUP_BIASES, FV_GROUP_WEIGHTS, FV_GROUP_BN_WEIGHTS };
      g_auto (GStrv) cells = g_strsplit (*line, ",", -1);
      guint epoch = (guint)g_ascii_strtoull (g_strstrip (cells[0]), NULL, 10);
      FvScheduleStep step;

      g_assert_cmpuint (g_strv_length (cells), ==, 14);
      fv_schedule_at (&recipe, PEER_BATCHES, epoch, PEER_BATCHES - 1, &step);
      for (guint i = 0; i < 3; i++)
        {
          double expected = g_ascii_strtod (cells[11 + i], NULL);

          g_assert_cmpfloat_with_epsilon (step.lr[groups[i]], expected, expected * 6e-5);
        }
      n_rows++;
    }
  g_assert_cmpuint (n_rows, ==, epochs);
}

static void
test_peer (void)
{
  check_peer ("reference/peer_results_seed0.csv", 10);
  check_peer ("reference/peer_results_seed0_30ep.csv", 30);
}

/* numpy.interp over max (round (3 * nb), 100) batches. */
static void
test_warmup (void)
{
  FvRecipe recipe;
  FvScheduleStep step;

  fv_recipe_init (&recipe);
  g_assert_cmpuint (fv_schedule_warmup (&recipe, 13), ==, 100);
  g_assert_cmpuint (fv_schedule_warmup (&recipe, 50), ==, 150);
  recipe.warmup_epochs = 0;
  g_assert_cmpuint (fv_schedule_warmup (&recipe, 5000), ==, 100);

  fv_schedule_at (&recipe, 1000, 0, 0, &step);
  g_assert_cmpfloat (step.lr[FV_GROUP_WEIGHTS], ==, 0.0);
  g_assert_cmpfloat (step.lr[FV_GROUP_BIASES], ==, 0.1);
  g_assert_cmpfloat (step.momentum, ==, 0.8);
  g_assert_cmpuint (step.accumulate, ==, 1);
  fv_schedule_at (&recipe, 1000, 0, 50, &step);
  g_assert_cmpfloat_with_epsilon (step.lr[FV_GROUP_WEIGHTS], 0.005, 1e-15);
  g_assert_cmpfloat_with_epsilon (step.lr[FV_GROUP_BIASES], 0.055, 1e-15);
  g_assert_cmpfloat_with_epsilon (step.momentum, 0.8685, 1e-15);
  g_assert_cmpuint (step.accumulate, ==, 2); /* 2.5 goes to the even neighbour */
  fv_schedule_at (&recipe, 1000, 0, 100, &step);
  g_assert_cmpfloat (step.lr[FV_GROUP_BIASES], ==, 0.01);
  g_assert_cmpfloat (step.momentum, ==, 0.937);
  g_assert_cmpuint (step.accumulate, ==, 4);

  /* Adam's beta1 stays. */
  recipe.optimizer = FV_OPTIMIZER_ADAMW;
  fv_schedule_at (&recipe, 1000, 0, 0, &step);
  g_assert_cmpfloat (step.momentum, ==, 0.937);

  /* A batch greater than the nominal one. */
  recipe.batch = 256;
  fv_schedule_at (&recipe, 1000, 5, 0, &step);
  g_assert_cmpuint (step.accumulate, ==, 1);
}

/* lf of the epoch in warm-up and in the rest of the epoch in which it ends; of the epoch before afterwards. */
static void
test_lag (void)
{
  FvRecipe recipe;
  FvScheduleStep step;

  fv_recipe_init (&recipe);
  recipe.epochs = 10;
  fv_schedule_at (&recipe, 13, 7, 12, &step); /* batch 103 of 100: warm-up ended in this epoch */
  g_assert_cmpfloat (step.lr[FV_GROUP_WEIGHTS], ==, recipe.lr0 * fv_schedule_factor (&recipe, 7));
  fv_schedule_at (&recipe, 13, 8, 0, &step);
  g_assert_cmpfloat (step.lr[FV_GROUP_WEIGHTS], ==, recipe.lr0 * fv_schedule_factor (&recipe, 7));
  fv_schedule_at (&recipe, 13, 9, 0, &step);
  g_assert_cmpfloat (step.lr[FV_GROUP_WEIGHTS], ==, recipe.lr0 * fv_schedule_factor (&recipe, 8));
  /* 100 batches: the first of epoch 2 is still one of warm-up, so all of epoch 2 has its own factor. */
  fv_schedule_at (&recipe, 50, 2, 49, &step);
  g_assert_cmpfloat (step.lr[FV_GROUP_WEIGHTS], <, recipe.lr0 * fv_schedule_factor (&recipe, 2));
}

static void
test_curves (void)
{
  FvRecipe recipe;

  fv_recipe_init (&recipe);
  recipe.epochs = 10;
  g_assert_cmpfloat (fv_schedule_factor (&recipe, 0), ==, 1.0);
  g_assert_cmpfloat_with_epsilon (fv_schedule_factor (&recipe, 5), 0.505, 1e-12);
  recipe.cos_lr = TRUE;
  g_assert_cmpfloat (fv_schedule_factor (&recipe, 0), ==, 1.0);
  g_assert_cmpfloat_with_epsilon (fv_schedule_factor (&recipe, 5), 0.505, 1e-12);
  g_assert_cmpfloat_with_epsilon (fv_schedule_factor (&recipe, 10), 0.01, 1e-12);
  g_assert_cmpfloat_with_epsilon (fv_schedule_ema_decay (&recipe, 1), 0.9999 * (1 - exp (-1.0 / 2000)), 1e-15);
  g_assert_cmpfloat_with_epsilon (fv_schedule_ema_decay (&recipe, 1000000), 0.9999, 1e-12);
}

static void
test_sampler (void)
{
  guint first[97], again[97], other[97], seeded[97];
  gboolean seen[97] = { FALSE };

  fv_sampler_permute (1, 0, first, 97);
  fv_sampler_permute (1, 0, again, 97);
  fv_sampler_permute (1, 1, other, 97);
  fv_sampler_permute (2, 0, seeded, 97);
  g_assert_cmpmem (first, sizeof first, again, sizeof again);
  g_assert_cmpint (memcmp (first, other, sizeof first), !=, 0);
  g_assert_cmpint (memcmp (first, seeded, sizeof first), !=, 0);
  for (guint i = 0; i < 97; i++)
    {
      g_assert_cmpuint (first[i], <, 97);
      g_assert_false (seen[first[i]]);
      seen[first[i]] = TRUE;
    }
  fv_sampler_permute (1, 0, first, 1);
  g_assert_cmpuint (first[0], ==, 0);
}

/* Over many epochs each picture stands in each place about equally often. */
static void
test_sampler_is_fair (void)
{
  guint counts[5][5] = { { 0 } };
  guint order[5];

  for (guint epoch = 0; epoch < 5000; epoch++)
    {
      fv_sampler_permute (7, epoch, order, 5);
      for (guint i = 0; i < 5; i++)
        counts[i][order[i]]++;
    }
  for (guint i = 0; i < 5; i++)
    for (guint j = 0; j < 5; j++)
      {
        g_assert_cmpuint (counts[i][j], >, 850); /* 1000 +- 5 standard deviations */
        g_assert_cmpuint (counts[i][j], <, 1150);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/training/schedule/peer", test_peer);
  g_test_add_func ("/training/schedule/warmup", test_warmup);
  g_test_add_func ("/training/schedule/lag", test_lag);
  g_test_add_func ("/training/schedule/curves", test_curves);
  g_test_add_func ("/training/sampler/permutation", test_sampler);
  g_test_add_func ("/training/sampler/fair", test_sampler_is_fair);
  return g_test_run ();
}
