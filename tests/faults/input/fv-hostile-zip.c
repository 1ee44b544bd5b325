/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/input/fv-hostile-zip.h"

#include <string.h>
#include <zlib.h>

static void
put (GByteArray *to, guint64 value, guint n_bytes)
{
  for (guint i = 0; i < n_bytes; i++)
    {
      guint8 byte = i < sizeof value ? value >> (8 * i) & 0xff : 0;

      g_byte_array_append (to, &byte, 1);
    }
}

/* What the header before the data and the directory at the end have in common. */
static void
put_header (GByteArray *to, const FvZipEntry *entry, gboolean zip64, gint64 directory_offset)
{
  const guint64 claimed = entry->claimed > 0 ? entry->claimed : entry->size;
  const guint32 crc = entry->crc != 0 ? entry->crc : crc32 (0, entry->data, entry->size);

  zip64 = zip64 || claimed > G_MAXUINT32 - 1;
  put (to, directory_offset >= 0 ? 0x02014b50 : 0x04034b50, 4);
  if (directory_offset >= 0)
    put (to, 45, 2);
  put (to, 45, 2);
  put (to, 0, 2);
  put (to, entry->deflated ? 8 : 0, 2);
  put (to, 0, 4);
  put (to, crc, 4);
  put (to, zip64 ? G_MAXUINT32 : entry->deflated ? entry->size : claimed, 4);
  put (to, zip64 ? G_MAXUINT32 : claimed, 4);
  put (to, strlen (entry->name), 2);
  put (to, zip64 ? 20 : 0, 2);
  if (directory_offset >= 0)
    {
      put (to, 0, 10);
      put (to, directory_offset, 4);
    }
  g_byte_array_append (to, (const guint8 *)entry->name, strlen (entry->name));
  if (!zip64)
    return;
  put (to, 1, 2);
  put (to, 16, 2);
  put (to, claimed, 8);
  put (to, entry->deflated ? entry->size : claimed, 8);
}

GBytes *
fv_hostile_zip (const FvZipEntry *entries, guint n, gboolean zip64)
{
  GByteArray *file = g_byte_array_new ();
  g_autoptr (GByteArray) directory = g_byte_array_new ();
  g_autofree guint *offsets = g_new (guint, n);
  guint start;

  for (guint i = 0; i < n; i++)
    {
      offsets[i] = entries[i].same_as > 0 ? offsets[entries[i].same_as - 1] : file->len;
      put_header (directory, &entries[i], zip64, offsets[i]);
      if (entries[i].same_as > 0)
        continue;
      put_header (file, &entries[i], zip64, -1);
      g_byte_array_append (file, entries[i].data, entries[i].size);
    }
  start = file->len;
  g_byte_array_append (file, directory->data, directory->len);
  put (file, 0x06054b50, 4);
  put (file, 0, 4);
  put (file, n, 2);
  put (file, n, 2);
  put (file, directory->len, 4);
  put (file, start, 4);
  put (file, 0, 2);
  return g_byte_array_free_to_bytes (file);
}

GBytes *
fv_hostile_zeros (gsize size, guint32 *crc)
{
  static guint8 zeros[1 << 16], out[1 << 16];
  GByteArray *deflated = g_byte_array_new ();
  z_stream stream = { 0 };
  gsize left = size;

  g_assert_cmpint (deflateInit2 (&stream, 1, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  *crc = 0;
  for (int status = Z_OK; status != Z_STREAM_END;)
    {
      if (stream.avail_in == 0)
        {
          stream.next_in = zeros;
          stream.avail_in = MIN (left, sizeof zeros);
          *crc = crc32 (*crc, zeros, stream.avail_in);
          left -= stream.avail_in;
        }
      stream.next_out = out;
      stream.avail_out = sizeof out;
      status = deflate (&stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
      g_byte_array_append (deflated, out, sizeof out - stream.avail_out);
    }
  deflateEnd (&stream);
  return g_byte_array_free_to_bytes (deflated);
}
