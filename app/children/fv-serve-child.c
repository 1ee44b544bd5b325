/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/children/fv-serve-child.h"

#include "app/children/fv-child.h"

#include <glib/gi18n-lib.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHILD_FD 3
#define MAX_LINE ((gsize)16 << 20) /* of a reply */
#define LAST_WORDS_MS 200          /* that stderr may stay open after the process, by whoever else has it */

/*
 * The socket has a thread of its own: pixels are taken out of it while the window draws, and the child is not kept waiting. The process has ended when
 * all three of its ends have: the socket, stderr, and itself.
 */
struct _FvServeChild
{
  gatomicrefcount references; /* the caller's and one each for the three */
  GMainContext *context;
  FvServeChildEvents events;
  gpointer user_data;
  gboolean stopped; /* nothing is told any more */
  GSubprocess *process;
  int pid, socket;
  GDataInputStream *errors;
  GCancellable *hush; /* ends reading them */
  char *last_error;   /* (nullable): last line of stderr */
  char *problem;      /* (nullable): what was wrong with what it said */
  guint n_open;       /* of the three */
};

typedef struct
{
  FvServeChild *child;
  FvServeReply *reply; /* NULL: the socket's end */
  char *problem;       /* (nullable): with the end, what is wrong with what came */
} Message;

static void
child_unref (FvServeChild *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  close (self->socket);
  g_clear_object (&self->process);
  g_clear_object (&self->errors);
  g_clear_object (&self->hush);
  g_main_context_unref (self->context);
  g_free (self->last_error);
  g_free (self->problem);
  g_free (self);
}

/* How it ended, for who has not heard why. */
static char *
describe_end (FvServeChild *self)
{
  if (self->problem)
    return g_strdup_printf (_ ("The helper program is not the one that belongs to this Fovea: %s"), self->problem);
  /* Then its last line has nothing to do with it. */
  if (g_subprocess_get_if_signaled (self->process))
    return g_strdup_printf (_ ("The helper program ended suddenly (signal %d)."),
                            g_subprocess_get_term_sig (self->process));
  if (self->last_error)
    return fv_child_sentence (self->last_error);
  return g_strdup_printf (_ ("The helper program ended with exit status %d."),
                          g_subprocess_get_exit_status (self->process));
}

/* One of the three ends was reached; takes its reference. */
static void
end_one (FvServeChild *self)
{
  self->n_open--;
  if (self->n_open == 0 && !self->stopped)
    {
      g_autofree char *sentence = describe_end (self);

      self->stopped = TRUE;
      self->events.ended (sentence, self->user_data);
    }
  child_unref (self);
}

/* The socket */

static gboolean
deliver (gpointer data)
{
  Message *message = data;
  FvServeChild *self = message->child;

  if (message->reply)
    {
      if (!self->stopped)
        self->events.reply (message->reply, self->user_data);
      fv_serve_reply_free (message->reply);
    }
  else
    {
      /* It may have closed the socket and live on. */
      g_subprocess_force_exit (self->process);
      self->problem = message->problem;
      end_one (self);
    }
  return G_SOURCE_REMOVE;
}

