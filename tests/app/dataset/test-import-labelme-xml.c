/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/dataset/test-import.h"

#define POINTS "<pt><x>10</x><y>20</y></pt><pt><x>30</x><y>25</y></pt><pt><x>20</x><y>40</y></pt>"

/* One object on a picture of 100 x 80. */
static void
test_objects (void)
{
  static const struct
  {
    const char *object;
    gboolean box; /* 10, 20 to 30, 40 */
    const char *rejected;
  } cases[] = {
    { "<name>cell</name><deleted>0</deleted><polygon>" POINTS "</polygon>", TRUE, NULL },
    { "<name>cell</name><segm><box><xmin>10</xmin><ymin>20</ymin><xmax>30</xmax><ymax>40</ymax></box>"
      "<mask>a_mask_1.png</mask></segm>",
      TRUE, NULL },
    { "<name>cell</name><deleted>1</deleted><polygon>" POINTS "</polygon>", FALSE, NULL },
    { "<name>cell</name><polygon><pt><x>a</x><y>3</y></pt></polygon>", FALSE, "coordinate" },
    { "<name>cell</name><polygon><pt><x>3</x></pt></polygon>", FALSE, "coordinate" },
    { "<name>cell</name><polygon/>", FALSE, "coordinate" },
    { "<name>cell</name><segm><box><xmin>10</xmin></box></segm>", FALSE, "coordinate" },
    { "<name>cell</name><segm/>", FALSE, "no outline" },
    { "<name>cell</name>", FALSE, "no outline" },
    { "<polygon>" POINTS "</polygon>", FALSE, "no name" },
    { "<name>cell</name><polygon><pt><x>3</x><y>4</y></pt></polygon>", FALSE, "no area" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *folder = fv_test_folder ();
      g_autofree char *xml = g_strdup_printf (
          "<annotation><filename>a.jpg</filename><folder>s</folder>"
          "<imagesize><nrows>80</nrows><ncols>100</ncols></imagesize>\n<object>%s</object></annotation>",
          cases[i].object);
      fv_test_jpeg (folder, "Images/s/a.jpg", 100, 80, 1, 0);
      fv_test_jpeg (folder, "Masks/s/a_mask_1.jpg", 100, 80, 2, 0);
      fv_test_write (folder, "Annotations/s/a.xml", xml);
      g_test_message ("%s", cases[i].object);
      g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ .format = "labelme-xml" });
      const FvItem *item = fv_test_item (report, "Images/s/a.jpg");
      g_assert_cmpuint (report->dataset->items->len, ==, 1);
      g_assert_cmpuint (item->boxes->len, ==, cases[i].box);
      if (cases[i].box)
        fv_test_assert_box (item, 0, 0, 10, 20, 30, 40);
      g_assert_cmpuint (report->rejected->len, ==, cases[i].rejected != NULL);
      if (cases[i].rejected != NULL)
        fv_test_assert_row (report->rejected, "Annotations/s/a.xml", 2, cases[i].rejected);
    }
}

/* Beside the pictures; one that its content names; files that can't be read; what is Pascal VOC. */
static void
test_files (void)
{
  const char *folder = fv_test_folder ();
  const char *object = "<object><name>cell</name><polygon>" POINTS "</polygon></object></annotation>";
  g_autofree char *named = g_strconcat ("<annotation><filename>b.jpg</filename>", object, NULL);
  g_autofree char *plain = g_strconcat ("<annotation>", object, NULL);
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *name = g_strdup_printf ("%c.jpg", 'a' + (int)i);
      fv_test_jpeg (folder, name, 100, 80, i, 0);
    }
  fv_test_write (folder, "a.xml", plain);
  fv_test_write (folder, "other.xml", named);
  fv_test_write (folder, "lost.xml", plain);
  fv_test_write (folder, "c.xml", "<annotation>\n<object></annotation>");
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  g_assert_cmpstr (report->format, ==, "labelme-xml");
  g_assert_cmpuint (report->dataset->items->len, ==, 3);
  fv_test_assert_box (fv_test_item (report, "a.jpg"), 0, 0, 10, 20, 30, 40);
  fv_test_assert_box (fv_test_item (report, "b.jpg"), 0, 0, 10, 20, 30, 40);
  g_assert_cmpuint (report->backgrounds, ==, 1);
  g_assert_cmpuint (report->rejected->len, ==, 2);
  fv_test_assert_row (report->rejected, "lost.xml", 0, "no picture");
  fv_test_assert_row (report->rejected, "c.xml", 2, "not valid XML");

  const char *voc = fv_test_folder ();
  fv_test_jpeg (voc, "a.jpg", 100, 80, 1, 0);
  fv_test_write (voc, "a.xml",
                 "<annotation><object><name>x</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax>"
                 "<ymax>5</ymax></bndbox></object></annotation>");
  g_autoptr (FvImportReport) other = fv_test_import (voc, &(FvImportParams){ 0 });
  g_assert_cmpstr (other->format, ==, "voc");
}

static void
test_fixtures (void)
{
  const char *folder = fv_test_data ("formats/datumaro/tests/assets/labelme_dataset");
  if (folder == NULL)
    return;
  g_autoptr (FvImportReport) report = fv_test_import (folder, &(FvImportParams){ 0 });
  const FvItem *item = fv_test_item (report, "Images/subset1/img1.png");
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  g_assert_cmpuint (item->boxes->len, ==, 7);
  /* "window", the last name of seven */
  fv_test_assert_box (item, 0, 6, 43, 34, 45, 37);
  g_assert_cmpuint (report->rejected->len + report->repaired->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/import/labelme-xml/objects", test_objects);
  g_test_add_func ("/dataset/import/labelme-xml/files", test_files);
  g_test_add_func ("/dataset/import/labelme-xml/fixtures", test_fixtures);
  return g_test_run ();
}
