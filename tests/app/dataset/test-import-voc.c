/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/test-import.h"

/* An annotation with one object; (transfer none). */
static const char *
write_xml (const char *folder, const char *name, guint width, guint height, const char *class_name, double x1,
           double y1, double x2, double y2)
{
  g_autofree char *text = g_strdup_printf ("<annotation>\n<filename>x.jpg</filename>\n"
                                           "<size><width>%u</width><height>%u</height></size>\n"
                                           "<object>\n<name>%s</name>\n<difficult>1</difficult>\n"
                                           "<bndbox><xmin>%g</xmin><ymin>%g</ymin><xmax>%g</xmax><ymax>%g</ymax>"
                                           "</bndbox>\n</object>\n</annotation>\n",
                                           width, height, class_name, x1, y1, x2, y2);
  return fv_test_write (folder, name, text);
}

/* The original's folders, three classes whose order in files is not that of their names. */
static const char *
make_set (guint n)
{
  static const char *const classes[] = { "zebra", "ant", "man" };
  const char *folder = fv_test_folder ();
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *picture = g_strdup_printf ("JPEGImages/p%u.jpg", i),
                      *xml = g_strdup_printf ("Annotations/p%u.xml", i);
      fv_test_jpeg (folder, picture, 200, 100, i, 0);
      write_xml (folder, xml, 200, 100, classes[i % 3], 10, 20, 30.5, 40);
    }
  return folder;
}

static void
test_lists (void)
{
  const char *folder = make_set (6);
  fv_test_write (folder, "ImageSets/Main/train.txt", "p0\np1\np0\n");
  fv_test_write (folder, "ImageSets/Main/val.txt", "p2 1\np1\n\nmissing\n");
  fv_test_write (folder, "ImageSets/Main/test.txt", "p3 -1\n");
  fv_test_write (folder, "ImageSets/Main/trainval.txt", "p0\np1\np2\np4\nalso-missing\n");
  fv_test_write (folder, "ImageSets/Main/ant_train.txt", "p0 -1\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpstr (report->format, ==, "voc");
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 2);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 1);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TEST], ==, 1);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_NONE], ==, 2);
  g_assert_false (report->split);
  fv_test_assert_row (report->rejected, "val.txt", 4, "no picture of this name");
  fv_test_assert_row (report->repaired, "train.txt", 3, "'p0' is in");
  fv_test_assert_row (report->repaired, "val.txt", 2, "train.txt' already (line 2)");
  g_assert_cmpuint (report->rejected->len, ==, 1);
  g_assert_cmpuint (report->repaired->len, ==, 2);
  g_autofree char *classes = g_strjoinv (",", report->dataset->class_names);
  g_assert_cmpstr (classes, ==, "ant,man,zebra");
  /* Taken as they stand: not one less. */
  fv_test_assert_box (fv_test_item (report, "JPEGImages/p0.jpg"), 0, 2, 10, 20, 30.5, 40);
}

/* A trainval list alone is what is still to be split; without any list everything is. */
static void
test_trainval (void)
{
  const char *folder = make_set (10);
  fv_test_write (folder, "ImageSets/Main/trainval.txt", "p0\np1\np2\np3\np4\np5\np6\np7\np8\np9\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_true (report->split);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 8);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 2);
}

static void
test_bad_files (void)
{
  static const struct
  {
    const char *xml;
    guint line;
    const char *reason;
  } cases[] = {
    { "<html>\n</html>", 1, "<html>" },
    { "<annotation>\n<object>\n", 3, "not valid XML" },
    { "", 1, "not valid XML" },
    { "just text", 1, "not valid XML" },
    { "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]>\n<a>&c;</a>", 0, "declares entities" },
  };
  const char *folder = make_set (2);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *picture = g_strdup_printf ("JPEGImages/b%u.jpg", i),
                      *xml = g_strdup_printf ("Annotations/b%u.xml", i);
      fv_test_jpeg (folder, picture, 200, 100, 10 + i, 0);
      fv_test_write (folder, xml, cases[i].xml);
    }
  write_xml (folder, "Annotations/lost.xml", 200, 100, "ant", 1, 1, 2, 2);
  fv_test_jpeg (folder, "JPEGImages/background.jpg", 200, 100, 50, 0);
  fv_test_write (folder, "JPEGImages/p0.png", "the same name as p0.jpg");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->dataset->items->len, ==, 3);
  g_assert_cmpuint (report->backgrounds, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *xml = g_strdup_printf ("Annotations/b%u.xml", i);
      fv_test_assert_row (report->rejected, xml, cases[i].line, cases[i].reason);
    }
  fv_test_assert_row (report->rejected, "lost.xml", 0, "no picture");
  fv_test_assert_row (report->rejected, "p0.png", 0, "same name");
  g_assert_cmpuint (report->rejected->len, ==, G_N_ELEMENTS (cases) + 2);
}

