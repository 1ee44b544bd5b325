/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches: the same whatever the number of workers and the place one starts at; bad pictures; the letterbox way. */
#include "app/augment/fv-batch-builder.h"
#include "tests/fv-test-data.h"

#include <string.h>
#include <turbojpeg.h>

#define N_ITEMS 11
#define IMGSZ 64

static FvDataset *dataset;
static guint all[N_ITEMS];

static char *
write_picture (const char *folder, guint i, guint width, guint height)
{
  g_autofree char *name = g_strdup_printf ("%02u.jpg", i);
  g_autofree guint8 *grey = g_malloc (width * height);
  guint8 *data = NULL;
  unsigned long size = 0;
  tjhandle tj = tjInitCompress ();
  memset (grey, 20 * i, width * height);
  g_assert_cmpint (tjCompress2 (tj, grey, width, 0, height, TJPF_GRAY, &data, &size, TJSAMP_GRAY, 90, 0), ==, 0);
  const char *path = fv_test_write_data (folder, name, data, size);
  tjFree (data);
  tjDestroy (tj);
  return g_strdup (path);
}

static FvDataset *
make_dataset (void)
{
  FvDataset *made = fv_dataset_new ((const char *const[]){ "a", "b", NULL });
  const char *folder = fv_test_folder ();
  for (guint i = 0; i < N_ITEMS; i++)
    {
      FvItem *item = fv_item_new ();
      item->width = 80 + 7 * i;
      item->height = 60 + 3 * i;
      item->path = write_picture (folder, i, item->width, item->height);
      FvBox box = { i % 2, 10, 8, 40 + i, 30 + i };
      g_array_append_val (item->boxes, box);
      fv_dataset_add (made, item);
      all[i] = i;
    }
  return made;
}

static void
add_bytes (GChecksum *checksum, gconstpointer data, gsize size)
{
  g_checksum_update (checksum, data, size);
}

/* All that a device would see of an epoch from @start on. */
static char *
digest (guint n_workers, gsize pool_bytes, guint epoch, guint start, guint batch_size)
{
  g_autoptr (GError) error = NULL;
  FvAugmentPolicy policy = FV_AUGMENT_POLICY_SCRATCH_LOW;
  policy.mosaic = 0.7;
  policy.mixup = 0.3;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (FvBatchBuilder) builder = fv_batch_builder_new (
      dataset, all, N_ITEMS,
      &(FvBatchBuilderParams){
          .policy = &policy, .imgsz = IMGSZ, .n_workers = n_workers, .pool_bytes = pool_bytes, .ahead = 5 });
  guint order[] = { 3, 1, 4, 0, 5, 9, 2, 6, 10, 8, 7 }, n = start;
  fv_batch_builder_start_epoch (builder, epoch, order, N_ITEMS);
  fv_batch_builder_seek (builder, start);
  for (;;)
    {
      g_autoptr (FvBuiltBatch) built = fv_batch_builder_next (builder, batch_size, &error);
      g_assert_no_error (error);
      if (built == NULL)
        break;
      const FvBatch *batch = &built->batch;
      g_assert_cmpuint (built->first, ==, n);
      g_assert_cmpuint (batch->n, ==, MIN (batch_size, N_ITEMS - n));
      g_assert_cmpuint (batch->width, ==, IMGSZ);
      g_assert_null (built->letterboxes);
      for (guint i = 0; i < batch->n; i++)
        g_assert_cmpuint (built->items[i], ==, order[n + i]);
      n += batch->n;
      add_bytes (checksum, batch->samples, batch->n * sizeof *batch->samples);
      add_bytes (checksum, batch->targets, batch->n_targets * 6 * sizeof *batch->targets);
      for (guint i = 0; i < batch->n_pictures; i++)
        for (guint y = 0; y < batch->pictures[i].height; y++)
          add_bytes (checksum, batch->pictures[i].rgb + y * batch->pictures[i].stride, batch->pictures[i].width * 3);
      for (guint i = 1; i < batch->n_targets; i++)
        g_assert_cmpfloat (batch->targets[6 * i], >=, batch->targets[6 * i - 6]);
      for (guint i = 0; i < batch->n; i++)
        for (guint l = 0; l < batch->samples[i].n_layers; l++)
          for (guint t = 0; t < batch->samples[i].layers[l].n_tiles; t++)
            {
              const FvAugmentTile *tile = &batch->samples[i].layers[l].tiles[t];
              g_assert_cmpuint (tile->picture, <, batch->n_pictures);
              g_assert_cmpint (tile->x2 - tile->dx, <=, batch->pictures[tile->picture].width);
              g_assert_cmpint (tile->y2 - tile->dy, <=, batch->pictures[tile->picture].height);
            }
    }
  g_assert_cmpuint (n, ==, N_ITEMS);
  return g_strdup (g_checksum_get_string (checksum));
}

