/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fv-test-cli.h"

#include "tests/fv-test-data.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/wait.h>

const char *
fv_test_cache (void)
{
  static const char *folder;

  if (!folder)
    {
      g_setenv ("MESA_SHADER_CACHE_DIR", g_get_user_cache_dir (), FALSE);
      folder = fv_test_folder ();
      g_setenv ("XDG_CACHE_HOME", folder, TRUE);
    }
  return folder;
}

static GPtrArray *
make_argv (va_list rest)
{
  GPtrArray *argv = g_ptr_array_new ();
  const char *cli = g_getenv ("FOVEA_CLI");

  if (!cli)
    g_error ("FOVEA_CLI must hold the path of fovea-cli, as “meson test” sets it.");
  g_ptr_array_add (argv, (char *)cli);
  for (const char *arg = va_arg (rest, const char *); arg; arg = va_arg (rest, const char *))
    g_ptr_array_add (argv, (char *)arg);
  g_ptr_array_add (argv, NULL);
  return argv;
}

static GStrv
make_environment (const char *environment)
{
  fv_test_cache ();
  GStrv all = g_get_environ ();
  g_auto (GStrv) parts = environment ? g_strsplit (environment, "=", 2) : NULL;
  return parts ? g_environ_setenv (all, parts[0], parts[1], TRUE) : all;
}

FvTestCall
fv_test_cli (const char *environment, ...)
{
  FvTestCall call = { 0 };
  g_autoptr (GPtrArray) argv = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) environ_of_child = make_environment (environment);
  JsonNode *root;
  int status;
  va_list rest;

  va_start (rest, environment);
  argv = make_argv (rest);
  va_end (rest);
  g_spawn_sync (NULL, (char **)argv->pdata, environ_of_child, G_SPAWN_DEFAULT, NULL, NULL, &call.out, &call.err,
                &status, &error);
  g_assert_no_error (error);
  call.status = WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
  call.parser = json_parser_new ();
  root = json_parser_load_from_data (call.parser, call.out, -1, NULL) ? json_parser_get_root (call.parser) : NULL;
  call.json = root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  if (*call.err)
    g_test_message ("%s", call.err);
  return call;
}

void
fv_test_call_clear (FvTestCall *call)
{
  g_free (call->out);
  g_free (call->err);
  g_clear_object (&call->parser);
}

void
fv_test_call_assert_fails (const FvTestCall *call, const char *part)
{
  g_assert_cmpint (call->status, ==, 1);
  g_assert_cmpstr (call->out, ==, "");
  g_assert_nonnull (strstr (call->err, part));
  g_assert_true (g_str_has_prefix (call->err, "fovea-cli: "));
  g_assert_true (strchr (call->err, '\n') == call->err + strlen (call->err) - 1);
}

GSubprocess *
fv_test_cli_start (const char *environment, ...)
{
  g_autoptr (GPtrArray) argv = NULL;
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) environ_of_child = make_environment (environment);
  GSubprocess *process;
  va_list rest;

  va_start (rest, environment);
  argv = make_argv (rest);
  va_end (rest);
  g_subprocess_launcher_set_environ (launcher, environ_of_child);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *)argv->pdata, &error);
  g_assert_no_error (error);
  return process;
}

char *
fv_test_hash (const char *path)
{
  g_autofree char *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)data, size);
}

char *
fv_test_make_project (const char *name, guint n_train, guint n_val, guint n_test, guint size)
{
  const char *folder = fv_test_folder ();
  g_autofree char *pictures = g_build_filename (folder, "pictures", NULL);
  g_autofree char *project = g_build_filename (folder, name, NULL);
  g_autofree char *train = g_strdup_printf ("%u", n_train);
  g_autofree char *val = g_strdup_printf ("%u", n_val);
  g_autofree char *test = g_strdup_printf ("%u", n_test);
  g_autofree char *side = g_strdup_printf ("%u", size);
  g_auto (FvTestCall) sample
      = fv_test_cli (NULL, "sample", pictures, "--train", train, "--val", val, "--test", test, "--size", side, NULL);
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, NULL);
  g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, pictures, NULL);

  g_assert_cmpint (sample.status, ==, 0);
  g_assert_cmpint (init.status, ==, 0);
  g_assert_cmpint (import.status, ==, 0);
  return g_steal_pointer (&project);
}
