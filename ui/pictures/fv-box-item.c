/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-box-item.h"

#include "ui/fv-i18n.h"

struct _FvBoxItem
{
  GObject parent_instance;
  FvPictureItem *picture;
  guint index;
};

G_DEFINE_FINAL_TYPE (FvBoxItem, fv_box_item, G_TYPE_OBJECT)

const FvBox *
fv_box_item_get (FvBoxItem *self)
{
  return &g_array_index (fv_picture_item_get (self->picture)->boxes, FvBox, self->index);
}

char *
fv_box_item_get_title (FvBoxItem *self)
{
  const FvDataset *dataset = fv_picture_item_get_dataset (self->picture);
  const guint class_id = fv_box_item_get (self)->class_id;
  if (class_id < dataset->n_classes)
    return g_strdup (dataset->class_names[class_id]);
  return g_strdup_printf ("%u", class_id);
}

char *
fv_box_item_get_size (FvBoxItem *self)
{
  const FvBox *box = fv_box_item_get (self);
  /* Translators: width and height in pixels. */
  return g_strdup_printf (C_ ("size", "%.0f × %.0f"), box->x2 - box->x1, box->y2 - box->y1);
}

static void
fv_box_item_finalize (GObject *object)
{
  g_object_unref (FV_BOX_ITEM (object)->picture);
  G_OBJECT_CLASS (fv_box_item_parent_class)->finalize (object);
}

static void
fv_box_item_class_init (FvBoxItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fv_box_item_finalize;
}

static void
fv_box_item_init (FvBoxItem *self)
{
}

GListModel *
fv_box_list_new (FvPictureItem *picture)
{
  GListStore *store = g_list_store_new (FV_TYPE_BOX_ITEM);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < fv_picture_item_get (picture)->boxes->len; i++)
    {
      FvBoxItem *item = g_object_new (FV_TYPE_BOX_ITEM, NULL);
      item->picture = g_object_ref (picture);
      item->index = i;
      g_ptr_array_add (items, item);
    }
  g_list_store_splice (store, 0, 0, items->pdata, items->len);
  return G_LIST_MODEL (store);
}
