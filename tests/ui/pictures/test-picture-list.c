/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-box-item.h"
#include "ui/pictures/fv-picture-list.h"

/* What happened to a list since it was looked at last. */
typedef struct
{
  guint position, removed, added, times;
} Change;

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  Change *change = data;
  *change = (Change){ position, removed, added, change->times + 1 };
}

static void
add (FvDataset *dataset, const char *name, FvSubset subset, const char *classes)
{
  FvItem *item = fv_item_new ();
  item->path = g_build_filename ("/pictures", name, NULL);
  item->name = g_strdup (name);
  item->width = 100;
  item->height = 50;
  item->subset = subset;
  for (; *classes != '\0'; classes++)
    {
      const FvBox box = { (guint)(*classes - '0'), 10, 20, 30, 45 };
      g_array_append_val (item->boxes, box);
    }
  fv_dataset_add (dataset, item);
}

/* Five pictures: the digits are the classes of their boxes. */
static FvDataset *
make_dataset (void)
{
  FvDataset *dataset = fv_dataset_new ((const char *const[]){ "cat", "dog", "owl", NULL });
  add (dataset, "a/1.jpg", FV_SUBSET_TRAIN, "00");
  add (dataset, "a/2.jpg", FV_SUBSET_TRAIN, "01");
  add (dataset, "a/3.jpg", FV_SUBSET_VAL, "1");
  add (dataset, "b/4.jpg", FV_SUBSET_VAL, "");
  add (dataset, "b/5.jpg", FV_SUBSET_TEST, "011");
  return dataset;
}

static char *
get_titles (FvPictureList *list)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (list)); i++)
    {
      g_autoptr (FvPictureItem) item = g_list_model_get_item (G_LIST_MODEL (list), i);
      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", fv_picture_item_get_title (item));
    }
  return g_string_free (text, FALSE);
}

static void
assert_shows (FvPictureList *list, int subset, int class_id, const char *titles)
{
  g_autofree char *shown = NULL;
  fv_picture_list_set_filter (list, subset, class_id);
  shown = get_titles (list);
  g_assert_cmpstr (shown, ==, titles);
  g_assert_cmpuint (fv_picture_list_count (list, subset, class_id, NULL), ==,
                    g_list_model_get_n_items (G_LIST_MODEL (list)));
}

static void
test_filters (void)
{
  g_autoptr (FvDataset) dataset = make_dataset ();
  g_autoptr (FvPictureList) list = fv_picture_list_new ();
  guint64 n_boxes = 0;
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 0);
  fv_picture_list_set_dataset (list, dataset);
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (list)) == FV_TYPE_PICTURE_ITEM);

  assert_shows (list, FV_PICTURES_ANY, FV_PICTURES_ANY, "1.jpg 2.jpg 3.jpg 4.jpg 5.jpg");
  assert_shows (list, FV_SUBSET_TRAIN, FV_PICTURES_ANY, "1.jpg 2.jpg");
  assert_shows (list, FV_SUBSET_TEST, FV_PICTURES_ANY, "5.jpg");
  assert_shows (list, FV_SUBSET_NONE, FV_PICTURES_ANY, "");
  assert_shows (list, FV_PICTURES_ANY, 0, "1.jpg 2.jpg 5.jpg");
  assert_shows (list, FV_PICTURES_ANY, 2, "");
  assert_shows (list, FV_SUBSET_VAL, 1, "3.jpg");
  assert_shows (list, FV_PICTURES_ANY, FV_PICTURES_WITHOUT_BOXES, "4.jpg");
  assert_shows (list, FV_SUBSET_TRAIN, FV_PICTURES_WITHOUT_BOXES, "");

  g_assert_cmpuint (fv_picture_list_count (list, FV_PICTURES_ANY, FV_PICTURES_ANY, &n_boxes), ==, 5);
  g_assert_cmpuint (n_boxes, ==, 8);
  g_assert_cmpuint (fv_picture_list_count (list, FV_PICTURES_ANY, 1, &n_boxes), ==, 3);
  g_assert_cmpuint (n_boxes, ==, 4);
  /* Counting another filter changes nothing. */
  g_assert_cmpint (fv_picture_list_get_subset (list), ==, FV_SUBSET_TRAIN);
  g_assert_cmpint (fv_picture_list_get_class (list), ==, FV_PICTURES_WITHOUT_BOXES);
}

static void
test_changes (void)
{
  g_autoptr (FvDataset) dataset = make_dataset ();
  g_autoptr (FvDataset) smaller = fv_dataset_new ((const char *const[]){ "cat", NULL });
  g_autoptr (FvPictureList) list = fv_picture_list_new ();
  Change change = { 0 };
  g_signal_connect (list, "items-changed", G_CALLBACK (on_items_changed), &change);

  fv_picture_list_set_dataset (list, dataset);
  g_assert_cmpuint (change.times, ==, 1);
  g_assert_cmpuint (change.added, ==, 5);
  fv_picture_list_set_dataset (list, dataset);
  fv_picture_list_set_filter (list, FV_PICTURES_ANY, FV_PICTURES_ANY);
  g_assert_cmpuint (change.times, ==, 1);

  fv_picture_list_set_filter (list, FV_PICTURES_ANY, 1);
  g_assert_cmpuint (change.times, ==, 2);
  g_assert_cmpuint (change.removed, ==, 5);
  g_assert_cmpuint (change.added, ==, 3);

  /* A class that the other dataset doesn't have can't stay chosen. */
  add (smaller, "6.jpg", FV_SUBSET_TRAIN, "0");
  fv_picture_list_set_dataset (list, smaller);
  g_assert_cmpint (fv_picture_list_get_class (list), ==, FV_PICTURES_ANY);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 1);
  fv_picture_list_set_dataset (list, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 0);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (list), 0));
}

