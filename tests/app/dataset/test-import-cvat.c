/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/test-import.h"

#define META                                                                                                           \
  "<version>1.1</version><meta><task><size>4</size><labels>"                                                           \
  "<label><name>cell</name><attributes><attribute><name>age</name></attribute></attributes></label>"                   \
  "<label><name>rod</name></label><label><name>tip</name><parent>rod</parent></label></labels></task></meta>\n"

/* One shape on a picture of 100 x 80. */
static void
test_shapes (void)
{
  static const struct
  {
    const char *shape;
    double x1, y1, x2, y2; /* all 0: no box */
    const char *repaired, *rejected;
  } cases[] = {
    { "<box label='cell' xtl='1.5' ytl='2' xbr='30' ybr='40'/>", 1.5, 2, 30, 40, NULL, NULL },
    { "<box label='cell' xtl='10' ytl='20' xbr='50' ybr='40' rotation='90'/>", 20, 10, 40, 50, "turned", NULL },
    { "<box label='cell' xtl='10' ytl='20' xbr='50' ybr='40' rotation='0.0'/>", 10, 20, 50, 40, NULL, NULL },
    { "<polygon label='cell' points='10,20;30,15.5;20,40'/>", 10, 15.5, 30, 40, NULL, NULL },
    { "<ellipse label='cell' cx='50' cy='40' rx='20' ry='10'/>", 30, 30, 70, 50, NULL, NULL },
    { "<ellipse label='cell' cx='50' cy='40' rx='20' ry='10' rotation='90'/>", 40, 20, 60, 60, "turned", NULL },
    { "<mask label='cell' rle='1, 2' left='3' top='4' width='10' height='20'/>", 3, 4, 13, 24, NULL, NULL },
    { "<cuboid label='cell' xtl1='10' ytl1='10' xbl1='10' ybl1='30' xtr1='40' ytr1='10' xbr1='40' ybr1='30' "
      "xtl2='50' ytl2='5' xbl2='50' ybl2='25' xtr2='20' ytr2='5' xbr2='20' ybr2='25'/>",
      10, 5, 50, 30, NULL, NULL },
    { "<box label='cell' xtl='90' ytl='2' xbr='120' ybr='40'/>", 90, 2, 100, 40, "beyond its picture", NULL },
    { "<box label='cell' xtl='5' ytl='2' xbr='5' ybr='40'/>", 0, 0, 0, 0, NULL, "no area" },
    { "<box label='cell' xtl='a' ytl='2' xbr='5' ybr='40'/>", 0, 0, 0, 0, NULL, "side of the box" },
    { "<box label='cell' xtl='nan' ytl='2' xbr='5' ybr='40'/>", 0, 0, 0, 0, NULL, "finite" },
    { "<box label='cell' xtl='1' ytl='2' xbr='5'/>", 0, 0, 0, 0, NULL, "side of the box" },
    { "<box label='' xtl='1' ytl='2' xbr='5' ybr='6'/>", 0, 0, 0, 0, NULL, "no label" },
    { "<box xtl='1' ytl='2' xbr='5' ybr='6'/>", 0, 0, 0, 0, NULL, "no label" },
    { "<polygon label='cell' points='1,2;3,4'/>", 0, 0, 0, 0, NULL, "three points" },
    { "<polygon label='cell' points='1,2;3;4,5'/>", 0, 0, 0, 0, NULL, "three points" },
    { "<polygon label='cell' points='1,2;3,inf;4,5'/>", 0, 0, 0, 0, NULL, "three points" },
    { "<polygon label='cell'/>", 0, 0, 0, 0, NULL, "three points" },
    { "<ellipse label='cell' cx='1'/>", 0, 0, 0, 0, NULL, "ellipse" },
    { "<mask label='cell' left='1'/>", 0, 0, 0, 0, NULL, "mask" },
    { "<cuboid label='cell' xtl1='1'/>", 0, 0, 0, 0, NULL, "cuboid" },
    { "<points label='cell' points='1,2'/>", 0, 0, 0, 0, NULL, "no area" },
    { "<skeleton label='rod'><points label='tip' points='1,2'/></skeleton>", 0, 0, 0, 0, NULL, "no area" },
    { "<tag label='cell'/>", 0, 0, 0, 0, NULL, "whole picture" },
    { "<!-- box --><other/>", 0, 0, 0, 0, NULL, NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *folder = fv_test_folder ();
      g_autofree char *xml = g_strdup_printf (
          "<annotations>" META "<image id='0' name='a.jpg' width='100' height='80'>\n%s</image></annotations>",
          cases[i].shape);
      fv_test_jpeg (folder, "images/a.jpg", 100, 80, 1, 0);
      fv_test_write (folder, "annotations.xml", xml);
      g_test_message ("%s", cases[i].shape);
      g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
      const FvItem *item = fv_test_item (report, "images/a.jpg");
      g_assert_cmpstr (report->format, ==, "cvat");
      g_assert_cmpuint (report->dataset->n_classes, ==, 2);
      g_assert_cmpstr (report->dataset->class_names[0], ==, "cell");
      g_assert_cmpstr (report->dataset->class_names[1], ==, "rod");
      g_assert_cmpuint (item->boxes->len, ==, cases[i].x2 > 0);
      if (cases[i].x2 > 0)
        fv_test_assert_box (item, 0, 0, cases[i].x1, cases[i].y1, cases[i].x2, cases[i].y2);
      g_assert_cmpuint (report->repaired->len, ==, cases[i].repaired != NULL);
      g_assert_cmpuint (report->rejected->len, ==, cases[i].rejected != NULL);
      if (cases[i].repaired != NULL)
        fv_test_assert_row (report->repaired, "annotations.xml", 3, cases[i].repaired);
      if (cases[i].rejected != NULL)
        fv_test_assert_row (report->rejected, "annotations.xml", 3, cases[i].rejected);
    }
}

/* A project's subsets, pictures that are absent, not named, named twice, or in no image. */
static void
test_images (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "images/Train/a.jpg", 100, 80, 1, 0);
  fv_test_jpeg (folder, "images/Validation/a.jpg", 100, 80, 2, 0);
  fv_test_jpeg (folder, "images/Train/deep/b.jpg", 80, 100, 3, 6);
  fv_test_jpeg (folder, "images/Train/rest.jpg", 80, 100, 4, 0);
  fv_test_write (folder, "annotations.xml",
                 "<annotations>\n"
                 "<image name='a.jpg' subset='Train' width='100' height='80'>\n"
                 "<box label='x' xtl='1' ytl='2' xbr='3' ybr='4'/></image>\n"
                 "<image name='a.jpg' subset='Validation' width='100' height='80'>\n"
                 "<box label='y' xtl='5' ytl='6' xbr='7' ybr='8'/></image>\n"
                 "<image name='deep/b.jpg' subset='Train' width='80' height='100'>\n"
                 "<box label='x' xtl='10' ytl='20' xbr='30' ybr='50'/></image>\n"
                 "<image name='gone.jpg'><box label='z' xtl='5' ytl='6' xbr='7' ybr='8'/></image>\n"
                 "<image/>\n"
                 "<image name='../../etc/passwd'/>\n"
                 "<image name='a.jpg' subset='Train'><box label='y' xtl='1' ytl='2' xbr='3' ybr='4'/></image>\n"
                 "</annotations>\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 4);
  g_assert_cmpuint (report->dataset->n_classes, ==, 2);
  const FvItem *a = fv_test_item (report, "images/Train/a.jpg"), *b = fv_test_item (report, "images/Validation/a.jpg");
  const FvItem *turned = fv_test_item (report, "images/Train/deep/b.jpg");
  fv_test_assert_box (a, 0, 0, 1, 2, 3, 4);
  fv_test_assert_box (a, 1, 1, 1, 2, 3, 4);
  fv_test_assert_box (b, 0, 1, 5, 6, 7, 8);
  g_assert_cmpint (a->subset, ==, FV_SUBSET_TRAIN);
  g_assert_cmpint (b->subset, ==, FV_SUBSET_VAL);
  /* Stored 80 x 100, shown 100 x 80: the boxes count in the former. */
  fv_test_assert_box (turned, 0, 0, 50, 10, 80, 30);
  g_assert_cmpuint (fv_test_item (report, "images/Train/rest.jpg")->boxes->len, ==, 0);
  g_assert_cmpuint (report->rejected->len, ==, 3);
  fv_test_assert_row (report->rejected, "annotations.xml", 8, "gone.jpg");
  fv_test_assert_row (report->rejected, "annotations.xml", 9, "no name");
  fv_test_assert_row (report->rejected, "annotations.xml", 10, "passwd");
  g_assert_cmpuint (report->repaired->len, ==, 1);
}

/* Two tasks below one folder, with pictures of the same name. */
static void
test_tasks (void)
{
  const char *folder = fv_test_folder ();
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *picture = g_strdup_printf ("task%u/images/train/a.jpg", i),
                      *xml = g_strdup_printf ("task%u/annotations.xml", i),
                      *text = g_strdup_printf ("<annotations><image name='train/a.jpg'><box label='x' xtl='%u' ytl='2' "
                                               "xbr='30' ybr='40'/></image></annotations>",
                                               i);
      fv_test_jpeg (folder, picture, 100, 80, i, 0);
      fv_test_write (folder, xml, text);
    }
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 2);
  fv_test_assert_box (fv_test_item (report, "task0/images/train/a.jpg"), 0, 0, 0, 2, 30, 40);
  fv_test_assert_box (fv_test_item (report, "task1/images/train/a.jpg"), 0, 0, 1, 2, 30, 40);
  g_assert_cmpuint (report->rejected->len + report->repaired->len, ==, 0);
}

