/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-parity.h"

#include <math.h>

#include "app/exchange/fv-json.h"

#define MAX_JSON_DEPTH 16

static void
case_clear (FvParityCase *parity_case)
{
  g_free (parity_case->file);
  g_free (parity_case->quantity);
}

void
fv_parity_clear (FvParity *self)
{
  g_clear_pointer (&self->cases, g_array_unref);
  g_clear_pointer (&self->left_out, g_ptr_array_unref);
}

void
fv_parity_add (FvParity *self, double error, double tolerance, const char *format, ...)
{
  FvParityCase parity_case = { .file = g_strdup (self->file), .error = error, .tolerance = tolerance };
  va_list args;

  va_start (args, format);
  parity_case.quantity = g_strdup_vprintf (format, args);
  va_end (args);
  parity_case.ok = error <= tolerance;
  self->n_failed += !parity_case.ok;
  g_array_append_val (self->cases, parity_case);
}

void
fv_parity_leave_out (FvParity *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (self->left_out, g_strdup_printf ("%s: %s", self->file, text));
}

float *
fv_parity_values (const FvTensorFile *file, const char *name, const FvTensorView **view, GError **error)
{
  const FvTensorView *found = fv_tensor_file_lookup (file, name);
  g_autofree float *values = NULL;

  if (found == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it has no tensor %s", name);
      return NULL;
    }
  values = g_new (float, fv_tensor_view_n_values (found) + 1);
  if (!fv_tensor_view_to_f32 (found, values, error))
    return NULL;
  if (view != NULL)
    *view = found;
  return g_steal_pointer (&values);
}

double
fv_parity_number (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

static double
number_or (JsonObject *object, const char *name, double fallback)
{
  const double value = fv_parity_number (object, name);

  return isnan (value) ? fallback : value;
}

gboolean
fv_parity_read_loss (JsonObject *facts, FvLossParams *params, GError **error)
{
  JsonNode *node = json_object_get_member (facts, "gains");
  JsonObject *gains = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

  *params = (FvLossParams){
    .box = fv_parity_number (gains, "box"),
    .obj = fv_parity_number (gains, "obj"),
    .cls = fv_parity_number (gains, "cls"),
    .cls_pw = number_or (facts, "cls_pw", 1),
    .obj_pw = number_or (facts, "obj_pw", 1),
    .anchor_t = number_or (facts, "anchor_t", 4),
    .fl_gamma = number_or (facts, "fl_gamma", 0),
    .label_smoothing = number_or (facts, "label_smoothing", 0),
  };
  if (isfinite (params->box) && isfinite (params->obj) && isfinite (params->cls))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "its JSON has no gains of box, obj and cls");
  return FALSE;
}

double
fv_parity_relative (double value, double expected)
{
  return expected == 0 ? fabs (value) : fabs (value - expected) / fabs (expected);
}

void
fv_parity_keep_worst (double *worst, double error)
{
  if (!isnan (*worst) && !(error <= *worst))
    *worst = error;
}

double
fv_parity_head_error (const FvParityNet *net, guint i, const float *values, const float *expected, double *largest)
{
  const FvTensor *head = net->heads[i];
  const guint length = head->c / FV_YOLOV5_N_ANCHORS;
  double worst = 0;

  if (largest != NULL)
    *largest = 0;
  for (guint n = 0; n < head->n; n++)
    for (guint a = 0; a < FV_YOLOV5_N_ANCHORS; a++)
      for (guint cell = 0; cell < head->h * head->w; cell++)
        for (guint k = 0; k < length; k++, expected++)
          {
            const float value = values[((gsize)n * head->h * head->w + cell) * head->c + a * length + k];
            fv_parity_keep_worst (&worst, fabs ((double)value - *expected));
            if (largest != NULL)
              *largest = MAX (*largest, fabs (*expected));
          }
  return worst;
}

