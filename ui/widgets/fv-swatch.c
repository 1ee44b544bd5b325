/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/widgets/fv-swatch.h"

#include "app/drawing/fv-palette.h"

#define SIZE 12
#define RING_ALPHA 0.3f

struct _FvSwatch
{
  GtkWidget parent_instance;
  int class_id;
};

G_DEFINE_FINAL_TYPE (FvSwatch, fv_swatch, GTK_TYPE_WIDGET)

enum
{
  PROP_CLASS_ID = 1,
  N_PROPERTIES,
};
static GParamSpec *properties[N_PROPERTIES];

void
fv_swatch_set_class (FvSwatch *self, int class_id)
{
  if (self->class_id == class_id)
    return;
  self->class_id = class_id;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLASS_ID]);
}

static void
fv_swatch_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  FvSwatch *self = FV_SWATCH (widget);
  GskRoundedRect circle;
  if (self->class_id < 0)
    return;
  const FvColour colour = fv_palette_get_class ((guint)self->class_id);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  const graphene_rect_t rect = GRAPHENE_RECT_INIT ((float)(width - SIZE) / 2, (float)(height - SIZE) / 2, SIZE, SIZE);
  gsk_rounded_rect_init_from_rect (&circle, &rect, SIZE / 2.0f);
  gtk_snapshot_push_rounded_clip (snapshot, &circle);
  gtk_snapshot_append_color (snapshot, &(GdkRGBA){ (float)colour.red, (float)colour.green, (float)colour.blue, 1 },
                             &rect);
  gtk_snapshot_pop (snapshot);
  /* White ones are seen on white, too. */
  GdkRGBA ring;
#if GTK_CHECK_VERSION(4, 10, 0) && GDK_VERSION_MAX_ALLOWED >= GDK_VERSION_4_10
  gtk_widget_get_color (widget, &ring);
#else
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &ring);
#endif
  ring.alpha *= RING_ALPHA;
  gtk_snapshot_append_border (snapshot, &circle, (const float[4]){ 1, 1, 1, 1 },
                              (const GdkRGBA[4]){ ring, ring, ring, ring });
}

static void
fv_swatch_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                   int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = SIZE;
}

static void
fv_swatch_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_CLASS_ID)
    g_value_set_int (value, FV_SWATCH (object)->class_id);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fv_swatch_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_CLASS_ID)
    fv_swatch_set_class (FV_SWATCH (object), g_value_get_int (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fv_swatch_class_init (FvSwatchClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = fv_swatch_get_property;
  G_OBJECT_CLASS (klass)->set_property = fv_swatch_set_property;
  GTK_WIDGET_CLASS (klass)->snapshot = fv_swatch_snapshot;
  GTK_WIDGET_CLASS (klass)->measure = fv_swatch_measure;
  /* What it says is written beside it. */
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_PRESENTATION);
  properties[PROP_CLASS_ID] = g_param_spec_int ("class-id", NULL, NULL, -1, G_MAXINT, -1,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);
}

static void
fv_swatch_init (FvSwatch *self)
{
  self->class_id = -1;
}

GtkWidget *
fv_swatch_new (void)
{
  return g_object_new (FV_TYPE_SWATCH, NULL);
}