static void
test_objects (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "a.jpg", 200, 100, 1, 0);
  fv_test_write (
      folder, "a.xml",
      "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<annotation>\n"
      "<object><name>K\xe4se &amp; Brot "
      "</name><bndbox><xmax>20</xmax><xmin>10</xmin><ymin>5</ymin><ymax>9</ymax></bndbox></object>\n"
      "<object><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object>\n"
      "<object>\n<name>a</name></object>\n"
      "<object><name>a</name>\n<bndbox><xmin>1</xmin><ymin>one</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object>\n"
      "<object><name>a</name><bndbox><xmin>nan</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object>\n"
      "<object><name>a</name><bndbox><xmin>9</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object>\n"
      "<object><name>a</name><bndbox><xmin>250</xmin><ymin>1</ymin><xmax>260</xmax><ymax>2</ymax></bndbox></object>\n"
      "<object><name>a</name><bndbox><xmin>190</xmin><ymin>1</ymin><xmax>205</xmax><ymax>2</ymax></bndbox></object>\n"
      "<object><name>a</name><bndbox><xmin>190</xmin><ymin>1</ymin><xmax>205</xmax><ymax>2</ymax></bndbox></object>\n"
      "<object><name>a</name><bndbox><xmin>3</xmin><ymin>3</ymin><xmax>6</xmax><ymax>6</ymax></bndbox>"
      "<part><name>head</name><bndbox><xmin>4</xmin><ymin>4</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></part></"
      "object>\n"
      "</annotation>\n");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  const FvItem *item = fv_test_item (report, "a.jpg");
  g_assert_cmpuint (item->boxes->len, ==, 3);
  g_assert_cmpstr (report->dataset->class_names[0], ==, "Käse & Brot");
  fv_test_assert_box (item, 0, 0, 10, 5, 20, 9);
  fv_test_assert_box (item, 1, 1, 190, 1, 200, 2);
  fv_test_assert_box (item, 2, 1, 3, 3, 6, 6);
  fv_test_assert_row (report->rejected, "a.xml", 4, "no name");
  fv_test_assert_row (report->rejected, "a.xml", 5, "no box");
  fv_test_assert_row (report->rejected, "a.xml", 8, "<ymin>");
  fv_test_assert_row (report->rejected, "a.xml", 9, "finite");
  fv_test_assert_row (report->rejected, "a.xml", 10, "no area");
  fv_test_assert_row (report->rejected, "a.xml", 11, "outside its picture");
  fv_test_assert_row (report->repaired, "a.xml", 12, "5.0 pixels beyond");
  fv_test_assert_row (report->repaired, "a.xml", 13, "there already");
  g_assert_cmpuint (report->rejected->len, ==, 6);
  g_assert_cmpuint (report->repaired->len, ==, 2);
}

/* A picture stored as 200 x 100 that EXIF turns by a quarter, with boxes in either system. */
static void
test_orientation (void)
{
  /* Where EXIF puts the stored box 10, 20, 50, 30. */
  static const struct
  {
    guint orientation;
    double x1, y1, x2, y2;
  } cases[] = {
    { 5, 20, 10, 30, 50 },
    { 6, 70, 10, 80, 50 },
    { 7, 70, 150, 80, 190 },
    { 8, 20, 150, 30, 190 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *folder = fv_test_folder ();
      fv_test_jpeg (folder, "stored.jpg", 200, 100, 1, cases[i].orientation);
      write_xml (folder, "stored.xml", 200, 100, "a", 10, 20, 50, 30);
      fv_test_jpeg (folder, "upright.jpg", 200, 100, 1, cases[i].orientation);
      write_xml (folder, "upright.xml", 100, 200, "a", 10, 20, 50, 30);
      fv_test_jpeg (folder, "wrong.jpg", 200, 100, 1, cases[i].orientation);
      write_xml (folder, "wrong.xml", 640, 480, "a", 10, 20, 50, 30);
      g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
      fv_test_assert_box (fv_test_item (report, "stored.jpg"), 0, 0, cases[i].x1, cases[i].y1, cases[i].x2,
                          cases[i].y2);
      fv_test_assert_box (fv_test_item (report, "upright.jpg"), 0, 0, 10, 20, 50, 30);
      fv_test_assert_box (fv_test_item (report, "wrong.jpg"), 0, 0, 10, 20, 50, 30);
      fv_test_assert_row (report->repaired, "stored.xml", 3, "turned along");
      fv_test_assert_row (report->repaired, "wrong.xml", 3, "640 x 480");
      g_assert_cmpuint (report->repaired->len, ==, 2);
    }
}

/* The picture is known by the XML's own name, and else by what it says. */
static void
test_names (void)
{
  const char *folder = fv_test_folder ();
  fv_test_jpeg (folder, "train/x.jpg", 200, 100, 1, 0);
  write_xml (folder, "train/annotation-1.xml", 200, 100, "a", 10, 20, 50, 30);
  write_xml (folder, "train/annotation-2.xml", 200, 100, "a", 10, 20, 50, 30);
  fv_test_jpeg (folder, "valid/y.jpg", 200, 100, 2, 0);
  write_xml (folder, "valid/y.xml", 200, 100, "a", 10, 20, 50, 30);
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 1);
  g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 1);
  g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 2);
  fv_test_assert_row (report->rejected, "annotation-2.xml", 0, "has the annotation");
}

