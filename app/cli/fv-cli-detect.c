/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli-model.h"
#include "app/cli/fv-cli.h"
#include "app/drawing/fv-draw.h"
#include "app/training/fv-detect.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

extern const FvCliCommand fv_cli_detect;

typedef struct
{
  int imgsz;
  double conf, iou;
  char *weights, *save;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->weights);
  g_free (options->save);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* A job and what came of it so far. */
typedef struct
{
  FvCli *cli;
  const Options *options;
  const FvWeights *weights;
  FvPredictor *predictor;
  guint imgsz;
  GPtrArray *files;    /* paths, in order */
  GPtrArray *failures; /* of path and sentence by turns */
  GHashTable *taken;   /* absolute paths that must not be written: sources, and results already written */
  JsonBuilder *builder;
} Job;

static int
compare_paths (const void *a, const void *b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* One sentence on stderr now, an entry in the result later. @error (transfer full). */
static void
add_failure (Job *job, const char *file, GError *error)
{
  fv_cli_note (job->cli, "fovea-cli: %s", error->message);
  g_ptr_array_add (job->failures, g_strdup (file));
  g_ptr_array_add (job->failures, g_strdup (error->message));
  g_error_free (error);
}

/* The pictures of a folder by name (not of the folders in it), or the file itself, whatever it is called. */
static void
add_source (Job *job, const char *source)
{
  GError *error = NULL;
  if (!g_file_test (source, G_FILE_TEST_IS_DIR))
    {
      g_ptr_array_add (job->files, g_strdup (source));
      return;
    }
  g_autoptr (GDir) dir = g_dir_open (source, 0, &error);
  if (!dir)
    {
      add_failure (job, source, error);
      return;
    }
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  const char *name;
  while ((name = g_dir_read_name (dir)))
    if (fv_picture_is_name (name))
      g_ptr_array_add (found, g_build_filename (source, name, NULL));
  if (!found->len)
    add_failure (
        job, source,
        g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s holds no pictures (JPEG, PNG, WebP, TIFF, BMP).", source));
  g_ptr_array_sort (found, compare_paths);
  g_ptr_array_extend_and_steal (job->files, g_steal_pointer (&found));
}

/* A name in the folder that is neither a source nor another result of this call; a result of an earlier one is replaced. */
static char *
choose_name (Job *job, const char *file)
{
  g_autofree char *stem = g_path_get_basename (file);
  char *dot = strrchr (stem, '.');
  if (dot && dot != stem)
    *dot = '\0';
  for (guint i = 1;; i++)
    {
      g_autofree char *name
          = i == 1 ? g_strdup_printf ("%s-detected.jpg", stem) : g_strdup_printf ("%s-detected-%u.jpg", stem, i);
      g_autofree char *path = g_build_filename (job->options->save, name, NULL);
      g_autofree char *absolute = g_canonicalize_filename (path, NULL);
      if (g_hash_table_add (job->taken, g_steal_pointer (&absolute)))
        return g_steal_pointer (&path);
    }
}

static void
put_picture (Job *job, const char *file, const FvPicture *picture, const GArray *detections, const char *saved)
{
  JsonBuilder *builder = job->builder;
  json_builder_begin_object (builder);
  fv_cli_json_string (builder, "file", file);
  fv_cli_json_int (builder, "width", picture->width);
  fv_cli_json_int (builder, "height", picture->height);
  if (saved)
    fv_cli_json_string (builder, "saved", saved);
  json_builder_set_member_name (builder, "detections");
  json_builder_begin_array (builder);
  for (guint i = 0; i < detections->len; i++)
    {
      const FvDetection *d = &g_array_index (detections, FvDetection, i);
      json_builder_begin_object (builder);
      fv_cli_json_int (builder, "class", d->class_id);
      fv_cli_json_string (builder, "name", job->weights->class_names[d->class_id]);
      fv_cli_json_number (builder, "confidence", d->confidence);
      fv_cli_json_number (builder, "x1", d->x1);
      fv_cli_json_number (builder, "y1", d->y1);
      fv_cli_json_number (builder, "x2", d->x2);
      fv_cli_json_number (builder, "y2", d->y2);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);

  fv_cli_say (job->cli, "%s: %u × %u, %s", file, picture->width, picture->height,
              detections->len ? "found:" : "nothing found");
  for (guint i = 0; i < detections->len; i++)
    {
      const FvDetection *d = &g_array_index (detections, FvDetection, i);
      fv_cli_say (job->cli, "  %-20s %.2f  (%.0f, %.0f) to (%.0f, %.0f)", job->weights->class_names[d->class_id],
                  d->confidence, d->x1, d->y1, d->x2, d->y2);
    }
}

static gboolean
save_picture (Job *job, FvPicture *picture, const GArray *detections, const char *path, GError **error)
{
  g_autofree FvDrawBox *boxes = g_new (FvDrawBox, detections->len);
  for (guint i = 0; i < detections->len; i++)
    {
      const FvDetection *d = &g_array_index (detections, FvDetection, i);
      boxes[i] = (FvDrawBox){ d->class_id, d->x1, d->y1, d->x2, d->y2, d->confidence };
    }
  return fv_draw_save (picture, boxes, detections->len, (const char *const *)job->weights->class_names, path, error);
}

/* What concerns one file is noted and the next one follows; what concerns the device ends the job. */
static gboolean
detect_file (Job *job, const char *file, GError **error)
{
  GError *file_error = NULL;
  g_autoptr (FvPicture) picture = fv_picture_load (file, NULL, 0, FV_RESIZE_LINEAR, &file_error);
  if (!picture)
    {
      add_failure (job, file, file_error);
      return TRUE;
    }
  const FvNmsParams nms = { .conf = job->options->conf, .iou = job->options->iou };
  g_autoptr (GArray) detections = fv_detect_picture (job->predictor, picture, job->imgsz, &nms, error);
  if (!detections)
    return FALSE;

  g_autofree char *saved = job->options->save ? choose_name (job, file) : NULL;
  if (saved && !save_picture (job, picture, detections, saved, &file_error))
    {
      add_failure (job, file, file_error);
      g_clear_pointer (&saved, g_free);
    }
  put_picture (job, file, picture, detections, saved);
  return TRUE;
}

static void
put_failures (Job *job)
{
  json_builder_set_member_name (job->builder, "errors");
  json_builder_begin_array (job->builder);
  for (guint i = 0; i < job->failures->len; i += 2)
    {
      json_builder_begin_object (job->builder);
      fv_cli_json_string (job->builder, "file", g_ptr_array_index (job->failures, i));
      fv_cli_json_string (job->builder, "reason", g_ptr_array_index (job->failures, i + 1));
      json_builder_end_object (job->builder);
    }
  json_builder_end_array (job->builder);
}

static int
detect (Job *job, char **sources)
{
  g_autoptr (GError) error = NULL;
  for (; *sources; sources++)
    add_source (job, *sources);
  for (guint i = 0; i < job->files->len; i++)
    g_hash_table_add (job->taken, g_canonicalize_filename (g_ptr_array_index (job->files, i), NULL));
  if (job->options->save && g_mkdir_with_parents (job->options->save, 0777) != 0)
    {
      const int code = errno;
      g_set_error (&error, G_FILE_ERROR, g_file_error_from_errno (code), "The folder %s can't be made: %s.",
                   job->options->save, g_strerror (code));
      return fv_cli_fail (job->cli, error);
    }

  json_builder_begin_object (job->builder);
  json_builder_set_member_name (job->builder, "images");
  json_builder_begin_array (job->builder);
  GCancellable *cancellable = fv_cli_get_cancellable (job->cli);
  for (guint i = 0; i < job->files->len; i++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, &error)
          || !detect_file (job, g_ptr_array_index (job->files, i), &error))
        return fv_cli_fail (job->cli, error);
      if (job->files->len > 1)
        fv_cli_progress (job->cli, (i + 1.) / job->files->len, "Picture %u of %u", i + 1, job->files->len);
    }
  json_builder_end_array (job->builder);
  put_failures (job);
  json_builder_end_object (job->builder);
  fv_cli_print_json (job->cli, job->builder);
  return job->failures->len ? FV_CLI_FAILED : FV_CLI_DONE;
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_auto (Options) options = { .imgsz = 640, .conf = 0.25, .iou = 0.45 };
  const GOptionEntry entries[] = {
    { "weights", 0, 0, G_OPTION_ARG_FILENAME, &options.weights, "The detector: a .pt or safetensors file", "FILE" },
    { "imgsz", 0, 0, G_OPTION_ARG_INT, &options.imgsz, "Longer side of the network's input in pixels (640)", "N" },
    { "conf", 0, 0, G_OPTION_ARG_DOUBLE, &options.conf, "Least confidence of a detection (0.25)", "X" },
    { "iou", 0, 0, G_OPTION_ARG_DOUBLE, &options.iou, "Overlap above which the weaker of two boxes goes (0.45)", "X" },
    { "save", 0, 0, G_OPTION_ARG_FILENAME, &options.save, "Write copies with the boxes drawn into this folder", "DIR" },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, G_MAXINT, &status))
    return status;
  if (!options.weights)
    return fv_cli_wrong_usage (cli, "Give the detector's file with --weights.");
  if (options.imgsz < 32 || options.imgsz > 8192)
    return fv_cli_wrong_usage (cli, "--imgsz takes 32 to 8192 pixels.");
  if (!(options.conf > 0 && options.conf < 1) || !(options.iou > 0 && options.iou <= 1))
    return fv_cli_wrong_usage (cli, "--conf and --iou take numbers between 0 and 1.");

  g_autoptr (FvWeights) weights = fv_weights_load (options.weights, &error);
  g_autoptr (FvDevice) device = weights ? fv_cli_open_device (cli, 0, &error) : NULL;
  g_autoptr (FvPredictor) predictor = device ? fv_cli_make_predictor (device, weights, &error) : NULL;
  if (!predictor)
    return fv_cli_fail (cli, error);

  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) failures = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  Job job = { cli, &options, weights, predictor, options.imgsz, files, failures, taken, builder };
  return detect (&job, argv + 1);
}

const FvCliCommand fv_cli_detect
    = { "detect", "Find objects in pictures with a trained detector", "SOURCE...", run, TRUE };
