/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/augmentation/fv-augmentation-preview.h"

#include "ui/augmentation/fv-preview-feed.h"
#include "ui/augmentation/fv-tile-layout.h"
#include "ui/fv-i18n.h"
#include "ui/widgets/fv-box-canvas.h"

#include <string.h>

/* Of pictures that others will take the place of in a moment. */
#define LATE_OPACITY 0.6

struct _FvAugmentationPreview
{
  AdwBin parent_instance;
  GtkStack *stack;
  GtkWidget *tiles, *moment;
  GtkSpinner *spinner;
  AdwStatusPage *problem;
  GtkLabel *problem_label, *place_label;
  GtkToggleButton *original_button, *boxes_button;

  FvDocument *document; /* (nullable) */
  FvRecipe recipe;
  gboolean has_recipe;
  guint n_pictures; /* to train on */
  guint epoch, first;
  FvPreviewFeed *feed;
  FvBoxCanvas *canvases[FV_AUGMENTATION_PREVIEW_TILES];
  guint n_tiles;
};

G_DEFINE_FINAL_TYPE (FvAugmentationPreview, fv_augmentation_preview, ADW_TYPE_BIN)

/* What is wanted. */

static guint
count_wanted (FvAugmentationPreview *self)
{
  return CLAMP (self->n_pictures, 1, FV_AUGMENTATION_PREVIEW_TILES);
}

static void
show_place (FvAugmentationPreview *self)
{
  const guint n = count_wanted (self), first = self->first + 1;
  g_autofree char *text = NULL;
  if (n > 1)
    /* Translators: which training pictures are shown: the epoch, the first and the last picture, the number of pictures. */
    text = g_strdup_printf (_ ("Epoch %u, pictures %u–%u of %u"), self->epoch + 1, first, first + n - 1,
                            self->n_pictures);
  else
    text = g_strdup_printf (_ ("Epoch %u, picture %u of %u"), self->epoch + 1, first, self->n_pictures);
  gtk_label_set_label (self->place_label, text);
}

