/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "app/dataset/fv-check.h"
#include "app/dataset/fv-review.h"
#include "tests/fv-test-data.h"

/* Each kind of finding on data that have it, and none on data that don't. */

static const char *const classes[] = { "cat", "dog", NULL };

/* A picture with two boxes of an ordinary kind; measures of an ordinary picture, unlike all others. */
static FvItem *
add_item (FvDataset *dataset, GArray *measures, FvSubset subset)
{
  const guint i = dataset->items->len;
  FvItem *item = fv_item_new ();
  item->id = i + 1;
  item->name = g_strdup_printf ("%03u.jpg", i);
  item->path = g_strdup_printf ("/nowhere/%03u.jpg", i);
  item->hash = g_strdup_printf ("%064u", i);
  item->width = 640;
  item->height = 480;
  item->subset = subset;
  const FvBox boxes[2] = { { 0, 50 + i % 7, 60, 150 + i % 9, 160 }, { 1, 300, 200 + i % 5, 420, 290 } };
  g_array_append_vals (item->boxes, boxes, 2);
  fv_dataset_add (dataset, item);
  g_autoptr (GRand) random = g_rand_new_with_seed (i);
  FvMeasure measure = { .hash = (guint64)g_rand_int (random) << 32 | g_rand_int (random),
                        .brightness = 0.5f,
                        .contrast = 0.2f,
                        .sharpness = 500,
                        .readable = TRUE };
  for (guint k = 0; k < G_N_ELEMENTS (measure.thumbnail); k++)
    measure.thumbnail[k] = (guint8)g_rand_int_range (random, 0, 256);
  g_array_append_val (measures, measure);
  return item;
}

typedef struct
{
  FvDataset *dataset;
  GArray *measures; /* of FvMeasure */
} Data;

static Data
make_data (void)
{
  Data data = { fv_dataset_new (classes), g_array_new (FALSE, FALSE, sizeof (FvMeasure)) };
  for (guint i = 0; i < 40; i++)
    add_item (data.dataset, data.measures, i < 30 ? FV_SUBSET_TRAIN : FV_SUBSET_VAL);
  return data;
}

static GPtrArray *
check (const Data *data)
{
  const FvMeasures measures = { data->measures->len, (FvMeasure *)(void *)data->measures->data };
  return fv_check (data->dataset, &measures);
}

static void
data_clear (Data *data)
{
  fv_dataset_unref (data->dataset);
  g_array_unref (data->measures);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Data, data_clear)

static FvMeasure *
get_measure (Data *data, guint i)
{
  return &g_array_index (data->measures, FvMeasure, i);
}

/* Ways to spoil the data, and what is to be found then, at picture 7. */

static void
leave (Data *data)
{
}

static void
repeat_box (Data *data)
{
  const FvBox box = { 1, 301, 202, 420, 290 };
  g_array_append_val (fv_dataset_get (data->dataset, 7)->boxes, box);
}

static void
contain_box (Data *data)
{
  const FvBox box = { 1, 320, 220, 360, 250 };
  g_array_append_val (fv_dataset_get (data->dataset, 7)->boxes, box);
}

static void
shrink_box (Data *data)
{
  const FvBox box = { 0, 500, 300, 502, 302 };
  g_array_append_val (fv_dataset_get (data->dataset, 7)->boxes, box);
}

static void
cut_box (Data *data)
{
  const FvBox box = { 0, 635, 100, 640, 110 };
  g_array_append_val (fv_dataset_get (data->dataset, 7)->boxes, box);
}

static void
stretch_box (Data *data)
{
  const FvBox box = { 0, 10, 300, 610, 320 };
  g_array_append_val (fv_dataset_get (data->dataset, 7)->boxes, box);
}

static void
fill_with_box (Data *data)
{
  FvBox *box = &g_array_index (fv_dataset_get (data->dataset, 7)->boxes, FvBox, 0);
  *box = (FvBox){ 0, 0, 0, 640, 480 };
}

static void
darken (Data *data)
{
  get_measure (data, 7)->brightness = 0.02f;
}

static void
flatten (Data *data)
{
  get_measure (data, 7)->contrast = 0.001f;
}

static void
blur (Data *data)
{
  get_measure (data, 7)->sharpness = 5;
}

static void
lose (Data *data)
{
  get_measure (data, 7)->readable = FALSE;
}

static void
copy_measure (Data *data, guint from)
{
  *get_measure (data, 7) = *get_measure (data, from);
  get_measure (data, 7)->hash ^= 5;
}

static void
copy_nearly (Data *data)
{
  copy_measure (data, 3);
}

static void
copy_file (Data *data)
{
  FvItem *item = fv_dataset_get (data->dataset, 7);
  g_free (item->hash);
  item->hash = g_strdup (fv_dataset_get (data->dataset, 3)->hash);
}

