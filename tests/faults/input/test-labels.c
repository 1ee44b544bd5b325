/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Label files and descriptions of a gigabyte, of a million wrong lines, that unfold when they are read, of any bytes. */
#include "app/dataset/fv-class-name.h"
#include "app/dataset/fv-voc-file.h"
#include "app/dataset/fv-yolo-config.h"
#include "tests/app/dataset/test-import.h"
#include "tests/faults/input/fv-bounded.h"

#include <math.h>
#include <unistd.h>

/* A file of zeros that takes no room on the disk. */
static const char *
write_sparse (const char *folder, const char *name, gint64 size)
{
  const char *path = fv_test_write (folder, name, NULL);

  g_assert_cmpint (truncate (path, size), ==, 0);
  return path;
}

/* @n lines, each from @format with its number. */
static const char *
write_lines (const char *folder, const char *name, guint n, const char *format)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, format, i);
  return fv_test_write (folder, name, text->str);
}

/* A picture with that label file, beside one with a good one, imported: the good one is there. */
static FvImportReport *
import_beside (const char *folder)
{
  FvImportReport *report;

  fv_test_jpeg (folder, "images/a.jpg", 640, 480, 10, 0);
  fv_test_jpeg (folder, "images/b.jpg", 640, 480, 20, 0);
  fv_test_write (folder, "labels/b.txt", "0 0.5 0.5 0.1 0.1\n");
  report = fv_test_import (folder, &(FvImportParams){ .format = "yolo" });
  g_assert_cmpuint (fv_test_item (report, "images/b.jpg")->boxes->len, ==, 1);
  return report;
}

static void
test_gigabyte (void)
{
  const char *folder;

  if (!fv_bounded_begin ())
    return;
  folder = fv_test_folder ();
  write_sparse (folder, "labels/a.txt", 1 << 30);
  g_autoptr (FvImportReport) report = import_beside (folder);
  g_assert_cmpuint (report->dataset->items->len, ==, 1);
  fv_test_assert_row (report->rejected, "labels/a.txt", 0, "larger than 64 MiB");

  static const char *const names[] = { "a.yaml", "a.data", "a.xml", "a.names" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *path = write_sparse (folder, names[i], 1 << 30);
      g_autofree char *reason = NULL;
      g_autoptr (GError) error = NULL;
      guint line;
      if (g_str_has_suffix (path, ".xml"))
        {
          g_assert_null (fv_voc_file_read (path, &reason, &line));
          g_assert_nonnull (strstr (reason, "larger than 64 MiB"));
        }
      else if (g_str_has_suffix (path, ".names"))
        g_assert_null (fv_yolo_read_names (path, NULL));
      else
        {
          g_assert_null (fv_yolo_config_read (path, report->repaired, report->rejected, &error));
          g_assert_nonnull (strstr (error->message, path));
          g_assert_nonnull (strstr (error->message, "larger than 64 MiB"));
        }
    }
  fv_bounded_end (64);
}

/* Within what a text file may have, but zeros. */
static void
test_zeros (void)
{
  const char *folder;

  if (!fv_bounded_begin ())
    return;
  folder = fv_test_folder ();
  write_sparse (folder, "labels/a.txt", 32 << 20);
  g_autoptr (FvImportReport) report = import_beside (folder);
  fv_test_assert_row (report->rejected, "labels/a.txt", 0, "is not text");
  fv_bounded_end (96);
}

/* Four million reasons would take a gigabyte. */
static void
test_wrong_lines (void)
{
  const char *folder;

  if (!fv_bounded_begin ())
    return;
  folder = fv_test_folder ();
  write_lines (folder, "labels/a.txt", 1000000, "x %u\n");
  g_autoptr (FvImportReport) report = import_beside (folder);
  g_assert_cmpuint (report->rejected->len, ==, 100001);
  fv_test_assert_row (report->rejected, "labels/a.txt", 100001, "There is more to say than is listed");
  fv_bounded_end (128);
}

static void
test_boxes (void)
{
  const char *folder;

  if (!fv_bounded_begin ())
    return;
  folder = fv_test_folder ();
  write_lines (folder, "labels/a.txt", 300000, "0 0.5 0.5 0.1 0.1%06u\n");
  g_autoptr (FvImportReport) report = import_beside (folder);
  g_assert_cmpuint (fv_test_item (report, "images/a.jpg")->boxes->len, ==, 100000);
  fv_test_assert_row (report->rejected, "labels/a.txt", 100001, "has 100000 boxes already");
  fv_bounded_end (192);
}

