/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fv-test-data.h"
#include "ui/try/fv-detector-list.h"

#include <glib/gstdio.h>

#define STARTED                                                                                                        \
  "{\"event\":\"run-started\",\"time\":\"2026-01-02T03:04:05Z\",\"run\":%u,\"recipe\":{\"imgsz\":320,\"epochs\":2},"   \
  "\"device\":\"d\",\"images\":3,\"plan\":{\"device_bytes\":1,\"seconds_per_epoch\":null}}\n"
#define VALIDATED                                                                                                      \
  "{\"event\":\"validation\",\"time\":\"2026-01-02T03:05:05Z\",\"run\":%u,\"epoch\":0,\"box\":1,\"obj\":1,\"cls\":1,"  \
  "\"precision\":0.5,\"recall\":0.5,\"map50\":%s,\"map\":0.25,\"train\":{\"box\":1,\"obj\":1,\"cls\":1}}\n"
#define FINISHED                                                                                                       \
  "{\"event\":\"run-finished\",\"time\":\"2026-01-02T03:06:05Z\",\"run\":%u,\"reason\":\"completed\","                 \
  "\"best_epoch\":0,\"map50\":%s,\"map\":0.25}\n"

static void
write_run (const char *project, guint number, const char *map50, gboolean weights)
{
  g_autofree char *events = g_strdup_printf ("runs/%u/events.jsonl", number);
  g_autofree char *best = g_strdup_printf ("runs/%u/best.safetensors", number);
  g_autofree char *text = g_strdup_printf (STARTED VALIDATED FINISHED, number, number, map50, number, map50);
  fv_test_write (project, events, text);
  if (weights)
    fv_test_write (project, best, "");
}

static void
wait_for_items (FvDetectorList *list, guint n)
{
  const gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  while (g_list_model_get_n_items (G_LIST_MODEL (list)) != n && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, n);
}

static FvDetector *
get (FvDetectorList *list, guint position)
{
  FvDetector *detector = g_list_model_get_item (G_LIST_MODEL (list), position);
  g_object_unref (detector); /* the list keeps it */
  return detector;
}

static void
test_runs_and_files (void)
{
  const char *project = fv_test_folder ();
  write_run (project, 1, "0.75", TRUE);
  write_run (project, 2, "0.5", FALSE);
  g_autoptr (FvRunList) runs = fv_run_list_new (project);
  g_autoptr (FvDetectorList) list = fv_detector_list_new (runs);
  g_autofree char *best = g_build_filename (project, "runs", "1", "best.safetensors", NULL);

  /* A run without weights is nothing to try. */
  wait_for_items (list, 1);
  g_assert_cmpstr (fv_detector_get_name (get (list, 0)), ==, "Run 1 · mAP50 0.750");
  g_assert_cmpstr (fv_detector_get_path (get (list, 0)), ==, best);
  g_assert_cmpuint (fv_detector_get_imgsz (get (list, 0)), ==, 320);

  /* The newest run comes first, behind the files, each of which is there once. */
  write_run (project, 3, "0.875", TRUE);
  wait_for_items (list, 2);
  fv_detector_list_add_file (list, "/weights/a.pt");
  fv_detector_list_add_file (list, "/weights/b.pt");
  fv_detector_list_add_file (list, "/weights/a.pt");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 4);
  g_assert_cmpstr (fv_detector_get_name (get (list, 0)), ==, "b.pt");
  g_assert_cmpstr (fv_detector_get_name (get (list, 1)), ==, "a.pt");
  g_assert_cmpstr (fv_detector_get_name (get (list, 2)), ==, "Run 3 · mAP50 0.875");
  g_assert_cmpuint (fv_detector_list_find (list, best), ==, 3);
  g_assert_cmpuint (fv_detector_list_find (list, "/weights/c.pt"), ==, G_MAXUINT);
}

static void
note_change (GListModel *list, guint position, guint removed, guint added, guint *change)
{
  change[0] = position;
  change[1] = removed;
  change[2] = added;
}

/* Whoever has chosen a detector keeps it when others come and go. */
static void
test_least_change (void)
{
  const char *project = fv_test_folder ();
  for (guint i = 1; i <= 4; i++)
    write_run (project, i, "0.5", TRUE);
  g_autoptr (FvRunList) runs = fv_run_list_new (project);
  g_autoptr (FvDetectorList) list = fv_detector_list_new (runs);
  wait_for_items (list, 4);
  g_autoptr (FvDetector) second = g_list_model_get_item (G_LIST_MODEL (list), 1);
  guint change[3] = { 0 };
  g_signal_connect (list, "items-changed", G_CALLBACK (note_change), change);

  g_autofree char *oldest = g_build_filename (project, "runs", "1", NULL);
  fv_test_remove (oldest);
  wait_for_items (list, 3);
  g_assert_cmpuint (change[0], ==, 3);
  g_assert_cmpuint (change[1], ==, 1);
  g_assert_cmpuint (change[2], ==, 0);
  g_assert_true (get (list, 1) == second);

  write_run (project, 5, "0.5", TRUE);
  wait_for_items (list, 4);
  g_assert_cmpuint (change[0], ==, 0);
  g_assert_cmpuint (change[1], ==, 0);
  g_assert_cmpuint (change[2], ==, 1);
  g_assert_true (get (list, 2) == second);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/detector-list/runs-and-files", test_runs_and_files);
  g_test_add_func ("/detector-list/least-change", test_least_change);
  return g_test_run ();
}
