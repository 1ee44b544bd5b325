/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-picture-list.h"

struct _FvPictureList
{
  GObject parent_instance;
  FvDataset *dataset;
  GPtrArray *items; /* of FvPictureItem, one for each of the dataset, NULL where nobody asked yet */
  GArray *shown;    /* of guint: ascending indices of the dataset's items */
  int subset, class_id;
};

static void list_model_init (GListModelInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (FvPictureList, fv_picture_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
unref_item (gpointer item)
{
  if (item != NULL)
    g_object_unref (item);
}

/* Boxes of the class on the picture; all of them for any class. */
static guint
count_boxes (const FvItem *item, int class_id)
{
  guint n = 0;
  if (class_id < 0)
    return item->boxes->len;
  for (guint i = 0; i < item->boxes->len; i++)
    n += g_array_index (item->boxes, FvBox, i).class_id == (guint)class_id;
  return n;
}

static gboolean
lets_through (const FvItem *item, int subset, int class_id)
{
  if (subset != FV_PICTURES_ANY && item->subset != (FvSubset)subset)
    return FALSE;
  if (class_id == FV_PICTURES_ANY)
    return TRUE;
  return class_id == FV_PICTURES_WITHOUT_BOXES ? item->boxes->len == 0 : count_boxes (item, class_id) > 0;
}

static void
refilter (FvPictureList *self)
{
  const guint before = self->shown->len;
  g_array_set_size (self->shown, 0);
  for (guint i = 0; self->dataset != NULL && i < self->dataset->items->len; i++)
    if (lets_through (fv_dataset_get (self->dataset, i), self->subset, self->class_id))
      g_array_append_val (self->shown, i);
  if (before > 0 || self->shown->len > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, before, self->shown->len);
}

void
fv_picture_list_set_dataset (FvPictureList *self, FvDataset *dataset)
{
  if (self->dataset == dataset)
    return;
  g_clear_pointer (&self->dataset, fv_dataset_unref);
  self->dataset = dataset != NULL ? fv_dataset_ref (dataset) : NULL;
  /* Whoever still shows items of the dataset before has references of its own. */
  g_ptr_array_set_size (self->items, 0);
  g_ptr_array_set_size (self->items, dataset != NULL ? (int)dataset->items->len : 0);
  if (dataset == NULL || self->class_id >= (int)dataset->n_classes)
    self->class_id = FV_PICTURES_ANY;
  refilter (self);
}

FvDataset *
fv_picture_list_get_dataset (FvPictureList *self)
{
  return self->dataset;
}

void
fv_picture_list_set_filter (FvPictureList *self, int subset, int class_id)
{
  if (self->subset == subset && self->class_id == class_id)
    return;
  self->subset = subset;
  self->class_id = class_id;
  refilter (self);
}

int
fv_picture_list_get_subset (FvPictureList *self)
{
  return self->subset;
}

int
fv_picture_list_get_class (FvPictureList *self)
{
  return self->class_id;
}

guint
fv_picture_list_count (FvPictureList *self, int subset, int class_id, guint64 *n_boxes)
{
  guint n = 0;
  guint64 boxes = 0;
  for (guint i = 0; self->dataset != NULL && i < self->dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (self->dataset, i);
      if (!lets_through (item, subset, class_id))
        continue;
      n++;
      boxes += count_boxes (item, class_id);
    }
  if (n_boxes != NULL)
    *n_boxes = boxes;
  return n;
}

gboolean
fv_picture_list_find (FvPictureList *self, guint index, guint *position)
{
  guint low = 0, high = self->shown->len;
  while (low < high)
    {
      const guint middle = (low + high) / 2;
      if (g_array_index (self->shown, guint, middle) < index)
        low = middle + 1;
      else
        high = middle;
    }
  if (low == self->shown->len || g_array_index (self->shown, guint, low) != index)
    return FALSE;
  if (position != NULL)
    *position = low;
  return TRUE;
}

/* The list. */

static GType
get_item_type (GListModel *model)
{
  return FV_TYPE_PICTURE_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return FV_PICTURE_LIST (model)->shown->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  FvPictureList *self = FV_PICTURE_LIST (model);
  if (position >= self->shown->len)
    return NULL;
  const guint index = g_array_index (self->shown, guint, position);
  if (g_ptr_array_index (self->items, index) == NULL)
    g_ptr_array_index (self->items, index) = fv_picture_item_new (self->dataset, index);
  return g_object_ref (g_ptr_array_index (self->items, index));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
fv_picture_list_finalize (GObject *object)
{
  FvPictureList *self = FV_PICTURE_LIST (object);
  g_clear_pointer (&self->dataset, fv_dataset_unref);
  g_ptr_array_unref (self->items);
  g_array_unref (self->shown);
  G_OBJECT_CLASS (fv_picture_list_parent_class)->finalize (object);
}

static void
fv_picture_list_class_init (FvPictureListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fv_picture_list_finalize;
}

static void
fv_picture_list_init (FvPictureList *self)
{
  self->items = g_ptr_array_new_with_free_func (unref_item);
  self->shown = g_array_new (FALSE, FALSE, sizeof (guint));
  self->subset = self->class_id = FV_PICTURES_ANY;
}

FvPictureList *
fv_picture_list_new (void)
{
  return g_object_new (FV_TYPE_PICTURE_LIST, NULL);
}
