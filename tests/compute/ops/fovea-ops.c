/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table of operators, in four modes: test, grad, perf, support. */
#include "tests/compute/ops/fovea-ops.h"

#include <math.h>
#include <string.h>

static const FvOpsOperator *const operators[] = {
  &fv_ops_conv,     &fv_ops_batch_norm, &fv_ops_add,        &fv_ops_concat,
  &fv_ops_upsample, &fv_ops_max_pool,   &fv_ops_accumulate, &fv_ops_optimizer,
  &fv_ops_loss,
  &fv_ops_decode,
  &fv_ops_augment,
};

typedef enum
{
  MODE_TEST,
  MODE_GRAD,
  MODE_PERF,
  MODE_SUPPORT,
  N_MODES,
} Mode;

static const char *const mode_names[N_MODES] = { "test", "grad", "perf", "support" };

static char *option_mode, *option_op, *option_device;
static gboolean option_all, option_list;

static const GOptionEntry options[] = {
  { "mode", 'm', 0, G_OPTION_ARG_STRING, &option_mode, "test (default), grad, perf or support", "MODE" },
  { "op", 'o', 0, G_OPTION_ARG_STRING, &option_op, "Only rows that begin so, or that match a pattern with * and ?",
    "NAME" },
  { "device", 'd', 0, G_OPTION_ARG_STRING, &option_device, "Index or part of the name of a device", "SELECTOR" },
  { "all", 'a', 0, G_OPTION_ARG_NONE, &option_all, "All rows, not the quick ones alone", NULL },
  { "list", 'l', 0, G_OPTION_ARG_NONE, &option_list, "Say which rows there are", NULL },
  { 0 },
};

/* A row that was asked for. */
typedef struct
{
  Mode mode;
  const FvOpsOperator *op;
  const void *row;
  char *name; /* "conv2d/3x3 ..." */
} Selected;

static void
selected_free (gpointer data)
{
  Selected *self = data;

  g_free (self->name);
  g_free (self);
}

static const Selected *current;
static char *current_case;
static guint n_cases, n_failures;
static GHashTable *worst; /* "conv2d y" -> Worst */

typedef struct
{
  double error, tolerance;
} Worst;

void
fv_ops_begin_case (const char *format, ...)
{
  va_list args;

  n_cases++;
  g_clear_pointer (&current_case, g_free);
  if (format == NULL)
    return;
  va_start (args, format);
  current_case = g_strdup_vprintf (format, args);
  va_end (args);
}

void
fv_ops_fail (const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  n_failures++;
  g_test_message ("%s%s%s: %s", current->name, current_case != NULL ? ", " : "",
                  current_case != NULL ? current_case : "", message);
  g_test_fail ();
}

void
fv_ops_take_damage (char *damage)
{
  if (damage != NULL)
    fv_ops_fail ("%s", damage);
  g_free (damage);
}

/* The error that comes nearest to its tolerance is said at the end. */
static void
note_error (const char *what, double error, double tolerance)
{
  g_autofree char *key = g_strdup_printf ("%s %s", current->op->name, what);
  Worst *noted = g_hash_table_lookup (worst, key);

  if (noted == NULL)
    {
      noted = g_new0 (Worst, 1);
      noted->tolerance = tolerance;
      g_hash_table_insert (worst, g_steal_pointer (&key), noted);
    }
  if (error * noted->tolerance > noted->error * tolerance)
    *noted = (Worst){ error, tolerance };
}

void
fv_ops_compare (const char *what, const double *values, const double *expected, gsize n, double tolerance)
{
  const double error = fv_test_nmse (values, expected, n);
  gsize first = 0;

  note_error (what, error, tolerance);
  if (error <= tolerance)
    return;
  for (gsize i = 0; i < n; i++)
    if (!(fabs (values[i] - expected[i]) <= fabs (values[first] - expected[first])))
      first = i;
  fv_ops_fail ("%s differs by %.3g where %.3g is allowed; the farthest of its %" G_GSIZE_FORMAT
               " values, the one at %" G_GSIZE_FORMAT ", is %.9g, not %.9g",
               what, error, tolerance, n, first, values[first], expected[first]);
}

guint64
fv_ops_get_seed (void)
{
  return fv_test_seed (current->name);
}

void
fv_ops_report_support (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("%s: %s\n", current->name, text);
}

void
fv_ops_report_time (const char *what, double seconds, double flops, double bytes)
{
  g_print ("%-100s %-20s %9.3f ms", current->name, what, seconds * 1e3);
  if (seconds > 0 && flops > 0)
    g_print (" %8.1f GFLOP/s", flops / seconds * 1e-9);
  if (seconds > 0 && bytes > 0)
    g_print (" %7.2f GB/s", bytes / seconds * 1e-9);
  g_print ("\n");
}

static FvOpsFunc
get_function (const FvOpsOperator *op, Mode mode)
{
  const FvOpsFunc functions[N_MODES] = { op->test, op->grad, op->perf, op->support };

  return functions[mode];
}

static void
run_row (gconstpointer data)
{
  const Selected *selected = data;
  const FvOpsOperator *op = selected->op;

  current = selected;
  g_clear_pointer (&current_case, g_free);
  if (selected->row == NULL && selected->mode != MODE_SUPPORT)
    {
      fv_ops_begin_case (NULL);
      op->check (op, option_all);
    }
  else
    get_function (op, selected->mode) (op, selected->row);
}

