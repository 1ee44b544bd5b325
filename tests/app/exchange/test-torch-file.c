/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-torch-file.h"
#include "tests/app/exchange/fv-test-torch.h"
#include "tests/fv-test-data.h"

#include <string.h>

/* Twelve floats 0..11 in storage "0". */
static void
add_storage (FvTestTorch *t)
{
  float values[12];

  for (guint i = 0; i < 12; i++)
    values[i] = i;
  fv_test_torch_add_entry (t, "archive/data/0", values, sizeof values);
}

static FvTorchFile *
finish (FvTestTorch *t, GError **error)
{
  g_autoptr (GBytes) bytes = fv_test_torch_finish (t);

  return fv_torch_file_new (bytes, "the file", error);
}

static void
assert_values (FvTorchFile *file, guint index, const char *name, const float *wanted, guint n)
{
  const FvTensorView *view = &g_array_index (file->views, FvTensorView, index);
  g_autofree float *out = g_new (float, n);

  g_assert_cmpstr (view->name, ==, name);
  g_assert_cmpuint (fv_tensor_view_n_values (view), ==, n);
  g_assert_true (fv_tensor_view_to_f32 (view, out, NULL));
  for (guint i = 0; i < n; i++)
    g_assert_cmpfloat (out[i], ==, wanted[i]);
}

static void
test_strides (void)
{
  g_autoptr (FvTestTorch) t = fv_test_torch_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTorchFile) file = NULL;

  add_storage (t);
  fv_test_torch_begin_dict (t);
  fv_test_torch_tensor (t, "plain", "FloatStorage", "0", 12, 4, 2, (const int[]){ 2, 3 }, (const int[]){ 3, 1 });
  fv_test_torch_tensor (t, "turned", "FloatStorage", "0", 12, 0, 2, (const int[]){ 4, 3 }, (const int[]){ 1, 4 });
  fv_test_torch_tensor (t, "channels last", "FloatStorage", "0", 12, 0, 4, (const int[]){ 1, 2, 2, 3 },
                        (const int[]){ 12, 1, 6, 2 });
  fv_test_torch_tensor (t, "repeated", "FloatStorage", "0", 12, 11, 2, (const int[]){ 2, 2 }, (const int[]){ 0, 0 });
  fv_test_torch_tensor (t, "one", "FloatStorage", "0", 12, 7, 0, NULL, NULL);
  fv_test_torch_tensor (t, "none", "FloatStorage", "0", 12, 0, 2, (const int[]){ 0, 3 }, (const int[]){ 3, 1 });
  fv_test_torch_end_dict (t);
  file = finish (t, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (file->views->len, ==, 6);
  assert_values (file, 0, "plain", (const float[]){ 4, 5, 6, 7, 8, 9 }, 6);
  assert_values (file, 1, "turned", (const float[]){ 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11 }, 12);
  assert_values (file, 2, "channels last", (const float[]){ 0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11 }, 12);
  assert_values (file, 3, "repeated", (const float[]){ 11, 11, 11, 11 }, 4);
  assert_values (file, 4, "one", (const float[]){ 7 }, 1);
  assert_values (file, 5, "none", NULL, 0);
}

/* numpy.float64 (0.5) as Python pickles it; its bytes come as text in Latin-1. */
static const char numpy_number[] = "cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\nX\2\0\0\0f8\x89\x88\x87R"
                                   "(K\3X\1\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
                                   "c_codecs\nencode\n(X\x09\0\0\0\0\0\0\0\0\0\xc3\xa0?X\6\0\0\0latin1tRtR";

