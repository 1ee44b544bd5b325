/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-sample-pictures.h"
#include "tests/fv-test-data.h"
#include "ui/pictures/fv-box-sidebar.h"
#include "ui/pictures/fv-import-view.h"
#include "ui/pictures/fv-picture-grid.h"
#include "ui/pictures/fv-picture-view.h"
#include "ui/pictures/fv-pictures-page.h"
#include "ui/pictures/fv-report-window.h"
#include "ui/widgets/fv-box-canvas.h"

#include <glib/gstdio.h>

#define N_TRAIN 8
#define N_PICTURES (N_TRAIN + 2 + 2)

/* Spins the main loop until the condition holds; the test fails where it never does. */
#define until(condition)                                                                                               \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    const gint64 end_ = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;                                                 \
    while (!(condition) && g_get_monotonic_time () < end_)                                                             \
      g_main_context_iteration (NULL, FALSE);                                                                          \
    g_assert_true (condition);                                                                                         \
  }                                                                                                                    \
  G_STMT_END

/* A page in a window, and the document it shows. */
typedef struct
{
  GtkWidget *window;
  FvPicturesPage *page;
  GtkStack *stack;
  FvPictureGrid *grid;
  FvPictureView *view;
  FvDocument *document;
  const char *project;
} Fixture;

static gpointer
get_child (gpointer widget, GType type, const char *name)
{
  gpointer child = gtk_widget_get_template_child (widget, type, name);
  g_assert_nonnull (child);
  return child;
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref (result);
}

static FvDocument *
make_document (const char *path, gboolean create)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  if (create)
    fv_document_create_async (path, NULL, on_result, &result);
  else
    fv_document_open_async (path, NULL, on_result, &result);
  until (result != NULL);
  FvDocument *document = fv_document_open_finish (result, &error);
  g_assert_no_error (error);
  return document;
}

/* Sample pictures, the first of which has a label of no area and one that reaches over the edge. */
static const char *
make_data (void)
{
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  const FvSampleParams params = { .n_train = N_TRAIN, .n_val = 2, .n_test = 2, .size = 64 };
  fv_sample_pictures_write (folder, &params, NULL, &error);
  g_assert_no_error (error);
  fv_test_write (folder, "labels/train/0000.txt", "0 0.5 0.5 0.25 0.25\n0 0.5 0.5 0 0.25\n1 0.9 0.5 0.4 0.25\n");
  return folder;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  GtkWidget *toasts = adw_toast_overlay_new ();
  f->project = g_build_filename (fv_test_folder (), "project", NULL);
  f->document = make_document (f->project, TRUE);
  f->page = g_object_new (FV_TYPE_PICTURES_PAGE, NULL);
  f->stack = get_child (f->page, FV_TYPE_PICTURES_PAGE, "stack");
  f->grid = get_child (f->page, FV_TYPE_PICTURES_PAGE, "grid");
  f->view = get_child (f->page, FV_TYPE_PICTURES_PAGE, "view");
  f->window = adw_window_new ();
  adw_toast_overlay_set_child (ADW_TOAST_OVERLAY (toasts), GTK_WIDGET (f->page));
  adw_window_set_content (ADW_WINDOW (f->window), toasts);
  gtk_window_set_default_size (GTK_WINDOW (f->window), 800, 600);
  gtk_window_present (GTK_WINDOW (f->window));
  fv_page_set_document (FV_PAGE (f->page), f->document);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gpointer page = f->page, document = f->document;
  g_object_add_weak_pointer (page, &page);
  g_object_add_weak_pointer (document, &document);
  gtk_window_destroy (GTK_WINDOW (f->window));
  g_object_unref (f->document);
  /* Threads may hold them a moment longer. */
  until (page == NULL && document == NULL);
  g_free ((char *)f->project);
}

static gboolean
shows (Fixture *f, gpointer child)
{
  return gtk_stack_get_visible_child (f->stack) == child;
}

static gboolean
shows_empty (Fixture *f)
{
  return g_strcmp0 (gtk_stack_get_visible_child_name (f->stack), "empty") == 0;
}

static gboolean
drop (Fixture *f, const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GSList files = { file, NULL };
  return fv_pictures_page_drop (f->page, &files);
}

static void
import (Fixture *f)
{
  g_assert_true (drop (f, make_data ()));
  until (shows (f, f->grid));
}

/* The first window of a type, NULL where there is none. */
static GtkWindow *
find_window (GType type)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  for (GList *l = windows; l != NULL; l = l->next)
    if (G_TYPE_CHECK_INSTANCE_TYPE (l->data, type))
      return l->data;
  return NULL;
}

static const char *
get_text (gpointer widget, GType type, const char *label)
{
  return gtk_label_get_label (get_child (widget, type, label));
}

