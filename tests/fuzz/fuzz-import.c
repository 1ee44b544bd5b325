/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A label file that all importers with files of text read, each as its own. */
#include <unistd.h>

#include "app/dataset/fv-importer.h"
#include "tests/fuzz/fv-fuzz.h"
#include "tests/fv-test-data.h"

#define WIDTH 640
#define HEIGHT 480

static const FvImporter *const importers[]
    = { &fv_importer_cvat,        &fv_importer_labelme_xml, &fv_importer_kitti, &fv_importer_vott_csv,
        &fv_importer_open_images, &fv_importer_csv,         &fv_importer_coco,  &fv_importer_createml,
        &fv_importer_labelme,     &fv_importer_label_studio };

/* A folder with pictures (empty: they aren't opened here) and the file under the names that each looks for. */
static FvImportSource *
make_source (const char *file)
{
  static const char *const pictures[]
      = { "a.jpg", "frame_000000.jpg", "frame_000002.jpg", "frame_000009.jpg", "train/a.jpg", "image_2/b.jpg" };
  static const char *const links[] = { "annotations.xml", "table.csv", "label_2/b.txt", "a.json" };
  FvImportSource *source = g_new0 (FvImportSource, 1);
  source->path = g_strdup (fv_test_folder ());
  source->is_folder = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    fv_test_write (source->path, pictures[i], NULL);
  fv_test_write (source->path, "label_2/.keep", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      g_autofree char *path = g_build_filename (source->path, links[i], NULL);
      g_assert_cmpint (symlink (file, path), ==, 0);
    }
  source->files = fv_scan_folder (source->path, NULL, NULL);
  return source;
}

static void
check_rows (const GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    {
      const FvProblem *row = g_ptr_array_index (rows, i);
      g_assert_true (row->reason[0] != '\0' && g_utf8_validate (row->reason, -1, NULL));
    }
}

static void
check_boxes (const GArray *boxes, guint n_classes)
{
  for (guint i = 0; i < boxes->len; i++)
    {
      const FvBox *box = &g_array_index (boxes, FvBox, i);
      g_assert_true (box->x1 >= 0 && box->x1 < box->x2 && box->x2 <= WIDTH);
      g_assert_true (box->y1 >= 0 && box->y1 < box->y2 && box->y2 <= HEIGHT);
      g_assert_cmpuint (box->class_id, <, n_classes);
    }
}

static void
read_as (const FvImporter *importer, const FvImportSource *source)
{
  const FvImportParams params = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  FvImportJob job = { .params = &params,
                      .source = source,
                      .classes = g_ptr_array_new_with_free_func (g_free),
                      .class_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
                      .entries = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_import_entry_free),
                      .pictures = g_hash_table_new (g_str_hash, g_str_equal),
                      .repaired = fv_problems_new (),
                      .rejected = fv_problems_new () };

  importer->detect (source, &why);
  g_assert_true (why == NULL || g_utf8_validate (why, -1, NULL));
  const gboolean listed = importer->list (&job, &error);
  fv_fuzz_either (listed, error);
  for (guint i = 0; i < job.entries->len; i++)
    {
      FvImportEntry *entry = g_ptr_array_index (job.entries, i);
      entry->info = (FvPictureInfo){ FV_PICTURE_JPEG, WIDTH, HEIGHT, 1 };
      if (entry->staged != NULL)
        fv_import_entry_place (entry);
      else if (entry->label != NULL && importer->read_labels != NULL)
        importer->read_labels (&job, entry);
      check_boxes (entry->boxes, importer->read_labels != NULL ? entry->class_names->len : job.classes->len);
      check_boxes (entry->ignored, MAX (1, job.classes->len));
      check_rows (entry->repaired);
      check_rows (entry->rejected);
    }
  check_rows (job.repaired);
  check_rows (job.rejected);
  g_free (job.root);
  g_ptr_array_unref (job.entries);
  g_hash_table_unref (job.pictures);
  g_hash_table_unref (job.class_ids);
  g_ptr_array_unref (job.classes);
  g_ptr_array_unref (job.repaired);
  g_ptr_array_unref (job.rejected);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static FvImportSource *source;
  const char *file = fv_fuzz_file (data, size, NULL);
  if (source == NULL)
    source = make_source (file);
  for (guint i = 0; i < G_N_ELEMENTS (importers); i++)
    read_as (importers[i], source);
  return 0;
}
