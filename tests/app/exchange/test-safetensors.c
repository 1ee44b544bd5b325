/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-tensor-file.h"
#include "tests/fv-test-data.h"

#include <math.h>
#include <string.h>

static const float values[6] = { 1, -2, 3.5f, 0, 1e-20f, -4e10f };
static const gint64 number = 7;
static const FvTensorView views[] = {
  { .name = "b.weight", .dtype = FV_DTYPE_F32, .n_dims = 2, .dims = { 2, 3 }, .data = values, .n_bytes = 24 },
  { .name = "a \"quoted\" name", .dtype = FV_DTYPE_U8, .n_dims = 1, .dims = { 3 }, .data = "abc", .n_bytes = 3 },
  { .name = "z.count", .dtype = FV_DTYPE_I64, .n_dims = 0, .data = &number, .n_bytes = 8 },
  { .name = "empty", .dtype = FV_DTYPE_F32, .n_dims = 2, .dims = { 0, 5 }, .data = NULL, .n_bytes = 0 },
};
static const FvMetadataEntry metadata[] = { { "one", "line\nbreak" }, { "two", "Zwölf \\ \"" } };

static void
test_round_trip (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "t.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTensorFile) file = NULL;
  const FvTensorView *view;

  fv_safetensors_write (path, views, G_N_ELEMENTS (views), metadata, G_N_ELEMENTS (metadata), &error);
  g_assert_no_error (error);
  file = fv_tensor_file_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fv_tensor_file_get_n (file), ==, G_N_ELEMENTS (views));
  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    {
      view = fv_tensor_file_lookup (file, views[i].name);
      g_assert_nonnull (view);
      g_assert_cmpstr (view->name, ==, views[i].name);
      g_assert_cmpint (view->dtype, ==, views[i].dtype);
      g_assert_cmpuint (view->n_dims, ==, views[i].n_dims);
      g_assert_cmpmem (view->dims, view->n_dims * 8, views[i].dims, views[i].n_dims * 8);
      g_assert_cmpmem (view->data, view->n_bytes, views[i].data, views[i].n_bytes);
      g_assert_cmpuint ((gsize)view->data % fv_dtype_size (view->dtype), ==, 0);
    }
  g_assert_null (fv_tensor_file_lookup (file, "c"));
  g_assert_cmpstr (fv_tensor_file_get_metadata (file, "one"), ==, metadata[0].value);
  g_assert_cmpstr (fv_tensor_file_get_metadata (file, "two"), ==, metadata[1].value);
  g_assert_null (fv_tensor_file_get_metadata (file, "three"));
}

static void
test_deterministic (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *first = g_build_filename (folder, "first", NULL);
  g_autofree char *second = g_build_filename (folder, "second", NULL);
  FvTensorView turned[4] = { views[3], views[2], views[0], views[1] };
  FvMetadataEntry turned_metadata[2] = { metadata[1], metadata[0] };
  g_autofree char *a = NULL, *b = NULL;
  gsize a_size, b_size;

  g_assert_true (fv_safetensors_write (first, views, 4, metadata, 2, NULL));
  g_assert_true (fv_safetensors_write (second, turned, 4, turned_metadata, 2, NULL));
  g_assert_true (g_file_get_contents (first, &a, &a_size, NULL));
  g_assert_true (g_file_get_contents (second, &b, &b_size, NULL));
  g_assert_cmpmem (a, a_size, b, b_size);
  g_assert_cmpuint (*(guint64 *)a % 8, ==, 0);
}

static void
test_nothing (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "t", NULL);
  g_autoptr (FvTensorFile) file = NULL;

  g_assert_true (fv_safetensors_write (path, NULL, 0, NULL, 0, NULL));
  file = fv_tensor_file_open (path, NULL);
  g_assert_nonnull (file);
  g_assert_cmpuint (fv_tensor_file_get_n (file), ==, 0);
}

static void
assert_float (FvDtype dtype, const void *data, float wanted)
{
  FvTensorView view = { .name = "x", .dtype = dtype, .n_dims = 1, .dims = { 1 }, .data = data };
  guint8 odd[9];
  float value;

  /* At an odd address, as in a file whose header isn't padded. */
  view.n_bytes = fv_dtype_size (dtype);
  memcpy (odd + 1, data, view.n_bytes);
  view.data = odd + 1;
  g_assert_true (fv_tensor_view_to_f32 (&view, &value, NULL));
  if (isnan (wanted))
    g_assert_true (isnan (value));
  else
    g_assert_cmpfloat (value, ==, wanted);
  g_assert_cmpint (signbit (value) != 0, ==, signbit (wanted) != 0);
}

