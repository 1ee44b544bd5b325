/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-kernels.h"

#include "app/exchange/fv-file.h"
#include "app/training/fv-json.h"
#include "compute/device/fv-kernel.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define VERSION 1

/* Devices (with a driver and kernels) kept, the oldest dropped; and what a file of ours is never longer than. */
#define MAX_DEVICES 16
#define MAX_BYTES (16 << 20)

static const char *const directions[FV_N_CONV_DIRECTIONS] = { "forward", "backward data", "backward weights" };

char *
fv_kernels_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "fovea", "kernels.json", NULL);
}

const char *
fv_kernels_get_checksum (void)
{
  static char *result;

  if (g_once_init_enter (&result))
    {
      g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
      g_autofree char *kernels = fv_kernel_get_checksum ();

      g_checksum_update (checksum, (const guchar *)kernels, -1);
      for (guint direction = 0; direction < FV_N_CONV_DIRECTIONS; direction++)
        {
          guint n;
          const FvConvVariant *variants = fv_conv_get_variants ((FvConvDirection)direction, &n);

          for (guint i = 0; i < n; i++)
            {
              g_autofree char *name = fv_conv_variant_get_name (&variants[i]);

              g_checksum_update (checksum, (const guchar *)name, (gssize)strlen (name) + 1);
            }
        }
      g_once_init_leave (&result, g_strdup (g_checksum_get_string (checksum)));
    }
  return result;
}

/* Choices. */

static int
find_direction (const char *name)
{
  for (guint i = 0; i < FV_N_CONV_DIRECTIONS; i++)
    if (g_strcmp0 (name, directions[i]) == 0)
      return (int)i;
  return -1;
}

static int
find_variant (FvConvDirection direction, const char *wanted)
{
  guint n;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = fv_conv_variant_get_name (&variants[i]);

      if (g_strcmp0 (name, wanted) == 0)
        return (int)i;
    }
  return -1;
}

/* (transfer full) */
static char *
get_name (const FvConvKey *key, guint variant)
{
  guint n;

  return fv_conv_variant_get_name (&fv_conv_get_variants (key->direction, &n)[variant]);
}

static JsonObject *
choice_to_json (const FvConvChoice *choice)
{
  const FvConvKey *key = &choice->key;
  g_autofree char *variant = get_name (key, choice->variant);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "direction", directions[key->direction]);
  json_object_set_int_member (object, "in", key->in_channels);
  json_object_set_int_member (object, "out", key->out_channels);
  json_object_set_int_member (object, "kernel", key->kernel);
  json_object_set_int_member (object, "stride", key->stride);
  json_object_set_int_member (object, "padding", key->padding);
  json_object_set_boolean_member (object, "half", key->half);
  json_object_set_int_member (object, "pixels", (gint64)key->pixels);
  json_object_set_string_member (object, "variant", variant);
  if (choice->n_timings > 0)
    {
      JsonObject *seconds = json_object_new ();

      for (guint i = 0; i < choice->n_timings; i++)
        {
          g_autofree char *name = get_name (key, choice->timings[i].variant);

          json_object_set_double_member (seconds, name, choice->timings[i].seconds);
        }
      json_object_set_object_member (object, "seconds", seconds);
    }
  return object;
}

JsonArray *
fv_kernels_to_json (const FvConvChoices *choices)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < fv_conv_choices_get_n (choices); i++)
    json_array_add_object_element (array, choice_to_json (fv_conv_choices_get (choices, i)));
  return array;
}

/* Reading. A member that is absent or of another type is NULL, 0 or FALSE. */

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

  return node ? json_node_get_string (node) : NULL;
}

static gint64
get_int (JsonObject *object, const char *name)
{
  JsonNode *node = get_value (object, name);

  return node ? json_node_get_int (node) : 0;
}

static guint
get_count (JsonObject *object, const char *name)
{
  return (guint)CLAMP (get_int (object, name), 0, G_MAXINT);
}

static gboolean
get_flag (JsonObject *object, const char *name)
{
  JsonNode *node = get_value (object, name);

  return node && json_node_get_boolean (node);
}

static void
read_timings (FvConvChoice *choice, JsonNode *node)
{
  g_autoptr (GList) names = NULL;

  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  names = json_object_get_members (json_node_get_object (node));
  for (GList *name = names; name && choice->n_timings < FV_CONV_MAX_TIMINGS; name = name->next)
    {
      const int variant = find_variant (choice->key.direction, name->data);
      JsonNode *value = get_value (json_node_get_object (node), name->data);
      const double seconds = value ? json_node_get_double (value) : 0.0;

      if (variant >= 0 && seconds > 0.0 && seconds < 1e9)
        choice->timings[choice->n_timings++] = (FvConvTiming){ (guint)variant, seconds };
    }
}

