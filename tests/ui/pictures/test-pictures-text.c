/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-pictures-text.h"
#include "ui/pictures/fv-problem-list.h"

static GPtrArray *
make_problems (const char *file, guint line, const char *reason)
{
  GPtrArray *problems = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  if (file != NULL)
    g_ptr_array_add (problems, fv_problem_new (file, line, g_strdup (reason)));
  return problems;
}

static void
assert_text (char *text, const char *expected)
{
  g_assert_cmpstr (text, ==, expected);
  g_free (text);
}

static void
test_counts (void)
{
  assert_text (fv_pictures_text_shown (364, 364, 4888), "364 pictures, 4888 boxes");
  assert_text (fv_pictures_text_shown (1, 1, 1), "1 picture, 1 box");
  assert_text (fv_pictures_text_shown (87, 364, 0), "87 of 364 pictures, 0 boxes");
  assert_text (fv_pictures_text_problems (3, 1), "3 labels were left out");
  assert_text (fv_pictures_text_problems (1, 0), "1 label was left out");
  assert_text (fv_pictures_text_problems (0, 2), "2 labels were repaired");
  g_assert_null (fv_pictures_text_problems (0, 0));
}

static void
test_imported (void)
{
  g_autoptr (FvDataset) dataset = fv_dataset_new ((const char *const[]){ "cat", "dog", NULL });
  g_autoptr (GPtrArray) none = make_problems (NULL, 0, NULL);
  g_autoptr (GPtrArray) one = make_problems ("/a.txt", 2, "No.");
  FvItem *item = fv_item_new ();
  item->name = g_strdup ("a.jpg");
  fv_dataset_add (dataset, item);
  FvImportReport report = { .dataset = dataset, .repaired = none, .rejected = none };
  assert_text (fv_pictures_text_imported (&report), "Imported 1 picture, 0 boxes, 2 classes");
  report.rejected = one;
  assert_text (fv_pictures_text_imported (&report), "Imported 1 picture, 0 boxes, 2 classes; 1 label was left out");
}

static void
test_progress (void)
{
  assert_text (fv_pictures_text_progress ("pictures read"), "Reading pictures and labels…");
  assert_text (fv_pictures_text_progress ("pictures copied"), "Copying pictures into the project…");
  assert_text (fv_pictures_text_progress ("pictures compared"), "Looking for pictures that are nearly the same…");
  assert_text (fv_pictures_text_progress ("something else"), "something else");
}

static void
test_report (void)
{
  g_autoptr (GPtrArray) rejected = make_problems ("/data/labels/a.txt", 3, "The box has no area.");
  g_autoptr (GPtrArray) repaired = make_problems ("/data/b.jpg", 0, "It is named twice.");
  g_autoptr (GListModel) list = fv_problem_list_new (rejected);
  g_autoptr (GListModel) other = fv_problem_list_new (repaired);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 1);
  g_autoptr (FvProblemItem) item = g_list_model_get_item (list, 0);
  g_autoptr (FvProblemItem) whole = g_list_model_get_item (other, 0);
  assert_text (fv_problem_item_get_title (item), "a.txt");
  assert_text (fv_problem_item_get_place (item), "Line 3");
  assert_text (fv_problem_item_get_place (whole), "");
  g_assert_cmpstr (fv_problem_item_get (item)->reason, ==, "The box has no area.");
  assert_text (fv_problem_list_to_text (rejected, repaired), "Left out\t/data/labels/a.txt\t3\tThe box has no area.\n"
                                                             "Repaired\t/data/b.jpg\t\tIt is named twice.\n");
}

static void
test_repeated (void)
{
  g_autoptr (GPtrArray) problems = make_problems ("/a.txt", 3, "No area.");
  g_ptr_array_add (problems, fv_problem_new ("/a.txt", 4, g_strdup ("No area.")));
  g_ptr_array_add (problems, fv_problem_new ("/a.txt", 3, g_strdup ("No area.")));
  g_ptr_array_add (problems, fv_problem_new ("/a.txt", 3, g_strdup ("Another.")));
  g_ptr_array_add (problems, fv_problem_new ("/b.txt", 3, g_strdup ("No area.")));
  g_ptr_array_add (problems, fv_problem_new ("/a.txt", 4, g_strdup ("No area.")));
  g_autoptr (GPtrArray) none = make_problems (NULL, 0, NULL);
  fv_problem_list_drop_repeated (problems);
  assert_text (fv_problem_list_to_text (problems, none),
               "Left out\t/a.txt\t3\tNo area.\nLeft out\t/a.txt\t4\tNo area.\n"
               "Left out\t/a.txt\t3\tAnother.\nLeft out\t/b.txt\t3\tNo area.\n");
  fv_problem_list_drop_repeated (none);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/pictures/text/counts", test_counts);
  g_test_add_func ("/ui/pictures/text/imported", test_imported);
  g_test_add_func ("/ui/pictures/text/progress", test_progress);
  g_test_add_func ("/ui/pictures/text/report", test_report);
  g_test_add_func ("/ui/pictures/text/repeated", test_repeated);
  return g_test_run ();
}
