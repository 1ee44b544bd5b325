/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/device/fv-device.h"

#include <stdlib.h>
#include <string.h>

/*
 * lavapipe computes with vectors of 256 bits (subgroups of 8) unless LP_NATIVE_VECTOR_WIDTH says 512, which from Mesa
 * 25 on is 40 to 50 % faster where the processor has AVX-512. It reads the variable when it is loaded, so its version
 * has to be found out without loading it: from the library that the driver's manifest names, found as the Vulkan
 * loader finds it.
 */

#define VECTOR_WIDTH "LP_NATIVE_VECTOR_WIDTH"
#define SHADER_CACHE "MESA_SHADER_CACHE_DIR"

/* Whether it was us who set the variables, so that a person's own choice is kept. */
static gboolean set_by_us, cache_set_by_us;

static gboolean
processor_has_avx512 (void)
{
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512vl")
         && __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512dq");
#else
  return FALSE;
#endif
}

/* Adds the manifests that @path is, or holds. */
static void
add_manifests (GPtrArray *manifests, const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  if (!dir && g_str_has_suffix (path, ".json"))
    g_ptr_array_add (manifests, g_strdup (path));
  while (dir && (name = g_dir_read_name (dir)))
    if (g_str_has_suffix (name, ".json"))
      g_ptr_array_add (manifests, g_build_filename (path, name, NULL));
}

static void
add_manifests_of_list (GPtrArray *manifests, const char *list)
{
  g_auto (GStrv) paths = g_strsplit (list, G_SEARCHPATH_SEPARATOR_S, -1);
  for (char **path = paths; *path; path++)
    add_manifests (manifests, *path);
}

static void
add_manifests_below (GPtrArray *manifests, const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "vulkan", "icd.d", NULL);
  add_manifests (manifests, path);
}

static GPtrArray *
find_manifests (void)
{
  GPtrArray *manifests = g_ptr_array_new_with_free_func (g_free);
  const char *only = g_getenv ("VK_DRIVER_FILES");
  const char *also = g_getenv ("VK_ADD_DRIVER_FILES");

  if (!only || !*only)
    only = g_getenv ("VK_ICD_FILENAMES");
  if (only && *only)
    {
      add_manifests_of_list (manifests, only);
      return manifests;
    }
  if (also)
    add_manifests_of_list (manifests, also);
  add_manifests_below (manifests, g_get_user_config_dir ());
  for (const char *const *folder = g_get_system_config_dirs (); *folder; folder++)
    add_manifests_below (manifests, *folder);
  add_manifests_below (manifests, "/etc");
  add_manifests_below (manifests, g_get_user_data_dir ());
  for (const char *const *folder = g_get_system_data_dirs (); *folder; folder++)
    add_manifests_below (manifests, *folder);
  return manifests;
}

/* The string after `"key": "` in a manifest, a small flat JSON file. */
static char *
manifest_get (const char *text, const char *key)
{
  g_autofree char *pattern = g_strdup_printf ("\"%s\"\\s*:\\s*\"([^\"]*)\"", key);
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  return g_regex_match (regex, text, 0, &match) ? g_match_info_fetch (match, 1) : NULL;
}

/* The major version in the "Mesa 25.0.7" that a library carries, 0 when there is none. */
static int
library_get_mesa (const char *path)
{
  static const char needle[] = "Mesa ";
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);
  const char *at = file ? g_mapped_file_get_contents (file) : NULL;
  const char *end = at ? at + g_mapped_file_get_length (file) : NULL;

  while (at && (at = memmem (at, end - at, needle, sizeof needle - 1)))
    {
      int major = 0;
      at += sizeof needle - 1;
      while (at < end && g_ascii_isdigit (*at) && major < 1000)
        major = 10 * major + (*at++ - '0');
      if (major > 0 && at < end && *at == '.')
        return major;
    }
  return 0;
}

/*
 * The major version of the Mesa that the manifest's lavapipe is of, 0 where that can't be told; -1 when it is another
 * driver.
 */
static int
manifest_get_lavapipe (const char *manifest)
{
  g_autofree char *text = NULL;
  g_autofree char *library = NULL;
  g_autofree char *api_version = NULL;

  if (!g_file_get_contents (manifest, &text, NULL, NULL))
    return -1;
  library = manifest_get (text, "library_path");
  if (!library || !strstr (library, "libvulkan_lvp"))
    return -1;
  if (strchr (library, G_DIR_SEPARATOR))
    {
      g_autofree char *folder = g_path_get_dirname (manifest);
      g_autofree char *path = g_canonicalize_filename (library, folder);
      return library_get_mesa (path);
    }
  /* A bare name, looked up by the dynamic linker. lavapipe offers Vulkan 1.4 since Mesa 25.0. */
  api_version = manifest_get (text, "api_version");
  return api_version && g_ascii_strtod (api_version, NULL) >= 1.35 ? 25 : 0;
}

static gboolean
lavapipe_is_new (void)
{
  g_autoptr (GPtrArray) manifests = find_manifests ();
  gboolean found = FALSE;

  for (guint i = 0; i < manifests->len; i++)
    {
      int mesa = manifest_get_lavapipe (g_ptr_array_index (manifests, i));
      if (mesa >= 0 && mesa < 25)
        return FALSE;
      found |= mesa >= 25;
    }
  return found;
}

/*
 * Mesa keeps the code it made on disk by the shader alone, not by the width of the vectors it made it for: with one cache for both widths a process
 * that asks for 512 bits would run code for 256 that another one left there. So each width has a folder.
 */
static void
set_width (const char *bits)
{
  g_autofree char *folder = g_strconcat ("mesa-", bits, NULL);
  g_autofree char *path = g_build_filename (g_get_user_cache_dir (), "fovea", folder, NULL);

  g_setenv (VECTOR_WIDTH, bits, TRUE);
  set_by_us = TRUE;
  if ((g_getenv (SHADER_CACHE) != NULL && !cache_set_by_us) || g_mkdir_with_parents (path, 0700) != 0)
    return;
  g_setenv (SHADER_CACHE, path, TRUE);
  cache_set_by_us = TRUE;
}

void
fv_device_prepare_environment (void)
{
  if (g_getenv (VECTOR_WIDTH) || !processor_has_avx512 () || !lavapipe_is_new ())
    return;
  set_width ("512");
}

void
fv_device_prepare_environment_for (guint subgroup_size)
{
  if ((subgroup_size != 8 && subgroup_size != 16) || (g_getenv (VECTOR_WIDTH) && !set_by_us))
    return;
  set_width (subgroup_size == 8 ? "256" : "512");
}
