/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-picture-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <turbojpeg.h>

#define MARKER_SOI 0xd8
#define MARKER_EOI 0xd9
#define MARKER_SOS 0xda
#define MARKER_APP1 0xe1
#define EXIF_PREFIX "Exif\0"
/* Segments and fill bytes before the picture begins; cameras write some dozens. */
#define MAX_SEGMENTS 65536

/* A progressive file of some kilobytes can ask for a scan of the whole picture ten thousand times. */
#ifdef TJFLAG_LIMITSCANS
#define LIMIT_SCANS TJFLAG_LIMITSCANS
#else
#define LIMIT_SCANS 0
#endif

static gboolean
is_frame_header (guint8 marker)
{
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static gboolean
has_no_segment (guint8 marker)
{
  return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

/* Whether an end marker lies between @from and the end of the file. Entropy-coded data never contain one; cameras append
 * things after it, so the whole rest is searched, from its end. */
static gboolean
find_end_marker (const FvPictureSource *source, guint64 from)
{
  guint8 chunk[16384];
  guint64 end = source->size;
  while (end > from + 1)
    {
      gsize n = MIN (sizeof chunk, end - from);
      if (!fv_picture_source_read (source, end - n, chunk, n))
        return FALSE;
      for (gsize i = n - 1; i > 0; i--)
        if (chunk[i] == MARKER_EOI && chunk[i - 1] == 0xff)
          return TRUE;
      end -= n - 1; /* the pair may lie across two chunks */
    }
  return FALSE;
}

static gboolean
truncated (const FvPictureSource *source, GError **error)
{
  g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_TRUNCATED,
               _ ("%s: the JPEG is truncated: the file ends before the picture does. Copy it again from its source."),
               source->name);
  return FALSE;
}

static gboolean
damaged (const FvPictureSource *source, const char *what, GError **error)
{
  g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_FORMAT, _ ("%s: the JPEG is damaged: %s"), source->name, what);
  return FALSE;
}

/* Leaves @info as it is where the segment holds something else. */
static void
read_exif (const FvPictureSource *source, guint64 offset, guint size, FvPictureInfo *info)
{
  const guint prefix = sizeof EXIF_PREFIX;
  g_autofree guint8 *segment = g_malloc (size);
  if (size >= prefix && fv_picture_source_read (source, offset, segment, size)
      && memcmp (segment, EXIF_PREFIX, prefix) == 0)
    fv_exif_read (segment + prefix, size - prefix, info);
}

gboolean
fv_jpeg_probe (const FvPictureSource *source, FvPictureInfo *info, GError **error)
{
  info->format = FV_PICTURE_JPEG;
  info->orientation = 0;
  guint64 offset = 2;
  for (guint n = 0;; n++)
    {
      guint8 head[4], marker;
      if (n == MAX_SEGMENTS)
        return damaged (source, _ ("too much before the picture."), error);
      if (!fv_picture_source_read (source, offset, head, 2))
        return truncated (source, error);
      if (head[0] != 0xff)
        return damaged (source, _ ("no marker where one must be."), error);
      marker = head[1];
      if (marker == 0xff) /* fill byte */
        {
          offset++;
          continue;
        }
      if (has_no_segment (marker))
        {
          offset += 2;
          continue;
        }
      if (marker == MARKER_EOI || marker == MARKER_SOI)
        return damaged (source, _ ("it holds no picture."), error);
      if (!fv_picture_source_read (source, offset, head, 4))
        return truncated (source, error);
      guint size = head[2] << 8 | head[3];
      if (size < 2)
        return damaged (source, _ ("a segment of impossible length."), error);
      if (offset + 2 + size > source->size)
        return truncated (source, error);
      if (is_frame_header (marker))
        {
          guint8 frame[5];
          if (size < 7 || !fv_picture_source_read (source, offset + 4, frame, sizeof frame))
            return damaged (source, _ ("a frame header of impossible length."), error);
          info->height = frame[1] << 8 | frame[2];
          info->width = frame[3] << 8 | frame[4];
        }
      else if (marker == MARKER_APP1 && info->orientation == 0)
        read_exif (source, offset + 4, size - 2, info);
      offset += 2 + size;
      if (marker == MARKER_SOS)
        break;
    }
  info->orientation = MAX (info->orientation, 1);
  if (info->width == 0 || info->height == 0)
    return damaged (source, _ ("it does not say its size."), error);
  if (!find_end_marker (source, offset))
    return truncated (source, error);
  return TRUE;
}

