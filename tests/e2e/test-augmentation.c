/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/e2e/fv-ui-driver.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 320
#define N_SAMPLES 40 /* in a round */
#define N_ROUNDS 3
#define QUIET_SECONDS 20       /* at most, until nobody else is at work */
#define MAX_BUSY 0.3           /* of the processors */
#define LATENCY_MS 100         /* at the 95th percentile, where the driver is a fast one */
#define SLOW_LATENCY_MS 2000   /* elsewhere */
#define BACK_SECONDS 2.0       /* of a preview whose child was killed */
#define SLOW_BACK_SECONDS 20.0 /* elsewhere */
#define LEAST_EDGE 24          /* pixels; longer than any label is high */

static char *
make_project (void)
{
  char *project = fv_test_make_project ("project", 40, 4, 4, 320);
  g_autofree char *settings = g_build_filename (project, "settings.json", NULL);

  g_assert_true (g_file_set_contents (settings, "{\"recipe\":{\"imgsz\":320}}", -1, NULL));
  return project;
}

/* Whether previews are to be made in time: a driver from Mesa 25 on, or a real device; not under a sanitizer. */
static gboolean
is_fast (void)
{
#if defined(__SANITIZE_ADDRESS__)
  return FALSE;
#else
  g_auto (FvTestCall) call = fv_test_cli (NULL, "devices", "--json", NULL);
  g_assert_cmpint (call.status, ==, 0);
  JsonArray *devices = json_object_get_array_member (call.json, "devices");
  JsonObject *device = json_array_get_object_element (devices, 0);
  const char *driver = json_object_get_string_member (device, "driver"), *mesa = strstr (driver, "Mesa ");
  const gboolean is_cpu = g_str_equal (json_object_get_string_member (device, "type"), "cpu");
  g_test_message ("%s, %s", json_object_get_string_member (device, "name"), driver);
  return !is_cpu || (mesa != NULL && atoi (mesa + 5) >= 25);
#endif
}

/* Ticks of all processors, and those of them at work. */
static void
read_ticks (double *all, double *busy)
{
  g_autofree char *text = NULL;
  double t[8] = { 0 };
  g_assert_true (g_file_get_contents ("/proc/stat", &text, NULL, NULL));
  sscanf (text, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6, t + 7);
  *busy = t[0] + t[1] + t[2] + t[5] + t[6] + t[7];
  *all = *busy + t[3] + t[4];
}

/* Whether others leave the processors to this test, whose programs are at rest. Waits a while for it. */
static gboolean
is_quiet (void)
{
  for (guint i = 0; i < QUIET_SECONDS; i++)
    {
      double all, busy, later, later_busy;
      read_ticks (&all, &busy);
      g_usleep (G_USEC_PER_SEC);
      read_ticks (&later, &later_busy);
      if (later_busy - busy < MAX_BUSY * (later - all))
        return TRUE;
    }
  return FALSE;
}

static FvUi *
start (const char *project)
{
  const char *arguments[] = { project, NULL };
  FvUi *ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });
  fv_ui_key (ui, "<Alt>2");
  /* The child has to start, and to make its pipelines. */
  fv_ui_set_patience (ui, 60);
  fv_ui_wait (ui, "image", "images/train/*");
  fv_ui_set_patience (ui, 0);
  g_assert_cmpuint (fv_ui_count (ui, "image", "images/train/*"), ==, 4);
  return ui;
}

static FvUiRect
get_preview (FvUi *ui)
{
  return fv_ui_get_extents (ui, NULL, "Training Samples");
}

static gboolean
shows (FvUi *ui, const FvUiRect *rect, const char *hash)
{
  g_autofree char *now = fv_ui_hash (ui, rect);
  return g_str_equal (now, hash);
}

/* After everything that the last action brings about. */
static char *
hash_of_rest (FvUi *ui, const FvUiRect *rect)
{
  fv_ui_settle (ui, rect);
  return fv_ui_hash (ui, rect);
}

static void
press_at_slider (FvUi *ui, const char *slider, const char *key)
{
  fv_ui_tab_to (ui, "slider", slider);
  fv_ui_key (ui, key);
}

/* Boxes. */

/* Columns of the picture's place where the two differ over a length that only a side of a box has. */
static GArray *
find_edges (cairo_surface_t *with, cairo_surface_t *without)
{
  const int width = cairo_image_surface_get_width (with), height = cairo_image_surface_get_height (with);
  const int stride = cairo_image_surface_get_stride (with);
  const guint8 *a = cairo_image_surface_get_data (with), *b = cairo_image_surface_get_data (without);
  GArray *edges = g_array_new (FALSE, FALSE, sizeof (int));
  for (int x = 0; x < width; x++)
    {
      int run = 0, longest = 0;
      for (int y = 0; y < height; y++)
        {
          const gboolean same = memcmp (a + y * stride + 4 * x, b + y * stride + 4 * x, 3) == 0;
          run = same ? 0 : run + 1;
          longest = MAX (longest, run);
        }
      if (longest >= LEAST_EDGE)
        g_array_append_val (edges, x);
    }
  return edges;
}

