/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every variant of every direction of the convolution against plain loops, and that nothing outside of a tensor is touched. */
#include "compute/ops/fv-conv-variants.h"
#include "compute/ops/fv-ops.h"
#include "tests/reference/fv-reference-conv.h"

#include <math.h>
#include <string.h>

typedef struct
{
  const char *name;
  FvReferenceConv conv;
  gboolean bias;
  gboolean views;      /* x and y are slices of wider tensors */
  gboolean add;        /* another consumer of x has written its gradient already */
  gboolean no_weights; /* the layer is frozen */
  gboolean no_data;    /* x takes no gradient */
} Case;

static const Case cases[] = {
  { "1x1, 16 to 16", { 3, 5, 7, 16, 16, 1, 1, 0 } },
  { "1x1, slices, adding", { 2, 9, 4, 32, 64, 1, 1, 0 }, .views = TRUE, .add = TRUE },
  { "3x3, 16 to 16", { 3, 5, 7, 16, 16, 3, 1, 1 } },
  { "3x3, slices, adding", { 2, 6, 11, 64, 32, 3, 1, 1 }, .views = TRUE, .add = TRUE },
  { "3x3, odd channels", { 1, 5, 5, 24, 24, 3, 1, 1 } },
  { "3x3, 80 to 48, adding", { 1, 4, 5, 80, 48, 3, 1, 1 }, .add = TRUE },
  { "3x3 stride 2", { 3, 10, 6, 32, 64, 3, 2, 1 } },
  { "3x3 stride 2, odd map, adding", { 2, 7, 5, 16, 32, 3, 2, 1 }, .views = TRUE, .add = TRUE },
  { "1x1 stride 2", { 2, 5, 4, 16, 16, 1, 2, 0 } },
  { "5x5", { 1, 6, 5, 16, 16, 5, 1, 2 } },
  { "one pixel", { 1, 1, 1, 32, 32, 3, 1, 1 } },
  { "detect, 255 channels", { 2, 3, 5, 32, 255, 1, 1, 0 }, .bias = TRUE },
  { "detect, 24 channels", { 2, 5, 5, 64, 24, 1, 1, 0 }, .bias = TRUE },
  { "stem", { 3, 20, 16, 3, 16, 6, 2, 0 }, .no_data = TRUE },
  { "stem, 48 channels", { 1, 14, 18, 3, 48, 6, 2, 0 }, .no_data = TRUE },
  { "picture, 3x3", { 1, 9, 6, 3, 32, 3, 2, 1 }, .no_data = TRUE },
  { "deep", { 1, 3, 2, 1024, 32, 3, 1, 1 }, .no_data = TRUE },
  { "long sums", { 1, 130, 150, 16, 16, 1, 1, 0 }, .bias = TRUE },
  { "frozen, data only", { 1, 5, 7, 32, 32, 3, 1, 1 }, .no_weights = TRUE },
};

/* Differs from zero and from anything computed here; marks what must not be written. */
#define SENTINEL 12345.0f

static FvDevice *device;

static FvBuffer *
new_buffer (gsize floats, const char *name)
{
  g_autoptr (GError) error = NULL;
  FvBuffer *buffer = fv_buffer_new (device, FV_MEMORY_DEVICE, floats * sizeof (float), name, &error);

  g_assert_no_error (error);
  return buffer;
}

static void
upload (FvBuffer *buffer, const float *values, gsize floats)
{
  g_autoptr (GError) error = NULL;

  fv_buffer_upload (buffer, 0, values, floats * sizeof (float), &error);
  g_assert_no_error (error);
}

static float *
download (FvBuffer *buffer, gsize floats)
{
  g_autoptr (GError) error = NULL;
  float *values = g_new (float, floats);

  fv_buffer_download (buffer, 0, values, floats * sizeof (float), &error);
  g_assert_no_error (error);
  return values;
}

static float *
random_values (gsize n, guint32 seed)
{
  GRand *rand = g_rand_new_with_seed (seed);
  float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = g_rand_double_range (rand, -1, 1);
  g_rand_free (rand);
  return values;
}

/* A tensor's place in memory of its own: @channels from channel @offset on of pixels @pitch apart. */
typedef struct
{
  FvBuffer *buffer;
  gsize pixels;
  guint channels, offset, pitch;
} Place;

