/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-advice-private.h"

#include <glib/gi18n-lib.h>

#define MAX_NAMED 5

static const FvAdviceRule *const rule_lists[] = { fv_advice_data_rules, fv_advice_training_rules };

char *
fv_advice_name_classes (const FvAdviceFacts *facts, gboolean (*test) (const FvAdviceFacts *facts, guint class_id),
                        guint *n)
{
  g_autoptr (GString) text = g_string_new (NULL);
  *n = 0;
  for (guint i = 0; i < facts->statistics->classes->len; i++)
    if (test (facts, i) && ++*n <= MAX_NAMED)
      g_string_append_printf (text, "%s%s", *n > 1 ? ", " : "",
                              g_array_index (facts->statistics->classes, FvClassStatistics, i).name);
  if (*n > MAX_NAMED)
    g_string_append_printf (text, _ (" and %u more"), *n - MAX_NAMED);
  return *n > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static void
advice_free (gpointer data)
{
  FvAdvice *self = data;
  g_free (self->text);
  g_free (self->reason);
  g_free (self->action);
  g_free (self->setting);
  g_free (self);
}

static void
facts_init (FvAdviceFacts *facts, const FvAdviceParams *params)
{
  const FvDataset *dataset = params->dataset;
  *facts = (FvAdviceFacts){ .params = params, .statistics = params->statistics };
  for (guint subset = 0; subset < FV_N_SUBSETS; subset++)
    facts->boxes[subset] = g_new0 (guint64, dataset->n_classes + 1);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      facts->n_boxes[item->subset] += item->boxes->len;
      for (guint k = 0; k < item->boxes->len; k++)
        facts->boxes[item->subset][g_array_index (item->boxes, FvBox, k).class_id]++;
    }
  for (guint i = 0; i < params->statistics->classes->len; i++)
    facts->most = MAX (facts->most, g_array_index (params->statistics->classes, FvClassStatistics, i).boxes);
  fv_split_count (dataset, &facts->split);
  fv_suggest_measure (dataset, &facts->figures);
  facts->suggestions = fv_suggest_new (&facts->figures, FALSE);
  fv_recipe_init (&facts->recipe);
}

static void
facts_clear (FvAdviceFacts *facts)
{
  for (guint subset = 0; subset < FV_N_SUBSETS; subset++)
    g_free (facts->boxes[subset]);
  fv_suggestions_free (facts->suggestions);
}

GPtrArray *
fv_advise (const FvAdviceParams *params)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (advice_free);
  FvAdviceFacts facts;
  gboolean alone = FALSE;
  facts_init (&facts, params);
  for (guint i = 0; i < G_N_ELEMENTS (rule_lists) && !alone; i++)
    for (const FvAdviceRule *rule = rule_lists[i]; rule->id != NULL && !alone; rule++)
      {
        FvAdvice advice = { .id = rule->id };
        if (!rule->judge (&facts, &advice))
          continue;
        advice.reason = advice.reason != NULL ? advice.reason : g_strdup (_ (rule->reason));
        advice.action = advice.action != NULL ? advice.action : g_strdup (_ (rule->action));
        g_ptr_array_add (all, g_memdup2 (&advice, sizeof advice));
        alone = rule->alone;
      }
  facts_clear (&facts);
  return all;
}

const char *const *
fv_advice_get_ids (void)
{
  static const char *const *ids;
  if (g_once_init_enter (&ids))
    {
      GPtrArray *found = g_ptr_array_new ();
      for (guint i = 0; i < G_N_ELEMENTS (rule_lists); i++)
        for (const FvAdviceRule *rule = rule_lists[i]; rule->id != NULL; rule++)
          g_ptr_array_add (found, (gpointer)rule->id);
      g_ptr_array_add (found, NULL);
      g_once_init_leave (&ids, (const char *const *)g_ptr_array_free (found, FALSE));
    }
  return ids;
}
