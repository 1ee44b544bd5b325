/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-voc-file.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-class-name.h"
#include "app/dataset/fv-xml.h"

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

static FvVocObject *
read_object (xmlNode *node)
{
  static const char *const sides[4] = { "xmin", "ymin", "xmax", "ymax" };
  FvVocObject *object = g_new0 (FvVocObject, 1);
  xmlNode *box = fv_xml_child (node, "bndbox");
  double values[4] = { 0 };
  object->line = (guint)xmlGetLineNo (box != NULL ? box : node);
  object->name = fv_xml_child_text (node, "name");
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
    if (!fv_xml_child_number (box, sides[i], &values[i]))
      object->fault = g_strdup_printf (_ ("The box has no number in <%s>. Correct it or delete the object."), sides[i]);
  object->x1 = values[0];
  object->y1 = values[1];
  object->x2 = values[2];
  object->y2 = values[3];
  return object;
}

/* NULL, with *reason, where the document is no annotation. */
static FvVocFile *
read_annotation (xmlNode *root, char **reason, guint *line)
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
  xmlNode *stated = fv_xml_child (root, "size");
  FvVocFile *self = g_new0 (FvVocFile, 1);
  self->objects = g_ptr_array_new_with_free_func ((GDestroyNotify)object_free);
  self->filename = fv_xml_child_text (root, "filename");
  self->width = fv_xml_child_size (stated, "width");
  self->height = fv_xml_child_size (stated, "height");
  self->size_line = stated != NULL ? (guint)xmlGetLineNo (stated) : 0;
  for (xmlNode *at = fv_xml_child (root, "object"); at != NULL; at = fv_xml_next (at, "object"))
    g_ptr_array_add (self->objects, read_object (at));
  return self;
}

FvVocFile *
fv_voc_file_read (const char *path, char **reason, guint *line)
{
  g_autoptr (FvXmlDocument) document = fv_xml_load (path, reason, line);
  return document != NULL ? read_annotation (xmlDocGetRootElement (document), reason, line) : NULL;
}
