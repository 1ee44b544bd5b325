/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/training/fv-class-table.h"

#include "ui/fv-i18n.h"
#include "ui/training/fv-training-words.h"
#include "ui/widgets/fv-list-item.h"

#include <math.h>
#include <string.h>

/* A class as an item of the list. */

#define N_VALUES 6

#define FV_TYPE_CLASS_RESULT (fv_class_result_get_type ())
G_DECLARE_FINAL_TYPE (FvClassResult, fv_class_result, FV, CLASS_RESULT, GObject)

struct _FvClassResult
{
  GObject parent_instance;
  char *name;
  double values[N_VALUES]; /* in the order of the columns after the name */
};

G_DEFINE_FINAL_TYPE (FvClassResult, fv_class_result, G_TYPE_OBJECT)

static void
fv_class_result_finalize (GObject *object)
{
  g_free (FV_CLASS_RESULT (object)->name);
  G_OBJECT_CLASS (fv_class_result_parent_class)->finalize (object);
}

static void
fv_class_result_class_init (FvClassResultClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fv_class_result_finalize;
}

static void
fv_class_result_init (FvClassResult *self)
{
}

/* The table. */

/* As style.css has them: the least height of a cell's content, its padding above and below, the line between rows. */
#define CELL_HEIGHT 20
#define CELL_PADDING 8
#define MAX_ROWS 14

struct _FvClassTable
{
  AdwBin parent_instance;
  GtkScrolledWindow *scroller;
  GtkColumnView *view;
  GListStore *store;
  GtkSortListModel *sorted;
};

G_DEFINE_FINAL_TYPE (FvClassTable, fv_class_table, ADW_TYPE_BIN)

/* Those after the name; the first two are numbers of things, the others shares. */
#define N_COUNTS 2
static const char *const titles[N_VALUES]
    = { N_ ("Pictures"), N_ ("Objects"), N_ ("Precision"), N_ ("Recall"), N_ ("AP50"), N_ ("AP50-95") };

/* Column 0 has the name. */
static int
compare_results (gconstpointer a, gconstpointer b, gpointer data)
{
  const guint column = GPOINTER_TO_UINT (data);
  const FvClassResult *x = a, *y = b;
  if (column == 0)
    return g_utf8_collate (x->name, y->name);
  const double p = x->values[column - 1], q = y->values[column - 1];
  /* What is not known comes first. */
  if (isnan (p) || isnan (q))
    return !isnan (p) - !isnan (q);
  return (p > q) - (p < q);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  const guint column = GPOINTER_TO_UINT (data);
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0 : 1);
  if (column == 0)
    {
      gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
      gtk_label_set_width_chars (GTK_LABEL (label), 8);
    }
  else
    gtk_widget_add_css_class (label, "numeric");
  gtk_list_item_set_child (item, label);
}

/* What a screen reader says of a cell and, the first one, of its row. */
static void
name_cell (GtkListItem *item, const char *name, gboolean row)
{
  GtkWidget *cell = gtk_widget_get_parent (gtk_list_item_get_child (item));
  fv_list_item_set_name (item, name, NULL);
  if (row && cell != NULL && gtk_widget_get_parent (cell) != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_widget_get_parent (cell)), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                    -1);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  const guint column = GPOINTER_TO_UINT (data);
  const FvClassResult *result = gtk_list_item_get_item (item);
  GtkLabel *label = GTK_LABEL (gtk_list_item_get_child (item));
  if (column == 0)
    {
      gtk_label_set_label (label, result->name);
      gtk_widget_set_tooltip_text (GTK_WIDGET (label), result->name);
      name_cell (item, result->name, TRUE);
      return;
    }
  const double value = result->values[column - 1];
  g_autofree char *text = column <= N_COUNTS ? g_strdup_printf ("%.0f", value) : fv_words_share (value);
  gtk_label_set_label (label, text);
  name_cell (item, text, FALSE);
}

