/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli-model.h"
#include "app/cli/fv-cli.h"
#include "app/evaluation/fv-nms.h"
#include "app/exchange/fv-file.h"
#include "app/project/fv-project-splits.h"
#include "app/project/fv-test-uses.h"
#include "app/training/fv-run.h"
#include "app/training/fv-validate.h"

extern const FvCliCommand fv_cli_val;

typedef struct
{
  int run, imgsz, batch, workers;
  gboolean rect;
  double conf, iou;
  char *weights, *subset;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->weights);
  g_free (options->subset);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* The first few names: (transfer full). */
static char *
describe_classes (const FvWeights *weights)
{
  const guint n_named = MIN (weights->config.n_classes, 6);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < n_named; i++)
    g_string_append_printf (text, "%s%s", i ? ", " : "", weights->class_names[i]);
  if (n_named < weights->config.n_classes)
    g_string_append_printf (text, " and %u more", weights->config.n_classes - n_named);
  return g_string_free (text, FALSE);
}

/*
 * Which of the project's classes each class of the network stands for. *map stays NULL where they are the same. A class of the project that the
 * network doesn't know would count as missed everywhere, so that is an error.
 */
static gboolean
map_classes (const FvWeights *weights, const char *file, const FvDataset *dataset, guint **map, GError **error)
{
  if (g_strv_equal ((const char *const *)weights->class_names, (const char *const *)dataset->class_names))
    return TRUE;
  g_autofree guint *found = g_new (guint, weights->config.n_classes);
  for (guint i = 0; i < weights->config.n_classes; i++)
    found[i] = FV_NMS_NO_CLASS;
  for (guint c = 0; c < dataset->n_classes; c++)
    {
      guint i = 0;
      while (i < weights->config.n_classes && g_strcmp0 (weights->class_names[i], dataset->class_names[c]) != 0)
        i++;
      if (i == weights->config.n_classes)
        {
          g_autofree char *known = describe_classes (weights);
          g_set_error (
              error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
              "%s knows no class “%s”, which the project has; it knows %s. Give weights that were trained on the "
              "project's classes.",
              file, dataset->class_names[c], known);
          return FALSE;
        }
      found[i] = c;
    }
  *map = g_steal_pointer (&found);
  return TRUE;
}

/* A run that learned from some of these pictures knows their answers: the numbers would be too good. */
static gboolean
note_seen_pictures (FvCli *cli, const char *project, guint run, const FvDataset *dataset, const GArray *items,
                    GError **error)
{
  g_autofree char *path = fv_run_path (project, run, FV_RUN_DATA);
  g_autoptr (FvDataset) snapshot = fv_dataset_load (path, error);
  if (!snapshot)
    return FALSE;
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < snapshot->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (snapshot, i);
      if (item->subset == FV_SUBSET_TRAIN && item->hash)
        g_hash_table_add (seen, item->hash);
    }
  guint n_seen = 0;
  for (guint i = 0; i < items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, g_array_index (items, guint, i));
      n_seen += item->hash && g_hash_table_contains (seen, item->hash);
    }
  if (n_seen)
    fv_cli_note (cli,
                 "fovea-cli: Run %u was trained on %u of these %u pictures, so the numbers are better than they would "
                 "be on new ones.",
                 run, n_seen, items->len);
  return TRUE;
}

static void
on_progress (guint done, guint total, gpointer user_data)
{
  fv_cli_progress (user_data, (double)done / total, "Validating: picture %u of %u", done, total);
}

static void
on_unreadable (const char *path, const char *reason, gpointer user_data)
{
  fv_cli_note (user_data, "fovea-cli: Left out: %s", reason);
}

static void
put_coco (JsonBuilder *builder, const FvCocoSummary *coco)
{
  json_builder_set_member_name (builder, "coco");
  json_builder_begin_object (builder);
  fv_cli_json_number (builder, "AP", coco->ap);
  fv_cli_json_number (builder, "AP50", coco->ap50);
  fv_cli_json_number (builder, "AP75", coco->ap75);
  fv_cli_json_number (builder, "APs", coco->ap_small);
  fv_cli_json_number (builder, "APm", coco->ap_medium);
  fv_cli_json_number (builder, "APl", coco->ap_large);
  fv_cli_json_number (builder, "AR1", coco->ar1);
  fv_cli_json_number (builder, "AR10", coco->ar10);
  fv_cli_json_number (builder, "AR100", coco->ar100);
  fv_cli_json_number (builder, "ARs", coco->ar_small);
  fv_cli_json_number (builder, "ARm", coco->ar_medium);
  fv_cli_json_number (builder, "ARl", coco->ar_large);
  json_builder_end_object (builder);
}

