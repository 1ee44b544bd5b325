/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>
#include <tiffio.h>

#include "app/dataset/fv-picture-private.h"

/* TIFF: libtiff's own conversion where a channel has up to 8 bits, rows or tiles of 16-bit values else. */

/* Pages that are looked for; each costs a walk along those before it. */
#define MAX_PAGES 2000
#define MAX_ALLOCATION ((tmsize_t)1 << 30)

typedef struct
{
  const FvPictureSource *source;
  guint64 position;
  char message[200];
} Reader;

static int
on_message (TIFF *tiff, void *data, const char *module, const char *format, va_list arguments)
{
  Reader *self = data;
  if (self->message[0] == '\0')
    g_vsnprintf (self->message, sizeof self->message, format, arguments);
  return 1;
}

static int
on_warning (TIFF *tiff, void *data, const char *module, const char *format, va_list arguments)
{
  return 1;
}

static tmsize_t
on_read (thandle_t data, void *bytes, tmsize_t size)
{
  Reader *self = data;
  if (size <= 0 || self->position >= self->source->size)
    return 0;
  size = MIN (size, (tmsize_t)(self->source->size - self->position));
  if (!fv_picture_source_read (self->source, self->position, bytes, (gsize)size))
    return 0;
  self->position += (guint64)size;
  return size;
}

static tmsize_t
on_write (thandle_t data, void *bytes, tmsize_t size)
{
  return 0;
}

static toff_t
on_seek (thandle_t data, toff_t offset, int whence)
{
  Reader *self = data;
  const guint64 from = whence == SEEK_CUR ? self->position : whence == SEEK_END ? self->source->size : 0;
  self->position = from + offset;
  return self->position;
}

static int
on_close (thandle_t data)
{
  return 0;
}

static toff_t
on_size (thandle_t data)
{
  return ((Reader *)data)->source->size;
}

/* What is in memory is read where it lies: libtiff of Debian 12 can't make RGBA of tiles without compression that it copies first. */
static int
on_map (thandle_t data, void **bytes, toff_t *size)
{
  const Reader *self = data;
  if (self->source->data == NULL)
    return 0;
  *bytes = (void *)self->source->data;
  *size = self->source->size;
  return 1;
}

static void
on_unmap (thandle_t data, void *bytes, toff_t size)
{
}

static TIFF *
open_tiff (Reader *self)
{
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc ();
  TIFFOpenOptionsSetMaxSingleMemAlloc (options, MAX_ALLOCATION);
  TIFFOpenOptionsSetErrorHandlerExtR (options, on_message, self);
  TIFFOpenOptionsSetWarningHandlerExtR (options, on_warning, self);
  TIFF *tiff = TIFFClientOpenExt (self->source->name, "r", self, on_read, on_write, on_seek, on_close, on_size, on_map,
                                  on_unmap, options);
  TIFFOpenOptionsFree (options);
  return tiff;
}

static gboolean
fail (const Reader *self, FvPictureError code, const char *what, GError **error)
{
  g_set_error (error, FV_PICTURE_ERROR, code, _ ("%s: the TIFF can't be read: %s"), self->source->name,
               self->message[0] != '\0' ? self->message : what);
  return FALSE;
}