static void
add_column (FvClassTable *self, guint column)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkSorter) sorter = GTK_SORTER (gtk_custom_sorter_new (compare_results, GUINT_TO_POINTER (column), NULL));
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), GUINT_TO_POINTER (column));
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), GUINT_TO_POINTER (column));
  g_autoptr (GtkColumnViewColumn) view_column
      = gtk_column_view_column_new (column == 0 ? _ ("Class") : _ (titles[column - 1]), factory);
  gtk_column_view_column_set_sorter (view_column, sorter);
  gtk_column_view_column_set_expand (view_column, column == 0);
  gtk_column_view_append_column (self->view, view_column);
}

/* A column view would be content with the height of a row or two. */
static void
fit_height (FvClassTable *self, guint n)
{
  PangoFontMetrics *metrics = pango_context_get_metrics (gtk_widget_get_pango_context (GTK_WIDGET (self)), NULL, NULL);
  const int text = PANGO_PIXELS_CEIL (pango_font_metrics_get_height (metrics));
  const int row = MAX (text, CELL_HEIGHT) + 2 * CELL_PADDING + 1;
  pango_font_metrics_unref (metrics);
  /* With the row of titles, and half a row to show that there are more. */
  const int height = n <= MAX_ROWS ? row * ((int)n + 1) : row * (MAX_ROWS + 1) + row / 2;
  gtk_scrolled_window_set_min_content_height (self->scroller, height);
}

/* Titles of numbers stand above them at the right; GTK has no property for that. */
static void
align_titles (FvClassTable *self)
{
  GtkWidget *header = gtk_widget_get_first_child (GTK_WIDGET (self->view));
  GtkWidget *title = header ? gtk_widget_get_first_child (header) : NULL;
  for (title = title ? gtk_widget_get_next_sibling (title) : NULL; title; title = gtk_widget_get_next_sibling (title))
    if (gtk_widget_get_first_child (title) != NULL)
      gtk_widget_set_halign (gtk_widget_get_first_child (title), GTK_ALIGN_END);
}

void
fv_class_table_set_classes (FvClassTable *self, const FvRunClass *classes, guint n)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < n; i++)
    {
      FvClassResult *item = g_object_new (FV_TYPE_CLASS_RESULT, NULL);
      const double values[N_VALUES] = { classes[i].images, classes[i].instances, classes[i].precision,
                                        classes[i].recall, classes[i].ap50,      classes[i].ap };
      item->name = g_strdup (classes[i].name);
      memcpy (item->values, values, sizeof values);
      g_ptr_array_add (items, item);
    }
  fit_height (self, n);
  g_list_store_splice (self->store, 0, g_list_model_get_n_items (G_LIST_MODEL (self->store)), items->pdata, items->len);
}

const char *
fv_class_table_get_name (FvClassTable *self, guint i)
{
  g_autoptr (FvClassResult) item = g_list_model_get_item (G_LIST_MODEL (self->sorted), i);
  /* The list keeps it. */
  return item ? item->name : NULL;
}

static void
fv_class_table_dispose (GObject *object)
{
  FvClassTable *self = FV_CLASS_TABLE (object);
  g_clear_object (&self->store);
  g_clear_object (&self->sorted);
  G_OBJECT_CLASS (fv_class_table_parent_class)->dispose (object);
}

static void
fv_class_table_class_init (FvClassTableClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = fv_class_table_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (klass), "/org/fovea/Fovea/training/fv-class-table.ui");
  gtk_widget_class_bind_template_child (GTK_WIDGET_CLASS (klass), FvClassTable, view);
  gtk_widget_class_bind_template_child (GTK_WIDGET_CLASS (klass), FvClassTable, scroller);
}

static void
fv_class_table_init (FvClassTable *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i <= N_VALUES; i++)
    add_column (self, i);
  align_titles (self);
  self->store = g_list_store_new (FV_TYPE_CLASS_RESULT);
  self->sorted = gtk_sort_list_model_new (G_LIST_MODEL (g_object_ref (self->store)),
                                          g_object_ref (gtk_column_view_get_sorter (self->view)));
  g_autoptr (GtkSelectionModel) selection
      = GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (g_object_ref (self->sorted))));
  gtk_column_view_set_model (self->view, selection);
}