static void
show_samples_wanted (FvAugmentationPreview *self)
{
  FvRecipe recipe = self->recipe;
  if (self->document == NULL || !self->has_recipe || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  if (gtk_toggle_button_get_active (self->original_button))
    recipe.augment = (FvAugmentPolicy){ 0 };
  const FvPreviewRequest request = {
    .project = fv_document_get_path (self->document),
    .serial = fv_document_get_dataset_serial (self->document),
    .recipe = &recipe,
    .epoch = self->epoch,
    .sample = self->first,
    .count = count_wanted (self),
  };
  fv_preview_feed_want (self->feed, fv_document_get_serve (self->document), &request);
}

void
fv_augmentation_preview_next (FvAugmentationPreview *self)
{
  const guint n = count_wanted (self);
  if (self->first + n >= self->n_pictures)
    {
      self->epoch++;
      self->first = 0;
    }
  else
    /* The last ones of an epoch are as many as the others. */
    self->first = MIN (self->first + n, self->n_pictures - n);
  show_place (self);
  show_samples_wanted (self);
}

void
fv_augmentation_preview_set_recipe (FvAugmentationPreview *self, const FvRecipe *recipe)
{
  const gboolean same_policy = memcmp (&self->recipe.augment, &recipe->augment, sizeof recipe->augment) == 0;
  /* Nothing else of a recipe is seen in its samples. */
  const gboolean same
      = self->has_recipe && same_policy && self->recipe.imgsz == recipe->imgsz && self->recipe.seed == recipe->seed;
  const gboolean had_recipe = self->has_recipe;
  self->recipe = *recipe;
  self->has_recipe = TRUE;
  if (had_recipe && !same_policy && gtk_toggle_button_get_active (self->original_button))
    gtk_toggle_button_set_active (self->original_button, FALSE);
  else if (!same)
    show_samples_wanted (self);
}

void
fv_augmentation_preview_toggle_original (FvAugmentationPreview *self)
{
  gtk_toggle_button_set_active (self->original_button, !gtk_toggle_button_get_active (self->original_button));
}

void
fv_augmentation_preview_toggle_boxes (FvAugmentationPreview *self)
{
  gtk_toggle_button_set_active (self->boxes_button, !gtk_toggle_button_get_active (self->boxes_button));
}

static void
on_boxes_toggled (FvAugmentationPreview *self)
{
  for (guint i = 0; i < self->n_tiles; i++)
    fv_box_canvas_set_show_boxes (self->canvases[i], gtk_toggle_button_get_active (self->boxes_button));
}

static void
on_retry (FvAugmentationPreview *self)
{
  fv_preview_feed_retry (self->feed);
}

/* What comes. */

static void
set_n_tiles (FvAugmentationPreview *self, guint n)
{
  for (; self->n_tiles < n; self->n_tiles++)
    {
      FvBoxCanvas *canvas = FV_BOX_CANVAS (fv_box_canvas_new ());
      fv_box_canvas_set_interactive (canvas, FALSE);
      fv_box_canvas_set_show_boxes (canvas, gtk_toggle_button_get_active (self->boxes_button));
      gtk_widget_add_css_class (GTK_WIDGET (canvas), "sample");
      gtk_widget_set_parent (GTK_WIDGET (canvas), self->tiles);
      self->canvases[self->n_tiles] = canvas;
    }
  while (self->n_tiles > n)
    gtk_widget_unparent (GTK_WIDGET (self->canvases[--self->n_tiles]));
}

/* (transfer full) (nullable): without memory for it. */
static FvPicture *
make_picture (const FvPreviewReply *reply, const FvPreviewSample *sample)
{
  const gsize row = (gsize)reply->width * 3;
  const guint8 *rgb = g_bytes_get_data (sample->rgb, NULL);
  FvPicture *picture = fv_picture_new (reply->width, reply->height, NULL);
  if (picture == NULL)
    return NULL;
  for (guint y = 0; y < reply->height; y++)
    memcpy (picture->rgb + y * picture->stride, rgb + y * row, row);
  return picture;
}

static void
show_sample (FvBoxCanvas *canvas, const FvPreviewReply *reply, const FvPreviewSample *sample,
             const char *const *class_names)
{
  g_autoptr (FvPicture) picture = make_picture (reply, sample);
  const guint n = sample->boxes->len;
  g_autofree FvCanvasBox *boxes = g_new (FvCanvasBox, MAX (n, 1));
  for (guint i = 0; i < n; i++)
    {
      const FvBox *box = &g_array_index (sample->boxes, FvBox, i);
      boxes[i] = (FvCanvasBox){ box->class_id, box->x1, box->y1, box->x2, box->y2, -1, 0 };
    }
  fv_box_canvas_set_picture_name (canvas, sample->name);
  fv_box_canvas_set_picture (canvas, picture);
  fv_box_canvas_set_boxes (canvas, boxes, n, class_names);
}

static void
on_samples (FvAugmentationPreview *self, FvPreviewReply *reply, guint first)
{
  const char *const *class_names = (const char *const *)fv_document_get_dataset (self->document)->class_names;
  if (first == 0 && reply->n > 1)
    set_n_tiles (self, MIN (reply->n, FV_AUGMENTATION_PREVIEW_TILES));
  else if (self->n_tiles == 0 || count_wanted (self) == 1)
    set_n_tiles (self, 1);
  for (guint i = 0; i < reply->n && first + i < self->n_tiles; i++)
    show_sample (self->canvases[first + i], reply, &reply->samples[i], class_names);
  gtk_label_set_label (self->problem_label, reply->problem ? reply->problem : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem_label), reply->problem != NULL);
}

