/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/try/fv-detector-list.h"

#include "ui/fv-i18n.h"

#include <math.h>

/* One detector. */

struct _FvDetector
{
  GObject parent_instance;
  char *name, *path;
  guint imgsz;
};

G_DEFINE_FINAL_TYPE (FvDetector, fv_detector, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
  N_PROPERTIES,
};
static GParamSpec *properties[N_PROPERTIES];

const char *
fv_detector_get_name (FvDetector *self)
{
  return self->name;
}

const char *
fv_detector_get_path (FvDetector *self)
{
  return self->path;
}

guint
fv_detector_get_imgsz (FvDetector *self)
{
  return self->imgsz;
}

static void
fv_detector_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_NAME)
    g_value_set_string (value, FV_DETECTOR (object)->name);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fv_detector_finalize (GObject *object)
{
  FvDetector *self = FV_DETECTOR (object);
  g_free (self->name);
  g_free (self->path);
  G_OBJECT_CLASS (fv_detector_parent_class)->finalize (object);
}

static void
fv_detector_class_init (FvDetectorClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = fv_detector_get_property;
  G_OBJECT_CLASS (klass)->finalize = fv_detector_finalize;
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPERTIES, properties);
}

static void
fv_detector_init (FvDetector *self)
{
}

static FvDetector *
detector_new (char *name /* (transfer full) */, const char *path, guint imgsz)
{
  FvDetector *self = g_object_new (FV_TYPE_DETECTOR, NULL);
  self->name = name;
  self->path = g_strdup (path);
  self->imgsz = imgsz;
  return self;
}

/* The list. */

struct _FvDetectorList
{
  GObject parent_instance;
  FvRunList *runs;
  GPtrArray *files;     /* of FvDetector, newest first */
  GPtrArray *detectors; /* of FvDetector: what the list shows */
};

static GType
get_item_type (GListModel *model)
{
  return FV_TYPE_DETECTOR;
}

static guint
get_n_items (GListModel *model)
{
  return FV_DETECTOR_LIST (model)->detectors->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  FvDetectorList *self = FV_DETECTOR_LIST (model);
  return position < self->detectors->len ? g_object_ref (g_ptr_array_index (self->detectors, position)) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FvDetectorList, fv_detector_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static FvDetector *
detector_of_run (FvRunMonitor *run)
{
  const FvRecipe *recipe = fv_run_monitor_get_recipe (run);
  const double map50 = fv_run_monitor_get_map50 (run);
  const guint number = fv_run_monitor_get_number (run);
  char *name = isfinite (map50) ? g_strdup_printf (_ ("Run %u · mAP50 %.3f"), number, map50)
                                : g_strdup_printf (_ ("Run %u"), number);
  return detector_new (name, fv_run_monitor_get_best_weights (run), recipe ? recipe->imgsz : 0);
}

static gboolean
same (FvDetector *a, FvDetector *b)
{
  return g_strcmp0 (a->path, b->path) == 0 && g_strcmp0 (a->name, b->name) == 0 && a->imgsz == b->imgsz;
}

/* Only what is not the same is said to have changed: whoever has chosen one of the others keeps it. */
static void
replace (FvDetectorList *self, GPtrArray *detectors /* (transfer full) */)
{
  g_autoptr (GPtrArray) before = g_steal_pointer (&self->detectors);
  const guint shared = MIN (before->len, detectors->len);
  guint head = 0, tail = 0;
  while (head < shared && same (before->pdata[head], detectors->pdata[head]))
    head++;
  while (tail < shared - head
         && same (before->pdata[before->len - 1 - tail], detectors->pdata[detectors->len - 1 - tail]))
    tail++;
  for (guint i = 0; i < head; i++)
    g_set_object ((GObject **)&detectors->pdata[i], before->pdata[i]);
  for (guint i = 1; i <= tail; i++)
    g_set_object ((GObject **)&detectors->pdata[detectors->len - i], before->pdata[before->len - i]);
  self->detectors = detectors;
  if (head + tail < MAX (before->len, detectors->len))
    g_list_model_items_changed (G_LIST_MODEL (self), head, before->len - head - tail, detectors->len - head - tail);
}

static void
update (FvDetectorList *self)
{
  GPtrArray *detectors = g_ptr_array_new_with_free_func (g_object_unref);
  const guint n_runs = g_list_model_get_n_items (G_LIST_MODEL (self->runs));
  for (guint i = 0; i < self->files->len; i++)
    g_ptr_array_add (detectors, g_object_ref (g_ptr_array_index (self->files, i)));
  for (guint i = 0; i < n_runs; i++)
    {
      g_autoptr (FvRunMonitor) run = g_list_model_get_item (G_LIST_MODEL (self->runs), i);
      if (fv_run_monitor_get_best_weights (run) != NULL)
        g_ptr_array_add (detectors, detector_of_run (run));
    }
  replace (self, detectors);
}

void
fv_detector_list_add_file (FvDetectorList *self, const char *path)
{
  for (guint i = 0; i < self->files->len; i++)
    if (g_str_equal (fv_detector_get_path (g_ptr_array_index (self->files, i)), path))
      return;
  g_ptr_array_insert (self->files, 0, detector_new (g_path_get_basename (path), path, 0));
  update (self);
}

guint
fv_detector_list_find (FvDetectorList *self, const char *path)
{
  for (guint i = 0; i < self->detectors->len; i++)
    if (g_strcmp0 (fv_detector_get_path (g_ptr_array_index (self->detectors, i)), path) == 0)
      return i;
  return G_MAXUINT;
}

static void
fv_detector_list_finalize (GObject *object)
{
  FvDetectorList *self = FV_DETECTOR_LIST (object);
  g_clear_object (&self->runs);
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->detectors);
  G_OBJECT_CLASS (fv_detector_list_parent_class)->finalize (object);
}

static void
fv_detector_list_class_init (FvDetectorListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fv_detector_list_finalize;
}

static void
fv_detector_list_init (FvDetectorList *self)
{
  self->files = g_ptr_array_new_with_free_func (g_object_unref);
  self->detectors = g_ptr_array_new_with_free_func (g_object_unref);
}

FvDetectorList *
fv_detector_list_new (FvRunList *runs)
{
  FvDetectorList *self = g_object_new (FV_TYPE_DETECTOR_LIST, NULL);
  self->runs = g_object_ref (runs);
  g_signal_connect_object (runs, "items-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (runs, "run-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return self;
}
