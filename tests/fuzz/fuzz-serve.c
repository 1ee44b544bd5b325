/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line between the window and its server, read by either end. */
#include "app/children/fv-serve-protocol.h"
#include "tests/fuzz/fv-fuzz.h"

static void
read_request (const char *line, gsize length)
{
  g_autoptr (GError) error = NULL;
  guint64 id;
  g_autoptr (FvServeRequest) request = fv_serve_parse_request (line, length, &id, &error);

  fv_fuzz_either (request != NULL, error);
  if (request != NULL)
    {
      gconstpointer what = request->kind == FV_SERVE_PREVIEW ? (gconstpointer)&request->preview : &request->detect;
      g_autofree char *again = fv_serve_print_request (request->id, request->kind, what);

      g_assert_true (g_str_has_suffix (again, "}\n"));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvServeReply) reply = NULL;

  read_request ((const char *)data, size);
  reply = fv_serve_parse_reply ((const char *)data, size, &error);
  fv_fuzz_either (reply != NULL, error);
  return 0;
}
