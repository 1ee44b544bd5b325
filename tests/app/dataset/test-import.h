/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <string.h>

#include "app/dataset/fv-import.h"
#include "tests/app/dataset/fv-test-jpeg.h"
#include "tests/fv-test-data.h"

/* What the tests of importers share. */

/* A new empty project, open for editing. */
static inline FvProject *
fv_test_project (void)
{
  g_autoptr (GError) error = NULL;
  /* Imports keep what they have seen of pictures in the person's cache. */
  fv_test_isolate ();
  g_autofree char *path = g_build_filename (fv_test_folder (), "project", NULL);
  FvProject *project = fv_project_create (path, &error);
  g_assert_no_error (error);
  return project;
}

/* Imports into a project of its own; must succeed. */
static inline FvImportReport *
fv_test_import (const char *source, const FvImportParams *params)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvProject) project = fv_test_project ();
  FvImportReport *report = fv_import (project, source, params, &error);
  g_assert_no_error (error);
  return report;
}

/* Whether a row has this file ending and line and a reason that contains the text. */
static inline void
fv_test_assert_row (const GPtrArray *rows, const char *file, guint line, const char *text)
{
  for (guint i = 0; i < rows->len; i++)
    {
      const FvProblem *row = g_ptr_array_index (rows, i);
      if (g_str_has_suffix (row->file, file) && row->line == line && strstr (row->reason, text) != NULL)
        return;
    }
  for (guint i = 0; i < rows->len; i++)
    {
      const FvProblem *row = g_ptr_array_index (rows, i);
      g_test_message ("%s, line %u: %s", row->file, row->line, row->reason);
    }
  g_error ("no row for %s, line %u, '%s'", file, line, text);
}

static inline const FvItem *
fv_test_item (const FvImportReport *report, const char *name)
{
  for (guint i = 0; i < report->dataset->items->len; i++)
    if (strcmp (fv_dataset_get (report->dataset, i)->name, name) == 0)
      return fv_dataset_get (report->dataset, i);
  g_error ("no picture %s", name);
}

static inline void
fv_test_assert_box (const FvItem *item, guint index, guint class_id, double x1, double y1, double x2, double y2)
{
  g_assert_cmpuint (item->boxes->len, >, index);
  const FvBox *box = &g_array_index (item->boxes, FvBox, index);
  g_assert_cmpuint (box->class_id, ==, class_id);
  g_assert_cmpfloat_with_epsilon (box->x1, x1, 1e-9);
  g_assert_cmpfloat_with_epsilon (box->y1, y1, 1e-9);
  g_assert_cmpfloat_with_epsilon (box->x2, x2, 1e-9);
  g_assert_cmpfloat_with_epsilon (box->y2, y2, 1e-9);
}
