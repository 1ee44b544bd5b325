/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include <math.h>
#include <string.h>

/* Everything that is in @expected must be in @found, with the same value: counts exactly, numbers to @tolerance relative. */
static void
assert_holds (JsonNode *expected, JsonNode *found, double tolerance, const char *path)
{
  if (found == NULL)
    g_error ("%s is missing.", path);
  g_assert_cmpint (json_node_get_node_type (expected), ==, json_node_get_node_type (found));
  if (JSON_NODE_HOLDS_OBJECT (expected))
    {
      g_autoptr (GList) members = json_object_get_members (json_node_get_object (expected));
      for (GList *member = members; member != NULL; member = member->next)
        {
          g_autofree char *inner = g_strdup_printf ("%s.%s", path, (char *)member->data);
          assert_holds (json_object_get_member (json_node_get_object (expected), member->data),
                        json_object_get_member (json_node_get_object (found), member->data), tolerance, inner);
        }
    }
  else if (JSON_NODE_HOLDS_ARRAY (expected))
    {
      JsonArray *first = json_node_get_array (expected), *second = json_node_get_array (found);
      if (json_array_get_length (first) != json_array_get_length (second))
        g_error ("%s has %u elements, not %u.", path, json_array_get_length (second), json_array_get_length (first));
      for (guint i = 0; i < json_array_get_length (first); i++)
        {
          g_autofree char *inner = g_strdup_printf ("%s[%u]", path, i);
          assert_holds (json_array_get_element (first, i), json_array_get_element (second, i), tolerance, inner);
        }
    }
  else if (json_node_get_value_type (expected) == G_TYPE_STRING)
    g_assert_cmpstr (json_node_get_string (expected), ==, json_node_get_string (found));
  else
    {
      const double a = json_node_get_double (expected), b = json_node_get_double (found);
      if (!(fabs (a - b) <= (json_node_get_value_type (expected) == G_TYPE_INT64 ? 0 : tolerance) * MAX (fabs (a), 1)))
        g_error ("%s is %.17g, not %.17g.", path, b, a);
    }
}

/* (transfer full): the path of a new project with a dataset of the test data; NULL where that is absent. */
static char *
import (const char *dataset)
{
  g_autofree char *relative = g_strdup_printf ("datasets/%s", dataset);
  const char *source = fv_test_data (relative);
  if (source == NULL)
    return NULL;
  g_autofree char *project = g_build_filename (fv_test_folder (), "project", NULL);
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, NULL);
  g_assert_cmpint (init.status, ==, 0);
  g_auto (FvTestCall) call = fv_test_cli (NULL, "import", project, source, NULL);
  g_assert_cmpint (call.status, ==, 0);
  return g_steal_pointer (&project);
}

static void
test_reference (gconstpointer data)
{
  const char *dataset = data;
  g_autofree char *project = import (dataset);
  if (project == NULL)
    return;
  g_autofree char *name = g_strdup_printf ("tests/reference/statistics/%s.json", dataset);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  json_parser_load_from_file (parser, fv_test_source (name), &error);
  g_assert_no_error (error);
  JsonObject *expected = json_node_get_object (json_parser_get_root (parser));

  g_auto (FvTestCall) all = fv_test_cli (NULL, "stats", project, "--json", NULL);
  g_assert_cmpint (all.status, ==, 0);
  assert_holds (json_object_get_member (expected, "all"), json_parser_get_root (all.parser), 1e-9, dataset);
  /* Measured on copies of the pictures that were made smaller. */
  assert_holds (json_object_get_member (expected, "content"), json_object_get_member (all.json, "content"), 0.002,
                dataset);
  g_auto (FvTestCall) val = fv_test_cli (NULL, "stats", project, "--json", "--subset", "val", NULL);
  g_assert_cmpint (val.status, ==, 0);
  assert_holds (json_object_get_member (expected, "val"), json_parser_get_root (val.parser), 1e-9, dataset);
}

static gboolean
advises (const FvTestCall *call, const char *id)
{
  JsonArray *advice = json_object_get_array_member (call->json, "advice");
  for (guint i = 0; i < json_array_get_length (advice); i++)
    {
      JsonObject *one = json_array_get_object_element (advice, i);
      g_assert_cmpuint (strlen (json_object_get_string_member (one, "text")), >, 0);
      g_assert_cmpuint (strlen (json_object_get_string_member (one, "reason")), >, 0);
      g_assert_cmpuint (strlen (json_object_get_string_member (one, "action")), >, 0);
      if (g_str_equal (json_object_get_string_member (one, "id"), id))
        return TRUE;
    }
  return FALSE;
}

/* What the reference doesn't compute, of generated pictures. */
static void
test_generated (void)
{
  g_autofree char *project = fv_test_make_project ("stats", 12, 4, 2, 96);
  g_auto (FvTestCall) call = fv_test_cli (NULL, "stats", project, "--json", "--imgsz", "320", "--anchors", NULL);
  g_assert_cmpint (call.status, ==, 0);
  g_assert_cmpint (json_object_get_int_member (call.json, "images"), ==, 18);
  JsonObject *sizes = json_object_get_object_member (call.json, "sizes_at_imgsz");
  g_assert_cmpint (json_object_get_int_member (sizes, "imgsz"), ==, 320);
  JsonObject *evolved = json_object_get_object_member (call.json, "evolved_anchors");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (evolved, "anchors")), ==, 9);
  g_assert_true (advises (&call, "few-pictures"));
  g_assert_false (advises (&call, "no-val"));

  JsonArray *coco = json_object_get_array_member (call.json, "coco");
  g_assert_cmpuint (json_array_get_length (coco), >, 10);
  for (guint i = 0; i < json_array_get_length (coco); i++)
    {
      JsonObject *one = json_array_get_object_element (coco, i);
      g_assert_cmpuint (strlen (json_object_get_string_member (one, "source")), >, 0);
      g_assert_cmpuint (strlen (json_object_get_string_member (one, "difference")), >, 0);
    }
  g_assert_true (json_object_has_member (call.json, "content"));
  g_auto (FvTestCall) labels = fv_test_cli (NULL, "stats", project, "--json", "--labels-only", NULL);
  g_assert_cmpint (labels.status, ==, 0);
  g_assert_false (json_object_has_member (labels.json, "content"));
  g_auto (FvTestCall) text = fv_test_cli (NULL, "stats", project, NULL);
  g_assert_cmpint (text.status, ==, 0);
  g_assert_nonnull (strstr (text.out, "Beside COCO train2017"));
  g_assert_nonnull (strstr (text.out, "Advice (few-pictures)"));
  g_auto (FvTestCall) wrong = fv_test_cli (NULL, "stats", project, "--imgsz", "100", NULL);
  g_assert_cmpint (wrong.status, ==, 2);

  g_autofree char *empty = g_build_filename (fv_test_folder (), "empty", NULL);
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", empty, NULL);
  g_auto (FvTestCall) nothing = fv_test_cli (NULL, "stats", empty, "--json", NULL);
  g_assert_cmpint (nothing.status, ==, 0);
  g_assert_cmpint (json_object_get_int_member (nothing.json, "images"), ==, 0);
  g_assert_true (advises (&nothing, "no-images"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/cli/stats/coco128", "coco128", test_reference);
  g_test_add_data_func ("/cli/stats/bccd", "bccd", test_reference);
  g_test_add_func ("/cli/stats/generated", test_generated);
  return g_test_run ();
}
