/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-picture-item.h"

#include "ui/fv-i18n.h"

#include <string.h>

struct _FvPictureItem
{
  GObject parent_instance;
  FvDataset *dataset;
  guint index;
};

G_DEFINE_FINAL_TYPE (FvPictureItem, fv_picture_item, G_TYPE_OBJECT)

const FvItem *
fv_picture_item_get (FvPictureItem *self)
{
  return fv_dataset_get (self->dataset, self->index);
}

FvDataset *
fv_picture_item_get_dataset (FvPictureItem *self)
{
  return self->dataset;
}

guint
fv_picture_item_get_index (FvPictureItem *self)
{
  return self->index;
}

const char *
fv_picture_item_get_title (FvPictureItem *self)
{
  const char *name = fv_picture_item_get (self)->name;
  const char *slash = strrchr (name, G_DIR_SEPARATOR);
  return slash != NULL ? slash + 1 : name;
}

const char *
fv_subset_get_title (FvSubset subset)
{
  switch (subset)
    {
    case FV_SUBSET_TRAIN:
      return C_ ("subset", "Training");
    case FV_SUBSET_VAL:
      return C_ ("subset", "Validation");
    case FV_SUBSET_TEST:
      return C_ ("subset", "Test");
    case FV_SUBSET_NONE:
    default:
      return C_ ("subset", "Not used");
    }
}

char *
fv_picture_item_describe (FvPictureItem *self)
{
  const FvItem *item = fv_picture_item_get (self);
  const guint n = item->boxes->len;
  g_autofree char *boxes = NULL;
  if (n == 0)
    boxes = g_strdup (_ ("no boxes"));
  else
    boxes = g_strdup_printf (ngettext ("%u box", "%u boxes", n), n);
  /* Translators: number of boxes on a picture ("12 boxes"), and the subset that the picture is in ("Training"). */
  return g_strdup_printf (_ ("%s, %s"), boxes, fv_subset_get_title (item->subset));
}

FvDrawBox *
fv_picture_item_get_boxes (FvPictureItem *self, guint width, guint height)
{
  const FvItem *item = fv_picture_item_get (self);
  const double sx = item->width > 0 ? (double)width / item->width : 1;
  const double sy = item->height > 0 ? (double)height / item->height : 1;
  FvDrawBox *boxes = g_new0 (FvDrawBox, item->boxes->len);
  for (guint i = 0; i < item->boxes->len; i++)
    {
      const FvBox *box = &g_array_index (item->boxes, FvBox, i);
      boxes[i] = (FvDrawBox){ .class_id = box->class_id,
                              .x1 = box->x1 * sx,
                              .y1 = box->y1 * sy,
                              .x2 = box->x2 * sx,
                              .y2 = box->y2 * sy,
                              .confidence = -1 };
    }
  return boxes;
}

static void
fv_picture_item_finalize (GObject *object)
{
  g_clear_pointer (&FV_PICTURE_ITEM (object)->dataset, fv_dataset_unref);
  G_OBJECT_CLASS (fv_picture_item_parent_class)->finalize (object);
}

static void
fv_picture_item_class_init (FvPictureItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fv_picture_item_finalize;
}

static void
fv_picture_item_init (FvPictureItem *self)
{
}

FvPictureItem *
fv_picture_item_new (FvDataset *dataset, guint index)
{
  FvPictureItem *self = g_object_new (FV_TYPE_PICTURE_ITEM, NULL);
  self->dataset = fv_dataset_ref (dataset);
  self->index = index;
  return self;
}
