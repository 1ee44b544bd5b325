/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-kernels.h"

#include "app/training/fv-run-kernels.h"
#include "tests/fv-test-data.h"

#include <math.h>
#include <string.h>

/* Which kernels are chosen: what is found for what, how it is found out, and what is kept of it. */

static FvDevice *device;

static const FvConvShape shape = { .n = 16,
                                   .in_h = 40,
                                   .in_w = 40,
                                   .out_h = 40,
                                   .out_w = 40,
                                   .in_channels = 64,
                                   .out_channels = 64,
                                   .kernel = 3,
                                   .stride = 1,
                                   .padding = 1 };

/* For @n pictures. */
static void
add (FvConvChoices *choices, guint n, guint variant)
{
  FvConvShape wanted = shape;
  FvConvChoice choice = { .variant = variant, .timings = { { 0, 0.25 }, { variant, 0.125 } }, .n_timings = 2 };

  wanted.n = n;
  fv_conv_key_init (&choice.key, FV_CONV_FORWARD, &wanted);
  fv_conv_choices_add (choices, &choice);
}

/* -1: nothing */
static int
find (const FvConvChoices *choices, guint n)
{
  FvConvShape wanted = shape;
  const FvConvChoice *choice;

  wanted.n = n;
  choice = fv_conv_choices_find (choices, fv_device_get_limits (device), FV_CONV_FORWARD, &wanted);
  return choice ? (int)choice->variant : -1;
}

/* A variant that fits this device and shape, and one that does not. */
static guint
find_variant (gboolean fits)
{
  guint n;
  const FvConvVariant *variants = fv_conv_get_variants (FV_CONV_FORWARD, &n);

  for (guint i = 1; i < n; i++)
    if (fv_conv_variant_fits (&variants[i], fv_device_get_limits (device), FV_CONV_FORWARD, &shape) == fits)
      return i;
  g_assert_not_reached ();
}

/* A name is another one for each. */
static void
test_names (void)
{
  for (guint direction = 0; direction < FV_N_CONV_DIRECTIONS; direction++)
    {
      g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      guint n;
      const FvConvVariant *variants = fv_conv_get_variants ((FvConvDirection)direction, &n);

      for (guint i = 0; i < n; i++)
        g_assert_true (g_hash_table_add (names, fv_conv_variant_get_name (&variants[i])));
    }
}

static void
test_nearest (void)
{
  g_autoptr (FvConvChoices) choices = fv_conv_choices_new ();
  const guint good = find_variant (TRUE);
  FvConvShape other = shape;

  g_assert_cmpint (find (choices, 16), ==, -1);
  add (choices, 2, 0);
  g_assert_cmpint (find (choices, 1000), ==, 0);
  add (choices, 16, good);
  g_assert_cmpint (find (choices, 16), ==, (int)good);
  g_assert_cmpint (find (choices, 13), ==, (int)good);
  /* By the ratio: 16 is twice 8, which is four times 2. */
  g_assert_cmpint (find (choices, 8), ==, (int)good);
  g_assert_cmpint (find (choices, 5), ==, 0);
  g_assert_cmpint (find (choices, 1), ==, 0);
  /* What does not fit is passed over, and what was decided stays. */
  add (choices, 32, find_variant (FALSE));
  g_assert_cmpint (find (choices, 32), ==, (int)good);
  add (choices, 16, 0);
  g_assert_cmpint (find (choices, 16), ==, (int)good);
  /* Another stride is another convolution. */
  other.stride = 2;
  g_assert_null (fv_conv_choices_find (choices, fv_device_get_limits (device), FV_CONV_FORWARD, &other));
}

