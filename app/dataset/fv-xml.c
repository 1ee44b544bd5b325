/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-xml.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <libxml/parser.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/dataset/fv-importer.h"

/* A tree takes some twenty times its text. */
#define MAX_BYTES (16 << 20)
/* No network, no other files, entities left as they are: labels need none of it. */
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES)

/* Why there is no document: (transfer full), UTF-8 whatever the file holds. */
static char *
describe_error (const xmlError *error, guint *line)
{
  g_autofree char *message
      = g_utf8_make_valid (error != NULL && error->message != NULL ? error->message : _ ("it is empty"), -1);
  *line = error != NULL && error->line > 0 ? (guint)error->line : 0;
  g_strdelimit (message, "\n", ' ');
  return g_strdup_printf (_ ("This is not valid XML: %s. Correct it or save it anew."), g_strstrip (message));
}

/* A few that name one another unfold to any size when a text is asked for. */
static char *
refuse_entities (void)
{
  return g_strdup (_ ("This XML declares entities (<!ENTITY>), which no annotation needs and some files use to "
                      "fill the memory. Export it anew, or remove them."));
}

FvXmlDocument *
fv_xml_load (const char *path, char **reason, guint *line)
{
  gsize size;
  *line = 0;
  g_autofree char *text = fv_import_read_text (path, &size, reason);
  if (text == NULL)
    return NULL;
  if (size > MAX_BYTES)
    {
      *reason = g_strdup_printf (_ ("The file is larger than %d MiB and so can't be an annotation."), MAX_BYTES >> 20);
      return NULL;
    }
  xmlParserCtxt *context = xmlNewParserCtxt ();
  if (context == NULL)
    {
      *reason = g_strdup (_ ("There is not enough memory to read the file. Close other programs and import again."));
      return NULL;
    }
  g_autoptr (FvXmlDocument) document = xmlCtxtReadMemory (context, text, (int)size, NULL, NULL, OPTIONS);
  if (document == NULL || xmlDocGetRootElement (document) == NULL)
    *reason = describe_error (xmlCtxtGetLastError (context), line);
  else if (document->intSubset != NULL && document->intSubset->entities != NULL)
    *reason = refuse_entities ();
  xmlFreeParserCtxt (context);
  return *reason == NULL ? g_steal_pointer (&document) : NULL;
}

void
fv_xml_document_free (FvXmlDocument *document)
{
  if (document != NULL)
    xmlFreeDoc (document);
}

static gboolean
is_element (const xmlNode *node, const char *name)
{
  return node->type == XML_ELEMENT_NODE && strcmp ((const char *)node->name, name) == 0;
}

xmlNode *
fv_xml_child (const xmlNode *node, const char *name)
{
  for (xmlNode *at = node != NULL ? node->children : NULL; at != NULL; at = at->next)
    if (is_element (at, name))
      return at;
  return NULL;
}

xmlNode *
fv_xml_next (const xmlNode *node, const char *name)
{
  for (xmlNode *at = node->next; at != NULL; at = at->next)
    if (is_element (at, name))
      return at;
  return NULL;
}

char *
fv_xml_child_text (const xmlNode *node, const char *name)
{
  xmlNode *at = fv_xml_child (node, name);
  xmlChar *content = at != NULL ? xmlNodeGetContent (at) : NULL;
  if (content == NULL)
    return NULL;
  char *text = g_strstrip (g_strdup ((const char *)content));
  xmlFree (content);
  return text;
}

static gboolean
parse_number (const char *text, double *value)
{
  char *end = NULL;
  if (text == NULL)
    return FALSE;
  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0';
}

gboolean
fv_xml_child_number (const xmlNode *node, const char *name, double *value)
{
  g_autofree char *text = fv_xml_child_text (node, name);
  return parse_number (text, value);
}

guint
fv_xml_child_size (const xmlNode *node, const char *name)
{
  double value;
  return fv_xml_child_number (node, name, &value) && value >= 1 && value <= G_MAXINT ? (guint)value : 0;
}

