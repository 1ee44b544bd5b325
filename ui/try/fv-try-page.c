/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/try/fv-try-page.h"

#include "ui/fv-i18n.h"
#include "ui/try/fv-annotated-copy.h"
#include "ui/try/fv-detector-list.h"
#include "ui/try/fv-found-row.h"
#include "ui/widgets/fv-box-canvas.h"
#include "ui/widgets/fv-dialogs.h"

/* Asked of the detector, so that the slider needs no other answer: what is more confident is a part of what is less. */
#define LEAST_CONFIDENCE 0.02
/* Before the page says that it waits. */
#define PATIENCE_MS 300
/* Rows of what was found; the picture shows all. */
#define MAX_ROWS 100

struct _FvTryPage
{
  FvPage parent_instance;
  GtkStack *stack, *picture_stack;
  AdwStatusPage *problem;
  FvBoxCanvas *canvas;
  GtkRevealer *moment;
  GtkSpinner *spinner;
  GtkDropDown *detectors;
  GtkAdjustment *confidence_adjustment;
  GtkWidget *found;
  GtkLabel *found_label;
  GtkListBox *found_list;

  FvDetectorList *list; /* (nullable) */
  char *weights;        /* (nullable): path of the detector in use */
  guint imgsz;
  char *file; /* (nullable): the picture */
  FvPicture *picture;
  FvDetectReply *reply;
  guint n_shown; /* detections above the confidence */
  GCancellable *work;
  guint patience_source;
  guint next_item; /* of the project's pictures */
};

G_DEFINE_FINAL_TYPE (FvTryPage, fv_try_page, FV_TYPE_PAGE)

static const char *const weight_suffixes[] = { "pt", "safetensors", NULL };

/* Waiting. */

static gboolean
lose_patience_cb (gpointer data)
{
  FvTryPage *self = data;
  self->patience_source = 0;
  gtk_spinner_start (self->spinner);
  gtk_revealer_set_reveal_child (self->moment, TRUE);
  return G_SOURCE_REMOVE;
}

static void
stop_waiting (FvTryPage *self)
{
  g_clear_handle_id (&self->patience_source, g_source_remove);
  gtk_spinner_stop (self->spinner);
  gtk_revealer_set_reveal_child (self->moment, FALSE);
}

static void
show_problem (FvTryPage *self, const GError *error)
{
  g_autofree char *escaped = g_markup_escape_text (error->message, -1);
  stop_waiting (self);
  adw_status_page_set_description (self->problem, escaped);
  gtk_stack_set_visible_child_name (self->picture_stack, "problem");
  gtk_widget_set_visible (self->found, FALSE);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "try.save", FALSE);
}

/* What was found. */

static FvDrawBox
box_of (const FvDetection *d)
{
  return (FvDrawBox){ d->class_id, d->x1, d->y1, d->x2, d->y2, d->confidence, 0 };
}

/* (transfer full) of FvDrawBox: the detections that the slider lets through, the most confident first. */
static GArray *
boxes_shown (FvTryPage *self)
{
  const double confidence = gtk_adjustment_get_value (self->confidence_adjustment);
  GArray *boxes = g_array_new (FALSE, FALSE, sizeof (FvDrawBox));
  for (guint i = 0; i < self->reply->detections->len; i++)
    {
      const FvDetection *detection = &g_array_index (self->reply->detections, FvDetection, i);
      if (detection->confidence < confidence)
        break;
      const FvDrawBox box = box_of (detection);
      g_array_append_val (boxes, box);
    }
  return boxes;
}

