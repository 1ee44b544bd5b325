/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* Imports into a document, says how far it is, and can be stopped. */
#define FV_TYPE_IMPORT_VIEW (fv_import_view_get_type ())
G_DECLARE_FINAL_TYPE (FvImportView, fv_import_view, FV, IMPORT_VIEW, AdwBin)

/* source: an absolute folder or data description. Errors: those of fv_document_import_async(); G_IO_ERROR_CANCELLED left nothing behind. */
void fv_import_view_import_async (FvImportView *self, FvDocument *document, const char *source, gboolean copy,
                                  GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full) */
FvImportReport *fv_import_view_import_finish (FvImportView *self, GAsyncResult *result, GError **error);
/* Nothing happens where no import goes on. */
void fv_import_view_cancel (FvImportView *self);
/* The same, and the view is free for the next at once: the one that ends is shown no more. */
void fv_import_view_leave (FvImportView *self);

G_END_DECLS