static void
test_import (Fixture *f, gconstpointer data)
{
  FvImportView *importing = get_child (f->page, FV_TYPE_PICTURES_PAGE, "importing");
  g_assert_true (shows_empty (f));
  g_assert_true (drop (f, make_data ()));
  g_assert_true (shows (f, importing));
  /* Only one at a time. */
  g_assert_false (drop (f, f->project));
  until (shows (f, f->grid));

  FvPictureList *list = fv_picture_grid_get_list (f->grid);
  g_autofree char *shown = g_strdup_printf ("%d pictures, *", N_PICTURES);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, N_PICTURES);
  g_assert_true (g_pattern_match_simple (shown, get_text (f->grid, FV_TYPE_PICTURE_GRID, "shown")));
  GtkWidget *report = get_child (f->grid, FV_TYPE_PICTURE_GRID, "report");
  until (gtk_widget_get_visible (report));
  g_assert_cmpstr (get_text (f->grid, FV_TYPE_PICTURE_GRID, "report_label"), ==, "1 label was left out");

  /* The report lists both. */
  gtk_widget_activate_action (GTK_WIDGET (f->page), "pictures.show-report", NULL);
  GtkWindow *window = find_window (FV_TYPE_REPORT_WINDOW);
  g_assert_nonnull (window);
  GtkListView *rejected = get_child (window, FV_TYPE_REPORT_WINDOW, "rejected_list");
  GtkListView *repaired = get_child (window, FV_TYPE_REPORT_WINDOW, "repaired_list");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (gtk_list_view_get_model (rejected))), ==, 1);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (gtk_list_view_get_model (repaired))), ==, 1);
  g_assert_true (gtk_window_get_transient_for (window) == GTK_WINDOW (f->window));
  gtk_widget_activate_action (GTK_WIDGET (window), "report.copy", NULL);
  gtk_window_destroy (window);
}

static void
choose (FvPictureGrid *grid, const char *drop_down, const char *name)
{
  GtkDropDown *widget = get_child (grid, FV_TYPE_PICTURE_GRID, drop_down);
  GListModel *model = gtk_drop_down_get_model (widget);
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (GObject) facet = g_list_model_get_item (model, i);
      g_autofree char *this_name = NULL;
      g_object_get (facet, "name", &this_name, NULL);
      if (g_str_equal (this_name, name))
        {
          gtk_drop_down_set_selected (widget, i);
          return;
        }
    }
  g_assert_not_reached ();
}

static void
test_filters (Fixture *f, gconstpointer data)
{
  import (f);
  GListModel *list = G_LIST_MODEL (fv_picture_grid_get_list (f->grid));
  GtkStack *stack = get_child (f->grid, FV_TYPE_PICTURE_GRID, "stack");
  choose (f->grid, "subset", "Validation");
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 2);
  g_assert_true (g_pattern_match_simple ("2 of 12 pictures, *", get_text (f->grid, FV_TYPE_PICTURE_GRID, "shown")));
  choose (f->grid, "class", "Without boxes");
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 0);
  g_assert_cmpstr (gtk_stack_get_visible_child_name (stack), ==, "none");
  gtk_widget_activate_action (GTK_WIDGET (f->grid), "pictures.show-all", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, N_PICTURES);
  g_assert_cmpstr (gtk_stack_get_visible_child_name (stack), ==, "grid");
}

static void
test_picture (Fixture *f, gconstpointer data)
{
  import (f);
  FvBoxCanvas *canvas = get_child (f->view, FV_TYPE_PICTURE_VIEW, "canvas");
  FvBoxSidebar *sidebar = get_child (f->view, FV_TYPE_PICTURE_VIEW, "sidebar");
  GListModel *list = G_LIST_MODEL (fv_picture_grid_get_list (f->grid));
  g_autoptr (FvPictureItem) second = g_list_model_get_item (list, 1);
  g_signal_emit_by_name (f->grid, "open-picture", 0);
  g_assert_true (shows (f, f->view));
  until (fv_box_canvas_get_picture (canvas) != NULL);
  gtk_widget_activate_action (GTK_WIDGET (canvas), "picture.previous", NULL);
  g_assert_cmpuint (fv_picture_view_get_position (f->view), ==, 0);

  gtk_widget_activate_action (GTK_WIDGET (canvas), "picture.next", NULL);
  g_assert_cmpuint (fv_picture_view_get_position (f->view), ==, 1);
  until (fv_box_canvas_get_n_boxes (canvas) == fv_picture_item_get (second)->boxes->len);
  g_assert_cmpstr (get_text (f->view, FV_TYPE_PICTURE_VIEW, "name"), ==, fv_picture_item_get_title (second));
  g_assert_true (g_str_has_prefix (get_text (f->view, FV_TYPE_PICTURE_VIEW, "details"), "2 of 12"));

  /* The list of boxes and the picture point at the same box. */
  fv_box_sidebar_set_highlighted (sidebar, 0);
  g_assert_cmpint (fv_box_canvas_get_highlighted (canvas), ==, 0);
  fv_box_canvas_set_highlighted (canvas, -1);
  g_assert_cmpint (fv_box_sidebar_get_highlighted (sidebar), ==, -1);

  /* Once the picture has its place. */
  until (fv_box_canvas_get_shown_zoom (canvas) > 0);
  until (gtk_widget_activate_action (GTK_WIDGET (f->view), "picture.zoom-one", NULL)
         && fv_box_canvas_get_zoom (canvas) == 1);
  gtk_widget_activate_action (GTK_WIDGET (f->view), "picture.close", NULL);
  g_assert_true (shows (f, f->grid));
}

