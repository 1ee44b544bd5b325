/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-picture-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody's picture is larger; a file that is would only exhaust the memory. */
#define MAX_FILE_BYTES ((guint64)2 << 30)
/* Pixels beyond which a picture is decoded alone, however many threads there are: a dozen of the largest would be 18 GB. */
#define LARGE_AREA 50000000

G_DEFINE_QUARK (fv_picture_error, fv_picture_error)

const char *const fv_picture_suffixes[] = { "jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", NULL };

gboolean
fv_picture_is_name (const char *name)
{
  const char *dot = strrchr (name, '.');
  for (guint i = 0; dot != NULL && fv_picture_suffixes[i] != NULL; i++)
    if (g_ascii_strcasecmp (dot + 1, fv_picture_suffixes[i]) == 0)
      return TRUE;
  return FALSE;
}

typedef struct
{
  FvPicture picture;
  gatomicrefcount references;
} Counted;

FvPicture *
fv_picture_new (guint width, guint height, GError **error)
{
  gsize stride = ((gsize)width * 3 + 3) & ~(gsize)3;
  guint8 *rgb = g_try_malloc_n (height, stride);
  if (rgb == NULL)
    {
      g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_SIZE, _ ("no memory for a picture of %u x %u pixels."),
                   width, height);
      return NULL;
    }
  Counted *self = g_new0 (Counted, 1);
  self->picture = (FvPicture){ rgb, width, height, stride, width, height };
  g_atomic_ref_count_init (&self->references);
  return &self->picture;
}

FvPicture *
fv_picture_ref (FvPicture *self)
{
  g_atomic_ref_count_inc (&((Counted *)self)->references);
  return self;
}

void
fv_picture_unref (FvPicture *self)
{
  if (!g_atomic_ref_count_dec (&((Counted *)self)->references))
    return;
  g_free (self->rgb);
  g_free (self);
}

gsize
fv_picture_get_bytes (const FvPicture *self)
{
  return self->height * self->stride;
}

gboolean
fv_picture_source_read (const FvPictureSource *self, guint64 offset, void *bytes, gsize size)
{
  if (offset > self->size || size > self->size - offset)
    return FALSE;
  if (self->data != NULL)
    {
      memcpy (bytes, self->data + offset, size);
      return TRUE;
    }
  for (gsize done = 0; done < size;)
    {
      gssize n = pread (self->fd, (guint8 *)bytes + done, size - done, offset + done);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      done += n;
    }
  return TRUE;
}

static gboolean
is_tiff (const guint8 *head)
{
  return memcmp (head, "II*\0", 4) == 0 || memcmp (head, "MM\0*", 4) == 0 || memcmp (head, "II+\0", 4) == 0
         || memcmp (head, "MM\0+", 4) == 0;
}

/* Size as stored; the orientation is in @info but not applied. */
static gboolean
probe (const FvPictureSource *source, guint page, FvPictureInfo *info, GError **error)
{
  static const guint8 png_signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
  guint8 head[12] = { 0 };
  gboolean ok;
  *info = (FvPictureInfo){
    .orientation = 1, .bits = 8, .pages = 1, .time = FV_TIME_UNKNOWN, .latitude = NAN, .longitude = NAN
  };
  fv_picture_source_read (source, 0, head, MIN (sizeof head, source->size));
  if (head[0] == 0xff && head[1] == 0xd8)
    ok = fv_jpeg_probe (source, info, error);
  else if (memcmp (head, png_signature, sizeof png_signature) == 0)
    ok = fv_png_probe (source, info, error);
  else if (memcmp (head, "RIFF", 4) == 0 && memcmp (head + 8, "WEBP", 4) == 0)
    ok = fv_webp_probe (source, info, error);
  else if (is_tiff (head))
    ok = fv_tiff_probe (source, page, info, error);
  else if (head[0] == 'B' && head[1] == 'M')
    ok = fv_bmp_probe (source, info, error);
  else
    {
      g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT,
                   source->size == 0
                       ? _ ("%s: the file is empty.")
                       : _ ("%s: neither a JPEG nor a PNG, WebP, TIFF or BMP. Convert it to one of them."),
                   source->name);
      return FALSE;
    }
  if (ok
      && (info->width > FV_PICTURE_MAX_SIDE || info->height > FV_PICTURE_MAX_SIDE
          || (guint64)info->width * info->height > FV_PICTURE_MAX_AREA))
    {
      g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_SIZE,
                   _ ("%s: %u x %u pixels are too many: at most %d a side and %d million in all. Cut it into tiles."),
                   source->name, info->width, info->height, FV_PICTURE_MAX_SIDE, FV_PICTURE_MAX_AREA / 1000000);
      return FALSE;
    }
  if (ok && page >= info->pages)
    {
      g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT, _ ("%s: the file has no page %u."), source->name,
                   page + 1);
      return FALSE;
    }
  return ok;
}

