/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Zip files that claim what is not so, which no library would write. */

typedef struct {
  const char *name;
  const void *data;   /* as it lies in the file */
  gsize size;         /* of it */
  guint64 claimed;    /* 0 = @size: bytes that it says to be when unpacked */
  guint32 crc;        /* 0 = of @data */
  gboolean deflated;  /* else stored */
  guint same_as;      /* 0 = data of its own; else those of entry same_as - 1, which it then shares */
} FvZipEntry;

/* (transfer full). Sizes from 4 GiB on are in zip64's form, and all of them where @zip64. */
GBytes *fv_hostile_zip    (const FvZipEntry *entries, guint n, gboolean zip64);

/* (transfer full): @size zeros, deflated; @crc is of the zeros. */
GBytes *fv_hostile_zeros  (gsize size, guint32 *crc);

G_END_DECLS
