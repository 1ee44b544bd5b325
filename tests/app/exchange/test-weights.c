/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-weights.h"
#include "tests/app/exchange/fv-test-torch.h"
#include "tests/fv-test-data.h"

#include <math.h>
#include <string.h>

typedef struct
{
  FvYolov5Config config;
  FvLayout *layout;
  float *parameters, *statistics;
} Network;

static void
network_init (Network *network, char variant, guint n_classes, guint64 seed)
{
  fv_yolov5_config_init (&network->config, variant, n_classes);
  network->layout = fv_yolov5_layout_new (&network->config);
  network->parameters = g_new0 (float, fv_layout_get_parameter_floats (network->layout));
  network->statistics = g_new0 (float, fv_layout_get_statistics_floats (network->layout));
  fv_yolov5_init (&network->config, network->layout, seed, 0, FALSE, network->parameters, network->statistics);
}

static void
network_clear (Network *network)
{
  g_free (network->parameters);
  g_free (network->statistics);
  fv_layout_free (network->layout);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Network, network_clear)

static char *names[] = { "ant", "beetle [large]", "\"Käfer\"", NULL };

static void
save (const Network *network, const char *path, GError **error)
{
  const FvMetadataEntry extra[] = { { "recipe_hash", "0123abcd" } };

  fv_weights_save (path, &network->config, names, 320, network->layout, network->parameters, network->statistics, extra,
                   1, error);
}

static void
test_round_trip (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "a.safetensors", NULL);
  g_autofree char *again = g_build_filename (folder, "b.safetensors", NULL);
  g_auto (Network) network = { 0 };
  g_auto (Network) other = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvWeights) weights = NULL;
  g_autofree char *a = NULL, *b = NULL;
  gsize a_size = 0, b_size = 0, n;
  guint n_transferred, n_total;

  network_init (&network, 'n', 3, 1);
  network.config.anchors[1][2][0] = 47.25f;
  save (&network, path, &error);
  g_assert_no_error (error);
  weights = fv_weights_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (weights->config.variant, ==, 'n');
  g_assert_cmpuint (weights->config.n_classes, ==, 3);
  g_assert_cmpmem (weights->config.anchors, sizeof weights->config.anchors, network.config.anchors,
                   sizeof network.config.anchors);
  g_assert_cmpuint (weights->imgsz, ==, 320);
  g_assert_cmpuint (weights->n_tensors, ==, 349);
  g_assert_true (g_strv_equal ((const char *const *)weights->class_names, (const char *const *)names));
  g_assert_cmpstr (g_hash_table_lookup (weights->metadata, "recipe_hash"), ==, "0123abcd");

  network_init (&other, 'n', 3, 2);
  g_assert_true (fv_weights_apply (weights, &other.config, other.layout, 0, other.parameters, other.statistics,
                                   &n_transferred, &n_total, &error));
  g_assert_cmpuint (n_transferred, ==, 349);
  g_assert_cmpuint (n_total, ==, 349);
  n = fv_layout_get_parameter_floats (network.layout) * sizeof (float);
  g_assert_cmpmem (network.parameters, n, other.parameters, n);
  n = fv_layout_get_statistics_floats (network.layout) * sizeof (float);
  g_assert_cmpmem (network.statistics, n, other.statistics, n);

  other.config = network.config;
  save (&other, again, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &a, &a_size, NULL) && g_file_get_contents (again, &b, &b_size, NULL));
  g_assert_cmpmem (a, a_size, b, b_size);
}

/* Every variant is known again by its tensors. */
static void
test_variants (void)
{
  const char *path = NULL;

  for (const char *variant = "nsmlx"; *variant != '\0'; variant++)
    {
      g_autofree char *file = g_build_filename (fv_test_folder (), "w", NULL);
      g_auto (Network) network = { 0 };
      g_autoptr (GError) error = NULL;
      g_autoptr (FvWeights) weights = NULL;

      if (!g_test_slow () && *variant != 's')
        continue;
      network_init (&network, *variant, 3, 1);
      save (&network, file, &error);
      g_assert_no_error (error);
      weights = fv_weights_load (file, &error);
      g_assert_no_error (error);
      g_assert_cmpint (weights->config.variant, ==, *variant);
      path = file;
    }
  g_assert_nonnull (path);
}