static void
test_items_stay (void)
{
  g_autoptr (FvDataset) dataset = make_dataset ();
  g_autoptr (FvPictureList) list = fv_picture_list_new ();
  guint position = 99;
  fv_picture_list_set_dataset (list, dataset);
  g_autoptr (FvPictureItem) fifth = g_list_model_get_item (G_LIST_MODEL (list), 4);
  g_assert_cmpuint (fv_picture_item_get_index (fifth), ==, 4);

  fv_picture_list_set_filter (list, FV_SUBSET_TEST, FV_PICTURES_ANY);
  g_autoptr (FvPictureItem) same = g_list_model_get_item (G_LIST_MODEL (list), 0);
  g_assert_true (same == fifth);
  g_assert_true (fv_picture_list_find (list, 4, &position));
  g_assert_cmpuint (position, ==, 0);
  g_assert_false (fv_picture_list_find (list, 0, &position));
  g_assert_false (fv_picture_list_find (list, 77, NULL));

  /* An item outlives the list and the dataset's other owners. */
  g_clear_object (&list);
  g_clear_pointer (&dataset, fv_dataset_unref);
  g_assert_cmpstr (fv_picture_item_get (fifth)->name, ==, "b/5.jpg");
}

static void
test_item (void)
{
  g_autoptr (FvDataset) dataset = make_dataset ();
  g_autoptr (FvPictureItem) second = fv_picture_item_new (dataset, 1);
  g_autoptr (FvPictureItem) background = fv_picture_item_new (dataset, 3);
  g_autofree char *description = fv_picture_item_describe (second);
  g_autofree char *no_boxes = fv_picture_item_describe (background);
  g_assert_cmpstr (fv_picture_item_get_title (second), ==, "2.jpg");
  g_assert_cmpstr (description, ==, "2 boxes, Training");
  g_assert_cmpstr (no_boxes, ==, "no boxes, Validation");
  g_assert_true (fv_picture_item_get_dataset (second) == dataset);

  /* The boxes of a thumbnail at half the width and a fifth of the height. */
  g_autofree FvDrawBox *boxes = fv_picture_item_get_boxes (second, 50, 10);
  g_assert_cmpuint (boxes[1].class_id, ==, 1);
  g_assert_cmpfloat_with_epsilon (boxes[1].x1, 5, 1e-9);
  g_assert_cmpfloat_with_epsilon (boxes[1].y1, 4, 1e-9);
  g_assert_cmpfloat_with_epsilon (boxes[1].x2, 15, 1e-9);
  g_assert_cmpfloat_with_epsilon (boxes[1].y2, 9, 1e-9);
  g_assert_cmpfloat (boxes[1].confidence, <, 0);
  g_assert_null (fv_picture_item_get_boxes (background, 50, 10));
}

static void
test_boxes (void)
{
  g_autoptr (FvDataset) dataset = make_dataset ();
  add (dataset, "c/6.jpg", FV_SUBSET_TRAIN, "27");
  g_autoptr (FvPictureItem) picture = fv_picture_item_new (dataset, 5);
  g_autoptr (GListModel) boxes = fv_box_list_new (picture);
  g_assert_cmpuint (g_list_model_get_n_items (boxes), ==, 2);
  g_autoptr (FvBoxItem) owl = g_list_model_get_item (boxes, 0);
  g_autoptr (FvBoxItem) nameless = g_list_model_get_item (boxes, 1);
  g_autofree char *title = fv_box_item_get_title (owl);
  g_autofree char *number = fv_box_item_get_title (nameless);
  g_autofree char *size = fv_box_item_get_size (owl);
  g_assert_cmpstr (title, ==, "owl");
  g_assert_cmpstr (number, ==, "7");
  g_assert_cmpstr (size, ==, "20 × 25");
}

/* Choosing a filter is no work that a person waits for. */
static void
test_many (void)
{
  g_autoptr (FvDataset) dataset = fv_dataset_new ((const char *const[]){ "cat", "dog", NULL });
  g_autoptr (FvPictureList) list = fv_picture_list_new ();
  for (guint i = 0; i < 20000; i++)
    {
      g_autofree char *name = g_strdup_printf ("%05u.jpg", i);
      add (dataset, name, i % 4, i % 2 ? "0101010101" : "0000000000");
    }
  fv_picture_list_set_dataset (list, dataset);
  const gint64 start = g_get_monotonic_time ();
  fv_picture_list_set_filter (list, FV_SUBSET_TRAIN, 1);
  g_test_message ("20000 pictures filtered in %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 5000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/pictures/list/filters", test_filters);
  g_test_add_func ("/ui/pictures/list/changes", test_changes);
  g_test_add_func ("/ui/pictures/list/items-stay", test_items_stay);
  g_test_add_func ("/ui/pictures/list/item", test_item);
  g_test_add_func ("/ui/pictures/list/boxes", test_boxes);
  g_test_add_func ("/ui/pictures/list/many", test_many);
  return g_test_run ();
}