static void
test_conversion (void)
{
  static const struct
  {
    guint16 bits;
    float value;
  } halves[] = { { 0x0000, 0 },
                 { 0x8000, -0.0f },
                 { 0x3c00, 1 },
                 { 0xc000, -2 },
                 { 0x7bff, 65504 },
                 { 0x0001, 0x1p-24f },
                 { 0x83ff, -1023 * 0x1p-24f },
                 { 0x0400, 0x1p-14f },
                 { 0x7c00, INFINITY },
                 { 0xfc00, -INFINITY },
                 { 0x7e00, NAN },
                 { 0x3555, 0.333251953125f } };
  guint16 bf16 = 0xc049; /* -3.140625 */
  double f64 = 0.1;
  gint64 i64 = -5;
  gint32 i32 = 1 << 24;
  gint16 i16 = -300;
  gint8 i8 = -128;
  guint8 u8 = 255, yes = 3;

  for (guint i = 0; i < G_N_ELEMENTS (halves); i++)
    assert_float (FV_DTYPE_F16, &halves[i].bits, halves[i].value);
  assert_float (FV_DTYPE_BF16, &bf16, -3.140625f);
  assert_float (FV_DTYPE_F64, &f64, 0.1f);
  assert_float (FV_DTYPE_I64, &i64, -5);
  assert_float (FV_DTYPE_I32, &i32, 16777216);
  assert_float (FV_DTYPE_I16, &i16, -300);
  assert_float (FV_DTYPE_I8, &i8, -128);
  assert_float (FV_DTYPE_U8, &u8, 255);
  assert_float (FV_DTYPE_BOOL, &yes, 1);
}

#define T(shape, offsets) "\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets

static const struct
{
  const char *label, *header;
  gsize n_data;
  const char *message; /* a part of it */
} broken[] = {
  { "no object", "{]", 0, "not JSON" },
  { "trailing", "{}x", 0, "not JSON" },
  { "not closed", "{\"a\":{" T ("[1]", "[0,4]"), 4, "not JSON" },
  { "not UTF-8", "{\"\xff\":{" T ("[1]", "[0,4]") "}}", 4, "UTF-8" },
  { "entry is a number", "{\"a\":5}", 0, "not an object" },
  { "entry is null", "{\"a\":null}", 0, "not an object" },
  { "no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "of type \"none\"" },
  { "strange dtype", "{\"a\":{\"dtype\":\"F8\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "of type \"F8\"" },
  { "dtype is a number", "{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "of type \"none\"" },
  { "no shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "shape" },
  { "negative size", "{\"a\":{" T ("[-1]", "[0,4]") "}}", 4, "shape" },
  { "broken size", "{\"a\":{" T ("[1.5]", "[0,4]") "}}", 4, "shape" },
  { "nine dimensions", "{\"a\":{" T ("[1,1,1,1,1,1,1,1,1]", "[0,4]") "}}", 4, "shape" },
  { "product overflows", "{\"a\":{" T ("[4294967296,4294967296,4294967296]", "[0,4]") "}}", 4, "shape" },
  { "bytes overflow", "{\"a\":{" T ("[4611686018427387904]", "[0,0]") "}}", 0, "shape" },
  { "no offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "outside" },
  { "three offsets", "{\"a\":{" T ("[1]", "[0,4,8]") "}}", 8, "outside" },
  { "one offset", "{\"a\":{" T ("[1]", "[0]") "}}", 8, "outside" },
  { "offsets turned", "{\"a\":{" T ("[1]", "[4,0]") "}}", 4, "outside" },
  { "negative offset", "{\"a\":{" T ("[1]", "[-4,0]") "}}", 4, "outside" },
  { "text offset", "{\"a\":{" T ("[1]", "[\"0\",4]") "}}", 4, "outside" },
  { "beyond the end", "{\"a\":{" T ("[2]", "[0,8]") "}}", 7, "outside" },
  { "far beyond the end", "{\"a\":{" T ("[2305843009213693951]", "[0,9223372036854775804]") "}}", 8, "outside" },
  { "shape too large", "{\"a\":{" T ("[2]", "[0,4]") "}}", 4, "its shape needs 8" },
  { "shape too small", "{\"a\":{" T ("[]", "[0,8]") "}}", 8, "its shape needs 4" },
  { "hole at the start", "{\"a\":{" T ("[1]", "[4,8]") "}}", 8, "does not start" },
  { "hole between", "{\"a\":{" T ("[1]", "[0,4]") "},\"b\":{" T ("[1]", "[8,12]") "}}", 12, "does not start" },
  { "overlap", "{\"a\":{" T ("[2]", "[0,8]") "},\"b\":{" T ("[1]", "[4,8]") "}}", 8, "does not start" },
  { "twice the same", "{\"a\":{" T ("[1]", "[0,4]") "},\"a\":{" T ("[1]", "[4,8]") "}}", 8, "does not start" },
  { "bytes at the end", "{\"a\":{" T ("[1]", "[0,4]") "}}", 9, "5 bytes" },
  { "metadata is a list", "{\"__metadata__\":[]}", 0, "metadata" },
  { "metadata is a number", "{\"__metadata__\":{\"a\":1}}", 0, "metadata" },
  { "nested", "{\"a\":[[[[[[[[]]]]]]]]}", 0, "too deeply" },
};

static GBytes *
make_file (const char *header, gsize n_header, gsize n_data)
{
  GByteArray *out = g_byte_array_new ();
  guint64 size = GUINT64_TO_LE (n_header);
  g_autofree guint8 *data = g_malloc0 (n_data + 1);

  g_byte_array_append (out, (guint8 *)&size, 8);
  g_byte_array_append (out, (const guint8 *)header, strlen (header));
  g_byte_array_append (out, data, n_data);
  return g_byte_array_free_to_bytes (out);
}

static void
assert_refused (GBytes *bytes, const char *label, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTensorFile) file = fv_tensor_file_new (bytes, "the file", &error);

  g_test_message ("%s: %s", label, error != NULL ? error->message : "accepted");
  g_assert_null (file);
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
  g_assert_true (g_str_has_prefix (error->message, "the file"));
  g_assert_nonnull (strstr (error->message, message));
}

static void
test_broken (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (GBytes) bytes = make_file (broken[i].header, strlen (broken[i].header), broken[i].n_data);

      assert_refused (bytes, broken[i].label, broken[i].message);
    }
}