static void
test_one_line (void)
{
  const char *folder;

  if (!fv_bounded_begin ())
    return;
  folder = fv_test_folder ();
  write_lines (folder, "labels/a.txt", 12000000, "0 ");
  g_autoptr (FvImportReport) report = import_beside (folder);
  fv_test_assert_row (report->rejected, "labels/a.txt", 1,
                      "more than 20001 values, but a polygon at most 10000 corners");
  fv_bounded_end (112);
}

/* Ten million empty lines in each file that is a list. */
static void
test_empty_lines (void)
{
  const char *folder;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  g_autoptr (GError) error = NULL;

  if (!fv_bounded_begin ())
    return;
  folder = fv_test_folder ();
  write_lines (folder, "a.data", 10000000, "\n");
  write_lines (folder, "a.names", 10000000, "\n");
  write_lines (folder, "train.txt", 10000000, "\n");
  fv_test_write (folder, "b.data", "train = train.txt\nnames = a.names\n");
  g_autofree char *data = g_build_filename (folder, "a.data", NULL);
  g_autofree char *names = g_build_filename (folder, "a.names", NULL);
  g_autofree char *list = g_build_filename (folder, "b.data", NULL);
  g_autoptr (FvYoloConfig) config = fv_yolo_config_read (data, rows, rows, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (config->sources->len, ==, 0);
  g_assert_null (fv_yolo_read_names (names, NULL));
  g_autoptr (FvProject) project = fv_test_project ();
  g_assert_null (fv_import (project, list, &(FvImportParams){ .dry_run = TRUE }, &error));
  g_assert_nonnull (error);
  fv_bounded_end (96);
}

/* XML */

static void
assert_xml_refused (const char *text, gsize size, const char *message)
{
  const char *path = fv_test_write_data (fv_test_folder (), "a.xml", text, size);
  g_autofree char *reason = NULL;
  guint line;

  g_assert_null (fv_voc_file_read (path, &reason, &line));
  g_test_message ("line %u: %s", line, reason);
  g_assert_true (g_utf8_validate (reason, -1, NULL));
  g_assert_nonnull (strstr (reason, message));
}

static void
test_xml (void)
{
  g_autoptr (GString) laughs = g_string_new ("<!DOCTYPE a [<!ENTITY a0 \"ha\">");
  g_autoptr (GString) deep = g_string_new ("<annotation>");
  g_autoptr (GString) wide = g_string_new ("<annotation>");

  if (!fv_bounded_begin ())
    return;
  for (guint i = 1; i < 30; i++)
    g_string_append_printf (laughs, "<!ENTITY a%u \"&a%u;&a%u;&a%u;&a%u;\">", i, i - 1, i - 1, i - 1, i - 1);
  /* So few that the parser's own limits don't see it. */
  const char *unfolding = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><annotation><filename>&b;</filename>"
                          "<object><name>&b;</name></object></annotation>";
  assert_xml_refused (unfolding, strlen (unfolding), "declares entities");
  g_string_append (laughs, "]><annotation><object><name>&a29;</name></object></annotation>");
  assert_xml_refused (laughs->str, laughs->len, "");
  const char *external = "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/hostname\">]><annotation><filename>&e;"
                         "</filename></annotation>";
  assert_xml_refused (external, strlen (external), "declares entities");
  const char *itself
      = "<!DOCTYPE a [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]><annotation><filename>&a;</filename></annotation>";
  assert_xml_refused (itself, strlen (itself), "");
  for (guint i = 0; i < 100000; i++)
    g_string_append (deep, "<object>");
  assert_xml_refused (deep->str, deep->len, "not valid XML");
  while (wide->len <= 16 << 20)
    g_string_append (wide, "<a/><a/><a/><a/>");
  g_string_append (wide, "</annotation>");
  assert_xml_refused (wide->str, wide->len, "larger than 16 MiB and so can't be an annotation");
  fv_bounded_end (128);
}

/* Descriptions */

static void
assert_yaml_refused (const char *text, const char *message)
{
  const char *path = fv_test_write (fv_test_folder (), "data.yaml", text);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  g_autoptr (GError) error = NULL;

  g_assert_null (fv_yolo_config_read (path, rows, rows, &error));
  g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_assert_nonnull (strstr (error->message, message));
}

static FvYoloConfig *
read_yaml (const char *text)
{
  const char *path = fv_test_write (fv_test_folder (), "data.yaml", text);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  g_autoptr (GError) error = NULL;
  FvYoloConfig *config = fv_yolo_config_read (path, rows, rows, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < rows->len; i++)
    g_assert_true (g_utf8_validate (((const FvProblem *)g_ptr_array_index (rows, i))->reason, -1, NULL));
  return config;
}

static void
test_yaml (void)
{
  g_autoptr (GString) laughs = g_string_new ("a0: &a0 [ha]\n");
  g_autoptr (GString) deep = g_string_new ("train: ");
  g_autoptr (GString) wide = g_string_new ("train: [");
  g_autoptr (GString) anchors = g_string_new ("train: [");
  g_autoptr (GString) directives = g_string_new (NULL);

  if (!fv_bounded_begin ())
    return;
  for (guint i = 1; i < 30; i++)
    g_string_append_printf (laughs, "a%u: &a%u [*a%u,*a%u,*a%u,*a%u]\n", i, i, i - 1, i - 1, i - 1, i - 1);
  g_string_append (laughs, "train: *a29\nnames: *a29\n");
  g_autoptr (FvYoloConfig) unfolding = read_yaml (laughs->str);
  g_assert_cmpuint (unfolding->sources->len, ==, 0);
  g_autoptr (FvYoloConfig) itself = read_yaml ("train: &a [*a, *a]\nnames: &b {0: *b, *b : 1}\npath: *a\nnc: *a\n");
  g_assert_cmpuint (itself->sources->len, ==, 0);
  for (guint i = 0; i < 1000000; i++)
    g_string_append (deep, i % 2 == 0 ? "[" : "{a: ");
  assert_yaml_refused (deep->str, "too many lists in lists, anchors or directives");
  for (guint i = 0; i < 100000; i++)
    {
      g_string_append_printf (anchors, "&a%u x,", i);
      g_string_append_printf (directives, "%%TAG !a%u! b\n", i);
    }
  assert_yaml_refused (anchors->str, "too many lists in lists, anchors or directives");
  assert_yaml_refused (directives->str, "too many lists in lists, anchors or directives");
  while (wide->len <= 4 << 20)
    g_string_append (wide, "a,a,a,a,");
  g_string_append (wide, "a]\n");
  assert_yaml_refused (wide->str, "larger than 4 MiB and so can't describe a dataset");
  fv_bounded_end (64);
}

/* Names of classes */

static void
test_names (void)
{
  g_autofree char *longest = g_strnfill (FV_CLASS_NAME_MAX, 'x');
  g_autofree char *longer = g_strnfill (FV_CLASS_NAME_MAX + 1, 'x');

  g_assert_true (fv_class_name_is_usable ("red blood cell"));
  g_assert_true (fv_class_name_is_usable ("細胞 \xf0\x9f\x94\xac \xd7\x90"));
  g_assert_true (fv_class_name_is_usable (longest));
  g_assert_false (fv_class_name_is_usable (longer));
  g_assert_false (fv_class_name_is_usable (""));
  g_assert_false (fv_class_name_is_usable ("a\nb"));
  g_assert_false (fv_class_name_is_usable ("a\x1b[31m"));
  g_assert_false (fv_class_name_is_usable ("\xff\xfe"));
}

/* Each description gives these names in the end, all usable and none twice. */
static void
test_descriptions (void)
{
  static const struct
  {
    const char *label, *text, *names[4];
  } cases[] = {
    { "twice", "train: .\nnames: [a, a, a]\n", { "a", "class1", "class2" } },
    { "twice, and what would stand for it is taken", "train: .\nnames: [class1, a, a]\n", { "class1", "a", "class2" } },
    { "made names", "train: .\nnames: [class1, '', class1]\n", { "class1", "class1_", "class2" } },
    { "escapes", "train: .\nnames: [\"a\\0b\", \"a\\nb\", \"\\xE4\"]\n", { "a", "class1", "ä" } },
    { "a byte order mark", "\xef\xbb\xbftrain: .\r\nnames: [a, b]\r\n", { "a", "b" } },
    { "a script", "train: .\nnames: [細胞, \"\\u05D0\"]\n", { "細胞", "א" } },
    { "gaps", "train: .\nnames: {2: b}\n", { "class0", "class1", "b" } },
    { "numbers", "train: .\nnames: [1e3, 0x10, ~]\n", { "1e3", "0x10", "~" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FvYoloConfig) config = read_yaml (cases[i].text);

      g_test_message ("%s", cases[i].label);
      for (guint k = 0; cases[i].names[k] != NULL; k++)
        g_assert_cmpstr (config->class_names[k], ==, cases[i].names[k]);
    }
  assert_yaml_refused ("train: .\nnames: [\xff\xfe]\n", "this is not valid YAML");
  /* UTF-16: what Windows' editors call Unicode. */
  const char *wide = fv_test_write_data (fv_test_folder (), "wide.yaml", "\xff\xfet\0r\0", 6);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  g_autoptr (GError) error = NULL;
  g_assert_null (fv_yolo_config_read (wide, rows, rows, &error));
  g_assert_nonnull (strstr (error->message, "The file is not text. Save it as plain text (UTF-8)."));
  g_auto (GStrv) names = fv_yolo_read_names (
      fv_test_write (fv_test_folder (), "a.names", "\xef\xbb\xbfred\r\n\xff\xfe\r\nred\r\n\r\n"), NULL);
  g_assert_cmpuint (g_strv_length (names), ==, 3);
  g_assert_cmpstr (names[0], ==, "red");
  g_assert_cmpstr (names[1], ==, "class1");
  g_assert_cmpstr (names[2], ==, "class2");
}

/* Annotations */

static FvVocFile *
read_xml (const char *bytes, gsize size)
{
  const char *path = fv_test_write_data (fv_test_folder (), "a.xml", bytes, size);
  g_autofree char *reason = NULL;
  guint line;
  FvVocFile *file = fv_voc_file_read (path, &reason, &line);

  g_assert_cmpstr (reason, ==, NULL);
  return file;
}

#define OBJECT(name, numbers) "<object><name>" name "</name><bndbox>" numbers "</bndbox></object>"
#define BOX "<xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax>"

static void
test_annotations (void)
{
  static const char latin[]
      = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><annotation>" OBJECT ("gr\xfcn", BOX) "</annotation>";
  static const char marked[] = "\xef\xbb\xbf<annotation>\r\n" OBJECT ("a", BOX) "\r\n</annotation>\r\n";
  static const char numbers[]
      = "<annotation>" OBJECT ("a", "<xmin>1e1</xmin><ymin> 2 </ymin><xmax>inf</xmax><ymax>nan</ymax>")
          OBJECT ("b", "<xmin>1,5</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax>")
              OBJECT ("c", "<xmin/><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax>") "</annotation>";
  g_autoptr (FvVocFile) as_latin = read_xml (latin, sizeof latin - 1);
  g_autoptr (FvVocFile) with_mark = read_xml (marked, sizeof marked - 1);
  g_autoptr (FvVocFile) with_numbers = read_xml (numbers, sizeof numbers - 1);
  g_autofree char *longer = g_strnfill (5000, 'x');
  g_autofree char *text
      = g_strdup_printf ("<annotation>" OBJECT ("%s", BOX) OBJECT ("a&#10;b", BOX) "</annotation>", longer);
  g_autoptr (FvVocFile) with_names = read_xml (text, strlen (text));
  const FvVocObject *object = g_ptr_array_index (as_latin->objects, 0);

  g_assert_cmpstr (object->name, ==, "grün");
  g_assert_null (object->fault);
  object = g_ptr_array_index (with_mark->objects, 0);
  g_assert_cmpstr (object->name, ==, "a");
  object = g_ptr_array_index (with_numbers->objects, 0);
  g_assert_null (object->fault);
  g_assert_true (object->x1 == 10 && object->y1 == 2 && isinf (object->x2) && isnan (object->y2));
  for (guint i = 1; i < 3; i++)
    {
      object = g_ptr_array_index (with_numbers->objects, i);
      g_assert_nonnull (strstr (object->fault, "no number in <xmin>"));
    }
  for (guint i = 0; i < 2; i++)
    {
      object = g_ptr_array_index (with_names->objects, i);
      g_assert_nonnull (strstr (object->fault, "longer than 200 bytes or has control characters"));
    }
  /* Wide characters hold NULs, so that they are no text to us. */
  assert_xml_refused ("\xff\xfe<\0a\0", 6, "not text");
  assert_xml_refused ("<annotation>\xff\xff</annotation>", 27, "not valid XML");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/faults/input/labels/gigabyte", test_gigabyte);
  g_test_add_func ("/faults/input/labels/zeros", test_zeros);
  g_test_add_func ("/faults/input/labels/wrong-lines", test_wrong_lines);
  g_test_add_func ("/faults/input/labels/boxes", test_boxes);
  g_test_add_func ("/faults/input/labels/one-line", test_one_line);
  g_test_add_func ("/faults/input/labels/empty-lines", test_empty_lines);
  g_test_add_func ("/faults/input/labels/xml", test_xml);
  g_test_add_func ("/faults/input/labels/yaml", test_yaml);
  g_test_add_func ("/faults/input/labels/names", test_names);
  g_test_add_func ("/faults/input/labels/descriptions", test_descriptions);
  g_test_add_func ("/faults/input/labels/annotations", test_annotations);
  return g_test_run ();
}
