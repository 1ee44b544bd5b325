/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/widgets/fv-page.h"

typedef struct
{
  FvDocument *document;
} FvPagePrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (FvPage, fv_page, ADW_TYPE_BIN)

enum
{
  PROP_DOCUMENT = 1,
  N_PROPERTIES,
};
static GParamSpec *properties[N_PROPERTIES];

FvDocument *
fv_page_get_document (FvPage *self)
{
  FvPagePrivate *private = fv_page_get_instance_private (self);
  return private->document;
}

void
fv_page_set_document (FvPage *self, FvDocument *document)
{
  FvPagePrivate *private = fv_page_get_instance_private (self);
  if (private->document == document)
    return;
  g_autoptr (FvDocument) before = g_steal_pointer (&private->document);
  private->document = document ? g_object_ref (document) : NULL;
  if (FV_PAGE_GET_CLASS (self)->document_changed != NULL)
    FV_PAGE_GET_CLASS (self)->document_changed (self, before);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DOCUMENT]);
}

static void
fv_page_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_DOCUMENT)
    g_value_set_object (value, fv_page_get_document (FV_PAGE (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fv_page_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_DOCUMENT)
    fv_page_set_document (FV_PAGE (object), g_value_get_object (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fv_page_dispose (GObject *object)
{
  fv_page_set_document (FV_PAGE (object), NULL);
  G_OBJECT_CLASS (fv_page_parent_class)->dispose (object);
}

static void
fv_page_class_init (FvPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->get_property = fv_page_get_property;
  object_class->set_property = fv_page_set_property;
  object_class->dispose = fv_page_dispose;
  properties[PROP_DOCUMENT]
      = g_param_spec_object ("document", NULL, NULL, FV_TYPE_DOCUMENT,
                             G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
fv_page_init (FvPage *self)
{
}
