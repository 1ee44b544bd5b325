/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operations of a pickle, in a zip file that is right, beside a storage of 256 floats. */
#include "app/exchange/fv-torch-file.h"
#include "tests/app/exchange/fv-test-torch.h"
#include "tests/fuzz/fv-fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const float storage[256];
  g_autoptr (FvTestTorch) archive = fv_test_torch_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTorchFile) file = NULL;

  fv_test_torch_add_entry (archive, "archive/data/0", storage, sizeof storage);
  fv_test_torch_raw (archive, (const char *)data, size);
  bytes = fv_test_torch_finish (archive);
  file = fv_torch_file_new (bytes, "fuzz", &error);
  fv_fuzz_either (file != NULL, error);
  for (guint i = 0; file != NULL && i < file->views->len; i++)
    {
      const FvTensorView *view = &g_array_index (file->views, FvTensorView, i);
      g_autofree float *values = g_new (float, fv_tensor_view_n_values (view));

      g_assert_true (fv_tensor_view_to_f32 (view, values, NULL));
    }
  return 0;
}
