/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/*
 * The program's only use of dialogs that other versions of GTK and libadwaita have otherwise, so that they change in one file. File dialogs go
 * through the portal where there is one. `from` is any widget in the window that asks.
 */

/* A response of a question. */
typedef struct
{
  const char *id;          /* what the answer is */
  const char *label;       /* with a mnemonic */
  gboolean suggested, destructive;
} FvDialogResponse;

/*
 * Asks; heading and body are for the person, responses end with a NULL id, the first is what Escape means and the default is the suggested one.
 * _finish: (transfer full), the id of the response.
 */
void fv_dialog_ask_async (GtkWidget *from, const char *heading, const char *body, const FvDialogResponse *responses,
                          GAsyncReadyCallback callback, gpointer user_data);
char *fv_dialog_ask_finish (GAsyncResult *result);

/* Says what went wrong; nobody waits for it. */
void fv_dialog_tell_error (GtkWidget *from, const char *heading, const GError *error);

/* A kind of file that a dialog offers. */
typedef struct
{
  const char *name;             /* for the person */
  const char *const *suffixes;  /* without the dot, NULL-terminated; NULL = any file */
} FvDialogFilter;

/* All file dialogs: _finish is (transfer full), NULL without error when the person thought better of it. filters end with a NULL name; NULL = any. */
void fv_dialog_open_file_async (GtkWidget *from, const char *title, const FvDialogFilter *filters,
                                GAsyncReadyCallback callback, gpointer user_data);
void fv_dialog_open_folder_async (GtkWidget *from, const char *title, GAsyncReadyCallback callback, gpointer user_data);
/* name: what the file is called at first. */
void fv_dialog_save_file_async (GtkWidget *from, const char *title, const char *name, GAsyncReadyCallback callback,
                                gpointer user_data);
GFile *fv_dialog_file_finish (GAsyncResult *result);

/* A short remark at the bottom of the window; nothing where `from` is in none of ours. */
void fv_toast (GtkWidget *from, const char *text);
/* With a button that calls clicked (object); it stays a little longer. button: with a mnemonic. */
void fv_toast_with_button (GtkWidget *from, const char *text, const char *button, GCallback clicked, gpointer object);

G_END_DECLS
