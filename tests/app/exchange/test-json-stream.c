/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-json-stream.h"

#include <string.h>

#include "app/exchange/fv-exchange-error.h"
#include "tests/fv-test-data.h"

static FvJsonStream *
stream_of (const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return fv_json_stream_new (bytes, "it.json", 3);
}

/* "member[index]@line=text" of each part. */
static char *
list_parts (FvJsonStream *stream, GError **error)
{
  GString *list = g_string_new (NULL);
  FvJsonPart part;

  while (fv_json_stream_next (stream, &part, error))
    {
      g_string_append_printf (list, "%s%s", list->len > 0 ? " " : "", part.member != NULL ? part.member : "");
      if (part.is_element)
        g_string_append_printf (list, "[%u]", part.index);
      g_string_append_printf (list, "@%u=%.*s", part.line, (int)part.size, part.text);
    }
  return g_string_free (list, FALSE);
}

static void
test_parts (void)
{
  static const struct
  {
    const char *text, *parts;
  } cases[] = {
    { "{}", "" },
    { "[]", "" },
    { " \n[ ] \n", "" },
    { "\xef\xbb\xbf[1]", "[0]@1=1" },
    { "[1,\"a,]\",\n{\"x\":[1,2]},[[],3]]", "[0]@1=1 [1]@1=\"a,]\" [2]@2={\"x\":[1,2]} [3]@2=[[],3]" },
    { "{\"a\":1,\n\"b\":[ 1 ,\n\n{}],\"c\":[],\"d\":{\"b\":[2]}}", "a@1=1 b[0]@2=1  b[1]@4={} c@4=[] d@4={\"b\":[2]}" },
    { "{\"a\\\"\\u00e4\":\"\\\\\"}", "a\"\xc3\xa4@1=\"\\\\\"" },
    { "[\"a\nb\",\n1]", "[0]@1=\"a\nb\" [1]@3=1" },
    /* What is in a part is looked at when it is parsed. */
    { "[{1 2},1]", "[0]@1={1 2} [1]@1=1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvJsonStream) stream = stream_of (cases[i].text);

      /* From the start as well. */
      for (guint k = 0; k < 2; k++)
        {
          g_autofree char *parts = list_parts (stream, &error);

          g_assert_no_error (error);
          g_assert_cmpstr (parts, ==, cases[i].parts);
          fv_json_stream_rewind (stream);
        }
    }
}

static void
test_faults (void)
{
  static const struct
  {
    const char *text;
    guint line;
  } cases[] = {
    { "", 1 },
    { " \n ", 2 },
    { "5", 1 },
    { "\"a\"", 1 },
    { "[", 1 },
    { "[1", 1 },
    { "[1,", 1 },
    { "[1,]", 1 },
    { "[,1]", 1 },
    { "[1 2\n,\"a\" 3]", 2 },
    { "[1]]", 1 },
    { "[1]\n[2]", 2 },
    { "{", 1 },
    { "{\"a\"}", 1 },
    { "{\"a\":}", 1 },
    { "{\"a\":1,}", 1 },
    { "{\"a\":1 \"b\"", 1 },
    { "{a:1}", 1 },
    { "{\"a\":[1}", 1 },
    { "{\"a\":[1,],\"b\":2}", 1 },
    { "{\"a", 1 },
    { "[\"a", 1 },
    { "[\"a\\", 1 },
    { "[[[", 1 },
    { "{\"a\xff\":1}", 1 },
    { "{\"a\\x\":1}", 1 },
    { "{\"a\":1}\n\n}", 3 },
    { "{\"a\":\n[\n", 3 },
    { "{\"\\u0000\":1}", 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvJsonStream) stream = stream_of (cases[i].text);
      g_autofree char *parts = list_parts (stream, &error), *where = NULL, *shown = g_strescape (cases[i].text, NULL);
      FvJsonPart part;

      g_test_message ("%s", shown);
      g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
      where = g_strdup_printf ("it.json, line %u: ", cases[i].line);
      g_assert_true (g_str_has_prefix (error->message, where));
      g_assert_false (fv_json_stream_next (stream, &part, NULL));
    }
}

static void
test_parse (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvJsonStream) stream = stream_of ("[7,\"b\",{\"c\":[2.5]},[[[[]]]],{1 2},[1,],tru,\"\\x\",null,true]");
  FvJsonPart part;

  for (guint i = 0; fv_json_stream_next (stream, &part, &error); i++)
    {
      g_autoptr (GError) local = NULL;
      g_autoptr (JsonNode) node = fv_json_stream_parse (stream, &part, &local);

      g_assert_true ((node == NULL) == (i >= 3 && i <= 7));
      if (node == NULL)
        g_assert_error (local, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
      else if (i == 0)
        g_assert_cmpint (json_node_get_int (node), ==, 7);
      else if (i == 1)
        g_assert_cmpstr (json_node_get_string (node), ==, "b");
      else if (i == 2)
        g_assert_cmpfloat (
            json_array_get_double_element (json_object_get_array_member (json_node_get_object (node), "c"), 0), ==,
            2.5);
      else if (i == 9)
        g_assert_true (json_node_get_boolean (node));
    }
  g_assert_no_error (error);
}

static void
test_members (void)
{
  static const char *const names[] = { "id", "box", NULL };
  static const struct
  {
    const char *text;
    gboolean right;
    guint n;
  } cases[] = {
    { "{}", TRUE, 0 },
    { "{\"a\":[[[[[[1]]]]]],\"id\":5,\"x\":{},\"box\":[1,2]}", TRUE, 2 },
    { "{\"box\" : 1 , \"b\":\"\\x\"}", TRUE, 1 },
    { "{\"box\":[[[[1]]]]}", FALSE, 0 },
    { "{\"box\":1 2}", FALSE, 0 },
    { "{\"box\":}", FALSE, 0 },
    { "{\"box\"}", FALSE, 0 },
    { "{\"a\":1,}", FALSE, 0 },
    { "{a:1}", FALSE, 0 },
    { "[1]", FALSE, 0 },
    { "5", FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = g_strdup_printf ("[%s]", cases[i].text);
      g_autoptr (FvJsonStream) stream = stream_of (text);
      g_autoptr (JsonObject) object = NULL;
      FvJsonPart part;

      g_assert_true (fv_json_stream_next (stream, &part, NULL));
      object = fv_json_stream_parse_members (stream, &part, names, &error);
      g_assert_true ((object != NULL) == cases[i].right);
      if (object != NULL)
        g_assert_cmpuint (json_object_get_size (object), ==, cases[i].n);
      else
        g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
    }
}

static void
test_enter (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvJsonStream) stream = stream_of ("[\n{\"a\":1},\n{\"b\":[\n7,\n8]}]");
  g_autoptr (FvJsonStream) inside = NULL;
  g_autofree char *parts = NULL;
  FvJsonPart part;

  g_assert_true (fv_json_stream_next (stream, &part, &error));
  g_assert_true (fv_json_stream_next (stream, &part, &error));
  inside = fv_json_stream_enter (stream, &part);
  parts = list_parts (inside, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (parts, ==, "b[0]@4=7 b[1]@5=8");
}

/* Larger than what is parsed at once: passed over, refused as a tree. */
static void
test_large (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = g_string_new ("{\"data\":\"");
  g_autoptr (FvJsonStream) stream = NULL;
  g_autoptr (JsonNode) node = NULL;
  const char *path;
  FvJsonPart part;

  for (guint i = 0; i < 9 << 20; i++)
    g_string_append_c (text, 'A');
  g_string_append (text, "\",\"n\":[3]}");
  path = fv_test_write (fv_test_folder (), "large.json", text->str);
  stream = fv_json_stream_open (path, 3, &error);
  g_assert_no_error (error);
  g_assert_true (fv_json_stream_next (stream, &part, &error));
  node = fv_json_stream_parse (stream, &part, &error);
  g_assert_null (node);
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_true (fv_json_stream_next (stream, &part, &error));
  g_assert_cmpstr (part.member, ==, "n");
  g_assert_false (fv_json_stream_next (stream, &part, &error));
  g_assert_no_error (error);
}

static void
test_absent (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (fv_json_stream_open ("/nowhere/at/all.json", 3, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exchange/json-stream/parts", test_parts);
  g_test_add_func ("/exchange/json-stream/faults", test_faults);
  g_test_add_func ("/exchange/json-stream/parse", test_parse);
  g_test_add_func ("/exchange/json-stream/members", test_members);
  g_test_add_func ("/exchange/json-stream/enter", test_enter);
  g_test_add_func ("/exchange/json-stream/large", test_large);
  g_test_add_func ("/exchange/json-stream/absent", test_absent);
  return g_test_run ();
}
