/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-sample-pictures.h"
#include "tests/fv-test-data.h"
#include "tests/ui/widgets/fv-test-widget.h"
#include "ui/augmentation/fv-augmentation-page.h"
#include "ui/augmentation/fv-augmentation-presets.h"
#include "ui/augmentation/fv-augmentation-preview.h"
#include "ui/augmentation/fv-augmentation-row.h"
#include "ui/augmentation/fv-panes-layout.h"
#include "ui/augmentation/fv-tile-layout.h"
#include "ui/widgets/fv-box-canvas.h"

#include <adwaita.h>

#define N_TRAIN 6

typedef struct
{
  FvDocument *document;
  GtkWidget *window;
  FvAugmentationPage *page;
  FvAugmentationPreview *preview;
} Fixture;

static gpointer
get_child (gpointer widget, const char *name)
{
  gpointer child = gtk_widget_get_template_child (widget, G_OBJECT_TYPE (widget), name);
  g_assert_nonnull (child);
  return child;
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref (result);
}

static void
import_pictures (Fixture *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  const char *folder = fv_test_folder ();
  const FvSampleParams params = { .n_train = N_TRAIN, .n_val = 2, .n_test = 1, .size = 96 };
  fv_sample_pictures_write (folder, &params, NULL, &error);
  g_assert_no_error (error);
  fv_document_import_async (self->document, folder, FALSE, NULL, NULL, NULL, on_result, &result);
  fv_test_wait_until (result != NULL);
  g_autoptr (FvImportReport) report = fv_document_import_finish (self->document, result, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *self, gconstpointer with_pictures)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  fv_document_create_async (fv_test_folder (), NULL, on_result, &result);
  fv_test_wait_until (result != NULL);
  self->document = fv_document_open_finish (result, &error);
  g_assert_no_error (error);
  FvRecipe recipe = *fv_document_get_recipe (self->document);
  recipe.imgsz = 96;
  fv_document_set_recipe (self->document, &recipe);
  if (with_pictures)
    import_pictures (self);
  self->page = g_object_new (FV_TYPE_AUGMENTATION_PAGE, NULL);
  self->preview = get_child (self->page, "preview");
  self->window = fv_test_show (GTK_WIDGET (self->page), 1280, 800);
  fv_page_set_document (FV_PAGE (self->page), self->document);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (self->window));
  g_assert_finalize_object (self->document);
  fv_test_wait (20);
}

/* The first of its type below @widget that has the key, or any with a NULL key. */
static FvAugmentationRow *
find_row (GtkWidget *widget, const char *key)
{
  if (FV_IS_AUGMENTATION_ROW (widget)
      && g_str_equal (fv_augmentation_row_get_key (FV_AUGMENTATION_ROW (widget))->name, key))
    return FV_AUGMENTATION_ROW (widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child; child = gtk_widget_get_next_sibling (child))
    {
      FvAugmentationRow *found = find_row (child, key);
      if (found)
        return found;
    }
  return NULL;
}

static FvAugmentationRow *
get_row (Fixture *self, const char *key)
{
  FvAugmentationRow *row = find_row (GTK_WIDGET (self->page), key);
  g_assert_nonnull (row);
  return row;
}

static const FvAugmentPolicy *
get_policy (Fixture *self)
{
  return &fv_document_get_recipe (self->document)->augment;
}

static GtkToggleButton *
get_preset (Fixture *self, guint index)
{
  GtkWidget *button = gtk_widget_get_first_child (get_child (self->page, "presets"));
  while (index-- > 0)
    button = gtk_widget_get_next_sibling (button);
  return GTK_TOGGLE_BUTTON (button);
}

static void
move (FvAugmentationRow *row, double shown)
{
  gtk_adjustment_set_value (get_child (row, "adjustment"), shown);
}

static void
test_empty (Fixture *self, gconstpointer data)
{
  GtkStack *stack = get_child (self->page, "stack");
  g_assert_cmpstr (gtk_stack_get_visible_child_name (stack), ==, "empty");
  import_pictures (self);
  g_assert_cmpstr (gtk_stack_get_visible_child_name (stack), ==, "content");
  fv_page_set_document (FV_PAGE (self->page), NULL);
  fv_page_set_document (FV_PAGE (self->page), self->document);
  g_assert_cmpstr (gtk_stack_get_visible_child_name (stack), ==, "content");
}

