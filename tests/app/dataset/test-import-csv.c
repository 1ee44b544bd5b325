/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/test-import.h"

/* One table for a picture of 100 x 80, which has one box or none. */
static void
test_tables (void)
{
  static const struct
  {
    const char *text, *format;
    gboolean box; /* of class "cell": 10, 20 to 30, 40 */
    guint line;
    const char *repaired, *rejected;
  } cases[] = {
    { "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,100,80,cell,10,20,30,40\n", "csv", TRUE, 0, NULL, NULL },
    { "image,xmin,ymin,xmax,ymax,label\na.jpg,10,20,30,40,cell\n", "vott", TRUE, 0, NULL, NULL },
    { "\"Path\";\"X\";\"Y\";\"W\";\"H\";\"Category\"\r\n\"C:\\data\\a.jpg\";10,0;20;20,0;20;cell\r\n", "csv", TRUE, 0,
      NULL, NULL },
    { "a.jpg,10,20,30,40,cell\n", "csv", TRUE, 0, NULL, NULL },
    { "image_path,x1,y1,x2,y2,class_name\nsomewhere/else/a.jpg,10,20,30,40,cell\n", "csv", TRUE, 0, NULL, NULL },
    { "file_name,label,x,y,width,height\na.jpg,cell,10,20,20,20\n", "csv", TRUE, 0, NULL, NULL },
    { "filename,class,xmin,ymin,xmax,ymax\na.jpg,cell,0.1,0.25,0.3,0.5\n", "csv", TRUE, 0, "taken as shares", NULL },
    { "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n"
      "a,xclick,cell,1,0.1,0.3,0.25,0.5,0,0,0,0,0\n",
      "open-images", TRUE, 0, NULL, NULL },
    { "a.jpg,,,,,\n", "csv", FALSE, 0, NULL, NULL },
    { "filename,class,xmin,ymin,xmax,ymax\na.jpg,,,,,\n", "csv", FALSE, 0, NULL, NULL },
    { "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,10,8,cell,10,20,30,40\n", "csv", TRUE, 2,
      "has 10 x 8 pixels", NULL },
    { "filename,class,xmin,ymin,xmax,ymax\na.jpg,cell,10,20,30,wide\n", "csv", FALSE, 2, NULL, "'wide' in column 6" },
    { "filename,class,xmin,ymin,xmax,ymax\na.jpg,cell,10,20,30\n", "csv", FALSE, 2, NULL, "'' in column 6" },
    { "filename,class,xmin,ymin,xmax,ymax\na.jpg,,10,20,30,40\n", "csv", FALSE, 2, NULL, "no class" },
    { "filename,class,xmin,ymin,xmax,ymax\na.jpg,cell,30,20,10,40\n", "csv", FALSE, 2, NULL, "no area" },
    { "filename,class,xmin,ymin,xmax,ymax\na.jpg,cell,nan,20,10,40\n", "csv", FALSE, 2, NULL, "finite" },
    { "filename,class,xmin,ymin,xmax,ymax\ngone.jpg,cell,10,20,30,40\n", "csv", FALSE, 2, NULL, "gone.jpg" },
    { "filename,class,xmin,ymin,xmax,ymax\n,cell,10,20,30,40\n", "csv", FALSE, 2, NULL, "no picture" },
    { "filename,class,xmin,ymin,xmax,ymax\n../../etc/a.png,cell,10,20,30,40\n", "csv", FALSE, 2, NULL, "a.png" },
    { "filename,class,xmin,ymin,xmax,ymax\na.jpg,cell,10,20,30,40\na.jpg,cell,10,20,30,40\n", "csv", TRUE, 3,
      "there already", NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *folder = fv_test_folder ();
      fv_test_jpeg (folder, "a.jpg", 100, 80, 1, 0);
      fv_test_write (folder, "boxes.csv", cases[i].text);
      g_test_message ("%s", cases[i].text);
      g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
      const FvItem *item = fv_test_item (report, "a.jpg");
      g_assert_cmpstr (report->format, ==, cases[i].format);
      g_assert_cmpuint (item->boxes->len, ==, cases[i].box);
      if (cases[i].box)
        {
          g_assert_cmpstr (report->dataset->class_names[0], ==, "cell");
          fv_test_assert_box (item, 0, 0, 10, 20, 30, 40);
        }
      g_assert_cmpuint (report->repaired->len, ==, cases[i].repaired != NULL);
      g_assert_cmpuint (report->rejected->len, ==, cases[i].rejected != NULL);
      if (cases[i].repaired != NULL)
        fv_test_assert_row (report->repaired, cases[i].line > 0 ? "boxes.csv" : "", cases[i].line, cases[i].repaired);
      if (cases[i].rejected != NULL)
        fv_test_assert_row (report->rejected, "boxes.csv", cases[i].line, cases[i].rejected);
    }
}

/* Tables that end the import, or that are none. */
static void
test_bad_files (void)
{
  static const struct
  {
    const char *text, *reason;
  } cases[] = {
    { "filename,class,xmin,ymin,xmax,ymax\n\"a.jpg,cell,10,20,30,40\n", "boxes.csv, line 2: Nothing closes" },
    { "filename,class,xmin,ymin,xmax,ymax\na.jpg,c\xe4ll,10,20,30,40\n", "boxes.csv, line 2: The text is not valid" },
    { "filename,class,xmin,ymin,xmax\n", "no table of boxes" },
    { "", "no table of boxes" },
    { "\xff\xfe", "no table of boxes" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *folder = fv_test_folder ();
      g_autoptr (GError) error = NULL;
      g_autoptr (FvProject) project = fv_test_project ();
      fv_test_jpeg (folder, "a.jpg", 100, 80, 1, 0);
      fv_test_write (folder, "boxes.csv", cases[i].text);
      g_assert_null (fv_import (project, folder, &(FvImportParams){ .format = "csv" }, &error));
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].reason));
    }
}

