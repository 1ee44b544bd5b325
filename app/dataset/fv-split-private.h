/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-split.h"

G_BEGIN_DECLS

/* Private to fv-split*.c: pictures that belong together, and how they are put into parts. */

/* A class and how many boxes of it; the class after the last stands for backgrounds and counts pictures. */
typedef struct
{
  guint class_id;
  guint n;
} FvSplitCount;

#define FV_SPLIT_UNPLACED (-1)
/* Trains in every fold; not divided. */
#define FV_SPLIT_FIXED (-2)

typedef struct
{
  guint64 key;     /* random, from seed and content */
  gint64 time;     /* of its newest picture, or FV_TIME_UNKNOWN */
  FvSubset subset; /* of a fixed one */
  int part;        /* from 0, or one of the above */
  GArray *items;   /* of guint */
  GArray *counts;  /* of FvSplitCount, by rising class */
} FvSplitUnit;

/* Sets of pictures, [n]: disjoint ones that become fewer. */
typedef struct
{
  guint *parents;
  guint n;
} FvSplitSets;

void fv_split_sets_init (FvSplitSets *self, guint n);
void fv_split_sets_clear (FvSplitSets *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FvSplitSets, fv_split_sets_clear)
/* Joins the pictures of the same number; FV_SPLIT_ALONE is none. */
void fv_split_sets_join (FvSplitSets *self, const guint *labels);
void fv_split_sets_join_two (FvSplitSets *self, guint a, guint b);
guint fv_split_sets_find (FvSplitSets *self, guint a);

/* (transfer full): the sets with what is in them, in random order. @times (nullable) */
GPtrArray *fv_split_units (const FvDataset *dataset, FvSplitSets *sets, guint64 seed, const gint64 *times);

/* (transfer full), [items]: numbers of bursts, of places, of keys; FV_SPLIT_ALONE where nothing is known. */
guint *fv_split_bursts (const FvDataset *dataset, const gint64 *times, guint gap);
guint *fv_split_places (const FvDataset *dataset, double radius);
guint *fv_split_key_labels (const GPtrArray *keys);

/*
 * Places units that are unplaced: part p shall have wanted[p] pictures and the same share of each label's count. Where
 * there are units enough no part that wants any stays empty.
 */
void fv_split_stratify (GPtrArray *units, guint n_labels, const guint *wanted, guint n_parts);

/* The same by time, part 0 the oldest. FALSE where there are fewer different times than parts that want pictures. */
gboolean fv_split_by_time (GPtrArray *units, const guint *wanted, guint n_parts);

G_END_DECLS