static void
print_json (FvCli *cli, const FvValidation *validation, const FvDataset *dataset)
{
  const FvEvaluation *e = validation->evaluation;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_int (builder, "images", e->n_pictures);
  fv_cli_json_int (builder, "instances", e->n_instances);
  fv_cli_json_int (builder, "unreadable", validation->n_unreadable);
  fv_cli_json_number (builder, "precision", e->precision);
  fv_cli_json_number (builder, "recall", e->recall);
  fv_cli_json_number (builder, "confidence", e->confidence);
  fv_cli_json_number (builder, "map50", e->map50);
  fv_cli_json_number (builder, "map", e->map);
  put_coco (builder, &e->coco);
  json_builder_set_member_name (builder, "per_class");
  json_builder_begin_array (builder);
  for (guint c = 0; c < e->n_classes; c++)
    {
      const FvClassEvaluation *class = &e->classes[c];
      if (!class->n_instances)
        continue;
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "name", dataset->class_names[c]);
      fv_cli_json_int (builder, "images", class->n_pictures);
      fv_cli_json_int (builder, "instances", class->n_instances);
      fv_cli_json_number (builder, "precision", class->precision);
      fv_cli_json_number (builder, "recall", class->recall);
      fv_cli_json_number (builder, "ap50", class->ap50);
      fv_cli_json_number (builder, "ap", class->ap);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  fv_cli_json_number (builder, "seconds", validation->seconds);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
}

static void
print_table (FvCli *cli, const FvValidation *validation, const FvDataset *dataset)
{
  const FvEvaluation *e = validation->evaluation;
  fv_cli_say (cli, "%-20s %8s %10s %10s %8s %8s %9s", "Class", "Images", "Instances", "Precision", "Recall", "mAP50",
              "mAP50-95");
  fv_cli_say (cli, "%-20s %8u %10u %10.3f %8.3f %8.3f %9.3f", "all", e->n_pictures, e->n_instances, e->precision,
              e->recall, e->map50, e->map);
  for (guint c = 0; c < e->n_classes; c++)
    {
      const FvClassEvaluation *class = &e->classes[c];
      if (class->n_instances)
        fv_cli_say (cli, "%-20s %8u %10u %10.3f %8.3f %8.3f %9.3f", dataset->class_names[c], class->n_pictures,
                    class->n_instances, class->precision, class->recall, class->ap50, class->ap);
    }
  fv_cli_say (cli,
              "COCO's definition: AP %.3f, AP50 %.3f, AP75 %.3f (small %.3f, medium %.3f, large %.3f; -1: none there)",
              e->coco.ap, e->coco.ap50, e->coco.ap75, e->coco.ap_small, e->coco.ap_medium, e->coco.ap_large);
  fv_cli_say (cli, "%.1f seconds, %.1f pictures a second", validation->seconds, e->n_pictures / validation->seconds);
}

/* Before the figures are shown: no use goes uncounted. */
static gboolean
note_test_use (FvCli *cli, const char *project_path, const Options *options, const char *file, const FvDataset *dataset,
               const FvEvaluation *e, GError **error)
{
  const guint n = fv_test_uses_count (project_path);
  g_autoptr (GBytes) bytes = fv_file_map (file, error);
  if (!bytes)
    return FALSE;
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_autofree char *split = fv_split_hash (dataset);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format_iso8601 (now);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_string (builder, "time", time);
  fv_cli_json_string (builder, "by", "fovea-cli val");
  if (options->run)
    fv_cli_json_int (builder, "run", options->run);
  fv_cli_json_string (builder, "weights", hash);
  fv_cli_json_string (builder, "split", split);
  fv_cli_json_int (builder, "images", e->n_pictures);
  fv_cli_json_number (builder, "precision", e->precision);
  fv_cli_json_number (builder, "recall", e->recall);
  fv_cli_json_number (builder, "map50", e->map50);
  fv_cli_json_number (builder, "map", e->map);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) use = json_builder_get_root (builder);
  if (!fv_test_uses_add (project_path, use, error))
    return FALSE;
  if (n > 0)
    {
      g_autofree char *times = n == 1 ? g_strdup ("once") : g_strdup_printf ("%u times", n);
      fv_cli_note (cli,
                   "fovea-cli: The test set was used %s before: the more often something is chosen by it, the less it "
                   "says about new pictures.",
                   times);
    }
  return TRUE;
}

