/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The description of a dataset: as data.yaml, as darknet's .data, and as a list of names. */
#include "app/dataset/fv-yolo-config.h"
#include "tests/fuzz/fv-fuzz.h"

#include <string.h>

static void
check_names (GStrv names)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_assert_true (names[i][0] != '\0' && g_utf8_validate (names[i], -1, NULL));
      g_assert_true (g_hash_table_add (seen, names[i]));
    }
}

static void
read_as (const guint8 *data, gsize size, const char *ending)
{
  const char *path = fv_fuzz_file (data, size, ending);
  g_autoptr (GPtrArray) repaired = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  g_autoptr (GPtrArray) rejected = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (FvYoloConfig) config = fv_yolo_config_read (path, repaired, rejected, &error);

  fv_fuzz_either (config != NULL, error);
  if (config != NULL)
    check_names (config->class_names);
  for (guint i = 0; i < rejected->len; i++)
    g_assert_true (g_utf8_validate (((const FvProblem *)g_ptr_array_index (rejected, i))->reason, -1, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_auto (GStrv) names = NULL;

  read_as (data, size, ".yaml");
  read_as (data, size, ".data");
  names = fv_yolo_read_names (fv_fuzz_file (data, size, NULL), NULL);
  check_names (names);
  return 0;
}
