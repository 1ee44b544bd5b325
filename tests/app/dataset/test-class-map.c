/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-class-map.h"
#include "tests/app/dataset/test-import.h"

/* Two pictures with classes car, lorry, tree and a=b. */
static const char *
make_folder (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "a.jpg", 200, 100, 1, 0);
  fv_test_jpeg (folder, "b.jpg", 200, 100, 2, 0);
  fv_test_write (folder, "data.yaml", "names: [car, lorry, tree, 'a=b']\ntrain: .\n");
  fv_test_write (folder, "a.txt", "0 .5 .5 .2 .2\n1 .5 .5 .2 .2\n2 .3 .3 .1 .1\n3 .2 .2 .1 .1\n");
  fv_test_write (folder, "b.txt", "1 .4 .4 .2 .2\n2 .6 .6 .2 .2\n2 .7 .7 .2 .2\n");
  return folder;
}

static void
test_rules (void)
{
  const char *const rules[] = { "car=vehicle", "lorry=vehicle", "tree=", "a=b=c", NULL };
  g_autoptr (FvImportReport) report = fv_test_import (make_folder (), &(FvImportParams){ .classes = rules });
  g_assert_cmpuint (report->dataset->n_classes, ==, 2);
  g_assert_cmpstr (report->dataset->class_names[0], ==, "vehicle");
  g_assert_cmpstr (report->dataset->class_names[1], ==, "c");
  g_assert_cmpuint (fv_test_item (report, "a.jpg")->boxes->len, ==, 2);
  fv_test_assert_box (fv_test_item (report, "a.jpg"), 0, 0, 80, 40, 120, 60);
  fv_test_assert_box (fv_test_item (report, "a.jpg"), 1, 1, 30, 15, 50, 25);
  g_assert_cmpuint (fv_test_item (report, "b.jpg")->boxes->len, ==, 1);
  fv_test_assert_row (report->repaired, "a.jpg", 0, "1 box is the same as another");
  fv_test_assert_row (report->repaired, "", 0, "The class 'lorry' became 'vehicle'");
  fv_test_assert_row (report->rejected, "", 0, "3 boxes of the class 'tree' were left out");
}

/* The store has what the report has. */
static void
test_store (void)
{
  const char *const rules[] = { "lorry=tree", "tree=lorry", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (FvImportReport) report
      = fv_import (project, make_folder (), &(FvImportParams){ .classes = rules }, &error);
  g_assert_no_error (error);
  g_autoptr (FvDataset) stored = fv_project_load_dataset (project, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (stored->n_classes, ==, 4);
  g_assert_cmpstr (stored->class_names[1], ==, "tree");
  g_assert_cmpstr (stored->class_names[2], ==, "lorry");
  g_assert_cmpuint (fv_dataset_count_boxes (stored), ==, 7);
}

static void
test_all_left_out (void)
{
  const char *const rules[] = { "car=", "lorry=", "tree=", "a=b=", NULL };
  g_autoptr (FvImportReport) report = fv_test_import (make_folder (), &(FvImportParams){ .classes = rules });
  g_assert_cmpuint (report->dataset->n_classes, ==, 0);
  g_assert_cmpuint (report->backgrounds, ==, 2);
}

static void
test_wrong (void)
{
  static const struct
  {
    const char *rule, *text;
  } cases[] = {
    { "car", "write OLD=NEW" },
    { "bike=car", "The classes are: car, lorry, tree, a=b." },
    { "=car", "No class of the data fits" },
    { "car=\n", "can't be the name of a class" },
  };
  const char *folder = make_folder ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *const rules[] = { "car=van", cases[i].rule, NULL };
      g_autoptr (GError) error = NULL;
      g_autoptr (FvProject) project = fv_test_project ();
      g_assert_null (fv_import (project, folder, &(FvImportParams){ .classes = rules }, &error));
      g_assert_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_CLASS);
      g_assert_nonnull (strstr (error->message, cases[i].text));
    }
}

int
main (int argc, char *argv[])
{
  fv_test_isolate ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/class-map/rules", test_rules);
  g_test_add_func ("/dataset/class-map/store", test_store);
  g_test_add_func ("/dataset/class-map/all-left-out", test_all_left_out);
  g_test_add_func ("/dataset/class-map/wrong", test_wrong);
  return g_test_run ();
}
