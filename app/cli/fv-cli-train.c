/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"

#include "app/cli/fv-cli-estimate.h"
#include "app/project/fv-project.h"
#include "app/training/fv-kernels.h"
#include "app/training/fv-rates.h"
#include "app/training/fv-train-events.h"
#include "app/training/fv-train.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

extern const FvCliCommand fv_cli_train;

typedef struct
{
  char *weights, *model, *recipe, *events;
  char *epochs, *batch, *imgsz, *seed, *workers; /* texts, which the recipe's table judges */
  char **set;
  int run, resume, plan, run_weights;
  double tune;  /* seconds; less than 0: as many as the run is worth */
  int announce; /* a file descriptor, 0 = none */
  gboolean scratch, dry_run, measure;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->weights);
  g_free (options->model);
  g_free (options->recipe);
  g_free (options->events);
  g_free (options->epochs);
  g_free (options->batch);
  g_free (options->imgsz);
  g_free (options->seed);
  g_free (options->workers);
  g_strfreev (options->set);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* What is opened for a run; params points into it. */
typedef struct
{
  FvRecipe recipe;
  FvDataset *dataset;
  FvWeights *weights;
  FvDevice *device;
  FvRun *run;
  FvRunPlan plan; /* that is repeated */
  FILE *events; /* NULL, stdout or a file of ours */
  FvTrainParams params;
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->run, fv_run_free);
  fv_run_plan_clear (&job->plan);
  g_clear_pointer (&job->device, fv_device_unref);
  g_clear_pointer (&job->weights, fv_weights_free);
  g_clear_pointer (&job->dataset, fv_dataset_unref);
  if (job->events && job->events != stdout)
    fclose (job->events);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

static void
on_status (const FvTrainStatus *status, gpointer user_data)
{
  double epoch = status->epoch + (status->validating ? 1.0 : (double)status->step / status->steps);
  g_autofree char *map = status->map == status->map
                             ? g_strdup_printf (", mAP50 %.3f, mAP50-95 %.3f", status->map50, status->map)
                             : g_strdup ("");

  if (status->preparing)
    {
      fv_cli_progress (user_data, 0.0, "Trying out what is fastest on this device: %u of %u", status->step,
                       status->steps);
      return;
    }
  /* The last validation ends the run: only then the bar is full. */
  epoch = MIN (epoch, status->epochs - 0.01);
  if (status->validating)
    fv_cli_progress (user_data, epoch / status->epochs, "Epoch %u of %u: validating, picture %u of %u%s",
                     status->epoch + 1, status->epochs, status->step, status->steps, map);
  else
    fv_cli_progress (user_data, epoch / status->epochs,
                     "Epoch %u of %u, batch %u of %u: box %.4f, obj %.4f, cls %.4f, %.1f images/s%s", status->epoch + 1,
                     status->epochs, status->step, status->steps, status->losses[0], status->losses[1],
                     status->losses[2], status->images_per_second, map);
}

static void
on_warning (const char *text, gpointer user_data)
{
  fv_cli_note (user_data, "%s", text);
}

/* Everything that --recipe, --set and the options of the same meaning say. Errors are wrong usage but for those of a file. */
static gboolean
make_recipe (const Options *options, FvRecipe *recipe, GError **error)
{
  const char *const shortcuts[][2] = {
    { "epochs", options->epochs }, { "batch", options->batch },     { "imgsz", options->imgsz },
    { "seed", options->seed },     { "workers", options->workers },
  };

  fv_recipe_init (recipe);
  if (options->recipe
      && !(g_file_test (options->recipe, G_FILE_TEST_IS_REGULAR)
               ? fv_recipe_apply_file (recipe, options->recipe, error)
               : fv_recipe_apply_named (recipe, options->recipe, error)))
    return FALSE;
  for (char **pair = options->set; pair && *pair; pair++)
    if (!fv_recipe_set_pair (recipe, *pair, error))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (shortcuts); i++)
    if (shortcuts[i][1] && !fv_recipe_set (recipe, shortcuts[i][0], shortcuts[i][1], error))
      return FALSE;
  return TRUE;
}

