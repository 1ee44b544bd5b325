/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/*
 * JSON files too large to stand in memory as a tree: the members of the object that is the file's root, or the elements of the array
 * that is, one after the other. A member that is an array comes element by element, too. Each is parsed by json-glib, when asked for.
 *
 *   g_autoptr (FvJsonStream) stream = fv_json_stream_open (path, 6, &error);
 *   FvJsonPart part;
 *   while (fv_json_stream_next (stream, &part, &error))
 *     if (g_strcmp0 (part.member, "images") == 0 && part.is_element)
 *       {
 *         g_autoptr (JsonNode) node = fv_json_stream_parse (stream, &part, &error);
 *         ...
 *       }
 *   if (error != NULL) ...
 *
 * Errors: GFileError; FV_EXCHANGE_ERROR_FORMAT with a sentence that names the file and the line. What a part holds is looked at only when
 * it is parsed.
 */
typedef struct _FvJsonStream FvJsonStream;

typedef struct
{
  const char *member;  /* of the root object; NULL where the root is an array. Until the next part */
  gboolean is_element; /* of the member's array (or of the root) */
  guint index;         /* of the element, from 0 */
  guint line;          /* where it begins, from 1 */
  const char *text;    /* not terminated */
  gsize size;
} FvJsonPart;

/* Maps the file, which must not shrink meanwhile. A part nested deeper than @max_depth can't be parsed. */
FvJsonStream *fv_json_stream_open (const char *path, guint max_depth, GError **error);
/* @name stands for the file in messages. */
FvJsonStream *fv_json_stream_new (GBytes *bytes, const char *name, guint max_depth);
void fv_json_stream_free (FvJsonStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvJsonStream, fv_json_stream_free)

/* An array without elements comes as one part that is no element: "[]". FALSE at the end, or with @error. */
gboolean fv_json_stream_next (FvJsonStream *self, FvJsonPart *part, GError **error);
/*
 * (transfer full): the part as a tree. An error is the part's alone, and the next one can be asked for: a half sentence as
 * fv_json_parse()'s, without file and line.
 */
JsonNode *fv_json_stream_parse (const FvJsonStream *self, const FvJsonPart *part, GError **error);
/*
 * (transfer full): an object with the members of @names (NULL-terminated) alone, which are less work than all where the others are large.
 * Of what they hold nothing is looked at. Errors as above; where the part is no object, too.
 */
JsonObject *fv_json_stream_parse_members (const FvJsonStream *self, const FvJsonPart *part, const char *const *names,
                                          GError **error);
/* A stream of what @part holds, with the lines of the whole file. */
FvJsonStream *fv_json_stream_enter (const FvJsonStream *self, const FvJsonPart *part);
/* The share of the text, 0..1, that was passed so far. */
double fv_json_stream_get_progress (const FvJsonStream *self);
/* Back to the first part. */
void fv_json_stream_rewind (FvJsonStream *self);

G_END_DECLS
