/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/fv-cli-private.h"

void
fv_cli_print_version (void)
{
  puts ("fovea-cli (Fovea) " FV_VERSION);
}

static void
print_help (void)
{
  puts ("Usage:\n  fovea-cli COMMAND [OPTION…] [ARGUMENT…]\n\n"
        "Fine-tunes YOLO detectors on your own pictures; every step of it runs on Vulkan.\n\nCommands:");
  for (const FvCliCommand *const *command = fv_cli_commands; *command; command++)
    printf ("  %-10s %s\n", (*command)->name, (*command)->summary);
  puts ("\n“fovea-cli COMMAND --help” lists the options of a command. All of them know --json, --help and --version.\n"
        "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted (what was done is kept).");
}

int
main (int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : NULL;

  /* Before the first thread and before the first Vulkan call. */
  fv_cli_block_signals ();
  fv_device_prepare_environment ();
  /* Numbers are printed and read the same everywhere. */
  setlocale (LC_ALL, "");
  setlocale (LC_NUMERIC, "C");
  bindtextdomain (GETTEXT_PACKAGE,
                  g_getenv ("FOVEA_LOCALE_FOLDER") ? g_getenv ("FOVEA_LOCALE_FOLDER") : FV_LOCALE_FOLDER);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  if (!name)
    {
      fputs ("fovea-cli: A command is missing. Try “fovea-cli --help”.\n", stderr);
      return FV_CLI_WRONG_USAGE;
    }
  if (g_str_equal (name, "--help") || g_str_equal (name, "-h"))
    {
      print_help ();
      return FV_CLI_DONE;
    }
  if (g_str_equal (name, "--version"))
    {
      fv_cli_print_version ();
      return FV_CLI_DONE;
    }
  for (const FvCliCommand *const *command = fv_cli_commands; *command; command++)
    if (g_str_equal (name, (*command)->name))
      return fv_cli_run (*command, argc - 1, argv + 1);
  fprintf (stderr, "fovea-cli: There is no command “%s”. Try “fovea-cli --help”.\n", name);
  return FV_CLI_WRONG_USAGE;
}