static void
test_determinism (void)
{
  g_autofree char *expected = digest (1, 0, 3, 0, 4);
  for (guint workers = 2; workers <= 5; workers++)
    {
      g_autofree char *same = digest (workers, workers % 2 ? 1 : 0, 3, 0, 4); /* a pool of one byte keeps nothing */
      g_assert_cmpstr (same, ==, expected);
    }
  g_autofree char *other_epoch = digest (2, 0, 4, 0, 4);
  g_assert_cmpstr (other_epoch, !=, expected);
}

static void
test_seek (void)
{
  g_autofree char *one = digest (1, 0, 2, 8, 3);
  g_autofree char *two = digest (3, 0, 2, 8, 3);
  g_assert_cmpstr (one, ==, two);
}

static void
test_large_batch (void)
{
  g_autofree char *one = digest (1, 0, 2, 0, 100);
  g_autofree char *two = digest (2, 0, 2, 0, 100);
  g_assert_cmpstr (one, ==, two);
}

static void
test_plain (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvBatchBuilder) builder
      = fv_batch_builder_new (dataset, all, N_ITEMS, &(FvBatchBuilderParams){ .imgsz = IMGSZ });
  guint shapes[N_ITEMS][2];
  for (guint i = 0; i < N_ITEMS; i++)
    shapes[i][0] = 96, shapes[i][1] = 64;
  for (guint rect = 0; rect < 2; rect++)
    {
      guint n = 0;
      if (rect)
        fv_batch_builder_set_shapes (builder, (const guint (*)[2])shapes, N_ITEMS);
      fv_batch_builder_start_epoch (builder, 0, all, N_ITEMS);
      for (;;)
        {
          g_autoptr (FvBuiltBatch) built = fv_batch_builder_next (builder, 4, &error);
          g_assert_no_error (error);
          if (built == NULL)
            break;
          g_assert_cmpuint (built->batch.width, ==, rect ? 96 : IMGSZ);
          g_assert_cmpuint (built->batch.height, ==, IMGSZ);
          for (guint i = 0; i < built->batch.n; i++, n++)
            {
              const FvItem *item = fv_dataset_get (dataset, built->items[i]);
              const FvLetterbox *letterbox = &built->letterboxes[i];
              const float *target = built->batch.targets + 6 * i;
              const FvBox *box = &g_array_index (item->boxes, FvBox, 0);
              float w = built->batch.width, h = built->batch.height;
              float xyxy[4] = { (target[2] - target[4] / 2) * w, (target[3] - target[5] / 2) * h,
                                (target[2] + target[4] / 2) * w, (target[3] + target[5] / 2) * h };
              g_assert_cmpuint (letterbox->inner_width, ==, IMGSZ);
              g_assert_cmpfloat (target[1], ==, box->class_id);
              fv_letterbox_unmap (letterbox, xyxy);
              /* v7.0 divides by one gain although both sides were cut to whole pixels. */
              g_assert_cmpfloat_with_epsilon (xyxy[0], box->x1, 2);
              g_assert_cmpfloat_with_epsilon (xyxy[1], box->y1, 2);
              g_assert_cmpfloat_with_epsilon (xyxy[2], box->x2, 2);
              g_assert_cmpfloat_with_epsilon (xyxy[3], box->y2, 2);
            }
        }
      g_assert_cmpuint (n, ==, N_ITEMS);
    }
}

static void
on_report (const char *path, const char *reason, gpointer user_data)
{
  g_assert_nonnull (strstr (reason, path));
  g_ptr_array_add (user_data, g_strdup (path));
}