/* Small copies for previews, and masks, are no pages. */
static gboolean
is_page (TIFF *tiff)
{
  guint32 kind = 0;
  TIFFGetFieldDefaulted (tiff, TIFFTAG_SUBFILETYPE, &kind);
  return (kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0;
}

/* Makes a page the current directory; *n_pages counts them all, where it is asked for. */
static gboolean
choose_page (TIFF *tiff, guint page, guint *n_pages)
{
  guint n = 0;
  gint64 found = -1;
  do
    {
      if (!is_page (tiff))
        continue;
      if (n++ == page)
        found = TIFFCurrentDirectory (tiff);
      if (found >= 0 && n_pages == NULL)
        return TRUE;
    }
  while (n <= MAX_PAGES && TIFFCurrentDirectory (tiff) < 4 * MAX_PAGES && TIFFReadDirectory (tiff));
  if (n_pages != NULL)
    *n_pages = MAX (n, 1);
  if (n == 0 && page == 0)
    found = 0;
  return found >= 0 && TIFFSetDirectory (tiff, (tdir_t)found);
}

/* Whether the values are numbers of 16 bits that a window can be laid over. */
static gboolean
is_deep (TIFF *tiff)
{
  guint16 bits = 1, format = SAMPLEFORMAT_UINT, kind = 0, samples = 1;
  TIFFGetFieldDefaulted (tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  if (bits != 16 || (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)
      || !TIFFGetField (tiff, TIFFTAG_PHOTOMETRIC, &kind))
    return FALSE;
  return kind == PHOTOMETRIC_MINISBLACK || kind == PHOTOMETRIC_MINISWHITE || (kind == PHOTOMETRIC_RGB && samples >= 3);
}

/* All pieces of the picture lie in the file. */
static gboolean
is_whole (TIFF *tiff, guint64 size)
{
  const guint32 n = TIFFIsTiled (tiff) ? TIFFNumberOfTiles (tiff) : TIFFNumberOfStrips (tiff);
  for (guint32 i = 0; i < n; i++)
    {
      const guint64 offset = TIFFGetStrileOffset (tiff, i), count = TIFFGetStrileByteCount (tiff, i);
      if (offset > size || count > size - offset)
        return FALSE;
    }
  return TRUE;
}

static gboolean
probe_page (Reader *self, TIFF *tiff, guint page, FvPictureInfo *info, GError **error)
{
  guint32 width = 0, height = 0;
  guint16 orientation = 1, format = SAMPLEFORMAT_UINT;
  char why[1024] = "", *time = NULL;
  const gboolean found = choose_page (tiff, page, page == 0 ? &info->pages : NULL);
  if (info->pages > MAX_PAGES)
    {
      g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_SIZE,
                   _ ("%s: the TIFF has more than %d pages. Cut it into several files."), self->source->name,
                   MAX_PAGES);
      return FALSE;
    }
  if (!found)
    {
      g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT, _ ("%s: the TIFF has no page %u."),
                   self->source->name, page + 1);
      return FALSE;
    }
  info->pages = MAX (info->pages, page + 1);
  TIFFGetField (tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField (tiff, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_ORIENTATION, &orientation);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_SAMPLEFORMAT, &format);
  if (width == 0 || height == 0)
    return fail (self, FV_PICTURE_ERROR_FORMAT, _ ("it does not say its size."), error);
  if (format == SAMPLEFORMAT_INT || format == SAMPLEFORMAT_IEEEFP || !TIFFRGBAImageOK (tiff, why))
    {
      g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT,
                   _ ("%s: this kind of TIFF can't be read (%s). Save it with 8 or 16 bits a channel, without a sign."),
                   self->source->name, why[0] != '\0' ? why : _ ("signed or floating numbers"));
      return FALSE;
    }
  info->width = width;
  info->height = height;
  info->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
  info->bits = is_deep (tiff) ? 16 : 8;
  if (TIFFGetField (tiff, TIFFTAG_DATETIME, &time) && time != NULL && strlen (time) >= 19)
    info->time = fv_exif_parse_time ((const guint8 *)time);
  if (is_whole (tiff, self->source->size))
    return TRUE;
  g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_TRUNCATED,
               _ ("%s: the TIFF is truncated: the file ends before the picture does. Copy it again from its source."),
               self->source->name);
  return FALSE;
}

gboolean
fv_tiff_probe (const FvPictureSource *source, guint page, FvPictureInfo *info, GError **error)
{
  Reader reader = { .source = source };
  info->format = FV_PICTURE_TIFF;
  TIFF *tiff = open_tiff (&reader);
  if (tiff == NULL)
    return fail (&reader, FV_PICTURE_ERROR_FORMAT, _ ("its header is damaged."), error);
  const gboolean ok = probe_page (&reader, tiff, page, info, error);
  TIFFClose (tiff);
  return ok;
}

/* Up to 8 bits */

static gboolean
read_flat (TIFF *tiff, FvPicture *picture)
{
  char why[1024] = "";
  TIFFRGBAImage image;
  g_autofree guint32 *raster = g_try_malloc_n (picture->height, (gsize)picture->width * 4);
  if (raster == NULL || !TIFFRGBAImageBegin (&image, tiff, 1, why))
    return FALSE;
  image.req_orientation = image.orientation;
  const gboolean ok = TIFFRGBAImageGet (&image, raster, picture->width, picture->height);
  TIFFRGBAImageEnd (&image);
  for (guint y = 0; ok && y < picture->height; y++)
    {
      const guint32 *from = raster + (gsize)y * picture->width;
      guint8 *to = picture->rgb + y * picture->stride;
      for (guint x = 0; x < picture->width; x++, from++, to += 3)
        {
          /* Multiplied by their alpha already; transparent pixels show white. */
          const guint white = 255 - TIFFGetA (*from);
          to[0] = (guint8)MIN (TIFFGetR (*from) + white, 255);
          to[1] = (guint8)MIN (TIFFGetG (*from) + white, 255);
          to[2] = (guint8)MIN (TIFFGetB (*from) + white, 255);
        }
    }
  return ok;
}

/* 16 bits */

typedef struct
{
  TIFF *tiff;
  FvPicture *picture;
  const FvPictureLevels *levels;
  guint n_colours, n_samples; /* of a pixel: 1 or 3, and with what else there is */
  gboolean inverted, planar;
} Deep;

