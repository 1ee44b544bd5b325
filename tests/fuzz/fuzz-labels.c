/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A label file of YOLO's, with and without names of classes. */
#include "app/dataset/fv-importer.h"
#include "tests/fuzz/fv-fuzz.h"

#include <math.h>

#define WIDTH 640
#define HEIGHT 480

static GPtrArray *
problems_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
}

static void
read_as (const char *path, GStrv class_names)
{
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (FvBox));
  g_autoptr (GHashTable) seen = g_hash_table_new_full (NULL, NULL, g_free, NULL);
  g_autoptr (GPtrArray) repaired = problems_new (), rejected = problems_new ();
  FvImportJob job = { .class_names = class_names };
  FvImportEntry entry = { .picture = (char *)"picture.jpg",
                          .label = (char *)path,
                          .info = { FV_PICTURE_JPEG, WIDTH, HEIGHT, 1 },
                          .boxes = boxes,
                          .seen = seen,
                          .repaired = repaired,
                          .rejected = rejected };

  fv_importer_yolo.read_labels (&job, &entry);
  g_assert_true (!entry.unusable || rejected->len > 0);
  for (guint i = 0; i < boxes->len; i++)
    {
      const FvBox *box = &g_array_index (boxes, FvBox, i);

      g_assert_true (box->x1 >= 0 && box->x1 < box->x2 && box->x2 <= WIDTH);
      g_assert_true (box->y1 >= 0 && box->y1 < box->y2 && box->y2 <= HEIGHT);
      g_assert_cmpuint (box->class_id, <, class_names != NULL ? g_strv_length (class_names) : 10000);
    }
  for (guint i = 0; i < rejected->len; i++)
    g_assert_true (g_utf8_validate (((const FvProblem *)g_ptr_array_index (rejected, i))->reason, -1, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const names[] = { "red", "white", "platelet", NULL };
  const char *path = fv_fuzz_file (data, size, NULL);

  read_as (path, NULL);
  read_as (path, (GStrv)names);
  return 0;
}
