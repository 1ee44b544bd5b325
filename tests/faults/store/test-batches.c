/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/augment/fv-batch-builder.h"
#include "app/dataset/fv-import.h"
#include "tests/faults/store/fv-failing-memory.h"
#include "tests/faults/store/fv-store-example.h"
#include "tests/fv-test-data.h"

/* Memory that runs out while batches are made: whoever has no pixels has no boxes either, and is reported. */

#define N_ITEMS 5

static FvDataset *
import (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  g_autoptr (FvProject) project = fv_project_create (path, &error);
  g_assert_no_error (error);
  g_autoptr (FvImportReport) report = fv_import (project, fv_example_yolo (), &(FvImportParams){ 0 }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (report->dataset->items->len, ==, N_ITEMS);
  return fv_dataset_ref (report->dataset);
}

static void
on_report (const char *path, const char *reason, gpointer user_data)
{
  g_assert_nonnull (strstr (reason, "memory"));
  g_assert_true (g_str_has_prefix (reason, path));
  g_hash_table_add (user_data, g_strdup (path));
}

/* One batch of all; counts[i] becomes the boxes of sample i, or -1 where it has no pixels. */
static void
make_batch (FvDataset *dataset, const FvAugmentPolicy *policy, guint n, gboolean lasting, int counts[N_ITEMS])
{
  static const guint all[N_ITEMS] = { 0, 1, 2, 3, 4 };
  static const guint shapes[N_ITEMS][2] = { { 32, 32 }, { 32, 32 }, { 32, 32 }, { 32, 32 }, { 32, 32 } };
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) reported = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  fv_failing_memory_start (n, lasting);
  const FvBatchBuilderParams params
      = { .policy = policy, .imgsz = 64, .n_workers = 1, .report = on_report, .report_data = reported };
  g_autoptr (FvBatchBuilder) builder = fv_batch_builder_new (dataset, all, N_ITEMS, &params);
  if (policy == NULL)
    fv_batch_builder_set_shapes (builder, shapes, N_ITEMS);
  fv_batch_builder_start_epoch (builder, 0, all, N_ITEMS);
  g_autoptr (FvBuiltBatch) built = fv_batch_builder_next (builder, N_ITEMS, &error);
  if (built == NULL)
    g_assert_cmpuint (g_hash_table_size (reported), ==, N_ITEMS);
  for (guint i = 0; i < N_ITEMS; i++)
    {
      const gboolean has_pixels = built != NULL && built->batch.samples[i].layers[0].n_tiles > 0;
      counts[i] = has_pixels ? 0 : -1;
      g_assert_true (has_pixels != g_hash_table_contains (reported, fv_dataset_get (dataset, i)->path));
    }
  for (guint i = 0; built != NULL && i < built->batch.n_targets; i++)
    {
      const guint sample = (guint)built->batch.targets[6 * i];
      g_assert_cmpint (counts[sample], >=, 0);
      counts[sample]++;
    }
}

static void
test_batches (gconstpointer policy)
{
  g_autoptr (FvDataset) dataset = import ();
  int whole[N_ITEMS], counts[N_ITEMS];
  make_batch (dataset, policy, 0, FALSE, whole);
  const guint n_calls = fv_failing_memory_stop ();
  /* To read the file, to decode it, to fit it. */
  g_assert_cmpuint (n_calls, >=, 3 * N_ITEMS);
  for (guint n = 1; n <= n_calls; n++)
    for (guint lasting = 0; lasting < 2; lasting++)
      {
        guint n_lost = 0;
        make_batch (dataset, policy, n, lasting, counts);
        fv_failing_memory_stop ();
        for (guint i = 0; i < N_ITEMS; i++)
          if (counts[i] < 0)
            n_lost++;
          else
            g_assert_cmpint (counts[i], ==, whole[i]);
        g_assert_cmpuint (n_lost, >, 0);
        if (!lasting)
          g_assert_cmpuint (n_lost, ==, 1);
      }
}

int
main (int argc, char **argv)
{
  static FvAugmentPolicy policy = FV_AUGMENT_POLICY_SCRATCH_LOW;
  policy.mosaic = 0;
  policy.mixup = 0;
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/faults/store/batches/plain", NULL, test_batches);
  g_test_add_data_func ("/faults/store/batches/augmented", &policy, test_batches);
  return g_test_run ();
}