static GArray *
grab_edges (FvUi *ui, const FvUiRect *rect)
{
  fv_ui_settle (ui, rect);
  cairo_surface_t *with = fv_ui_grab (ui, rect);
  fv_ui_key (ui, "b");
  fv_ui_settle (ui, rect);
  cairo_surface_t *without = fv_ui_grab (ui, rect);
  fv_ui_key (ui, "b");
  fv_ui_settle (ui, rect);
  GArray *edges = find_edges (with, without);
  cairo_surface_destroy (with);
  cairo_surface_destroy (without);
  return edges;
}

static void
assert_mirrored (const GArray *edges, const GArray *others, int width)
{
  for (guint i = 0; i < edges->len; i++)
    {
      int nearest = G_MAXINT;
      for (guint k = 0; k < others->len; k++)
        nearest = MIN (nearest, abs (g_array_index (edges, int, i) - (width - 1 - g_array_index (others, int, k))));
      g_assert_cmpint (nearest, <=, 3);
    }
}

static void
test_boxes (void)
{
  g_autofree char *project = make_project ();
  g_autoptr (FvUi) ui = start (project);
  const FvUiRect preview = get_preview (ui);
  g_autofree char *light = hash_of_rest (ui, &preview);

  /* A preset: the pictures as they are, which “Original” shows as well. */
  fv_ui_click (ui, "button", "None");
  fv_ui_until (ui, !shows (ui, &preview, light));
  fv_ui_wait_value (ui, "slider", "Mirror", 0, 1e-6);
  fv_ui_wait_value (ui, "slider", "Mosaic", 0, 1e-6);
  fv_ui_wait (ui, "label", "Pictures stay as they are.*");
  fv_ui_hover (ui, "slider", "Mirror", 0.5, 0.5);
  g_autofree char *none = hash_of_rest (ui, &preview);
  fv_ui_screenshot (ui, "augmentation-none.png");

  /* Every picture mirrored, and every box with its object. */
  const FvUiRect tile = fv_ui_get_extents (ui, "image", "images/train/*");
  g_autoptr (GArray) before = grab_edges (ui, &tile);
  press_at_slider (ui, "Mirror", "End");
  fv_ui_wait_value (ui, "slider", "Mirror", 100, 1e-6);
  fv_ui_until (ui, !shows (ui, &preview, none));
  fv_ui_wait (ui, "label", "Custom: your own mixture.");
  g_autoptr (GArray) after = grab_edges (ui, &tile);
  g_assert_cmpuint (before->len, >=, 2);
  assert_mirrored (before, after, tile.width);
  assert_mirrored (after, before, tile.width);
  g_autofree char *mirrored = hash_of_rest (ui, &preview);

  /* As they were, and back by moving any slider. */
  fv_ui_key (ui, "o");
  fv_ui_until (ui, shows (ui, &preview, none));
  fv_ui_wait_state (ui, "button", "Original", "pressed", TRUE);
  fv_ui_key (ui, "o");
  fv_ui_until (ui, shows (ui, &preview, mirrored));
  fv_ui_key (ui, "o");
  fv_ui_until (ui, shows (ui, &preview, none));
  press_at_slider (ui, "Mirror", "Left");
  fv_ui_wait_state (ui, "button", "Original", "pressed", FALSE);
  press_at_slider (ui, "Mirror", "End");
  fv_ui_until (ui, shows (ui, &preview, mirrored));

  /* Other pictures. */
  fv_ui_wait (ui, "label", "Epoch 1, pictures 1–4 of 40");
  fv_ui_key (ui, "r");
  fv_ui_wait (ui, "label", "Epoch 1, pictures 5–8 of 40");
  fv_ui_until (ui, !shows (ui, &preview, mirrored));

  /* Colours alone leave the boxes where they are; turning moves them. */
  const FvUiRect other_tile = fv_ui_get_extents (ui, "image", "images/train/*");
  g_autoptr (GArray) plain = grab_edges (ui, &other_tile);
  g_autofree char *pale = hash_of_rest (ui, &preview);
  press_at_slider (ui, "Saturation", "End");
  fv_ui_until (ui, !shows (ui, &preview, pale));
  g_autoptr (GArray) coloured = grab_edges (ui, &other_tile);
  g_assert_cmpmem (plain->data, plain->len * sizeof (int), coloured->data, coloured->len * sizeof (int));
  g_autofree char *upright = hash_of_rest (ui, &preview);
  press_at_slider (ui, "Rotation", "Page_Up");
  fv_ui_wait_value (ui, "slider", "Rotation", 10, 1e-6);
  fv_ui_until (ui, !shows (ui, &preview, upright));
  g_autoptr (GArray) turned = grab_edges (ui, &other_tile);
  g_assert_true (plain->len != turned->len || memcmp (plain->data, turned->data, plain->len * sizeof (int)) != 0);

  /* A preset over one's own mixture can be undone. */
  fv_ui_click (ui, "button", "Strong");
  fv_ui_wait_value (ui, "slider", "Size", 90, 1e-6);
  fv_ui_click (ui, "button", "Undo");
  fv_ui_wait_value (ui, "slider", "Size", 0, 1e-6);
  fv_ui_wait_value (ui, "slider", "Rotation", 10, 1e-6);
  fv_ui_click (ui, "button", "Saturation: Back to *");
  fv_ui_wait_value (ui, "slider", "Saturation", 70, 1e-6);

  /* All of it is there the next time, and in the file. */
  fv_ui_quit (ui);
  g_autofree char *path = g_build_filename (project, "settings.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_file (parser, path, NULL));
  JsonObject *recipe = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), "recipe");
  g_assert_cmpfloat (json_object_get_double_member (recipe, "fliplr"), ==, 1);
  g_assert_cmpfloat (json_object_get_double_member (recipe, "degrees"), ==, 10);
  g_assert_cmpfloat (json_object_get_double_member (recipe, "hsv_s"), ==, 0.7);
  g_assert_cmpfloat (json_object_get_double_member (recipe, "scale"), ==, 0);
  g_assert_cmpint (json_object_get_int_member (recipe, "imgsz"), ==, SIDE);
  g_autoptr (FvUi) again = start (project);
  g_assert_cmpfloat (fv_ui_get_value (again, "slider", "Mirror"), ==, 100);
  g_assert_cmpfloat (fv_ui_get_value (again, "slider", "Rotation"), ==, 10);
  fv_ui_quit (again);
}