static void
list_found (FvTryPage *self, const GArray *boxes)
{
  GtkWidget *child;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->found_list))) != NULL)
    gtk_list_box_remove (self->found_list, child);
  for (guint i = 0; i < MIN (boxes->len, MAX_ROWS); i++)
    {
      const FvDrawBox *box = &g_array_index (boxes, FvDrawBox, i);
      gtk_list_box_append (self->found_list, fv_found_row_new (box, self->reply->class_names[box->class_id]));
    }
  g_autofree char *text
      = boxes->len > 0 ? g_strdup_printf (ngettext ("%u object found", "%u objects found", boxes->len), boxes->len)
                       : g_strdup (_ ("Nothing found at this confidence"));
  gtk_label_set_label (self->found_label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->found_list), boxes->len > 0);
  gtk_widget_set_visible (self->found, TRUE);
}

static void
show_detections (FvTryPage *self)
{
  if (self->picture == NULL || self->reply == NULL)
    return;
  g_autoptr (GArray) boxes = boxes_shown (self);
  if (fv_box_canvas_get_picture (self->canvas) != self->picture)
    fv_box_canvas_set_picture (self->canvas, self->picture);
  fv_box_canvas_set_boxes (self->canvas, (const FvCanvasBox *)boxes->data, boxes->len,
                           (const char *const *)self->reply->class_names);
  list_found (self, boxes);
  gtk_stack_set_visible_child_name (self->picture_stack, "picture");
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "try.save", TRUE);
}

static void
on_row_selected (GtkListBox *list, GtkListBoxRow *row, FvTryPage *self)
{
  fv_box_canvas_set_highlighted (self->canvas, row ? gtk_list_box_row_get_index (row) : -1);
}

/* A picture through the detector. */

static void
load_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  FvPicture *picture = fv_picture_load (data, NULL, 0, FV_RESIZE_LINEAR, &error);
  if (picture != NULL)
    g_task_return_pointer (task, picture, (GDestroyNotify)fv_picture_unref);
  else
    g_task_return_error (task, error);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvTryPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPicture) picture = g_task_propagate_pointer (G_TASK (result), &error);
  if (picture != NULL)
    {
      self->picture = g_steal_pointer (&picture);
      if (self->reply != NULL)
        stop_waiting (self);
      show_detections (self);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      /* What the detector says of it no longer matters. */
      g_cancellable_cancel (self->work);
      show_problem (self, error);
    }
}

static void
on_detected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvTryPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FvDetectReply) reply = fv_serve_client_detect_finish (FV_SERVE_CLIENT (source), result, &error);
  if (reply != NULL)
    {
      self->reply = g_steal_pointer (&reply);
      if (self->picture != NULL)
        stop_waiting (self);
      show_detections (self);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    show_problem (self, error);
}

/* Forgets what was found and, with picture, what it was found in. */
static void
forget (FvTryPage *self, gboolean picture)
{
  g_cancellable_cancel (self->work);
  g_clear_object (&self->work);
  g_clear_pointer (&self->reply, fv_detect_reply_unref);
  if (picture)
    g_clear_pointer (&self->picture, fv_picture_unref);
  stop_waiting (self);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "try.save", FALSE);
}

static void
detect (FvTryPage *self)
{
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  if (document == NULL || self->file == NULL || self->weights == NULL)
    return;
  forget (self, FALSE);
  self->work = g_cancellable_new ();
  self->patience_source = g_timeout_add (PATIENCE_MS, lose_patience_cb, self);
  if (self->picture == NULL)
    {
      /* Not as the task's source: the thread may be the last to let go of that. */
      g_autoptr (GTask) task = g_task_new (NULL, self->work, on_loaded, g_object_ref (self));
      g_task_set_task_data (task, g_strdup (self->file), g_free);
      g_task_run_in_thread (task, load_thread);
    }
  const FvDetectRequest request = {
    .weights = self->weights,
    .file = self->file,
    .imgsz = self->imgsz,
    .conf = LEAST_CONFIDENCE,
  };
  fv_serve_client_detect_async (fv_document_get_serve (document), &request, self->work, on_detected,
                                g_object_ref (self));
}

static void
set_file (FvTryPage *self, char *file /* (transfer full) */)
{
  g_autofree char *name = g_filename_display_basename (file);
  g_free (self->file);
  self->file = file;
  forget (self, TRUE);
  fv_box_canvas_set_picture_name (self->canvas, name);
  detect (self);
}

