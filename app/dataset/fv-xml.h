/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <libxml/tree.h>
#include <libxml/xmlreader.h>

G_BEGIN_DECLS

/*
 * XML of files that may be hostile: nothing else is opened, no network, and no entities but XML's own five. Small files as a
 * tree, files of any size node by node.
 *
 *   g_autoptr (FvXmlDocument) document = fv_xml_load (path, &reason, &line);
 *   if (document != NULL && child_of (fv_xml_root (document), "size") ...
 *
 * Where something fails, *reason is a sentence (transfer full) and *line the line or 0.
 */
typedef struct _xmlDoc FvXmlDocument;

/* At most 16 MiB of text; a root element there is. */
FvXmlDocument *fv_xml_load (const char *path, char **reason, guint *line);
void fv_xml_document_free (FvXmlDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvXmlDocument, fv_xml_document_free)

/* The first child element of that name; (nullable), also @node. */
xmlNode *fv_xml_child (const xmlNode *node, const char *name);
/* The next element of @name after @node and beside it, @node left out. */
xmlNode *fv_xml_next (const xmlNode *node, const char *name);
/* The text of that child, without white space around it: (transfer full), NULL where there is no such child. */
char *fv_xml_child_text (const xmlNode *node, const char *name);
gboolean fv_xml_child_number (const xmlNode *node, const char *name, double *value);
/* A number of pixels; 0 where there is none. */
guint fv_xml_child_size (const xmlNode *node, const char *name);

/* Node by node. */
typedef struct _FvXmlStream FvXmlStream;

FvXmlStream *fv_xml_stream_open (const char *path, char **reason);
void fv_xml_stream_free (FvXmlStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvXmlStream, fv_xml_stream_free)

/* The next node, in reader; FALSE at the end, or with *reason. */
gboolean fv_xml_stream_next (FvXmlStream *self, char **reason, guint *line);
xmlTextReader *fv_xml_stream_reader (const FvXmlStream *self);
guint fv_xml_stream_line (const FvXmlStream *self);
/* An attribute of the element at hand: (transfer full) (nullable). */
char *fv_xml_stream_attribute (const FvXmlStream *self, const char *name);
gboolean fv_xml_stream_number (const FvXmlStream *self, const char *name, double *value);

/*
 * The name of the file's root element: (transfer full). Reads no further, or a little. NULL where it is no XML; *fault
 * (optional, nullable) then is a sentence with file and line.
 */
char *fv_xml_root_name (const char *path, char **fault);

G_END_DECLS
