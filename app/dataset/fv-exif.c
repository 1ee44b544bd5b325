/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-picture-private.h"

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3

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

guint
fv_exif_orientation (const guint8 *tiff, gsize size)
{
  Tiff t = { .data = tiff, .size = size };
  if (size < 8)
    return 1;
  t.big_endian = tiff[0] == 'M';
  if (tiff[0] != tiff[1] || (tiff[0] != 'M' && tiff[0] != 'I') || get16 (&t, 2) != 42)
    return 1;
  gsize directory = get32 (&t, 4);
  guint n = get16 (&t, directory);
  for (guint i = 0; i < n; i++)
    {
      gsize entry = directory + 2 + 12 * (gsize)i;
      if (entry + 12 > size)
        break;
      if (get16 (&t, entry) != TAG_ORIENTATION)
        continue;
      guint value = get16 (&t, entry + 8);
      return get16 (&t, entry + 2) == TYPE_SHORT && value >= 1 && value <= 8 ? value : 1;
    }
  return 1;
}