/* Each slider changes its key in the document, and that one alone; its button takes it back. */
static void
test_sliders (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
    {
      const FvAugmentationKey *key = &fv_augmentation_keys[i];
      FvAugmentationRow *row = get_row (self, key->name);
      GtkWidget *scale = get_child (row, "scale"), *reset = get_child (row, "reset_button");
      const double usual = fv_augmentation_get_default (key), maximum = fv_augmentation_get_maximum (key);
      const double other = usual > 0 ? 0 : maximum;
      FvAugmentPolicy expected = *get_policy (self);
      g_autofree char *text = fv_augmentation_format (key, other);

      g_assert_false (gtk_widget_get_visible (reset));
      gtk_test_accessible_assert_role (scale, GTK_ACCESSIBLE_ROLE_SLIDER);
      gtk_test_accessible_assert_property (scale, GTK_ACCESSIBLE_PROPERTY_LABEL, key->title);
      move (row, other);
      gtk_test_accessible_assert_property (scale, GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text);
      g_assert_cmpstr (gtk_label_get_label (get_child (row, "value_label")), ==, text);
      fv_augmentation_set (key, &expected, fv_augmentation_from_shown (key, other));
      fv_test_wait_until (fv_augmentation_get (key, get_policy (self)) == fv_augmentation_from_shown (key, other));
      g_assert_cmpmem (get_policy (self), sizeof expected, &expected, sizeof expected);
      g_assert_true (gtk_widget_get_visible (reset));
      g_signal_emit_by_name (reset, "clicked");
      g_assert_false (gtk_widget_get_visible (reset));
      fv_test_wait_until (fv_augmentation_get (key, get_policy (self)) == fv_augmentation_from_shown (key, usual));
    }
  g_assert_cmpint (fv_augmentation_preset_find (get_policy (self)), ==, FV_AUGMENTATION_LIGHT);
}

static void
test_presets (Fixture *self, gconstpointer data)
{
  GtkStack *texts = get_child (self->page, "preset_texts");
  for (FvAugmentationPreset preset = 0; preset < FV_AUGMENTATION_N_PRESETS; preset++)
    {
      FvAugmentPolicy policy;
      fv_augmentation_preset_get (preset, &policy);
      gtk_toggle_button_set_active (get_preset (self, preset), TRUE);
      fv_test_wait_until (memcmp (get_policy (self), &policy, sizeof policy) == 0);
      for (FvAugmentationPreset other = 0; other < FV_AUGMENTATION_N_PRESETS; other++)
        g_assert_cmpint (gtk_toggle_button_get_active (get_preset (self, other)), ==, other == preset);
      g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (gtk_stack_get_visible_child (texts))), ==,
                       fv_augmentation_preset_text (preset));
      /* The one in use can't be let go. */
      gtk_toggle_button_set_active (get_preset (self, preset), FALSE);
      g_assert_true (gtk_toggle_button_get_active (get_preset (self, preset)));
      for (guint i = 0; i < FV_AUGMENTATION_N_KEYS; i++)
        g_assert_cmpfloat (fv_augmentation_row_get_value (get_row (self, fv_augmentation_keys[i].name)), ==,
                           fv_augmentation_get (&fv_augmentation_keys[i], &policy));
    }
  move (get_row (self, "degrees"), 33);
  for (FvAugmentationPreset preset = 0; preset < FV_AUGMENTATION_N_PRESETS; preset++)
    g_assert_false (gtk_toggle_button_get_active (get_preset (self, preset)));
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (gtk_stack_get_visible_child (texts))), ==,
                   fv_augmentation_preset_text (FV_AUGMENTATION_CUSTOM));
}

/* What another page sets is seen here; what is not seen of it stays as it is. */
static void
test_other_page (Fixture *self, gconstpointer data)
{
  FvRecipe recipe = *fv_document_get_recipe (self->document);
  recipe.augment.degrees = 12;
  recipe.augment.hsv_h = 0.01234;
  recipe.epochs = 7;
  fv_document_set_recipe (self->document, &recipe);
  g_assert_cmpfloat (fv_augmentation_row_get_value (get_row (self, "degrees")), ==, 12);
  g_assert_cmpfloat (get_policy (self)->hsv_h, ==, 0.01234);
  move (get_row (self, "shear"), 3);
  /* Before that is applied. */
  recipe.epochs = 8;
  fv_document_set_recipe (self->document, &recipe);
  fv_test_wait_until (get_policy (self)->shear == 3);
  g_assert_cmpint (fv_document_get_recipe (self->document)->epochs, ==, 8);
  g_assert_cmpfloat (get_policy (self)->degrees, ==, 12);
  g_assert_cmpfloat (get_policy (self)->hsv_h, ==, 0.01234);
  /* The last movement counts, even when the project is closed at once. */
  move (get_row (self, "shear"), 4);
  fv_page_set_document (FV_PAGE (self->page), NULL);
  g_assert_cmpfloat (get_policy (self)->shear, ==, 4);
}

static guint
count_tiles (Fixture *self)
{
  guint n = 0;
  for (GtkWidget *tile = gtk_widget_get_first_child (get_child (self->preview, "tiles")); tile;
       tile = gtk_widget_get_next_sibling (tile))
    n++;
  return n;
}

static const char *
get_place (Fixture *self)
{
  return gtk_label_get_label (get_child (self->preview, "place_label"));
}

