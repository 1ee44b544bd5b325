/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gst/gst.h>
#include <utime.h>

#include "app/dataset/fv-video.h"
#include "tests/app/dataset/test-import.h"

/* 2024-05-31 14:03:20, where the videos of this test were last changed. */
#define CHANGED 1717164200

/* 30 frames of 64 x 48, ten a second. NULL, and the test is skipped, where a plugin is missing. */
static const char *
make_video (const char *folder, const char *name)
{
  const char *path = fv_test_write (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *line = g_strdup_printf ("videotestsrc num-buffers=30 pattern=ball ! video/x-raw,width=64,height=48,"
                                           "framerate=10/1 ! %s ! filesink location=\"%s\"",
                                           g_str_has_suffix (name, ".ogv")    ? "theoraenc ! oggmux"
                                           : g_str_has_suffix (name, ".webm") ? "vp8enc ! webmmux"
                                                                              : "jpegenc ! avimux",
                                           path);
  g_autoptr (GstElement) pipeline = gst_parse_launch_full (line, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (pipeline == NULL)
    {
      g_test_skip (error->message);
      return NULL;
    }
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message
      = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_cmpint (utime (path, &(struct utimbuf){ CHANGED, CHANGED }), ==, 0);
  return path;
}

/* Each kind that the base and good plugins can read: frames at the rate, with their time. */
static void
test_import (gconstpointer name)
{
  const char *path = make_video (fv_test_folder (), name);
  if (path == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (FvImportReport) report = fv_import (project, path, &(FvImportParams){ .fps = 2 }, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (report->format, ==, "pictures");
  g_assert_cmpuint (report->dataset->items->len, ==, 6);
  /* WebM says itself when it was made. */
  const gint64 begin = g_str_has_suffix (name, ".webm") ? fv_dataset_get (report->dataset, 0)->time : CHANGED;
  g_assert_cmpint (begin, >=, CHANGED);
  for (guint i = 0; i < 6; i++)
    {
      const FvItem *item = fv_dataset_get (report->dataset, i);
      g_autofree char *file = g_strdup_printf ("frame_%06u.jpg", i * 5);
      g_autofree char *base = g_path_get_basename (item->path);
      g_assert_cmpstr (base, ==, file);
      g_assert_true (g_str_has_prefix (item->path, fv_project_get_path (project)));
      g_assert_cmpuint (item->width, ==, 64);
      g_assert_cmpuint (item->height, ==, 48);
      g_assert_cmpint (item->time - begin, ==, i / 2);
    }
}

/* Pictures and labels that lie beside come along; without a rate it is one a second. */
static void
test_folder (void)
{
  const char *folder = fv_test_folder ();
  if (make_video (folder, "clips/a.avi") == NULL)
    return;
  fv_test_jpeg (folder, "b.jpg", 200, 100, 1, 0);
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 4);
  fv_test_item (report, "b.jpg");
  fv_test_item (report, "clips/a/frame_000000.jpg");
  fv_test_item (report, "clips/a/frame_000010.jpg");
  fv_test_item (report, "clips/a/frame_000020.jpg");

  g_autoptr (FvImportReport) dry = fv_test_import (folder, &(FvImportParams){ .dry_run = TRUE, .fps = 100 });
  g_assert_cmpuint (dry->dataset->items->len, ==, 31);
  fv_test_item (dry, "b.jpg");
}

/* CVAT's tracks on a video: every third frame from 10 on. */
static void
test_cvat (void)
{
  const char *folder = fv_test_folder ();
  if (make_video (folder, "a.avi") == NULL)
    return;
  fv_test_write (
      folder, "annotations.xml",
      "<?xml version=\"1.0\"?><annotations><version>1.1</version><meta><task><size>4</size>"
      "<mode>interpolation</mode><start_frame>10</start_frame><stop_frame>19</stop_frame>"
      "<frame_filter>step=3</frame_filter><labels><label><name>ball</name></label></labels>"
      "</task></meta>\n<track id=\"0\" label=\"ball\">\n"
      "<box frame=\"10\" outside=\"0\" occluded=\"0\" keyframe=\"1\" xtl=\"0\" ytl=\"0\" xbr=\"10\" ybr=\"10\"/>\n"
      "<box frame=\"16\" outside=\"0\" occluded=\"0\" keyframe=\"1\" xtl=\"20\" ytl=\"0\" xbr=\"30\" ybr=\"10\"/>\n"
      "<box frame=\"19\" outside=\"1\" occluded=\"0\" keyframe=\"1\" xtl=\"20\" ytl=\"0\" xbr=\"30\" ybr=\"10\"/>\n"
      "</track></annotations>");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpstr (report->format, ==, "cvat");
  g_assert_cmpuint (report->dataset->items->len, ==, 4);
  g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 3);
  fv_test_assert_box (fv_test_item (report, "a/frame_000013.jpg"), 0, 0, 10, 0, 20, 10);
  fv_test_item (report, "a/frame_000019.jpg");
}

static void
test_broken (void)
{
  const char *folder = fv_test_folder ();
  const char *const texts[] = { "", "no video", "RIFF\1\1\1\1AVI LIST", "\x1a\x45\xdf\xa3\x9f\x42\x86\x81", "OggS" };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvProject) project = fv_test_project ();
      const char *path = fv_test_write (folder, "a.avi", texts[i]);
      g_assert_null (fv_import (project, path, &(FvImportParams){ 0 }, &error));
      g_assert_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_UNPACK);
      g_assert_nonnull (strstr (error->message, "a.avi"));
      g_autofree char *pictures = g_build_filename (fv_project_get_path (project), "pictures", NULL);
      g_autofree char *left = fv_test_list (pictures);
      g_assert_cmpstr (left, ==, "");
    }
}

static void
test_cancelled (void)
{
  const char *path = make_video (fv_test_folder (), "a.avi");
  if (path == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_cancellable_cancel (cancellable);
  g_assert_null (fv_import (project, path, &(FvImportParams){ .cancellable = cancellable }, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_names (void)
{
  g_assert_true (fv_name_is_video ("a.MP4"));
  g_assert_true (fv_name_is_video ("a.b.webm"));
  g_assert_false (fv_name_is_video ("mp4"));
  g_assert_false (fv_name_is_video ("a.jpg"));
}

int
main (int argc, char *argv[])
{
  fv_test_isolate ();
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);
  g_test_add_data_func ("/dataset/video/theora", "a.ogv", test_import);
  g_test_add_data_func ("/dataset/video/webm", "a.webm", test_import);
  g_test_add_data_func ("/dataset/video/avi", "a.avi", test_import);
  g_test_add_func ("/dataset/video/folder", test_folder);
  g_test_add_func ("/dataset/video/cvat", test_cvat);
  g_test_add_func ("/dataset/video/broken", test_broken);
  g_test_add_func ("/dataset/video/cancelled", test_cancelled);
  g_test_add_func ("/dataset/video/names", test_names);
  return g_test_run ();
}