/* Orientations 5 to 8 exchange width and height. */
static void
make_upright (FvPictureInfo *info)
{
  if (info->orientation < 5)
    return;
  guint width = info->width;
  info->width = info->height;
  info->height = width;
}

/* Opens a regular file; its size goes into @source. */
static gboolean
source_open (FvPictureSource *source, const char *path, GError **error)
{
  struct stat status;
  *source = (FvPictureSource){ .name = path, .fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0) };
  if (source->fd < 0 || fstat (source->fd, &status) != 0)
    {
      int code = errno;
      if (source->fd >= 0)
        close (source->fd);
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _ ("%s: can't be read: %s."), path,
                   g_strerror (code));
      return FALSE;
    }
  if (!S_ISREG (status.st_mode) || (guint64)status.st_size > MAX_FILE_BYTES)
    {
      close (source->fd);
      g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT,
                   S_ISREG (status.st_mode) ? _ ("%s: the file is too large for a picture.")
                                            : _ ("%s: not a regular file."),
                   path);
      return FALSE;
    }
  source->size = status.st_size;
  return TRUE;
}

gboolean
fv_picture_probe_page (const char *path, guint page, FvPictureInfo *info, GError **error)
{
  FvPictureSource source;
  if (!source_open (&source, path, error))
    return FALSE;
  gboolean ok = probe (&source, page, info, error);
  close (source.fd);
  if (ok)
    make_upright (info);
  return ok;
}

gboolean
fv_picture_probe (const char *path, FvPictureInfo *info, GError **error)
{
  return fv_picture_probe_page (path, 0, info, error);
}

guint8 *
fv_picture_read_file (const char *path, gsize *size, GError **error)
{
  FvPictureSource source;
  if (!source_open (&source, path, error))
    return NULL;
  guint8 *data = g_try_malloc (source.size + 1);
  if (data == NULL)
    g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_SIZE, _ ("%s: no memory to read it."), path);
  else if (!fv_picture_source_read (&source, 0, data, source.size))
    {
      g_clear_pointer (&data, g_free);
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_IO, _ ("%s: can't be read to its end."), path);
    }
  close (source.fd);
  *size = source.size;
  return data;
}

/* (transfer full): the picture turned and mirrored as EXIF's @orientation asks. */
static FvPicture *
turn (FvPicture *from, guint orientation, GError **error)
{
  if (orientation == 1)
    return fv_picture_ref (from);
  gboolean transpose = orientation >= 5;
  guint width = transpose ? from->height : from->width, height = transpose ? from->width : from->height;
  FvPicture *to = fv_picture_new (width, height, error);
  if (to == NULL)
    return NULL;
  /* Whether the stored columns and rows are read backwards. */
  gboolean reverse_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  gboolean reverse_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  gssize step_x = reverse_x ? -3 : 3, step_y = reverse_y ? -(gssize)from->stride : (gssize)from->stride;
  const guint8 *origin
      = from->rgb + (reverse_x ? (from->width - 1) * 3 : 0) + (reverse_y ? (from->height - 1) * from->stride : 0);
  gssize across = transpose ? step_y : step_x, down = transpose ? step_x : step_y;
  for (guint y = 0; y < height; y++)
    {
      const guint8 *in = origin + (gssize)y * down;
      guint8 *out = to->rgb + y * to->stride;
      for (guint x = 0; x < width; x++, in += across, out += 3)
        memcpy (out, in, 3);
    }
  return to;
}

void
fv_picture_fit (guint width, guint height, guint max_side, guint *fit_width, guint *fit_height)
{
  double r = (double)max_side / MAX (width, height);
  *fit_width = MAX ((guint)(width * r), 1);
  *fit_height = MAX ((guint)(height * r), 1);
}

FvPicture *
fv_picture_resize (FvPicture *self, guint width, guint height, FvResize how, GError **error)
{
  if (self->width == width && self->height == height)
    return fv_picture_ref (self);
  FvPicture *resized = fv_picture_new (width, height, error);
  if (resized == NULL)
    return NULL;
  if (how == FV_RESIZE_AREA && width <= self->width && height <= self->height)
    fv_resize_area (self, resized);
  else
    fv_resize_linear (self, resized);
  resized->original_width = self->original_width;
  resized->original_height = self->original_height;
  return resized;
}

