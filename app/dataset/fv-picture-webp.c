/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>
#include <webp/decode.h>

#include "app/dataset/fv-picture-private.h"

#define MAX_EXIF 65536
#define MAX_CHUNKS 65536
#define FLAG_ANIMATION 2

static gboolean
fail (const FvPictureSource *source, FvPictureError code, const char *what, GError **error)
{
  g_set_error (error, FV_PICTURE_ERROR, code, _ ("%s: the WebP can't be read: %s"), source->name, what);
  return FALSE;
}

static guint32
get32 (const guint8 *p)
{
  return (guint32)p[3] << 24 | p[2] << 16 | p[1] << 8 | p[0];
}

static void
read_exif (const FvPictureSource *source, guint64 offset, guint32 size, FvPictureInfo *info)
{
  g_autofree guint8 *exif = g_malloc (size + 1);
  if (!fv_picture_source_read (source, offset, exif, size))
    return;
  /* Some write JPEG's prefix as well. */
  const guint skip = size >= 6 && memcmp (exif, "Exif\0", 6) == 0 ? 6 : 0;
  fv_exif_read (exif + skip, size - skip, info);
}

/* Width and height from the head of a chunk that has them; FALSE where it is none. */
static gboolean
read_size (const guint8 *name, const guint8 *head, FvPictureInfo *info)
{
  if (memcmp (name, "VP8X", 4) == 0)
    {
      info->width = (get32 (head + 4) & 0xffffff) + 1;
      info->height = (get32 (head + 6) >> 8) + 1;
      return TRUE;
    }
  if (memcmp (name, "VP8 ", 4) == 0 && head[3] == 0x9d && head[4] == 0x01 && head[5] == 0x2a)
    {
      info->width = get32 (head + 6) & 0x3fff;
      info->height = get32 (head + 6) >> 16 & 0x3fff;
      return TRUE;
    }
  if (memcmp (name, "VP8L", 4) == 0 && head[0] == 0x2f)
    {
      info->width = (get32 (head + 1) & 0x3fff) + 1;
      info->height = (get32 (head + 1) >> 14 & 0x3fff) + 1;
      return TRUE;
    }
  return FALSE;
}

gboolean
fv_webp_probe (const FvPictureSource *source, FvPictureInfo *info, GError **error)
{
  guint8 head[18];
  info->format = FV_PICTURE_WEBP;
  if (!fv_picture_source_read (source, 0, head, 12))
    return fail (source, FV_PICTURE_ERROR_TRUNCATED, _ ("the file ends before the picture does."), error);
  const guint64 end = 8 + (guint64)get32 (head + 4);
  if (end > source->size)
    return fail (source, FV_PICTURE_ERROR_TRUNCATED, _ ("the file ends before the picture does."), error);
  guint64 offset = 12;
  for (guint n = 0; n < MAX_CHUNKS && offset + 8 <= end; n++)
    {
      memset (head, 0, sizeof head);
      if (!fv_picture_source_read (source, offset, head, MIN (sizeof head, end - offset)))
        break;
      const guint32 size = get32 (head + 4);
      if (size > end - offset - 8)
        return fail (source, FV_PICTURE_ERROR_TRUNCATED, _ ("the file ends before the picture does."), error);
      if (memcmp (head, "VP8X", 4) == 0 && (head[8] & FLAG_ANIMATION) != 0)
        return fail (source, FV_PICTURE_ERROR_FORMAT,
                     _ ("it is an animation. Save the pictures of it that you want one by one."), error);
      if (info->width == 0 && size >= 5 && !read_size (head, head + 8, info) && head[0] == 'V')
        return fail (source, FV_PICTURE_ERROR_FORMAT, _ ("its header is damaged."), error);
      if (memcmp (head, "EXIF", 4) == 0 && size <= MAX_EXIF)
        read_exif (source, offset + 8, size, info);
      offset += 8 + (guint64)size + (size & 1);
    }
  if (info->width == 0 || info->height == 0)
    return fail (source, FV_PICTURE_ERROR_FORMAT, _ ("it does not say its size."), error);
  return TRUE;
}

/* Transparent pixels show white. */
static gboolean
decode_alpha (const FvPictureSource *source, FvPicture *picture)
{
  const gsize stride = 4 * (gsize)picture->width;
  g_autofree guint8 *rgba = g_try_malloc_n (picture->height, stride);
  if (rgba == NULL
      || WebPDecodeRGBAInto (source->data, source->size, rgba, stride * picture->height, (int)stride) == NULL)
    return FALSE;
  for (guint y = 0; y < picture->height; y++)
    {
      const guint8 *from = rgba + y * stride;
      guint8 *to = picture->rgb + y * picture->stride;
      for (guint x = 0; x < picture->width; x++, from += 4, to += 3)
        for (guint c = 0; c < 3; c++)
          to[c] = 255 - ((255 - from[c]) * from[3] + 127) / 255;
    }
  return TRUE;
}

FvPicture *
fv_webp_decode (const FvPictureSource *source, const FvPictureInfo *info, GError **error)
{
  WebPBitstreamFeatures features;
  if (WebPGetFeatures (source->data, source->size, &features) != VP8_STATUS_OK || features.has_animation
      || features.width != (int)info->width || features.height != (int)info->height)
    {
      fail (source, FV_PICTURE_ERROR_FORMAT, _ ("its header is damaged."), error);
      return NULL;
    }
  FvPicture *picture = fv_picture_new (info->width, info->height, error);
  if (picture == NULL)
    {
      g_prefix_error (error, "%s: ", source->name);
      return NULL;
    }
  if (features.has_alpha ? decode_alpha (source, picture)
                         : WebPDecodeRGBInto (source->data, source->size, picture->rgb,
                                              picture->stride * picture->height, (int)picture->stride)
                               != NULL)
    return picture;
  fv_picture_unref (picture);
  fail (source, FV_PICTURE_ERROR_FORMAT, _ ("its pixels are damaged, or there is no memory for them."), error);
  return NULL;
}
