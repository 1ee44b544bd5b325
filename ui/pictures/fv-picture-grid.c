/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-picture-grid.h"

#include "ui/fv-i18n.h"
#include "ui/pictures/fv-facet.h"
#include "ui/pictures/fv-picture-cell.h"
#include "ui/pictures/fv-pictures-text.h"
#include "ui/widgets/fv-list-item.h"
#include "ui/widgets/fv-tab-stop.h"

#define THUMBNAIL_BYTES (96 << 20)
#define THUMBNAIL_THREADS 3

struct _FvPictureGrid
{
  AdwBin parent_instance;
  GtkMenuButton *more;
  GtkDropDown *subset, *class;
  GtkStack *stack;
  GtkGridView *grid;
  GtkLabel *shown;
  GtkButton *report;
  GtkLabel *report_label;

  FvPictureList *list;
  FvPictureLoader *loader;
  GListStore *subsets, *classes; /* of FvFacet */
  gboolean filling;              /* the drop-downs change by themselves */
};

G_DEFINE_FINAL_TYPE (FvPictureGrid, fv_picture_grid, ADW_TYPE_BIN)

enum
{
  OPEN_PICTURE,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

FvPictureList *
fv_picture_grid_get_list (FvPictureGrid *self)
{
  return self->list;
}

/* Filters. */

static void
add_facet (GListStore *store, const char *name, int value, int class_id)
{
  g_autoptr (FvFacet) facet = fv_facet_new (name, value, class_id);
  g_list_store_append (store, facet);
}

static int
get_chosen (GtkDropDown *drop_down)
{
  FvFacet *facet = gtk_drop_down_get_selected_item (drop_down);
  return facet != NULL ? fv_facet_get_value (facet) : FV_PICTURES_ANY;
}

static void
choose (GtkDropDown *drop_down, int value)
{
  GListModel *model = gtk_drop_down_get_model (drop_down);
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (FvFacet) facet = g_list_model_get_item (model, i);
      if (fv_facet_get_value (facet) == value)
        gtk_drop_down_set_selected (drop_down, i);
    }
}

/* Each choice says how many pictures it would show, the other filter being as it is. */
static void
update_counts (FvPictureGrid *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->subsets)); i++)
    {
      g_autoptr (FvFacet) facet = g_list_model_get_item (G_LIST_MODEL (self->subsets), i);
      fv_facet_set_count (facet, fv_picture_list_count (self->list, fv_facet_get_value (facet),
                                                        fv_picture_list_get_class (self->list), NULL));
    }
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->classes)); i++)
    {
      g_autoptr (FvFacet) facet = g_list_model_get_item (G_LIST_MODEL (self->classes), i);
      fv_facet_set_count (facet, fv_picture_list_count (self->list, fv_picture_list_get_subset (self->list),
                                                        fv_facet_get_value (facet), NULL));
    }
}

static void
update_shown (FvPictureGrid *self)
{
  const FvDataset *dataset = fv_picture_list_get_dataset (self->list);
  guint64 n_boxes = 0;
  const guint n = fv_picture_list_count (self->list, fv_picture_list_get_subset (self->list),
                                         fv_picture_list_get_class (self->list), &n_boxes);
  g_autofree char *text = fv_pictures_text_shown (n, dataset != NULL ? dataset->items->len : 0, n_boxes);
  gtk_label_set_label (self->shown, text);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "grid" : "none");
}

static void
on_filter_changed (FvPictureGrid *self)
{
  if (self->filling)
    return;
  fv_picture_list_set_filter (self->list, get_chosen (self->subset), get_chosen (self->class));
  update_counts (self);
  update_shown (self);
}