gboolean
fv_parity_start (FvParity *self, const FvTensorFile *file, const FvYolov5Config *config, const FvLayout *layout,
                 float **weights, float **statistics, GError **error)
{
  g_autofree float *w = g_new0 (float, fv_layout_get_parameter_floats (layout));
  g_autofree float *s = g_new0 (float, fv_layout_get_statistics_floats (layout));

  if (!fv_weights_apply (self->weights, config, layout, 0, w, s, NULL, NULL, error))
    return FALSE;
  for (guint i = 0; i < fv_tensor_file_get_n (file); i++)
    {
      const FvTensorView *view = fv_tensor_file_get (file, i);
      g_autofree float *values = NULL;
      const FvParam *param;

      if (!g_str_has_prefix (view->name, "init."))
        continue;
      values = fv_parity_values (file, view->name, NULL, error);
      if (values == NULL)
        return FALSE;
      param = fv_layout_lookup (layout, view->name + strlen ("init."));
      if (param == NULL || fv_param_get_n_values (param) != fv_tensor_view_n_values (view))
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s doesn't fit the network", view->name);
          return FALSE;
        }
      fv_param_pack (param, values, (fv_param_is_statistic (param) ? s : w) + param->offset);
    }
  *weights = g_steal_pointer (&w);
  *statistics = g_steal_pointer (&s);
  return TRUE;
}

float *
fv_parity_unpack (const FvLayout *layout, const char *name, const float *weights, const float *statistics, gsize *n,
                  GError **error)
{
  const FvParam *param = fv_layout_lookup (layout, name);
  float *values;

  if (param == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is no tensor of the network", name);
      return NULL;
    }
  *n = fv_param_get_n_values (param);
  values = g_new (float, *n);
  fv_param_unpack (param, (fv_param_is_statistic (param) ? statistics : weights) + param->offset, values);
  return values;
}

/* The folder */

/* (transfer full): the object of a JSON file in the folder. */
static JsonObject *
read_json (FvParity *self, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) node = NULL;
  gsize size;

  if (!g_file_get_contents (path, &text, &size, error))
    return NULL;
  node = fv_json_parse (text, size, MAX_JSON_DEPTH, error);
  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_node_dup_object (node);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is no JSON object", name);
  return NULL;
}

static gboolean
run_with_facts (FvParity *self, const FvTensorFile *file, const char *stem, GError **error)
{
  const gboolean loss = g_str_has_prefix (stem, "loss_");
  g_autofree char *name = loss ? g_strdup ("loss.json") : g_strdup_printf ("%s.json", stem);
  g_autoptr (JsonObject) facts = read_json (self, name, error);

  if (facts == NULL)
    return FALSE;
  if (loss)
    {
      JsonNode *own = json_object_get_member (facts, stem + strlen ("loss_"));

      if (own != NULL && JSON_NODE_HOLDS_OBJECT (own))
        return fv_parity_loss (self, file, json_node_get_object (own), error);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "loss.json says nothing of %s", stem + strlen ("loss_"));
      return FALSE;
    }
  return g_str_has_prefix (stem, "backward_") ? fv_parity_backward (self, file, facts, error)
                                              : fv_parity_steps (self, file, facts, error);
}

static gboolean
run_file (FvParity *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, self->file, NULL);
  g_autofree char *stem = g_strndup (self->file, strlen (self->file) - strlen (".safetensors"));
  g_autoptr (FvTensorFile) file = fv_tensor_file_open (path, error);

  if (file == NULL)
    return FALSE;
  return g_str_has_prefix (stem, "forward_") ? fv_parity_forward (self, file, error)
                                             : run_with_facts (self, file, stem, error);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* (transfer full): names of the references in the folder, sorted. */
static GPtrArray *
list_files (const char *folder, GError **error)
{
  static const char *const prefixes[] = { "forward_", "loss_", "backward_", "steps" };
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  GPtrArray *files;
  const char *name;

  if (dir == NULL)
    return NULL;
  files = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (dir)) != NULL)
    for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
      if (g_str_has_prefix (name, prefixes[i]) && g_str_has_suffix (name, ".safetensors"))
        g_ptr_array_add (files, g_strdup (name));
  g_ptr_array_sort (files, compare_names);
  return files;
}

gboolean
fv_parity_run (FvParity *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) files = list_files (self->folder, error);

  if (files == NULL)
    return FALSE;
  self->cases = g_array_new (FALSE, FALSE, sizeof (FvParityCase));
  g_array_set_clear_func (self->cases, (GDestroyNotify)case_clear);
  self->left_out = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < files->len; i++)
    {
      g_autoptr (GError) local_error = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      self->file = files->pdata[i];
      if (self->progress != NULL)
        self->progress (self->file, i, files->len, self->user_data);
      if (run_file (self, &local_error))
        continue;
      if (local_error->domain == FV_DEVICE_ERROR)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      fv_parity_leave_out (self, "%s", local_error->message);
      fv_parity_add (self, NAN, 0, "whole file");
    }
  self->file = NULL;
  return TRUE;
}
