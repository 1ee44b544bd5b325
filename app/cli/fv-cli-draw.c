/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli-draw.h"

#include "app/exchange/fv-file.h"

#include <cairo.h>
#include <math.h>
#include <string.h>
#include <turbojpeg.h>

#define JPEG_QUALITY 92

/* A colour a class, spread over the hues by the golden ratio, dark enough for white text. */
static void
choose_colour (guint class_id, double rgb[3])
{
  const double hue = 6 * fmod (class_id * 0.618034, 1);
  for (guint k = 0; k < 3; k++)
    {
      const double distance = fabs (fmod (hue + 6 - 2 * k, 6) - 3); /* 3 at this colour's own hue */
      rgb[k] = 0.75 * CLAMP (distance - 1, 0, 1) + 0.05;
    }
}

static cairo_surface_t *
make_surface (const FvPicture *picture)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, picture->width, picture->height);
  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS)
    return surface;
  cairo_surface_flush (surface);
  for (guint y = 0; y < picture->height; y++)
    {
      const guint8 *from = picture->rgb + y * picture->stride;
      guint32 *to = (guint32 *)(void *)(cairo_image_surface_get_data (surface)
                                        + (gsize)y * cairo_image_surface_get_stride (surface));
      for (guint x = 0; x < picture->width; x++, from += 3)
        to[x] = (guint32)from[0] << 16 | (guint32)from[1] << 8 | from[2];
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}

static void
draw_detection (cairo_t *cairo, const FvDetection *detection, const char *name, double line)
{
  double rgb[3];
  choose_colour (detection->class_id, rgb);
  cairo_set_source_rgb (cairo, rgb[0], rgb[1], rgb[2]);
  cairo_set_line_width (cairo, line);
  cairo_rectangle (cairo, detection->x1, detection->y1, detection->x2 - detection->x1, detection->y2 - detection->y1);
  cairo_stroke (cairo);

  g_autofree char *label = g_strdup_printf ("%s %.2f", name, detection->confidence);
  cairo_text_extents_t text;
  cairo_font_extents_t font;
  cairo_text_extents (cairo, label, &text);
  cairo_font_extents (cairo, &font);
  /* Above the box where there is room, else inside it. */
  const double height = font.ascent + font.descent;
  const double top = detection->y1 >= height ? detection->y1 - height : detection->y1;
  cairo_rectangle (cairo, detection->x1 - line / 2, top, text.x_advance + 2 * line, height);
  cairo_fill (cairo);
  cairo_set_source_rgb (cairo, 1, 1, 1);
  cairo_move_to (cairo, detection->x1 + line / 2, top + font.ascent);
  cairo_show_text (cairo, label);
}

static gboolean
write_jpeg (cairo_surface_t *surface, const char *path, GError **error)
{
  cairo_surface_flush (surface);
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

gboolean
fv_cli_draw_detections (const FvPicture *picture, const FvDetection *detections, guint n_detections,
                        const char *const *class_names, const char *path, GError **error)
{
  cairo_surface_t *surface = make_surface (picture);
  cairo_t *cairo = cairo_create (surface);
  const double line = MAX (2, rint ((picture->width + picture->height) * 0.0015));
  cairo_select_font_face (cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size (cairo, 6 * line);
  /* The most confident last, so that its label lies on top. */
  for (guint i = n_detections; i-- > 0;)
    draw_detection (cairo, &detections[i], class_names[detections[i].class_id], line);
  const cairo_status_t status = cairo_status (cairo);
  cairo_destroy (cairo);

  gboolean done = FALSE;
  if (status == CAIRO_STATUS_SUCCESS)
    done = write_jpeg (surface, path, error);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s can't be drawn: %s", path, cairo_status_to_string (status));
  cairo_surface_destroy (surface);
  return done;
}