static void
fill_filters (FvPictureGrid *self, const FvDataset *dataset)
{
  const FvSubset subsets[] = { FV_SUBSET_TRAIN, FV_SUBSET_VAL, FV_SUBSET_TEST };
  self->filling = TRUE;
  g_list_store_remove_all (self->subsets);
  g_list_store_remove_all (self->classes);
  add_facet (self->subsets, _ ("All subsets"), FV_PICTURES_ANY, -1);
  for (guint i = 0; i < G_N_ELEMENTS (subsets); i++)
    add_facet (self->subsets, fv_subset_get_title (subsets[i]), (int)subsets[i], -1);
  if (fv_picture_list_count (self->list, FV_SUBSET_NONE, FV_PICTURES_ANY, NULL) > 0)
    add_facet (self->subsets, fv_subset_get_title (FV_SUBSET_NONE), FV_SUBSET_NONE, -1);
  add_facet (self->classes, _ ("All classes"), FV_PICTURES_ANY, -1);
  for (guint i = 0; dataset != NULL && i < dataset->n_classes; i++)
    add_facet (self->classes, dataset->class_names[i], (int)i, (int)i);
  add_facet (self->classes, _ ("Without boxes"), FV_PICTURES_WITHOUT_BOXES, -1);
  gtk_drop_down_set_enable_search (self->class, dataset != NULL && dataset->n_classes > 12);
  gtk_drop_down_set_selected (self->subset, 0);
  gtk_drop_down_set_selected (self->class, 0);
  choose (self->subset, fv_picture_list_get_subset (self->list));
  choose (self->class, fv_picture_list_get_class (self->list));
  self->filling = FALSE;
  on_filter_changed (self);
}

void
fv_picture_grid_set_dataset (FvPictureGrid *self, FvDataset *dataset)
{
  fv_picture_list_set_dataset (self->list, dataset);
  if (dataset == NULL)
    fv_picture_loader_forget (self->loader);
  fill_filters (self, dataset);
}

static void
show_all_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FvPictureGrid *self = FV_PICTURE_GRID (widget);
  choose (self->subset, FV_PICTURES_ANY);
  choose (self->class, FV_PICTURES_ANY);
  gtk_widget_grab_focus (GTK_WIDGET (self->grid));
}

void
fv_picture_grid_set_n_problems (FvPictureGrid *self, guint n_rejected, guint n_repaired)
{
  g_autofree char *text = fv_pictures_text_problems (n_rejected, n_repaired);
  gtk_widget_set_visible (GTK_WIDGET (self->report), text != NULL);
  gtk_label_set_label (self->report_label, text != NULL ? text : "");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->report), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  text != NULL ? text : "", -1);
}

/* Thumbnails. */

static void
on_setup (FvPictureGrid *self, GtkListItem *item)
{
  gtk_list_item_set_child (item, fv_picture_cell_new (self->loader));
}

static void
on_bind (FvPictureGrid *self, GtkListItem *item)
{
  FvPictureItem *picture = gtk_list_item_get_item (item);
  g_autofree char *description = fv_picture_item_describe (picture);
  fv_picture_cell_set_item (FV_PICTURE_CELL (gtk_list_item_get_child (item)), picture);
  fv_list_item_set_name (item, fv_picture_item_get_title (picture), description);
}

static void
on_unbind (FvPictureGrid *self, GtkListItem *item)
{
  fv_picture_cell_set_item (FV_PICTURE_CELL (gtk_list_item_get_child (item)), NULL);
}

static void
on_activate (FvPictureGrid *self, guint position)
{
  g_signal_emit (self, signals[OPEN_PICTURE], 0, position);
}

void
fv_picture_grid_go_to (FvPictureGrid *self, guint position)
{
  if (position >= g_list_model_get_n_items (G_LIST_MODEL (self->list)))
    return;
  g_autoptr (FvPictureItem) item = g_list_model_get_item (G_LIST_MODEL (self->list), position);
  gtk_widget_activate_action (GTK_WIDGET (self->grid), "list.select-item", "(ubb)", position, FALSE, FALSE);
  gtk_widget_activate_action (GTK_WIDGET (self->grid), "list.scroll-to-item", "u", position);
  /* GTK has no call to focus an item before 4.12; scrolling has made its widget. */
  for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->grid)); row != NULL;
       row = gtk_widget_get_next_sibling (row))
    {
      GtkWidget *cell = gtk_widget_get_first_child (row);
      if (FV_IS_PICTURE_CELL (cell) && fv_picture_cell_get_item (FV_PICTURE_CELL (cell)) == item)
        {
          gtk_widget_grab_focus (row);
          return;
        }
    }
  gtk_widget_grab_focus (GTK_WIDGET (self->grid));
}

