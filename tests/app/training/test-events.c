/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-events.h"
#include "app/training/fv-train-events.h"
#include "tests/fv-test-data.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* (transfer full) (element-type JsonObject): every line, each of which must be an object with the three common members. */
static GPtrArray *
read_lines (const char *path)
{
  GPtrArray *objects = g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (text, "\n"));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i + 1]; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (lines[i], &error);
      g_autoptr (GDateTime) time = NULL;
      JsonObject *object;

      g_assert_no_error (error);
      object = json_node_get_object (node);
      g_assert_nonnull (json_object_get_string_member (object, "event"));
      time = g_date_time_new_from_iso8601 (json_object_get_string_member (object, "time"), NULL);
      g_assert_nonnull (time);
      g_assert_cmpint (json_object_get_int_member (object, "run"), ==, 7);
      g_ptr_array_add (objects, json_object_ref (object));
    }
  return objects;
}

static void
write_warning (FvEvents *events, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (fv_train_events_warning (events, "test", text, &error));
  g_assert_no_error (error);
}

/* Each line is in the file as soon as the call returns; a copy receives the same; appending goes on where another process stopped. */
static void
test_append (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "events.jsonl", NULL);
  g_autofree char *copy_path = g_build_filename (folder, "copy.jsonl", NULL);
  g_autofree char *text = NULL;
  g_autofree char *copy_text = NULL;
  g_autoptr (GError) error = NULL;
  FILE *copy = g_fopen (copy_path, "we");
  FvEvents *events = fv_events_open (path, 7, copy, &error);
  g_autoptr (GPtrArray) lines = NULL;

  g_assert_no_error (error);
  write_warning (events, "first \"quoted\"\n\tand \x01, ü");
  lines = read_lines (path);
  g_assert_cmpuint (lines->len, ==, 1);
  g_assert_cmpstr (json_object_get_string_member (lines->pdata[0], "text"), ==, "first \"quoted\"\n\tand \x01, ü");
  fv_events_free (events);
  fclose (copy);

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_file_get_contents (copy_path, &copy_text, NULL, NULL));
  g_assert_cmpstr (text, ==, copy_text);

  events = fv_events_open (path, 7, NULL, &error);
  write_warning (events, "second");
  fv_events_free (events);
  g_ptr_array_unref (g_steal_pointer (&lines));
  lines = read_lines (path);
  g_assert_cmpuint (lines->len, ==, 2);
}

/* What a killed process left of a line goes; whole lines stay. */
static void
test_torn (void)
{
  static const char *const torn[] = {
    "{\"event\":\"st",
    "{\"event\":\"a\",\"time\":\"2026-01-01T00:00:00Z\",\"run\":7}\n{\"event\":\"st",
    "{\"event\":\"a\",\"time\":\"2026-01-01T00:00:00Z\",\"run\":7}\n",
    "",
  };
  static const guint kept[] = { 0, 1, 1, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (torn); i++)
    {
      g_autoptr (GError) error = NULL;
      const char *path = fv_test_write (fv_test_folder (), "events.jsonl", torn[i]);
      FvEvents *events = fv_events_open (path, 7, NULL, &error);
      g_autoptr (GPtrArray) lines = NULL;

      g_assert_no_error (error);
      write_warning (events, "next");
      fv_events_free (events);
      lines = read_lines (path);
      g_assert_cmpuint (lines->len, ==, kept[i] + 1);
    }
}

static void
test_validation_record (void)
{
  const char *folder = fv_test_folder ();
  g_autofree char *path = g_build_filename (folder, "events.jsonl", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvEvents) events = fv_events_open (path, 7, NULL, &error);
  g_autoptr (GPtrArray) lines = NULL;
  FvClassEvaluation classes[]
      = { { .n_pictures = 3, .n_instances = 9, .precision = 0.5, .recall = 0.25, .ap50 = 0.4, .ap = 0.2 } };
  FvEvaluation evaluation = { .n_classes = 1, .classes = classes };
  char *names[] = { (char *)"cell", NULL };
  const FvEpochRecord record = {
    .epoch = 4,
    .train = { 0.05, 0.06, 0.07 },
    .validated = TRUE,
    .val = { (float)0.01, (float)0.02, NAN },
    .precision = 0.5,
    .recall = 0.25,
    .map50 = 0.4,
    .map = 0.2,
  };
  JsonObject *line, *class;

  g_assert_true (fv_train_events_validation (events, &record, &evaluation, names, &error));
  lines = read_lines (path);
  line = lines->pdata[0];
  g_assert_cmpstr (json_object_get_string_member (line, "event"), ==, "validation");
  g_assert_cmpint (json_object_get_int_member (line, "epoch"), ==, 4);
  /* A float's own digits, not those of the double behind it. */
  g_assert_cmpfloat (json_object_get_double_member (line, "box"), ==, 0.01);
  g_assert_true (json_object_get_null_member (line, "cls"));
  g_assert_cmpfloat (json_object_get_double_member (line, "map50"), ==, 0.4);
  g_assert_cmpfloat (json_object_get_double_member (json_object_get_object_member (line, "train"), "cls"), ==, 0.07);
  class = json_array_get_object_element (json_object_get_array_member (line, "per_class"), 0);
  g_assert_cmpstr (json_object_get_string_member (class, "name"), ==, "cell");
  g_assert_cmpint (json_object_get_int_member (class, "instances"), ==, 9);
}

static void
test_failures_advise (void)
{
  static const struct
  {
    const char *id;
    int code;
  } device[] = { { "out-of-memory", FV_DEVICE_ERROR_OUT_OF_MEMORY }, { "device-lost", FV_DEVICE_ERROR_LOST } };
  FvRecipe recipe;
  const char *id;

  fv_recipe_init (&recipe);
  for (guint i = 0; i < G_N_ELEMENTS (device); i++)
    {
      g_autoptr (GError) failure = g_error_new_literal (FV_DEVICE_ERROR, device[i].code, "It failed.");
      g_autofree char *hint = fv_train_advise (7, &recipe, failure, &id);

      g_assert_cmpstr (id, ==, device[i].id);
      g_assert_nonnull (strstr (hint, i == 0 ? "now 640" : "--resume 7"));
    }
}

/* A full disk is an error, not a silence. */
static void
test_full_disk (void)
{
  g_autoptr (GError) error = NULL;
  FILE *full = g_fopen ("/dev/full", "we");
  g_autofree char *path = g_build_filename (fv_test_folder (), "events.jsonl", NULL);
  g_autoptr (FvEvents) events = NULL;

  if (!full)
    {
      g_test_skip ("this system has no /dev/full");
      return;
    }
  events = fv_events_open (path, 7, full, &error);
  g_assert_no_error (error);
  g_assert_false (fv_train_events_warning (events, "test", "text", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  fclose (full);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/training/events/append", test_append);
  g_test_add_func ("/training/events/torn-line", test_torn);
  g_test_add_func ("/training/events/validation", test_validation_record);
  g_test_add_func ("/training/events/advice", test_failures_advise);
  g_test_add_func ("/training/events/full-disk", test_full_disk);
  return g_test_run ();
}
