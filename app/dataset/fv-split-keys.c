/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-split-keys.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-csv.h"
#include "app/dataset/fv-split.h"

#define BY_NAME "name:"

static GPtrArray *
keys_alloc (const FvDataset *dataset)
{
  GPtrArray *keys = g_ptr_array_new_full (dataset->items->len, g_free);
  g_ptr_array_set_size (keys, (int)dataset->items->len);
  return keys;
}

static GPtrArray *
keys_by_folder (const FvDataset *dataset)
{
  GPtrArray *keys = keys_alloc (dataset);
  for (guint i = 0; i < dataset->items->len; i++)
    keys->pdata[i] = g_path_get_dirname (fv_dataset_get (dataset, i)->name);
  return keys;
}

static GPtrArray *
keys_by_name (const FvDataset *dataset, const char *pattern, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_OPTIMIZE, 0, &local);
  g_autoptr (GPtrArray) keys = keys_alloc (dataset);
  for (guint i = 0; regex != NULL && local == NULL && i < keys->len; i++)
    {
      g_autoptr (GMatchInfo) match = NULL;
      g_autofree char *name = g_utf8_make_valid (fv_dataset_get (dataset, i)->name, -1);
      if (g_regex_match_full (regex, name, -1, 0, 0, &match, &local))
        keys->pdata[i] = g_match_info_fetch (match, g_match_info_get_match_count (match) > 1 ? 1 : 0);
    }
  if (local == NULL)
    return g_steal_pointer (&keys);
  g_set_error (error, FV_SPLIT_ERROR, FV_SPLIT_ERROR_KEYS,
               _ ("The pattern '%s' can't be used on the pictures' names: %s. Give a regular expression, such as "
                  "'name:^([^_]+)'."),
               pattern, local->message);
  return NULL;
}

/* Tables may name pictures with their folders or without; two pictures of one base name have no key by that alone. */
static GHashTable *
find_names (const FvDataset *dataset)
{
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL); /* 1 + item, or G_MAXUINT */
  for (guint i = 0; i < dataset->items->len; i++)
    {
      char *base = g_path_get_basename (fv_dataset_get (dataset, i)->name);
      const gboolean is_there = g_hash_table_contains (names, base);
      g_hash_table_insert (names, base, GUINT_TO_POINTER (is_there ? G_MAXUINT : i + 1));
    }
  for (guint i = 0; i < dataset->items->len; i++)
    g_hash_table_insert (names, g_strdup (fv_dataset_get (dataset, i)->name), GUINT_TO_POINTER (i + 1));
  return names;
}

