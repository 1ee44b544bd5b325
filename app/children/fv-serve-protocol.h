/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/evaluation/fv-detection.h"
#include "app/project/fv-dataset.h"
#include "app/training/fv-recipe.h"

G_BEGIN_DECLS

/*
 * What the window and `fovea-cli serve` say to each other, on a socket that the child inherits. A request is one line of JSON:
 *
 *   {"id":7,"kind":"preview","project":"file:///…","serial":3,"recipe":{…},"epoch":0,"sample":12,"count":4,"format":"rgb"}
 *   {"id":8,"kind":"detect","weights":"file:///…","file":"file:///…","imgsz":640,"conf":0.25,"iou":0.45}
 *
 * A reply is one line, and `bytes` raw bytes after it:
 *
 *   {"id":7,"kind":"preview","width":320,"height":320,"pictures":400,"samples":[{"item":3,"name":"…","boxes":[[class,x1,y1,x2,y2],…]},…],"bytes":1228800}
 *   {"id":8,"kind":"detect","width":640,"height":480,"detections":[[class,confidence,x1,y1,x2,y2],…],"classes":["…"],"seconds":0.2,"bytes":0}
 *   {"id":6,"superseded":true}        a newer request of its kind came before this one was begun
 *   {"id":6,"error":"A sentence."}    id 0 where the request has none
 *
 * Paths travel as URIs, since they need not be UTF-8. The first line of a child is {"ready":true}, when it listens. Both ends are of one build, so the protocol has no version.
 */

typedef enum
{
  FV_SERVE_PREVIEW,
  FV_SERVE_DETECT,
} FvServeKind;
#define FV_SERVE_N_KINDS 2

/* The word for it in the protocol. */
const char *fv_serve_kind_name (FvServeKind kind);

/* Longest line of a request, and most samples of one preview. */
#define FV_SERVE_MAX_LINE 65536
#define FV_SERVE_MAX_SAMPLES 64

/* Training samples as the network would see them. */
typedef struct
{
  const char *project;    /* folder */
  guint64 serial;         /* another number: pictures, boxes or the split are others, and are read again */
  const FvRecipe *recipe; /* (nullable): the default one; imgsz, seed and the augmentation count */
  guint epoch;
  guint sample;           /* position in the epoch's order; counts on from the beginning where it is beyond the end */
  guint count;            /* 0 = 1; that many from there on; at most FV_SERVE_MAX_SAMPLES */
  gboolean floats;        /* the network's input itself instead of 8-bit RGB */
} FvPreviewRequest;

typedef struct
{
  const char *weights, *file;
  guint imgsz;            /* 0 = 640: longer side of the network's input, pixels */
  double conf, iou;       /* 0 = 0.25 and 0.45 */
} FvDetectRequest;

/* One training sample. */
typedef struct
{
  guint item;    /* of the sample's own picture: index into the project's dataset */
  char *name;    /* that picture's, relative to the root it was imported from */
  GArray *boxes; /* of FvBox: pixels of the sample */
  GBytes *rgb;   /* [height][width][3], rows without gaps; or floats [height + 4][width + 4][4], see fv_augment() */
} FvPreviewSample;

/* Immutable, reference counted atomically. */
typedef struct
{
  guint width, height;      /* pixels of each sample: imgsz square */
  guint pictures;           /* training pictures that there are */
  char *problem;            /* (nullable): a sentence about a picture that could not be read, which stays grey */
  guint n;
  FvPreviewSample *samples; /* [n] */
  gatomicrefcount references;
} FvPreviewReply;

typedef struct
{
  guint width, height;  /* pixels of the picture, upright */
  GArray *detections;   /* of FvDetection: pixels of the picture, by falling confidence */
  GStrv class_names;    /* of the weights */
  double seconds;       /* from picture to boxes */
  gatomicrefcount references;
} FvDetectReply;

#define FV_TYPE_PREVIEW_REPLY (fv_preview_reply_get_type ())
GType fv_preview_reply_get_type (void);
FvPreviewReply *fv_preview_reply_ref (FvPreviewReply *self);
void fv_preview_reply_unref (FvPreviewReply *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPreviewReply, fv_preview_reply_unref)

#define FV_TYPE_DETECT_REPLY (fv_detect_reply_get_type ())
GType fv_detect_reply_get_type (void);
FvDetectReply *fv_detect_reply_ref (FvDetectReply *self);
void fv_detect_reply_unref (FvDetectReply *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvDetectReply, fv_detect_reply_unref)

/* The server's end and the client's, below; a page needs none of it. */

/* A request as it was read; strings and recipe are its own. */
typedef struct
{
  guint64 id;
  FvServeKind kind;
  FvPreviewRequest preview;
  FvDetectRequest detect;
  FvRecipe recipe;
  char *paths[2]; /* what the two point to */
} FvServeRequest;

/* (transfer full): a line with its end. @request is a FvPreviewRequest or FvDetectRequest, as @kind says. */
char *fv_serve_print_request (guint64 id, FvServeKind kind, gconstpointer request);
/* (transfer full): from a line without its end. @id is set as soon as it is known, else 0. Errors: FV_CHILD_ERROR_REQUEST, FV_RECIPE_ERROR. */
FvServeRequest *fv_serve_parse_request (const char *line, gsize length, guint64 *id, GError **error);
void fv_serve_request_free (FvServeRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvServeRequest, fv_serve_request_free)

/* (transfer full): lines with their ends. What comes after a preview's line are @bytes raw bytes. */
char *fv_serve_print_ready (void);
char *fv_serve_print_superseded (guint64 id);
char *fv_serve_print_error (guint64 id, const char *message);
char *fv_serve_print_preview (guint64 id, const FvPreviewReply *reply, gsize bytes);
char *fv_serve_print_detect (guint64 id, const FvDetectReply *reply);

typedef enum
{
  FV_SERVE_REPLY_READY,
  FV_SERVE_REPLY_SUPERSEDED,
  FV_SERVE_REPLY_ERROR,
  FV_SERVE_REPLY_PREVIEW,
  FV_SERVE_REPLY_DETECT,
} FvServeReplyKind;

typedef struct
{
  guint64 id;
  FvServeReplyKind kind;
  char *error;
  gsize bytes; /* that follow the line */
  FvPreviewReply *preview;
  FvDetectReply *detect;
} FvServeReply;

/* (transfer full): from a line without its end. Errors: FV_CHILD_ERROR_REQUEST: it is no reply. */
FvServeReply *fv_serve_parse_reply (const char *line, gsize length, GError **error);
void fv_serve_reply_free (FvServeReply *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvServeReply, fv_serve_reply_free)

/* New replies, to be filled; a preview's samples have no pixels yet. */
FvPreviewReply *fv_preview_reply_new (guint n);
FvDetectReply *fv_detect_reply_new (void);
/* Gives each sample its part of what followed the line; FALSE when that can't be shared out evenly. */
gboolean fv_preview_reply_set_pixels (FvPreviewReply *self, GBytes *pixels);

G_END_DECLS
