/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-setback.h"

#include "app/training/fv-train.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <unistd.h>

static gboolean
is_finite (const float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (values[i]))
      return FALSE;
  return TRUE;
}

gboolean
fv_setback_check (FvModel *model, GError **error)
{
  gsize most = 0;
  g_autofree float *values = NULL;

  for (guint i = 0; i < FV_N_BUFFERS; i++)
    most = MAX (most, fv_model_get_size (model, i));
  values = g_try_new (float, most);
  if (!values)
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOMEM,
                   _ ("Not enough memory to look at the weights: %zu bytes are needed."), most * sizeof (float));
      return FALSE;
    }
  for (guint i = 0; i < FV_N_BUFFERS; i++)
    {
      gsize size = fv_model_get_size (model, i);

      if (size == 0)
        continue;
      if (!fv_model_download (model, i, values, error))
        return FALSE;
      if (!is_finite (values, size))
        {
          g_set_error (error, FV_TRAIN_ERROR, FV_TRAIN_ERROR_NOT_FINITE,
                       _ ("The network's numbers (%s) are not finite any more: training has run away."),
                       fv_model_buffer_name (i));
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
fv_setback_keep (const FvRun *run, GError **error)
{
  g_autofree char *last = fv_run_get_file (run, FV_RUN_CHECKPOINT);
  g_autofree char *start = fv_run_get_file (run, FV_RUN_EPOCH_CHECKPOINT);
  g_autoptr (GFile) from = g_file_new_for_path (last);
  g_autoptr (GFile) to = g_file_new_for_path (start);

  /* last.ckpt is replaced, not written over, so another name for it is enough. Whatever dies here leaves last.ckpt as it is. */
  g_unlink (start);
  if (link (last, start) == 0 || g_file_copy (from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error))
    return TRUE;
  g_prefix_error (error, _ ("The checkpoint %s can't be kept: "), last);
  return FALSE;
}

void
fv_setback_drop (const FvRun *run)
{
  g_autofree char *start = fv_run_get_file (run, FV_RUN_EPOCH_CHECKPOINT);

  g_unlink (start);
}

FvCheckpoint *
fv_setback_open (const FvRun *run, GError **error)
{
  g_autofree char *last_path = fv_run_get_file (run, FV_RUN_CHECKPOINT);
  g_autofree char *start_path = fv_run_get_file (run, FV_RUN_EPOCH_CHECKPOINT);
  g_autoptr (FvCheckpoint) last = fv_checkpoint_open (last_path, error);
  g_autoptr (FvCheckpoint) start = NULL;

  if (!last || fv_checkpoint_get_progress (last)->step == 0)
    return g_steal_pointer (&last);
  start = fv_checkpoint_open (start_path, NULL);
  if (start && fv_checkpoint_get_progress (start)->step == 0
      && fv_checkpoint_get_progress (start)->epoch == fv_checkpoint_get_progress (last)->epoch)
    return g_steal_pointer (&start);
  return g_steal_pointer (&last);
}
