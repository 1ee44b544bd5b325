/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-project.h"

G_BEGIN_DECLS

/* A small project and what to import into it, for tests of what goes wrong meanwhile. */

/* (transfer none): a folder of YOLO's with data.yaml: five pictures, the last without labels, and one label that is refused. */
const char *fv_example_yolo    (void);
/* (transfer none): the same without data.yaml; classes.txt names the classes. */
const char *fv_example_bare    (void);
/* (transfer none): one of Pascal VOC's with lists: three pictures, one object that is refused. */
const char *fv_example_voc     (void);
/* (transfer none): a new project that holds the VOC folder already; closed. */
const char *fv_example_project (void);

/* (transfer none): the same as a killed program leaves it: the last change, every picture in test, is in the log only. */
const char *fv_example_killed  (void);

/* (transfer full): all that a store holds, as text, to compare. */
char       *fv_example_content (FvProject *project);
/* (transfer full): the same of one that is not open, after SQLite has found it whole. */
char       *fv_example_read    (const char *path);

/* The files of a store (project.db and what SQLite has beside it), to put them back as they were. */
GBytes     *fv_example_save    (const char *path);
void        fv_example_restore (const char *path, GBytes *store);

/* One sentence that names what the person knows, with @part in it. */
void        fv_example_assert_sentence (const GError *error, const char *path, const char *part);

G_END_DECLS