static guint
padded (const Place *place)
{
  return MIN (place->pitch, (place->channels + 15) / 16 * 16);
}

static Place
place_new (gsize pixels, guint channels, gboolean view, gboolean picture, const char *name)
{
  Place place = { .pixels = pixels, .channels = channels };

  place.offset = view ? 16 : 0;
  place.pitch = picture ? 4 : (channels + 15) / 16 * 16 + (view ? 48 : 0);
  place.buffer = new_buffer (pixels * place.pitch, name);
  return place;
}

/* Puts @values (NULL: anything) where they belong, zeros in the padding and the sentinel elsewhere. */
static void
place_fill (const Place *place, const float *values)
{
  g_autofree float *all = g_new (float, place->pixels * place->pitch);

  for (gsize p = 0; p < place->pixels; p++)
    for (guint c = 0; c < place->pitch; c++)
      {
        const guint own = c - place->offset;

        if (own < place->channels)
          all[p * place->pitch + c] = values != NULL ? values[p * place->channels + own] : SENTINEL;
        else
          all[p * place->pitch + c] = own < padded (place) && values != NULL ? 0 : SENTINEL;
      }
  upload (place->buffer, all, place->pixels * place->pitch);
}

static void
assert_near (const char *what, gsize index, double value, double expected, double scale)
{
  if (!(fabs (value - expected) <= 2e-5 * scale))
    g_error ("%s: value %" G_GSIZE_FORMAT " is %g, not %g", what, index, value, expected);
}

static double
largest (const double *values, gsize n)
{
  double max = 1e-3;

  for (gsize i = 0; i < n; i++)
    max = MAX (max, fabs (values[i]));
  return max;
}

/* @before (nullable) is what had been there and was added to. */
static void
place_check (const char *what, const Place *place, const double *expected, const float *before)
{
  const gsize n = place->pixels * place->channels;
  g_autofree float *all = download (place->buffer, place->pixels * place->pitch);
  const double scale = largest (expected, n);

  for (gsize p = 0; p < place->pixels; p++)
    for (guint c = 0; c < place->pitch; c++)
      {
        const float value = all[p * place->pitch + c];
        const guint own = c - place->offset;
        const gsize i = p * place->channels + own;

        if (own < place->channels)
          assert_near (what, i, value, expected[i] + (before != NULL ? before[i] : 0), scale);
        else if (own < padded (place))
          g_assert_cmpfloat (value, ==, 0);
        else
          g_assert_cmpfloat (value, ==, SENTINEL);
      }
}

static FvTensor *
add_tensor (FvGraph *g, const Place *place, guint n, guint h, guint w, FvBuffer *gradient)
{
  FvTensor *root = fv_graph_tensor (g, n, h, w, place->pitch, place->pitch, "root");

  fv_tensor_set_address (root, place->buffer->address);
  if (gradient != NULL)
    fv_tensor_set_address (fv_tensor_get_gradient (root), gradient->address);
  if (place->offset == 0 && place->channels == place->pitch)
    return root;
  return fv_graph_view (g, root, place->offset, place->channels, "slice");
}

/* The numbers of a case, on the host and as the reference has them. */
typedef struct
{
  gsize n_x, n_y, n_weights;
  float *x, *dy, *weight, *bias, *dx_before;
  double *y, *dx, *dweight, *dbias;
} Numbers;

static void
numbers_init (Numbers *self, const Case *test)
{
  const FvReferenceConv *conv = &test->conv;

  self->n_x = (gsize)conv->n * conv->h * conv->w * conv->in;
  self->n_y = (gsize)conv->n * fv_reference_conv_out_h (conv) * fv_reference_conv_out_w (conv) * conv->out;
  self->n_weights = (gsize)conv->out * conv->in * conv->kernel * conv->kernel;
  self->x = random_values (self->n_x, 1);
  self->dy = random_values (self->n_y, 2);
  self->weight = random_values (self->n_weights, 3);
  self->bias = random_values (conv->out, 4);
  self->dx_before = random_values (self->n_x, 5);
  self->y = g_new (double, self->n_y);
  self->dx = g_new (double, self->n_x);
  self->dweight = g_new (double, self->n_weights);
  self->dbias = g_new (double, conv->out);
  fv_reference_conv_forward (conv, self->x, self->weight, test->bias ? self->bias : NULL, self->y);
  fv_reference_conv_data (conv, self->dy, self->weight, self->dx);
  fv_reference_conv_weights (conv, self->x, self->dy, self->dweight, self->dbias);
}