/* Frames left out between two that are there; a track that leaves the picture and comes back. */
static void
test_tracks (void)
{
  const char *folder = fv_test_folder ();
  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *name = g_strdup_printf ("images/frame_%06u.png.jpg", i);
      fv_test_jpeg (folder, name, 100, 80, i, 0);
    }
  fv_test_write (folder, "annotations.xml",
                 "<annotations>" META "<track id='0' label='cell'>\n"
                 "<box frame='0' outside='0' keyframe='1' xtl='0' ytl='10' xbr='20' ybr='30'/>\n"
                 "<box frame='4' outside='0' keyframe='1' xtl='40' ytl='10' xbr='60' ybr='50'/>\n"
                 "<box frame='5' outside='1' keyframe='1' xtl='40' ytl='10' xbr='60' ybr='50'/>\n"
                 "<box frame='7' outside='0' keyframe='1' xtl='1' ytl='2' xbr='3' ybr='4'/></track>\n"
                 "<track id='1' label='rod'>\n"
                 "<polygon frame='3' outside='0' points='1,1;2,2;3,1'/>\n"
                 "<box outside='0' xtl='1' ytl='2' xbr='3' ybr='4'/>\n"
                 "<box frame='99' outside='0' xtl='1' ytl='2' xbr='3' ybr='4'/></track></annotations>");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  static const guint n_boxes[] = { 1, 1, 1, 2, 2, 1, 1, 2 };
  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *name = g_strdup_printf ("images/frame_%06u.png.jpg", i);
      g_assert_cmpuint (fv_test_item (report, name)->boxes->len, ==, n_boxes[i]);
    }
  fv_test_assert_box (fv_test_item (report, "images/frame_000001.png.jpg"), 0, 0, 10, 10, 30, 35);
  fv_test_assert_box (fv_test_item (report, "images/frame_000003.png.jpg"), 0, 0, 30, 10, 50, 45);
  fv_test_assert_box (fv_test_item (report, "images/frame_000003.png.jpg"), 1, 1, 1, 1, 3, 2);
  fv_test_assert_box (fv_test_item (report, "images/frame_000007.png.jpg"), 0, 0, 1, 2, 3, 4);
  fv_test_assert_row (report->rejected, "annotations.xml", 9, "no frame");
}