static void
test_broken_frame (void)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autoptr (GBytes) only_length = make_file ("", 0, 0);
  g_autoptr (GBytes) beyond = make_file ("{}", 3, 0);
  g_autoptr (GBytes) huge = make_file ("{}", G_MAXUINT64, 0);
  g_autoptr (GBytes) zip = g_bytes_new_static ("PK\3\4....................", 24);
  g_autoptr (GString) deep = g_string_new ("{\"a\":");
  g_autoptr (GBytes) deep_bytes = NULL;

  for (guint i = 0; i < 1000000; i++)
    g_string_append_c (deep, '[');
  deep_bytes = make_file (deep->str, deep->len, 0);
  assert_refused (nothing, "nothing", "not a safetensors file");
  assert_refused (only_length, "only a length", "not a safetensors file");
  assert_refused (beyond, "header beyond the end", "cut short");
  assert_refused (huge, "length of all ones", "cut short");
  assert_refused (zip, "zip", "not a safetensors file");
  assert_refused (deep_bytes, "a million brackets", "too deeply");
}

/* A whole file cut anywhere is refused, whatever the place. */
static void
test_cut_short (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "t", NULL);
  g_autofree char *text = NULL;
  gsize size;

  g_assert_true (fv_safetensors_write (path, views, 4, metadata, 2, NULL));
  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  for (gsize n = 0; n < size; n++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (text, n);
      g_autoptr (GError) error = NULL;
      g_autoptr (FvTensorFile) file = fv_tensor_file_new (bytes, "cut", &error);

      g_assert_null (file);
      g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
    }
}

static void
test_missing (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "none", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (fv_tensor_file_open (path, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, path));
}

/* A file that another program wrote. */
static void
test_foreign (void)
{
  const char *path = fv_test_data ("reference/loss_nc3.safetensors");
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTensorFile) file = NULL;

  if (path == NULL)
    return;
  file = fv_tensor_file_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fv_tensor_file_get_n (file), >, 0);
  for (guint i = 0; i < fv_tensor_file_get_n (file); i++)
    {
      const FvTensorView *view = fv_tensor_file_get (file, i);
      g_autofree float *out = g_new (float, fv_tensor_view_n_values (view));

      g_assert_true (fv_tensor_view_to_f32 (view, out, &error));
      g_assert_true (fv_tensor_file_lookup (file, view->name) == view);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exchange/safetensors/round-trip", test_round_trip);
  g_test_add_func ("/exchange/safetensors/deterministic", test_deterministic);
  g_test_add_func ("/exchange/safetensors/nothing", test_nothing);
  g_test_add_func ("/exchange/safetensors/conversion", test_conversion);
  g_test_add_func ("/exchange/safetensors/broken", test_broken);
  g_test_add_func ("/exchange/safetensors/broken-frame", test_broken_frame);
  g_test_add_func ("/exchange/safetensors/cut-short", test_cut_short);
  g_test_add_func ("/exchange/safetensors/missing", test_missing);
  g_test_add_func ("/exchange/safetensors/foreign", test_foreign);
  return g_test_run ();
}
