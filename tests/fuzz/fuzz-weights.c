/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weight files of either kind: safetensors, and PyTorch's zip with its pickle. */
#include "app/exchange/fv-weights.h"
#include "tests/fuzz/fv-fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvWeights) weights = fv_weights_parse (bytes, "fuzz", &error);

  fv_fuzz_either (weights != NULL, error);
  return 0;
}
