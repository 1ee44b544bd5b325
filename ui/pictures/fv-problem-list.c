/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-problem-list.h"

#include "ui/fv-i18n.h"

struct _FvProblemItem
{
  GObject parent_instance;
  GPtrArray *problems;
  guint index;
};

G_DEFINE_FINAL_TYPE (FvProblemItem, fv_problem_item, G_TYPE_OBJECT)

const FvProblem *
fv_problem_item_get (FvProblemItem *self)
{
  return g_ptr_array_index (self->problems, self->index);
}

char *
fv_problem_item_get_title (FvProblemItem *self)
{
  return g_filename_display_basename (fv_problem_item_get (self)->file);
}

char *
fv_problem_item_get_place (FvProblemItem *self)
{
  const guint line = fv_problem_item_get (self)->line;
  return line > 0 ? g_strdup_printf (_ ("Line %u"), line) : g_strdup ("");
}

static void
fv_problem_item_finalize (GObject *object)
{
  g_ptr_array_unref (FV_PROBLEM_ITEM (object)->problems);
  G_OBJECT_CLASS (fv_problem_item_parent_class)->finalize (object);
}

static void
fv_problem_item_class_init (FvProblemItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fv_problem_item_finalize;
}

static void
fv_problem_item_init (FvProblemItem *self)
{
}

GListModel *
fv_problem_list_new (GPtrArray *problems)
{
  GListStore *store = g_list_store_new (FV_TYPE_PROBLEM_ITEM);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < problems->len; i++)
    {
      FvProblemItem *item = g_object_new (FV_TYPE_PROBLEM_ITEM, NULL);
      item->problems = g_ptr_array_ref (problems);
      item->index = i;
      g_ptr_array_add (items, item);
    }
  g_list_store_splice (store, 0, 0, items->pdata, items->len);
  return G_LIST_MODEL (store);
}

static guint
hash_problem (gconstpointer data)
{
  const FvProblem *problem = data;
  return g_str_hash (problem->file) ^ (problem->line * 31) ^ g_str_hash (problem->reason);
}

static gboolean
equal_problems (gconstpointer a, gconstpointer b)
{
  const FvProblem *first = a, *second = b;
  return first->line == second->line && g_str_equal (first->file, second->file)
         && g_str_equal (first->reason, second->reason);
}

void
fv_problem_list_drop_repeated (GPtrArray *problems)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (hash_problem, equal_problems);
  guint n = 0;
  for (guint i = 0; i < problems->len; i++)
    {
      FvProblem *problem = g_ptr_array_index (problems, i);
      if (!g_hash_table_add (seen, problem))
        continue;
      /* What is repeated gathers at the end. */
      problems->pdata[i] = problems->pdata[n];
      problems->pdata[n++] = problem;
    }
  g_ptr_array_set_size (problems, (int)n);
}

static void
append_rows (GString *text, const char *what, const GPtrArray *problems)
{
  for (guint i = 0; i < problems->len; i++)
    {
      const FvProblem *problem = g_ptr_array_index (problems, i);
      g_string_append_printf (text, "%s\t%s\t", what, problem->file);
      if (problem->line > 0)
        g_string_append_printf (text, "%u", problem->line);
      g_string_append_printf (text, "\t%s\n", problem->reason);
    }
}

char *
fv_problem_list_to_text (const GPtrArray *rejected, const GPtrArray *repaired)
{
  GString *text = g_string_new (NULL);
  append_rows (text, C_ ("labels", "Left out"), rejected);
  append_rows (text, C_ ("labels", "Repaired"), repaired);
  return g_string_free (text, FALSE);
}