/* Values of one row, n pixels from x on; of one plane where they lie in planes. */
static void
put_values (const Deep *self, guint x, guint y, guint n, const guint16 *values, guint plane)
{
  guint8 *to = self->picture->rgb + y * self->picture->stride + 3 * (gsize)x;
  const guint step = self->planar ? 1 : self->n_samples;
  for (guint i = 0; i < n; i++, values += step, to += 3)
    for (guint c = 0; c < 3; c++)
      {
        if (self->planar && self->n_colours == 3 && c != plane)
          continue;
        const guint16 raw = values[self->planar || self->n_colours == 1 ? 0 : c];
        const guint16 value = self->inverted ? 65535 - raw : raw;
        to[c] = self->levels->shown[value];
        if (self->levels->counts != NULL)
          self->levels->counts[value]++;
      }
}

static gboolean
read_rows (const Deep *self)
{
  const tmsize_t size = TIFFScanlineSize (self->tiff),
                 needed = (tmsize_t)self->picture->width * 2 * (self->planar ? 1 : self->n_samples);
  g_autofree guint16 *row = size >= needed && size <= MAX_ALLOCATION ? g_try_malloc ((gsize)size) : NULL;
  for (guint plane = 0; row != NULL && plane < (self->planar ? self->n_colours : 1); plane++)
    for (guint y = 0; y < self->picture->height; y++)
      {
        if (TIFFReadScanline (self->tiff, row, y, (guint16)plane) < 0)
          return FALSE;
        put_values (self, 0, y, self->picture->width, row, plane);
      }
  return row != NULL;
}

static gboolean
read_tiles (const Deep *self)
{
  const FvPicture *picture = self->picture;
  guint32 width = 0, height = 0;
  const tmsize_t size = TIFFTileSize (self->tiff);
  TIFFGetField (self->tiff, TIFFTAG_TILEWIDTH, &width);
  TIFFGetField (self->tiff, TIFFTAG_TILELENGTH, &height);
  const guint64 values = (guint64)width * (self->planar ? 1 : self->n_samples);
  if (values == 0 || height == 0 || size <= 0 || size > MAX_ALLOCATION || (guint64)size / 2 / values < height)
    return FALSE;
  g_autofree guint16 *tile = g_try_malloc ((gsize)size);
  for (guint plane = 0; tile != NULL && plane < (self->planar ? self->n_colours : 1); plane++)
    for (guint64 y = 0; y < picture->height; y += height)
      for (guint64 x = 0; x < picture->width; x += width)
        {
          if (TIFFReadTile (self->tiff, tile, (guint32)x, (guint32)y, 0, (guint16)plane) < 0)
            return FALSE;
          for (guint row = 0; row < MIN (height, picture->height - y); row++)
            put_values (self, (guint)x, (guint)y + row, (guint)MIN (width, picture->width - x), tile + row * values,
                        plane);
        }
  return tile != NULL;
}

static gboolean
read_deep (TIFF *tiff, FvPicture *picture, const FvPictureLevels *levels)
{
  guint16 kind = 0, samples = 1, planes = PLANARCONFIG_CONTIG;
  TIFFGetField (tiff, TIFFTAG_PHOTOMETRIC, &kind);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_PLANARCONFIG, &planes);
  const Deep deep = { .tiff = tiff,
                      .picture = picture,
                      .levels = levels,
                      .n_colours = kind == PHOTOMETRIC_RGB ? 3 : 1,
                      .n_samples = MAX (samples, 1),
                      .inverted = kind == PHOTOMETRIC_MINISWHITE,
                      .planar = planes == PLANARCONFIG_SEPARATE };
  return TIFFIsTiled (tiff) ? read_tiles (&deep) : read_rows (&deep);
}

FvPicture *
fv_tiff_decode (const FvPictureSource *source, const FvPictureInfo *info, guint page, const FvPictureLevels *levels,
                GError **error)
{
  Reader reader = { .source = source };
  guint32 width = 0, height = 0;
  TIFF *tiff = open_tiff (&reader);
  if (tiff == NULL || !choose_page (tiff, page, NULL) || !TIFFGetField (tiff, TIFFTAG_IMAGEWIDTH, &width)
      || !TIFFGetField (tiff, TIFFTAG_IMAGELENGTH, &height) || width != info->width || height != info->height)
    {
      fail (&reader, FV_PICTURE_ERROR_FORMAT, _ ("its header is damaged."), error);
      if (tiff != NULL)
        TIFFClose (tiff);
      return NULL;
    }
  FvPicture *picture = fv_picture_new (width, height, error);
  if (picture == NULL)
    g_prefix_error (error, "%s: ", source->name);
  else if (info->bits > 8 ? !read_deep (tiff, picture, levels) : !read_flat (tiff, picture))
    {
      fail (&reader, FV_PICTURE_ERROR_FORMAT, _ ("its pixels are damaged, or there is no memory for them."), error);
      g_clear_pointer (&picture, fv_picture_unref);
    }
  TIFFClose (tiff);
  return picture;
}