static gboolean
load_weights (const Options *options, const char *project, Job *job, GError **error)
{
  g_autofree char *path = options->run_weights ? fv_run_path (project, (guint)options->run_weights, FV_RUN_BEST)
                                               : g_strdup (options->weights);

  job->params.variant = options->model ? options->model[0] : 'n';
  if (!path)
    return TRUE;
  job->weights = fv_weights_load (path, error);
  if (!job->weights)
    return FALSE;
  if (options->model && options->model[0] != job->weights->config.variant)
    {
      g_set_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_ARCHITECTURE,
                   "%s holds a YOLOv5%c, not a YOLOv5%c: leave --model out, or give weights of that model.", path,
                   job->weights->config.variant, options->model[0]);
      return FALSE;
    }
  return TRUE;
}

/* The plan of the run that is to be repeated or gone on with; empty where there is none. */
static gboolean
load_plan (const Options *options, const char *project, FvRunPlan *plan, GError **error)
{
  guint number = (guint)(options->resume ? options->resume : options->plan);
  g_autofree char *path = fv_run_path (project, number, FV_RUN_PLAN);

  /* A run that ended before it had a plan says so itself. */
  if (number == 0 || (options->resume && !g_file_test (path, G_FILE_TEST_EXISTS)))
    return TRUE;
  return fv_run_plan_load (plan, project, number, error);
}

static gboolean
open_new (FvCli *cli, const Options *options, const char *path, Job *job, GError **error)
{
  g_autoptr (FvProject) project = fv_project_open (path, FV_PROJECT_READ, error);

  if (!project)
    return FALSE;
  job->dataset = fv_project_load_dataset (project, error);
  if (!job->dataset || !load_weights (options, path, job, error) || !load_plan (options, path, &job->plan, error))
    return FALSE;
  if (job->plan.device)
    job->params.plan = &job->plan;
  job->params.plan_run = (guint)options->plan;
  if (!job->weights && !options->scratch && !options->dry_run)
    fv_cli_note (cli, "Without --weights a new network learns everything from these pictures alone; that takes many.");
  job->device = fv_cli_open_device (cli, job->plan.subgroup_size, error);
  if (!job->device)
    return FALSE;
  if (options->dry_run)
    return TRUE;
  job->run = fv_run_create (path, (guint)options->run, &job->recipe, job->dataset, error);
  return job->run != NULL;
}

static gboolean
open_resumed (FvCli *cli, const Options *options, const char *path, Job *job, GError **error)
{
  g_auto (FvRunPlan) plan = { NULL };

  job->run = fv_run_open (path, (guint)options->resume, error);
  if (!job->run || !fv_run_load_recipe (job->run, &job->recipe, error))
    return FALSE;
  if (options->workers && !fv_recipe_set (&job->recipe, "workers", options->workers, error))
    return FALSE;
  job->dataset = fv_run_load_data (job->run, error);
  if (!job->dataset || !load_plan (options, path, &plan, error))
    return FALSE;
  job->device = fv_cli_open_device (cli, plan.subgroup_size, error);
  return job->device != NULL;
}

/* Tells whoever started the run its number, as soon as it has one. Nobody need be listening any more. */
static void
announce (int fd, guint number)
{
  g_autofree char *line = g_strdup_printf ("%u\n", number);

  if (fd == 0)
    return;
  if (write (fd, line, strlen (line)) < 0)
    g_debug ("nobody reads the run's number: %s", g_strerror (errno));
  close (fd);
}

/* Where the weights come from, as the event stream has it. */
static void
name_start (const Options *options, FvTrainParams *params)
{
  params->start = options->run_weights ? FV_RUN_FROM_RUN : options->weights ? FV_RUN_FROM_FILE : FV_RUN_FROM_SCRATCH;
  params->start_file = options->weights;
  params->start_run = (guint)options->run_weights;
}

static gboolean
open_events (const Options *options, Job *job, GError **error)
{
  if (!options->events)
    return TRUE;
  job->events = g_str_equal (options->events, "-") ? stdout : g_fopen (options->events, "ae");
  if (!job->events)
    g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno), "%s can't be written: %s.", options->events,
                 g_strerror (errno));
  return job->events != NULL;
}

