/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-import.h"
#include "app/dataset/fv-picture.h"

G_BEGIN_DECLS

/*
 * What the formats have in common. An importer lists the pictures with their label files (one thread), then reads one
 * label file at a time (many threads); all the rest is fv-import.c's.
 *
 * Where one file holds the labels of many pictures, list() reads it and stages each box at its picture
 * (fv_import_entry_stage()); once the picture's size is known, fv-import.c makes it a box with the same checks and rows as
 * all others. read_labels() isn't called for such an entry.
 */

/* What is to be imported and what lies in it: made once, so that no importer lists folders to find out what they hold. */
typedef struct
{
  char *path; /* absolute folder or file */
  gboolean is_folder;
  GPtrArray *files; /* absolute paths of all files below (or path itself), bytewise sorted, hidden ones left out */
} FvImportSource;

/* The next file whose name passes, from *index on, which then stands behind it; NULL where there is no other. */
const char *fv_import_source_next (const FvImportSource *source, guint *index, gboolean (*filter) (const char *name));

/* A box as a file of labels has it, before the size of its picture is known. */
typedef struct
{
  guint class_id;    /* of fv_import_job_class() */
  guint line;        /* of the label file, from 1; 0 where it can't be told */
  gboolean relative; /* coordinates are shares of the picture, 0..1, instead of pixels */
  gboolean ignored;  /* no box but a region where nothing is taught or counted */
  double x1, y1, x2, y2;
} FvStagedBox;

/* One picture on its way in. While labels are read, its own thread alone touches it. */
typedef struct
{
  char *picture; /* absolute */
  char *label;   /* absolute; NULL = no label file, a background */
  FvSubset subset;
  gint64 time; /* seconds since 1970 where the labels know it, else FV_TIME_UNKNOWN: what the picture itself says */
  double latitude, longitude; /* likewise; NAN */
  GArray *staged;             /* (nullable) of FvStagedBox */
  /* The size that the label file says, upright or as stored; 0 where it says none. Set with staged boxes. */
  guint stated_width, stated_height, stated_line;

  FvPictureInfo info;      /* set before read_labels() */
  char *hash;              /* likewise */
  GArray *boxes, *ignored; /* of FvBox */
  GPtrArray *class_names;  /* of char *: what class_id counts in, where the format names classes in each file */
  GHashTable *seen;        /* (nullable): the boxes so far, to find repeated ones; while labels are read */
  GPtrArray *repaired, *rejected;
  gboolean unusable; /* picture or label file can't be used: the picture stays out, and a row says why */
} FvImportEntry;

typedef struct
{
  const FvImportParams *params;
  const FvImportSource *source;
  char *root;           /* absolute folder; names of pictures are relative to it */
  GPtrArray *entries;   /* of FvImportEntry */
  GHashTable *pictures; /* picture path → its FvImportEntry */
  GStrv class_names;  /* NULL where unknown, where each entry has its own, or where fv_import_job_class() makes them */
  GPtrArray *classes; /* of char *: those of fv_import_job_class() */
  GPtrArray *deep;    /* of FvItem: those with more than 8 bits a channel; not owned */
  GHashTable *class_ids;   /* name → number + 1 */
  guint n_keypoint_values; /* YOLO's, behind a line's box */
  GPtrArray *repaired, *rejected;
} FvImportJob;

typedef struct
{
  const char *name;
  const char *title; /* for people: "COCO JSON" */
  /*
   * Whether source is of this format; *why then says what tells: "it holds data.yaml". Where it is not, *why may name a
   * file that it was looked for in vain in, and the reason.
   */
  gboolean (*detect) (const FvImportSource *source, char **why);
  /* Fills root, entries and, where the format lists them, class_names. */
  gboolean (*list) (FvImportJob *job, GError **error);
  /* Fills boxes (and class_names) of an entry with a label file. Any thread. NULL where list() stages all boxes. */
  void (*read_labels) (const FvImportJob *job, FvImportEntry *entry);
} FvImporter;