static void
numbers_clear (Numbers *self)
{
  g_free (self->x);
  g_free (self->dy);
  g_free (self->weight);
  g_free (self->bias);
  g_free (self->dx_before);
  g_free (self->y);
  g_free (self->dx);
  g_free (self->dweight);
  g_free (self->dbias);
}

/* Gradients were 1 before. */
static void
check_gradient (const char *what, const FvParam *param, const float *flat, const double *expected, gboolean frozen)
{
  const gsize n = fv_param_get_n_values (param);
  const double scale = largest (expected, n);
  g_autofree float *values = g_new (float, n);

  fv_param_unpack (param, flat + param->offset, values);
  for (gsize i = 0; i < n; i++)
    assert_near (what, i, values[i], 1 + (frozen ? 0 : expected[i]), scale);
}

/* Sums of the padding are zero, so that weights stay zero there. */
static void
check_gradient_padding (const FvParam *param, const float *flat)
{
  g_autofree float *values = g_new0 (float, fv_param_get_n_values (param));
  g_autofree float *in_use = g_new (float, param->length);

  for (gsize i = 0; i < fv_param_get_n_values (param); i++)
    values[i] = 1;
  fv_param_pack (param, values, in_use);
  for (gsize i = 0; i < param->length; i++)
    if (in_use[i] == 0)
      g_assert_cmpfloat (flat[param->offset + i], ==, 1);
}

static void
run_graph (FvGraph *g)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvRecording) recording = NULL;
  FvRecorder *recorder = fv_recorder_new (device);
  guint64 ticket;

  fv_graph_plan (g);
  fv_graph_allocate (g, &error);
  g_assert_no_error (error);
  fv_graph_record (g, recorder);
  recording = fv_recorder_finish (&recorder, FALSE, &error);
  g_assert_no_error (error);
  fv_recording_submit (recording, &ticket, &error);
  g_assert_no_error (error);
  fv_device_wait (device, ticket, &error);
  g_assert_no_error (error);
}

