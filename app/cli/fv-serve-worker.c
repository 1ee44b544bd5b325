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

#define MAX_PIXEL_BYTES ((guint64)512 << 20) /* of one preview, on the device */

/* The training pictures of a project, and what depends on few keys of the recipe. */
typedef struct
{
  char *project;
  guint64 serial;
  FvDataset *dataset;
  GArray *items; /* (element-type guint): training pictures */

  FvPreview *preview;
  guint imgsz;
  guint64 seed;

  guint *order; /* (nullable) */
  guint epoch;
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
drop_preview (Training *self)
{
  g_clear_pointer (&self->preview, fv_preview_free);
  g_clear_pointer (&self->order, g_free);
}

static void
drop_training (Training *self)
{
  drop_preview (self);
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

static gboolean
ensure_preview (FvServeWorker *self, const FvPreviewRequest *request, GError **error)
{
  Training *training = &self->training;
  const FvRecipe *recipe = request->recipe;
  const guint *items = (const guint *)training->items->data;
  const guint n = training->items->len;

  if (n == 0)
    {
      g_set_error_literal (error, FV_TRAIN_ERROR, FV_TRAIN_ERROR_DATA,
                           _ ("There are no training pictures. Import pictures with labels, or split them again."));
      return FALSE;
    }
  if (training->preview && (training->imgsz != recipe->imgsz || training->seed != (guint64)recipe->seed))
    drop_preview (training);
  if (!training->preview)
    {
      training->preview = fv_preview_new (self->device,
                                          &(FvPreviewParams){
                                              .dataset = training->dataset,
                                              .items = items,
                                              .n_items = n,
                                              .imgsz = (guint)recipe->imgsz,
                                              .seed = (guint64)recipe->seed,
                                          },
                                          error);
      training->imgsz = (guint)recipe->imgsz;
      training->seed = (guint64)recipe->seed;
    }
  if (!training->preview)
    return FALSE;
  if (!training->order || training->epoch != request->epoch)
    {
      g_free (training->order);
      training->order = g_new (guint, n);
      training->epoch = request->epoch;
      fv_sampler_order (training->seed, request->epoch, items, training->order, n);
    }
  return TRUE;
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
  g_autoptr (GPtrArray) samples = NULL;
  FvPreviewQuery query = {
    .policy = &request->recipe->augment,
    .epoch = request->epoch,
    .first = request->sample,
    .count = request->count,
    .floats = request->floats,
  };

  if (!check_size (request, error) || !ensure_training (training, request, error) || !ensure_device (self, error)
      || !ensure_preview (self, request, error))
    return NULL;
  query.order = training->order;
  samples = fv_preview_make (training->preview, &query, pixels, error);
  if (!samples)
    return NULL;
  reply = fv_preview_reply_new (samples->len);
  reply->width = reply->height = training->imgsz;
  reply->pictures = training->items->len;
  reply->problem = g_strdup (fv_preview_get_problem (training->preview));
  for (guint i = 0; i < samples->len; i++)
    {
      const FvPreviewed *sample = samples->pdata[i];

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

  picture = fv_picture_load (request->file, 0, FV_RESIZE_LINEAR, error);
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
