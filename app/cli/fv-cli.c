/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "app/cli/fv-cli-private.h"
#include "app/training/fv-kernels.h"

/* The one command that this process runs, for the thread that waits for signals. */
static GCancellable *watched_cancellable;

/* Signals */

static void
fill_signals (sigset_t *signals)
{
  sigemptyset (signals);
  sigaddset (signals, SIGINT);
  sigaddset (signals, SIGTERM);
  sigaddset (signals, SIGHUP);
}

void
fv_cli_block_signals (void)
{
  sigset_t signals;

  fill_signals (&signals);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
  /* A reader that went away must not end a training run, and a file grown too large is an error like a full disk. */
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN);
}

static gpointer
watch_signals (gpointer data)
{
  sigset_t signals;
  int signal_number;

  fill_signals (&signals);
  while (sigwait (&signals, &signal_number) == 0)
    {
      GCancellable *cancellable = g_atomic_pointer_get (&watched_cancellable);
      if (!cancellable || g_cancellable_is_cancelled (cancellable))
        _exit (FV_CLI_INTERRUPTED);
      g_cancellable_cancel (cancellable);
    }
  return NULL;
}

GCancellable *
fv_cli_get_cancellable (FvCli *cli)
{
  g_atomic_pointer_set (&watched_cancellable, cli->cancellable);
  return cli->cancellable;
}

/* Running */

int
fv_cli_run (const FvCliCommand *command, int argc, char **argv)
{
  FvCli cli = { .command = command, .cancellable = g_cancellable_new (), .stderr_is_terminal = isatty (STDERR_FILENO) };
  g_autofree char *prgname = g_strdup_printf ("fovea-cli %s", command->name);
  int status;

  g_mutex_init (&cli.lock);
  g_set_prgname (prgname);
  g_thread_unref (g_thread_new ("signals", watch_signals, NULL));
  status = command->run (&cli, argc, argv);
  fv_cli_progress_clear (&cli);
  if ((fflush (stdout) != 0 || ferror (stdout)) && status == FV_CLI_DONE)
    {
      fv_cli_note (&cli, "fovea-cli: The result could not be written to the standard output.");
      status = FV_CLI_FAILED;
    }
  /* The cancellable stays: the signal thread may be about to use it. */
  g_strfreev (cli.args);
  g_free (cli.device);
  g_mutex_clear (&cli.lock);
  return status;
}

gboolean
fv_cli_parse (FvCli *cli, int *argc, char ***argv, const GOptionEntry *entries, int min, int max, int *status)
{
  g_autoptr (GOptionContext) context = g_option_context_new (cli->command->usage);
  g_autoptr (GError) error = NULL;
  gboolean version = FALSE;
  const GOptionEntry common[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &cli->json, "Print the result as one JSON object", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version and exit", NULL },
    { NULL },
  };
  const GOptionEntry device[] = {
    { "device", 0, 0, G_OPTION_ARG_STRING, &cli->device, "Number or part of the name of the Vulkan device", "DEVICE" },
    { NULL },
  };
  int n;

  cli->args = g_new0 (char *, *argc + 1);
  for (int i = 0; i < *argc; i++)
    cli->args[i] = g_strdup ((*argv)[i]);
  g_option_context_set_summary (context, cli->command->summary);
  if (entries)
    g_option_context_add_main_entries (context, entries, NULL);
  if (cli->command->uses_device)
    g_option_context_add_main_entries (context, device, NULL);
  g_option_context_add_main_entries (context, common, NULL);
  if (!g_option_context_parse_strv (context, &cli->args, &error))
    {
      *status = fv_cli_wrong_usage (cli, "%s.", error->message);
      return FALSE;
    }
  if (version)
    {
      fv_cli_print_version ();
      *status = FV_CLI_DONE;
      return FALSE;
    }
  if (cli->args[1] && g_str_equal (cli->args[1], "--"))
    {
      g_free (cli->args[1]);
      for (n = 1; cli->args[n]; n++)
        cli->args[n] = cli->args[n + 1];
    }
  n = g_strv_length (cli->args) - 1;
  if (n < min || n > max)
    {
      *status = n > max ? fv_cli_wrong_usage (cli, "“%s” is one argument too many.", cli->args[max + 1])
                        : fv_cli_wrong_usage (cli, "An argument is missing: %s.", cli->command->usage);
      return FALSE;
    }
  *argc = n + 1;
  *argv = cli->args;
  return TRUE;
}

