/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-palette.h"
#include "tests/e2e/fv-ui-driver.h"
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 400
#define HEIGHT 300
#define TOLERANCE 24

/* A box in pixels of the picture; none of them near its middle line, where the buttons to the neighbours are. */
typedef struct
{
  const char *picture;
  guint class_id;
  double x1, y1, x2, y2;
} Box;

static const Box boxes[] = {
  { "images/train/first.png", 0, 100, 40, 220, 130 },
  { "images/train/second.png", 1, 60, 180, 160, 260 },
  { "images/val/third.png", 2, 200, 30, 320, 120 },
};

static char *
make_project (void)
{
  const char *folder = fv_test_folder ();
  char *project = g_build_filename (folder, "project", NULL);
  fv_test_write (folder, "data/data.yaml", "train: images/train\nval: images/val\nnames: [cat, dog, owl]\n");
  for (guint i = 0; i < G_N_ELEMENTS (boxes); i++)
    {
      const Box *box = &boxes[i];
      g_autofree char *path = g_build_filename (folder, "data", box->picture, NULL);
      g_autofree char *parent = g_path_get_dirname (path);
      g_autofree char *labels = g_strdup_printf ("data/labels/%s", box->picture + strlen ("images/"));
      g_autofree char *text = g_strdup_printf ("%u %f %f %f %f\n", box->class_id, (box->x1 + box->x2) / 2 / WIDTH,
                                               (box->y1 + box->y2) / 2 / HEIGHT, (box->x2 - box->x1) / WIDTH,
                                               (box->y2 - box->y1) / HEIGHT);
      cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
      cairo_t *cairo = cairo_create (surface);
      cairo_set_source_rgb (cairo, 0.75, 0.75, 0.75);
      cairo_paint (cairo);
      g_assert_cmpint (g_mkdir_with_parents (parent, 0755), ==, 0);
      g_assert_cmpint (cairo_surface_write_to_png (surface, path), ==, CAIRO_STATUS_SUCCESS);
      cairo_destroy (cairo);
      cairo_surface_destroy (surface);
      memcpy (labels + strlen (labels) - 3, "txt", 3);
      fv_test_write (folder, labels, text);
    }
  g_autofree char *data = g_build_filename (folder, "data", NULL);
  g_auto (FvTestCall) init = fv_test_cli (NULL, "init", project, NULL);
  g_auto (FvTestCall) import = fv_test_cli (NULL, "import", project, data, "--json", NULL);
  g_assert_cmpint (init.status, ==, 0);
  g_assert_cmpint (import.status, ==, 0);
  return project;
}

static guint32
get_colour (guint class_id)
{
  const FvColour colour = fv_palette_get_class (class_id);
  return ((guint32)lround (colour.red * 255) << 16) | ((guint32)lround (colour.green * 255) << 8)
         | (guint32)lround (colour.blue * 255);
}

/* The picture as the screen has it: where its upper left corner is, and how large each of its pixels is. */
typedef struct
{
  double x, y, zoom;
} Place;

/* As large as fits, in the middle. */
static Place
get_fit (FvUi *ui, const char *name)
{
  const FvUiRect canvas = fv_ui_get_extents (ui, "image", name);
  const double zoom = MIN ((double)canvas.width / WIDTH, (double)canvas.height / HEIGHT);
  return (Place){ canvas.x + (canvas.width - zoom * WIDTH) / 2, canvas.y + (canvas.height - zoom * HEIGHT) / 2, zoom };
}

/* Whether the box's four edges are where they belong, and nowhere else: they are found around each, not within. */
static gboolean
has_box (FvUi *ui, const Box *box, Place place, double reach)
{
  const guint32 colour = get_colour (box->class_id);
  const double x1 = place.x + box->x1 * place.zoom, x2 = place.x + box->x2 * place.zoom;
  const double y1 = place.y + box->y1 * place.zoom, y2 = place.y + box->y2 * place.zoom;
  const int width = (int)(x2 - x1), height = (int)(y2 - y1), r = (int)reach;
  /* Half of each edge, away from the corners and from the name above the box. */
  const FvUiRect left = { (int)x1 - r, (int)y1 + height / 4, 2 * r, height / 2 };
  const FvUiRect right = { (int)x2 - r, (int)y1 + height / 4, 2 * r, height / 2 };
  const FvUiRect top = { (int)x1 + width / 2, (int)y1 - r, width / 4, 2 * r };
  const FvUiRect bottom = { (int)x1 + width / 4, (int)y2 - r, width / 2, 2 * r };
  const FvUiRect inside = { (int)x1 + width / 4, (int)y1 + height / 2, width / 2, height / 4 };
  return fv_ui_count_colour (ui, &left, colour, TOLERANCE) >= (guint)left.height
         && fv_ui_count_colour (ui, &right, colour, TOLERANCE) >= (guint)right.height
         && fv_ui_count_colour (ui, &top, colour, TOLERANCE) >= (guint)top.width
         && fv_ui_count_colour (ui, &bottom, colour, TOLERANCE) >= (guint)bottom.width
         && fv_ui_count_colour (ui, &inside, colour, TOLERANCE) == 0;
}