/* Actions. */

static void
on_picture_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvTryPage) self = data;
  g_autoptr (GFile) file = fv_dialog_file_finish (result);
  char *path = file ? g_file_get_path (file) : NULL;
  if (path != NULL)
    set_file (self, path);
}

static void
open_picture_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const FvDialogFilter filters[] = { { _ ("Pictures"), fv_picture_suffixes }, { _ ("All files"), NULL }, { NULL } };
  fv_dialog_open_file_async (widget, _ ("Open Picture"), filters, on_picture_chosen, g_object_ref (widget));
}

/* The project's next picture that no run was trained on; of all where there is no such. */
static void
project_picture_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvTryPage *self = FV_TRY_PAGE (widget);
  FvDataset *dataset = fv_document_get_dataset (fv_page_get_document (FV_PAGE (self)));
  g_autoptr (GArray) unseen = fv_dataset_subset (dataset, FV_SUBSET_TEST);
  if (unseen->len == 0)
    {
      g_array_unref (unseen);
      unseen = fv_dataset_subset (dataset, FV_SUBSET_VAL);
    }
  const guint n = unseen->len > 0 ? unseen->len : dataset->items->len;
  if (n == 0)
    return;
  const guint position = self->next_item++ % n;
  const guint item = unseen->len > 0 ? g_array_index (unseen, guint, position) : position;
  set_file (self, g_strdup (fv_dataset_get (dataset, item)->path));
}

static void
on_weights_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FvTryPage) self = data;
  g_autoptr (GFile) file = fv_dialog_file_finish (result);
  g_autofree char *path = file ? g_file_get_path (file) : NULL;
  FvDocument *document = fv_page_get_document (FV_PAGE (self));
  if (path != NULL && document != NULL)
    fv_document_set_try_weights (document, path);
}

static void
choose_weights_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  const FvDialogFilter filters[] = { { _ ("Weight files"), weight_suffixes }, { _ ("All files"), NULL }, { NULL } };
  fv_dialog_open_file_async (widget, _ ("Choose a Weight File"), filters, on_weights_chosen, g_object_ref (widget));
}

static void
save_action (GtkWidget *widget, const char *action, GVariant *parameter)
{
  FvTryPage *self = FV_TRY_PAGE (widget);
  fv_annotated_copy_save (widget, self->file, self->picture, self->reply, boxes_shown (self));
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, FvTryPage *self)
{
  GSList *files = g_value_get_boxed (value);
  char *path = files ? g_file_get_path (files->data) : NULL;
  if (path == NULL)
    return FALSE;
  set_file (self, path);
  return TRUE;
}

/* Which detector. */

static void
on_detector_selected (FvTryPage *self)
{
  FvDetector *detector = gtk_drop_down_get_selected_item (self->detectors);
  if (detector == NULL || g_strcmp0 (self->weights, fv_detector_get_path (detector)) == 0)
    return;
  g_free (self->weights);
  self->weights = g_strdup (fv_detector_get_path (detector));
  self->imgsz = fv_detector_get_imgsz (detector);
  detect (self);
}

/* The detectors are others: the one in use stays, else the first is. */
static void
on_detectors_changed (FvTryPage *self)
{
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (self->list));
  const guint position = self->weights ? fv_detector_list_find (self->list, self->weights) : G_MAXUINT;
  if (n > 0)
    gtk_drop_down_set_selected (self->detectors, position < n ? position : 0);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "detector" : "no-detector");
  on_detector_selected (self);
}

static void
on_try_weights (FvTryPage *self, GParamSpec *pspec, FvDocument *document)
{
  const char *path = fv_document_get_try_weights (document);
  if (path == NULL)
    return;
  if (fv_detector_list_find (self->list, path) == G_MAXUINT)
    fv_detector_list_add_file (self->list, path);
  gtk_drop_down_set_selected (self->detectors, fv_detector_list_find (self->list, path));
}