static int
validate (FvCli *cli, const char *project_path, const Options *options)
{
  g_autoptr (GError) error = NULL;
  FvSubset subset = FV_SUBSET_VAL;
  if (options->subset && !fv_subset_parse (options->subset, &subset))
    return fv_cli_wrong_usage (cli, "There is no subset “%s”: give train, val or test.", options->subset);

  g_autoptr (FvProject) project = fv_project_open (project_path, FV_PROJECT_READ, &error);
  g_autoptr (FvDataset) dataset = project ? fv_project_load_dataset (project, &error) : NULL;
  if (!dataset)
    return fv_cli_fail (cli, error);
  g_autoptr (GArray) items = fv_dataset_subset (dataset, subset);
  if (!items->len)
    {
      g_set_error (&error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   "%s has no pictures in its subset %s: import some, or divide them anew with `fovea-cli split`.",
                   project_path, fv_subset_to_string (subset));
      return fv_cli_fail (cli, error);
    }

  g_autofree char *file
      = options->weights ? g_strdup (options->weights) : fv_run_path (project_path, options->run, FV_RUN_BEST);
  if (!options->weights && !g_file_test (file, G_FILE_TEST_EXISTS))
    {
      g_set_error (&error, FV_RUN_ERROR, FV_RUN_ERROR_NOT_FOUND,
                   "%s has no run %d with a validated epoch: %s is not there.", project_path, options->run, file);
      return fv_cli_fail (cli, error);
    }
  g_autoptr (FvWeights) weights = fv_weights_load (file, &error);
  g_autofree guint *class_map = NULL;
  if (!weights || !map_classes (weights, file, dataset, &class_map, &error))
    return fv_cli_fail (cli, error);
  if (!options->weights && !note_seen_pictures (cli, project_path, options->run, dataset, items, &error))
    return fv_cli_fail (cli, error);

  g_autoptr (FvDevice) device = fv_cli_open_device (cli, 0, &error);
  g_autoptr (FvPredictor) predictor = device ? fv_cli_make_predictor (device, weights, &error) : NULL;
  if (!predictor)
    return fv_cli_fail (cli, error);

  const FvValidateParams params = {
    .imgsz = options->imgsz ? (guint)options->imgsz : weights->imgsz,
    .batch = options->batch,
    .conf = options->conf,
    .iou = options->iou,
    .rect = options->rect,
    .n_workers = options->workers,
    .class_map = class_map,
    .n_class_map = weights->config.n_classes,
    .progress = on_progress,
    .report = on_unreadable,
    .user_data = cli,
  };
  g_auto (FvValidation) validation = { 0 };
  if (!fv_validate (predictor, dataset, (const guint *)(void *)items->data, items->len, &params,
                    fv_cli_get_cancellable (cli), &validation, &error))
    return fv_cli_fail (cli, error);
  if (subset == FV_SUBSET_TEST
      && !note_test_use (cli, project_path, options, file, dataset, validation.evaluation, &error))
    return fv_cli_fail (cli, error);
  print_table (cli, &validation, dataset);
  print_json (cli, &validation, dataset);
  return FV_CLI_DONE;
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_auto (Options) options = { .batch = 16, .conf = 0.001, .iou = 0.6 };
  const GOptionEntry entries[] = {
    { "run", 0, 0, G_OPTION_ARG_INT, &options.run, "Validate the best weights of this run", "RUN" },
    { "weights", 0, 0, G_OPTION_ARG_FILENAME, &options.weights, "Validate this weight file", "FILE" },
    { "subset", 0, 0, G_OPTION_ARG_STRING, &options.subset, "On this subset: train, val (the default) or test",
      "NAME" },
    { "imgsz", 0, 0, G_OPTION_ARG_INT, &options.imgsz,
      "Side of the network's input in pixels (as it was trained, else 640)", "N" },
    { "batch", 0, 0, G_OPTION_ARG_INT, &options.batch, "Pictures at a time (16)", "N" },
    { "rect", 0, 0, G_OPTION_ARG_NONE, &options.rect, "Rectangular inputs, as YOLOv5's val, instead of square ones",
      NULL },
    { "conf", 0, 0, G_OPTION_ARG_DOUBLE, &options.conf, "Least confidence of a detection (0.001)", "X" },
    { "iou", 0, 0, G_OPTION_ARG_DOUBLE, &options.iou, "Overlap above which the weaker of two boxes goes (0.6)", "X" },
    { "workers", 0, 0, G_OPTION_ARG_INT, &options.workers, "Threads that decode pictures (2)", "N" },
    { NULL },
  };
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  if (!options.weights == !options.run)
    return fv_cli_wrong_usage (cli, "Give either --run or --weights.");
  if (options.run < 0 || options.workers < 0)
    return fv_cli_wrong_usage (cli, "--run and --workers take numbers from 1 on.");
  if (options.imgsz && (options.imgsz < 32 || options.imgsz > 8192))
    return fv_cli_wrong_usage (cli, "--imgsz takes 32 to 8192 pixels.");
  if (options.batch < 1 || options.batch > 1024)
    return fv_cli_wrong_usage (cli, "--batch takes 1 to 1024.");
  if (!(options.conf > 0 && options.conf < 1) || !(options.iou > 0 && options.iou <= 1))
    return fv_cli_wrong_usage (cli, "--conf and --iou take numbers between 0 and 1.");
  return validate (cli, argv[1], &options);
}

const FvCliCommand fv_cli_val = { "val", "Measure a detector on a subset of a project", "PROJECT", run, TRUE };
