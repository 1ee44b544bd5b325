/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-box-sidebar.h"

#include "ui/fv-i18n.h"
#include "ui/pictures/fv-box-item.h"
#include "ui/widgets/fv-list-item.h"
#include "ui/widgets/fv-swatch.h"
#include "ui/widgets/fv-tab-stop.h"

struct _FvBoxSidebar
{
  AdwBin parent_instance;
  GtkLabel *count;
  GtkStack *stack;
  GtkListView *list;
  GtkSingleSelection *selection;
};

G_DEFINE_FINAL_TYPE (FvBoxSidebar, fv_box_sidebar, ADW_TYPE_BIN)

enum
{
  PROP_HIGHLIGHTED = 1,
  N_PROPERTIES,
};
static GParamSpec *properties[N_PROPERTIES];

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 9);
  GtkWidget *name = gtk_label_new (NULL);
  GtkWidget *size = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (size, "caption");
  gtk_widget_add_css_class (size, "dim-label");
  gtk_widget_add_css_class (size, "numeric");
  gtk_box_append (GTK_BOX (row), fv_swatch_new ());
  gtk_box_append (GTK_BOX (row), name);
  gtk_box_append (GTK_BOX (row), size);
  gtk_list_item_set_child (item, row);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  FvBoxItem *box = gtk_list_item_get_item (item);
  GtkWidget *row = gtk_list_item_get_child (item);
  GtkWidget *swatch = gtk_widget_get_first_child (row);
  GtkWidget *name = gtk_widget_get_next_sibling (swatch);
  g_autofree char *title = fv_box_item_get_title (box);
  g_autofree char *size = fv_box_item_get_size (box);
  fv_swatch_set_class (FV_SWATCH (swatch), (int)fv_box_item_get (box)->class_id);
  gtk_label_set_label (GTK_LABEL (name), title);
  gtk_widget_set_tooltip_text (name, title);
  gtk_label_set_label (GTK_LABEL (gtk_widget_get_next_sibling (name)), size);
  fv_list_item_set_name (item, title, size);
}

int
fv_box_sidebar_get_highlighted (FvBoxSidebar *self)
{
  const guint selected = gtk_single_selection_get_selected (self->selection);
  return selected == GTK_INVALID_LIST_POSITION ? -1 : (int)selected;
}

void
fv_box_sidebar_set_highlighted (FvBoxSidebar *self, int highlighted)
{
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));
  if (highlighted == fv_box_sidebar_get_highlighted (self))
    return;
  if (highlighted < 0 || (guint)highlighted >= n)
    {
      gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
      return;
    }
  gtk_single_selection_set_selected (self->selection, (guint)highlighted);
  gtk_widget_activate_action (GTK_WIDGET (self->list), "list.scroll-to-item", "u", (guint)highlighted);
}

static void
on_selected (FvBoxSidebar *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HIGHLIGHTED]);
}

void
fv_box_sidebar_set_picture (FvBoxSidebar *self, FvPictureItem *picture)
{
  g_autoptr (GListModel) boxes = picture != NULL ? fv_box_list_new (picture) : NULL;
  const guint n = boxes != NULL ? g_list_model_get_n_items (boxes) : 0;
  g_autofree char *count = g_strdup_printf (ngettext ("%'u box", "%'u boxes", n), n);
  gtk_single_selection_set_model (self->selection, boxes);
  gtk_label_set_label (self->count, count);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "list" : "none");
}

static void
fv_box_sidebar_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_HIGHLIGHTED)
    g_value_set_int (value, fv_box_sidebar_get_highlighted (FV_BOX_SIDEBAR (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fv_box_sidebar_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_HIGHLIGHTED)
    fv_box_sidebar_set_highlighted (FV_BOX_SIDEBAR (object), g_value_get_int (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fv_box_sidebar_finalize (GObject *object)
{
  g_clear_object (&FV_BOX_SIDEBAR (object)->selection);
  G_OBJECT_CLASS (fv_box_sidebar_parent_class)->finalize (object);
}

static void
fv_box_sidebar_class_init (FvBoxSidebarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->finalize = fv_box_sidebar_finalize;
  G_OBJECT_CLASS (klass)->get_property = fv_box_sidebar_get_property;
  G_OBJECT_CLASS (klass)->set_property = fv_box_sidebar_set_property;
  properties[PROP_HIGHLIGHTED]
      = g_param_spec_int ("highlighted", NULL, NULL, -1, G_MAXINT, -1,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);
  g_type_ensure (FV_TYPE_TAB_STOP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/pictures/fv-box-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, FvBoxSidebar, count);
  gtk_widget_class_bind_template_child (widget_class, FvBoxSidebar, stack);
  gtk_widget_class_bind_template_child (widget_class, FvBoxSidebar, list);
}

static void
fv_box_sidebar_init (FvBoxSidebar *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  self->selection = gtk_single_selection_new (NULL);
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  g_signal_connect_object (self->selection, "notify::selected", G_CALLBACK (on_selected), self, G_CONNECT_SWAPPED);
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), NULL);
  gtk_list_view_set_factory (self->list, factory);
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));
}
