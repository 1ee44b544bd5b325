/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One Pascal VOC annotation file, read from XML: what it says, unchecked beyond its form. */

typedef struct
{
  guint line;            /* of <bndbox>, or of <object> where there is none */
  char *name;            /* class, white space cut off; "" where there is none */
  char *fault;           /* why the object is no box (a sentence), else NULL */
  double x1, y1, x2, y2; /* pixels, as they stand in the file; maybe not finite */
} FvVocObject;

typedef struct
{
  char *filename;      /* of the picture, as it says; NULL where it does not */
  guint width, height; /* <size>; 0 where it is absent or nonsense */
  guint size_line;
  GPtrArray *objects; /* of FvVocObject */
} FvVocFile;

/* NULL, with *reason (a sentence) and *line (0 = the whole file), where the file is no VOC annotation. Any thread. */
FvVocFile *fv_voc_file_read (const char *path, char **reason, guint *line);
void fv_voc_file_free (FvVocFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvVocFile, fv_voc_file_free)

G_END_DECLS
