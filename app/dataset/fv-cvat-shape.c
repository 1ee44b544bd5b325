/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-cvat-shape.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

static gboolean
numbers (const FvXmlStream *stream, const char *const *names, guint n, double *values)
{
  for (guint i = 0; i < n; i++)
    if (!fv_xml_stream_number (stream, names[i], &values[i]))
      return FALSE;
  return TRUE;
}

/* Around corners, x and y in turn. */
static void
surround (FvStagedBox *box, const double *corners, guint n)
{
  box->x1 = box->y1 = INFINITY;
  box->x2 = box->y2 = -INFINITY;
  for (guint i = 0; i + 1 < n; i += 2)
    {
      box->x1 = MIN (box->x1, corners[i]);
      box->x2 = MAX (box->x2, corners[i]);
      box->y1 = MIN (box->y1, corners[i + 1]);
      box->y2 = MAX (box->y2, corners[i + 1]);
    }
}

/* "x,y;x,y;...": the box around at least three points. */
static gboolean
read_points (const FvXmlStream *stream, FvStagedBox *box)
{
  g_autofree char *text = fv_xml_stream_attribute (stream, "points");
  guint n = 0;
  double first[2] = { 0 };
  if (text == NULL)
    return FALSE;
  for (const char *at = text; *at != '\0';)
    {
      double point[2];
      char *end;
      for (guint i = 0; i < 2; i++)
        {
          point[i] = g_ascii_strtod (at, &end);
          if (end == at || *end != (i == 0 ? ',' : *end == '\0' ? '\0' : ';'))
            return FALSE;
          at = *end == '\0' ? end : end + 1;
        }
      if (n++ == 0)
        {
          memcpy (first, point, sizeof first);
          surround (box, first, 2);
        }
      else
        {
          const double both[] = { box->x1, box->y1, box->x2, box->y2, point[0], point[1] };
          surround (box, both, 6);
        }
      if (!isfinite (point[0]) || !isfinite (point[1]))
        return FALSE;
    }
  return n >= 3;
}

/* Around a box or an ellipse (centre, half sides) turned by degrees. */
static void
turn (FvStagedBox *box, double cx, double cy, double rx, double ry, double degrees, gboolean ellipse)
{
  const double c = fabs (cos (degrees * G_PI / 180)), s = fabs (sin (degrees * G_PI / 180));
  const double w = ellipse ? hypot (rx * c, ry * s) : rx * c + ry * s;
  const double h = ellipse ? hypot (rx * s, ry * c) : rx * s + ry * c;
  box->x1 = cx - w;
  box->x2 = cx + w;
  box->y1 = cy - h;
  box->y2 = cy + h;
}

const char *
fv_cvat_shape_read (const FvXmlStream *stream, const char *kind, FvStagedBox *box, gboolean *turned)
{
  double v[16], degrees = 0;
  *turned = fv_xml_stream_number (stream, "rotation", &degrees) && isfinite (degrees) && degrees != 0;
  if (strcmp (kind, "box") == 0)
    {
      if (!numbers (stream, (const char *const[]){ "xtl", "ytl", "xbr", "ybr" }, 4, v))
        return N_ ("A side of the box (xtl, ytl, xbr, ybr) is absent or no number. Correct or delete it.");
      box->x1 = v[0];
      box->y1 = v[1];
      box->x2 = v[2];
      box->y2 = v[3];
      if (*turned)
        turn (box, (v[0] + v[2]) / 2, (v[1] + v[3]) / 2, (v[2] - v[0]) / 2, (v[3] - v[1]) / 2, degrees, FALSE);
      return NULL;
    }
  if (strcmp (kind, "polygon") == 0)
    return read_points (stream, box) ? NULL
                                     : N_ ("The polygon has no list of at least three points. Correct or delete it.");
  if (strcmp (kind, "ellipse") == 0)
    {
      if (!numbers (stream, (const char *const[]){ "cx", "cy", "rx", "ry" }, 4, v))
        return N_ ("A number of the ellipse (cx, cy, rx, ry) is absent or none. Correct or delete it.");
      turn (box, v[0], v[1], v[2], v[3], degrees, TRUE);
      return NULL;
    }
  if (strcmp (kind, "mask") == 0)
    {
      if (!numbers (stream, (const char *const[]){ "left", "top", "width", "height" }, 4, v))
        return N_ ("A side of the mask (left, top, width, height) is absent or no number. Correct or delete it.");
      box->x1 = v[0];
      box->y1 = v[1];
      box->x2 = v[0] + v[2];
      box->y2 = v[1] + v[3];
      return NULL;
    }
  if (strcmp (kind, "cuboid") == 0)
    {
      static const char *const corners[] = { "xtl1", "ytl1", "xbl1", "ybl1", "xtr1", "ytr1", "xbr1", "ybr1",
                                             "xtl2", "ytl2", "xbl2", "ybl2", "xtr2", "ytr2", "xbr2", "ybr2" };
      if (!numbers (stream, corners, 16, v))
        return N_ ("A corner of the cuboid is absent or no number. Correct or delete it.");
      surround (box, v, 16);
      return NULL;
    }
  if (strcmp (kind, "tag") == 0)
    return N_ ("The tag belongs to the whole picture and is no box. Draw a box if something is to be found.");
  return N_ ("The shape encloses no area (points, polyline or skeleton), so no box can be made of it. Draw a box.");
}

gboolean
fv_cvat_is_shape (const char *name)
{
  static const char *const names[]
      = { "box", "polygon", "ellipse", "mask", "cuboid", "tag", "points", "polyline", "skeleton" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i]) == 0)
      return TRUE;
  return FALSE;
}