static void
on_dataset_changed (FvTryPage *self, GParamSpec *pspec, FvDocument *document)
{
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "try.project-picture",
                                 fv_document_get_dataset (document)->items->len > 0);
}

static void
fv_try_page_document_changed (FvPage *page, FvDocument *before)
{
  FvTryPage *self = FV_TRY_PAGE (page);
  FvDocument *document = fv_page_get_document (page);
  if (before != NULL)
    g_signal_handlers_disconnect_by_data (before, self);
  if (self->list != NULL)
    g_signal_handlers_disconnect_by_data (self->list, self);
  forget (self, TRUE);
  gtk_drop_down_set_model (self->detectors, NULL);
  g_clear_object (&self->list);
  g_clear_pointer (&self->weights, g_free);
  g_clear_pointer (&self->file, g_free);
  self->next_item = 0;
  gtk_widget_set_visible (self->found, FALSE);
  gtk_stack_set_visible_child_name (self->picture_stack, "empty");
  if (document == NULL)
    return;

  self->list = fv_detector_list_new (fv_document_get_runs (document));
  gtk_drop_down_set_model (self->detectors, G_LIST_MODEL (self->list));
  g_signal_connect_swapped (self->list, "items-changed", G_CALLBACK (on_detectors_changed), self);
  g_signal_connect_swapped (document, "notify::try-weights", G_CALLBACK (on_try_weights), self);
  g_signal_connect_swapped (document, "notify::dataset", G_CALLBACK (on_dataset_changed), self);
  on_detectors_changed (self);
  on_dataset_changed (self, NULL, document);
}

/* Names of files can be long. */
static void
set_up_name (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 24);
  gtk_list_item_set_child (item, label);
}

static void
bind_name (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  FvDetector *detector = gtk_list_item_get_item (item);
  GtkWidget *label = gtk_list_item_get_child (item);
  gtk_label_set_label (GTK_LABEL (label), fv_detector_get_name (detector));
  gtk_widget_set_tooltip_text (label, fv_detector_get_path (detector));
}

static void
fv_try_page_dispose (GObject *object)
{
  FvTryPage *self = FV_TRY_PAGE (object);
  fv_page_set_document (FV_PAGE (self), NULL);
  g_clear_handle_id (&self->patience_source, g_source_remove);
  G_OBJECT_CLASS (fv_try_page_parent_class)->dispose (object);
}

static void
fv_try_page_class_init (FvTryPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_try_page_dispose;
  FV_PAGE_CLASS (klass)->document_changed = fv_try_page_document_changed;

  g_type_ensure (FV_TYPE_BOX_CANVAS);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/try/fv-try-page.ui");
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, stack);
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, picture_stack);
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, problem);
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, canvas);
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, moment);
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, spinner);
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, detectors);
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, confidence_adjustment);
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, found);
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, found_label);
  gtk_widget_class_bind_template_child (widget_class, FvTryPage, found_list);
  gtk_widget_class_bind_template_callback (widget_class, on_detector_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_row_selected);
  gtk_widget_class_bind_template_callback (widget_class, show_detections);
  gtk_widget_class_install_action (widget_class, "try.open-picture", NULL, open_picture_action);
  gtk_widget_class_install_action (widget_class, "try.project-picture", NULL, project_picture_action);
  gtk_widget_class_install_action (widget_class, "try.choose-weights", NULL, choose_weights_action);
  gtk_widget_class_install_action (widget_class, "try.save", NULL, save_action);
}

static void
fv_try_page_init (FvTryPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkDropTarget *drop = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  g_signal_connect (factory, "setup", G_CALLBACK (set_up_name), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_name), NULL);
  gtk_drop_down_set_factory (self->detectors, factory);
  g_object_unref (factory);
  g_signal_connect (drop, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self->picture_stack), GTK_EVENT_CONTROLLER (drop));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "try.save", FALSE);
}
