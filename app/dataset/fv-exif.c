/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "app/dataset/fv-picture-private.h"

/* EXIF 2.3: a TIFF block with the picture's directory and, from there, one of the camera and one of GPS. */

#define TAG_ORIENTATION 0x0112
#define TAG_DATE_TIME 0x0132
#define TAG_CAMERA 0x8769
#define TAG_GPS 0x8825
#define TAG_DATE_TIME_ORIGINAL 0x9003
#define TAG_OFFSET_ORIGINAL 0x9011
#define TAG_LATITUDE_REF 1
#define TAG_LATITUDE 2
#define TAG_LONGITUDE_REF 3
#define TAG_LONGITUDE 4

#define TYPE_ASCII 2
#define TYPE_SHORT 3
#define TYPE_LONG 4
#define TYPE_RATIONAL 5

typedef struct
{
  const guint8 *data;
  gsize size;
  gboolean big_endian;
} Tiff;

static guint
get16 (const Tiff *t, gsize offset)
{
  if (offset + 2 > t->size)
    return 0;
  const guint8 *p = t->data + offset;
  return t->big_endian ? p[0] << 8 | p[1] : p[1] << 8 | p[0];
}

static guint32
get32 (const Tiff *t, gsize offset)
{
  guint high = get16 (t, t->big_endian ? offset : offset + 2), low = get16 (t, t->big_endian ? offset + 2 : offset);
  return (guint32)high << 16 | low;
}

/* Where the values of a tag stand in a directory, 0 where there is no such tag of that type with at least so many values. */
static gsize
find (const Tiff *t, gsize directory, guint tag, guint type, guint32 at_least)
{
  static const guint sizes[] = { [TYPE_ASCII] = 1, [TYPE_SHORT] = 2, [TYPE_LONG] = 4, [TYPE_RATIONAL] = 8 };
  const guint n = directory > 0 ? get16 (t, directory) : 0;
  for (guint i = 0; i < n; i++)
    {
      const gsize entry = directory + 2 + 12 * (gsize)i;
      if (entry + 12 > t->size)
        break;
      if (get16 (t, entry) != tag)
        continue;
      const guint32 count = get32 (t, entry + 4);
      const gsize offset = (gsize)count * sizes[type] <= 4 ? entry + 8 : get32 (t, entry + 8);
      return get16 (t, entry + 2) == type && count >= at_least && offset + (gsize)at_least * sizes[type] <= t->size
                 ? offset
                 : 0;
    }
  return 0;
}

/* The number of n digits; -1 where they are none. */
static int
get_digits (const guint8 *text, guint n)
{
  int value = 0;
  for (guint i = 0; i < n; i++)
    {
      if (!g_ascii_isdigit ((char)text[i]))
        return -1;
      value = value * 10 + (text[i] - '0');
    }
  return value;
}

/* As seconds since 1970 on that clock; FV_TIME_UNKNOWN for anything else, such as blanks. */
gint64
fv_exif_parse_time (const guint8 *text)
{
  const int year = get_digits (text, 4), month = get_digits (text + 5, 2), day = get_digits (text + 8, 2);
  const int hour = get_digits (text + 11, 2), minute = get_digits (text + 14, 2), second = get_digits (text + 17, 2);
  if (year < 1 || text[4] != ':' || text[10] != ' ')
    return FV_TIME_UNKNOWN;
  g_autoptr (GDateTime) time = g_date_time_new_utc (year, month, day, hour, minute, second);
  return time != NULL ? g_date_time_to_unix (time) : FV_TIME_UNKNOWN;
}

/* "+02:00" as seconds east of UTC; 0 for anything else. */
static int
parse_offset (const guint8 *text)
{
  const int hours = get_digits (text + 1, 2), minutes = get_digits (text + 4, 2);
  if ((text[0] != '+' && text[0] != '-') || text[3] != ':' || hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
    return 0;
  return (hours * 60 + minutes) * (text[0] == '-' ? -60 : 60);
}

static gint64
read_time (const Tiff *t, gsize main_directory, gsize camera)
{
  gsize at = find (t, camera, TAG_DATE_TIME_ORIGINAL, TYPE_ASCII, 19);
  const gsize offset = find (t, camera, TAG_OFFSET_ORIGINAL, TYPE_ASCII, 6);
  if (at == 0)
    at = find (t, main_directory, TAG_DATE_TIME, TYPE_ASCII, 19);
  const gint64 time = at > 0 ? fv_exif_parse_time (t->data + at) : FV_TIME_UNKNOWN;
  return time != FV_TIME_UNKNOWN && offset > 0 ? time - parse_offset (t->data + offset) : time;
}

/* Degrees, minutes and seconds as rationals; NAN where they are none, or beyond @most. */
static double
read_degrees (const Tiff *t, gsize directory, guint tag, guint reference, char negative, double most)
{
  const gsize at = find (t, directory, tag, TYPE_RATIONAL, 3), where = find (t, directory, reference, TYPE_ASCII, 1);
  double degrees = 0, unit = 1;
  if (at == 0 || where == 0)
    return NAN;
  for (guint i = 0; i < 3; i++, unit *= 60)
    {
      const guint32 above = get32 (t, at + 8 * i), below = get32 (t, at + 8 * i + 4);
      if (below == 0 && above != 0)
        return NAN;
      degrees += below > 0 ? (double)above / below / unit : 0;
    }
  return degrees > most ? NAN : t->data[where] == negative ? -degrees : degrees;
}

void
fv_exif_read (const guint8 *tiff, gsize size, FvPictureInfo *info)
{
  Tiff t = { .data = tiff, .size = size };
  info->orientation = 1;
  if (size < 8)
    return;
  t.big_endian = tiff[0] == 'M';
  if (tiff[0] != tiff[1] || (tiff[0] != 'M' && tiff[0] != 'I') || get16 (&t, 2) != 42)
    return;
  const gsize directory = get32 (&t, 4), orientation = find (&t, directory, TAG_ORIENTATION, TYPE_SHORT, 1);
  const gsize camera = find (&t, directory, TAG_CAMERA, TYPE_LONG, 1),
              gps = find (&t, directory, TAG_GPS, TYPE_LONG, 1);
  const guint value = orientation > 0 ? get16 (&t, orientation) : 1;
  info->orientation = value >= 1 && value <= 8 ? value : 1;
  info->time = read_time (&t, directory, camera > 0 ? get32 (&t, camera) : 0);
  if (gps == 0)
    return;
  info->latitude = read_degrees (&t, get32 (&t, gps), TAG_LATITUDE, TAG_LATITUDE_REF, 'S', 90);
  info->longitude = read_degrees (&t, get32 (&t, gps), TAG_LONGITUDE, TAG_LONGITUDE_REF, 'W', 180);
  /* Half a place is none, and receivers without a fix write zeros. */
  if (isnan (info->latitude) || isnan (info->longitude) || (info->latitude == 0 && info->longitude == 0))
    info->latitude = info->longitude = NAN;
}