static void
on_late (FvAugmentationPreview *self)
{
  const gboolean late = fv_preview_feed_get_late (self->feed);
  gtk_widget_set_opacity (self->tiles, late ? LATE_OPACITY : 1);
  gtk_widget_set_visible (self->moment, late);
  gtk_spinner_set_spinning (self->spinner, late);
}

static void
on_message (FvAugmentationPreview *self)
{
  const char *message = fv_preview_feed_get_message (self->feed);
  g_autofree char *escaped = g_markup_escape_text (message ? message : "", -1);
  adw_status_page_set_description (self->problem, escaped);
  gtk_stack_set_visible_child_name (self->stack, message ? "problem" : "tiles");
}

/* The document. */

static void
on_dataset_changed (FvAugmentationPreview *self)
{
  g_autoptr (GArray) items = fv_dataset_subset (fv_document_get_dataset (self->document), FV_SUBSET_TRAIN);
  self->n_pictures = items->len;
  self->epoch = self->first = 0;
  show_place (self);
  show_samples_wanted (self);
}

void
fv_augmentation_preview_set_document (FvAugmentationPreview *self, FvDocument *document)
{
  if (self->document == document)
    return;
  if (self->document != NULL)
    g_signal_handlers_disconnect_by_data (self->document, self);
  g_set_object (&self->document, document);
  fv_preview_feed_stop (self->feed);
  set_n_tiles (self, 0);
  self->has_recipe = FALSE;
  gtk_toggle_button_set_active (self->original_button, FALSE);
  if (document == NULL)
    return;
  g_signal_connect_swapped (document, "notify::dataset", G_CALLBACK (on_dataset_changed), self);
  on_dataset_changed (self);
}

/* The widget. */

static void
fv_augmentation_preview_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (fv_augmentation_preview_parent_class)->map (widget);
  show_samples_wanted (FV_AUGMENTATION_PREVIEW (widget));
}

static void
fv_augmentation_preview_unmap (GtkWidget *widget)
{
  fv_preview_feed_stop (FV_AUGMENTATION_PREVIEW (widget)->feed);
  GTK_WIDGET_CLASS (fv_augmentation_preview_parent_class)->unmap (widget);
}

static void
fv_augmentation_preview_dispose (GObject *object)
{
  FvAugmentationPreview *self = FV_AUGMENTATION_PREVIEW (object);
  fv_augmentation_preview_set_document (self, NULL);
  if (self->feed != NULL)
    g_signal_handlers_disconnect_by_data (self->feed, self);
  g_clear_object (&self->feed);
  G_OBJECT_CLASS (fv_augmentation_preview_parent_class)->dispose (object);
}

static void
fv_augmentation_preview_class_init (FvAugmentationPreviewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_augmentation_preview_dispose;
  widget_class->map = fv_augmentation_preview_map;
  widget_class->unmap = fv_augmentation_preview_unmap;
  g_type_ensure (FV_TYPE_TILE_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/fovea/Fovea/augmentation/fv-augmentation-preview.ui");
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPreview, stack);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPreview, tiles);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPreview, moment);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPreview, spinner);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPreview, problem);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPreview, problem_label);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPreview, place_label);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPreview, original_button);
  gtk_widget_class_bind_template_child (widget_class, FvAugmentationPreview, boxes_button);
  gtk_widget_class_bind_template_callback (widget_class, show_samples_wanted);
  gtk_widget_class_bind_template_callback (widget_class, on_boxes_toggled);
  gtk_widget_class_bind_template_callback (widget_class, fv_augmentation_preview_next);
  gtk_widget_class_bind_template_callback (widget_class, on_retry);
}

static void
fv_augmentation_preview_init (FvAugmentationPreview *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->feed = fv_preview_feed_new ();
  g_signal_connect_swapped (self->feed, "samples", G_CALLBACK (on_samples), self);
  g_signal_connect_swapped (self->feed, "notify::late", G_CALLBACK (on_late), self);
  g_signal_connect_swapped (self->feed, "notify::message", G_CALLBACK (on_message), self);
}