/* A task made from pictures: its frames are they, in order, if there are as many. */
static void
test_tracks_of_pictures (void)
{
  static const char *const names[] = { "b.jpg", "c.jpg", "a.jpg", "d.jpg" };
  const char *folder = fv_test_folder ();
  for (guint i = 0; i < 4; i++)
    fv_test_jpeg (folder, names[i], 100, 80, i, 0);
  fv_test_write (folder, "annotations.xml",
                 "<annotations>" META "<track id='0' label='cell'>\n"
                 "<box frame='1' outside='0' xtl='0' ytl='10' xbr='20' ybr='30'/></track></annotations>");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 1);
  fv_test_assert_box (fv_test_item (report, "b.jpg"), 0, 0, 0, 10, 20, 30);

  fv_test_jpeg (folder, "e.jpg", 100, 80, 9, 0);
  g_autoptr (FvImportReport) other = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (fv_dataset_count_boxes (other->dataset), ==, 0);
  fv_test_assert_row (other->rejected, "annotations.xml", 0, "there are 5, not as many as the task has (4)");
}

/* Two shapes with all frames between, over and over: neither slow nor without end. */
static void
test_many_between (void)
{
  const char *folder = fv_test_folder ();
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (GString) xml = g_string_new ("<annotations>");
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("frame_%06u.jpg", i);
      fv_test_jpeg (folder, name, 8, 8, i, 0);
    }
  for (guint i = 0; i < 60000; i++)
    g_string_append (xml, "<track label='a'><box frame='0' xtl='0' ytl='0' xbr='2' ybr='3'/>"
                          "<box frame='999999999999' xtl='0' ytl='0' xbr='2' ybr='3'/></track>\n");
  g_string_append (xml, "</annotations>");
  fv_test_write (folder, "annotations.xml", xml->str);
  g_assert_null (fv_import (project, folder, &(FvImportParams){ 0 }, &error));
  g_assert_true (g_error_matches (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE));
  g_assert_nonnull (strstr (error->message, "leave out more than"));
}

