/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/drawing/fv-surface.h"

#include "app/exchange/fv-file.h"

#include <string.h>
#include <turbojpeg.h>

#define JPEG_QUALITY 92
#define MAX_SIDE 32767
/* Beyond this the largest level is a smaller one: 400 MB are enough for looking. */
#define MAX_AREA 100000000
#define MAX_LEVELS 16

struct _FvPyramid
{
  guint width, height; /* of the picture */
  guint first;         /* the first level's side is the picture's divided by 2^first */
  guint n_levels;
  cairo_surface_t *levels[MAX_LEVELS];
};

static guint32 *
get_row (cairo_surface_t *surface, guint y)
{
  return (guint32 *)(void *)(cairo_image_surface_get_data (surface)
                             + (gsize)y * cairo_image_surface_get_stride (surface));
}

static cairo_surface_t *
make_empty (guint width, guint height, GError **error)
{
  cairo_surface_t *surface
      = width > MAX_SIDE || height > MAX_SIDE ? NULL : cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  if (surface && cairo_surface_status (surface) == CAIRO_STATUS_SUCCESS)
    return surface;
  g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_SIZE,
               "A picture of %u × %u pixels is too large to draw on, or there is no memory for it.", width, height);
  g_clear_pointer (&surface, cairo_surface_destroy);
  return NULL;
}

cairo_surface_t *
fv_surface_new (const FvPicture *picture, GError **error)
{
  cairo_surface_t *surface = make_empty (picture->width, picture->height, error);
  if (!surface)
    return NULL;
  cairo_surface_flush (surface);
  for (guint y = 0; y < picture->height; y++)
    {
      const guint8 *from = picture->rgb + y * picture->stride;
      guint32 *to = get_row (surface, y);
      for (guint x = 0; x < picture->width; x++, from += 3)
        to[x] = (guint32)from[0] << 16 | (guint32)from[1] << 8 | from[2];
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}

static gboolean
write_jpeg (cairo_surface_t *surface, const char *path, GError **error)
{
  tjhandle compressor = tjInitCompress ();
  unsigned char *bytes = NULL;
  unsigned long size = 0;
  const int format = G_BYTE_ORDER == G_LITTLE_ENDIAN ? TJPF_BGRX : TJPF_XRGB;
  gboolean done = FALSE;
  if (compressor
      && tjCompress2 (compressor, cairo_image_surface_get_data (surface), cairo_image_surface_get_width (surface),
                      cairo_image_surface_get_stride (surface), cairo_image_surface_get_height (surface), format,
                      &bytes, &size, TJSAMP_444, JPEG_QUALITY, 0)
             == 0)
    done = fv_file_replace (path, bytes, size, error);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s can't be made: %s", path,
                 compressor ? tjGetErrorStr2 (compressor) : "there is no memory for it");
  tjFree (bytes);
  if (compressor)
    tjDestroy (compressor);
  return done;
}

typedef struct
{
  FvFileWriter *writer;
  GError *error;
} PngFile;

static cairo_status_t
append_png (void *data, const unsigned char *bytes, unsigned int size)
{
  PngFile *file = data;
  return fv_file_writer_write (file->writer, bytes, size, &file->error) ? CAIRO_STATUS_SUCCESS
                                                                        : CAIRO_STATUS_WRITE_ERROR;
}

static gboolean
write_png (cairo_surface_t *surface, const char *path, GError **error)
{
  g_autoptr (FvFileWriter) writer = fv_file_writer_open (path, error);
  if (!writer)
    return FALSE;
  PngFile file = { .writer = writer };
  const cairo_status_t status = cairo_surface_write_to_png_stream (surface, append_png, &file);
  if (file.error)
    g_propagate_error (error, file.error);
  else if (status != CAIRO_STATUS_SUCCESS)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s can't be made: %s", path, cairo_status_to_string (status));
  else
    return fv_file_writer_commit (writer, error);
  return FALSE;
}

gboolean
fv_surface_save (cairo_surface_t *surface, const char *path, GError **error)
{
  cairo_surface_flush (surface);
  const gsize length = strlen (path);
  if (length >= 4 && g_ascii_strcasecmp (path + length - 4, ".png") == 0)
    return write_png (surface, path, error);
  return write_jpeg (surface, path, error);
}