static void
leak (Data *data)
{
  copy_measure (data, 3);
  fv_dataset_get (data->dataset, 7)->subset = FV_SUBSET_VAL;
}

static void
forget_boxes (Data *data)
{
  copy_measure (data, 3);
  g_array_set_size (fv_dataset_get (data->dataset, 7)->boxes, 0);
}

static void
make_rare (Data *data)
{
  for (guint i = 0; i < data->dataset->items->len; i++)
    if (i != 7)
      g_array_set_size (fv_dataset_get (data->dataset, i)->boxes, 1);
}

static const struct
{
  const char *kind; /* NULL: nothing is to be found */
  void (*spoil) (Data *data);
  int box;
  FvRepair action;
  guint at; /* the picture; G_MAXUINT = none */
} cases[] = {
  { NULL, leave, 0, FV_REPAIR_NONE, 7 },
  { "repeated-box", repeat_box, 2, FV_REPAIR_DELETE_BOX, 7 },
  { "contained-box", contain_box, 2, FV_REPAIR_NONE, 7 },
  { "tiny-box", shrink_box, 2, FV_REPAIR_DELETE_BOX, 7 },
  { "border-box", cut_box, 2, FV_REPAIR_NONE, 7 },
  { "border-box", fill_with_box, 0, FV_REPAIR_NONE, 7 },
  { "odd-aspect", stretch_box, 2, FV_REPAIR_NONE, 7 },
  { "dark-picture", darken, -1, FV_REPAIR_NONE, 7 },
  { "plain-picture", flatten, -1, FV_REPAIR_NONE, 7 },
  { "blurred-picture", blur, -1, FV_REPAIR_NONE, 7 },
  { "broken-picture", lose, -1, FV_REPAIR_NONE, 7 },
  { "near-duplicate", copy_nearly, -1, FV_REPAIR_NONE, 7 },
  { "same-picture", copy_file, -1, FV_REPAIR_NONE, 7 },
  { "leak", leak, -1, FV_REPAIR_MOVE, 7 },
  { "unlabelled-duplicate", forget_boxes, -1, FV_REPAIR_NONE, 7 },
  { "rare-class", make_rare, -1, FV_REPAIR_NONE, G_MAXUINT },
};

static void
test_kinds (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Data) data = make_data ();
      cases[i].spoil (&data);
      g_autoptr (GPtrArray) findings = check (&data), again = check (&data);
      const FvFinding *found = NULL;
      g_assert_cmpuint (findings->len, ==, again->len);
      for (guint k = 0; k < findings->len; k++)
        {
          const FvFinding *finding = g_ptr_array_index (findings, k);
          g_assert_cmpstr (finding->id, ==, ((FvFinding *)again->pdata[k])->id);
          g_assert_true (g_str_has_prefix (finding->id, finding->kind));
          g_assert_true ((finding->action == FV_REPAIR_NONE) == (finding->repair == NULL));
          if (cases[i].kind != NULL && strcmp (finding->kind, cases[i].kind) == 0)
            found = finding;
          /* A copy is near, too, whatever else is told of it; a strip has an odd shape. */
          else if (cases[i].kind == NULL || (strcmp (finding->kind, "near-duplicate") != 0))
            g_error ("%s: %s: %s", cases[i].kind, finding->id, finding->text);
        }
      if (cases[i].kind == NULL)
        continue;
      if (found == NULL)
        g_error ("no finding of the kind %s", cases[i].kind);
      g_assert_cmpuint (found->item, ==, cases[i].at);
      g_assert_cmpint (found->box, ==, cases[i].box);
      g_assert_cmpint (found->action, ==, cases[i].action);
      g_hash_table_add (seen, (gpointer)cases[i].kind);
    }
  for (guint k = 0; fv_check_kinds[k] != NULL; k++)
    g_assert_true (g_hash_table_contains (seen, fv_check_kinds[k]));
}

