/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/children/fv-serve-client.h"

G_BEGIN_DECLS

/*
 * Training samples that follow the settings: asks the child for what is wanted now, one request at a time, and for the newest wish when the answer
 * comes; never a queue.
 *
 *   g_signal_connect (feed, "samples", G_CALLBACK (show_samples), self);
 *   fv_preview_feed_want (feed, client, &request);         // as often as a slider moves
 *
 * Samples beyond FV_PREVIEW_FEED_SIDE pixels are too slow to follow a slider. While it moves they are asked for at that side, with the same random
 * numbers: rotation, shear, shift and scale are relative to the picture, and perspective, which is per pixel, is made up for. Once it rests, the very
 * samples of training take their places, one after the other, so that a slider that moves again waits for one of them at most.
 *
 * Signals:
 *   samples (reply: FvPreviewReply, first: guint)   the wish's samples from that one on
 * Properties, which notify:
 *   late      the samples are waited for since more than a moment
 *   message   (nullable): a sentence on why there are none; fv_preview_feed_retry() asks again
 *
 * Main thread. No widget.
 */

#define FV_PREVIEW_FEED_SIDE 320
#define FV_PREVIEW_FEED_PATIENCE_MS 300 /* until it is late */
#define FV_PREVIEW_FEED_REST_MS 300     /* without another wish, until the samples of training come */

#define FV_TYPE_PREVIEW_FEED (fv_preview_feed_get_type ())
G_DECLARE_FINAL_TYPE (FvPreviewFeed, fv_preview_feed, FV, PREVIEW_FEED, GObject)

FvPreviewFeed *fv_preview_feed_new (void);

/* The wish is copied and takes the place of the one before. */
void fv_preview_feed_want (FvPreviewFeed *self, FvServeClient *client, const FvPreviewRequest *wish);
/* Nothing is wanted; what is on its way is thrown away. */
void fv_preview_feed_stop (FvPreviewFeed *self);
/* The last wish once more. */
void fv_preview_feed_retry (FvPreviewFeed *self);

gboolean fv_preview_feed_get_late (FvPreviewFeed *self);
const char *fv_preview_feed_get_message (FvPreviewFeed *self);

/* What is asked for while a slider moves, of @recipe: at most FV_PREVIEW_FEED_SIDE pixels. Returns whether it is another one. */
gboolean fv_preview_feed_make_draft (const FvRecipe *recipe, FvRecipe *draft);

G_END_DECLS