/* A module in a module, as the official files have it, with names as a dict and as a list. */
static void
test_modules (void)
{
  for (guint as_list = 0; as_list < 2; as_list++)
    {
      g_autoptr (FvTestTorch) t = fv_test_torch_new ();
      g_autoptr (GError) error = NULL;
      g_autoptr (FvTorchFile) file = NULL;

      add_storage (t);
      fv_test_torch_begin_dict (t);
      fv_test_torch_text (t, "epoch");
      fv_test_torch_integer (t, 12);
      fv_test_torch_text (t, "date");
      fv_test_torch_text (t, "2024-02-29");
      fv_test_torch_text (t, "best_fitness");
      fv_test_torch_raw (t, numpy_number, sizeof numpy_number - 1);
      fv_test_torch_text (t, "model");
      fv_test_torch_begin_object (t, "models.yolo", "DetectionModel");
      fv_test_torch_text (t, "names");
      fv_test_torch_raw (t, as_list ? "](" : "}(", 2);
      for (guint i = 0; i < 2; i++)
        {
          if (!as_list)
            fv_test_torch_integer (t, 1 - i);
          fv_test_torch_text (t, i == as_list ? "dog" : "cat");
        }
      fv_test_torch_raw (t, as_list ? "e" : "u", 1);
      fv_test_torch_text (t, "_modules");
      fv_test_torch_begin_dict (t);
      fv_test_torch_text (t, "model");
      fv_test_torch_begin_object (t, "torch.nn.modules.conv", "Conv2d");
      fv_test_torch_text (t, "_parameters");
      fv_test_torch_begin_dict (t);
      fv_test_torch_tensor (t, "weight", "FloatStorage", "0", 12, 0, 1, (const int[]){ 2 }, (const int[]){ 1 });
      fv_test_torch_text (t, "bias");
      fv_test_torch_raw (t, "N", 1);
      fv_test_torch_end_dict (t);
      fv_test_torch_text (t, "_buffers");
      fv_test_torch_begin_dict (t);
      fv_test_torch_tensor (t, "mean", "FloatStorage", "0", 12, 5, 1, (const int[]){ 1 }, (const int[]){ 1 });
      fv_test_torch_end_dict (t);
      fv_test_torch_end_object (t);
      fv_test_torch_end_dict (t);
      fv_test_torch_end_object (t);
      fv_test_torch_end_dict (t);
      file = finish (t, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (file->views->len, ==, 2);
      assert_values (file, 0, "model.weight", (const float[]){ 0, 1 }, 2);
      assert_values (file, 1, "model.mean", (const float[]){ 5 }, 1);
      g_assert_cmpuint (g_strv_length (file->class_names), ==, 2);
      g_assert_cmpstr (file->class_names[0], ==, "cat");
      g_assert_cmpstr (file->class_names[1], ==, "dog");
      g_assert_cmpstr (g_hash_table_lookup (file->metadata, "epoch"), ==, "12");
      g_assert_cmpstr (g_hash_table_lookup (file->metadata, "date"), ==, "2024-02-29");
    }
}

static const struct
{
  const char *label, *type, *key;
  int storage_length, offset;
  guint n;
  int dims[4], strides[4];
  const char *message; /* a part of it */
} broken[] = {
  { "beyond the storage", "FloatStorage", "0", 12, 0, 1, { 13 }, { 1 }, "outside its storage" },
  { "offset beyond", "FloatStorage", "0", 12, 12, 1, { 1 }, { 1 }, "outside its storage" },
  { "stride beyond", "FloatStorage", "0", 12, 0, 2, { 2, 6 }, { 7, 1 }, "outside its storage" },
  { "far beyond", "FloatStorage", "0", 12, 0, 2, { 1 << 30, 1 << 29 }, { 1, 1 }, "outside its storage" },
  { "repeated without end", "FloatStorage", "0", 12, 0, 1, { 1 << 30 }, { 0 }, "repeats the numbers" },
  { "negative offset", "FloatStorage", "0", 12, -1, 1, { 1 }, { 1 }, "not described" },
  { "negative size", "FloatStorage", "0", 12, 0, 1, { -1 }, { 1 }, "not described" },
  { "negative stride", "FloatStorage", "0", 12, 11, 1, { 2 }, { -1 }, "not described" },
  { "negative storage", "FloatStorage", "0", -12, 0, 1, { 1 }, { 1 }, "not described" },
  { "no storage", "Size", "0", 12, 0, 1, { 1 }, { 1 }, "not described" },
  { "storage too small", "FloatStorage", "0", 13, 0, 1, { 1 }, { 1 }, "needs 52" },
  { "storage too large", "FloatStorage", "0", 11, 0, 1, { 1 }, { 1 }, "needs 44" },
  { "storage of another type", "HalfStorage", "0", 12, 0, 1, { 1 }, { 1 }, "needs 24" },
  { "storage missing", "FloatStorage", "1", 12, 0, 1, { 1 }, { 1 }, "data/1 is missing" },
  { "storage outside", "FloatStorage", "../0", 12, 0, 1, { 1 }, { 1 }, "data/../0 is missing" },
};

static void
test_broken (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (FvTestTorch) t = fv_test_torch_new ();
      g_autoptr (GError) error = NULL;
      g_autoptr (FvTorchFile) file = NULL;

      add_storage (t);
      fv_test_torch_begin_dict (t);
      fv_test_torch_tensor (t, "a", broken[i].type, broken[i].key, broken[i].storage_length, broken[i].offset,
                            broken[i].n, broken[i].dims, broken[i].strides);
      fv_test_torch_end_dict (t);
      file = finish (t, &error);
      g_test_message ("%s: %s", broken[i].label, error != NULL ? error->message : "accepted");
      g_assert_null (file);
      g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
      g_assert_nonnull (strstr (error->message, broken[i].message));
    }
}

