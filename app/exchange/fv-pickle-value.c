/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking into the tree that fv-pickle.c made. */
#include "app/exchange/fv-pickle.h"

#include <string.h>

static gboolean
has_elements (const FvPickleValue *value)
{
  return value != NULL && (value->type == FV_PICKLE_TUPLE || value->type == FV_PICKLE_LIST) && value->items != NULL;
}

static gboolean
has_pairs (const FvPickleValue *value)
{
  return value != NULL && (value->type == FV_PICKLE_DICT || value->type == FV_PICKLE_OBJECT) && value->items != NULL;
}

guint
fv_pickle_length (const FvPickleValue *value)
{
  return has_elements (value) ? value->items->len : has_pairs (value) ? value->items->len / 2 : 0;
}

const FvPickleValue *
fv_pickle_element (const FvPickleValue *value, guint index)
{
  return has_elements (value) && index < value->items->len ? g_ptr_array_index (value->items, index) : NULL;
}

const FvPickleValue *
fv_pickle_key (const FvPickleValue *value, guint index)
{
  return has_pairs (value) && index < value->items->len / 2 ? g_ptr_array_index (value->items, 2 * index) : NULL;
}

const FvPickleValue *
fv_pickle_value (const FvPickleValue *value, guint index)
{
  return has_pairs (value) && index < value->items->len / 2 ? g_ptr_array_index (value->items, 2 * index + 1) : NULL;
}

const FvPickleValue *
fv_pickle_lookup (const FvPickleValue *value, const char *key)
{
  for (guint i = fv_pickle_length (value); has_pairs (value) && i-- > 0;)
    if (g_strcmp0 (fv_pickle_text (fv_pickle_key (value, i)), key) == 0)
      return fv_pickle_value (value, i);
  return NULL;
}

const FvPickleValue *
fv_pickle_attribute (const FvPickleValue *value, const char *attribute)
{
  return value != NULL && value->type == FV_PICKLE_OBJECT ? fv_pickle_lookup (value->state, attribute) : NULL;
}

const char *
fv_pickle_text (const FvPickleValue *value)
{
  return value != NULL && value->type == FV_PICKLE_TEXT ? value->text : NULL;
}

gboolean
fv_pickle_integer (const FvPickleValue *value, gint64 *out)
{
  if (value == NULL || value->type != FV_PICKLE_INT)
    return FALSE;
  *out = value->integer;
  return TRUE;
}

gboolean
fv_pickle_made_by (const FvPickleValue *value, const char *global)
{
  return value != NULL && value->type == FV_PICKLE_OBJECT && strcmp (value->callee->text, global) == 0;
}