static void
test_new_head (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "w", NULL);
  g_auto (Network) network = { 0 };
  g_auto (Network) filled = { 0 };
  g_auto (Network) fresh = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvWeights) weights = NULL;
  guint n_transferred, n_total;

  network_init (&network, 'n', 3, 1);
  save (&network, path, &error);
  weights = fv_weights_load (path, &error);
  g_assert_no_error (error);
  network_init (&filled, 'n', 7, 2);
  network_init (&fresh, 'n', 7, 3);
  fv_yolov5_init (&fresh.config, fresh.layout, 5, 24, TRUE, fresh.parameters, fresh.statistics);
  g_assert_true (fv_weights_apply (weights, &filled.config, filled.layout, 5, filled.parameters, filled.statistics,
                                   &n_transferred, &n_total, &error));
  g_assert_cmpuint (n_transferred, ==, 343);
  g_assert_cmpuint (n_total, ==, 349);
  for (guint i = 0; i < fv_layout_get_n_params (filled.layout); i++)
    {
      const FvParam *param = fv_layout_get_param (filled.layout, i);
      const Network *wanted = param->layer < 24 ? &network : &fresh;
      const FvParam *source = fv_layout_lookup (wanted->layout, param->name);
      gsize n = param->length * sizeof (float);

      if (fv_param_is_statistic (param))
        g_assert_cmpmem (filled.statistics + param->offset, n, wanted->statistics + source->offset, n);
      else
        g_assert_cmpmem (filled.parameters + param->offset, n, wanted->parameters + source->offset, n);
    }
}

static void
test_other_variant (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "w", NULL);
  g_auto (Network) network = { 0 };
  g_auto (Network) small = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvWeights) weights = NULL;

  network_init (&network, 'n', 3, 1);
  save (&network, path, &error);
  weights = fv_weights_load (path, &error);
  g_assert_no_error (error);
  network_init (&small, 's', 3, 1);
  g_assert_false (fv_weights_apply (weights, &small.config, small.layout, 0, small.parameters, small.statistics, NULL,
                                    NULL, &error));
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_ARCHITECTURE);
}

/* Changes to the list of tensors of a good file, and what is said then. */
static const struct
{
  const char *label, *remove, *add;
  guint n_dims;
  gint64 dims[4];
  const char *message; /* a part of it */
} foreign[] = {
  { "stem missing", "model.0.conv.weight", NULL, 0, { 0 }, "model.0.conv.weight is missing, YOLOv5 expects 16, 32" },
  { "stem of 3x3",
    "model.0.conv.weight",
    "model.0.conv.weight",
    4,
    { 16, 3, 3, 3 },
    "model.0.conv.weight is 16x3x3x3, YOLOv5n expects 16x3x6x6" },
  { "stem of odd width",
    "model.0.conv.weight",
    "model.0.conv.weight",
    4,
    { 24, 3, 6, 6 },
    "model.0.conv.weight is 24x3x6x6, YOLOv5 expects 16, 32" },
  { "bias missing", "model.9.cv2.bn.bias", NULL, 0, { 0 }, "model.9.cv2.bn.bias is missing, YOLOv5n expects 256" },
  { "wrong dimensions",
    "model.3.bn.weight",
    "model.3.bn.weight",
    2,
    { 64, 1 },
    "model.3.bn.weight is 64x1, YOLOv5n expects 64" },
  { "a layer more", NULL, "model.25.m.weight", 1, { 1 }, "model.25.m.weight has no place in YOLOv5n" },
  { "a tensor more in a layer", NULL, "model.4.extra.weight", 1, { 1 }, "model.4.extra.weight has no place" },
  { "the first of two differences",
    "model.9.cv2.bn.bias",
    "model.4.extra.weight",
    1,
    { 1 },
    "model.4.extra.weight has no place" },
  { "the first of two differences again",
    "model.2.cv1.bn.bias",
    "model.4.extra.weight",
    1,
    { 1 },
    "model.2.cv1.bn.bias is missing" },
  { "no name of a layer", NULL, "something", 1, { 1 }, "something has no place" },
  { "head of an odd width", "model.24.m.0.bias", "model.24.m.0.bias", 1, { 25 }, "model.24.m.0.weight is 24x64x1x1" },
  { "two anchors a head", "model.24.anchors", "model.24.anchors", 3, { 3, 2, 2 }, "model.24.anchors is 3x2x2" },
};

static void
test_foreign (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "w", NULL);
  g_autofree char *changed = g_build_filename (fv_test_folder (), "changed", NULL);
  g_autofree float *zeros = g_new0 (float, 65536);
  g_auto (Network) network = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvTensorFile) file = NULL;

  network_init (&network, 'n', 3, 1);
  save (&network, path, &error);
  file = fv_tensor_file_open (path, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      g_autoptr (GArray) views = g_array_new (FALSE, FALSE, sizeof (FvTensorView));
      FvTensorView more = { .name = foreign[i].add, .n_dims = foreign[i].n_dims, .data = zeros };
      g_autoptr (FvWeights) weights = NULL;

      for (guint j = 0; j < fv_tensor_file_get_n (file); j++)
        if (g_strcmp0 (fv_tensor_file_get (file, j)->name, foreign[i].remove) != 0)
          g_array_append_vals (views, fv_tensor_file_get (file, j), 1);
      memcpy (more.dims, foreign[i].dims, sizeof foreign[i].dims);
      more.n_bytes = fv_tensor_view_n_values (&more) * sizeof (float);
      if (foreign[i].add != NULL)
        g_array_append_val (views, more);
      g_assert_true (fv_safetensors_write (changed, (FvTensorView *)views->data, views->len, NULL, 0, NULL));
      weights = fv_weights_load (changed, &error);
      g_test_message ("%s: %s", foreign[i].label, error != NULL ? error->message : "accepted");
      g_assert_null (weights);
      g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_ARCHITECTURE);
      g_assert_nonnull (strstr (error->message, foreign[i].message));
      g_clear_error (&error);
    }
}

