/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-rates.h"

#include "app/exchange/fv-file.h"
#include "app/training/fv-json.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define VERSION 1

/* Rates kept, the oldest dropped; and what a file of ours is never longer than. */
#define MAX_RATES 200
#define MAX_BYTES (1 << 20)

/* How far a rate of other frozen layers is from the one wanted, in doublings of the picture size. */
#define OTHER_FREEZE 3.0

void
fv_rate_key_init (FvRateKey *key, FvDevice *device, char variant, const FvRecipe *recipe)
{
  const FvDeviceInfo *info = fv_device_get_info (device);

  *key = (FvRateKey){
    .device = info->name,
    .driver = info->driver,
    .subgroup_size = fv_device_get_subgroup_size (device),
    .variant = variant,
    .freeze = (guint)recipe->freeze,
    .imgsz = (guint)recipe->imgsz,
    .batch = (guint)recipe->batch,
  };
}

char *
fv_rates_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "fovea", "rates.json", NULL);
}

/* Reading. A member that is absent or of another type is 0, "" or NaN. */

static JsonNode *
get_value (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_VALUE (node) ? node : NULL;
}

static const char *
get_string (JsonObject *object, const char *name)
{
  JsonNode *node = get_value (object, name);
  const char *text = node ? json_node_get_string (node) : NULL;

  return text ? text : "";
}

static guint
get_count (JsonObject *object, const char *name)
{
  JsonNode *node = get_value (object, name);
  gint64 value = node ? json_node_get_int (node) : 0;

  return value > 0 && value < G_MAXINT ? (guint)value : 0;
}

static double
get_seconds (JsonObject *object, const char *name)
{
  JsonNode *node = get_value (object, name);
  double value = node ? json_node_get_double (node) : NAN;

  return value > 0.0 && value < 1e9 ? value : NAN;
}

/* Everything but freeze, imgsz and batch. */
static gboolean
is_of_device (JsonObject *object, const FvRateKey *key)
{
  const char model[] = { key->variant, '\0' };

  return g_str_equal (get_string (object, "device"), key->device)
         && g_str_equal (get_string (object, "driver"), key->driver)
         && g_str_equal (get_string (object, "model"), model)
         && get_count (object, "subgroup_size") == key->subgroup_size && get_count (object, "imgsz") > 0
         && get_count (object, "batch") > 0 && !isnan (get_seconds (object, "train"));
}

static gboolean
is_same (JsonObject *object, const FvRateKey *key)
{
  return is_of_device (object, key) && get_count (object, "freeze") == key->freeze
         && get_count (object, "imgsz") == key->imgsz && get_count (object, "batch") == key->batch;
}

/* (transfer full): the objects in the file, oldest first; empty where it is no file of ours. */
static JsonArray *
load (const char *path)
{
  GStatBuf info;
  g_autoptr (JsonObject) root
      = g_stat (path, &info) == 0 && info.st_size <= MAX_BYTES ? fv_json_load_object (path, NULL) : NULL;
  JsonNode *node = root && get_count (root, "version") == VERSION ? json_object_get_member (root, "rates") : NULL;
  JsonArray *rates = json_array_new ();

  for (guint i = 0; node && JSON_NODE_HOLDS_ARRAY (node) && i < json_array_get_length (json_node_get_array (node)); i++)
    {
      JsonNode *element = json_array_get_element (json_node_get_array (node), i);

      if (JSON_NODE_HOLDS_OBJECT (element))
        json_array_add_object_element (rates, json_node_dup_object (element));
    }
  return rates;
}

static double
get_distance (JsonObject *object, const FvRateKey *key)
{
  return fabs (log2 ((double)get_count (object, "imgsz") / key->imgsz))
         + 0.25 * fabs (log2 ((double)get_count (object, "batch") / key->batch))
         + (get_count (object, "freeze") != key->freeze ? OTHER_FREEZE : 0.0);
}

void
fv_rate_scale (FvRate *rate, guint from_imgsz, guint to_imgsz)
{
  double factor = (double)to_imgsz * to_imgsz / ((double)from_imgsz * from_imgsz);

  rate->train *= factor;
  rate->val *= factor;
}

gboolean
fv_rates_lookup (const char *path, const FvRateKey *key, FvRate *rate)
{
  g_autoptr (JsonArray) rates = load (path);
  JsonObject *nearest = NULL;

  for (guint i = 0; i < json_array_get_length (rates); i++)
    {
      JsonObject *object = json_array_get_object_element (rates, i);

      /* The newer of two that are as near. */
      if (is_of_device (object, key) && (!nearest || get_distance (object, key) <= get_distance (nearest, key)))
        nearest = object;
    }
  if (!nearest)
    return FALSE;
  *rate = (FvRate){
    .train = get_seconds (nearest, "train"),
    .update = get_seconds (nearest, "update"),
    .val = get_seconds (nearest, "val"),
    .save = get_seconds (nearest, "save"),
  };
  fv_rate_scale (rate, get_count (nearest, "imgsz"), key->imgsz);
  return TRUE;
}

static JsonObject *
make_object (const FvRateKey *key, const FvRate *rate)
{
  const char model[] = { key->variant, '\0' };
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "device", key->device);
  json_object_set_string_member (object, "driver", key->driver);
  json_object_set_int_member (object, "subgroup_size", key->subgroup_size);
  json_object_set_string_member (object, "model", model);
  json_object_set_int_member (object, "freeze", key->freeze);
  json_object_set_int_member (object, "imgsz", key->imgsz);
  json_object_set_int_member (object, "batch", key->batch);
  json_object_set_double_member (object, "train", rate->train);
  json_object_set_double_member (object, "update", rate->update);
  json_object_set_double_member (object, "val", rate->val);
  json_object_set_double_member (object, "save", rate->save);
  return object;
}

gboolean
fv_rates_store (const char *path, const FvRateKey *key, const FvRate *rate, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (JsonArray) rates = load (path);
  g_autoptr (JsonNode) root = json_node_init_object (json_node_alloc (), NULL);
  JsonObject *object = json_object_new ();
  g_autofree char *text = NULL;

  for (guint i = json_array_get_length (rates); i > 0; i--)
    if (is_same (json_array_get_object_element (rates, i - 1), key))
      json_array_remove_element (rates, i - 1);
  while (json_array_get_length (rates) >= MAX_RATES)
    json_array_remove_element (rates, 0);
  json_array_add_object_element (rates, make_object (key, rate));
  json_object_set_int_member (object, "version", VERSION);
  json_object_set_array_member (object, "rates", json_array_ref (rates));
  json_node_take_object (root, object);
  text = fv_json_print (root, TRUE);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno), _ ("The folder %s can't be made: %s."),
                   folder, g_strerror (errno));
      return FALSE;
    }
  return fv_file_replace (path, text, strlen (text), error);
}