/* Bytes changed at random: whatever comes of it, it ends in a report or an error. */
static void
test_garbage (void)
{
  static const char bytes[] = "\0\n <>/&;\"'=![]-?\xff\xc3.0123456789eEnaif";
  g_autoptr (FvProject) project = fv_test_project ();
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  const char *folder = make_set (2);
  g_autofree char *xml = g_build_filename (folder, "Annotations/p0.xml", NULL);
  g_autofree char *text = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (xml, &text, &size, NULL));
  for (guint i = 0; i < 150; i++)
    {
      g_autofree char *changed = g_memdup2 (text, size);
      for (guint k = 0; k < 1 + i % 4; k++)
        changed[g_rand_int_range (random, 0, (gint)size)] = bytes[g_rand_int_range (random, 0, sizeof bytes)];
      fv_test_write_data (folder, "Annotations/p0.xml", changed, size - i % 7);
      g_autoptr (GError) error = NULL;
      g_autoptr (FvImportReport) report = fv_import (project, folder, &(FvImportParams){ .dry_run = TRUE }, &error);
      g_assert_no_error (error);
      for (guint k = 0; k < report->rejected->len; k++)
        g_assert_true (g_utf8_validate (((FvProblem *)g_ptr_array_index (report->rejected, k))->reason, -1, NULL));
    }
}

static void
test_bccd (void)
{
  const char *above = fv_test_data ("datasets/bccd");
  if (above == NULL)
    return;
  g_autofree char *itself = g_build_filename (above, "BCCD", NULL);
  const char *const folders[] = { above, itself };
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autoptr (FvImportReport) report = fv_test_import (folders[i], &(FvImportParams){ 0 });
      g_assert_cmpstr (report->format, ==, "voc");
      g_assert_cmpuint (report->dataset->items->len, ==, 364);
      g_assert_cmpuint (fv_dataset_count_boxes (report->dataset), ==, 4886);
      g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TRAIN], ==, 205);
      g_assert_cmpuint (report->n_in_subset[FV_SUBSET_VAL], ==, 87);
      g_assert_cmpuint (report->n_in_subset[FV_SUBSET_TEST], ==, 72);
      g_assert_cmpuint (report->backgrounds, ==, 0);
      g_assert_cmpuint (report->repaired->len, ==, 0);
      g_assert_cmpuint (report->rejected->len, ==, 2);
      fv_test_assert_row (report->rejected, "BloodImage_00338.xml", 163, "no area");
      fv_test_assert_row (report->rejected, "BloodImage_00343.xml", 55, "no area");
      g_autofree char *classes = g_strjoinv (",", report->dataset->class_names);
      g_assert_cmpstr (classes, ==, "Platelets,RBC,WBC");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/voc/lists", test_lists);
  g_test_add_func ("/dataset/import/voc/trainval", test_trainval);
  g_test_add_func ("/dataset/import/voc/bad-files", test_bad_files);
  g_test_add_func ("/dataset/import/voc/objects", test_objects);
  g_test_add_func ("/dataset/import/voc/orientation", test_orientation);
  g_test_add_func ("/dataset/import/voc/names", test_names);
  g_test_add_func ("/dataset/import/voc/garbage", test_garbage);
  g_test_add_func ("/dataset/import/voc/bccd", test_bccd);
  return g_test_run ();
}
