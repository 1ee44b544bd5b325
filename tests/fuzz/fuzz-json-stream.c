/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-json-stream.h"
#include "tests/fuzz/fv-fuzz.h"

/* Parts in order within their text; what one holds is an answer or a sentence. */
static void
read_stream (FvJsonStream *stream, const char *text, gsize size, guint depth)
{
  static const char *const names[] = { "id", "bbox", "shapes", NULL };
  g_autoptr (GError) error = NULL;
  const char *at = text;
  guint line = 1;
  FvJsonPart part;

  while (fv_json_stream_next (stream, &part, &error))
    {
      g_autoptr (GError) local = NULL, members_error = NULL;
      g_autoptr (JsonNode) node = fv_json_stream_parse (stream, &part, &local);
      g_autoptr (JsonObject) members = fv_json_stream_parse_members (stream, &part, names, &members_error);

      g_assert_true (part.text >= at && part.size > 0 && part.text + part.size <= text + size);
      g_assert_cmpuint (part.line, >=, line);
      fv_fuzz_either (node != NULL, local);
      fv_fuzz_either (members != NULL, members_error);
      /* What is right as a whole is right in parts. */
      if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
        g_assert_nonnull (members);
      if (part.member != NULL)
        g_assert_true (g_utf8_validate (part.member, -1, NULL));
      at = part.text + part.size;
      line = part.line;
      if (depth > 0 && node != NULL)
        {
          g_autoptr (FvJsonStream) inside = fv_json_stream_enter (stream, &part);

          read_stream (inside, part.text, part.size, depth - 1);
        }
    }
  if (error != NULL)
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (FvJsonStream) stream = fv_json_stream_new (bytes, "it.json", 5);

  read_stream (stream, g_bytes_get_data (bytes, NULL), size, 2);
  return 0;
}
