/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * Which pictures to train on, which to validate and which to test with.
 *
 *   FvSplitParams params = { .method = FV_SPLIT_GROUP, .near = near, .keys = keys };
 *   if (!fv_split_dataset (dataset, &params, &result, &error))
 *     return FALSE;
 *
 * Pictures that belong together are never parted, whatever the method: those of the same content, near-duplicates (@near),
 * and what the method itself keeps together. Then:
 *
 * - stratified: every subset gets its share of each class's boxes, and of the backgrounds, as nearly as whole pictures
 *   allow. K. Sechidis, G. Tsoumakas, I. Vlahavas: On the Stratification of Multi-Label Data, ECML PKDD 2011, with the
 *   number of pictures of each subset fixed; then pictures trade places as long as that evens things out.
 * - group: the same with whole groups: of one key, or without keys the pictures of a burst.
 * - place: the same with whole places: of one key, or without keys clusters of EXIF's positions.
 * - time: the newest pictures are for the test, those before them validate, the oldest train; pictures of the same time
 *   stay together.
 *
 * What has no key, time or place can't be told apart from anything, so it trains. Folds of any method are as many equal
 * parts, by time one after the other, of which one validates and the others train.
 * The result depends on the seed and on hashes, boxes, keys, times and places of the pictures alone, not on their order
 * or (but where keys or times are taken from them) names. About a second for 100,000 pictures.
 */

#define FV_SPLIT_ERROR (fv_split_error_quark ())
GQuark fv_split_error_quark (void);

typedef enum
{
  FV_SPLIT_ERROR_UNKNOWN, /* no picture has what the method goes by */
  FV_SPLIT_ERROR_ONE,     /* all that could be divided belongs together */
  FV_SPLIT_ERROR_KEYS,    /* what keys were to be taken from is wrong */
} FvSplitError;

typedef enum
{
  FV_SPLIT_STRATIFIED,
  FV_SPLIT_GROUP,
  FV_SPLIT_TIME,
  FV_SPLIT_PLACE,
} FvSplitMethod;
#define FV_N_SPLIT_METHODS 4

/* "stratified", "group", "time", "place" and back. */
const char *fv_split_method_to_string (FvSplitMethod method);
gboolean fv_split_method_parse (const char *text, FvSplitMethod *method);

#define FV_SPLIT_MAX_FOLDS 100
/* A picture that no other is like, in FvSplitParams.near. */
#define FV_SPLIT_ALONE G_MAXUINT
/* FvSplitParams.keep: every picture that has a subset. */
#define FV_SPLIT_KEEP_ALL (1u << FV_SUBSET_TRAIN | 1u << FV_SUBSET_VAL | 1u << FV_SUBSET_TEST)
#define FV_SPLIT_GAP 10
#define FV_SPLIT_RADIUS 100

typedef struct
{
  FvSplitMethod method;
  double val;  /* share of the pictures, 0..1; 0 = the size rule: 0.2 below 1,000 pictures, else 0.1 */
  double test; /* share of the pictures, 0..1 */
  guint64 seed;
  guint folds; /* 0, or 2 to FV_SPLIT_MAX_FOLDS parts instead of val's share */
  guint fold;  /* the one that validates, from 1 */
  guint
      keep; /* bits 1 << FvSubset: such pictures keep theirs, with all that belong to them; shares are of the others */
  const guint *near;     /* (nullable) a number a picture: those of the same one are near-duplicates */
  const GPtrArray *keys; /* (nullable) a text or NULL a picture, see fv-split-keys.h: of groups, places or times */
  guint gap;             /* seconds between two pictures of a burst, at most; 0 = FV_SPLIT_GAP */
  double radius;         /* meters within which two pictures are of one place; 0 = FV_SPLIT_RADIUS */
} FvSplitParams;

typedef struct
{
  guint n_pictures[FV_N_SUBSETS];
  guint leaks; /* pictures of val and test whose content is in another subset, too */
  guint n_wanted
      [FV_N_SUBSETS]; /* what n_pictures would be if pictures did not belong together; 0 where they were counted only */
  guint n_groups;     /* of pictures that belong together, single ones too, among those that were divided */
  guint n_unknown;    /* pictures that train because they have no key, time or place */
  GArray *folds;      /* (nullable) of guint, a picture: its fold from 1, 0 = none */
} FvSplitResult;

void fv_split_result_clear (FvSplitResult *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FvSplitResult, fv_split_result_clear)

/*
 * Sets the subset of every item. val + test must be below 1. @result (optional) counts the whole dataset afterwards.
 * Errors: FV_SPLIT_ERROR, never for the stratified method; then nothing has changed.
 */
gboolean fv_split_dataset (FvDataset *dataset, const FvSplitParams *params, FvSplitResult *result, GError **error);

/* Counts a dataset as it is split now: n_pictures and leaks; there is nothing to clear then. */
void fv_split_count (const FvDataset *dataset, FvSplitResult *result);

/* Makes fold @fold the one that validates and the others train, for all pictures that have one. */
void fv_split_choose_fold (FvDataset *dataset, const GArray *folds, guint fold);

/* (transfer full) of guint, a picture: the number of its content (of a page); FV_SPLIT_ALONE where the hash is not known. */
guint *fv_split_contents (const FvDataset *dataset);

G_END_DECLS