static void
post (FvServeChild *self, FvServeReply *reply, char *problem)
{
  Message *message = g_new (Message, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  *message = (Message){ self, reply, problem };
  /* Not g_main_context_invoke(), which runs it here while nobody iterates the context. */
  g_source_set_callback (source, deliver, message, g_free);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_attach (source, self->context);
}

static gboolean
read_all (int fd, guint8 *bytes, gsize size)
{
  while (size > 0)
    {
      const gssize got = read (fd, bytes, size);

      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return FALSE;
      bytes += got;
      size -= (gsize)got;
    }
  return TRUE;
}

/* What follows a line: the part of it that was read with the line, and the rest. */
static gboolean
read_pixels (FvServeChild *self, FvServeReply *reply, GByteArray *input)
{
  g_autofree guint8 *bytes = reply->bytes > 0 ? g_try_malloc (reply->bytes) : NULL;
  const gsize here = MIN (reply->bytes, input->len);
  g_autoptr (GBytes) pixels = NULL;

  if (reply->bytes == 0)
    return TRUE;
  if (!bytes || !reply->preview)
    return FALSE;
  memcpy (bytes, input->data, here);
  g_byte_array_remove_range (input, 0, (guint)here);
  if (!read_all (self->socket, bytes + here, reply->bytes - here))
    return FALSE;
  pixels = g_bytes_new_take (g_steal_pointer (&bytes), reply->bytes);
  return fv_preview_reply_set_pixels (reply->preview, pixels);
}

/* FALSE where what comes is no reply: then the child is not what it should be. */
static gboolean
take_replies (FvServeChild *self, GByteArray *input, char **problem)
{
  guint8 *end;

  while ((end = memchr (input->data, '\n', input->len)))
    {
      const guint length = (guint)(end - input->data);
      g_autoptr (GError) error = NULL;
      g_autoptr (FvServeReply) reply = fv_serve_parse_reply ((const char *)input->data, length, &error);

      if (!reply)
        {
          *problem = g_strdup (error->message);
          return FALSE;
        }
      g_byte_array_remove_range (input, 0, length + 1);
      if (!read_pixels (self, reply, input))
        return FALSE;
      post (self, g_steal_pointer (&reply), NULL);
    }
  return input->len < MAX_LINE;
}

static gpointer
read_socket (gpointer data)
{
  FvServeChild *self = data;
  g_autoptr (GByteArray) input = g_byte_array_new ();
  guint8 buffer[65536];
  char *problem = NULL;
  gssize got;

  for (;;)
    {
      got = read (self->socket, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        break;
      g_byte_array_append (input, buffer, (guint)got);
      if (!take_replies (self, input, &problem))
        break;
    }
  post (self, NULL, problem);
  return NULL;
}

void
fv_serve_child_send (FvServeChild *self, const char *line)
{
  gsize size = strlen (line);

  /* Never waits: at most one request of each kind is in the socket, which has room for many. */
  while (size > 0)
    {
      const gssize sent = send (self->socket, line, size, MSG_NOSIGNAL | MSG_DONTWAIT);

      if (sent < 0 && errno == EINTR)
        continue;
      if (sent < 0)
        {
          g_subprocess_force_exit (self->process);
          return;
        }
      line += sent;
      size -= (gsize)sent;
    }
}

/* stderr and the process */

static void
on_error_line (GObject *source, GAsyncResult *result, gpointer data)
{
  FvServeChild *self = data;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, NULL);

  if (!line)
    {
      end_one (self);
      return;
    }
  /* Whoever started the window in a terminal sees it there. */
  g_printerr ("%s\n", line);
  if (*line)
    {
      g_free (self->last_error);
      self->last_error = g_steal_pointer (&line);
    }
  g_data_input_stream_read_line_async (self->errors, G_PRIORITY_DEFAULT, self->hush, on_error_line, self);
}

static gboolean
on_last_words (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

static void
on_process_end (GObject *source, GAsyncResult *result, gpointer data)
{
  FvServeChild *self = data;
  g_autoptr (GSource) timeout = g_timeout_source_new (LAST_WORDS_MS);

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  /* What is in the socket is still read. */
  shutdown (self->socket, SHUT_RDWR);
  g_source_set_callback (timeout, on_last_words, g_object_ref (self->hush), g_object_unref);
  g_source_attach (timeout, self->context);
  end_one (self);
}

FvServeChild *
fv_serve_child_start (const char *device, const FvServeChildEvents *events, gpointer user_data, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = fv_child_launcher_new (G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) reason = NULL;
  g_autofree char *cli = fv_child_find_cli ();
  const char *const argv[] = { cli, "serve", "--fd", G_STRINGIFY (CHILD_FD), device ? "--device" : NULL, device, NULL };
  const char *identifier;
  FvServeChild *self;
  int sockets[2];

  if (!cli)
    {
      g_set_error_literal (error, FV_CHILD_ERROR, FV_CHILD_ERROR_NOT_FOUND,
                           _ ("The program fovea-cli is missing. Install Fovea again."));
      return NULL;
    }
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
    {
      g_set_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_START, _ ("The helper program can’t be started: %s."),
                   g_strerror (errno));
      return NULL;
    }
  g_subprocess_launcher_take_fd (launcher, sockets[1], CHILD_FD);
  process = g_subprocess_launcher_spawnv (launcher, argv, &reason);
  /* Else the child's end of the socket stays open here, and its death is never seen. */
  g_subprocess_launcher_close (launcher);
  if (!process)
    {
      close (sockets[0]);
      g_set_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_START, _ ("The helper program can’t be started: %s."),
                   reason->message);
      return NULL;
    }
  self = g_new0 (FvServeChild, 1);
  g_atomic_ref_count_init (&self->references);
  self->context = g_main_context_ref_thread_default ();
  self->events = *events;
  self->user_data = user_data;
  self->process = g_steal_pointer (&process);
  /* A child that has ended already has none. */
  identifier = g_subprocess_get_identifier (self->process);
  self->pid = identifier ? atoi (identifier) : 0;
  self->socket = sockets[0];
  self->hush = g_cancellable_new ();
  self->errors = g_data_input_stream_new (g_subprocess_get_stderr_pipe (self->process));
  for (self->n_open = 0; self->n_open < 3; self->n_open++)
    g_atomic_ref_count_inc (&self->references);
  g_data_input_stream_read_line_async (self->errors, G_PRIORITY_DEFAULT, self->hush, on_error_line, self);
  g_subprocess_wait_async (self->process, NULL, on_process_end, self);
  g_thread_unref (g_thread_new ("fovea-serve", read_socket, self));
  return self;
}

void
fv_serve_child_stop (FvServeChild *self)
{
  self->stopped = TRUE;
  /* It ends by itself, unless it is at work that nobody wants any more. */
  shutdown (self->socket, SHUT_RDWR);
  g_subprocess_force_exit (self->process);
  child_unref (self);
}

void
fv_serve_child_kill (FvServeChild *self)
{
  g_subprocess_force_exit (self->process);
}

int
fv_serve_child_get_pid (FvServeChild *self)
{
  return self->pid;
}
