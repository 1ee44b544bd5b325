/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-tensor-file.h"
#include "tests/fuzz/fv-fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTensorFile) file = fv_tensor_file_new (bytes, "fuzz", &error);

  fv_fuzz_either (file != NULL, error);
  for (guint i = 0; file != NULL && i < fv_tensor_file_get_n (file); i++)
    {
      const FvTensorView *view = fv_tensor_file_get (file, i);
      g_autofree float *values = g_new (float, fv_tensor_view_n_values (view));

      g_assert_true (fv_tensor_file_lookup (file, view->name) == view);
      g_assert_true (fv_tensor_view_to_f32 (view, values, NULL));
    }
  return 0;
}
