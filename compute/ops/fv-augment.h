/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-graph.h"

G_BEGIN_DECLS

/*
 * What the `augment` shader needs to make one network input from decoded pictures. The host decides the
 * geometry (app/augment/), the device computes every pixel. These structs are read by the shader as they stand
 * (scalar layout); shaders/include/augment.glsl declares the same.
 *
 * A sample is made of one layer (two with MixUp, blended by `mix`). A layer is a canvas of up to four pictures on grey
 * (114); an output pixel centre is carried by `inverse` to canvas coordinates (OpenCV's convention of warpPerspective:
 * pixel centres at whole numbers), sampled bilinearly, rounded to 8 bits, and then goes through HSV and flips.
 */

#define FV_AUGMENT_MAX_TILES  4
#define FV_AUGMENT_MAX_LAYERS 2

typedef struct {
  guint32 picture;       /* index into the batch's pictures */
  gint32 x1, y1, x2, y2; /* pixels of the canvas that the picture covers, x2 and y2 exclusive */
  gint32 dx, dy;         /* picture pixel = canvas pixel - (dx, dy) */
} FvAugmentTile;

typedef struct {
  guint32 n_tiles;
  gint32 canvas_width, canvas_height;
  float inverse[9];      /* row-major 3x3: output pixel -> canvas pixel, homogeneous */
  FvAugmentTile tiles[FV_AUGMENT_MAX_TILES];
} FvAugmentLayer;

typedef struct {
  guint32 n_layers;
  float mix;             /* weight of layer 0; 1 without MixUp */
  float hsv[3];          /* gains r of hue, saturation, value; all 1 = off */
  guint32 flip_horizontal, flip_vertical;
  FvAugmentLayer layers[FV_AUGMENT_MAX_LAYERS];
} FvAugmentSample;

/* A decoded picture: 8-bit RGB rows, @stride bytes apart. */
typedef struct {
  const guint8 *rgb;
  guint width, height;
  gsize stride;
} FvPixels;

/*
 * What changes from step to step, in memory that the host writes: where a batch's data lie. Each of the two steps in flight
 * has its own. Read by the augment and the loss kernels; mirrored in shaders/include/step.glsl.
 */
typedef struct {
  guint64 samples;         /* address of FvAugmentSample[n] */
  guint64 pictures;        /* address of FvDevicePicture[n_pictures], at least one */
  guint64 target_offsets;  /* address of guint32[n + 1]: targets of picture i are rows offsets[i] .. offsets[i + 1] - 1 */
  guint64 targets;         /* address of float[n_targets][5]: class, cx, cy, w, h in 0..1 */
} FvStepBlock;

typedef struct {
  guint64 address;         /* of 8-bit RGB rows; a multiple of 4 */
  guint32 width, height;
  guint32 stride;          /* bytes from row to row; a multiple of 4 */
  guint32 reserved;
} FvDevicePicture;

/* Appends the node that makes the network's input [n, height + 4, width + 4, 4] (RGB / 255, a zero halo of two pixels, channel 3 zero) from the
 * samples of @block, an external tensor whose address is that of an FvStepBlock. */
FvTensor *fv_augment (FvGraph *g, FvTensor *block, guint n, guint height, guint width);

G_END_DECLS
