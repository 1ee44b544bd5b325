/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fovea-cli parity: passes on the reference values, fails on changed ones, and says so of damaged ones. */
#include "tests/fv-test-data.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  int status;
  char *out, *err;
  JsonParser *parser;
  JsonObject *result; /* NULL where stdout is no JSON object */
} Call;

static void
call_clear (Call *call)
{
  g_free (call->out);
  g_free (call->err);
  g_clear_object (&call->parser);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)

static Call
call_parity_with (const char *folder, const char *weights, const char *option)
{
  const char *argv[] = { g_getenv ("FOVEA_CLI"), "parity", "--json", folder, "--weights", weights, option, NULL };
  g_autoptr (GError) error = NULL;
  Call call = { 0 };
  JsonNode *root;
  int wait_status;

  g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &call.out, &call.err, &wait_status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (wait_status));
  call.status = WEXITSTATUS (wait_status);
  call.parser = json_parser_new ();
  root = json_parser_load_from_data (call.parser, call.out, -1, NULL) ? json_parser_get_root (call.parser) : NULL;
  call.result = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  if (*call.err != '\0')
    g_test_message ("%s", call.err);
  return call;
}

static Call
call_parity (const char *folder, const char *weights)
{
  return call_parity_with (folder, weights, NULL);
}

static const char *
get_weights (void)
{
  return fv_test_data ("weights/yolov5n.pt");
}

/* A new folder with links to files of the reference folder, up to NULL. */
static const char *G_GNUC_NULL_TERMINATED
link_references (const char *reference, const char *first, ...)
{
  const char *folder = fv_test_folder ();
  va_list names;

  va_start (names, first);
  for (const char *name = first; name != NULL; name = va_arg (names, const char *))
    {
      g_autofree char *from = g_build_filename (reference, name, NULL);
      g_autofree char *to = g_build_filename (folder, name, NULL);

      g_assert_cmpint (symlink (from, to), ==, 0);
    }
  va_end (names);
  return folder;
}

static void
assert_passes (const Call *call, guint n_cases)
{
  JsonArray *cases;

  g_assert_nonnull (call->result);
  cases = json_object_get_array_member (call->result, "cases");
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *c = json_array_get_object_element (cases, i);

      if (!json_object_get_boolean_member (c, "ok"))
        g_error ("%s, %s: %g, allowed is %g", json_object_get_string_member (c, "file"),
                 json_object_get_string_member (c, "quantity"), json_object_get_double_member (c, "error"),
                 json_object_get_double_member (c, "tolerance"));
    }
  g_assert_cmpint (json_object_get_int_member (call->result, "failed"), ==, 0);
  g_assert_cmpint (call->status, ==, 0);
  g_assert_cmpuint (json_array_get_length (cases), ==, n_cases);
}

static void
test_network (void)
{
  const char *reference = fv_test_data ("reference"), *weights = get_weights ();

  if (reference == NULL || weights == NULL)
    return;
  {
    const char *folder = link_references (reference, "forward_synth128.safetensors", "backward_b2_128.safetensors",
                                          "backward_b2_128.json", NULL);
    g_auto (Call) call = call_parity (folder, weights);

    assert_passes (&call, 12 + 299);
  }
}

/* As where memory is short: activations are made again for the backward pass. */
static void
test_recompute (void)
{
  const char *reference = fv_test_data ("reference"), *weights = get_weights ();

  if (reference == NULL || weights == NULL)
    return;
  {
    const char *folder = link_references (reference, "backward_b2_128.safetensors", "backward_b2_128.json", NULL);
    g_auto (Call) call = call_parity_with (folder, weights, "--recompute");

    assert_passes (&call, 299);
  }
}

/* Mixed precision, with the tolerances that it has. */
static void
test_half (void)
{
  const char *reference = fv_test_data ("reference"), *weights = get_weights ();

  if (reference == NULL || weights == NULL)
    return;
  {
    const char *folder = link_references (reference, "forward_synth128.safetensors", "steps10_b4_128.safetensors",
                                          "steps10_b4_128.json", NULL);
    g_auto (Call) call = call_parity_with (folder, weights, "--precision=fp16");

    assert_passes (&call, 12 + 2 * (10 + 1));
  }
}