/* Time. */

static gboolean
is_same (cairo_surface_t *a, cairo_surface_t *b)
{
  const int height = cairo_image_surface_get_height (a), stride = cairo_image_surface_get_stride (a);
  return memcmp (cairo_image_surface_get_data (a), cairo_image_surface_get_data (b), (gsize)height * stride) == 0;
}

typedef struct
{
  FvUi *ui;
  FvUiRect preview, slider;
  GArray *milliseconds; /* of double */
} Timing;

static void
move_slider (Timing *self, guint i)
{
  fv_ui_pointer_move (self->ui, self->slider.x + self->slider.width * (0.35 + 0.05 * (i % 6)),
                      self->slider.y + self->slider.height / 2.0);
}

/* The time from a movement of the slider until the preview's pixels, which are at rest before, are others. */
static void
measure (Timing *self, guint i)
{
  fv_ui_settle (self->ui, &self->preview);
  cairo_surface_t *before = fv_ui_grab (self->ui, &self->preview), *now;
  const gint64 begin = g_get_monotonic_time ();
  gboolean same;
  double milliseconds;
  move_slider (self, i);
  do
    {
      now = fv_ui_grab (self->ui, &self->preview);
      milliseconds = (g_get_monotonic_time () - begin) / 1000.0;
      same = is_same (before, now);
      cairo_surface_destroy (now);
    }
  while (same && milliseconds < 10000);
  if (same)
    fv_ui_fail (self->ui, "The preview does not follow the slider.");
  cairo_surface_destroy (before);
  g_array_append_val (self->milliseconds, milliseconds);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return *(const double *)a < *(const double *)b ? -1 : 1;
}

static double
percentile (GArray *numbers, double fraction)
{
  g_array_sort (numbers, compare);
  return g_array_index (numbers, double, MIN ((guint)ceil (numbers->len * fraction), numbers->len) - 1);
}

/* The best of some rounds counts: others may come in between. */
static void
assert_in_time (Timing *self, double limit)
{
  double best = G_MAXDOUBLE;
  for (guint round = 0; round < N_ROUNDS && best > limit; round++)
    {
      const gboolean quiet = is_quiet ();
      g_array_set_size (self->milliseconds, 0);
      for (guint i = 0; i < N_SAMPLES; i++)
        measure (self, round * N_SAMPLES + i);
      const double most = percentile (self->milliseconds, 0.95);
      g_test_message ("From slider to pixels: median %.0f ms, 95th percentile %.0f ms%s",
                      percentile (self->milliseconds, 0.5), most, quiet ? "" : " on a busy computer");
      best = MIN (best, most);
      if (!quiet)
        limit = SLOW_LATENCY_MS;
    }
  g_assert_cmpfloat (best, <=, limit);
}