/* Samples come, with boxes; the next ones; each epoch to its last picture. */
static void
test_preview (Fixture *self, gconstpointer data)
{
  fv_test_wait_until (count_tiles (self) == FV_AUGMENTATION_PREVIEW_TILES);
  GtkWidget *tiles = get_child (self->preview, "tiles");
  FvBoxCanvas *canvas = FV_BOX_CANVAS (gtk_widget_get_first_child (tiles));
  FvPicture *before = fv_box_canvas_get_picture (canvas);
  g_assert_cmpuint (before->width, ==, 96);
  g_assert_cmpuint (fv_box_canvas_get_n_boxes (canvas), >, 0);
  g_assert_cmpint (gtk_widget_get_width (GTK_WIDGET (canvas)), ==, gtk_widget_get_height (GTK_WIDGET (canvas)));
  g_assert_cmpstr (gtk_stack_get_visible_child_name (get_child (self->preview, "stack")), ==, "tiles");

  g_assert_cmpstr (get_place (self), ==, "Epoch 1, pictures 1–4 of 6");
  fv_augmentation_preview_next (self->preview);
  g_assert_cmpstr (get_place (self), ==, "Epoch 1, pictures 3–6 of 6");
  fv_test_wait_until (fv_box_canvas_get_picture (canvas) != before);
  fv_augmentation_preview_next (self->preview);
  g_assert_cmpstr (get_place (self), ==, "Epoch 2, pictures 1–4 of 6");

  fv_augmentation_preview_toggle_boxes (self->preview);
  g_assert_false (fv_box_canvas_get_show_boxes (canvas));
  fv_augmentation_preview_toggle_original (self->preview);
  g_assert_true (gtk_toggle_button_get_active (get_child (self->preview, "original_button")));
  move (get_row (self, "degrees"), 20);
  g_assert_false (gtk_toggle_button_get_active (get_child (self->preview, "original_button")));
}

static void
test_tile_layout (void)
{
  int side;
  g_assert_cmpuint (fv_tile_layout_fit (4, 700, 700, &side), ==, 2);
  g_assert_cmpint (side, ==, (700 - FV_TILE_SPACING) / 2);
  g_assert_cmpuint (fv_tile_layout_fit (4, 700, 170, &side), ==, 4);
  g_assert_cmpint (side, ==, 170);
  g_assert_cmpuint (fv_tile_layout_fit (4, 100, 700, &side), ==, 1);
  g_assert_cmpint (side, ==, 100);
  g_assert_cmpuint (fv_tile_layout_fit (3, 600, 600, &side), ==, 2);
  g_assert_cmpuint (fv_tile_layout_fit (1, 300, 200, &side), ==, 1);
  g_assert_cmpint (side, ==, 200);
  fv_tile_layout_fit (4, 3, 3, &side);
  g_assert_cmpint (side, >=, 0);
}

/* Side by side, or one above the other. */
static void
test_panes (Fixture *self, gconstpointer data)
{
  GtkWidget *preview = GTK_WIDGET (self->preview), *side = gtk_widget_get_next_sibling (preview);
  for (guint i = 0; i < 2; i++)
    {
      const gboolean narrow = i == 1;
      graphene_rect_t preview_place, side_place;
      fv_test_resize (self->window, narrow ? 500 : 800, 600);
      fv_test_wait (50);
      g_assert_true (gtk_widget_compute_bounds (preview, GTK_WIDGET (self->page), &preview_place));
      g_assert_true (gtk_widget_compute_bounds (side, GTK_WIDGET (self->page), &side_place));
      if (narrow)
        g_assert_cmpfloat (side_place.origin.y, >=, preview_place.origin.y + preview_place.size.height);
      else
        g_assert_cmpfloat (side_place.origin.x, >=, preview_place.origin.x + preview_place.size.width);
    }
  g_assert_cmpint (fv_panes_layout_get_side_width (FV_PANES_LEAST_WIDTH - 1), ==, 0);
  g_assert_cmpint (fv_panes_layout_get_side_width (5000), <, 600);
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  g_test_add_func ("/ui/augmentation/page/tile-layout", test_tile_layout);
  g_test_add ("/ui/augmentation/page/empty", Fixture, NULL, set_up, test_empty, tear_down);
  g_test_add ("/ui/augmentation/page/sliders", Fixture, "pictures", set_up, test_sliders, tear_down);
  g_test_add ("/ui/augmentation/page/presets", Fixture, "pictures", set_up, test_presets, tear_down);
  g_test_add ("/ui/augmentation/page/other-page", Fixture, "pictures", set_up, test_other_page, tear_down);
  g_test_add ("/ui/augmentation/page/preview", Fixture, "pictures", set_up, test_preview, tear_down);
  g_test_add ("/ui/augmentation/page/panes", Fixture, "pictures", set_up, test_panes, tear_down);
  return g_test_run ();
}
