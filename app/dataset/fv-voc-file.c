/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-voc-file.h"

#include <glib/gi18n-lib.h>
#include <libxml/parser.h>
#include <string.h>

#include "app/dataset/fv-class-name.h"
#include "app/dataset/fv-importer.h"

/* A tree takes some twenty times its text. */
#define MAX_BYTES (16 << 20)

static void
object_free (FvVocObject *object)
{
  g_free (object->name);
  g_free (object->fault);
  g_free (object);
}

void
fv_voc_file_free (FvVocFile *self)
{
  if (self == NULL)
    return;
  g_free (self->filename);
  g_ptr_array_unref (self->objects);
  g_free (self);
}

/* The first child element of that name. */
static xmlNode *
child (xmlNode *node, const char *name)
{
  for (xmlNode *at = node != NULL ? node->children : NULL; at != NULL; at = at->next)
    if (at->type == XML_ELEMENT_NODE && strcmp ((const char *)at->name, name) == 0)
      return at;
  return NULL;
}

/* Its text without white space around it: (transfer full), NULL where there is no such child. */
static char *
child_text (xmlNode *node, const char *name)
{
  xmlNode *at = child (node, name);
  xmlChar *content = at != NULL ? xmlNodeGetContent (at) : NULL;
  if (content == NULL)
    return NULL;
  char *text = g_strstrip (g_strdup ((const char *)content));
  xmlFree (content);
  return text;
}

static gboolean
child_number (xmlNode *node, const char *name, double *value)
{
  g_autofree char *text = child_text (node, name);
  char *end = NULL;
  if (text == NULL)
    return FALSE;
  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0';
}

static guint
child_size (xmlNode *node, const char *name)
{
  double value;
  return child_number (node, name, &value) && value >= 1 && value <= G_MAXINT ? (guint)value : 0;
}

static FvVocObject *
read_object (xmlNode *node)
{
  static const char *const sides[4] = { "xmin", "ymin", "xmax", "ymax" };
  FvVocObject *object = g_new0 (FvVocObject, 1);
  xmlNode *box = child (node, "bndbox");
  double values[4] = { 0 };
  object->line = (guint)xmlGetLineNo (box != NULL ? box : node);
  object->name = child_text (node, "name");
  if (object->name == NULL)
    object->name = g_strdup ("");
  if (object->name[0] == '\0')
    object->fault
        = g_strdup (_ ("The object has no name (<name>), so its class is not known. Add it or delete the object."));
  else if (!fv_class_name_is_usable (object->name))
    object->fault = g_strdup_printf (
        _ ("The object's name is longer than %d bytes or has control characters in it. Correct it or "
           "delete the object."),
        FV_CLASS_NAME_MAX);
  else if (box == NULL)
    object->fault = g_strdup (_ ("The object has no box (<bndbox>). Add it or delete the object."));
  for (guint i = 0; object->fault == NULL && i < 4; i++)
    if (!child_number (box, sides[i], &values[i]))
      object->fault = g_strdup_printf (_ ("The box has no number in <%s>. Correct it or delete the object."), sides[i]);
  object->x1 = values[0];
  object->y1 = values[1];
  object->x2 = values[2];
  object->y2 = values[3];
  return object;
}

/* Why there is no document: (transfer full), UTF-8 whatever the file holds. */
static char *
describe_error (xmlParserCtxt *context, guint *line)
{
  const xmlError *error = xmlCtxtGetLastError (context);
  g_autofree char *message
      = g_utf8_make_valid (error != NULL && error->message != NULL ? error->message : _ ("it is empty"), -1);
  *line = error != NULL && error->line > 0 ? (guint)error->line : 0;
  g_strdelimit (message, "\n", ' ');
  return g_strdup_printf (_ ("This is not valid XML: %s. Correct it or save it anew."), g_strstrip (message));
}

/* NULL, with *reason, where the document is no annotation. */
static FvVocFile *
read_annotation (xmlDoc *document, xmlNode *root, char **reason, guint *line)
{
  if (strcmp ((const char *)root->name, "annotation") != 0)
    {
      *line = (guint)xmlGetLineNo (root);
      *reason
          = g_strdup_printf (_ ("This XML is no Pascal VOC annotation: it begins with <%s>, not <annotation>. Move it "
                                "elsewhere, or export it as Pascal VOC."),
                             (const char *)root->name);
      return NULL;
    }
  /* A few that name one another unfold to any size when a text is asked for. */
  if (document->intSubset != NULL && document->intSubset->entities != NULL)
    {
      *reason = g_strdup (_ ("This XML declares entities (<!ENTITY>), which no annotation needs and some files use to "
                             "fill the memory. Export it anew, or remove them."));
      return NULL;
    }
  xmlNode *stated = child (root, "size");
  FvVocFile *self = g_new0 (FvVocFile, 1);
  self->objects = g_ptr_array_new_with_free_func ((GDestroyNotify)object_free);
  self->filename = child_text (root, "filename");
  self->width = child_size (stated, "width");
  self->height = child_size (stated, "height");
  self->size_line = stated != NULL ? (guint)xmlGetLineNo (stated) : 0;
  for (xmlNode *at = root->children; at != NULL; at = at->next)
    if (at->type == XML_ELEMENT_NODE && strcmp ((const char *)at->name, "object") == 0)
      g_ptr_array_add (self->objects, read_object (at));
  return self;
}

FvVocFile *
fv_voc_file_read (const char *path, char **reason, guint *line)
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

  /* No network, no other files, entities left as they are: an annotation needs none of it. */
  xmlParserCtxt *context = xmlNewParserCtxt ();
  if (context == NULL)
    {
      *reason = g_strdup (_ ("There is not enough memory to read the file. Close other programs and import again."));
      return NULL;
    }
  xmlDoc *document
      = xmlCtxtReadMemory (context, text, (int)size, NULL, NULL,
                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES);
  xmlNode *root = document != NULL ? xmlDocGetRootElement (document) : NULL;
  FvVocFile *self = NULL;
  if (root != NULL)
    self = read_annotation (document, root, reason, line);
  else
    *reason = describe_error (context, line);
  if (document != NULL)
    xmlFreeDoc (document);
  xmlFreeParserCtxt (context);
  return self;
}