static void
add_selected (GPtrArray *rows, Mode mode, const FvOpsOperator *op, const void *row, char *description)
{
  g_autofree char *name = g_strdup_printf ("%s/%s", op->name, description);
  Selected *selected;

  g_free (description);
  if (option_op != NULL && !g_str_has_prefix (name, option_op) && !g_pattern_match_simple (option_op, name)
      && !g_pattern_match_simple (option_op, op->name))
    return;
  for (guint i = 0; i < rows->len; i++)
    if (g_str_equal (((Selected *)rows->pdata[i])->name, name))
      g_error ("two rows are called %s", name);
  selected = g_new0 (Selected, 1);
  *selected = (Selected){ mode, op, row, g_steal_pointer (&name) };
  g_ptr_array_add (rows, selected);
}

static GPtrArray *
select_rows (Mode mode)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func (selected_free);

  for (guint i = 0; i < G_N_ELEMENTS (operators); i++)
    {
      const FvOpsOperator *op = operators[i];

      if (get_function (op, mode) == NULL)
        continue;
      for (guint k = 0; k < op->n_rows; k++)
        {
          const FvOpsRow *row = (const void *)((const char *)op->rows + k * op->row_size);
          g_autofree char *shape = op->describe (row);

          if (!row->full || option_all)
            add_selected (rows, mode, op, row, g_strconcat (shape, row->note != NULL ? "; " : "", row->note, NULL));
        }
      if (mode == MODE_SUPPORT || (op->check != NULL && mode != MODE_PERF))
        add_selected (rows, mode, op, NULL, g_strdup ("the table"));
    }
  return rows;
}

static void
say_device (void)
{
  FvDevice *device = fv_test_engine_get_device ();
  const FvDeviceInfo *info = fv_device_get_info (device);

  g_print ("# %s, %s, subgroups of %u\n", info->name, info->driver, fv_device_get_subgroup_size (device));
}

/* In TAP's comments: what the tests have seen. */
static void
say_results (GPtrArray *rows)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (worst), (GCompareFunc)strcmp);

  for (GList *l = keys; l != NULL; l = l->next)
    {
      const Worst *noted = g_hash_table_lookup (worst, l->data);

      if (noted->tolerance > 0)
        g_print ("# %s: error of at most %.2g, %.2g allowed\n", (char *)l->data, noted->error, noted->tolerance);
    }
  say_device ();
  g_print ("# mode %s, %s: %u cases of %u rows, %u failures\n", mode_names[((Selected *)rows->pdata[0])->mode],
           option_all ? "all rows" : "quick rows", n_cases, rows->len, n_failures);
}

static int
run_tests (GPtrArray *rows)
{
  int status;

  for (guint i = 0; i < rows->len; i++)
    {
      const Selected *selected = rows->pdata[i];
      g_autofree char *path = g_strconcat ("/", selected->name, NULL);

      g_test_add_data_func (path, selected, run_row);
    }
  status = g_test_run ();
  say_results (rows);
  return status;
}

static void
say_support (void)
{
  const FvDeviceInfo *info = fv_device_get_info (fv_test_engine_get_device ());

  say_device ();
  g_print ("# Vulkan %s, a device of type %s, %.1f GiB; 16-bit floats: %s; cooperative matrices: %s\n",
           info->api_version, info->type, info->memory_bytes / 1024.0 / 1024 / 1024,
           info->fp16 ? "yes, not used yet" : "no", info->cooperative_matrix ? "yes, not used yet" : "no");
}

static int
run_rows (GPtrArray *rows, Mode mode)
{
  if (mode == MODE_SUPPORT)
    say_support ();
  else
    say_device ();
  for (guint i = 0; i < rows->len; i++)
    run_row (rows->pdata[i]);
  return 0;
}

static gboolean
parse_mode (const char *name, Mode *mode)
{
  for (*mode = 0; *mode < N_MODES; (*mode)++)
    if (name == NULL || g_str_equal (name, mode_names[*mode]))
      return TRUE;
  return FALSE;
}

/* g_test_init() would stop at the first failure but for this. */
static void
keep_going (int *argc, char ***argv)
{
  static char *arguments[64];

  for (int i = 0; i < MIN (*argc, (int)G_N_ELEMENTS (arguments) - 2); i++)
    arguments[i] = (*argv)[i];
  *argc = MIN (*argc, (int)G_N_ELEMENTS (arguments) - 2);
  arguments[(*argc)++] = "-k";
  *argv = arguments;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- test the operators");
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GError) error = NULL;
  Mode mode;
  int status = 0;

  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_set_ignore_unknown_options (context, TRUE); /* g_test_init() knows them */
  if (!g_option_context_parse (context, &argc, &argv, &error) || !parse_mode (option_mode, &mode))
    {
      g_printerr ("fovea-ops: %s\n", error != NULL ? error->message : "there is no such mode");
      return 2;
    }
  keep_going (&argc, &argv);
  fv_test_engine_init (&argc, &argv, option_device);
  worst = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  rows = select_rows (mode);
  if (rows->len == 0)
    {
      g_printerr ("fovea-ops: no row is called %s\n", option_op);
      return 2;
    }
  if (option_list)
    for (guint i = 0; i < rows->len; i++)
      g_print ("%s\n", ((Selected *)rows->pdata[i])->name);
  else
    status = mode == MODE_TEST || mode == MODE_GRAD ? run_tests (rows) : run_rows (rows, mode);
  fv_test_engine_close ();
  g_hash_table_unref (worst);
  g_free (current_case);
  g_free (option_mode);
  g_free (option_op);
  g_free (option_device);
  return status;
}
