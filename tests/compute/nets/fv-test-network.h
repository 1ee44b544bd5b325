/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-trainer.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/*
 * A case of tests/reference/pytorch/networks.json: a model, and a batch of pictures with targets, with the very values that
 * generator.py makes.
 */
typedef struct {
  JsonObject *facts;        /* the case */
  guint64 seed;
  FvYolov5Config config;
  FvLossParams loss;
  guint frozen_layers;
  double shift;             /* for fv_test_network_set_weights(), in training */
  FvModel *model;
  FvBatch batch;
  FvAugmentSample *samples; /* what the batch points to */
  FvPixels *pictures;
  guint8 *rgb;
  float *targets;
} FvTestNetwork;

/* @facts must live as long. The model's weights are zero. */
FvTestNetwork *fv_test_network_new         (JsonObject *facts);
void           fv_test_network_free        (FvTestNetwork *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvTestNetwork, fv_test_network_free)
/* Generated weights and statistics; BatchNorm's biases lie around @shift. */
void           fv_test_network_set_weights (FvTestNetwork *self, double shift);
/* (transfer full) */
float         *fv_test_network_download    (FvTestNetwork *self, FvModelBuffer buffer);
/* An element of an array of numbers. */
double         fv_test_network_get_number  (JsonObject *object, const char *array, guint i);

/* 64 bits for each index of a stream, which has a name. */
guint64        fv_test_stream_start        (guint64 seed, const char *name);
guint64        fv_test_stream_bits         (guint64 start, gsize i);

G_END_DECLS