/* One file is gone, one truncated, one another picture than was imported: each is said once. */
static void
test_bad_pictures (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) bad = make_dataset ();
  g_autoptr (GPtrArray) reports = g_ptr_array_new_with_free_func (g_free);
  FvAugmentPolicy policy = FV_AUGMENT_POLICY_SCRATCH_LOW;
  g_free (fv_dataset_get (bad, 2)->path);
  fv_dataset_get (bad, 2)->path = g_strdup ("/nowhere/2.jpg");
  g_assert_true (g_file_set_contents (fv_dataset_get (bad, 5)->path, "\xff\xd8\xff", 3, NULL));
  fv_dataset_get (bad, 7)->width++;
  g_autoptr (FvBatchBuilder) builder = fv_batch_builder_new (
      bad, all, N_ITEMS,
      &(FvBatchBuilderParams){ .policy = &policy, .imgsz = IMGSZ, .report = on_report, .report_data = reports });
  for (guint epoch = 0; epoch < 3; epoch++)
    {
      fv_batch_builder_start_epoch (builder, epoch, all, N_ITEMS);
      for (guint n = 0; n < N_ITEMS;)
        {
          g_autoptr (FvBuiltBatch) built = fv_batch_builder_next (builder, 4, &error);
          g_assert_no_error (error);
          n += built->batch.n;
        }
    }
  g_assert_cmpuint (reports->len, ==, 3);
}

static void
test_all_bad (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDataset) bad = make_dataset ();
  for (guint i = 0; i < N_ITEMS; i++)
    g_assert_true (g_file_set_contents (fv_dataset_get (bad, i)->path, "no picture", -1, NULL));
  g_autoptr (FvBatchBuilder) builder
      = fv_batch_builder_new (bad, all, N_ITEMS, &(FvBatchBuilderParams){ .imgsz = IMGSZ });
  fv_batch_builder_start_epoch (builder, 0, all, N_ITEMS);
  for (guint i = 0; i < 3 && error == NULL; i++)
    {
      g_autoptr (FvBuiltBatch) built = fv_batch_builder_next (builder, 4, &error);
      g_assert_true ((built == NULL) == (error != NULL));
      if (built != NULL) /* a batch of nothing still has what the shader reads */
        g_assert_cmpuint (built->batch.n_pictures, ==, 1);
    }
  g_assert_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT);
}

static FvBatchBuilder *
new_builder (const FvAugmentPolicy *policy)
{
  return fv_batch_builder_new (dataset, all, N_ITEMS,
                               &(FvBatchBuilderParams){ .policy = policy, .imgsz = IMGSZ, .n_workers = 3 });
}

static void
assert_same (const FvBuiltBatch *a, const FvBuiltBatch *b)
{
  g_assert_cmpuint (a->first, ==, b->first);
  g_assert_cmpmem (a->batch.samples, a->batch.n * sizeof *a->batch.samples, b->batch.samples,
                   b->batch.n * sizeof *b->batch.samples);
  g_assert_cmpmem (a->batch.targets, a->batch.n_targets * 6 * sizeof (float), b->batch.targets,
                   b->batch.n_targets * 6 * sizeof (float));
}

