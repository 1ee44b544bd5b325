/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-export.h"

G_BEGIN_DECLS

/*
 * What the formats out have in common. A format is a file fv-export-NAME.c, which writes its labels picture by picture
 * without holding them, and a row in fv-export.c, which does the rest.
 */

/* One picture on its way out. */
typedef struct
{
  const FvItem *item;
  char *name;      /* of its file, unique among those of its folder (also by its stem, and whatever the case) */
  char *stem;      /* the name without its ending */
  char *path;      /* relative to the folder: "images/train/a.jpg" */
  gboolean as_png; /* decoded and written anew, upright */
} FvExportPicture;

typedef struct
{
  const FvDataset *dataset;
  char *folder;        /* being filled */
  GPtrArray *pictures; /* of FvExportPicture, in the dataset's order */
  guint n_in_subset[FV_N_SUBSETS];
  guint n_files; /* of text, so far */
  GCancellable *cancellable;
} FvExport;

typedef struct
{
  const char *name;
  const char *pictures;      /* the folder for pictures, "" = the one of the export itself */
  gboolean subset_folders;   /* within it a folder for each subset, "none" included */
  gboolean names_are_global; /* a picture is known by its name alone, whichever folder it is in */
  gboolean holds_ignored;    /* regions to be ignored can be said */
  gboolean (*write) (FvExport *export, GError **error);
} FvExporter;

extern const FvExporter fv_exporter_coco;
extern const FvExporter fv_exporter_createml;
extern const FvExporter fv_exporter_csv;
extern const FvExporter fv_exporter_cvat;
extern const FvExporter fv_exporter_labelme;
extern const FvExporter fv_exporter_voc;
extern const FvExporter fv_exporter_yolo;

static inline const FvExportPicture *
fv_export_get (const FvExport *self, guint index)
{
  return (const FvExportPicture *)g_ptr_array_index (self->pictures, index);
}

/* Gives every picture its name and place. fv-export.c calls it. */
void fv_export_name_pictures (FvExport *self, const FvExporter *exporter);
void fv_export_picture_free (FvExportPicture *picture);

/* The folders that name, a path relative to the export's folder, lies in. Errors: FV_EXPORT_ERROR_WRITE. */
gboolean fv_export_make_folders (const FvExport *self, const char *name, GError **error);

/* FALSE with FV_EXPORT_ERROR_WRITE: what can't be written, and why. */
gboolean fv_export_set_write_error (const char *path, const char *why, GError **error);

/*
 * A file of text being written. What fails on the way is told by closing it.
 *
 *   FvExportText *text = fv_export_text_open (export, "labels.csv", error);
 *   if (text == NULL)
 *     return FALSE;
 *   fv_export_text_printf (text, "%s,%u\n", FV_NUMBER (box->x1), box->class_id);
 *   return fv_export_text_close (text, error);
 */
typedef struct _FvExportText FvExportText;

/* name is relative to the export's folder; folders are made. */
FvExportText *fv_export_text_open (FvExport *self, const char *name, GError **error);
gboolean fv_export_text_close (FvExportText *text /* (transfer full) */, GError **error);
void fv_export_text_put (FvExportText *text, const char *what);
/* Of numbers only whole ones: others would have the language's comma. */
void fv_export_text_printf (FvExportText *text, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* A string of JSON's with its quotes, which YAML reads alike. */
void fv_export_text_put_json (FvExportText *text, const char *what);
/* Text of an element or attribute. */
void fv_export_text_put_xml (FvExportText *text, const char *what);
/* A field, in quotes where it needs them (RFC 4180). */
void fv_export_text_put_csv (FvExportText *text, const char *what);

typedef struct
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
} FvNumberText;

/* Up to ten decimals, as few as do, never with an exponent: 10, 0.5, 306.87488. */
FvNumberText fv_number_text (double value);
#define FV_NUMBER(value) (fv_number_text (value).text)

G_END_DECLS