static void
print_result (FvCli *cli, const Job *job, const FvTrainResult *result)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  guint number = fv_run_get_number (job->run);
  g_autofree char *folder = fv_run_get_file (job->run, NULL);

  json_builder_begin_object (b);
  fv_cli_json_int (b, "run", number);
  fv_cli_json_string (b, "reason", fv_train_reason_to_string (result->reason));
  fv_cli_json_int (b, "best_epoch", result->best_epoch);
  fv_cli_json_number (b, "map50", result->map50);
  fv_cli_json_number (b, "map", result->map);
  fv_cli_json_number (b, "images_per_second", result->images_per_second);
  fv_cli_json_number (b, "seconds", result->seconds);
  fv_cli_json_int (b, "peak_device_bytes", (gint64)result->peak_device_bytes);
  fv_cli_json_int (b, "micro_batch", result->micro_batch);
  fv_cli_json_string (b, "folder", folder);
  json_builder_end_object (b);
  fv_cli_print_json (cli, b);

  if (job->events == stdout)
    return;
  fv_cli_say (cli, "Run %u %s after %.0f s (%.1f images/s).", number,
              result->reason == FV_TRAIN_STOPPED      ? "was stopped"
              : result->reason == FV_TRAIN_EARLY_STOP ? "ended early"
                                                      : "is complete",
              result->seconds, result->images_per_second);
  if (result->best_epoch >= 0 && result->map == result->map)
    fv_cli_say (cli, "Best epoch %d: mAP50 %.3f, mAP50-95 %.3f.", (int)result->best_epoch, result->map50, result->map);
  if (result->reason == FV_TRAIN_STOPPED)
    fv_cli_say (cli, "Everything is saved; go on with --resume %u.", number);
  fv_cli_say (cli, "Weights: %s%c%s", folder, G_DIR_SEPARATOR, result->best_epoch >= 0 ? FV_RUN_BEST : FV_RUN_LAST);
}

/* (nullable): what is contradictory in the options. */
static const char *
find_contradiction (const Options *options)
{
  if ((options->weights != NULL) + (options->run_weights != 0) + options->scratch > 1)
    return "Give one of --weights, --run-weights and --scratch.";
  if (options->resume
      && (options->weights || options->run_weights || options->scratch || options->model || options->recipe
          || options->set || options->epochs || options->batch || options->imgsz || options->seed || options->run
          || options->plan))
    return "A resumed run goes on as it began: with --resume only --workers, --events, --device and --json make sense.";
  if (options->measure && !options->dry_run)
    return "--measure belongs to --dry-run.";
  if (options->dry_run && (options->resume || options->run || options->events))
    return "--dry-run starts nothing: --run, --resume and --events make no sense with it.";
  if (options->tune > 86400)
    return "--tune takes at most a day.";
  if (options->run < 0 || options->resume < 0 || options->plan < 0 || options->run_weights < 0)
    return "Runs are numbered from 1.";
  if (options->model && (strlen (options->model) != 1 || !strchr ("nsmlx", options->model[0])))
    return "--model takes n, s, m, l or x.";
  return NULL;
}

/* What the event stream has as the hint, where the cause is known. */
static void
add_advice (const Job *job, GError **error)
{
  const char *id;
  g_autofree char *advice = fv_train_advise (fv_run_get_number (job->run), job->params.recipe, *error, &id);
  GError *advised;

  if (g_str_equal (id, "failed"))
    return;
  advised = g_error_new ((*error)->domain, (*error)->code, "%s %s", (*error)->message, advice);
  g_clear_error (error);
  *error = advised;
}

