/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of the server's protocol there and back, and what a server makes of bad ones. */
#include "app/children/fv-serve-protocol.h"
#include "tests/app/children/fv-test-serve.h"
#include "tests/fv-test-cli.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server of its own, and the test's end of its socket. */
typedef struct
{
  GSubprocess *process;
  int fd;
  GString *input;
} Server;

static void
server_start (Server *self)
{
  g_autoptr (GSubprocessLauncher) launcher = fv_child_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;
  int sockets[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), ==, 0);
  g_subprocess_launcher_take_fd (launcher, sockets[1], 5);
  self->process = g_subprocess_launcher_spawn (launcher, &error, g_getenv ("FOVEA_CLI"), "serve", "--fd", "5", NULL);
  g_assert_no_error (error);
  self->fd = sockets[0];
  self->input = g_string_new (NULL);
}

static void
server_send (Server *self, const char *text)
{
  g_assert_cmpint (write (self->fd, text, strlen (text)), ==, strlen (text));
}

/* The next line; the test fails where none comes. */
static FvServeReply *
server_read (Server *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  char *end, buffer[4096];
  FvServeReply *reply;

  while (!(end = memchr (self->input->str, '\n', self->input->len)))
    {
      gssize got = read (self->fd, buffer, sizeof buffer);

      g_assert_cmpint (got, >, 0);
      g_string_append_len (self->input, buffer, got);
    }
  line = g_strndup (self->input->str, (gsize)(end - self->input->str));
  g_string_erase (self->input, 0, end + 1 - self->input->str);
  reply = fv_serve_parse_reply (line, strlen (line), &error);
  g_assert_no_error (error);
  while (self->input->len < reply->bytes)
    {
      gssize got = read (self->fd, buffer, sizeof buffer);

      g_assert_cmpint (got, >, 0);
      g_string_append_len (self->input, buffer, got);
    }
  g_string_erase (self->input, 0, (gssize)reply->bytes);
  return reply;
}

/* It ends by itself when its peer goes. */
static void
server_end (Server *self)
{
  g_autoptr (GError) error = NULL;

  close (self->fd);
  g_subprocess_wait_check (self->process, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&self->process);
  g_string_free (self->input, TRUE);
}

static void
expect_error (Server *server, guint64 id, const char *part)
{
  g_autoptr (FvServeReply) reply = server_read (server);

  g_assert_cmpint (reply->kind, ==, FV_SERVE_REPLY_ERROR);
  g_assert_cmpuint (reply->id, ==, id);
  g_assert_nonnull (strstr (reply->error, part));
}

