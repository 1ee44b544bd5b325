/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-voc-file.h"
#include "tests/fuzz/fv-fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *reason = NULL;
  guint line;
  g_autoptr (FvVocFile) file = fv_voc_file_read (fv_fuzz_file (data, size, NULL), &reason, &line);

  g_assert_true ((file == NULL) == (reason != NULL));
  if (reason != NULL)
    g_assert_true (g_utf8_validate (reason, -1, NULL));
  for (guint i = 0; file != NULL && i < file->objects->len; i++)
    {
      const FvVocObject *object = g_ptr_array_index (file->objects, i);

      g_assert_true (g_utf8_validate (object->name, -1, NULL));
      g_assert_true (object->name[0] != '\0' || object->fault != NULL);
    }
  return 0;
}
