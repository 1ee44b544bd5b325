/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * Pictures from files: JPEG, PNG, WebP, TIFF and BMP, upright (the EXIF orientation is applied), 8-bit RGB.
 *
 *   g_autoptr (FvPicture) picture = fv_picture_load (path, NULL, 640, FV_RESIZE_LINEAR, &error);
 *
 * Every function here may be called from any thread. Nothing in a file can abort the program: what can't be used is a
 * GError of FV_PICTURE_ERROR whose message names the file and says what is wrong.
 */

typedef enum {
  FV_PICTURE_ERROR_FORMAT,    /* of no format that can be read, or a damaged one */
  FV_PICTURE_ERROR_TRUNCATED, /* the file ends before the picture does */
  FV_PICTURE_ERROR_SIZE,      /* sides or area beyond what is accepted, or no memory for it */
} FvPictureError;

#define FV_PICTURE_ERROR (fv_picture_error_quark ())
GQuark fv_picture_error_quark (void);

/* The largest picture that is accepted, in pixels. */
#define FV_PICTURE_MAX_SIDE 50000
#define FV_PICTURE_MAX_AREA 500000000

typedef enum {
  FV_PICTURE_JPEG,
  FV_PICTURE_PNG,
  FV_PICTURE_WEBP,
  FV_PICTURE_TIFF,
  FV_PICTURE_BMP,
} FvPictureFormat;

typedef struct {
  FvPictureFormat format;
  guint width, height;        /* pixels, upright */
  guint orientation;          /* EXIF's: 1 (upright as stored) to 8 */
  guint bits;                 /* a channel: 8 or 16 */
  guint pages;                /* pictures in the file, at least 1 */
  gint64 time;                /* when it was taken, as FvItem's */
  double latitude, longitude; /* degrees; NAN where not known */
} FvPictureInfo;

/* The endings of their names, without the dot, NULL-terminated. */
extern const char *const fv_picture_suffixes[];
/* Whether a file's name ends in one of them, in any case. */
gboolean   fv_picture_is_name       (const char *name);

/* How to resize, in YOLOv5's terms. */
typedef enum {
  FV_RESIZE_LINEAR,           /* OpenCV's INTER_LINEAR: when augmenting, and in letterbox */
  FV_RESIZE_AREA,             /* INTER_AREA where it shrinks, else INTER_LINEAR: validation */
} FvResize;

/* A decoded picture; immutable once shared, reference counted atomically. */
typedef struct {
  guint8 *rgb;                /* @height rows of @width RGB pixels */
  guint width, height;
  gsize stride;               /* bytes from row to row, a multiple of 4 */
  guint original_width, original_height; /* pixels of the upright picture in the file */
} FvPicture;

/* Header and end of the file only: cheap, for importing thousands. */
gboolean   fv_picture_probe         (const char *path, FvPictureInfo *info, GError **error);
/* The same of one page, from 0; info->pages counts all only where it is the first. */
gboolean   fv_picture_probe_page    (const char *path, guint page, FvPictureInfo *info, GError **error);

/*
 * Decodes what @reading says (NULL: the first page, all of its range). @max_side 0 leaves the size as it is; else the result is what v7.0's load_image makes: r = max_side / longer side,
 * both sides times r, cut to whole pixels. A JPEG at least four times too large is decoded at a fraction of its size first
 * (never below twice the target).
 */
FvPicture *fv_picture_load          (const char *path, const FvPictureReading *reading, guint max_side, FvResize how,
                                     GError **error);
/* The same from bytes in memory; @name stands for the file in messages. */
FvPicture *fv_picture_load_bytes    (const guint8 *data, gsize size, const char *name, const FvPictureReading *reading,
                                     guint max_side, FvResize how, GError **error);

/*
 * Adds to counts[value] how often each value of 0..65535 comes up in a page with more than 8 bits a channel, all channels
 * together: what a window is chosen by. A picture with 8 bits adds nothing.
 */
gboolean   fv_picture_count_values  (const char *path, guint page, guint64 counts[65536], GError **error);

/* The file's bytes: (transfer full). */
guint8    *fv_picture_read_file     (const char *path, gsize *size, GError **error);

/* A new picture, pixels not set; NULL with FV_PICTURE_ERROR_SIZE where there is no memory for it. */
FvPicture *fv_picture_new           (guint width, guint height, GError **error);
FvPicture *fv_picture_ref           (FvPicture *self);
void       fv_picture_unref         (FvPicture *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPicture, fv_picture_unref)
gsize      fv_picture_get_bytes     (const FvPicture *self);

/* (transfer full): a new reference where the size is right already. */
FvPicture *fv_picture_resize        (FvPicture *self, guint width, guint height, FvResize how, GError **error);
/* The size that load_image gives a picture of @width x @height. */
void       fv_picture_fit           (guint width, guint height, guint max_side, guint *fit_width, guint *fit_height);

G_END_DECLS