/* What is repaired is not found again, and nothing else has changed. */
static void
test_repair (void)
{
  g_auto (Data) data = make_data ();
  repeat_box (&data);
  shrink_box (&data);
  FvItem *leaked = add_item (data.dataset, data.measures, FV_SUBSET_VAL);
  *get_measure (&data, leaked->id - 1) = *get_measure (&data, 4);
  g_autoptr (GPtrArray) findings = check (&data);
  g_assert_cmpuint (findings->len, ==, 3);
  g_autoptr (GPtrArray) items = fv_check_repair (data.dataset, findings);
  g_assert_cmpuint (items->len, ==, 2);
  for (guint i = 0; i < items->len; i++)
    {
      const FvItem *item = g_ptr_array_index (items, i);
      if (item->id == leaked->id)
        {
          g_assert_cmpint (item->subset, ==, FV_SUBSET_TRAIN);
          g_assert_cmpuint (item->boxes->len, ==, 2);
          continue;
        }
      g_assert_cmpint (item->id, ==, 8);
      g_assert_cmpint (item->subset, ==, FV_SUBSET_TRAIN);
      g_assert_cmpuint (item->boxes->len, ==, 2);
      g_assert_cmpmem (item->boxes->data, 2 * sizeof (FvBox), fv_dataset_get (data.dataset, 7)->boxes->data,
                       2 * sizeof (FvBox));
    }
  /* The dataset itself is as it was. */
  g_assert_cmpuint (fv_dataset_get (data.dataset, 7)->boxes->len, ==, 4);
}

/* A box that is there three times, and boxes of two numbers in two pictures, each found twice: ids of their own, and each goes once. */
static void
test_equal_boxes (void)
{
  g_auto (Data) data = make_data ();
  const FvBox tiny = { 0, 500, 300, 503, 303 };
  for (guint i = 7; i < 9; i++)
    for (guint k = 0; k < 3; k++)
      g_array_append_val (fv_dataset_get (data.dataset, i)->boxes, tiny);
  g_autoptr (GPtrArray) findings = check (&data);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  /* In each picture two repeat the first one, and three are tiny. */
  g_assert_cmpuint (findings->len, ==, 10);
  for (guint i = 0; i < findings->len; i++)
    g_assert_true (g_hash_table_add (ids, ((FvFinding *)findings->pdata[i])->id));
  g_autoptr (GPtrArray) items = fv_check_repair (data.dataset, findings);
  g_assert_cmpuint (items->len, ==, 2);
  for (guint i = 0; i < items->len; i++)
    g_assert_cmpuint (((const FvItem *)items->pdata[i])->boxes->len, ==, 2);
}

/* A picture with very many boxes, most of them in one place, takes no time. */
static void
test_crowd (void)
{
  g_auto (Data) data = make_data ();
  FvItem *item = fv_dataset_get (data.dataset, 7);
  for (guint i = 0; i < 100000; i++)
    {
      const double x = i % 600, y = i / 600 % 470;
      const FvBox box = { 0, x, y, x + 10 + i % 13, y + 8 };
      g_array_append_val (item->boxes, box);
    }
  const gint64 start = g_get_monotonic_time ();
  g_autoptr (GPtrArray) findings = check (&data);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
  g_assert_cmpuint (findings->len, >, 0);
}

static void
test_review (void)
{
  g_auto (Data) data = make_data ();
  g_autoptr (GArray) a = fv_review_sample (data.dataset, 10, 1), b = fv_review_sample (data.dataset, 10, 1);
  g_autoptr (GArray) other = fv_review_sample (data.dataset, 10, 2), all = fv_review_sample (data.dataset, 99, 1);
  g_assert_cmpuint (a->len, ==, 10);
  g_assert_cmpmem (a->data, 10 * sizeof (guint), b->data, 10 * sizeof (guint));
  g_assert_true (memcmp (a->data, other->data, 10 * sizeof (guint)) != 0);
  g_assert_cmpuint (all->len, ==, 40);
  for (guint i = 1; i < a->len; i++)
    g_assert_cmpuint (g_array_index (a, guint, i - 1), <, g_array_index (a, guint, i));

  /* Brown, Cai and DasGupta 2001, and by hand: (p + z²/2n ± z sqrt (p (1 - p) / n + z²/4n²)) / (1 + z²/n). */
  const FvRate rate = fv_review_rate (7, 100), none = fv_review_rate (0, 10), every = fv_review_rate (10, 10);
  g_assert_cmpfloat_with_epsilon (rate.rate, 0.07, 1e-12);
  g_assert_cmpfloat_with_epsilon (rate.low, 0.034315, 1e-5);
  g_assert_cmpfloat_with_epsilon (rate.high, 0.137495, 1e-5);
  g_assert_cmpfloat_with_epsilon (none.low, 0, 1e-12);
  g_assert_cmpfloat_with_epsilon (none.high, 0.277533, 1e-5);
  g_assert_cmpfloat_with_epsilon (every.low, 1 - 0.277533, 1e-5);
  g_assert_cmpfloat_with_epsilon (every.high, 1, 1e-12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/check/kinds", test_kinds);
  g_test_add_func ("/dataset/check/repair", test_repair);
  g_test_add_func ("/dataset/check/equal-boxes", test_equal_boxes);
  g_test_add_func ("/dataset/check/crowd", test_crowd);
  g_test_add_func ("/dataset/check/review", test_review);
  return g_test_run ();
}