/* Names of classes, groups, subsets by file and folder, pictures that were never fetched. */
static void
test_open_images (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "train/0a.jpg", 100, 80, 1, 0);
  fv_test_jpeg (folder, "validation/0b.jpg", 100, 80, 2, 0);
  fv_test_write (folder, "class-descriptions-boxable.csv", "/m/01,Cat\n/m/02,\"Dog, large\"\n");
  fv_test_write (folder, "train-annotations-bbox.csv",
                 "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf\n"
                 "0a,xclick,/m/02,1,0.1,0.3,0.25,0.5,0,0,0\n"
                 "0a,xclick,/m/01,1,0.5,1,0,1,0,0,1\n"
                 "ff,xclick,/m/01,1,0.5,1,0,1,0,0,0\n"
                 "ff,xclick,/m/01,1,0.5,1,0,1,0,0,0\n");
  fv_test_write (folder, "validation-annotations-bbox.csv",
                 "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\n0b,x,/m/03,1,0.1,0.3,0.25,0.5\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  const FvItem *a = fv_test_item (report, "train/0a.jpg"), *b = fv_test_item (report, "validation/0b.jpg");
  const FvBox *group = &g_array_index (a->ignored, FvBox, 0);
  g_autofree char *names = g_strjoinv ("|", report->dataset->class_names);
  g_assert_cmpstr (names, ==, "Dog, large|Cat|/m/03");
  fv_test_assert_box (a, 0, 0, 10, 20, 30, 40);
  fv_test_assert_box (b, 0, 2, 10, 20, 30, 40);
  g_assert_cmpuint (a->boxes->len, ==, 1);
  g_assert_cmpuint (a->ignored->len, ==, 1);
  g_assert_cmpfloat (group->x1, ==, 50);
  g_assert_cmpint (a->subset, ==, FV_SUBSET_TRAIN);
  g_assert_cmpint (b->subset, ==, FV_SUBSET_VAL);
  g_assert_cmpuint (report->rejected->len, ==, 1);
  fv_test_assert_row (report->rejected, "train-annotations-bbox.csv", 0, "1 are not here, so their 2 boxes");
}

/* A column of subsets, one of what is to be ignored, pictures elsewhere, one in two tables. */
static void
test_columns (void)
{
  const char *folder = fv_test_folder (), *images = fv_test_folder ();
  fv_test_jpeg (images, "one/a.jpg", 100, 80, 1, 0);
  fv_test_jpeg (images, "two/a.jpg", 100, 80, 2, 0);
  fv_test_jpeg (images, "two/c.jpg", 100, 80, 3, 0);
  fv_test_write (folder, "1.csv",
                 "image,class,xmin,ymin,xmax,ymax,split,iscrowd\n"
                 "one/a.jpg,x,1,2,3,4,train,0\none/a.jpg,x,5,6,7,8,train,1\ntwo/a.jpg,y,1,2,3,4,valid,0\n"
                 "a.jpg,y,1,2,3,4,valid,0\n");
  fv_test_write (folder, "2.csv", "image,class,xmin,ymin,xmax,ymax\ntwo/a.jpg,y,5,2,9,4\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ .images = images });
  const FvItem *one = fv_test_item (report, "one/a.jpg"), *two = fv_test_item (report, "two/a.jpg");
  g_assert_cmpuint (report->dataset->items->len, ==, 3);
  g_assert_cmpuint (one->boxes->len, ==, 1);
  g_assert_cmpuint (one->ignored->len, ==, 1);
  g_assert_cmpuint (two->boxes->len, ==, 1);
  g_assert_cmpint (one->subset, ==, FV_SUBSET_TRAIN);
  g_assert_cmpint (two->subset, ==, FV_SUBSET_VAL);
  g_assert_cmpint (fv_test_item (report, "two/c.jpg")->subset, ==, FV_SUBSET_NONE);
  fv_test_assert_row (report->rejected, "1.csv", 5, "2 are called 'a.jpg'");
  fv_test_assert_row (report->repaired, "2.csv", 2, "two/a.jpg");
}

static void
test_fixtures (void)
{
  const char *vott = fv_test_data ("formats/datumaro/tests/assets/vott_csv_dataset/dataset");
  if (vott == NULL)
    return;
  g_autoptr (FvImportReport) report = fv_test_import (vott, &(FvImportParams){ 0 });
  /* Pictures of 5 x 5 pixels: of the five boxes, one lies in its own. */
  g_assert_cmpstr (report->format, ==, "vott");
  g_assert_cmpuint (report->dataset->items->len, ==, 4);
  g_assert_cmpuint (report->rejected->len, ==, 4);
  fv_test_assert_box (fv_test_item (report, "img0004.jpg"), 0, 0, 1, 2, 2, 4);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 2);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TEST], ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/csv/tables", test_tables);
  g_test_add_func ("/dataset/import/csv/bad-files", test_bad_files);
  g_test_add_func ("/dataset/import/csv/open-images", test_open_images);
  g_test_add_func ("/dataset/import/csv/columns", test_columns);
  g_test_add_func ("/dataset/import/csv/fixtures", test_fixtures);
  return g_test_run ();
}
