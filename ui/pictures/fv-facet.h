/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/*
 * A choice of a filter: its name, how many pictures it would show, and a colour where it is a class.
 * Properties: name, count-text (as people read it), class-id (-1: no class). Main thread.
 */
#define FV_TYPE_FACET (fv_facet_get_type ())
G_DECLARE_FINAL_TYPE (FvFacet, fv_facet, FV, FACET, GObject)

/* value: what the filter is set to. */
FvFacet *fv_facet_new (const char *name, int value, int class_id);
int fv_facet_get_value (FvFacet *self);
void fv_facet_set_count (FvFacet *self, guint count);

/* Gives a drop-down rows of facets: the name, and the count behind it. name: of the drop-down, for screen readers. */
void fv_facet_set_up_drop_down (GtkDropDown *drop_down, const char *name);

G_END_DECLS
