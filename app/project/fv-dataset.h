/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * The data of a project in memory: what an importer found, what a run trains on, what an evaluation counts.
 *
 *   g_autoptr (FvDataset) dataset = fv_project_load_dataset (project, &error);
 *   for (guint i = 0; i < dataset->items->len; i++)
 *     {
 *       const FvItem *item = g_ptr_array_index (dataset->items, i);
 *       ...
 *     }
 *
 * Items are ordered by their path relative to the root, bytewise (then by root), never as a file system lists them.
 * A dataset that others read as well must not be changed any more; reading from several threads is then safe.
 */

#define FV_DATASET_ERROR (fv_dataset_error_quark ())
GQuark fv_dataset_error_quark (void);

typedef enum
{
  FV_DATASET_ERROR_INVALID, /* the file is not a snapshot of Fovea's, or of a newer version */
} FvDatasetError;

/* Pixels of the upright picture (EXIF applied), 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height. */
typedef struct
{
  guint class_id; /* index into class_names */
  double x1, y1, x2, y2;
} FvBox;

typedef enum
{
  FV_SUBSET_NONE,
  FV_SUBSET_TRAIN,
  FV_SUBSET_VAL,
  FV_SUBSET_TEST,
} FvSubset;
#define FV_N_SUBSETS 4

/*
 * How the file of a picture is read; all zero: as it is. Of a file with several pages @page is one, from 0. Of
 * more than 8 bits a channel @low becomes black and @high white, in the file's range made 0..65535; where both are 0,
 * the whole range is shown. The same for who draws, trains and detects.
 */
typedef struct
{
  guint page;
  guint16 low, high;
} FvPictureReading;

/* FvItem.time of a picture whose time is not known. */
#define FV_TIME_UNKNOWN G_MININT64

typedef struct
{
  gint64 id;           /* the picture's number in the project, 0 where there is none */
  char *path;          /* absolute */
  char *name;          /* relative to the root that the picture was imported from, as reports show it */
  char *hash;          /* SHA-256 of the file's content, 64 hexadecimal digits */
  guint width, height; /* of the upright picture, pixels */
  guint orientation;   /* EXIF's 1..8 of the file; 1 = stored upright; loading applies it */
  FvSubset subset;
  GArray *boxes; /* of FvBox, in the order of the label file; empty for a background */
  GArray *
      ignored; /* of FvBox: regions such as crowds: no boxes, and COCO's numbers count what is found there neither way */
  gint64 time; /* when it was taken, seconds since 1970 (the camera's clock taken for UTC), or FV_TIME_UNKNOWN */
  double latitude, longitude; /* degrees, north and east positive; NAN where not known */
  FvPictureReading reading;
  gatomicrefcount references;
} FvItem;

/* (transfer full): the name of the item's file, relative to the root: its own but for a page behind the first, whose name ends in "#2". */
char *fv_item_get_file_name (const FvItem *item);

/*
 * Datasets share items: one that a dataset holds which others read, too, is never changed; change a copy, and make another dataset of it with
 * fv_dataset_replace().
 */
FvItem *fv_item_new (void);
FvItem *fv_item_copy (const FvItem *item);
FvItem *fv_item_ref (FvItem *item);
void fv_item_unref (FvItem *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvItem, fv_item_unref)

typedef struct
{
  GPtrArray *items;  /* of FvItem, owned */
  GStrv class_names; /* never NULL */
  guint n_classes;   /* length of class_names */
  gatomicrefcount references;
} FvDataset;

#define FV_TYPE_DATASET (fv_dataset_get_type ())
GType fv_dataset_get_type (void);

/* class_names: NULL for none; copied. */
FvDataset *fv_dataset_new (const char *const *class_names);
/* (transfer full): with copies of the items, so that they can be changed. */
FvDataset *fv_dataset_copy (const FvDataset *self);
/*
 * (transfer full): the same dataset but for the items that have the ids of @items, which are taken instead; the others are shared. An id that isn't there is
 * passed over. @indices (optional) (transfer full): of guint, ascending: where they are.
 */
FvDataset *fv_dataset_replace (const FvDataset *self, const GPtrArray *items, GArray **indices);
FvDataset *fv_dataset_ref (FvDataset *self);
void fv_dataset_unref (FvDataset *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvDataset, fv_dataset_unref)

void fv_dataset_add (FvDataset *self, FvItem *item /* (transfer full) */);
/* Puts the items into their order; whoever adds calls it once at the end. */
void fv_dataset_sort (FvDataset *self);
static inline FvItem *
fv_dataset_get (const FvDataset *self, guint index)
{
  return (FvItem *)g_ptr_array_index (self->items, index);
}

/* Indices (guint) of the items of one subset, ascending: (transfer full). */
GArray *fv_dataset_subset (const FvDataset *self, FvSubset subset);
guint64 fv_dataset_count_boxes (const FvDataset *self);

/* "none", "train", "val", "test" and back; parse returns FALSE for any other text. */
const char *fv_subset_to_string (FvSubset subset);
gboolean fv_subset_parse (const char *text, FvSubset *subset);

/*
 * The snapshot of a run (runs/N/data.json): everything above, coordinates bit for bit. save is atomic: the old
 * file stays where the new one can't be written whole. Errors: GFileError, FV_DATASET_ERROR; each names the file.
 */
gboolean fv_dataset_save (const FvDataset *self, const char *path, GError **error);
FvDataset *fv_dataset_load (const char *path, GError **error);

G_END_DECLS