static void
test_loss (void)
{
  const char *reference = fv_test_data ("reference"), *weights = get_weights ();

  if (reference == NULL || weights == NULL)
    return;
  {
    const char *folder
        = link_references (reference, "loss.json", "loss_nc1.safetensors", "loss_nc3.safetensors",
                           "loss_nc3_edge.safetensors", "loss_nc3_empty.safetensors", "loss_nc3_focal.safetensors",
                           "loss_nc3_smooth.safetensors", "loss_nc80.safetensors", NULL);
    g_auto (Call) call = call_parity (folder, weights);

    assert_passes (&call, 7 * 10);
  }
}

/* All references, ten steps of each optimizer among them. */
static void
test_all (void)
{
  const char *reference = fv_test_data ("reference"), *weights = get_weights ();

  if (reference == NULL || weights == NULL)
    return;
  {
    g_auto (Call) call = call_parity (reference, weights);

    assert_passes (&call, 299 + 5 + 12 + 7 * 10 + 100);
    g_assert_cmpuint (json_array_get_length (json_object_get_array_member (call.result, "left_out")), ==, 4);
  }
}

static void
test_changed (void)
{
  const char *reference = fv_test_data ("reference"), *weights = get_weights ();

  if (reference == NULL || weights == NULL)
    return;
  {
    /* lobj is wrong in its fifth digit, lcls isn't there at all. */
    const char *folder = link_references (reference, "loss_nc3.safetensors", NULL);
    g_auto (Call) call = { 0 };

    fv_test_write (folder, "loss.json",
                   "{ \"nc3\": { \"gains\": { \"box\": 0.05, \"obj\": 0.04, \"cls\": 0.01875 },"
                   " \"lbox\": 0.1323034167289734, \"lobj\": 0.04353633474898338, \"total\": 0.4434548020362854 } }");
    call = call_parity (folder, weights);
    g_assert_nonnull (call.result);
    g_assert_cmpint (json_object_get_int_member (call.result, "failed"), ==, 2);
    g_assert_cmpint (call.status, ==, 1);
  }
}

static void
test_damaged (void)
{
  const char *reference = fv_test_data ("reference"), *weights = get_weights ();

  if (reference == NULL || weights == NULL)
    return;
  {
    const char *folder = link_references (reference, "loss_nc3.safetensors", NULL);
    g_auto (Call) call = { 0 };

    fv_test_write (folder, "forward_damaged.safetensors", "no safetensors");
    fv_test_write (folder, "steps_damaged.json", "{ \"variants\": 3");
    fv_test_write (folder, "loss.json", "{}");
    call = call_parity (folder, weights);
    g_assert_nonnull (call.result);
    g_assert_cmpint (json_object_get_int_member (call.result, "failed"), ==, 2);
    g_assert_cmpuint (json_array_get_length (json_object_get_array_member (call.result, "left_out")), ==, 2);
    g_assert_cmpint (call.status, ==, 1);
  }
}

static void
test_nothing (void)
{
  const char *weights = get_weights ();

  if (weights == NULL)
    return;
  {
    g_auto (Call) empty = call_parity (fv_test_folder (), weights);
    g_auto (Call) missing = call_parity ("/nowhere", weights);
    g_auto (Call) no_weights = call_parity (fv_test_folder (), "/nowhere.pt");

    g_assert_cmpint (empty.status, ==, 1);
    g_assert_cmpint (missing.status, ==, 1);
    g_assert_cmpint (no_weights.status, ==, 1);
    g_assert_nonnull (strstr (no_weights.err, "/nowhere.pt"));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/parity/nothing", test_nothing);
  g_test_add_func ("/cli/parity/loss", test_loss);
  g_test_add_func ("/cli/parity/changed", test_changed);
  g_test_add_func ("/cli/parity/damaged", test_damaged);
  g_test_add_func ("/cli/parity/network", test_network);
  g_test_add_func ("/cli/parity/recompute", test_recompute);
  g_test_add_func ("/cli/parity/half", test_half);
  if (g_test_slow ())
    g_test_add_func ("/cli/parity/all", test_all);
  return g_test_run ();
}
