/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

G_BEGIN_DECLS

/* settings.json in a project's folder: the recipe of the next run and where its weights come from. Used by fv-document.c alone. */
typedef struct
{
  FvRecipe recipe;
  FvDocumentStart start;
  gboolean chosen; /* there is a file */
} FvDocumentSettings;

/* Defaults: the recipe's own, a new network of size n. */
void fv_document_settings_init (FvDocumentSettings *self);
void fv_document_settings_clear (FvDocumentSettings *self);
/* (transfer full) */
FvDocumentSettings *fv_document_settings_copy (const FvDocumentSettings *self);
void fv_document_settings_free (FvDocumentSettings *self);
/*
 * Reads the file where there is one; what it can't understand stays at its default. Errors: the file is there and is no settings
 * file of Fovea's; self then holds the defaults.
 */
gboolean fv_document_settings_load (FvDocumentSettings *self, const char *project, GError **error);
/* Atomic. Errors: G_FILE_ERROR. */
gboolean fv_document_settings_save (const FvDocumentSettings *self, const char *project, GError **error);

G_END_DECLS