/* Adobe's CMYK, which JPEG files hold inverted. */
static void
convert_cmyk (const guint8 *cmyk, FvPicture *picture)
{
  for (guint y = 0; y < picture->height; y++)
    {
      guint8 *rgb = picture->rgb + y * picture->stride;
      for (guint x = 0; x < picture->width; x++, cmyk += 4, rgb += 3)
        for (guint c = 0; c < 3; c++)
          rgb[c] = cmyk[3] - ((255 - cmyk[c]) * cmyk[3] >> 8);
    }
}

/* The strongest reduction by 2, 4 or 8 that leaves the longer side at least @min_side. */
static tjscalingfactor
choose_scale (int width, int height, guint min_side)
{
  int n = 0;
  const tjscalingfactor *factors = tjGetScalingFactors (&n);
  tjscalingfactor best = { 1, 1 };
  for (int i = 0; min_side > 0 && i < n; i++)
    if (factors[i].num == 1 && factors[i].denom > best.denom
        && TJSCALED (MAX (width, height), factors[i]) >= (int)min_side)
      best = factors[i];
  return best;
}

/* libjpeg-turbo calls everything it can work around a warning; what leaves pixels undefined is an error here. */
static gboolean
is_harmless (const char *warning)
{
  return strstr (warning, "extraneous bytes") != NULL || strstr (warning, "Invalid SOS parameters") != NULL
         || strstr (warning, "Unknown Adobe color transform") != NULL || strstr (warning, "JFIF") != NULL;
}

FvPicture *
fv_jpeg_decode (const FvPictureSource *source, const FvPictureInfo *info, guint min_side, GError **error)
{
  g_autoptr (FvPicture) picture = NULL;
  g_autofree guint8 *cmyk = NULL;
  gboolean ok = FALSE;
  int width, height, subsampling, colours;
  tjhandle tj = tjInitDecompress ();
  if (tj == NULL)
    {
      damaged (source, tjGetErrorStr2 (NULL), error);
      return NULL;
    }
  if (tjDecompressHeader3 (tj, source->data, source->size, &width, &height, &subsampling, &colours) < 0
      && tjGetErrorCode (tj) == TJERR_FATAL)
    {
      damaged (source, tjGetErrorStr2 (tj), error);
      goto out;
    }
  if (width != (int)info->width || height != (int)info->height)
    {
      damaged (source, _ ("two headers that differ."), error);
      goto out;
    }
  tjscalingfactor scale = choose_scale (width, height, min_side);
  width = TJSCALED (width, scale);
  height = TJSCALED (height, scale);
  picture = fv_picture_new (width, height, error);
  if (picture == NULL)
    {
      g_prefix_error (error, "%s: ", source->name);
      goto out;
    }
  int status;
  if (colours == TJCS_CMYK || colours == TJCS_YCCK)
    {
      cmyk = g_try_malloc_n (height, 4 * (gsize)width);
      if (cmyk == NULL)
        {
          g_set_error (error, FV_PICTURE_ERROR, FV_PICTURE_ERROR_SIZE,
                       _ ("%s: no memory for a picture of %d x %d pixels."), source->name, width, height);
          goto out;
        }
      status = tjDecompress2 (tj, source->data, source->size, cmyk, width, 0, height, TJPF_CMYK, LIMIT_SCANS);
      convert_cmyk (cmyk, picture);
    }
  else
    status = tjDecompress2 (tj, source->data, source->size, picture->rgb, width, picture->stride, height, TJPF_RGB,
                            LIMIT_SCANS);
  ok = status == 0 || (tjGetErrorCode (tj) == TJERR_WARNING && is_harmless (tjGetErrorStr2 (tj)));
  if (!ok)
    damaged (source, tjGetErrorStr2 (tj), error);
out:
  tjDestroy (tj);
  return ok ? g_steal_pointer (&picture) : NULL;
}