static void
test_storage_twice (void)
{
  g_autoptr (FvTestTorch) t = fv_test_torch_new ();
  g_autoptr (GError) error = NULL;

  add_storage (t);
  fv_test_torch_begin_dict (t);
  fv_test_torch_tensor (t, "a", "FloatStorage", "0", 12, 0, 1, (const int[]){ 1 }, (const int[]){ 1 });
  fv_test_torch_tensor (t, "b", "HalfStorage", "0", 12, 0, 1, (const int[]){ 1 }, (const int[]){ 1 });
  fv_test_torch_end_dict (t);
  g_assert_null (finish (t, &error));
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
}

/* A module that holds itself under two names would be walked for ever. */
static void
test_contains_itself (void)
{
  g_autoptr (FvTestTorch) t = fv_test_torch_new ();
  g_autoptr (GError) error = NULL;

  fv_test_torch_raw (t, "cmodels.yolo\nModel\n)\x81q\0}", 24);
  fv_test_torch_text (t, "_modules");
  fv_test_torch_raw (t, "}(", 2);
  fv_test_torch_text (t, "a");
  fv_test_torch_raw (t, "h\0", 2);
  fv_test_torch_text (t, "b");
  fv_test_torch_raw (t, "h\0usb", 5);
  g_assert_null (finish (t, &error));
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "too deeply or too many"));
}

static void
test_refused_global (void)
{
  g_autoptr (FvTestTorch) t = fv_test_torch_new ();
  g_autoptr (GError) error = NULL;

  fv_test_torch_raw (t, "cos\nsystem\n", 11);
  fv_test_torch_text (t, "touch /tmp/executed");
  fv_test_torch_raw (t, "\x85R", 2);
  g_assert_null (finish (t, &error));
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "os.system"));
}

static void
test_no_network (void)
{
  g_autoptr (FvTestTorch) t = fv_test_torch_new ();
  g_autoptr (GError) error = NULL;

  fv_test_torch_begin_dict (t);
  fv_test_torch_text (t, "model");
  fv_test_torch_text (t, "none");
  fv_test_torch_end_dict (t);
  g_assert_null (finish (t, &error));
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "neither a YOLOv5 model nor a state_dict"));
}

static void
test_no_pickle (void)
{
  g_autoptr (FvTestTorch) t = fv_test_torch_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  add_storage (t);
  bytes = fv_test_torch_finish_without_pickle (t);
  g_assert_null (fv_torch_file_new (bytes, "the file", &error));
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "no data.pkl"));
}

/* A file cut anywhere, or with any one byte changed, ends in an answer. */
static void
test_damaged (void)
{
  g_autoptr (FvTestTorch) t = fv_test_torch_new ();
  g_autoptr (GBytes) bytes = NULL;
  gsize size;
  const guint8 *data;

  add_storage (t);
  fv_test_torch_begin_dict (t);
  fv_test_torch_tensor (t, "a", "FloatStorage", "0", 12, 0, 2, (const int[]){ 4, 3 }, (const int[]){ 1, 4 });
  fv_test_torch_end_dict (t);
  bytes = fv_test_torch_finish (t);
  data = g_bytes_get_data (bytes, &size);
  for (gsize n = 0; n < size; n++)
    {
      g_autofree guint8 *copy = g_memdup2 (data, size);
      g_autoptr (GBytes) cut = g_bytes_new (data, n);
      g_autoptr (GBytes) changed = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (FvTorchFile) file = fv_torch_file_new (cut, "cut", &error);

      g_assert_true ((file == NULL) == (error != NULL));
      g_clear_error (&error);
      g_clear_pointer (&file, fv_torch_file_free);
      copy[n] ^= 0x55;
      changed = g_bytes_new (copy, size);
      file = fv_torch_file_new (changed, "changed", &error);
      g_assert_true ((file == NULL) == (error != NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exchange/torch-file/strides", test_strides);
  g_test_add_func ("/exchange/torch-file/modules", test_modules);
  g_test_add_func ("/exchange/torch-file/broken", test_broken);
  g_test_add_func ("/exchange/torch-file/storage-twice", test_storage_twice);
  g_test_add_func ("/exchange/torch-file/contains-itself", test_contains_itself);
  g_test_add_func ("/exchange/torch-file/refused-global", test_refused_global);
  g_test_add_func ("/exchange/torch-file/no-network", test_no_network);
  g_test_add_func ("/exchange/torch-file/no-pickle", test_no_pickle);
  g_test_add_func ("/exchange/torch-file/damaged", test_damaged);
  return g_test_run ();
}