gboolean
fv_cli_wants_json (FvCli *cli)
{
  return cli->json;
}

const char *
fv_cli_get_device (FvCli *cli)
{
  return cli->device;
}

FvDevice *
fv_cli_open_device (FvCli *cli, guint subgroup_size, GError **error)
{
  FvDeviceParams params = {
    .selector = cli->device,
    .subgroup_size = subgroup_size,
  };
  g_autofree char *kernels = fv_kernels_path ();
  FvDevice *device;

  fv_device_prepare_environment_for (subgroup_size);
  device = fv_device_open (&params, error);
  if (device)
    fv_kernels_load (kernels, device);
  return device;
}

/* Messages */

int
fv_cli_fail (FvCli *cli, const GError *error)
{
  g_return_val_if_fail (error, FV_CLI_FAILED);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      fv_cli_note (cli, "fovea-cli: Interrupted.");
      return FV_CLI_INTERRUPTED;
    }
  fv_cli_note (cli, "fovea-cli: %s%s", error->message, g_str_has_suffix (error->message, ".") ? "" : ".");
  return FV_CLI_FAILED;
}

int
fv_cli_wrong_usage (FvCli *cli, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  fv_cli_note (cli, "fovea-cli: %s Try “fovea-cli %s --help”.", text, cli->command->name);
  return FV_CLI_WRONG_USAGE;
}

/* Names of files hold anything: in a terminal they must neither steer it nor pass for lines of this program. */
static char *
make_printable (const char *format, va_list args)
{
  g_autofree char *raw = g_strdup_vprintf (format, args);
  g_autofree char *text = g_utf8_make_valid (raw, -1);
  GString *line = g_string_sized_new (strlen (text));

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);
      const gboolean turns = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069); /* the direction of text */
      if (turns || (g_unichar_iscntrl (c) && c != '\t'))
        g_string_append_printf (line, "\\u%04x", c);
      else
        g_string_append_unichar (line, c);
    }
  return g_string_free (line, FALSE);
}

void
fv_cli_note (FvCli *cli, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *line = make_printable (format, args);
  va_end (args);
  fv_cli_progress_clear (cli);
  g_mutex_lock (&cli->lock);
  fputs (line, stderr);
  fputc ('\n', stderr);
  g_mutex_unlock (&cli->lock);
}

void
fv_cli_say (FvCli *cli, const char *format, ...)
{
  va_list args;

  if (cli->json)
    return;
  va_start (args, format);
  g_autofree char *line = make_printable (format, args);
  va_end (args);
  fv_cli_progress_clear (cli);
  g_mutex_lock (&cli->lock);
  fputs (line, stdout);
  putchar ('\n');
  fflush (stdout);
  g_mutex_unlock (&cli->lock);
}

/* JSON */

void
fv_cli_print_json (FvCli *cli, JsonBuilder *builder)
{
  g_autoptr (JsonGenerator) generator = NULL;
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  if (!cli->json)
    return;
  g_return_if_fail (!cli->printed_json);
  cli->printed_json = TRUE;
  root = json_builder_get_root (builder);
  generator = json_generator_new ();
  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, NULL);
  fv_cli_progress_clear (cli);
  puts (text);
}

void
fv_cli_json_number (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
fv_cli_json_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
fv_cli_json_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
fv_cli_json_bool (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}