static GPtrArray *
keys_by_table (const FvDataset *dataset, const char *path, const char *column, GError **error)
{
  static const char *const name_columns[] = { "file", "filename", "file_name", "name", "image", "path", NULL };
  const char *const wanted[] = { column, NULL };
  g_autoptr (GError) local = NULL;
  g_autoptr (FvCsv) csv = fv_csv_open (path, error);
  if (csv == NULL)
    return NULL;
  const gboolean any = fv_csv_next (csv, &local);
  const int name = any ? fv_csv_find (csv, name_columns) : -1, value = any ? fv_csv_find (csv, wanted) : -1;
  if (local == NULL && (name < 0 || value < 0))
    {
      g_set_error (
          error, FV_SPLIT_ERROR, FV_SPLIT_ERROR_KEYS,
          _ ("The table '%s' has no column '%s' in its first line. It needs one, and one named file, filename, "
             "name, image or path with the pictures' names."),
          path, any && name < 0 ? "filename" : column);
      return NULL;
    }
  g_autoptr (GPtrArray) keys = keys_alloc (dataset);
  g_autoptr (GHashTable) names = find_names (dataset);
  while (local == NULL && fv_csv_next (csv, &local))
    {
      const guint item = GPOINTER_TO_UINT (g_hash_table_lookup (names, fv_csv_get_field (csv, name)));
      const char *text = fv_csv_get_field (csv, value);
      if (item == 0 || item == G_MAXUINT || *text == '\0')
        continue;
      g_free (keys->pdata[item - 1]);
      keys->pdata[item - 1] = g_strdup (text);
    }
  if (local == NULL)
    return g_steal_pointer (&keys);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

GPtrArray *
fv_split_keys_new (const FvDataset *dataset, const char *by, GError **error)
{
  if (g_str_equal (by, "folder"))
    return keys_by_folder (dataset);
  if (g_str_has_prefix (by, BY_NAME))
    return keys_by_name (dataset, by + strlen (BY_NAME), error);
  const char *colon = strrchr (by, ':');
  if (colon != NULL && colon > by && colon[1] != '\0')
    {
      g_autofree char *path = g_strndup (by, (gsize)(colon - by));
      return keys_by_table (dataset, path, colon + 1, error);
    }
  g_set_error (error, FV_SPLIT_ERROR, FV_SPLIT_ERROR_KEYS,
               _ ("There is nothing to divide the pictures by in '%s': give folder, name:PATTERN or FILE.csv:COLUMN."),
               by);
  return NULL;
}

/* Times */

/* The year, a separator, month, day; perhaps the clock. */
#define DATE "(?<![0-9])((?:19|20)[0-9]{2})([-_.:/]?)(0[1-9]|1[0-2])\\2(0[1-9]|[12][0-9]|3[01])"
#define CLOCK                                                                                                          \
  "(?:[-_.T :]{0,3}([01][0-9]|2[0-3])[-_.:h]?([0-5][0-9])[-_.:m]?([0-5][0-9])(?:[0-9]{3})?(?![0-9])|(?![0-9]))"

static int
fetch (const GMatchInfo *match, int group)
{
  g_autofree char *text = g_match_info_fetch (match, group);
  return text != NULL ? (int)g_ascii_strtoll (text, NULL, 10) : 0;
}

static gint64
find_time (const char *text, gboolean to_the_second)
{
  static GRegex *regex;
  g_autoptr (GMatchInfo) match = NULL;
  gint64 time = FV_TIME_UNKNOWN;
  if (g_once_init_enter (&regex))
    g_once_init_leave (&regex, g_regex_new (DATE CLOCK, G_REGEX_OPTIMIZE | G_REGEX_RAW, 0, NULL));
  g_regex_match (regex, text, 0, &match);
  for (; time == FV_TIME_UNKNOWN && g_match_info_matches (match); g_match_info_next (match, NULL))
    {
      const gboolean has_clock = g_match_info_get_match_count (match) > 5;
      g_autoptr (GDateTime) found
          = g_date_time_new_utc (fetch (match, 1), fetch (match, 3), fetch (match, 4), has_clock ? fetch (match, 5) : 0,
                                 has_clock ? fetch (match, 6) : 0, has_clock ? fetch (match, 7) : 0);
      if (found != NULL && (has_clock || !to_the_second))
        time = g_date_time_to_unix (found);
    }
  return time;
}

gint64
fv_split_parse_time (const char *text, gboolean to_the_second)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) iso = g_date_time_new_from_iso8601 (text, utc);
  gint64 seconds;
  if (iso != NULL)
    return g_date_time_to_unix (iso);
  /* Not the eight digits of a date. */
  if (strlen (text) > 8 && g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, &seconds, NULL)
      && find_time (text, to_the_second) == FV_TIME_UNKNOWN)
    return seconds;
  return find_time (text, to_the_second);
}

/* In the file's name rather than in those of folders. */
static gint64
time_of_name (const char *name, gboolean to_the_second)
{
  const char *base = strrchr (name, '/');
  const gint64 time = find_time (base != NULL ? base + 1 : name, to_the_second);
  return time != FV_TIME_UNKNOWN || base == NULL ? time : find_time (name, to_the_second);
}

gint64 *
fv_split_times (const FvDataset *dataset, const GPtrArray *keys, gboolean to_the_second)
{
  gint64 *times = g_new (gint64, dataset->items->len);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      const char *key = keys != NULL ? g_ptr_array_index (keys, i) : NULL;
      if (keys != NULL)
        times[i] = key != NULL ? fv_split_parse_time (key, to_the_second) : FV_TIME_UNKNOWN;
      else
        times[i] = item->time != FV_TIME_UNKNOWN ? item->time : time_of_name (item->name, to_the_second);
    }
  return times;
}