extern const FvImporter fv_importer_coco;
extern const FvImporter fv_importer_createml;
extern const FvImporter fv_importer_labelme;
extern const FvImporter fv_importer_label_studio;
extern const FvImporter fv_importer_yolo;
extern const FvImporter fv_importer_voc;
extern const FvImporter fv_importer_cvat;
extern const FvImporter fv_importer_labelme_xml;
extern const FvImporter fv_importer_kitti;
extern const FvImporter fv_importer_vott_csv;
extern const FvImporter fv_importer_open_images;
extern const FvImporter fv_importer_csv;
extern const FvImporter fv_importer_pictures;

/*
 * A sentence that names the format and says what to do, where source holds labels of a known kind that are no boxes or can't
 * be read; else NULL. For a source that no importer knows.
 */
char *fv_import_refusal (const FvImportSource *source);

/*
 * Adds a picture. Where it was added before, a row with file and line says so, and the first one stays (returned: NULL).
 * label is taken.
 */
FvImportEntry *fv_import_job_add (FvImportJob *job, const char *picture, char *label /* (transfer full) (nullable) */,
                                  FvSubset subset, const char *file, guint line);

/* The entry of a picture that was added; (nullable). */
FvImportEntry *fv_import_job_find (const FvImportJob *job, const char *picture);

/* Adds the pictures in root that no label file has named, as backgrounds; a folder says their subset. */
void fv_import_job_add_rest (FvImportJob *job);

/* The number of a class by its name, a new one at the end where it isn't known yet. In list() alone. */
guint fv_import_job_class (FvImportJob *job, const char *name);
/* The same among the names of one entry. */
guint fv_import_entry_class (FvImportEntry *entry, const char *name);
void fv_import_entry_stage (FvImportEntry *entry, const FvStagedBox *box);

/* For tables of FvBox, by class and place, bit for bit. */
guint fv_import_box_hash (gconstpointer box);
gboolean fv_import_box_equal (gconstpointer a, gconstpointer b);

void fv_import_entry_free (FvImportEntry *entry);
/* Staged boxes become boxes, now that the size of the picture is known. fv-import.c calls it. */
void fv_import_entry_place (FvImportEntry *entry);

/* A list of FvProblem that owns its rows. */
GPtrArray *fv_problems_new (void);
/* Rows of the report: to job->rejected, entry->repaired, ... */
void fv_problem_add (GPtrArray *rows, const char *file, guint line, const char *format, ...) G_GNUC_PRINTF (4, 5);

/*
 * Adds a box in pixels of the upright picture after the checks that all formats share: finite, an area, inside the
 * picture (cut to it where it hangs over), not there already.
 */
void fv_import_entry_add_box (FvImportEntry *entry, guint line, FvBox box);
/* The same for a region where nothing is taught or counted. */
void fv_import_entry_add_ignored (FvImportEntry *entry, guint line, FvBox box);
/*
 * Whether boxes of a label file that says this size (0 = none) count in the picture as it is stored, which EXIF turns by a
 * quarter: turn them with fv_import_turn_upright(). Says so in a row, as it does where the size fits neither way.
 */
gboolean fv_import_entry_counts_stored (FvImportEntry *entry, guint width, guint height, guint line);
FvBox fv_import_turn_upright (FvBox box, const FvPictureInfo *info);

/* Files */

/* The content of a text file, a byte order mark cut off; NULL with *reason (a sentence) where it is none. */
char *fv_import_read_text (const char *path, gsize *size, char **reason);

typedef gboolean (*FvNameFilter) (const char *name);
gboolean fv_name_is_picture (const char *name); /* by its ending, also of formats that can't be decoded */
gboolean fv_name_is_text (const char *name);
gboolean fv_name_is_xml (const char *name);
gboolean fv_name_is_json (const char *name);
gboolean fv_name_is_csv (const char *name);

/*
 * Absolute paths of the files below folder whose names pass (NULL: all), bytewise sorted, hidden ones left out. Each folder is listed
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
