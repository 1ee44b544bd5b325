/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weight files that claim to be larger than they are, or are larger than they claim. */
#include "app/exchange/fv-torch-file.h"
#include "app/exchange/fv-weights.h"
#include "tests/faults/input/fv-bounded.h"
#include "tests/faults/input/fv-hostile-zip.h"

#include <string.h>

#define TEN_GIB (G_GUINT64_CONSTANT (10) << 30)

/* A state_dict with one tensor of 16 values, the whole of storage "0". */
#define PICKLE_OF(count)                                                                                               \
  "\x80\2ccollections\nOrderedDict\n)R(X\1\0\0\0actorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storage"                \
  "ctorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpu" count "tQK\0(K\20t(K\1t\x89"                                        \
  "ccollections\nOrderedDict\n)RtRu."
static const char pickle[] = PICKLE_OF ("K\20");
static const char values[64];

#define PICKLE                                                                                                         \
  {                                                                                                                    \
    "a/data.pkl", pickle, sizeof pickle - 1                                                                            \
  }
#define STORAGE                                                                                                        \
  {                                                                                                                    \
    "a/data/0", values, sizeof values                                                                                  \
  }

static void
assert_refused (GBytes *bytes, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTorchFile) file = fv_torch_file_new (bytes, "the file", &error);

  g_test_message ("%s", error != NULL ? error->message : "accepted");
  g_assert_null (file);
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
  g_assert_true (g_str_has_prefix (error->message, "the file"));
  g_assert_nonnull (strstr (error->message, message));
}

static void
assert_zip_refused (const FvZipEntry *entries, guint n, const char *message)
{
  for (guint zip64 = 0; zip64 < 2; zip64++)
    {
      g_autoptr (GBytes) bytes = fv_hostile_zip (entries, n, zip64);

      assert_refused (bytes, message);
    }
}

/* The zip files below are right but for what they are about. */
static void
test_whole (void)
{
  for (guint zip64 = 0; zip64 < 2; zip64++)
    {
      g_autoptr (GBytes) bytes = fv_hostile_zip ((const FvZipEntry[]){ PICKLE, STORAGE }, 2, zip64);
      g_autoptr (GError) error = NULL;
      g_autoptr (FvTorchFile) file = fv_torch_file_new (bytes, "the file", &error);

      g_assert_no_error (error);
      g_assert_cmpuint (file->views->len, ==, 1);
    }
}

static void
test_claims (void)
{
  FvZipEntry large_pickle = PICKLE, large_storage = STORAGE, large_other = { "a/notes", "x", 1 };

  if (!fv_bounded_begin ())
    return;
  large_pickle.claimed = large_storage.claimed = large_other.claimed = TEN_GIB;
  assert_zip_refused ((const FvZipEntry[]){ large_pickle, STORAGE }, 2, "its pickle has 10737418240 bytes");
  assert_zip_refused ((const FvZipEntry[]){ PICKLE, large_storage }, 2,
                      "a/data/0 has 10737418240 bytes where its tensor needs 64");
  /* What nobody asks for may be of any size. */
  g_autoptr (GBytes) bytes = fv_hostile_zip ((const FvZipEntry[]){ large_other, PICKLE, STORAGE }, 3, FALSE);
  g_autoptr (FvTorchFile) file = fv_torch_file_new (bytes, "the file", NULL);
  g_clear_pointer (&file, fv_torch_file_free);
  fv_bounded_end (64);
}

/* The pickle itself says that a storage has 8 GiB. */
static void
test_claims_of_pickle (void)
{
  static const char large[] = PICKLE_OF ("\x8a\5\0\0\0\x80\0"), negative[] = PICKLE_OF ("\x8a\1\xff"),
                    just_so[] = PICKLE_OF ("J\0\0\0\x40");

  if (!fv_bounded_begin ())
    return;
  assert_zip_refused ((const FvZipEntry[]){ { "a/data.pkl", large, sizeof large - 1 }, STORAGE }, 2, "not described");
  assert_zip_refused ((const FvZipEntry[]){ { "a/data.pkl", negative, sizeof negative - 1 }, STORAGE }, 2,
                      "not described");
  assert_zip_refused ((const FvZipEntry[]){ { "a/data.pkl", just_so, sizeof just_so - 1 }, STORAGE }, 2,
                      "described twice or too large");
  fv_bounded_end (64);
}

/* 300 kB that unpack to 64 MiB, whatever they claim. */
static void
test_bombs (void)
{
  guint32 crc;
  g_autoptr (GBytes) zeros = NULL;
  FvZipEntry bomb;

  if (!fv_bounded_begin ())
    return;
  zeros = fv_hostile_zeros (64 << 20, &crc);
  bomb = (FvZipEntry){
    .data = g_bytes_get_data (zeros, NULL), .size = g_bytes_get_size (zeros), .crc = crc, .deflated = TRUE
  };
  bomb.name = "a/data.pkl";
  bomb.claimed = 64 << 20;
  assert_zip_refused (&bomb, 1, "its pickle has 67108864 bytes");
  bomb.claimed = 1000;
  assert_zip_refused (&bomb, 1, "a/data.pkl");
  bomb.name = "a/data/0";
  bomb.claimed = 64;
  assert_zip_refused ((const FvZipEntry[]){ PICKLE, bomb }, 2, "a/data/0");
  bomb.claimed = 64 << 20;
  assert_zip_refused ((const FvZipEntry[]){ PICKLE, bomb }, 2, "where its tensor needs 64");
  fv_bounded_end (64);
}

