/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-serve-worker.h"

#include "app/augment/fv-preview.h"
#include "app/children/fv-child.h"
#include "app/cli/fv-cli-model.h"
#include "app/project/fv-project.h"
#include "app/training/fv-detect.h"
#include "app/training/fv-sampler.h"
#include "app/training/fv-train.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define MAX_PIXEL_BYTES ((guint64)512 << 20) /* of one preview, on the device */

/* Samples of one size, with the pictures that are decoded for it. */
typedef struct
{
  FvPreview *preview; /* (nullable) */
  guint imgsz;
  guint64 seed;

  guint *order; /* (nullable) */
  guint epoch;
} Samples;

/* The size that follows a slider, and the one that comes once it rests. */
#define N_SIZES 2
#define POOL_BYTES ((gsize)128 << 20)

/* The training pictures of a project. */
typedef struct
{
  char *project;
  guint64 serial;
  FvDataset *dataset;
  GArray *items;            /* (element-type guint): training pictures */
  Samples samples[N_SIZES]; /* the one used last comes first */
} Training;

typedef struct
{
  char *path;
  GStatBuf file; /* as it was when it was read */
  FvWeights *weights;
  FvPredictor *predictor;
} Network;

struct _FvServeWorker
{
  FvCli *cli;
  FvDevice *device;
  Training training;
  Network network;
};

FvServeWorker *
fv_serve_worker_new (FvCli *cli)
{
  FvServeWorker *self = g_new0 (FvServeWorker, 1);

  self->cli = cli;
  return self;
}

static void
drop_samples (Samples *self)
{
  g_clear_pointer (&self->preview, fv_preview_free);
  g_clear_pointer (&self->order, g_free);
}

static void
drop_training (Training *self)
{
  for (guint i = 0; i < N_SIZES; i++)
    drop_samples (&self->samples[i]);
  g_clear_pointer (&self->items, g_array_unref);
  g_clear_pointer (&self->dataset, fv_dataset_unref);
  g_clear_pointer (&self->project, g_free);
}

static void
drop_network (Network *self)
{
  g_clear_pointer (&self->predictor, fv_predictor_free);
  g_clear_pointer (&self->weights, fv_weights_free);
  g_clear_pointer (&self->path, g_free);
}

void
fv_serve_worker_free (FvServeWorker *self)
{
  if (!self)
    return;
  drop_training (&self->training);
  drop_network (&self->network);
  g_clear_pointer (&self->device, fv_device_unref);
  g_free (self);
}

gboolean
fv_serve_worker_is_lost (FvServeWorker *self)
{
  return self->device && fv_device_is_lost (self->device);
}

/* Opened at the first request, whose error it is when there is none. */
static gboolean
ensure_device (FvServeWorker *self, GError **error)
{
  if (!self->device)
    self->device = fv_cli_open_device (self->cli, 0, error);
  return self->device != NULL;
}

static gboolean
ensure_training (Training *self, const FvPreviewRequest *request, GError **error)
{
  g_autoptr (FvProject) project = NULL;

  if (self->dataset && g_str_equal (self->project, request->project) && self->serial == request->serial)
    return TRUE;
  drop_training (self);
  project = fv_project_open (request->project, FV_PROJECT_READ, error);
  if (!project)
    return FALSE;
  self->dataset = fv_project_load_dataset (project, error);
  if (!self->dataset)
    return FALSE;
  self->project = g_strdup (request->project);
  self->serial = request->serial;
  self->items = fv_dataset_subset (self->dataset, FV_SUBSET_TRAIN);
  return TRUE;
}

/* Brings those of that size and seed to the front, or makes room there for new ones. */
static Samples *
find_samples (Training *self, const FvRecipe *recipe)
{
  guint at = 0;
  Samples found;

  while (at < N_SIZES - 1 && !(self->samples[at].preview && self->samples[at].imgsz == recipe->imgsz))
    at++;
  found = self->samples[at];
  memmove (&self->samples[1], &self->samples[0], at * sizeof found);
  if (found.preview && (found.imgsz != recipe->imgsz || found.seed != (guint64)recipe->seed))
    drop_samples (&found);
  self->samples[0] = found;
  return &self->samples[0];
}

