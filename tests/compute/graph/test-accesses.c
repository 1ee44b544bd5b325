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
train (FvOptimizer optimizer, guint frozen_layers, gboolean recompute, gboolean half)
{
  const FvTestTraining training
      = { .optimizer = optimizer, .frozen_layers = frozen_layers, .recompute = recompute, .half = half, .n_steps = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) bits = fv_test_train (device, &training, &error);

  g_assert_no_error (error);
}

static void
force_variants (gint gather, gint weights)
{
  fv_conv_force_variant (FV_CONV_FORWARD, gather);
  fv_conv_force_variant (FV_CONV_BACKWARD_DATA, gather);
  fv_conv_force_variant (FV_CONV_BACKWARD_WEIGHTS, weights);
}

/* All on one device, and convolutions by the one kernel that is not compiled for each shape, since compiling is what takes time. */
static void
test_declared (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) predicted = NULL;

  start (NULL);
  force_variants (0, 0);
  train (FV_OPTIMIZER_SGD, 0, FALSE, FALSE);
  train (FV_OPTIMIZER_ADAMW, 10, TRUE, FALSE);
  train (FV_OPTIMIZER_ADAMW, 0, TRUE, TRUE);
  predicted = fv_test_predict (device, &error);
  g_assert_no_error (error);
  fv_test_augment (device, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fv_access_trace_get_n_dispatches (), >, 1000);
  check_trace ();
  force_variants (-1, -1);
  stop ();
}

/* Whether candidate @index of a direction is for such subgroups; past the end of the shorter table there is none. */
static gboolean
suits (FvConvDirection direction, guint index, guint lanes)
{
  guint n;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n);

  return index < n && (variants[index].lanes == 0 || variants[index].lanes == lanes);
}

/* Every way to compute a convolution that this device's subgroups fit; where a shape doesn't, index 0 is taken. */
static void
test_variants (void)
{
  guint n_gather, n_weights;

  fv_conv_get_variants (FV_CONV_FORWARD, &n_gather);
  fv_conv_get_variants (FV_CONV_BACKWARD_WEIGHTS, &n_weights);
  for (guint i = 0; i < MAX (n_gather, n_weights); i++)
    {
      gboolean gather, weights;

      start (NULL);
      gather = suits (FV_CONV_FORWARD, i, fv_device_get_subgroup_size (device));
      weights = suits (FV_CONV_BACKWARD_WEIGHTS, i, fv_device_get_subgroup_size (device));
      force_variants (gather ? i : 0, weights ? i : 0);
      if (gather || weights)
        {
          g_test_message ("variant %u", i);
          train (FV_OPTIMIZER_SGD, 0, FALSE, FALSE);
          check_trace ();
        }
      stop ();
    }
  force_variants (-1, -1);
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