static void
test_kept (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "not", "there", "kernels.json", NULL);
  const guint good = find_variant (TRUE);
  const FvConvChoice *choice;
  g_autoptr (GError) error = NULL;

  fv_kernels_load (path, device);
  g_assert_cmpuint (fv_conv_choices_get_n (fv_conv_choices_of (device)), ==, 0);
  add (fv_conv_choices_of (device), 16, good);
  g_assert_true (fv_kernels_store (path, device, &error));
  g_assert_no_error (error);

  /* Another program decides for the same and for more: the first stays. */
  fv_conv_choices_attach (device, fv_conv_choices_new ());
  add (fv_conv_choices_of (device), 16, 0);
  add (fv_conv_choices_of (device), 128, 0);
  g_assert_true (fv_kernels_store (path, device, &error));
  fv_kernels_load (path, device);
  g_assert_cmpuint (fv_conv_choices_get_n (fv_conv_choices_of (device)), ==, 2);
  g_assert_cmpint (find (fv_conv_choices_of (device), 16), ==, (int)good);
  g_assert_cmpint (find (fv_conv_choices_of (device), 128), ==, 0);
  /* And why. */
  choice = fv_conv_choices_get (fv_conv_choices_of (device), 0);
  g_assert_cmpuint (choice->n_timings, ==, 2);
  g_assert_cmpuint (choice->timings[1].variant, ==, good);
  g_assert_cmpfloat (choice->timings[1].seconds, ==, 0.125);
  fv_conv_choices_attach (device, NULL);
}

/* (transfer full): @text with every @from as @to. */
static char *
replace (const char *text, const char *from, const char *to)
{
  g_auto (GStrv) parts = g_strsplit (text, from, -1);

  g_assert_nonnull (parts[1]);
  return g_strjoinv (to, parts);
}

static void
test_damaged (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "kernels.json", NULL);
  g_autofree char *good = NULL;
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  const char *checksum = fv_kernels_get_checksum ();
  g_autofree char *beginning = g_strndup (checksum, 8);

  fv_conv_choices_attach (device, fv_conv_choices_new ());
  add (fv_conv_choices_of (device), 16, find_variant (TRUE));
  g_assert_true (fv_kernels_store (path, device, &error));
  g_assert_true (g_file_get_contents (path, &good, NULL, NULL));
  g_ptr_array_add (texts, g_strdup (""));
  g_ptr_array_add (texts, g_strdup ("{ \"version\": 1, \"devices\": { } }"));
  g_ptr_array_add (texts, g_strdup ("{ \"version\": 1, \"devices\": [ 1, null, { }, { \"device\": [ ] } ] }"));
  g_ptr_array_add (texts, g_strndup (good, strlen (good) / 2));
  g_ptr_array_add (texts, replace (good, "\"version\": 1", "\"version\": 2"));
  g_ptr_array_add (texts, replace (good, "\"choices\": [", "\"choices\": 3, \"others\": ["));
  g_ptr_array_add (texts, replace (good, "\"pixels\": 25600", "\"pixels\": -1"));
  g_ptr_array_add (texts, replace (good, "\"direction\": \"forward\"", "\"direction\": 7"));
  g_ptr_array_add (texts, replace (good, "\"variant\": \"", "\"variant\": \"no-"));
  g_ptr_array_add (texts, replace (good, beginning, "other"));
  g_ptr_array_add (texts, replace (good, "\"driver\": \"", "\"driver\": \"newer "));
  g_ptr_array_add (texts, replace (good, "\"uuid\": \"", "\"uuid\": \"0"));
  g_ptr_array_add (texts, replace (good, "\"subgroup_size\": ", "\"subgroup_size\": 9"));
  for (guint i = 0; i < texts->len; i++)
    {
      fv_test_write (folder, "kernels.json", texts->pdata[i]);
      fv_kernels_load (path, device);
      g_test_message ("%s", (const char *)texts->pdata[i]);
      g_assert_cmpuint (fv_conv_choices_get_n (fv_conv_choices_of (device)), ==, 0);
      g_assert_true (fv_kernels_store (path, device, &error));
    }
  fv_test_write (folder, "kernels.json", good);
  fv_kernels_load (path, device);
  g_assert_cmpuint (fv_conv_choices_get_n (fv_conv_choices_of (device)), ==, 1);
  fv_conv_choices_attach (device, NULL);
}

typedef struct
{
  guint done, total, calls;
  GCancellable *cancellable; /* (nullable): after the first */
} Progress;