static Samples *
ensure_samples (FvServeWorker *self, const FvPreviewRequest *request, GError **error)
{
  Training *training = &self->training;
  const FvRecipe *recipe = request->recipe;
  const guint *items = (const guint *)training->items->data;
  const guint n = training->items->len;
  Samples *samples;

  if (n == 0)
    {
      g_set_error_literal (error, FV_TRAIN_ERROR, FV_TRAIN_ERROR_DATA,
                           _ ("There are no training pictures. Import pictures with labels, or split them again."));
      return NULL;
    }
  samples = find_samples (training, recipe);
  if (!samples->preview)
    {
      samples->preview = fv_preview_new (self->device,
                                         &(FvPreviewParams){
                                             .dataset = training->dataset,
                                             .items = items,
                                             .n_items = n,
                                             .imgsz = (guint)recipe->imgsz,
                                             .seed = (guint64)recipe->seed,
                                             .pool_bytes = POOL_BYTES,
                                         },
                                         error);
      samples->imgsz = (guint)recipe->imgsz;
      samples->seed = (guint64)recipe->seed;
    }
  if (!samples->preview)
    return NULL;
  if (!samples->order || samples->epoch != request->epoch)
    {
      g_free (samples->order);
      samples->order = g_new (guint, n);
      samples->epoch = request->epoch;
      fv_sampler_order (samples->seed, request->epoch, items, samples->order, n);
    }
  return samples;
}

static gboolean
check_size (const FvPreviewRequest *request, GError **error)
{
  const guint64 side = (guint64)request->recipe->imgsz + 4;

  if (request->count * side * side * 4 * sizeof (float) <= MAX_PIXEL_BYTES)
    return TRUE;
  g_set_error (error, FV_CHILD_ERROR, FV_CHILD_ERROR_REQUEST,
               _ ("%u samples of %u pixels are too much for one preview: ask for fewer."), request->count,
               (guint)request->recipe->imgsz);
  return FALSE;
}

FvPreviewReply *
fv_serve_worker_preview (FvServeWorker *self, const FvPreviewRequest *request, GByteArray *pixels, GError **error)
{
  Training *training = &self->training;
  g_autoptr (FvPreviewReply) reply = NULL;
  g_autoptr (GPtrArray) made = NULL;
  Samples *samples;
  FvPreviewQuery query = {
    .policy = &request->recipe->augment,
    .epoch = request->epoch,
    .first = request->sample,
    .count = request->count,
    .floats = request->floats,
  };

  if (!check_size (request, error) || !ensure_training (training, request, error) || !ensure_device (self, error)
      || !(samples = ensure_samples (self, request, error)))
    return NULL;
  query.order = samples->order;
  made = fv_preview_make (samples->preview, &query, pixels, error);
  if (!made)
    return NULL;
  reply = fv_preview_reply_new (made->len);
  reply->width = reply->height = samples->imgsz;
  reply->pictures = training->items->len;
  reply->problem = g_strdup (fv_preview_get_problem (samples->preview));
  for (guint i = 0; i < made->len; i++)
    {
      const FvPreviewed *sample = made->pdata[i];

      reply->samples[i].item = sample->item;
      reply->samples[i].name = g_strdup (fv_dataset_get (training->dataset, sample->item)->name);
      g_array_append_vals (reply->samples[i].boxes, sample->boxes->data, sample->boxes->len);
    }
  return g_steal_pointer (&reply);
}

static gboolean
is_same_file (const GStatBuf *a, const GStatBuf *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size
         && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static gboolean
ensure_network (FvServeWorker *self, const char *path, GError **error)
{
  Network *network = &self->network;
  GStatBuf file = { 0 };

  /* Where it can't be looked at, reading it says why. */
  if (g_stat (path, &file) == 0 && network->predictor && g_str_equal (network->path, path)
      && is_same_file (&file, &network->file))
    return TRUE;
  drop_network (network);
  network->weights = fv_weights_load (path, error);
  if (!network->weights || !ensure_device (self, error))
    return FALSE;
  network->predictor = fv_cli_make_predictor (self->device, network->weights, error);
  network->path = g_strdup (path);
  network->file = file;
  return network->predictor != NULL;
}

FvDetectReply *
fv_serve_worker_detect (FvServeWorker *self, const FvDetectRequest *request, GError **error)
{
  const FvNmsParams nms = { .conf = request->conf, .iou = request->iou };
  g_autoptr (FvDetectReply) reply = NULL;
  g_autoptr (FvPicture) picture = NULL;
  g_autoptr (GArray) detections = NULL;
  gint64 start;

  picture = fv_picture_load (request->file, NULL, 0, FV_RESIZE_LINEAR, error);
  if (!picture || !ensure_network (self, request->weights, error))
    return NULL;
  start = g_get_monotonic_time ();
  detections = fv_detect_picture (self->network.predictor, picture, request->imgsz, &nms, error);
  if (!detections)
    return NULL;
  reply = fv_detect_reply_new ();
  reply->width = picture->width;
  reply->height = picture->height;
  reply->seconds = (g_get_monotonic_time () - start) * 1e-6;
  reply->class_names = g_strdupv (self->network.weights->class_names);
  g_array_append_vals (reply->detections, detections->data, detections->len);
  return g_steal_pointer (&reply);
}