/* The state_dict of another program: fp16, no anchors, no metadata. */
static void
test_bare_state_dict (void)
{
  g_autoptr (FvTestTorch) t = fv_test_torch_new ();
  g_auto (Network) network = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (FvWeights) weights = NULL;
  const guint16 half = 0x3800; /* 0.5 */

  network_init (&network, 'n', 2, 1);
  fv_test_torch_add_entry (t, "archive/data/0", &half, sizeof half);
  fv_test_torch_begin_dict (t);
  for (guint i = 0; i < fv_layout_get_n_params (network.layout); i++)
    {
      const FvParam *param = fv_layout_get_param (network.layout, i);
      const int dims[4] = { param->dims[0], param->dims[1], param->dims[2], param->dims[3] };

      fv_test_torch_tensor (t, param->name, "HalfStorage", "0", 1, 0, param->n_dims, dims, (const int[4]){ 0 });
    }
  fv_test_torch_end_dict (t);
  bytes = fv_test_torch_finish (t);
  weights = fv_weights_parse (bytes, "the file", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (weights->n_tensors, ==, 291);
  g_assert_cmpuint (weights->config.n_classes, ==, 2);
  g_assert_cmpstr (weights->class_names[1], ==, "class 1");
  g_assert_cmpmem (weights->config.anchors, sizeof weights->config.anchors, network.config.anchors,
                   sizeof network.config.anchors);
  g_assert_cmpfloat (fv_weights_lookup (weights, "model.24.m.2.weight")[100], ==, 0.5f);
}

static void
test_not_finite (void)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "w", NULL);
  g_auto (Network) network = { 0 };
  g_autoptr (GError) error = NULL;

  network_init (&network, 'n', 3, 1);
  network.parameters[fv_layout_lookup (network.layout, "model.6.cv3.bn.bias")->offset] = NAN;
  save (&network, path, &error);
  g_assert_no_error (error);
  g_assert_null (fv_weights_load (path, &error));
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "model.6.cv3.bn.bias"));
}

static void
test_no_weights (void)
{
  static const struct
  {
    const char *bytes, *message;
  } files[] = {
    { "", "neither" },
    { "This is my thesis, not a weight file.", "neither" },
    { "\xff\xd8\xff\xe0 a picture", "neither" },
    { "\x80\x02\x8a\x0al\xfc\x9c", "older than 1.6" },
    { "PK\3\4 but no zip file", "cut short" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      const char *path = fv_test_write (fv_test_folder (), "w.pt", files[i].bytes);
      g_autoptr (GError) error = NULL;

      g_assert_null (fv_weights_load (path, &error));
      g_test_message ("%s", error->message);
      g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
      g_assert_nonnull (strstr (error->message, path));
      g_assert_nonnull (strstr (error->message, files[i].message));
    }
}

static void
test_official (void)
{
  static const float anchors[] = { 10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326 };
  const char *path = fv_test_data ("weights/yolov5n.pt");
  g_autoptr (GError) error = NULL;
  g_autoptr (FvWeights) weights = NULL;

  if (path == NULL)
    return;
  weights = fv_weights_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (weights->config.variant, ==, 'n');
  g_assert_cmpuint (weights->config.n_classes, ==, 80);
  g_assert_cmpmem (weights->config.anchors, sizeof weights->config.anchors, anchors, sizeof anchors);
  g_assert_cmpuint (weights->n_tensors, ==, 349);
  /* The published number for the training form. */
  g_assert_cmpuint (weights->n_parameters, ==, 1872157);
  g_assert_cmpuint (g_strv_length (weights->class_names), ==, 80);
  g_assert_cmpstr (weights->class_names[0], ==, "person");
  g_assert_cmpstr (weights->class_names[79], ==, "toothbrush");
}

static void
test_nonstandard (void)
{
  const char *path = fv_test_data ("weights/yolov5n-7-k5_NONSTANDARD.pt");
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  g_assert_null (fv_weights_load (path, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_ARCHITECTURE);
  g_assert_nonnull (strstr (error->message, "model.0.conv.weight is "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exchange/weights/round-trip", test_round_trip);
  g_test_add_func ("/exchange/weights/variants", test_variants);
  g_test_add_func ("/exchange/weights/new-head", test_new_head);
  g_test_add_func ("/exchange/weights/other-variant", test_other_variant);
  g_test_add_func ("/exchange/weights/foreign", test_foreign);
  g_test_add_func ("/exchange/weights/bare-state-dict", test_bare_state_dict);
  g_test_add_func ("/exchange/weights/not-finite", test_not_finite);
  g_test_add_func ("/exchange/weights/no-weights", test_no_weights);
  g_test_add_func ("/exchange/weights/official", test_official);
  g_test_add_func ("/exchange/weights/nonstandard", test_nonstandard);
  return g_test_run ();
}
