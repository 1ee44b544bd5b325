/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kernels touch is what their dispatches declare: barriers are derived from that. */
#include "compute/ops/fv-conv-variants.h"
#include "tests/compute/graph/fv-access-trace.h"
#include "tests/compute/graph/fv-test-training.h"

#include <string.h>

static FvDevice *device;

static void
start (void (*edit) (FvDispatch *declared))
{
  g_autoptr (GError) error = NULL;

  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  fv_access_trace_start (device, edit);
}

static void
stop (void)
{
  fv_access_trace_stop ();
  g_clear_pointer (&device, fv_device_unref);
}

static void
check_trace (void)
{
  g_autoptr (GPtrArray) violations = fv_access_trace_get_violations ();
  g_autoptr (GPtrArray) untouched = fv_access_trace_get_untouched ();

  g_test_message ("%u dispatches", fv_access_trace_get_n_dispatches ());
  for (guint i = 0; i < violations->len; i++)
    g_test_message ("%s", (const char *)violations->pdata[i]);
  for (guint i = 0; i < untouched->len; i++)
    g_test_message ("%s is never touched", (const char *)untouched->pdata[i]);
  g_assert_cmpuint (violations->len, ==, 0);
  g_assert_cmpuint (untouched->len, ==, 0);
}

static void
train (FvOptimizer optimizer, guint frozen_layers)
{
  const FvTestTraining training = { .optimizer = optimizer, .frozen_layers = frozen_layers, .n_steps = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) bits = fv_test_train (device, &training, &error);

  g_assert_no_error (error);
}

/* All on one device, since what takes time is that kernels are compiled. */
static void
test_declared (void)
{
  g_autoptr (GError) error = NULL;

  start (NULL);
  train (FV_OPTIMIZER_SGD, 0);
  train (FV_OPTIMIZER_ADAMW, 10);
  fv_test_predict (device, &error);
  g_assert_no_error (error);
  fv_test_augment (device, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fv_access_trace_get_n_dispatches (), >, 1000);
  check_trace ();
  stop ();
}

/* Every way to compute a convolution that this device's subgroups fit; index 0 fits any. */
static void
test_variants (void)
{
  guint n_gather, n_weights;

  fv_conv_get_variants (FV_CONV_FORWARD, &n_gather);
  fv_conv_get_variants (FV_CONV_BACKWARD_WEIGHTS, &n_weights);
  for (guint i = 0; i < MAX (n_gather, n_weights); i++)
    {
      fv_conv_force_variant (FV_CONV_FORWARD, MIN (i, n_gather - 1));
      fv_conv_force_variant (FV_CONV_BACKWARD_DATA, MIN (i, n_gather - 1));
      fv_conv_force_variant (FV_CONV_BACKWARD_WEIGHTS, MIN (i, n_weights - 1));
      start (NULL);
      train (FV_OPTIMIZER_SGD, 0);
      check_trace ();
      stop ();
    }
  for (guint i = 0; i < FV_N_CONV_DIRECTIONS; i++)
    fv_conv_force_variant (i, -1);
}

/* The trace itself: a declaration that is a little too short is found out, and so is one of what nobody touches. */

static void
shorten (FvDispatch *declared)
{
  if (g_str_equal (declared->kernel, "augment"))
    {
      declared->writes[0].address += 4;
      declared->reads[7] = (FvRange){ 4096, 4096 };
    }
}

static gboolean
contains (GPtrArray *texts, const char *part)
{
  for (guint i = 0; i < texts->len; i++)
    if (strstr (texts->pdata[i], part) != NULL)
      return TRUE;
  return FALSE;
}

static void
test_found (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) violations = NULL, untouched = NULL;

  start (shorten);
  fv_test_augment (device, &error);
  g_assert_no_error (error);
  violations = fv_access_trace_get_violations ();
  untouched = fv_access_trace_get_untouched ();
  g_assert_cmpuint (violations->len, ==, 1);
  g_assert_true (contains (violations, "augment (dispatch 0) writes 8 bytes"));
  g_assert_true (contains (untouched, "augment reads[7]"));
  stop ();
}

int
main (int argc, char **argv)
{
  /* lavapipe: kernels run once, so that making them quick costs more than it saves. Read when the driver is loaded. */
  g_setenv ("GALLIVM_PERF", "nopt", FALSE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/accesses/found", test_found);
  g_test_add_func ("/accesses/declared", test_declared);
  if (g_test_slow ())
    g_test_add_func ("/accesses/variants", test_variants);
  return g_test_run ();
}