static gboolean
choice_from_json (FvConvChoice *choice, JsonObject *object)
{
  const int direction = find_direction (get_string (object, "direction"));
  const gint64 pixels = get_int (object, "pixels");
  int variant;

  if (direction < 0 || pixels <= 0)
    return FALSE;
  *choice = (FvConvChoice){ .key = { .direction = (FvConvDirection)direction,
                                     .in_channels = get_count (object, "in"),
                                     .out_channels = get_count (object, "out"),
                                     .kernel = get_count (object, "kernel"),
                                     .stride = get_count (object, "stride"),
                                     .padding = get_count (object, "padding"),
                                     .half = get_flag (object, "half"),
                                     .pixels = (guint64)pixels } };
  variant = find_variant (choice->key.direction, get_string (object, "variant"));
  if (variant < 0)
    return FALSE;
  choice->variant = (guint)variant;
  read_timings (choice, json_object_get_member (object, "seconds"));
  return TRUE;
}

/* The objects of an array that may hold anything. */
static JsonObject *
get_object (JsonArray *array, guint i)
{
  JsonNode *element = json_array_get_element (array, i);

  return JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
}

FvConvChoices *
fv_kernels_from_json (JsonNode *node)
{
  FvConvChoices *choices = fv_conv_choices_new ();
  JsonArray *array = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; array && i < json_array_get_length (array); i++)
    {
      JsonObject *object = get_object (array, i);
      FvConvChoice choice;

      if (object && choice_from_json (&choice, object))
        fv_conv_choices_add (choices, &choice);
    }
  return choices;
}

/* The file. */

JsonArray *
fv_kernels_read (const char *path)
{
  GStatBuf info;
  g_autoptr (JsonObject) root
      = g_stat (path, &info) == 0 && info.st_size <= MAX_BYTES ? fv_json_load_object (path, NULL) : NULL;
  JsonNode *node = root && get_int (root, "version") == VERSION ? json_object_get_member (root, "devices") : NULL;
  JsonArray *devices = json_array_new ();

  for (guint i = 0; node && JSON_NODE_HOLDS_ARRAY (node) && i < json_array_get_length (json_node_get_array (node)); i++)
    {
      JsonObject *object = get_object (json_node_get_array (node), i);

      if (object)
        json_array_add_object_element (devices, json_object_ref (object));
    }
  return devices;
}

static gboolean
is_of (JsonObject *object, FvDevice *device)
{
  const FvDeviceInfo *info = fv_device_get_info (device);

  return g_strcmp0 (get_string (object, "device"), info->name) == 0
         && g_strcmp0 (get_string (object, "driver"), info->driver) == 0
         && g_strcmp0 (get_string (object, "uuid"), info->uuid) == 0
         && get_count (object, "subgroup_size") == fv_device_get_subgroup_size (device)
         && g_strcmp0 (get_string (object, "checksum"), fv_kernels_get_checksum ()) == 0;
}

static JsonObject *
make_object (FvDevice *device, const FvConvChoices *choices)
{
  const FvDeviceInfo *info = fv_device_get_info (device);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "device", info->name);
  json_object_set_string_member (object, "driver", info->driver);
  json_object_set_string_member (object, "uuid", info->uuid);
  json_object_set_int_member (object, "subgroup_size", fv_device_get_subgroup_size (device));
  json_object_set_string_member (object, "checksum", fv_kernels_get_checksum ());
  json_object_set_array_member (object, "choices", fv_kernels_to_json (choices));
  return object;
}

/* (transfer full): what there is of @device, which is taken out of @devices. */
static FvConvChoices *
take_choices (JsonArray *devices, FvDevice *device)
{
  for (guint i = 0; i < json_array_get_length (devices); i++)
    {
      JsonObject *object = json_array_get_object_element (devices, i);

      if (is_of (object, device))
        {
          FvConvChoices *choices = fv_kernels_from_json (json_object_get_member (object, "choices"));

          json_array_remove_element (devices, i);
          return choices;
        }
    }
  return fv_conv_choices_new ();
}

void
fv_kernels_load (const char *path, FvDevice *device)
{
  g_autoptr (JsonArray) devices = fv_kernels_read (path);

  fv_conv_choices_attach (device, take_choices (devices, device));
}

gboolean
fv_kernels_store (const char *path, FvDevice *device, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (JsonArray) devices = fv_kernels_read (path);
  /* Another program may have decided something meanwhile. */
  g_autoptr (FvConvChoices) choices = take_choices (devices, device);
  const FvConvChoices *ours = fv_conv_choices_of (device);
  g_autoptr (JsonNode) root = json_node_init_object (json_node_alloc (), NULL);
  JsonObject *object = json_object_new ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < fv_conv_choices_get_n (ours); i++)
    fv_conv_choices_add (choices, fv_conv_choices_get (ours, i));
  while (json_array_get_length (devices) >= MAX_DEVICES)
    json_array_remove_element (devices, 0);
  json_array_add_object_element (devices, make_object (device, choices));
  json_object_set_int_member (object, "version", VERSION);
  json_object_set_array_member (object, "devices", json_array_ref (devices));
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
