/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-driver.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include "app/dataset/fv-picture.h"

#include <stdlib.h>

/* A project with a run that has learned a little: enough to find something. */
static char *
make_project (void)
{
  char *project = fv_test_make_project ("project", 48, 4, 4, 96);
  g_auto (FvTestCall) train
      = fv_test_cli (NULL, "train", project, "--scratch", "--imgsz", "96", "--batch", "8", "--epochs", "3", "--set",
                     "nbs=8", "--set", "optimizer=AdamW", "--set", "lr0=0.003", "--set", "warmup_epochs=1", "--set",
                     "ema_tau=10", "--set", "mosaic=0", "--set", "val_period=3", "--json", NULL);

  g_assert_cmpint (train.status, ==, 0);
  return project;
}

/* What fovea-cli finds in the picture. */
static guint
count_by_cli (const char *weights, const char *picture, const char *confidence)
{
  g_auto (FvTestCall) call = fv_test_cli (NULL, "detect", "--weights", weights, picture, "--imgsz", "96", "--conf",
                                          confidence, "--json", NULL);
  g_assert_cmpint (call.status, ==, 0);
  JsonObject *image = json_array_get_object_element (json_object_get_array_member (call.json, "images"), 0);
  return json_array_get_length (json_object_get_array_member (image, "detections"));
}

/* What the page says it has found: "3 objects found". */
static guint
count_shown (FvUi *ui)
{
  g_autofree char *text = NULL;
  if (fv_ui_has (ui, "label", "Nothing found at this confidence"))
    return 0;
  text = fv_ui_get_name (ui, "label", "* found");
  return strtoul (text, NULL, 10);
}

static void
test_try (void)
{
  g_autofree char *project = make_project ();
  g_autofree char *weights = g_build_filename (project, "runs", "1", "best.safetensors", NULL);
  g_autofree char *first = g_build_filename (project, "..", "pictures", "images", "test", "0001.jpg", NULL);
  g_autofree char *second = g_build_filename (project, "..", "pictures", "images", "test", "0002.jpg", NULL);
  const char *arguments[] = { project, NULL };
  g_autoptr (FvUi) ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });

  fv_ui_key (ui, "<Alt>4");
  fv_ui_wait (ui, "combo", "Detector");
  g_assert_true (fv_ui_has (ui, "label", "Run 1*"));
  fv_ui_click (ui, "button", "Open Picture…");
  fv_ui_choose_file (ui, first);
  /* The child has to start, and to make its pipelines. */
  fv_ui_set_patience (ui, 60);
  fv_ui_wait (ui, "label", "* found*");
  fv_ui_wait (ui, "image", "0001.jpg");
  fv_ui_set_patience (ui, 0);

  /* The lower the confidence, the more there is; at every place as many as the terminal says. */
  g_autofree char *before = fv_ui_hash (ui, NULL);
  fv_ui_tab_to (ui, "slider", "Confidence");
  fv_ui_key (ui, "Home");
  fv_ui_wait_value (ui, "slider", "Confidence", 0.02, 1e-6);
  const guint most = count_by_cli (weights, first, "0.02");
  g_assert_cmpuint (most, >, 0);
  fv_ui_until (ui, count_shown (ui) == most);
  g_assert_cmpuint (fv_ui_count (ui, "list item", "*%"), ==, MIN (most, 100));
  g_autofree char *after = fv_ui_hash (ui, NULL);
  g_assert_cmpstr (before, !=, after);
  fv_ui_screenshot (ui, "try.png");
  fv_ui_drag_slider (ui, "Confidence", 0.1);
  g_autofree char *confidence = g_strdup_printf ("%.6f", fv_ui_get_value (ui, "slider", "Confidence"));
  const guint fewer = count_by_cli (weights, first, confidence);
  fv_ui_until (ui, count_shown (ui) == fewer);
  g_assert_cmpuint (fewer, <, most);

  /* A copy with the boxes in it. */
  g_autofree char *copy = g_build_filename (fv_ui_get_home (ui), "copy.jpg", NULL);
  fv_ui_key (ui, "<Control>s");
  fv_ui_choose_file (ui, copy);
  fv_ui_until (ui, g_file_test (copy, G_FILE_TEST_EXISTS));
  fv_ui_wait (ui, NULL, "Saved as “copy.jpg”");
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) saved = fv_picture_load (copy, NULL, 0, FV_RESIZE_LINEAR, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (saved->width, ==, 96);
  g_assert_cmpuint (saved->height, ==, 96);

  /* Another one by drop. */
  fv_ui_drop_file (ui, "image", "0001.jpg", second);
  fv_ui_wait (ui, "image", "0002.jpg");
  fv_ui_until (ui, count_shown (ui) == count_by_cli (weights, second, confidence));

  /* And one that is none. */
  const char *broken = fv_test_write (fv_ui_get_home (ui), "broken.jpg", "This is no picture.");
  fv_ui_drop_file (ui, "image", "0002.jpg", broken);
  fv_ui_wait (ui, "label", "That Did Not Work");
  fv_ui_wait (ui, "label", "*broken.jpg*");
  fv_ui_click (ui, "button", "From Project");
  fv_ui_wait (ui, "label", "* found*");
  fv_ui_quit (ui);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/try", test_try);
  return g_test_run ();
}