static int
train (FvCli *cli, const char *project, const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_auto (Job) job = { .params = { .status = on_status, .warning = on_warning, .user_data = cli } };
  g_autofree char *rates = fv_rates_path (), *kernels = fv_kernels_path ();
  FvTrainResult result;

  if (!options->resume && !make_recipe (options, &job.recipe, &error))
    return error->domain == FV_RECIPE_ERROR ? fv_cli_wrong_usage (cli, "%s", error->message) : fv_cli_fail (cli, error);
  job.params.cancellable = fv_cli_get_cancellable (cli);
  if (!open_events (options, &job, &error)
      || !(options->resume ? open_resumed : open_new) (cli, options, project, &job, &error))
    return fv_cli_fail (cli, error);
  if (options->dry_run)
    return fv_cli_estimate (cli, job.device, job.dataset, &job.recipe,
                            job.weights ? job.weights->config.variant : job.params.variant, job.plan.micro_batch,
                            options->measure);
  job.params.device = job.device;
  job.params.run = job.run;
  job.params.dataset = job.dataset;
  job.params.recipe = &job.recipe;
  job.params.weights = job.weights;
  job.params.resume = options->resume != 0;
  job.params.events_copy = job.events;
  job.params.rates = rates;
  job.params.kernels = kernels;
  job.params.tune_seconds = options->tune;
  name_start (options, &job.params);
  announce (options->announce, fv_run_get_number (job.run));
  if (!fv_train (&job.params, &result, &error))
    {
      add_advice (&job, &error);
      return fv_cli_fail (cli, error);
    }
  if (result.reason != FV_TRAIN_STOPPED)
    fv_cli_progress (cli, 1.0, "Run %u: %s", fv_run_get_number (job.run), fv_train_reason_to_string (result.reason));
  print_result (cli, &job, &result);
  return result.reason == FV_TRAIN_STOPPED ? FV_CLI_INTERRUPTED : FV_CLI_DONE;
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_auto (Options) o = { .tune = -1 };
  const char *contradiction;
  int status;
  const GOptionEntry entries[] = {
    { "weights", 0, 0, G_OPTION_ARG_FILENAME, &o.weights, "Start from this weight file (.pt or .safetensors)", "FILE" },
    { "run-weights", 0, 0, G_OPTION_ARG_INT, &o.run_weights, "Start from the best weights of that run", "RUN" },
    { "scratch", 0, 0, G_OPTION_ARG_NONE, &o.scratch, "Start from a new network", NULL },
    { "model", 0, 0, G_OPTION_ARG_STRING, &o.model, "Size of a new network: n (the default), s, m, l or x", "SIZE" },
    { "imgsz", 0, 0, G_OPTION_ARG_STRING, &o.imgsz, "Side of the network's input in pixels (640)", "N" },
    { "batch", 0, 0, G_OPTION_ARG_STRING, &o.batch, "Pictures in one step (16)", "N" },
    { "epochs", 0, 0, G_OPTION_ARG_STRING, &o.epochs, "Times that every picture is trained on (100)", "N" },
    { "recipe", 0, 0, G_OPTION_ARG_FILENAME, &o.recipe,
      "scratch-low (the default), scratch-med, scratch-high or a JSON file of recipe keys", "NAME|FILE" },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.set, "Set a recipe key, such as lr0=0.005; may be repeated",
      "KEY=VALUE" },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &o.seed, "Start of every random number (0)", "N" },
    { "workers", 0, 0, G_OPTION_ARG_STRING, &o.workers, "Threads that decode pictures", "N" },
    { "run", 0, 0, G_OPTION_ARG_INT, &o.run, "Number of the new run (the next free one)", "N" },
    { "resume", 0, 0, G_OPTION_ARG_INT, &o.resume, "Go on with an interrupted run", "RUN" },
    { "plan", 0, 0, G_OPTION_ARG_INT, &o.plan, "Repeat the plan of that run, for the same bits", "RUN" },
    { "tune", 0, 0, G_OPTION_ARG_DOUBLE, &o.tune,
      "Seconds to try out kernels that this device has not run yet (by the length of the run, at most 20)", "N" },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &o.dry_run, "Only say what a run would need, in memory and time", NULL },
    { "measure", 0, 0, G_OPTION_ARG_NONE, &o.measure, "With --dry-run: time a few steps on the device", NULL },
    { "announce", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &o.announce,
      "Write the run's number to this file descriptor, then close it", "FD" },
    { "events", 0, 0, G_OPTION_ARG_FILENAME, &o.events, "Copy the event stream to a file, or to stdout (-)", "FILE" },
    { NULL },
  };

  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  contradiction = find_contradiction (&o);
  if (contradiction)
    return fv_cli_wrong_usage (cli, "%s", contradiction);
  if (g_strcmp0 (o.events, "-") == 0 && fv_cli_wants_json (cli))
    return fv_cli_wrong_usage (cli, "--events - and --json both want stdout: give one of them another place.");
  return train (cli, argv[1], &o);
}

const FvCliCommand fv_cli_train = { "train", "Train a detector on a project", "PROJECT", run, TRUE };