static void
test_time (void)
{
  g_autofree char *project = make_project ();
  const double limit = is_fast () ? LATENCY_MS : SLOW_LATENCY_MS;
  g_autoptr (FvUi) ui = start (project);
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (double));
  Timing timing = { .ui = ui, .preview = get_preview (ui), .milliseconds = all };

  fv_ui_drag_slider (ui, "Rotation", 0.25);
  timing.slider = fv_ui_get_extents (ui, "slider", "Rotation");
  fv_ui_pointer_move (ui, timing.slider.x + timing.slider.width * 0.25, timing.slider.y + timing.slider.height / 2.0);
  fv_ui_pointer_press (ui, 1);
  /* At once: a slider that is held still for a while goes in small steps. */
  move_slider (&timing, 5);
  assert_in_time (&timing, limit);
  fv_ui_pointer_release (ui, 1);
  g_assert_cmpfloat (fv_ui_get_value (ui, "slider", "Rotation"), >, 60);
  fv_ui_quit (ui);
}

/* The child. */

/* The process of that parent which serves, 0 without one. */
static int
find_child (int parent)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc", 0, NULL);
  for (const char *name; (name = g_dir_read_name (folder)) != NULL;)
    {
      g_autofree char *stat_path = g_build_filename ("/proc", name, "stat", NULL);
      g_autofree char *command_path = g_build_filename ("/proc", name, "cmdline", NULL);
      g_autofree char *stat = NULL, *command = NULL;
      gsize length = 0;
      int its_parent = 0;
      if (!g_ascii_isdigit (*name) || !g_file_get_contents (stat_path, &stat, NULL, NULL)
          || !g_file_get_contents (command_path, &command, &length, NULL))
        continue;
      const char *rest = strrchr (stat, ')');
      if (rest == NULL || sscanf (rest, ") %*c %d", &its_parent) != 1 || its_parent != parent)
        continue;
      if (memmem (command, length, "\0serve\0", 7) != NULL)
        return atoi (name);
    }
  return 0;
}

static void
test_child (void)
{
  g_autofree char *project = make_project ();
  const double limit = is_fast () && is_quiet () ? BACK_SECONDS : SLOW_BACK_SECONDS;
  g_autoptr (FvUi) ui = start (project);
  const FvUiRect preview = get_preview (ui);
  const FvUiRect slider = fv_ui_get_extents (ui, "slider", "Rotation");
  const double y = slider.y + slider.height / 2.0;
  g_autofree char *end = NULL;

  /* The same place of the slider always brings the same pixels. */
  fv_ui_drag_slider (ui, "Rotation", 0.4);
  fv_ui_pointer_move (ui, slider.x + slider.width * 0.4, y);
  fv_ui_pointer_press (ui, 1);
  fv_ui_pointer_move (ui, slider.x + slider.width * 0.8, y);
  end = hash_of_rest (ui, &preview);
  for (guint round = 0; round < 3; round++)
    {
      const int child = find_child (fv_ui_get_pid (ui));
      gboolean back = FALSE;
      double seconds;
      g_assert_cmpint (child, >, 0);
      for (guint step = 1; step <= 20; step++)
        {
          if (step == 5)
            g_assert_cmpint (kill (child, SIGKILL), ==, 0);
          fv_ui_pointer_move (ui, slider.x + slider.width * (0.4 + 0.02 * step), y);
        }
      const gint64 begin = g_get_monotonic_time ();
      do
        {
          g_autofree char *now = fv_ui_hash (ui, &preview);
          seconds = (g_get_monotonic_time () - begin) / 1e6;
          back = g_str_equal (now, end);
          g_assert_false (fv_ui_has (ui, "label", "No Preview"));
        }
      while (!back && seconds < 30);
      g_test_message ("Back %.2f s after the drag during which the child was killed", seconds);
      g_assert_true (back);
      g_assert_cmpfloat (seconds, <=, limit);
      g_assert_cmpint (find_child (fv_ui_get_pid (ui)), !=, child);
    }
  fv_ui_pointer_release (ui, 1);
  fv_ui_wait_gone (ui, "label", "One moment…");
  g_assert_false (fv_ui_has (ui, "button", "Try Again"));
  fv_ui_quit (ui);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/augmentation/boxes", test_boxes);
  g_test_add_func ("/ui/augmentation/time", test_time);
  g_test_add_func ("/ui/augmentation/child", test_child);
  return g_test_run ();
}
