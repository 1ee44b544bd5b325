/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-picture.h"

G_BEGIN_DECLS

/* Where a decoder reads: bytes in memory, or a file of which only some pieces are wanted. */
typedef struct
{
  const char *name;   /* for messages */
  const guint8 *data; /* NULL: read from @fd */
  int fd;
  guint64 size;
} FvPictureSource;

/* Copies @size bytes from @offset on; FALSE where there are fewer or they can't be read. */
gboolean fv_picture_source_read (const FvPictureSource *self, guint64 offset, void *bytes, gsize size);

/* What values of more than 8 bits, made 0..65535, are shown as. */
typedef struct
{
  guint8 shown[65536];
  guint64 *counts; /* (nullable): how often each value comes up, 65,536 numbers that are added to */
} FvPictureLevels;

/* Header and end. Width and height are those stored, the orientation not applied yet. */
gboolean fv_jpeg_probe (const FvPictureSource *source, FvPictureInfo *info, GError **error);
gboolean fv_png_probe (const FvPictureSource *source, FvPictureInfo *info, GError **error);
gboolean fv_webp_probe (const FvPictureSource *source, FvPictureInfo *info, GError **error);
gboolean fv_bmp_probe (const FvPictureSource *source, FvPictureInfo *info, GError **error);
/* All pages are counted where the first is asked for. */
gboolean fv_tiff_probe (const FvPictureSource *source, guint page, FvPictureInfo *info, GError **error);

/* Decodes what was probed, as stored; levels are there where it has more than 8 bits a channel. A JPEG may come out smaller, its longer side at least @min_side (0 = whole size). */
FvPicture *fv_jpeg_decode (const FvPictureSource *source, const FvPictureInfo *info, guint min_side, GError **error);
FvPicture *fv_png_decode (const FvPictureSource *source, const FvPictureInfo *info, const FvPictureLevels *levels,
                          GError **error);
FvPicture *fv_webp_decode (const FvPictureSource *source, const FvPictureInfo *info, GError **error);
FvPicture *fv_bmp_decode (const FvPictureSource *source, const FvPictureInfo *info, GError **error);
FvPicture *fv_tiff_decode (const FvPictureSource *source, const FvPictureInfo *info, guint page,
                           const FvPictureLevels *levels, GError **error);

/* Orientation (1 where there is none that makes sense), time and place in a TIFF block as EXIF embeds it. */
void fv_exif_read (const guint8 *tiff, gsize size, FvPictureInfo *info);
/* "2024:05:31 14:03:59", 19 characters, as FvItem's time. */
gint64 fv_exif_parse_time (const guint8 *text);

void fv_resize_linear (const FvPicture *from, FvPicture *to);
void fv_resize_area (const FvPicture *from, FvPicture *to); /* no side grows */

G_END_DECLS
