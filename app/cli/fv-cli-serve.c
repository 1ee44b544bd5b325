/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli.h"
#include "app/cli/fv-serve-worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern const FvCliCommand fv_cli_serve;

#define READ_SIZE 65536

typedef struct
{
  int fd;
  FvServeWorker *worker;
  GByteArray *input;                         /* read, not yet taken apart */
  gboolean skipping;                         /* the rest of a line that was too long */
  FvServeRequest *waiting[FV_SERVE_N_KINDS]; /* the newest of each kind */
  guint turn;                                /* kind that is looked at first, so that none waits for ever */
  GByteArray *pixels;
} Server;

static void
server_clear (Server *self)
{
  g_clear_pointer (&self->worker, fv_serve_worker_free);
  g_clear_pointer (&self->input, g_byte_array_unref);
  g_clear_pointer (&self->pixels, g_byte_array_unref);
  for (guint i = 0; i < FV_SERVE_N_KINDS; i++)
    g_clear_pointer (&self->waiting[i], fv_serve_request_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Server, server_clear)

/* FALSE: the peer is gone. */
static gboolean
send_bytes (Server *self, const void *bytes, gsize size)
{
  const char *rest = bytes;

  while (size > 0)
    {
      gssize sent = write (self->fd, rest, size);

      if (sent < 0 && errno == EINTR)
        continue;
      if (sent < 0)
        return FALSE;
      rest += sent;
      size -= (gsize)sent;
    }
  return TRUE;
}

/* Takes the line. */
static gboolean
send_line (Server *self, char *line)
{
  g_autofree char *text = line;

  return send_bytes (self, text, strlen (text));
}

static gboolean
take_line (Server *self, const char *line, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvServeRequest) older = NULL;
  FvServeRequest *request;
  guint64 id;

  request = fv_serve_parse_request (line, length, &id, &error);
  if (!request)
    return send_line (self, fv_serve_print_error (id, error->message));
  older = self->waiting[request->kind];
  self->waiting[request->kind] = request;
  return !older || send_line (self, fv_serve_print_superseded (older->id));
}

/* Takes the whole lines of what was read. */
static gboolean
take_lines (Server *self)
{
  gsize start = 0;
  const guint8 *end;

  while ((end = memchr (self->input->data + start, '\n', self->input->len - start)))
    {
      const gsize length = (gsize)(end - self->input->data) - start;

      if (!self->skipping && length > 0 && !take_line (self, (const char *)self->input->data + start, length))
        return FALSE;
      self->skipping = FALSE;
      start += length + 1;
    }
  g_byte_array_remove_range (self->input, 0, start);
  if (self->input->len > FV_SERVE_MAX_LINE)
    {
      g_byte_array_set_size (self->input, 0);
      if (!self->skipping && !send_line (self, fv_serve_print_error (0, "That line is too long.")))
        return FALSE;
      self->skipping = TRUE;
    }
  return TRUE;
}

/* Reads all that waits; with @block, waits until there is something. FALSE: the peer is gone. */
static gboolean
receive (Server *self, gboolean block)
{
  struct pollfd entry = { .fd = self->fd, .events = POLLIN };

  for (;;)
    {
      const guint old = self->input->len;
      int ready = poll (&entry, 1, block ? -1 : 0);
      gssize got;

      if (ready < 0 && errno == EINTR)
        continue;
      if (ready == 0)
        return TRUE;
      if (ready < 0)
        return FALSE;
      g_byte_array_set_size (self->input, old + READ_SIZE);
      got = read (self->fd, self->input->data + old, READ_SIZE);
      g_byte_array_set_size (self->input, old + (got > 0 ? (guint)got : 0));
      if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
        return FALSE;
      if (!take_lines (self))
        return FALSE;
      block = FALSE;
    }
}

static FvServeRequest *
next_request (Server *self)
{
  for (guint i = 0; i < FV_SERVE_N_KINDS; i++)
    {
      const guint kind = (self->turn + i) % FV_SERVE_N_KINDS;

      if (self->waiting[kind])
        {
          self->turn = kind + 1;
          return g_steal_pointer (&self->waiting[kind]);
        }
    }
  return NULL;
}

static gboolean
answer_preview (Server *self, const FvServeRequest *request, GError **error)
{
  g_autoptr (FvPreviewReply) reply = fv_serve_worker_preview (self->worker, &request->preview, self->pixels, error);

  return reply && send_line (self, fv_serve_print_preview (request->id, reply, self->pixels->len))
         && send_bytes (self, self->pixels->data, self->pixels->len);
}

static gboolean
answer_detect (Server *self, const FvServeRequest *request, GError **error)
{
  g_autoptr (FvDetectReply) reply = fv_serve_worker_detect (self->worker, &request->detect, error);

  return reply && send_line (self, fv_serve_print_detect (request->id, reply));
}

/* FALSE without @error: the peer is gone; with it: the device is. */
static gboolean
answer (Server *self, const FvServeRequest *request, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if ((request->kind == FV_SERVE_PREVIEW ? answer_preview : answer_detect) (self, request, &reason))
    return TRUE;
  if (!reason)
    return FALSE;
  /* Unanswered, it is sent again to the next child, whose device is a new one. */
  if (fv_serve_worker_is_lost (self->worker))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  return send_line (self, fv_serve_print_error (request->id, reason->message));
}

static gboolean
serve (Server *self, GError **error)
{
  gboolean alive = send_line (self, fv_serve_print_ready ());

  while (alive && receive (self, TRUE))
    {
      g_autoptr (FvServeRequest) request = NULL;

      while ((request = next_request (self)))
        {
          if (!answer (self, request, error))
            return *error == NULL;
          g_clear_pointer (&request, fv_serve_request_free);
          if (!receive (self, FALSE))
            return TRUE;
        }
    }
  return TRUE;
}

static gboolean
check_socket (int fd, GError **error)
{
  int type;
  socklen_t size = sizeof type;

  if (fd >= 0 && getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               "--fd takes the number of a stream socket that this program inherits: the window starts it so.");
  return FALSE;
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_auto (Server) self = { .fd = -1 };
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
    { "fd", 0, 0, G_OPTION_ARG_INT, &self.fd, "The inherited socket", "N" },
    { NULL },
  };
  int status;

  if (!fv_cli_parse (cli, &argc, &argv, entries, 0, 0, &status))
    return status;
  if (!check_socket (self.fd, &error))
    return fv_cli_wrong_usage (cli, "%s", error->message);
  /* Whatever this program starts must not keep the socket open. */
  fcntl (self.fd, F_SETFD, FD_CLOEXEC);
  self.worker = fv_serve_worker_new (cli);
  self.input = g_byte_array_new ();
  self.pixels = g_byte_array_new ();
  if (!serve (&self, &error))
    return fv_cli_fail (cli, error);
  return FV_CLI_DONE;
}

const FvCliCommand fv_cli_serve = { "serve", "Make previews and detections for the window", "", run, TRUE };