static void
check_case (const Case *test, const Numbers *numbers)
{
  const FvReferenceConv *conv = &test->conv;
  const guint out_h = fv_reference_conv_out_h (conv), out_w = fv_reference_conv_out_w (conv);
  const Place x = place_new (conv->n * conv->h * conv->w, conv->in, test->views, conv->in == 3, "x");
  const Place dx = place_new (x.pixels, conv->in, test->views, conv->in == 3, "dx");
  const Place y = place_new (conv->n * out_h * out_w, conv->out, test->views, FALSE, "y");
  const Place dy = place_new (y.pixels, conv->out, test->views, FALSE, "dy");
  g_autoptr (FvLayout) layout = fv_layout_new ();
  g_autoptr (FvGraph) g = fv_graph_new (device, &(FvGraphParams){ .training = TRUE });
  g_autoptr (FvBuffer) parameters = NULL;
  g_autoptr (FvBuffer) gradients = NULL;
  g_autofree float *flat = NULL;
  const FvParam *weight, *bias;
  FvConvWeights weights = { 0 };
  FvTensor *input, *output, *parent;
  gsize floats;

  fv_layout_add (layout, "weight", FV_PARAM_CONV_WEIGHT, 0, 4,
                 (guint[]){ conv->out, conv->in, conv->kernel, conv->kernel });
  fv_layout_add (layout, "bias", FV_PARAM_BIAS, 0, 1, (guint[4]){ conv->out });
  fv_layout_seal (layout);
  weight = fv_layout_lookup (layout, "weight");
  bias = fv_layout_lookup (layout, "bias");
  floats = fv_layout_get_parameter_floats (layout);
  parameters = new_buffer (floats, "parameters");
  gradients = new_buffer (floats, "gradients");
  flat = g_new0 (float, floats);
  fv_param_pack (weight, numbers->weight, flat + weight->offset);
  fv_param_pack (bias, numbers->bias, flat + bias->offset);
  upload (parameters, flat, floats);
  for (gsize i = 0; i < floats; i++)
    flat[i] = 1;
  upload (gradients, flat, floats);
  place_fill (&x, numbers->x);
  place_fill (&dx, test->add ? numbers->dx_before : NULL);
  place_fill (&y, NULL);
  place_fill (&dy, numbers->dy);

  weights.weight = weight;
  weights.weight_address = parameters->address + weight->offset * sizeof (float);
  if (!test->no_weights)
    weights.weight_gradient = gradients->address + weight->offset * sizeof (float);
  if (test->bias)
    {
      weights.bias = bias;
      weights.bias_address = parameters->address + bias->offset * sizeof (float);
      weights.bias_gradient = gradients->address + bias->offset * sizeof (float);
    }

  input = add_tensor (g, &x, conv->n, conv->h, conv->w, dx.buffer);
  input->requires_gradient = !test->no_data;
  if (test->add)
    fv_tensor_claim_gradient (input);
  output = fv_conv2d (g, input, &weights, conv->stride, conv->padding, "conv");
  g_assert_cmpuint (output->h, ==, out_h);
  g_assert_cmpuint (output->w, ==, out_w);
  g_assert_cmpuint (output->c, ==, conv->out);
  if (test->views)
    {
      parent = fv_graph_tensor (g, conv->n, out_h, out_w, y.pitch, y.pitch, "parent");
      fv_tensor_set_address (parent, y.buffer->address);
      fv_tensor_set_address (fv_tensor_get_gradient (parent), dy.buffer->address);
      g_assert_true (fv_tensor_move_into (output, parent, y.offset));
    }
  else
    {
      fv_tensor_set_address (output, y.buffer->address);
      fv_tensor_set_address (fv_tensor_get_gradient (output), dy.buffer->address);
    }
  fv_graph_backward (g);
  run_graph (g);

  place_check ("y", &y, numbers->y, NULL);
  if (!test->no_data)
    place_check ("dx", &dx, numbers->dx, test->add ? numbers->dx_before : NULL);
  g_free (flat);
  flat = download (gradients, floats);
  check_gradient ("dweight", weight, flat, numbers->dweight, test->no_weights);
  check_gradient ("dbias", bias, flat, numbers->dbias, !test->bias);
  check_gradient_padding (weight, flat);
  check_gradient_padding (bias, flat);

  fv_buffer_free (x.buffer);
  fv_buffer_free (dx.buffer);
  fv_buffer_free (y.buffer);
  fv_buffer_free (dy.buffer);
}

/* The variants of this direction that fit, the others being the plain ones, and then what would be chosen. */
static void
test_case (gconstpointer data)
{
  const Case *test = data;
  const FvReferenceConv *conv = &test->conv;
  const gboolean stem = conv->in == 3 && conv->padding == 0;
  const guint in = stem ? 4 * conv->kernel * conv->kernel : conv->in == 3 ? 4 : (conv->in + 15) / 16 * 16;
  const guint out = (conv->out + 15) / 16 * 16;
  Numbers numbers;

  numbers_init (&numbers, test);
  for (FvConvDirection d = 0; d < FV_N_CONV_DIRECTIONS; d++)
    {
      const gboolean data_too = d == FV_CONV_BACKWARD_DATA;
      const FvConvShape shape = { data_too ? in : out, data_too ? out : in };
      guint n_variants;
      const FvConvVariant *variants = fv_conv_get_variants (d, &n_variants);

      for (FvConvDirection other = 0; other < FV_N_CONV_DIRECTIONS; other++)
        fv_conv_force_variant (other, 0);
      for (guint i = 0; i < n_variants; i++)
        if (fv_conv_variant_fits (&variants[i], fv_device_get_subgroup_size (device), &shape))
          {
            g_test_message ("direction %u, variant %u", d, i);
            fv_conv_force_variant (d, i);
            check_case (test, &numbers);
          }
    }
  for (FvConvDirection d = 0; d < FV_N_CONV_DIRECTIONS; d++)
    fv_conv_force_variant (d, -1);
  check_case (test, &numbers);
  numbers_clear (&numbers);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  fv_device_prepare_environment ();
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/compute/ops/conv/%s", cases[i].name);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  status = g_test_run ();
  fv_device_unref (device);
  return status;
}
