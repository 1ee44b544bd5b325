/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What operators must not be asked for ends the program instead of computing nonsense. */
#include "compute/ops/fv-ops.h"
#include "tests/compute/fv-test-engine.h"

/* Runs the rest of the test in a process of its own, which must end with @message. */
static gboolean
is_refused (const char *message)
{
  if (g_test_subprocess ())
    return FALSE;
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr (message);
  return TRUE;
}

/* Weights of 4 input channels or fewer are as wide as a picture's pixels; a wider gradient would not be written in full. */
static void
test_narrow_input (void)
{
  g_autoptr (FvTestGraph) graph = NULL;
  g_autoptr (FvLayout) layout = NULL;
  FvConvWeights weights = { .weight_address = 4096 };

  if (is_refused ("*pitch_in == 4*"))
    return;
  graph = fv_test_graph_new (TRUE);
  layout = fv_layout_new ();
  fv_layout_add (layout, "weight", FV_PARAM_CONV_WEIGHT, 0, 4, (guint[]){ 16, 1, 3, 3 });
  fv_layout_seal (layout);
  weights.weight = fv_layout_lookup (layout, "weight");
  fv_conv2d (graph->graph, fv_graph_tensor (graph->graph, 1, 5, 7, 1, 0, "x"), &weights, 1, 1, "y");
}

/* Slices start at multiples of 16 channels. */
static void
test_odd_concat (void)
{
  g_autoptr (FvTestGraph) graph = NULL;
  FvTensor *inputs[2];

  if (is_refused ("*c % 16 == 0*"))
    return;
  graph = fv_test_graph_new (TRUE);
  for (guint i = 0; i < 2; i++)
    inputs[i] = fv_graph_tensor (graph->graph, 1, 5, 7, 24, 0, "x");
  fv_concat (graph->graph, inputs, 2, "y");
}

/* The gradient of a whole, written after that of a slice, would overwrite it. */
static void
test_whole_after_slice (void)
{
  g_autoptr (FvTestGraph) graph = NULL;
  FvTensor *whole;

  if (is_refused ("*has_written_slice*"))
    return;
  graph = fv_test_graph_new (TRUE);
  whole = fv_graph_tensor (graph->graph, 1, 5, 7, 32, 0, "whole");
  fv_tensor_claim_gradient (fv_graph_view (graph->graph, whole, 16, 16, "slice"));
  fv_tensor_claim_gradient (whole);
}

int
main (int argc, char **argv)
{
  fv_test_engine_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/refused/narrow-input", test_narrow_input);
  g_test_add_func ("/ops/refused/odd-concat", test_odd_concat);
  g_test_add_func ("/ops/refused/whole-after-slice", test_whole_after_slice);
  return fv_test_engine_run ();
}