/* In per cent, out of what a screen reader says of the picture. */
static double
get_zoom (FvUi *ui, const char *name)
{
  g_autofree char *description = fv_ui_get_description (ui, "image", name);
  const char *zoom = strstr (description, "zoom ");
  g_assert_nonnull (zoom);
  return strtod (zoom + strlen ("zoom "), NULL);
}

static FvUi *
start (const char *project, const char *row)
{
  const char *arguments[] = { project, NULL };
  FvUi *ui = fv_ui_start (&(FvUiParams){ .arguments = arguments });
  fv_ui_click (ui, "row", row);
  fv_ui_wait (ui, "image", row);
  /* Off the picture: a box under the pointer looks different. */
  fv_ui_hover (ui, "button", "Back to all pictures", 0.5, 0.5);
  fv_ui_settle (ui, NULL);
  return ui;
}

static void
test_pixels (void)
{
  g_autofree char *project = make_project ();
  g_autoptr (FvUi) ui = start (project, "first.png");
  const Place fit = get_fit (ui, "first.png");
  const FvUiRect canvas = fv_ui_get_extents (ui, "image", "first.png");
  fv_ui_wait_description (ui, "image", "first.png", "400 × 300 pixels, 1 box, zoom *");
  g_assert_cmpfloat_with_epsilon (get_zoom (ui, "first.png"), 100 * fit.zoom, 1);
  g_assert_true (has_box (ui, &boxes[0], fit, 3));
  g_assert_true (fv_ui_has (ui, "row", "cat"));
  fv_ui_screenshot (ui, "boxes.png");

  /* Names, then boxes go and come. */
  const guint with_names = fv_ui_count_colour (ui, &canvas, get_colour (0), TOLERANCE);
  fv_ui_click (ui, "button", "Show the classes’ names");
  fv_ui_until (ui, fv_ui_count_colour (ui, &canvas, get_colour (0), TOLERANCE) < with_names - 200);
  g_assert_true (has_box (ui, &boxes[0], fit, 3));
  fv_ui_click (ui, "button", "Show the boxes");
  fv_ui_until (ui, fv_ui_count_colour (ui, &canvas, get_colour (0), TOLERANCE) == 0);
  fv_ui_click (ui, "button", "Show the boxes");
  fv_ui_until (ui, has_box (ui, &boxes[0], fit, 3));
  fv_ui_quit (ui);
}

static void
test_zoom_and_pan (void)
{
  g_autofree char *project = make_project ();
  g_autoptr (FvUi) ui = start (project, "first.png");
  const FvUiRect canvas = fv_ui_get_extents (ui, "image", "first.png");
  const Place fit = get_fit (ui, "first.png");
  /* The box's upper left corner, where the pointer is. */
  const double x = fit.x + boxes[0].x1 * fit.zoom, y = fit.y + boxes[0].y1 * fit.zoom;
  const double fx = (x - canvas.x) / canvas.width, fy = (y - canvas.y) / canvas.height;
  const double before = get_zoom (ui, "first.png");

  fv_ui_scroll (ui, "image", "first.png", fx, fy, -3);
  fv_ui_until (ui, get_zoom (ui, "first.png") > 1.3 * before);
  fv_ui_hover (ui, "button", "Back to all pictures", 0.5, 0.5);
  fv_ui_settle (ui, NULL);
  Place zoomed = { .zoom = get_zoom (ui, "first.png") / 100 };
  zoomed.x = x - boxes[0].x1 * zoomed.zoom;
  zoomed.y = y - boxes[0].y1 * zoomed.zoom;
  /* The zoom is known to half a per cent only, which is a pixel or so at the far edges. */
  g_assert_true (has_box (ui, &boxes[0], zoomed, 4));
  fv_ui_screenshot (ui, "boxes-zoomed.png");

  /* The picture follows the pointer. */
  const int dx = 60, dy = 50;
  const double fx0 = 0.6, fy0 = 0.3;
  fv_ui_drag (ui, "image", "first.png", fx0, fy0, fx0 + (double)dx / canvas.width, fy0 + (double)dy / canvas.height);
  fv_ui_hover (ui, "button", "Back to all pictures", 0.5, 0.5);
  const Place panned = { zoomed.x + dx, zoomed.y + dy, zoomed.zoom };
  fv_ui_until (ui, has_box (ui, &boxes[0], panned, 4));
  g_assert_false (has_box (ui, &boxes[0], zoomed, 4));

  /* The keys: the whole picture again, 100 %, step by step. */
  fv_ui_key (ui, "0");
  fv_ui_until (ui, has_box (ui, &boxes[0], fit, 3));
  fv_ui_key (ui, "1");
  fv_ui_wait (ui, "button", "100 %");
  fv_ui_key (ui, "plus");
  fv_ui_until (ui, get_zoom (ui, "first.png") > 101);
  fv_ui_key (ui, "minus");
  fv_ui_until (ui, get_zoom (ui, "first.png") == 100);
  fv_ui_click (ui, "button", "The whole picture");
  fv_ui_until (ui, has_box (ui, &boxes[0], fit, 3));
  fv_ui_quit (ui);
}

