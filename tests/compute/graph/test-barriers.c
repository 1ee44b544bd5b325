/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The barriers of whole training steps: between all that conflicts, none too many, and with the bits of full ones. */
#include "tests/compute/fv-full-barrier.h"
#include "tests/compute/graph/fv-command-stream.h"
#include "tests/compute/graph/fv-test-training.h"

static FvDevice *device;

static GByteArray *
train (FvOptimizer optimizer, gboolean recompute, guint n_steps)
{
  g_autoptr (GError) error = NULL;
  GByteArray *bits = fv_test_train (device,
                                    &(FvTestTraining){ .optimizer = optimizer,
                                                       .frozen_layers = optimizer == FV_OPTIMIZER_SGD ? 0 : 3,
                                                       .recompute = recompute,
                                                       .n_steps = n_steps },
                                    &error);

  g_assert_no_error (error);
  return bits;
}

static void
check_stream (void)
{
  g_autofree char *hazard = NULL;

  fv_command_stream_take ();
  hazard = fv_command_stream_find_hazard (-1);
  g_test_message ("%u commands, %u barriers", fv_command_stream_get_n_commands (), fv_command_stream_get_n_barriers ());
  g_assert_cmpstr (hazard, ==, NULL);
  for (guint i = 0; i < fv_command_stream_get_n_barriers (); i++)
    {
      g_autofree char *missed = fv_command_stream_find_hazard (i);

      if (missed == NULL)
        g_test_message ("Barrier %u is not needed", i);
      g_assert_nonnull (missed);
    }
}

/* Two recordings of batches, one of them submitted twice, and two of updates. */
static void
test_training (gconstpointer data)
{
  g_autoptr (GByteArray) bits = NULL;

  fv_command_stream_start ();
  bits = train (GPOINTER_TO_INT (data), FALSE, 2);
  check_stream ();
  fv_command_stream_stop ();
}

/* What is made again for the backward pass is what there was, and in time; layers that learn nothing among it. */
static void
test_recompute (gconstpointer data)
{
  g_autoptr (GByteArray) kept = train (GPOINTER_TO_INT (data), FALSE, 3), made_again = NULL;

  fv_command_stream_start ();
  made_again = train (GPOINTER_TO_INT (data), TRUE, 3);
  check_stream ();
  fv_command_stream_stop ();
  g_assert_cmpmem (kept->data, kept->len, made_again->data, made_again->len);
}

/* Cut into several submissions, the barriers are the same. */
static void
test_cut (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDevice) cut = fv_device_open (&(FvDeviceParams){ .submission_seconds = 0.005 }, &error);
  g_autoptr (GByteArray) bits = NULL;

  g_assert_no_error (error);
  fv_command_stream_start ();
  bits = fv_test_train (cut, &(FvTestTraining){ .optimizer = FV_OPTIMIZER_SGD, .n_steps = 1 }, &error);
  g_assert_no_error (error);
  check_stream ();
  fv_command_stream_stop ();
}

static FvVulkan real;

static VKAPI_ATTR void VKAPI_CALL
dispatch_and_wait (VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t z)
{
  real.CmdDispatch (commands, x, y, z);
  fv_test_put_full_barrier (&real, commands);
}

static void
test_full_barriers (gconstpointer data)
{
  const FvOptimizer optimizer = GPOINTER_TO_INT (data);
  g_autoptr (GByteArray) derived = train (optimizer, FALSE, 3), full = NULL;

  real = fv_vulkan;
  fv_vulkan.CmdDispatch = dispatch_and_wait;
  full = train (optimizer, FALSE, 3);
  fv_vulkan = real;
  g_assert_cmpmem (derived->data, derived->len, full->data, full->len);
}

/* Mixed precision, whose losses of the first batch are those of fp32 but for its rounding. */
static void
test_half (void)
{
  FvTestTraining training = { .optimizer = FV_OPTIMIZER_SGD, .n_steps = 2 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) single = fv_test_train (device, &training, &error), half = NULL;

  g_assert_no_error (error);
  training.half = TRUE;
  fv_command_stream_start ();
  half = fv_test_train (device, &training, &error);
  g_assert_no_error (error);
  check_stream ();
  fv_command_stream_stop ();
  g_assert_cmpuint (half->len, ==, single->len);
  for (guint i = 0; i < 3; i++)
    {
      const double expected = ((const float *)(gpointer)single->data)[i];

      g_assert_cmpfloat_with_epsilon (((const float *)(gpointer)half->data)[i], expected, 0.005 * expected);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  g_test_add_data_func ("/barriers/sgd", GINT_TO_POINTER (FV_OPTIMIZER_SGD), test_training);
  g_test_add_data_func ("/barriers/adamw", GINT_TO_POINTER (FV_OPTIMIZER_ADAMW), test_training);
  g_test_add_data_func ("/barriers/recompute/sgd", GINT_TO_POINTER (FV_OPTIMIZER_SGD), test_recompute);
  g_test_add_data_func ("/barriers/recompute/adamw", GINT_TO_POINTER (FV_OPTIMIZER_ADAMW), test_recompute);
  g_test_add_func ("/barriers/half", test_half);
  g_test_add_func ("/barriers/cut", test_cut);
  g_test_add_data_func ("/barriers/full/sgd", GINT_TO_POINTER (FV_OPTIMIZER_SGD), test_full_barriers);
  g_test_add_data_func ("/barriers/full/adamw", GINT_TO_POINTER (FV_OPTIMIZER_ADAMW), test_full_barriers);
  result = g_test_run ();
  fv_device_unref (device);
  return result;
}
