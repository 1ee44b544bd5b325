/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "app/training/fv-run-start.h"

G_BEGIN_DECLS

/* A project with a few small sample pictures, and waiting in the main loop. */

#define FV_TEST_PATIENCE_MS 240000

/* (transfer none): imported and split. */
const char *fv_test_run_project (guint n_train, guint n_val, guint size);

/* Runs the main loop until @condition holds. */
#define fv_test_wait_until(condition)                                                                                  \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    gint64 wait_end = g_get_monotonic_time () + FV_TEST_PATIENCE_MS * G_TIME_SPAN_MILLISECOND;                         \
    while (!(condition) && g_get_monotonic_time () < wait_end)                                                         \
      if (!g_main_context_iteration (NULL, FALSE))                                                                     \
        g_usleep (1000);                                                                                               \
    g_assert_true (condition);                                                                                         \
  }                                                                                                                    \
  G_STMT_END

/* A GAsyncReadyCallback that keeps a reference to the result in the GAsyncResult * that @user_data points to. */
void fv_test_keep_result (GObject *source, GAsyncResult *result, gpointer user_data);

/* Small and quick: 64 pixels, batches of 4, so many epochs. */
void fv_test_run_recipe (FvRecipe *recipe, guint epochs);

G_END_DECLS
