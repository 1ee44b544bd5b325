/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-plot.h"
#include "app/project/fv-lock.h"
#include "tests/e2e/fv-ui-driver.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define EPOCHS 12
/* Of a batch, with room for a slow machine: the run itself, not the window. */
#define PATIENCE 100

static char *
make_project (void)
{
  return fv_test_make_project ("project", 16, 6, 1, 96);
}

/* What events.jsonl holds, without what a resume superseded. */

typedef struct
{
  guint epoch, step; /* of a step record; validations come after every step */
  double box, precision, recall, map50;
} Record;

typedef struct
{
  GArray *steps, *validations; /* of Record */
  guint n_resumed;
  char *reason; /* (nullable) */
} Events;

static void
events_clear (Events *events)
{
  g_array_unref (events->steps);
  g_array_unref (events->validations);
  g_free (events->reason);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Events, events_clear)

static void
supersede (GArray *records, guint epoch, guint step)
{
  while (records->len > 0)
    {
      const Record *last = &g_array_index (records, Record, records->len - 1);
      if (last->epoch < epoch || (last->epoch == epoch && last->step < step))
        return;
      g_array_set_size (records, records->len - 1);
    }
}

static double
get_double (JsonObject *object, const char *name)
{
  return json_object_get_double_member_with_default (object, name, NAN);
}

static Events
read_events (const char *project, guint run)
{
  Events events = { g_array_new (FALSE, FALSE, sizeof (Record)), g_array_new (FALSE, FALSE, sizeof (Record)), 0, NULL };
  g_autofree char *path = g_strdup_printf ("%s/runs/%u/events.jsonl", project, run);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return events;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
      if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
        continue;
      JsonObject *object = json_node_get_object (node);
      const char *event = json_object_get_string_member (object, "event");
      const Record record = {
        .epoch = (guint)json_object_get_int_member_with_default (object, "epoch", 0),
        .step = (guint)json_object_get_int_member_with_default (object, "step", G_MAXUINT - 1),
        .box = get_double (object, "box"),
        .precision = get_double (object, "precision"),
        .recall = get_double (object, "recall"),
        .map50 = get_double (object, "map50"),
      };
      if (g_str_equal (event, "step"))
        g_array_append_val (events.steps, record);
      else if (g_str_equal (event, "validation"))
        g_array_append_val (events.validations, record);
      else if (g_str_equal (event, "resumed"))
        {
          supersede (events.steps, record.epoch, record.step);
          supersede (events.validations, record.epoch, record.step);
          g_clear_pointer (&events.reason, g_free);
          events.n_resumed++;
        }
      else if (g_str_equal (event, "run-finished"))
        events.reason = g_strdup (json_object_get_string_member (object, "reason"));
    }
  return events;
}

static guint
count_validations (const char *project, guint run)
{
  g_auto (Events) events = read_events (project, run);
  return events.validations->len;
}

/* What a chart says of a curve: "Training: 8 points, last value 0.094; ...". */
static gboolean
says (const char *description, const char *curve, guint n, double last)
{
  g_autofree char *part = g_strdup_printf ("%s: %u point", curve, n);
  const char *place = strstr (description, part);
  const char *value = place ? strstr (place, "last value ") : NULL;
  /* Three digits are shown. */
  return value != NULL
         && fabs (g_ascii_strtod (value + strlen ("last value "), NULL) - last) <= 0.01 * fabs (last) + 1e-6;
}

static gboolean
charts_agree (FvUi *ui, const char *project, guint run)
{
  g_auto (Events) events = read_events (project, run);
  g_autofree char *box = fv_ui_get_description (ui, "image", "Box loss");
  g_autofree char *map = fv_ui_get_description (ui, "image", "Mean average precision");
  g_autofree char *shares = fv_ui_get_description (ui, "image", "Precision and recall");
  if (events.validations->len == 0)
    return FALSE;
  const guint n = events.validations->len;
  const Record *step = &g_array_index (events.steps, Record, events.steps->len - 1);
  const Record *validation = &g_array_index (events.validations, Record, n - 1);
  g_test_message ("%u steps, %u validations. %s | %s | %s", events.steps->len, n, box, map, shares);
  return says (box, "Each batch", events.steps->len, step->box) && says (box, "Validation", n, validation->box)
         && says (map, "mAP50", n, validation->map50) && says (shares, "Precision", n, validation->precision)
         && says (shares, "Recall", n, validation->recall);
}

