/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/dataset/fv-csv.h"
#include "app/dataset/fv-import.h"
#include "tests/fv-test-data.h"

/* "1[a|b] 2[c]", or what the error says behind the file's name. */
static char *
read_all (const char *text, gsize size)
{
  g_autoptr (GError) error = NULL;
  const char *path = fv_test_write_data (fv_test_folder (), "a.csv", text, size);
  g_autoptr (FvCsv) csv = fv_csv_open (path, &error);
  GString *all = g_string_new (NULL);

  g_assert_no_error (error);
  while (fv_csv_next (csv, &error))
    {
      g_string_append_printf (all, "%s%u[", all->len > 0 ? " " : "", fv_csv_get_line (csv));
      for (guint i = 0; i < fv_csv_get_n_fields (csv); i++)
        g_string_append_printf (all, "%s%s", i > 0 ? "|" : "", fv_csv_get_field (csv, (int)i));
      g_string_append_c (all, ']');
    }
  if (error != NULL)
    {
      g_assert_true (g_error_matches (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE));
      g_assert_true (g_str_has_prefix (error->message, path));
      g_string_append_printf (all, "!%s", error->message + strlen (path));
    }
  return g_string_free (all, FALSE);
}

static void
test_rows (void)
{
  static const struct
  {
    const char *text, *rows;
  } cases[] = {
    { "", "" },
    { "\n\r\n \n", "" },
    { "a,b\n1,2\n", "1[a|b] 2[1|2]" },
    { "a,b\r\n1,2", "1[a|b] 2[1|2]" },
    { "\xef\xbb\xbf"
      "a,b\n",
      "1[a|b]" },
    { "a;b;c,d\n1;2,5;3\n", "1[a|b|c,d] 2[1|2,5|3]" },
    { "a\tb\n1\t\n", "1[a|b] 2[1|]" },
    { "\"a,b\",c\n\n\"d\"\"e\",\n", "1[a,b|c] 3[d\"e|]" },
    { "\"a\nb\",c\nd,e\n", "1[a\nb|c] 3[d|e]" },
    { " a , \" b \" ,c d \n", "1[a| b |c d]" },
    { "a\"b,c\n", "1[a\"b|c]" },
    { "a,,\n", "1[a||]" },
    { "a,b\n\"c,d\ne,f\n", "1[a|b]!, line 2: Nothing closes the quote in this line. Correct the line." },
    { "a,b\nc,\xff\n", "1[a|b]!, line 2: The text is not valid UTF-8. Save the file as UTF-8." },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *rows = read_all (cases[i].text, strlen (cases[i].text));
      g_assert_cmpstr (rows, ==, cases[i].rows);
    }
  g_autofree char *binary = read_all ("a\0b,c\n", 6);
  g_assert_cmpstr (binary, ==, "!, line 1: The file is not text. Save it as plain text (UTF-8).");
}

static void
test_bounds (void)
{
  g_autofree char *long_row = g_strnfill (3 << 20, 'a'), *fields = g_strnfill (20000, ',');
  g_autofree char *quoted = g_strdelimit (g_strnfill (3 << 20, 'a'), "b", 'c');
  quoted[0] = '"';
  quoted[100] = '\n';
  g_autofree char *rows = read_all (long_row, strlen (long_row));
  g_assert_cmpstr (rows, ==, "!, line 1: The line is longer than 1 MiB. Is it a table?");
  g_autofree char *many = read_all (fields, strlen (fields));
  g_assert_cmpstr (many, ==, "!, line 1: The line has more than 10000 fields. Is it a table?");
  g_autofree char *open = read_all (quoted, strlen (quoted));
  g_assert_cmpstr (open, ==, "!, line 1: Nothing closes the quote in this line. Correct the line.");
}

/* A file of many blocks: no row is torn where one ends. */
static void
test_long_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = g_string_new ("name,number\r\n");
  for (guint i = 0; i < 50000; i++)
    g_string_append_printf (text, "\"picture \"\"%u\"\"\",%u\r\n", i, i);
  g_autoptr (FvCsv) csv
      = fv_csv_open (fv_test_write_data (fv_test_folder (), "long.csv", text->str, text->len), &error);
  g_assert_no_error (error);
  g_assert_true (fv_csv_next (csv, &error));
  g_assert_cmpint (fv_csv_find (csv, (const char *const[]){ "Absent", "NUMBER", "name", NULL }), ==, 1);
  g_assert_cmpint (fv_csv_find (csv, (const char *const[]){ "absent", NULL }), ==, -1);
  guint n = 0;
  for (; fv_csv_next (csv, &error); n++)
    {
      g_autofree char *name = g_strdup_printf ("picture \"%u\"", n);
      double number;
      g_assert_cmpstr (fv_csv_get_field (csv, 0), ==, name);
      g_assert_true (fv_csv_get_number (csv, 1, &number));
      g_assert_cmpfloat (number, ==, n);
      g_assert_false (fv_csv_get_number (csv, 0, &number));
      g_assert_cmpstr (fv_csv_get_field (csv, 2), ==, "");
      g_assert_cmpuint (fv_csv_get_line (csv), ==, n + 2);
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 50000);
}

static void
test_no_file (void)
{
  const char *const paths[] = { "/nowhere/a.csv", fv_test_folder () };
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (fv_csv_open (paths[i], &error));
      g_assert_true (g_str_has_prefix (error->message, paths[i]));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset/csv/rows", test_rows);
  g_test_add_func ("/dataset/csv/bounds", test_bounds);
  g_test_add_func ("/dataset/csv/long-file", test_long_file);
  g_test_add_func ("/dataset/csv/no-file", test_no_file);
  return g_test_run ();
}