static void
test_unreadable (Fixture *f, gconstpointer data)
{
  import (f);
  GtkStack *stack = get_child (f->view, FV_TYPE_PICTURE_VIEW, "stack");
  AdwStatusPage *unreadable = get_child (f->view, FV_TYPE_PICTURE_VIEW, "unreadable");
  g_autoptr (FvPictureItem) item = g_list_model_get_item (G_LIST_MODEL (fv_picture_grid_get_list (f->grid)), 3);
  g_assert_cmpint (g_unlink (fv_picture_item_get (item)->path), ==, 0);
  g_signal_emit_by_name (f->grid, "open-picture", 3);
  until (g_strcmp0 (gtk_stack_get_visible_child_name (stack), "unreadable") == 0);
  g_assert_nonnull (strstr (adw_status_page_get_description (unreadable), fv_picture_item_get_title (item)));
  /* Its neighbour can be seen all the same. */
  gtk_widget_activate_action (GTK_WIDGET (f->view), "picture.next", NULL);
  until (g_strcmp0 (gtk_stack_get_visible_child_name (stack), "picture") == 0);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  FvImportView *importing = get_child (f->page, FV_TYPE_PICTURES_PAGE, "importing");
  g_object_set (f->page, "copy-pictures", TRUE, NULL);
  g_assert_true (drop (f, make_data ()));
  fv_import_view_cancel (importing);
  until (shows_empty (f));
  g_autofree char *copies = g_build_filename (f->project, "pictures", NULL);
  g_assert_cmpuint (fv_document_get_dataset (f->document)->items->len, ==, 0);
  g_assert_false (g_file_test (copies, G_FILE_TEST_EXISTS));
  /* And the next one is welcome. */
  import (f);
  g_assert_true (g_file_test (copies, G_FILE_TEST_IS_DIR));
}

/* Another project in the window while pictures come into the first one: that ends without a trace, and is in nobody's way. */
static void
test_other_project (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fv_test_folder (), "other", NULL);
  g_autoptr (FvDocument) other = make_document (path, TRUE);
  g_assert_true (drop (f, make_data ()));
  fv_page_set_document (FV_PAGE (f->page), other);
  g_assert_true (shows_empty (f));
  import (f);
  until (!fv_document_get_busy (f->document));
  g_assert_true (shows (f, f->grid));
  g_assert_cmpuint (fv_document_get_dataset (other)->items->len, ==, N_PICTURES);
  fv_page_set_document (FV_PAGE (f->page), f->document);
  /* Cancelled in time, or it was done already. */
  const guint n = fv_document_get_dataset (f->document)->items->len;
  g_assert_true (n == 0 ? shows_empty (f) : n == N_PICTURES && shows (f, f->grid));
}

static void
test_nothing_to_import (Fixture *f, gconstpointer data)
{
  g_assert_true (drop (f, fv_test_folder ()));
  until (shows_empty (f));
  until (find_window (ADW_TYPE_MESSAGE_DIALOG) != NULL);
  gtk_window_destroy (find_window (ADW_TYPE_MESSAGE_DIALOG));
}

static void
test_read_only (Fixture *f, gconstpointer data)
{
  g_autoptr (FvDocument) second = make_document (f->project, FALSE);
  g_assert_true (fv_document_get_read_only (second));
  fv_page_set_document (FV_PAGE (f->page), second);
  g_assert_true (shows_empty (f));
  g_assert_false (drop (f, make_data ()));
  g_assert_false (fv_document_get_busy (second));
  fv_page_set_document (FV_PAGE (f->page), NULL);
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
#define add(name, function) g_test_add ("/ui/pictures/page/" name, Fixture, NULL, set_up, function, tear_down)
  add ("import", test_import);
  add ("filters", test_filters);
  add ("picture", test_picture);
  add ("unreadable", test_unreadable);
  add ("cancel", test_cancel);
  add ("other-project", test_other_project);
  add ("nothing-to-import", test_nothing_to_import);
  add ("read-only", test_read_only);
  return g_test_run ();
}