static void
test_bad_files (void)
{
  static const struct
  {
    const char *text, *reason;
  } cases[] = {
    { "<annotations><image name='a.jpg'>", "annotations.xml, line 1: This is not valid XML" },
    { "<annotations>\n\n<image name=a.jpg/></annotations>", "annotations.xml, line 3: This is not valid XML" },
    { "<!DOCTYPE a [<!ENTITY b 'bbbb'>]>\n<annotations><image name='&b;'/></annotations>", "declares entities" },
    { "<annotations><image name='a.jpg'/></annotations><more/>", "This is not valid XML" },
    { "<html/>", "There is no export of CVAT's in" },
    { "", "There is no export of CVAT's in" },
    { "\xff\xfe\x00", "There is no export of CVAT's in" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *folder = fv_test_folder ();
      g_autoptr (GError) error = NULL;
      g_autoptr (FvProject) project = fv_test_project ();
      fv_test_jpeg (folder, "a.jpg", 100, 80, 1, 0);
      fv_test_write (folder, "annotations.xml", cases[i].text);
      g_assert_null (fv_import (project, folder, &(FvImportParams){ .format = "cvat" }, &error));
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].reason));
    }
}

static void
test_fixtures (void)
{
  const char *folder = fv_test_data ("formats/datumaro/tests/assets/cvat_dataset");
  if (folder == NULL)
    return;
  g_autofree char *task = g_build_filename (folder, "for_images", "export_task", NULL);
  g_autofree char *all = g_build_filename (folder, "for_images", "export_project", NULL);
  g_autofree char *video = g_build_filename (folder, "for_video", NULL);
  g_autoptr (FvImportReport) of_task = fv_test_import (task, &(FvImportParams){ 0 });
  g_autoptr (FvImportReport) of_all = fv_test_import (all, &(FvImportParams){ 0 });
  g_autoptr (FvImportReport) of_video = fv_test_import (video, &(FvImportParams){ 0 });
  fv_test_assert_box (fv_test_item (of_task, "images/img0.jpg"), 0, 0, 0, 2, 4, 4);
  g_assert_cmpuint (fv_dataset_count_boxes (of_task->dataset), ==, 1);
  /* A box and a polygon in each subset. */
  g_assert_cmpuint (fv_dataset_count_boxes (of_all->dataset), ==, 6);
  for (FvSubset subset = FV_SUBSET_TRAIN; subset <= FV_SUBSET_TEST; subset++)
    g_assert_cmpuint (of_all->n_in_subset[subset], ==, 2);
  /* In frame 10 alone, since the next is outside. */
  g_assert_cmpuint (fv_dataset_count_boxes (of_video->dataset), ==, 1);
  fv_test_assert_box (fv_test_item (of_video, "images/frame_000010.png"), 0, 2, 3, 4, 10, 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/cvat/shapes", test_shapes);
  g_test_add_func ("/dataset/import/cvat/images", test_images);
  g_test_add_func ("/dataset/import/cvat/tasks", test_tasks);
  g_test_add_func ("/dataset/import/cvat/tracks", test_tracks);
  g_test_add_func ("/dataset/import/cvat/tracks-of-pictures", test_tracks_of_pictures);
  g_test_add_func ("/dataset/import/cvat/many-between", test_many_between);
  g_test_add_func ("/dataset/import/cvat/bad-files", test_bad_files);
  g_test_add_func ("/dataset/import/cvat/fixtures", test_fixtures);
  return g_test_run ();
}
