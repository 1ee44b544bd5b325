/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-picture-private.h"

#include <glib/gi18n-lib.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>

#define MAX_EXIF 65536
/* Pieces of a file; encoders cut theirs at 8 KiB or more. */
#define MAX_CHUNKS (1 << 19)

static gboolean
fail (const FvPictureSource *source, FvPictureError code, const char *what, GError **error)
{
  g_set_error (error, FV_PICTURE_ERROR, code, _ ("%s: the PNG is %s."), source->name, what);
  return FALSE;
}

static guint32
get32 (const guint8 *p)
{
  return (guint32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

gboolean
fv_png_probe (const FvPictureSource *source, FvPictureInfo *info, GError **error)
{
  info->format = FV_PICTURE_PNG;
  guint64 offset = 8;
  for (guint n = 0; n < MAX_CHUNKS; n++)
    {
      guint8 head[8];
      if (!fv_picture_source_read (source, offset, head, sizeof head))
        return fail (source, FV_PICTURE_ERROR_TRUNCATED, _ ("truncated: the file ends before the picture does"), error);
      guint32 size = get32 (head);
      if (offset + 12 + size > source->size)
        return fail (source, FV_PICTURE_ERROR_TRUNCATED, _ ("truncated: the file ends before the picture does"), error);
      if (info->width == 0)
        {
          guint8 sides[9];
          if (memcmp (head + 4, "IHDR", 4) != 0 || size < 13
              || !fv_picture_source_read (source, offset + 8, sides, sizeof sides))
            return fail (source, FV_PICTURE_ERROR_FORMAT, _ ("damaged: it does not begin with its header"), error);
          info->width = get32 (sides);
          info->height = get32 (sides + 4);
          info->bits = sides[8] == 16 ? 16 : 8;
          if (info->width == 0 || info->height == 0)
            return fail (source, FV_PICTURE_ERROR_FORMAT, _ ("damaged: a side of zero pixels"), error);
        }
      else if (memcmp (head + 4, "eXIf", 4) == 0 && size <= MAX_EXIF)
        {
          g_autofree guint8 *exif = g_malloc (size + 1);
          if (fv_picture_source_read (source, offset + 8, exif, size))
            fv_exif_read (exif, size, info);
        }
      else if (memcmp (head + 4, "IEND", 4) == 0)
        return TRUE;
      offset += 12 + (guint64)size;
    }
  return fail (source, FV_PICTURE_ERROR_FORMAT, _ ("damaged: it is cut into too many pieces"), error);
}

/* Everything that decode() touches after setjmp lives here, so that no longjmp can leave it undefined or leaked. */
typedef struct
{
  const FvPictureSource *source;
  guint64 position;
  png_structp png;
  png_infop info;
  FvPicture *picture;
  const FvPictureLevels *levels; /* of 16 bits a channel */
  GError *no_memory;
  guint8 *pixels; /* one row, or all of an interlaced picture's */
  png_bytepp rows;
  gsize row_bytes;
  guint channels;
  char message[160];
} Reader;

static void
on_error (png_structp png, png_const_charp message)
{
  Reader *self = png_get_error_ptr (png);
  g_strlcpy (self->message, message, sizeof self->message);
  longjmp (png_jmpbuf (png), 1);
}

static void
on_warning (png_structp png, png_const_charp message)
{
}

static void
on_read (png_structp png, png_bytep bytes, size_t size)
{
  Reader *self = png_get_io_ptr (png);
  if (!fv_picture_source_read (self->source, self->position, bytes, size))
    png_error (png, _ ("the file ends too early"));
  self->position += size;
}

/* Transparent pixels show white, as in a viewer. */
static void
flatten (const guint8 *from, guint channels, guint width, guint8 *to)
{
  for (guint x = 0; x < width; x++, from += channels, to += 3)
    for (guint c = 0; c < 3; c++)
      to[c] = channels == 4 ? 255 - ((255 - from[c]) * from[3] + 127) / 255 : from[c];
}

/* The same of 16 bits a channel, in the order of bytes of a PNG. */
static void
flatten_deep (const guint8 *from, guint channels, guint width, const FvPictureLevels *levels, guint8 *to)
{
  for (guint x = 0; x < width; x++, from += 2 * channels, to += 3)
    for (guint c = 0; c < 3; c++)
      {
        const guint value = (guint)from[2 * c] << 8 | from[2 * c + 1], shown = levels->shown[value];
        to[c] = channels == 4 ? 255 - ((255 - shown) * from[6] + 127) / 255 : shown;
        if (levels->counts != NULL)
          levels->counts[value]++;
      }
}

static void
put_row (const Reader *self, const guint8 *from, guint y)
{
  guint8 *to = self->picture->rgb + y * self->picture->stride;
  if (self->levels != NULL)
    flatten_deep (from, self->channels, self->picture->width, self->levels, to);
  else
    flatten (from, self->channels, self->picture->width, to);
}

static void
read_rows (Reader *self)
{
  FvPicture *picture = self->picture;
  self->pixels = g_try_malloc (self->row_bytes);
  if (self->pixels == NULL)
    png_error (self->png, _ ("too large for the memory there is"));
  for (guint y = 0; y < picture->height; y++)
    {
      png_read_row (self->png, self->pixels, NULL);
      put_row (self, self->pixels, y);
    }
}

static void
read_interlaced (Reader *self)
{
  FvPicture *picture = self->picture;
  self->pixels = g_try_malloc_n (picture->height, self->row_bytes);
  self->rows = g_try_new (png_bytep, picture->height);
  if (self->pixels == NULL || self->rows == NULL)
    png_error (self->png, _ ("too large for the memory there is"));
  for (guint y = 0; y < picture->height; y++)
    self->rows[y] = self->pixels + y * self->row_bytes;
  png_read_image (self->png, self->rows);
  for (guint y = 0; y < picture->height; y++)
    put_row (self, self->rows[y], y);
}

static gboolean
decode (Reader *self, guint width, guint height)
{
  if (setjmp (png_jmpbuf (self->png)))
    return FALSE;
  png_set_user_limits (self->png, FV_PICTURE_MAX_SIDE, FV_PICTURE_MAX_SIDE);
  png_set_read_fn (self->png, self, on_read);
  png_read_info (self->png, self->info);
  if (png_get_image_width (self->png, self->info) != width || png_get_image_height (self->png, self->info) != height)
    png_error (self->png, _ ("two headers that differ"));
  png_set_expand (self->png);
  png_set_gray_to_rgb (self->png);
  int passes = png_set_interlace_handling (self->png);
  png_read_update_info (self->png, self->info);
  self->row_bytes = png_get_rowbytes (self->png, self->info);
  self->channels = png_get_channels (self->png, self->info);
  if (png_get_bit_depth (self->png, self->info) != (self->levels != NULL ? 16 : 8) || self->channels < 3)
    png_error (self->png, _ ("an unknown pixel format"));
  self->picture = fv_picture_new (width, height, &self->no_memory);
  if (self->picture == NULL)
    return FALSE;
  if (passes > 1)
    read_interlaced (self);
  else
    read_rows (self);
  return TRUE;
}

FvPicture *
fv_png_decode (const FvPictureSource *source, const FvPictureInfo *info, const FvPictureLevels *levels, GError **error)
{
  Reader reader = { .source = source, .levels = levels };
  reader.png = png_create_read_struct (PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  reader.info = reader.png != NULL ? png_create_info_struct (reader.png) : NULL;
  if (reader.info == NULL)
    fail (source, FV_PICTURE_ERROR_SIZE, _ ("not decoded: no memory"), error);
  else if (!decode (&reader, info->width, info->height))
    {
      g_clear_pointer (&reader.picture, fv_picture_unref);
      if (reader.no_memory != NULL)
        g_propagate_prefixed_error (error, reader.no_memory, "%s: ", source->name);
      else
        {
          g_autofree char *what = g_strdup_printf (_ ("damaged: %s"), reader.message);
          fail (source, FV_PICTURE_ERROR_FORMAT, what, error);
        }
    }
  png_destroy_read_struct (&reader.png, &reader.info, NULL);
  g_free (reader.pixels);
  g_free (reader.rows);
  return reader.picture;
}