static void
test_neighbours (void)
{
  g_autofree char *project = make_project ();
  g_autoptr (FvUi) ui = start (project, "first.png");
  const Place fit = get_fit (ui, "first.png");
  g_assert_false (fv_ui_has_state (ui, "button", "Previous picture", "enabled"));

  fv_ui_key (ui, "Page_Down");
  fv_ui_wait (ui, "image", "second.png");
  fv_ui_wait (ui, "label", "2 of 3 · *");
  fv_ui_until (ui, has_box (ui, &boxes[1], fit, 3));
  g_assert_false (has_box (ui, &boxes[0], fit, 3));
  fv_ui_key (ui, "Right");
  fv_ui_wait (ui, "image", "third.png");
  fv_ui_until (ui, has_box (ui, &boxes[2], fit, 3));
  fv_ui_key (ui, "Right");
  g_assert_true (fv_ui_has (ui, "image", "third.png"));
  fv_ui_key (ui, "Left");
  fv_ui_wait (ui, "image", "second.png");
  fv_ui_key (ui, "Page_Up");
  fv_ui_wait (ui, "image", "first.png");
  fv_ui_until (ui, has_box (ui, &boxes[0], fit, 3));

  /* By pointer; at the last one the button rests, and the keys go on working. */
  fv_ui_click (ui, "button", "Next picture");
  fv_ui_click (ui, "button", "Next picture");
  fv_ui_wait (ui, "image", "third.png");
  fv_ui_wait_state (ui, "button", "Next picture", "enabled", FALSE);
  fv_ui_key (ui, "Page_Up");
  fv_ui_wait (ui, "image", "second.png");

  /* Back to where one was; Return opens it again. */
  fv_ui_key (ui, "Escape");
  fv_ui_wait_state (ui, "row", "second.png", "focused", TRUE);
  fv_ui_key (ui, "Return");
  fv_ui_wait (ui, "label", "2 of 3 · *");
  fv_ui_click (ui, "button", "Back to all pictures");
  fv_ui_wait (ui, "row", "first.png");
  fv_ui_quit (ui);
}

static gboolean
looks_like (FvUi *ui, const FvUiRect *place, const char *hash)
{
  g_autofree char *now = fv_ui_hash (ui, place);
  return g_str_equal (now, hash);
}

static void
test_list_of_boxes (void)
{
  g_autofree char *project = make_project ();
  g_autoptr (FvUi) ui = start (project, "first.png");
  const FvUiRect canvas = fv_ui_get_extents (ui, "image", "first.png");
  const Place fit = get_fit (ui, "first.png");
  const double x = fit.x + (boxes[0].x1 + boxes[0].x2) / 2 * fit.zoom;
  const double y = fit.y + (boxes[0].y1 + boxes[0].y2) / 2 * fit.zoom;

  g_assert_true (fv_ui_has (ui, "label", "120 × 90"));
  g_autofree char *before = fv_ui_hash (ui, &canvas);
  /* The box under the pointer is the row that is selected. */
  fv_ui_hover (ui, "image", "first.png", (x - canvas.x) / canvas.width, (y - canvas.y) / canvas.height);
  fv_ui_wait_state (ui, "row", "cat", "selected", TRUE);
  fv_ui_hover (ui, "button", "Back to all pictures", 0.5, 0.5);
  fv_ui_wait_state (ui, "row", "cat", "selected", FALSE);
  fv_ui_until (ui, looks_like (ui, &canvas, before));

  /* And the row that a person selects is the box that stands out. */
  fv_ui_click (ui, "row", "cat");
  fv_ui_wait_state (ui, "row", "cat", "selected", TRUE);
  fv_ui_hover (ui, "button", "Back to all pictures", 0.5, 0.5);
  fv_ui_until (ui, !looks_like (ui, &canvas, before));
  fv_ui_click (ui, "button", "List of the boxes");
  fv_ui_wait_gone (ui, "row", "cat");
  fv_ui_quit (ui);
}

static void
test_small_and_dark (void)
{
  g_autofree char *project = make_project ();
  const char *arguments[] = { project, NULL };
  const FvUiParams params = { .arguments = arguments, .width = 800, .height = 600, .dark = TRUE };
  g_autoptr (FvUi) ui = fv_ui_start (&params);
  fv_ui_click (ui, "row", "third.png");
  fv_ui_wait (ui, "image", "third.png");
  fv_ui_hover (ui, "button", "Back to all pictures", 0.5, 0.5);
  fv_ui_settle (ui, NULL);
  g_assert_true (has_box (ui, &boxes[2], get_fit (ui, "third.png"), 3));
  fv_ui_screenshot (ui, "boxes-dark-800.png");
  fv_ui_quit (ui);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/e2e/boxes/pixels", test_pixels);
  g_test_add_func ("/e2e/boxes/zoom-and-pan", test_zoom_and_pan);
  g_test_add_func ("/e2e/boxes/neighbours", test_neighbours);
  g_test_add_func ("/e2e/boxes/list-of-boxes", test_list_of_boxes);
  g_test_add_func ("/e2e/boxes/small-and-dark", test_small_and_dark);
  return g_test_run ();
}