static void
test_names (void)
{
  static const char *const names[] = { "../a/data.pkl", "/a/data.pkl", "a/../../data.pkl", "a/.." };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const FvZipEntry entries[] = { { names[i], pickle, sizeof pickle - 1 }, PICKLE, STORAGE };

      assert_zip_refused (entries, 3, "leads out of it");
    }
}

static void
test_twice (void)
{
  assert_zip_refused ((const FvZipEntry[]){ PICKLE, STORAGE, PICKLE }, 3, "more than one data.pkl");
  assert_zip_refused ((const FvZipEntry[]){ PICKLE, STORAGE, { "b/data.pkl", "x", 1 } }, 3, "more than one data.pkl");
  assert_zip_refused ((const FvZipEntry[]){ PICKLE, STORAGE, STORAGE }, 3, "a/data/0 twice");
}

/* A directory of 60,000 entries that lie over one another: each is looked at once and none is unpacked. */
static void
test_overlaps (void)
{
  const guint n = 60000;
  g_autofree FvZipEntry *entries = NULL;

  if (!fv_bounded_begin ())
    return;
  entries = g_new0 (FvZipEntry, n);
  entries[0] = (FvZipEntry)PICKLE;
  for (guint i = 1; i < n; i++)
    entries[i] = (FvZipEntry){ "a/data/1", pickle, sizeof pickle - 1, G_MAXUINT32 - 1, .same_as = 1 };
  g_autoptr (GBytes) bytes = fv_hostile_zip (entries, n, FALSE);
  g_autoptr (GError) error = NULL;
  g_assert_null (fv_torch_file_new (bytes, "the file", &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
  fv_bounded_end (128);
}

static GBytes *
make_safetensors (guint64 header_size, const char *header, gsize n_data)
{
  GByteArray *file = g_byte_array_new ();
  g_autofree guint8 *data = g_malloc0 (n_data + 1);

  header_size = GUINT64_TO_LE (header_size);
  g_byte_array_append (file, (const guint8 *)&header_size, 8);
  g_byte_array_append (file, (const guint8 *)header, strlen (header));
  g_byte_array_append (file, data, n_data);
  return g_byte_array_free_to_bytes (file);
}

#define TENSOR(name, shape, offsets)                                                                                   \
  "\"" name "\":{\"dtype\":\"F32\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"

static void
test_safetensors (void)
{
  static const struct
  {
    const char *header;
    gsize n_data;
    const char *message;
  } cases[] = {
    { "{" TENSOR ("a", "1", "0,4") "," TENSOR ("b", "1", "2,6") "}", 6, "does not start where" },
    { "{" TENSOR ("a", "1", "0,4") "," TENSOR ("b", "1", "8,12") "}", 12, "does not start where" },
    { "{" TENSOR ("a", "1", "4,8") "}", 4, "outside the file's 4 bytes" },
    { "{" TENSOR ("a", "1", "0,9223372036854775807") "}", 4, "outside the file's 4 bytes" },
    { "{" TENSOR ("a", "1", "0,99999999999999999999") "}", 4, "outside the file's 4 bytes" },
    { "{" TENSOR ("a", "1", "-4,0") "}", 4, "outside the file's 4 bytes" },
    { "{" TENSOR ("a", "4294967296,4294967296,4", "0,0") "}", 0, "not a list of at most 8 sizes" },
    { "{" TENSOR ("a", "4611686018427387904", "0,0") "}", 0, "not a list of at most 8 sizes" },
    { "{" TENSOR ("a", "9223372036854775807,2", "0,4") "}", 4, "not a list of at most 8 sizes" },
    { "{" TENSOR ("a", "1e3", "0,4") "}", 4, "not a list of at most 8 sizes" },
    { "{/*\"*/[[[[[[[[[[[[[[[[[[[[", 0, "a comment" },
    { "{\"\\777\":1}", 0, "an escape" },
  };
  g_autoptr (GString) wide = NULL;

  if (!fv_bounded_begin ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint longer = 0; longer < 2; longer++)
      {
        /* Once as it is, once with a header that claims 2^60 bytes. */
        guint64 size = longer ? G_GUINT64_CONSTANT (1) << 60 : strlen (cases[i].header);
        g_autoptr (GBytes) bytes = make_safetensors (size, cases[i].header, cases[i].n_data);
        g_autoptr (GError) error = NULL;

        g_assert_null (fv_weights_parse (bytes, "the file", &error));
        g_test_message ("%s", error->message);
        g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
        g_assert_nonnull (
            strstr (error->message, longer ? "its header should have 1152921504606846976" : cases[i].message));
      }
  /* Numbers without end, in a header that is there. */
  wide = g_string_new ("{\"a\":{\"shape\":[0");
  while (wide->len < 5 << 20)
    g_string_append (wide, ",0");
  g_autoptr (GBytes) bytes = make_safetensors (wide->len, wide->str, 0);
  g_autoptr (GError) error = NULL;
  g_assert_null (fv_weights_parse (bytes, "the file", &error));
  g_assert_nonnull (strstr (error->message, "is not a weight file: its header has"));
  fv_bounded_end (64);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faults/input/weights/whole", test_whole);
  g_test_add_func ("/faults/input/weights/claims", test_claims);
  g_test_add_func ("/faults/input/weights/claims-of-pickle", test_claims_of_pickle);
  g_test_add_func ("/faults/input/weights/bombs", test_bombs);
  g_test_add_func ("/faults/input/weights/names", test_names);
  g_test_add_func ("/faults/input/weights/twice", test_twice);
  g_test_add_func ("/faults/input/weights/overlaps", test_overlaps);
  g_test_add_func ("/faults/input/weights/safetensors", test_safetensors);
  return g_test_run ();
}