static void
on_progress (guint done, guint total, gpointer user_data)
{
  Progress *progress = user_data;

  g_assert_cmpuint (done, ==, progress->done + 1);
  g_assert_cmpuint (done, <=, total);
  progress->done = done;
  progress->total = total;
  progress->calls++;
  if (progress->cancellable)
    g_cancellable_cancel (progress->cancellable);
}

static guint
choose (const char *path, double seconds, double pictures, Progress *progress)
{
  const FvTrainerParams trainer = { .loss = { .box = 0.05f, .obj = 1.0f, .cls = 0.5f } };
  FvYolov5Config config;
  const FvRunKernels params = { .device = device,
                                .config = &config,
                                .trainer = &trainer,
                                .imgsz = 64,
                                .sizes = { 4, 3 },
                                .val_sizes = { 8, 1 },
                                .pictures = pictures,
                                .path = path,
                                .seconds = seconds,
                                .progress = on_progress,
                                .user_data = progress,
                                .cancellable = progress->cancellable };
  g_autoptr (GError) error = NULL;

  fv_yolov5_config_init (&config, 'n', 3);
  *progress = (Progress){ .cancellable = progress->cancellable };
  fv_kernels_load (path ? path : "/nowhere", device);
  g_assert_true (fv_run_kernels_choose (&params, &error));
  g_assert_no_error (error);
  return fv_conv_choices_get_n (fv_conv_choices_of (device));
}

/* Bounded in time, what is left comes later, what is decided stays, and a run has all of its sizes. */
static void
test_tuned (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "kernels.json", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (FvConvChoices) first = NULL;
  Progress progress = { 0 };
  const gint64 start = g_get_monotonic_time ();
  guint n = choose (path, 0, 1e9, &progress);

  g_assert_cmpuint (progress.calls, ==, 0);
  g_assert_cmpuint (n, >, 100);
  /* A short run is not worth it, and without a file there is nothing to remember it by. */
  g_assert_cmpuint (choose (path, -1, 100, &progress), ==, n);
  g_assert_cmpuint (progress.calls, ==, 0);
  g_assert_cmpuint (choose (NULL, 5, 1e9, &progress), ==, n);
  g_assert_cmpuint (progress.calls, ==, 0);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));

  progress.cancellable = cancellable;
  choose (path, 60, 1e9, &progress);
  g_assert_cmpuint (progress.calls, ==, 1);
  progress.cancellable = NULL;
  fv_kernels_load (path, device);
  g_assert_cmpuint (fv_conv_choices_get_n (fv_conv_choices_of (device)), ==, 1);

  g_assert_cmpuint (choose (path, 2, 1e9, &progress), ==, n);
  g_assert_cmpuint (progress.calls, >, 0);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_USEC_PER_SEC);
  fv_kernels_load (path, device);
  g_assert_cmpuint (fv_conv_choices_get_n (fv_conv_choices_of (device)), ==, 1 + progress.calls);
  for (guint i = 0; i < fv_conv_choices_get_n (fv_conv_choices_of (device)); i++)
    {
      const FvConvChoice *choice = fv_conv_choices_get (fv_conv_choices_of (device), i);
      double least = INFINITY, chosen = INFINITY;

      g_assert_cmpuint (choice->n_timings, >=, 2);
      for (guint k = 0; k < choice->n_timings; k++)
        {
          least = MIN (least, choice->timings[k].seconds);
          if (choice->timings[k].variant == choice->variant)
            chosen = choice->timings[k].seconds;
        }
      g_assert_cmpfloat (chosen, <=, 1.1 * least);
    }
  fv_conv_choices_attach (device, NULL);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  fv_device_prepare_environment ();
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  g_test_add_func ("/training/kernels/names", test_names);
  g_test_add_func ("/training/kernels/nearest", test_nearest);
  g_test_add_func ("/training/kernels/kept", test_kept);
  g_test_add_func ("/training/kernels/damaged", test_damaged);
  g_test_add_func ("/training/kernels/tuned", test_tuned);
  status = g_test_run ();
  fv_device_unref (device);
  return status;
}