/* Where the last point of recall must be on the screen: the same drawing once more, of the numbers in the file. */
static void
assert_drawn (FvUi *ui, const char *project, guint run)
{
  g_auto (Events) events = read_events (project, run);
  const guint n = events.validations->len;
  double x[EPOCHS], y[2][EPOCHS], px, py;
  g_assert_cmpuint (n, ==, EPOCHS);
  for (guint i = 0; i < n; i++)
    {
      const Record *record = &g_array_index (events.validations, Record, i);
      x[i] = record->epoch + 1;
      y[0][i] = record->precision;
      y[1][i] = record->recall;
    }
  const FvPlotSeries series[] = { { .name = "Precision", .x = x, .y = y[0], .n = n },
                                  { .name = "Recall", .colour = 1, .x = x, .y = y[1], .n = n } };
  /* With what is below it, it is scrolled into sight as a whole; the pointer then goes, and what it reads with it. */
  fv_ui_hover (ui, "image", "Class loss", 0.5, 0.5);
  fv_ui_pointer_move (ui, 100, 500);
  fv_ui_settle (ui, NULL);
  const FvUiRect place = fv_ui_get_extents (ui, "image", "Precision and recall");
  g_autoptr (FvPlot) plot = fv_plot_new ();
  PangoContext *context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  PangoFontDescription *font = pango_font_description_from_string ("Cantarell 11");
  pango_cairo_context_set_resolution (context, 96);
  pango_context_set_font_description (context, font);
  fv_plot_set_title (plot, "Precision and recall");
  fv_plot_set_x_title (plot, "Epoch");
  fv_plot_set_y_range (plot, 0, 1);
  fv_plot_set_x_range (plot, 0, EPOCHS);
  fv_plot_set_series (plot, series, G_N_ELEMENTS (series));
  fv_plot_lay_out (plot, place.width, place.height, &(FvPlotStyle){ .context = context });
  g_assert_true (fv_plot_map (plot, 1, n - 1, &px, &py));
  pango_font_description_free (font);
  g_object_unref (context);
  const FvColour colour = fv_palette_get_series (1, FALSE);
  const guint32 rgb = (guint32)lround (colour.red * 255) << 16 | (guint32)lround (colour.green * 255) << 8
                      | (guint32)lround (colour.blue * 255);
  fv_ui_screenshot (ui, "training-curves.png");
  const FvUiRect dot = { place.x + (int)px - 3, place.y + (int)py - 3, 7, 7 };
  g_test_message ("The last recall, %g, is at %d, %d of the screen.", y[1][n - 1], dot.x + 3, dot.y + 3);
  g_assert_cmpuint (fv_ui_count_colour (ui, &dot, rgb, 24), >=, 8);
}

/* From the page as it is to a run that is under way, by hand. */
static void
start_run (FvUi *ui)
{
  fv_ui_key (ui, "<Alt>3");
  fv_ui_fill (ui, "Picture size", "64");
  fv_ui_fill (ui, "Epochs", G_STRINGIFY (EPOCHS));
  fv_ui_fill (ui, "Batch", "8");
  fv_ui_key (ui, "Tab");
  /* Memory is known before the start. */
  fv_ui_wait (ui, "label", "*MiB of *GiB");
  fv_ui_wait (ui, "label", "16 to train on, 6 to check the result on");
  fv_ui_screenshot (ui, "training-setup.png");
  fv_ui_click (ui, "button", "Start");
  fv_ui_wait (ui, "label", "Run 1");
  fv_ui_wait (ui, "button", "Stop");
}

