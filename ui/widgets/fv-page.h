/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ui/document/fv-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* A page of the window: shows one thing about a project. The window sets the property `document` when it opens or closes one. */
#define FV_TYPE_PAGE (fv_page_get_type ())
G_DECLARE_DERIVABLE_TYPE (FvPage, fv_page, FV, PAGE, AdwBin)

struct _FvPageClass
{
  AdwBinClass parent_class;
  /*
   * The document became another one, or none; handlers on the one before are taken off here (it is still alive). Chain up is not needed.
   * Called with a NULL document before the page is disposed of.
   */
  void (*document_changed) (FvPage *self, FvDocument *before);
};

/* (nullable) (transfer none) */
FvDocument *fv_page_get_document (FvPage *self);
void fv_page_set_document (FvPage *self, FvDocument *document);

G_END_DECLS