/* Without a window the high byte is shown, as OpenCV does. */
static FvPictureLevels *
levels_new (const FvPictureReading *reading)
{
  FvPictureLevels *self = g_new (FvPictureLevels, 1);
  const int low = reading->low, range = reading->high - low;
  self->counts = NULL;
  for (int value = 0; value < 65536; value++)
    self->shown[value]
        = range <= 0 ? value >> 8 : (guint8)CLAMP (((gint64)(value - low) * 255 + range / 2) / range, 0, 255);
  return self;
}

static FvPicture *
decode (const FvPictureSource *source, const FvPictureInfo *info, guint min_side, guint page,
        const FvPictureLevels *levels, GError **error)
{
  switch (info->format)
    {
    case FV_PICTURE_JPEG:
      return fv_jpeg_decode (source, info, min_side, error);
    case FV_PICTURE_PNG:
      return fv_png_decode (source, info, levels, error);
    case FV_PICTURE_WEBP:
      return fv_webp_decode (source, info, error);
    case FV_PICTURE_TIFF:
      return fv_tiff_decode (source, info, page, levels, error);
    case FV_PICTURE_BMP:
      return fv_bmp_decode (source, info, error);
    }
  g_assert_not_reached ();
}

/* The whole of fv_picture_load_bytes() once the header is known. */
static FvPicture *
load_probed (const FvPictureSource *source, FvPictureInfo info, const FvPictureReading *reading, guint max_side,
             FvResize how, GError **error)
{
  g_autofree FvPictureLevels *levels = info.bits > 8 ? levels_new (reading) : NULL;
  /* Decoding at a fraction changes the pixels a little, so that pictures of the usual sizes are decoded whole. */
  guint longer = MAX (info.width, info.height);
  guint min_side = max_side > 0 && longer / 4 >= max_side ? 2 * max_side : 0;
  g_autoptr (FvPicture) stored = decode (source, &info, min_side, reading->page, levels, error);
  if (stored == NULL)
    return NULL;
  g_autoptr (FvPicture) upright = turn (stored, info.orientation, error);
  if (upright == NULL)
    {
      g_prefix_error (error, "%s: ", source->name);
      return NULL;
    }
  make_upright (&info);
  upright->original_width = info.width;
  upright->original_height = info.height;
  if (max_side == 0)
    return g_steal_pointer (&upright);
  guint width, height;
  fv_picture_fit (info.width, info.height, max_side, &width, &height);
  FvPicture *resized = fv_picture_resize (upright, width, height, how, error);
  if (resized == NULL)
    g_prefix_error (error, "%s: ", source->name);
  return resized;
}

FvPicture *
fv_picture_load_bytes (const guint8 *data, gsize size, const char *name, const FvPictureReading *reading,
                       guint max_side, FvResize how, GError **error)
{
  static GMutex alone;
  static const FvPictureReading whole = { 0 };
  FvPictureSource source = { .name = name, .data = data, .fd = -1, .size = size };
  FvPictureInfo info;
  if (reading == NULL)
    reading = &whole;
  if (!probe (&source, reading->page, &info, error))
    return NULL;
  const gboolean large = (guint64)info.width * info.height > LARGE_AREA;
  if (large)
    g_mutex_lock (&alone);
  FvPicture *picture = load_probed (&source, info, reading, max_side, how, error);
  if (large)
    g_mutex_unlock (&alone);
  return picture;
}

FvPicture *
fv_picture_load (const char *path, const FvPictureReading *reading, guint max_side, FvResize how, GError **error)
{
  gsize size;
  g_autofree guint8 *data = fv_picture_read_file (path, &size, error);
  return data != NULL ? fv_picture_load_bytes (data, size, path, reading, max_side, how, error) : NULL;
}

gboolean
fv_picture_count_values (const char *path, guint page, guint64 counts[65536], GError **error)
{
  gsize size;
  FvPictureInfo info;
  g_autofree guint8 *data = fv_picture_read_file (path, &size, error);
  const FvPictureSource source = { .name = path, .data = data, .fd = -1, .size = size };
  if (data == NULL || !probe (&source, page, &info, error))
    return FALSE;
  if (info.bits <= 8)
    return TRUE;
  g_autofree FvPictureLevels *levels = levels_new (&(FvPictureReading){ 0 });
  levels->counts = counts;
  g_autoptr (FvPicture) picture = decode (&source, &info, 0, page, levels, error);
  return picture != NULL;
}