/* The mean of four numbers of 8 bits in each of four bytes at once, without carries between the bytes. */
static inline guint32
average (guint32 a, guint32 b, guint32 c, guint32 d)
{
  const guint32 even = 0x00ff00ff;
  const guint32 low = (a & even) + (b & even) + (c & even) + (d & even) + 0x00020002;
  const guint32 high = (a >> 8 & even) + (b >> 8 & even) + (c >> 8 & even) + (d >> 8 & even) + 0x00020002;
  return (low >> 2 & even) | (high >> 2 & even) << 8;
}

/* Sides are rounded up, so that every pixel is in; an odd last column or row counts twice. */
static cairo_surface_t *
halve (cairo_surface_t *from, GError **error)
{
  const guint width = cairo_image_surface_get_width (from), height = cairo_image_surface_get_height (from);
  cairo_surface_t *to = make_empty ((width + 1) / 2, (height + 1) / 2, error);
  if (!to)
    return NULL;
  cairo_surface_flush (to);
  for (guint y = 0; y < (height + 1) / 2; y++)
    {
      const guint32 *upper = get_row (from, 2 * y), *lower = get_row (from, MIN (2 * y + 1, height - 1));
      guint32 *row = get_row (to, y);
      for (guint x = 0; x < width / 2; x++)
        row[x] = average (upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]);
      if (width % 2)
        row[width / 2] = average (upper[width - 1], upper[width - 1], lower[width - 1], lower[width - 1]);
    }
  cairo_surface_mark_dirty (to);
  return to;
}

/* The first level of a picture that is too large for cairo. */
static cairo_surface_t *
make_reduced (const FvPicture *picture, guint shift, GError **error)
{
  g_autoptr (FvPicture) smaller = fv_picture_resize ((FvPicture *)picture, MAX (picture->width >> shift, 1),
                                                     MAX (picture->height >> shift, 1), FV_RESIZE_AREA, error);
  return smaller ? fv_surface_new (smaller, error) : NULL;
}

FvPyramid *
fv_pyramid_new (const FvPicture *picture, GError **error)
{
  guint shift = 0;
  while (picture->width >> shift > MAX_SIDE || picture->height >> shift > MAX_SIDE
         || (guint64)(picture->width >> shift) * (picture->height >> shift) > MAX_AREA)
    shift++;
  g_autoptr (FvPyramid) self = g_new0 (FvPyramid, 1);
  self->width = picture->width;
  self->height = picture->height;
  self->first = shift;
  self->levels[0] = shift ? make_reduced (picture, shift, error) : fv_surface_new (picture, error);
  while (self->levels[self->n_levels])
    {
      cairo_surface_t *last = self->levels[self->n_levels++];
      if (self->n_levels == MAX_LEVELS
          || MAX (cairo_image_surface_get_width (last), cairo_image_surface_get_height (last)) <= 64)
        return g_steal_pointer (&self);
      self->levels[self->n_levels] = halve (last, error);
    }
  return NULL;
}

void
fv_pyramid_free (FvPyramid *self)
{
  for (guint i = 0; i < self->n_levels; i++)
    cairo_surface_destroy (self->levels[i]);
  g_free (self);
}

void
fv_pyramid_paint (const FvPyramid *self, cairo_t *cairo, double x, double y, double scale, double device_scale,
                  gboolean sharp)
{
  guint level = 0;
  for (double seen = scale * device_scale * (1 << self->first); seen <= 0.5 && level + 1 < self->n_levels; seen *= 2)
    level++;
  cairo_save (cairo);
  cairo_translate (cairo, x, y);
  cairo_rectangle (cairo, 0, 0, self->width * scale, self->height * scale);
  cairo_clip (cairo);
  /* Of the first level, whose sides are the picture's or were rounded down; those of the others were rounded up, so that they reach a
     little beyond the picture. */
  const double sx = scale * self->width / cairo_image_surface_get_width (self->levels[0]);
  const double sy = scale * self->height / cairo_image_surface_get_height (self->levels[0]);
  cairo_scale (cairo, sx * (1 << level), sy * (1 << level));
  cairo_set_source_surface (cairo, self->levels[level], 0, 0);
  cairo_pattern_t *pattern = cairo_get_source (cairo);
  /* PAD: no blending with nothing at the edges. */
  cairo_pattern_set_extend (pattern, CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter (pattern, sharp ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_BILINEAR);
  cairo_paint (cairo);
  cairo_restore (cairo);
}
