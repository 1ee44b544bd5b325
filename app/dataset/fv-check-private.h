/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-check.h"

G_BEGIN_DECLS

/* What the checks of fv-check-*.c share. */
typedef struct
{
  const FvDataset *dataset;
  const FvMeasures *measures; /* (nullable) */
  const guint *groups;        /* fv_duplicates_find() */
  GPtrArray *findings;
} FvCheck;

/* A finding whose text is @format; the caller may set repair, action and subset. @item G_MAXUINT, @box -1: none. */
FvFinding *fv_check_add (FvCheck *self, const char *kind, guint item, int box, const char *format, ...)
    G_GNUC_PRINTF (5, 6);
/* Likewise of a class as a whole. */
FvFinding *fv_check_add_for_class (FvCheck *self, const char *kind, guint class_id, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

void fv_check_boxes (FvCheck *self);    /* fv-check-boxes.c: one picture's boxes, and those of a class */
void fv_check_pictures (FvCheck *self); /* fv-check-pictures.c: how pictures look */
void fv_check_subsets (FvCheck *self);  /* fv-check-subsets.c: what is there twice, leaks, classes nearly never seen */

G_END_DECLS
