/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where pictures and boxes go. */
#include "app/augment/fv-augment-geometry.h"

#include <math.h>
#include <string.h>

#define IMGSZ 128
#define N_ITEMS 6

static const FvBox boxes[] = { { 0, 10, 20, 60, 90 }, { 1, 100, 5, 190, 40 }, { 2, 0, 0, 200, 100 } };

/* Landscape pictures of 200 x 100, portraits of 100 x 200 with no boxes; the last one can't be read. */
static void
get_source (guint item, FvAugmentSource *source, gpointer user_data)
{
  gboolean portrait = item % 2;
  *source = (FvAugmentSource){
    .original_width = portrait ? 100 : 200,
    .original_height = portrait ? 200 : 100,
    .width = portrait ? IMGSZ / 2 : IMGSZ,
    .height = portrait ? IMGSZ : IMGSZ / 2,
    .boxes = boxes,
    .n_boxes = portrait ? 0 : G_N_ELEMENTS (boxes),
    .missing = item == N_ITEMS - 1,
  };
}

static void
build (const FvAugmentPolicy *policy, guint64 seed, guint epoch, guint position, FvAugmented *out)
{
  FvAugmentParams params = {
    .imgsz = IMGSZ,
    .seed = seed,
    .epoch = epoch,
    .position = position,
    .item = position % N_ITEMS,
    .n_items = N_ITEMS,
  };
  fv_augment_sample (policy, &params, get_source, NULL, out);
}

static GArray *
new_targets (void)
{
  return g_array_new (FALSE, FALSE, sizeof (FvTarget));
}

static void
test_policy (void)
{
  FvAugmentPolicy low = FV_AUGMENT_POLICY_SCRATCH_LOW;
  for (const FvAugmentKey *key = fv_augment_policy_keys (); key->name != NULL; key++)
    {
      g_assert_cmpfloat (*fv_augment_policy_value (&low, key->name), ==, key->scratch_low);
      g_assert_true (key->scratch_low >= key->minimum && key->scratch_low <= key->maximum);
    }
  g_assert_null (fv_augment_policy_value (&low, "mozaic"));
}

/* Without any augmentation a picture is letterboxed and its boxes with it. */
static void
test_nothing (void)
{
  g_autoptr (GArray) targets = new_targets ();
  FvAugmentPolicy none = { 0 };
  FvAugmented out = { .targets = targets };
  static const float identity[9] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 };
  build (&none, 0, 0, 0, &out);
  g_assert_cmpuint (out.sample.n_layers, ==, 1);
  g_assert_cmpuint (out.n_items, ==, 1);
  g_assert_cmpmem (out.sample.layers[0].inverse, sizeof identity, identity, sizeof identity);
  g_assert_cmpfloat (out.sample.hsv[0], ==, 1);
  g_assert_cmpuint (out.sample.flip_horizontal + out.sample.flip_vertical, ==, 0);
  FvAugmentTile tile = out.sample.layers[0].tiles[0];
  g_assert_cmpint (tile.x1, ==, 0);
  g_assert_cmpint (tile.x2, ==, IMGSZ);
  g_assert_cmpint (tile.y1, ==, IMGSZ / 4);
  g_assert_cmpint (tile.y2, ==, 3 * IMGSZ / 4);
  g_assert_cmpint (tile.dy, ==, IMGSZ / 4);
  g_assert_cmpuint (targets->len, ==, G_N_ELEMENTS (boxes));
  FvTarget first = g_array_index (targets, FvTarget, 0);
  g_assert_cmpfloat_with_epsilon (first.cx, 35 / 200.0, 1e-5);
  g_assert_cmpfloat_with_epsilon (first.cy, (55 / 100.0) / 2 + 0.25, 1e-5);
  g_assert_cmpfloat_with_epsilon (first.w, 50 / 200.0, 1e-5);
  g_assert_cmpfloat_with_epsilon (first.h, 70 / 200.0, 1e-5);
}

static void
assert_equal (const FvAugmented *a, const FvAugmented *b)
{
  g_assert_cmpmem (&a->sample, sizeof a->sample, &b->sample, sizeof b->sample);
  g_assert_cmpmem (a->targets->data, a->targets->len * sizeof (FvTarget), b->targets->data,
                   b->targets->len * sizeof (FvTarget));
  g_assert_cmpmem (a->items, a->n_items * sizeof *a->items, b->items, b->n_items * sizeof *b->items);
}

static void
test_keys (void)
{
  g_autoptr (GArray) targets_a = new_targets ();
  g_autoptr (GArray) targets_b = new_targets ();
  FvAugmentPolicy low = FV_AUGMENT_POLICY_SCRATCH_LOW;
  FvAugmented a = { .targets = targets_a }, b = { .targets = targets_b };
  build (&low, 1, 2, 3, &a);
  build (&low, 1, 2, 3, &b);
  assert_equal (&a, &b);
  static const guint others[][3] = { { 2, 2, 3 }, { 1, 3, 3 }, { 1, 2, 9 } };
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      build (&low, others[i][0], others[i][1], others[i][2], &b);
      g_assert_true (memcmp (&a.sample, &b.sample, sizeof a.sample) != 0);
    }
}

