/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-tour.h"

#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

char *
fv_ui_tour_make_project (void)
{
  char *project = fv_test_make_project ("Coloured Shapes", 24, 8, 8, 160);
  g_auto (FvTestCall) train = fv_test_cli (NULL, "train", project, "--scratch", "--imgsz", "64", "--batch", "8",
                                           "--epochs", "3", "--seed", "0", NULL);

  g_assert_cmpint (train.status, ==, 0);
  return project;
}

/* Pictures come from threads and from another process; a page is at rest once nothing new has come for a while. */
static void
rest (FvUi *ui)
{
  FvUiRect window = fv_ui_get_window (ui);

  /* No tooltips. */
  fv_ui_pointer_move (ui, window.x + window.width - 1, window.y + window.height - 1);
  fv_ui_set_patience (ui, 60);
  fv_ui_wait_gone (ui, NULL, fv_ui_text (ui, "Working it out"));
  fv_ui_settle (ui, NULL);
  fv_ui_set_patience (ui, 0);
}

static void
see_project (FvUi *ui, FvUiTourStop stop, gpointer data)
{
  fv_ui_set_patience (ui, 30);
  fv_ui_wait (ui, "tab", fv_ui_text (ui, "Pictures"));
  fv_ui_wait (ui, "row", "0000.jpg");
  rest (ui);
  stop (ui, "pictures", data);
  fv_ui_double_click (ui, "row", "0000.jpg");
  fv_ui_wait (ui, "list", fv_ui_text (ui, "Boxes"));
  rest (ui);
  stop (ui, "picture", data);
  fv_ui_key (ui, "Escape");
  fv_ui_wait (ui, "row", "0000.jpg");

  fv_ui_key (ui, "<Alt>2");
  fv_ui_wait (ui, "slider", fv_ui_text (ui, "Rotation"));
  fv_ui_set_patience (ui, 60);
  fv_ui_wait (ui, "image", "*.jpg");
  rest (ui);
  stop (ui, "augmentation", data);

  fv_ui_key (ui, "<Alt>3");
  fv_ui_wait (ui, "button", fv_ui_text (ui, "_Start"));
  rest (ui);
  stop (ui, "training", data);
  fv_ui_click (ui, "row", "* 1");
  rest (ui);
  stop (ui, "run", data);

  fv_ui_key (ui, "<Alt>4");
  fv_ui_wait (ui, "slider", fv_ui_text (ui, "_Confidence"));
  rest (ui);
  stop (ui, "try", data);
  fv_ui_click (ui, "button", fv_ui_text (ui, "_Take One from the Project"));
  fv_ui_wait_gone (ui, "button", fv_ui_text (ui, "_Take One from the Project"));
  rest (ui);
  stop (ui, "try-picture", data);
}

void
fv_ui_tour (const FvUiParams *params, const char *project, FvUiTourStop stop, gpointer data)
{
  FvUiParams own = *params;
  FvUi *ui;

  own.home = fv_test_folder ();
  own.arguments = (const char *const[]){ project, NULL };
  ui = fv_ui_start (&own);
  see_project (ui, stop, data);
  fv_ui_quit (ui);
  fv_ui_free (ui);

  /* Started again, the program knows the project. */
  own.arguments = NULL;
  ui = fv_ui_start (&own);
  fv_ui_wait (ui, "label", fv_ui_text (ui, "Recent Projects"));
  rest (ui);
  stop (ui, "welcome", data);
  fv_ui_click (ui, "button", fv_ui_text (ui, "_New Project…"));
  fv_ui_wait (ui, "entry", NULL);
  rest (ui);
  stop (ui, "new-project", data);
  fv_ui_key (ui, "Escape");
  fv_ui_wait_gone (ui, "entry", NULL);
  fv_ui_key (ui, "<Control>question");
  fv_ui_wait (ui, "label", fv_ui_text (ui, "Back to all pictures"));
  rest (ui);
  stop (ui, "shortcuts", data);
  fv_ui_key (ui, "Escape");
  fv_ui_wait_gone (ui, "label", fv_ui_text (ui, "Back to all pictures"));
  fv_ui_quit (ui);
  fv_ui_free (ui);
}