static void
test_requests (void)
{
  g_autoptr (GError) error = NULL;
  FvRecipe recipe;
  guint64 id;
  fv_test_serve_strong_recipe (&recipe);
  const FvPreviewRequest preview = { "/a/b \xff\"c", 1234567890123, &recipe, 3, 17, 4, TRUE };
  const FvDetectRequest detect = { "/w.pt", "/p q.jpg", 320, 0.1, 0.6 };
  g_autofree char *first = fv_serve_print_request (11, FV_SERVE_PREVIEW, &preview);
  g_autofree char *second = fv_serve_print_request (12, FV_SERVE_DETECT, &detect);

  g_assert_true (strchr (first, '\n') == first + strlen (first) - 1);
  g_autoptr (FvServeRequest) a = fv_serve_parse_request (first, strlen (first) - 1, &id, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (id, ==, 11);
  g_assert_cmpint (a->kind, ==, FV_SERVE_PREVIEW);
  g_assert_cmpstr (a->preview.project, ==, preview.project);
  g_assert_cmpuint (a->preview.serial, ==, preview.serial);
  g_assert_cmpmem (a->preview.recipe, sizeof recipe, &recipe, sizeof recipe);
  g_assert_cmpuint (a->preview.epoch, ==, 3);
  g_assert_cmpuint (a->preview.sample, ==, 17);
  g_assert_cmpuint (a->preview.count, ==, 4);
  g_assert_true (a->preview.floats);

  g_autoptr (FvServeRequest) b = fv_serve_parse_request (second, strlen (second) - 1, &id, &error);
  g_assert_no_error (error);
  g_assert_cmpint (b->kind, ==, FV_SERVE_DETECT);
  g_assert_cmpstr (b->detect.weights, ==, "/w.pt");
  g_assert_cmpstr (b->detect.file, ==, "/p q.jpg");
  g_assert_cmpuint (b->detect.imgsz, ==, 320);
  g_assert_cmpfloat (b->detect.conf, ==, 0.1);
  g_assert_cmpfloat (b->detect.iou, ==, 0.6);
}

static void
test_replies (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPreviewReply) preview = fv_preview_reply_new (2);
  g_autoptr (FvDetectReply) detect = fv_detect_reply_new ();
  const FvBox box = { 1, 0.1, 1. / 3, 20.25, 31.7 };
  const FvDetection detection = { 1.5f, 0.1f, 33.3f, 7e-3f, 0.123456789f, 1 };
  guint8 pixels[2 * 3 * 2 * 3];

  preview->width = 3;
  preview->height = 2;
  preview->pictures = 40;
  preview->samples[1].item = 9;
  preview->samples[1].name = g_strdup ("bad \xfe name");
  g_array_append_val (preview->samples[1].boxes, box);
  g_autofree char *first = fv_serve_print_preview (5, preview, sizeof pixels);
  g_autoptr (FvServeReply) a = fv_serve_parse_reply (first, strlen (first) - 1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (a->kind, ==, FV_SERVE_REPLY_PREVIEW);
  g_assert_cmpuint (a->id, ==, 5);
  g_assert_cmpuint (a->bytes, ==, sizeof pixels);
  g_assert_cmpuint (a->preview->n, ==, 2);
  g_assert_cmpuint (a->preview->pictures, ==, 40);
  g_assert_cmpuint (a->preview->samples[0].boxes->len, ==, 0);
  g_assert_cmpuint (a->preview->samples[1].item, ==, 9);
  g_assert_true (g_str_has_prefix (a->preview->samples[1].name, "bad "));
  fv_test_serve_assert_boxes (a->preview->samples[1].boxes, preview->samples[1].boxes);

  for (guint i = 0; i < sizeof pixels; i++)
    pixels[i] = (guint8)i;
  g_autoptr (GBytes) bytes = g_bytes_new (pixels, sizeof pixels);
  g_autoptr (GBytes) odd = g_bytes_new (pixels, sizeof pixels - 1);
  g_assert_false (fv_preview_reply_set_pixels (a->preview, odd));
  g_assert_true (fv_preview_reply_set_pixels (a->preview, bytes));
  g_assert_cmpmem (g_bytes_get_data (a->preview->samples[1].rgb, NULL), 18, pixels + 18, 18);

  detect->width = 640;
  detect->height = 480;
  detect->seconds = 0.25;
  detect->class_names = g_strdupv ((char *[]){ "a", "b “c”", NULL });
  g_array_append_val (detect->detections, detection);
  g_autofree char *second = fv_serve_print_detect (6, detect);
  g_autoptr (FvServeReply) b = fv_serve_parse_reply (second, strlen (second) - 1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (b->kind, ==, FV_SERVE_REPLY_DETECT);
  g_assert_cmpmem (b->detect->detections->data, sizeof detection, &detection, sizeof detection);
  g_assert_cmpstrv (b->detect->class_names, detect->class_names);
  g_assert_cmpfloat (b->detect->seconds, ==, 0.25);
}

/* Whatever the other end says, it is an error and no more. */
static void
test_hostile_replies (void)
{
  static const char *const lines[] = {
    "",
    "[]",
    "nonsense",
    "{}",
    "{\"id\":1,\"kind\":\"other\"}",
    "{\"id\":-1,\"error\":\"x\"}",
    "{\"id\":1,\"kind\":\"preview\",\"bytes\":-5}",
    "{\"id\":1,\"kind\":\"preview\",\"bytes\":1e300,\"samples\":[]}",
    "{\"id\":1,\"kind\":\"preview\",\"samples\":3}",
    "{\"id\":1,\"kind\":\"preview\",\"samples\":[4]}",
    "{\"id\":1,\"kind\":\"preview\",\"samples\":[{\"boxes\":[[1,2]]}]}",
    "{\"id\":1,\"kind\":\"preview\",\"samples\":[{\"boxes\":[[\"a\",2,3,4,5]]}]}",
    "{\"id\":1,\"kind\":\"preview\",\"samples\":[{\"boxes\":[[-1,2,3,4,5]]}]}",
    "{\"id\":1,\"kind\":\"detect\",\"detections\":[],\"classes\":[7]}",
    "{\"id\":1,\"kind\":\"detect\",\"detections\":[[1,0,0,0,0,0]],\"classes\":[\"a\"]}",
    "{\"id\":1,\"kind\":\"detect\",\"detections\":[null],\"classes\":[\"a\"]}",
    "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GError) error = NULL;
      FvServeReply *reply = fv_serve_parse_reply (lines[i], strlen (lines[i]), &error);

      g_assert_null (reply);
      g_assert_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST);
    }
}

static void
test_bad_requests (void)
{
  Server server;
  g_autofree char *overlong = g_strnfill (3 * FV_SERVE_MAX_LINE, 'x');

  server_start (&server);
  g_autoptr (FvServeReply) ready = server_read (&server);
  g_assert_cmpint (ready->kind, ==, FV_SERVE_REPLY_READY);
  server_send (&server, "nonsense\n");
  expect_error (&server, 0, "not understood");
  server_send (&server, "{\"id\":3}\n");
  expect_error (&server, 3, "kind");
  server_send (&server, "{\"id\":4,\"kind\":\"preview\"}\n");
  expect_error (&server, 4, "project");
  server_send (&server, "{\"id\":5,\"kind\":\"preview\",\"project\":\"file:///nowhere\",\"recipe\":{\"imgsz\":65}}\n");
  expect_error (&server, 5, "multiple of 32");
  server_send (&server, "{\"id\":6,\"kind\":\"preview\",\"project\":\"file:///nowhere\",\"recipe\":{\"hsv\":1}}\n");
  expect_error (&server, 6, "hsv_h");
  server_send (&server, "{\"id\":7,\"kind\":\"preview\",\"project\":\"file:///nowhere\",\"count\":1000}\n");
  expect_error (&server, 7, "count");
  server_send (&server, "{\"id\":8,\"kind\":\"preview\",\"project\":\"file:///nowhere\",\"epoch\":1.5}\n");
  expect_error (&server, 8, "whole number");
  server_send (&server, "{\"id\":9,\"kind\":\"preview\",\"project\":\"file:///nowhere\"}\n");
  expect_error (&server, 9, "/nowhere");
  server_send (&server, "{\"id\":10,\"kind\":\"preview\",\"project\":\"file:///nowhere\",\"count\":64,"
                        "\"recipe\":{\"imgsz\":4096}}\n");
  expect_error (&server, 10, "too much");
  server_send (&server, "{\"id\":11,\"kind\":\"detect\",\"weights\":\"file:///w.pt\",\"file\":\"file:///none.jpg\"}\n");
  expect_error (&server, 11, "/none.jpg");
  server_send (&server,
               "{\"id\":12,\"kind\":\"detect\",\"weights\":\"http://x/w.pt\",\"file\":\"file:///none.jpg\"}\n");
  expect_error (&server, 12, "weights");
  server_send (&server, overlong);
  expect_error (&server, 0, "too long");
  server_send (&server, "\n\n{\"id\":13,\"kind\":\"none\"}\n");
  expect_error (&server, 13, "kind");
  server_end (&server);
}

static void
test_supersede (void)
{
  const char *project = fv_test_serve_project (5, 64);
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean superseded[6] = { FALSE };
  guint last = 0;
  Server server;

  server_start (&server);
  g_autoptr (FvServeReply) ready = server_read (&server);
  for (guint id = 1; id <= 5; id++)
    {
      g_autofree char *line
          = fv_serve_print_request (id, FV_SERVE_PREVIEW, &(FvPreviewRequest){ .project = project, .serial = 1 });
      g_string_append (text, line);
    }
  server_send (&server, text->str);
  for (guint i = 1; i <= 5; i++)
    {
      g_autoptr (FvServeReply) reply = server_read (&server);

      g_assert_cmpuint (reply->id, >=, 1);
      g_assert_cmpuint (reply->id, <=, 5);
      if (reply->kind == FV_SERVE_REPLY_SUPERSEDED)
        superseded[reply->id] = TRUE;
      else
        {
          g_assert_cmpint (reply->kind, ==, FV_SERVE_REPLY_PREVIEW);
          g_assert_cmpuint (reply->id, >, last);
          last = (guint)reply->id;
        }
    }
  /* All came in one piece, so that none but the last was begun. */
  for (guint id = 1; id < 5; id++)
    g_assert_true (superseded[id]);
  g_assert_cmpuint (last, ==, 5);
  server_end (&server);
}

static void
test_usage (void)
{
  g_auto (FvTestCall) none = fv_test_cli (NULL, "serve", NULL);
  g_auto (FvTestCall) closed = fv_test_cli (NULL, "serve", "--fd", "77", NULL);
  g_auto (FvTestCall) file = fv_test_cli (NULL, "serve", "--fd", "0", NULL);

  g_assert_cmpint (none.status, ==, 2);
  g_assert_cmpint (closed.status, ==, 2);
  g_assert_cmpint (file.status, ==, 2);
  g_assert_nonnull (strstr (file.err, "socket"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/serve-protocol/requests", test_requests);
  g_test_add_func ("/serve-protocol/replies", test_replies);
  g_test_add_func ("/serve-protocol/hostile-replies", test_hostile_replies);
  g_test_add_func ("/serve-protocol/bad-requests", test_bad_requests);
  g_test_add_func ("/serve-protocol/supersede", test_supersede);
  g_test_add_func ("/serve-protocol/usage", test_usage);
  return g_test_run ();
}