/* Node by node */

struct _FvXmlStream
{
  int fd;
  xmlTextReader *reader;
};

static int
read_from (void *data, char *buffer, int length)
{
  const FvXmlStream *self = data;
  ssize_t n;
  do
    n = read (self->fd, buffer, (size_t)length);
  while (n < 0 && errno == EINTR);
  return (int)n;
}

FvXmlStream *
fv_xml_stream_open (const char *path, char **reason)
{
  struct stat status;
  g_autoptr (FvXmlStream) self = g_new0 (FvXmlStream, 1);
  xmlInitParser ();
  xmlResetLastError ();
  /* Without waiting: what a pipe waits for may never come. */
  self->fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (self->fd < 0 || fstat (self->fd, &status) != 0)
    *reason = g_strdup_printf (_ ("The file can't be read: %s."), g_strerror (errno));
  else if (!S_ISREG (status.st_mode))
    *reason = g_strdup (_ ("This is not a file."));
  else if ((self->reader = xmlReaderForIO (read_from, NULL, self, NULL, NULL, OPTIONS)) == NULL)
    *reason = g_strdup (_ ("There is not enough memory to read the file. Close other programs and import again."));
  return self->reader != NULL ? g_steal_pointer (&self) : NULL;
}

void
fv_xml_stream_free (FvXmlStream *self)
{
  if (self == NULL)
    return;
  if (self->reader != NULL)
    xmlFreeTextReader (self->reader);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

gboolean
fv_xml_stream_next (FvXmlStream *self, char **reason, guint *line)
{
  const int result = xmlTextReaderRead (self->reader);
  *line = 0;
  if (result < 0)
    *reason = describe_error (xmlGetLastError (), line);
  else if (result == 1 && xmlTextReaderNodeType (self->reader) == XML_READER_TYPE_DOCUMENT_TYPE)
    {
      /* Not by xmlTextReaderCurrentDoc(), which keeps the document for good. */
      const xmlNode *node = xmlTextReaderCurrentNode (self->reader);
      if (node != NULL && node->type == XML_DTD_NODE && ((const xmlDtd *)node)->entities != NULL)
        {
          *reason = refuse_entities ();
          return FALSE;
        }
    }
  return result == 1;
}

xmlTextReader *
fv_xml_stream_reader (const FvXmlStream *self)
{
  return self->reader;
}

guint
fv_xml_stream_line (const FvXmlStream *self)
{
  xmlNode *node = xmlTextReaderCurrentNode (self->reader);
  const long line = node != NULL ? xmlGetLineNo (node) : 0;
  return line > 0 ? (guint)line : 0;
}

char *
fv_xml_stream_attribute (const FvXmlStream *self, const char *name)
{
  xmlChar *value = xmlTextReaderGetAttribute (self->reader, (const xmlChar *)name);
  char *text = g_strdup ((const char *)value);
  xmlFree (value);
  return text;
}

gboolean
fv_xml_stream_number (const FvXmlStream *self, const char *name, double *value)
{
  g_autofree char *text = fv_xml_stream_attribute (self, name);
  return parse_number (text, value);
}

char *
fv_xml_root_name (const char *path, char **fault)
{
  g_autofree char *reason = NULL;
  guint line = 0;
  int result = -1;
  g_autoptr (FvXmlStream) stream = fv_xml_stream_open (path, &reason);
  while (stream != NULL && (result = xmlTextReaderRead (stream->reader)) == 1)
    if (xmlTextReaderNodeType (stream->reader) == XML_READER_TYPE_ELEMENT)
      return g_strdup ((const char *)xmlTextReaderConstLocalName (stream->reader));
  if (reason == NULL)
    reason = describe_error (result < 0 ? xmlGetLastError () : NULL, &line);
  if (fault != NULL && line > 0)
    *fault = g_strdup_printf (_ ("%s, line %u: %s"), path, line, reason);
  else if (fault != NULL)
    *fault = g_strdup_printf ("%s: %s", path, reason);
  return NULL;
}