/* Another policy in the middle of the work of the one before, for a few positions only; pictures stay decoded. */
static void
test_policy_and_range (void)
{
  g_autoptr (GError) error = NULL;
  FvAugmentPolicy first = FV_AUGMENT_POLICY_SCRATCH_LOW;
  g_autoptr (FvBatchBuilder) builder = new_builder (&first);
  FvBatchBuilderStats before, after;

  fv_batch_builder_start_epoch (builder, 0, all, N_ITEMS);
  g_autoptr (FvBuiltBatch) whole = fv_batch_builder_next (builder, N_ITEMS, &error);
  g_assert_no_error (error);
  fv_batch_builder_get_stats (builder, &before);
  for (guint i = 0; i < 30; i++)
    {
      FvAugmentPolicy policy = { .degrees = i, .mosaic = i % 2, .fliplr = 0.5 };
      g_autoptr (FvBatchBuilder) fresh = new_builder (&policy);

      fv_batch_builder_start_epoch (builder, 1, all, N_ITEMS);
      fv_batch_builder_set_policy (builder, &policy);
      g_assert_null (fv_batch_builder_next (builder, 4, &error));
      fv_batch_builder_start_range (builder, i, all, 2, 7);
      fv_batch_builder_start_epoch (fresh, i, all, N_ITEMS);
      fv_batch_builder_seek (fresh, 2);
      g_autoptr (FvBuiltBatch) got = fv_batch_builder_next (builder, N_ITEMS, &error);
      g_autoptr (FvBuiltBatch) expected = fv_batch_builder_next (fresh, 5, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (got->batch.n, ==, 5);
      assert_same (got, expected);
      g_assert_null (fv_batch_builder_next (builder, 1, &error));
      g_assert_no_error (error);
    }
  fv_batch_builder_get_stats (builder, &after);
  g_assert_cmpuint (after.pool_misses, ==, before.pool_misses);
}

/* Says so a number of times. */
static gboolean
is_busy (gpointer user_data)
{
  guint *left = user_data;

  if (*left == 0)
    return FALSE;
  (*left)--;
  return TRUE;
}

/* @busy: so many looks at the device find it busy. */
static double
wait_for_large_picture (FvDataset *large, guint busy, double *elapsed)
{
  g_autoptr (GError) error = NULL;
  const guint item = 0;
  g_autoptr (FvBatchBuilder) builder = fv_batch_builder_new (
      large, &item, 1, &(FvBatchBuilderParams){ .imgsz = IMGSZ, .is_busy = is_busy, .busy_data = &busy });
  gint64 start = g_get_monotonic_time ();
  FvBatchBuilderStats stats;

  fv_batch_builder_start_epoch (builder, 0, &item, 1);
  g_autoptr (FvBuiltBatch) built = fv_batch_builder_next (builder, 1, &error);
  g_assert_no_error (error);
  *elapsed = (g_get_monotonic_time () - start) / 1e6;
  fv_batch_builder_get_stats (builder, &stats);
  g_assert_cmpfloat (stats.disk, >=, 0);
  return stats.disk + stats.decode;
}

/* Waiting counts from when the device has nothing more to do. */
static void
test_waiting (void)
{
  g_autoptr (FvDataset) large = fv_dataset_new ((const char *const[]){ "a", NULL });
  FvItem *item = fv_item_new ();
  double elapsed, waited;

  item->width = 4000;
  item->height = 3000;
  item->path = write_picture (fv_test_folder (), 1, item->width, item->height);
  fv_dataset_add (large, item);
  waited = wait_for_large_picture (large, 0, &elapsed);
  g_assert_cmpfloat (waited, <=, elapsed);
  g_assert_cmpfloat (waited, >=, 0.5 * elapsed);
  waited = wait_for_large_picture (large, 3, &elapsed);
  g_assert_cmpfloat (waited, <=, elapsed - 0.004);
  waited = wait_for_large_picture (large, G_MAXUINT, &elapsed);
  g_assert_cmpfloat (waited, ==, 0);
}

/* Freed with work in hand. */
static void
test_drop (void)
{
  for (guint i = 0; i < 20; i++)
    {
      FvAugmentPolicy policy = FV_AUGMENT_POLICY_SCRATCH_LOW;
      g_autoptr (FvBatchBuilder) builder = fv_batch_builder_new (
          dataset, all, N_ITEMS, &(FvBatchBuilderParams){ .policy = &policy, .imgsz = IMGSZ, .n_workers = 4 });
      fv_batch_builder_start_epoch (builder, i, all, N_ITEMS);
      if (i % 2)
        fv_batch_builder_seek (builder, i % N_ITEMS);
      if (i % 3)
        fv_built_batch_free (fv_batch_builder_next (builder, 2, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dataset = make_dataset ();
  g_test_add_func ("/batch-builder/determinism", test_determinism);
  g_test_add_func ("/batch-builder/seek", test_seek);
  g_test_add_func ("/batch-builder/large-batch", test_large_batch);
  g_test_add_func ("/batch-builder/plain", test_plain);
  g_test_add_func ("/batch-builder/bad-pictures", test_bad_pictures);
  g_test_add_func ("/batch-builder/all-bad", test_all_bad);
  g_test_add_func ("/batch-builder/policy-and-range", test_policy_and_range);
  g_test_add_func ("/batch-builder/waiting", test_waiting);
  g_test_add_func ("/batch-builder/drop", test_drop);
  int status = g_test_run ();
  fv_dataset_unref (dataset);
  return status;
}
