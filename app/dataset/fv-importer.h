/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-import.h"
#include "app/dataset/fv-picture.h"

G_BEGIN_DECLS

/*
 * What the formats have in common. An importer lists the pictures with their label files (one thread), then reads one
 * label file at a time (many threads); all the rest is fv-import.c's.
 */

/* One picture on its way in. While labels are read, its own thread alone touches it. */
typedef struct
{
  char *picture; /* absolute */
  char *label;   /* absolute; NULL = no label file, a background */
  FvSubset subset;

  FvPictureInfo info;     /* set before read_labels() */
  char *hash;             /* likewise */
  GArray *boxes;          /* of FvBox */
  GPtrArray *class_names; /* of char *: what class_id counts in, where the format names classes in each file */
  GHashTable *seen;       /* (nullable): the boxes so far, to find repeated ones; while labels are read */
  GPtrArray *repaired, *rejected;
  gboolean unusable; /* picture or label file can't be used: the picture stays out, and a row says why */
} FvImportEntry;

typedef struct
{
  const FvImportParams *params;
  char *source;         /* absolute */
  char *root;           /* absolute folder; names of pictures are relative to it */
  GPtrArray *entries;   /* of FvImportEntry */
  GHashTable *pictures; /* picture path → its FvImportEntry */
  GStrv class_names;    /* NULL where unknown or where each entry has its own */
  GPtrArray *repaired, *rejected;
} FvImportJob;

typedef struct
{
  const char *name;
  /*
   * Whether source (a folder or file) is of this format; *why then says what tells: "it holds data.yaml". Where it is not,
   * *why may name a file that it was looked for in vain in, and the reason.
   */
  gboolean (*detect) (const char *source, char **why);
  /* Fills root, entries and, where the format lists them, class_names. */
  gboolean (*list) (FvImportJob *job, GError **error);
  /* Fills boxes (and class_names) of an entry with a label file. Any thread. */
  void (*read_labels) (const FvImportJob *job, FvImportEntry *entry);
} FvImporter;

extern const FvImporter fv_importer_yolo;
extern const FvImporter fv_importer_voc;

/*
 * Adds a picture. Where it was added before, a row with file and line says so, and the first one stays. label is taken.
 */
void fv_import_job_add (FvImportJob *job, const char *picture, char *label /* (transfer full) (nullable) */,
                        FvSubset subset, const char *file, guint line);

/* Rows of the report: to job->rejected, entry->repaired, ... */
void fv_problem_add (GPtrArray *rows, const char *file, guint line, const char *format, ...) G_GNUC_PRINTF (4, 5);

/*
 * Adds a box in pixels of the upright picture after the checks that all formats share: finite, an area, inside the
 * picture (cut to it where it hangs over), not there already.
 */
void fv_import_entry_add_box (FvImportEntry *entry, guint line, FvBox box);

/* Files */

/* The content of a text file, a byte order mark cut off; NULL with *reason (a sentence) where it is none. */
char *fv_import_read_text (const char *path, gsize *size, char **reason);

typedef gboolean (*FvNameFilter) (const char *name);
gboolean fv_name_is_picture (const char *name); /* by its ending, also of formats that can't be decoded */
gboolean fv_name_is_text (const char *name);
gboolean fv_name_is_xml (const char *name);

/*
 * Absolute paths of the files below folder whose names pass, bytewise sorted, hidden ones left out. Each folder is listed
 * once, where it lies rather than by a symbolic link. What can't be read or used is a row of rejected (NULL = not
 * reported).
 */
GPtrArray *fv_scan_folder (const char *folder, FvNameFilter filter, GPtrArray *rejected);

/* The subset that a part of the path says ("train2017", "valid", "test"), looked for in folders only. */
FvSubset fv_subset_of_path (const char *path);
/* path without the ending of its last part: (transfer full). */
char *fv_path_without_ending (const char *path);
/* Whether path lies in folder; *relative then points behind "folder/" in path. */
gboolean fv_path_is_below (const char *path, const char *folder, const char **relative);

G_END_DECLS
