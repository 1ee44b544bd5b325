/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <stdio.h>

G_BEGIN_DECLS

/*
 * The event stream of a run: one JSON object a line in events.jsonl, written before the call returns, with an optional copy.
 *
 *   JsonBuilder *b = fv_events_begin (events, "checkpoint");
 *   fv_json_put_int (b, "epoch", 3);
 *   fv_events_end (events, b, &error);
 */

typedef struct _FvEvents FvEvents;

/*
 * Opens for appending. Half a line that a killed process left at the end is cut off. @copy (nullable, transfer none) receives every line too.
 * Errors: G_FILE_ERROR.
 */
FvEvents *fv_events_open (const char *path, guint run, FILE *copy, GError **error);
void fv_events_free (FvEvents *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvEvents, fv_events_free)

/* (transfer full): a builder inside an object that has `event`, `time` (ISO 8601, UTC) and `run` already. */
JsonBuilder *fv_events_begin (FvEvents *self, const char *event);
/* Takes @builder, closes the object and writes the line, all of it or nothing. Errors: G_FILE_ERROR (a full disk), G_IO_ERROR of the copy. */
gboolean fv_events_end (FvEvents *self, JsonBuilder *builder, GError **error);

/* A member of the object that is being built. */
void fv_json_put_int (JsonBuilder *builder, const char *name, gint64 value);
void fv_json_put_double (JsonBuilder *builder, const char *name, double value);
void fv_json_put_string (JsonBuilder *builder, const char *name, const char *value);
/* { "box": .., "obj": .., "cls": .. } without the braces, each in the fewest digits that give back its float. */
void fv_json_put_losses (JsonBuilder *builder, const double losses[3]);

/* @value with six significant digits, for what is only looked at. */
double fv_json_round (double value);

G_END_DECLS