/* The widget. */

static void
fv_picture_grid_dispose (GObject *object)
{
  FvPictureGrid *self = FV_PICTURE_GRID (object);
  if (self->list != NULL)
    fv_picture_list_set_dataset (self->list, NULL);
  g_clear_object (&self->subsets);
  g_clear_object (&self->classes);
  G_OBJECT_CLASS (fv_picture_grid_parent_class)->dispose (object);
}

static void
fv_picture_grid_finalize (GObject *object)
{
  FvPictureGrid *self = FV_PICTURE_GRID (object);
  g_clear_object (&self->list);
  g_clear_object (&self->loader);
  G_OBJECT_CLASS (fv_picture_grid_parent_class)->finalize (object);
}

static void
fv_picture_grid_class_init (FvPictureGridClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = fv_picture_grid_dispose;
  G_OBJECT_CLASS (klass)->finalize = fv_picture_grid_finalize;
  g_type_ensure (FV_TYPE_TAB_STOP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/pictures/fv-picture-grid.ui");
  gtk_widget_class_bind_template_child (widget_class, FvPictureGrid, more);
  gtk_widget_class_bind_template_child (widget_class, FvPictureGrid, subset);
  gtk_widget_class_bind_template_child (widget_class, FvPictureGrid, class);
  gtk_widget_class_bind_template_child (widget_class, FvPictureGrid, stack);
  gtk_widget_class_bind_template_child (widget_class, FvPictureGrid, grid);
  gtk_widget_class_bind_template_child (widget_class, FvPictureGrid, shown);
  gtk_widget_class_bind_template_child (widget_class, FvPictureGrid, report);
  gtk_widget_class_bind_template_child (widget_class, FvPictureGrid, report_label);
  gtk_widget_class_install_action (widget_class, "pictures.show-all", NULL, show_all_action);
  signals[OPEN_PICTURE] = g_signal_new ("open-picture", FV_TYPE_PICTURE_GRID, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
fv_picture_grid_init (FvPictureGrid *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  self->list = fv_picture_list_new ();
  self->loader = fv_picture_loader_new (THUMBNAIL_BYTES, THUMBNAIL_THREADS);
  fv_picture_loader_set_rank (self->loader, fv_picture_cell_rank);
  /* The button is at the window's start: no room for half a menu there. */
  gtk_widget_set_halign (GTK_WIDGET (gtk_menu_button_get_popover (self->more)), GTK_ALIGN_START);

  self->subsets = g_list_store_new (FV_TYPE_FACET);
  self->classes = g_list_store_new (FV_TYPE_FACET);
  fv_facet_set_up_drop_down (self->subset, _ ("Subset"));
  fv_facet_set_up_drop_down (self->class, _ ("Class"));
  gtk_drop_down_set_model (self->subset, G_LIST_MODEL (self->subsets));
  gtk_drop_down_set_model (self->class, G_LIST_MODEL (self->classes));
  g_signal_connect_swapped (self->subset, "notify::selected", G_CALLBACK (on_filter_changed), self);
  g_signal_connect_swapped (self->class, "notify::selected", G_CALLBACK (on_filter_changed), self);

  g_signal_connect_object (factory, "setup", G_CALLBACK (on_setup), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (factory, "bind", G_CALLBACK (on_bind), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (factory, "unbind", G_CALLBACK (on_unbind), self, G_CONNECT_SWAPPED);
  g_autoptr (GtkSingleSelection) selection = gtk_single_selection_new (g_object_ref (G_LIST_MODEL (self->list)));
  gtk_single_selection_set_autoselect (selection, FALSE);
  gtk_single_selection_set_can_unselect (selection, TRUE);
  gtk_grid_view_set_factory (self->grid, factory);
  gtk_grid_view_set_model (self->grid, GTK_SELECTION_MODEL (selection));
  g_signal_connect_swapped (self->grid, "activate", G_CALLBACK (on_activate), self);
  fill_filters (self, NULL);
}
