/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-picture-private.h"

/* BMP as Windows and OS/2 write it: 1, 4, 8, 16, 24 and 32 bits a pixel, not compressed. */

#define FILE_HEADER 14
#define COMPRESSION_NONE 0
#define COMPRESSION_FIELDS 3
#define COMPRESSION_ALPHA_FIELDS 6

typedef struct
{
  guint32 pixels, header; /* offset of the pixels, size of the header behind the file's */
  guint width, height, bits, n_colours, colour_bytes;
  gboolean top_down;
  guint32 masks[3];
  gsize row_bytes;
} Header;

static gboolean
fail (const FvPictureSource *source, FvPictureError code, const char *what, GError **error)
{
  g_set_error (error, FV_PICTURE_ERROR, code, _ ("%s: the BMP can't be read: %s"), source->name, what);
  return FALSE;
}

static guint
get16 (const guint8 *p)
{
  return (guint)p[1] << 8 | p[0];
}

static guint32
get32 (const guint8 *p)
{
  return (guint32)p[3] << 24 | p[2] << 16 | p[1] << 8 | p[0];
}

static gboolean
read_header (const FvPictureSource *source, Header *self, GError **error)
{
  guint8 head[FILE_HEADER + 52] = { 0 };
  const guint8 *info = head + FILE_HEADER;
  if (!fv_picture_source_read (source, 0, head, MIN (sizeof head, source->size)) || source->size < FILE_HEADER + 12)
    return fail (source, FV_PICTURE_ERROR_TRUNCATED, _ ("the file ends before the picture does."), error);
  self->pixels = get32 (head + 10);
  self->header = get32 (info);
  const gboolean is_old = self->header == 12;
  if (!is_old && (self->header < 40 || self->header > 1024))
    return fail (source, FV_PICTURE_ERROR_FORMAT, _ ("its header is of an unknown kind."), error);
  const gint64 height = is_old ? (gint64)get16 (info + 6) : (gint64)(gint32)get32 (info + 8);
  const gint64 width = is_old ? (gint64)get16 (info + 4) : (gint64)(gint32)get32 (info + 4);
  if (width <= 0 || height == 0)
    return fail (source, FV_PICTURE_ERROR_FORMAT, _ ("it does not say its size."), error);
  self->top_down = height < 0;
  self->width = (guint)width;
  self->height = (guint)ABS (height);
  self->bits = get16 (info + (is_old ? 10 : 14));
  const guint32 compression = is_old ? COMPRESSION_NONE : get32 (info + 16);
  const gboolean has_fields = compression == COMPRESSION_FIELDS || compression == COMPRESSION_ALPHA_FIELDS;
  if ((compression != COMPRESSION_NONE && !has_fields) || (has_fields && self->bits != 16 && self->bits != 32)
      || (self->bits != 1 && self->bits != 4 && self->bits != 8 && self->bits != 16 && self->bits != 24
          && self->bits != 32))
    return fail (source, FV_PICTURE_ERROR_FORMAT, _ ("it is compressed, or of an unknown kind. Save it as PNG."),
                 error);
  static const guint32 usual[2][3] = { { 0x7c00, 0x3e0, 0x1f }, { 0xff0000, 0xff00, 0xff } };
  for (guint c = 0; c < 3; c++)
    self->masks[c] = has_fields ? get32 (info + 40 + 4 * c) : usual[self->bits == 32][c];
  self->colour_bytes = is_old ? 3 : 4;
  if (self->bits <= 8)
    {
      const guint32 used = is_old ? 0 : get32 (info + 32);
      self->n_colours = used > 0 ? MIN (used, 1u << self->bits) : 1u << self->bits;
    }
  self->row_bytes = ((gsize)self->width * self->bits + 31) / 32 * 4;
  return TRUE;
}

gboolean
fv_bmp_probe (const FvPictureSource *source, FvPictureInfo *info, GError **error)
{
  Header header = { 0 };
  info->format = FV_PICTURE_BMP;
  if (!read_header (source, &header, error))
    return FALSE;
  info->width = header.width;
  info->height = header.height;
  if (header.pixels > source->size || (guint64)header.row_bytes * header.height > source->size - header.pixels)
    return fail (source, FV_PICTURE_ERROR_TRUNCATED, _ ("the file ends before the picture does."), error);
  return TRUE;
}

/* The part of value under a mask, made 0..255. */
static guint8
take (guint32 value, guint32 mask)
{
  if (mask == 0)
    return 0;
  const guint shift = (guint)__builtin_ctz (mask);
  return (guint8)((guint64)((value & mask) >> shift) * 255 / (mask >> shift));
}

static void
convert_row (const Header *self, const guint8 colours[256][3], const guint8 *from, guint8 *to)
{
  for (guint x = 0; x < self->width; x++, to += 3)
    switch (self->bits)
      {
      case 24:
        to[0] = from[3 * x + 2];
        to[1] = from[3 * x + 1];
        to[2] = from[3 * x];
        break;
      case 16:
      case 32:
        {
          const guint32 value = self->bits == 16 ? get16 (from + 2 * x) : get32 (from + 4 * x);
          for (guint c = 0; c < 3; c++)
            to[c] = take (value, self->masks[c]);
          break;
        }
      default:
        {
          const guint bit = x * self->bits, shift = 8 - self->bits - bit % 8;
          memcpy (to, colours[from[bit / 8] >> shift & ((1u << self->bits) - 1)], 3);
        }
      }
}

FvPicture *
fv_bmp_decode (const FvPictureSource *source, const FvPictureInfo *info, GError **error)
{
  Header header = { 0 };
  guint8 colours[256][3] = { { 0 } };
  if (!read_header (source, &header, error))
    return NULL;
  for (guint i = 0; i < header.n_colours; i++)
    {
      guint8 bgr[3];
      if (fv_picture_source_read (source, FILE_HEADER + header.header + i * header.colour_bytes, bgr, sizeof bgr))
        for (guint c = 0; c < 3; c++)
          colours[i][c] = bgr[2 - c];
    }
  FvPicture *picture = fv_picture_new (header.width, header.height, error);
  if (picture == NULL)
    {
      g_prefix_error (error, "%s: ", source->name);
      return NULL;
    }
  for (guint y = 0; y < header.height; y++)
    {
      const guint to = header.top_down ? y : header.height - 1 - y;
      convert_row (&header, (const guint8 (*)[3])colours, source->data + header.pixels + y * header.row_bytes,
                   picture->rgb + to * picture->stride);
    }
  return picture;
}
