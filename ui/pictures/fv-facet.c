/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-facet.h"

#include "ui/fv-i18n.h"
#include "ui/widgets/fv-list-item.h"
#include "ui/widgets/fv-swatch.h"

/* Of a name; a longer one is cut, with a tooltip. */
#define MAX_CHARS 24

struct _FvFacet
{
  GObject parent_instance;
  char *name;
  int value, class_id;
  guint count;
};

G_DEFINE_FINAL_TYPE (FvFacet, fv_facet, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  PROP_COUNT_TEXT,
  PROP_CLASS_ID,
  N_PROPERTIES,
};
static GParamSpec *properties[N_PROPERTIES];

int
fv_facet_get_value (FvFacet *self)
{
  return self->value;
}

void
fv_facet_set_count (FvFacet *self, guint count)
{
  if (self->count == count)
    return;
  self->count = count;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COUNT_TEXT]);
}

static void
fv_facet_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FvFacet *self = FV_FACET (object);
  switch (id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_COUNT_TEXT:
      g_value_take_string (value, g_strdup_printf ("%'u", self->count));
      break;
    case PROP_CLASS_ID:
      g_value_set_int (value, self->class_id);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
fv_facet_finalize (GObject *object)
{
  g_free (FV_FACET (object)->name);
  G_OBJECT_CLASS (fv_facet_parent_class)->finalize (object);
}

static void
fv_facet_class_init (FvFacetClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  G_OBJECT_CLASS (klass)->get_property = fv_facet_get_property;
  G_OBJECT_CLASS (klass)->finalize = fv_facet_finalize;
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_COUNT_TEXT] = g_param_spec_string ("count-text", NULL, NULL, NULL, flags);
  properties[PROP_CLASS_ID] = g_param_spec_int ("class-id", NULL, NULL, -1, G_MAXINT, -1, flags);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);
}

static void
fv_facet_init (FvFacet *self)
{
}

FvFacet *
fv_facet_new (const char *name, int value, int class_id)
{
  FvFacet *self = g_object_new (FV_TYPE_FACET, NULL);
  self->name = g_strdup (name);
  self->value = value;
  self->class_id = class_id;
  return self;
}

/* Rows. */

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *swatch = fv_swatch_new ();
  GtkWidget *name = gtk_label_new (NULL);
  GtkWidget *count = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (name), MAX_CHARS);
  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (count, "dim-label");
  gtk_widget_add_css_class (count, "numeric");
  gtk_box_append (GTK_BOX (row), swatch);
  gtk_box_append (GTK_BOX (row), name);
  gtk_box_append (GTK_BOX (row), count);
  gtk_list_item_set_child (item, row);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  FvFacet *facet = gtk_list_item_get_item (item);
  GtkWidget *row = gtk_list_item_get_child (item);
  GtkWidget *swatch = gtk_widget_get_first_child (row);
  GtkWidget *name = gtk_widget_get_next_sibling (swatch);
  gtk_widget_set_visible (swatch, facet->class_id >= 0);
  fv_swatch_set_class (FV_SWATCH (swatch), facet->class_id);
  gtk_label_set_label (GTK_LABEL (name), facet->name);
  gtk_widget_set_tooltip_text (name, facet->class_id >= 0 ? facet->name : NULL);
  GBinding *binding = g_object_bind_property (facet, "count-text", gtk_widget_get_next_sibling (name), "label",
                                              G_BINDING_SYNC_CREATE);
  g_object_set_data (G_OBJECT (row), "binding", binding);
  fv_list_item_set_name (item, facet->name, NULL);
}

/* A row of the popup is as wide as its name, up to a point; what the drop-down itself shows takes the room there is. */
static void
on_bind_row (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  FvFacet *facet = gtk_list_item_get_item (item);
  GtkWidget *swatch = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  gtk_label_set_width_chars (GTK_LABEL (gtk_widget_get_next_sibling (swatch)),
                             (int)MIN (g_utf8_strlen (facet->name, -1), MAX_CHARS));
  on_bind (factory, item);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *row = gtk_list_item_get_child (item);
  g_binding_unbind (g_object_steal_data (G_OBJECT (row), "binding"));
}

static GtkListItemFactory *
make_factory (GCallback bind)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), NULL);
  g_signal_connect (factory, "bind", bind, NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), NULL);
  return factory;
}

void
fv_facet_set_up_drop_down (GtkDropDown *drop_down, const char *name)
{
  GtkWidget *button = gtk_widget_get_first_child (GTK_WIDGET (drop_down));
  GtkWidget *popup = gtk_widget_get_last_child (GTK_WIDGET (drop_down));
  g_autoptr (GtkListItemFactory) factory = make_factory (G_CALLBACK (on_bind));
  g_autoptr (GtkListItemFactory) list_factory = make_factory (G_CALLBACK (on_bind_row));
  g_autoptr (GtkExpression) expression = gtk_property_expression_new (FV_TYPE_FACET, NULL, "name");
  gtk_drop_down_set_expression (drop_down, expression);
  gtk_drop_down_set_factory (drop_down, factory);
  gtk_drop_down_set_list_factory (drop_down, list_factory);
  /* The part of it that gets the focus has no name of its own. */
  if (GTK_IS_TOGGLE_BUTTON (button))
    gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  /* The drop-down is at the window's end, where there is no room for a wider popup but towards the start. */
  if (GTK_IS_POPOVER (popup))
    gtk_widget_set_halign (popup, GTK_ALIGN_END);
}
