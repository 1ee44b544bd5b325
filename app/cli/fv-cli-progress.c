/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli-private.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_INTERVAL (G_TIME_SPAN_SECOND / 10)
#define LINE_INTERVAL (10 * G_TIME_SPAN_SECOND)
#define BAR_WIDTH 24

static guint
get_terminal_width (void)
{
  struct winsize size;
  return ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void
fv_cli_progress_clear (FvCli *cli)
{
  g_mutex_lock (&cli->lock);
  if (cli->bar_is_shown)
    fputs ("\r\033[K", stderr);
  cli->bar_is_shown = FALSE;
  g_mutex_unlock (&cli->lock);
}

static void
show_bar (FvCli *cli, double fraction, const char *text)
{
  guint filled = fraction * BAR_WIDTH;
  guint width = get_terminal_width ();
  guint room = width > BAR_WIDTH + 10 ? width - BAR_WIDTH - 10 : 0;
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *shown = g_utf8_substring (valid, 0, MIN (room, g_utf8_strlen (valid, -1)));

  fputs ("\r\033[K[", stderr);
  for (guint i = 0; i < BAR_WIDTH; i++)
    fputc (i < filled ? '#' : '.', stderr);
  fprintf (stderr, "] %3.0f %% %s", 100 * fraction, shown);
  cli->bar_is_shown = TRUE;
}

void
fv_cli_progress (FvCli *cli, double fraction, const char *format, ...)
{
  gint64 now = g_get_monotonic_time ();
  gboolean end = fraction >= 1;
  va_list args;
  g_autofree char *text = NULL;

  g_mutex_lock (&cli->lock);
  if (cli->progress_time == 0 && !cli->stderr_is_terminal)
    cli->progress_time = now; /* what is done within an interval needs no line */
  if (end ? cli->bar_is_shown || cli->line_was_printed
          : now - cli->progress_time >= (cli->stderr_is_terminal ? BAR_INTERVAL : LINE_INTERVAL))
    {
      va_start (args, format);
      text = g_strdup_vprintf (format, args);
      va_end (args);
      fraction = CLAMP (fraction, 0, 1);
      if (cli->stderr_is_terminal)
        show_bar (cli, fraction, text);
      else
        fprintf (stderr, "%3.0f %% %s\n", 100 * fraction, text);
      cli->line_was_printed = TRUE;
      cli->progress_time = now;
    }
  if (end)
    {
      if (cli->bar_is_shown)
        fputc ('\n', stderr);
      cli->bar_is_shown = FALSE;
      cli->line_was_printed = FALSE;
      cli->progress_time = 0;
    }
  g_mutex_unlock (&cli->lock);
}