/* Ends as finished, every epoch having been trained. */
static void
wait_for_end (FvUi *ui, const char *project)
{
  fv_ui_set_patience (ui, PATIENCE);
  fv_ui_wait (ui, "label", "Finished");
  fv_ui_set_patience (ui, 0);
  g_auto (Events) events = read_events (project, 1);
  g_assert_cmpuint (events.n_resumed, ==, 1);
  g_assert_cmpstr (events.reason, ==, "completed");
  g_assert_cmpuint (events.validations->len, ==, EPOCHS);
  fv_ui_until (ui, charts_agree (ui, project, 1));
}

static void
test_stop_and_resume (void)
{
  g_autofree char *project = make_project ();
  const char *arguments[] = { project, NULL };
  g_autoptr (FvUi) ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });
  start_run (ui);
  fv_ui_set_patience (ui, PATIENCE);
  fv_ui_until (ui, count_validations (project, 1) >= 2);
  fv_ui_set_patience (ui, 0);
  fv_ui_wait (ui, "label", "Epoch * of " G_STRINGIFY (EPOCHS) "*");

  fv_ui_click (ui, "button", "Stop");
  fv_ui_set_patience (ui, 30);
  fv_ui_wait (ui, "label", "Stopped");
  fv_ui_set_patience (ui, 0);
  fv_ui_wait_gone (ui, "button", "Stop");
  g_auto (Events) stopped = read_events (project, 1);
  g_assert_cmpstr (stopped.reason, ==, "stopped");
  g_assert_cmpuint (stopped.validations->len, <, EPOCHS);
  fv_ui_until (ui, charts_agree (ui, project, 1));
  fv_ui_screenshot (ui, "training-stopped.png");

  fv_ui_click (ui, "button", "Resume");
  wait_for_end (ui, project);
  assert_drawn (ui, project, 1);
  fv_ui_wait (ui, "label", "On 6 pictures that it was not trained on*");
  fv_ui_wait (ui, "button", "Try It");
  fv_ui_screenshot (ui, "training-finished.png");

  /* What came out is where the next run may start. */
  fv_ui_click (ui, "row", "New run");
  fv_ui_wait (ui, "button", "Start");
  fv_ui_quit (ui);
}

static int
find_trainer (const char *project)
{
  g_autofree char *lock = g_build_filename (project, "runs", "1", "lock", NULL);
  g_autofree char *holder = NULL;
  int pid = 0;
  g_assert_true (fv_lock_is_held (lock, &holder));
  g_test_message ("The run is trained by %s.", holder);
  g_assert_nonnull (strchr (holder, '('));
  g_assert_cmpint (sscanf (strchr (holder, '('), "(process %d", &pid), ==, 1);
  return pid;
}

static void
test_killed (void)
{
  g_autofree char *project = make_project ();
  const char *arguments[] = { project, NULL };
  g_autoptr (FvUi) ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });
  start_run (ui);
  fv_ui_set_patience (ui, PATIENCE);
  fv_ui_until (ui, count_validations (project, 1) >= 2);
  fv_ui_set_patience (ui, 0);
  g_assert_cmpint (kill (find_trainer (project), SIGKILL), ==, 0);
  fv_ui_wait (ui, "label", "Interrupted");
  fv_ui_wait (ui, "label", "This run ended without a word*");
  fv_ui_screenshot (ui, "training-interrupted.png");

  /* It is still so when the project is opened again, and goes on. */
  fv_ui_quit (ui);
  g_autoptr (FvUi) again = fv_ui_start (&(FvUiParams){ .arguments = arguments });
  fv_ui_key (again, "<Alt>3");
  fv_ui_click (again, "row", "Run 1");
  fv_ui_wait (again, "label", "Interrupted");
  fv_ui_click (again, "button", "Resume");
  wait_for_end (again, project);
  fv_ui_quit (again);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/training/stop-and-resume", test_stop_and_resume);
  g_test_add_func ("/ui/training/killed", test_killed);
  return g_test_run ();
}