static void
test_mosaic (void)
{
  g_autoptr (GArray) targets = new_targets ();
  FvAugmentPolicy policy = FV_AUGMENT_POLICY_SCRATCH_LOW;
  FvAugmented out = { .targets = targets };
  guint flips = 0, firsts = 0, n_targets = 0;
  const guint rounds = 400;
  for (guint i = 0; i < rounds; i++)
    {
      build (&policy, 5, 0, i * N_ITEMS, &out); /* its own picture is number 0 */
      const FvAugmentLayer *layer = &out.sample.layers[0];
      gboolean own = FALSE;
      g_assert_cmpuint (out.n_items, ==, 4);
      g_assert_cmpint (layer->canvas_width, ==, 2 * IMGSZ);
      for (guint k = 0; k < 4; k++)
        own |= out.items[k] == 0;
      g_assert_true (own);
      firsts += out.items[0] == 0;
      for (guint t = 0; t < layer->n_tiles; t++)
        {
          const FvAugmentTile *tile = &layer->tiles[t];
          gboolean portrait = out.items[tile->picture] % 2;
          gint w = portrait ? IMGSZ / 2 : IMGSZ, h = portrait ? IMGSZ : IMGSZ / 2;
          g_assert_cmpuint (out.items[tile->picture], !=, N_ITEMS - 1);
          /* Within the canvas, and within the picture. */
          g_assert_true (tile->x1 >= 0 && tile->y1 >= 0 && tile->x2 <= 2 * IMGSZ && tile->y2 <= 2 * IMGSZ);
          g_assert_true (tile->x1 - tile->dx >= 0 && tile->x2 - tile->dx <= w);
          g_assert_true (tile->y1 - tile->dy >= 0 && tile->y2 - tile->dy <= h);
          for (guint u = 0; u < t; u++) /* no two tiles overlap */
            {
              const FvAugmentTile *other = &layer->tiles[u];
              g_assert_true (tile->x1 >= other->x2 || other->x1 >= tile->x2 || tile->y1 >= other->y2
                             || other->y1 >= tile->y2);
            }
        }
      /* Scale 0.5 to 1.5: the inverse steps 1 / scale canvas pixels. */
      g_assert_true (layer->inverse[0] >= 1 / 1.5 - 1e-4 && layer->inverse[0] <= 2 + 1e-4);
      g_assert_cmpfloat_with_epsilon (layer->inverse[1], 0, 1e-6);
      g_assert_true (fabs (out.sample.hsv[0] - 1) <= 0.015 && fabs (out.sample.hsv[1] - 1) <= 0.7
                     && fabs (out.sample.hsv[2] - 1) <= 0.4);
      flips += out.sample.flip_horizontal;
      g_assert_cmpuint (out.sample.flip_vertical, ==, 0);
      n_targets += targets->len;
      for (guint k = 0; k < targets->len; k++)
        {
          FvTarget target = g_array_index (targets, FvTarget, k);
          g_assert_true (target.w * IMGSZ > 1.99 && target.h * IMGSZ > 1.99);
          g_assert_true (target.cx - target.w / 2 >= -1e-5 && target.cx + target.w / 2 <= 1 + 1e-5);
          g_assert_true (target.cy - target.h / 2 >= -1e-5 && target.cy + target.h / 2 <= 1 + 1e-5);
        }
    }
  g_assert_cmpint (ABS ((int)flips - (int)rounds / 2), <, 50);
  g_assert_cmpint (ABS ((int)firsts - (int)rounds * 3 / 8), <, 70); /* about a quarter, more as it may be drawn again */
  g_assert_cmpuint (n_targets, >, rounds);
}

static void
test_mixup (void)
{
  g_autoptr (GArray) targets = new_targets ();
  FvAugmentPolicy policy = { .mosaic = 1, .mixup = 1, .degrees = 20, .shear = 5, .perspective = 0.0005, .flipud = 1 };
  FvAugmented out = { .targets = targets };
  for (guint i = 0; i < 100; i++)
    {
      build (&policy, 5, 0, i, &out);
      g_assert_cmpuint (out.sample.n_layers, ==, 2);
      g_assert_cmpuint (out.n_items, ==, 8);
      g_assert_true (out.sample.mix > 0.2 && out.sample.mix < 0.8);
      g_assert_cmpuint (out.sample.flip_vertical, ==, 1);
      for (guint t = 0; t < out.sample.layers[1].n_tiles; t++)
        g_assert_cmpuint (out.sample.layers[1].tiles[t].picture, >=, 4);
      for (guint l = 0; l < 2; l++)
        g_assert_cmpfloat (out.sample.layers[l].inverse[8], ==, 1);
    }
}

/* Probabilities are what they say. */
static void
test_probabilities (void)
{
  g_autoptr (GArray) targets = new_targets ();
  FvAugmentPolicy policy = { .mosaic = 0.7, .mixup = 0.3 };
  FvAugmented out = { .targets = targets };
  guint mosaics = 0, mixups = 0;
  for (guint i = 0; i < 3000; i++)
    {
      build (&policy, 8, 1, i, &out);
      mosaics += out.n_items >= 4;
      mixups += out.sample.n_layers == 2;
    }
  g_assert_cmpint (ABS ((int)mosaics - 2100), <, 120);
  g_assert_cmpint (ABS ((int)mixups - 630), <, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/augment/policy", test_policy);
  g_test_add_func ("/augment/nothing", test_nothing);
  g_test_add_func ("/augment/keys", test_keys);
  g_test_add_func ("/augment/mosaic", test_mosaic);
  g_test_add_func ("/augment/mixup", test_mixup);
  g_test_add_func ("/augment/probabilities", test_probabilities);
  return g_test_run ();
}
