/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-yolo-config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>
#include <yaml.h>

#include "app/dataset/fv-class-name.h"

/* A tree takes some fifty times its text. */
#define MAX_YAML_BYTES (4 << 20)
#define MAX_YAML_DEPTH 200
#define MAX_YAML_MARKS 5000
/* More classes than any set of pictures has; a number beyond it is a slip. */
#define MAX_CLASSES 10000

void
fv_yolo_config_free (FvYoloConfig *self)
{
  if (self == NULL)
    return;
  g_free (self->file);
  g_free (self->base);
  g_ptr_array_unref (self->sources);
  g_strfreev (self->class_names);
  g_free (self);
}

static void
source_free (FvYoloSource *source)
{
  g_free (source->path);
  g_free (source);
}

char *
fv_yolo_resolve (const char *const *folders, const char *text)
{
  g_autofree char *slashed = g_strdelimit (g_strdup (text), "\\", '/');
  const char *ways[3] = { slashed, slashed, slashed };
  while (g_str_has_prefix (ways[1], "../") || g_str_has_prefix (ways[1], "./"))
    ways[1] = strchr (ways[1], '/') + 1;
  ways[2] = g_str_has_prefix (ways[1], "data/") ? ways[1] + strlen ("data/") : ways[1];
  for (guint way = 0; way < G_N_ELEMENTS (ways); way++)
    for (guint i = 0; folders[i] != NULL; i++)
      {
        g_autofree char *path = g_canonicalize_filename (ways[way], folders[i]);
        if (g_file_test (path, G_FILE_TEST_EXISTS))
          return g_steal_pointer (&path);
      }
  return NULL;
}

/* text with the folder of validation under another of its names; NULL where that is not there either. */
static char *
resolve_otherwise (const char *const *folders, const char *text)
{
  static const char *const names[] = { "valid", "val", "validation" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint k = 0; k < G_N_ELEMENTS (names); k++)
      {
        g_auto (GStrv) parts = g_strsplit (text, "/", -1);
        gboolean changed = FALSE;
        for (guint p = 0; i != k && parts[p] != NULL; p++)
          if (strcmp (parts[p], names[i]) == 0)
            {
              g_free (parts[p]);
              parts[p] = g_strdup (names[k]);
              changed = TRUE;
            }
        g_autofree char *other = changed ? g_strjoinv ("/", parts) : NULL;
        char *path = other != NULL ? fv_yolo_resolve (folders, other) : NULL;
        if (path != NULL)
          return path;
      }
  return NULL;
}

static void
add_source (FvYoloConfig *self, FvSubset subset, const char *text, guint line, GPtrArray *repaired, GPtrArray *rejected)
{
  g_autofree char *folder = g_path_get_dirname (self->file);
  const char *const folders[] = { self->base, folder, NULL };
  char *path = text[0] != '\0' ? fv_yolo_resolve (folders, text) : NULL;
  if (path == NULL && (path = resolve_otherwise (folders, text)) != NULL)
    fv_problem_add (repaired, self->file, line,
                    _ ("The %s pictures are said to be in '%s', which is not there; '%s' was taken."),
                    fv_subset_to_string (subset), text, path);
  if (path == NULL)
    {
      fv_problem_add (rejected, self->file, line,
                      _ ("The %s pictures are said to be in '%s', which is not there (looked for in '%s'). Correct the "
                         "path, or put the pictures there."),
                      fv_subset_to_string (subset), text, self->base);
      return;
    }
  FvYoloSource *source = g_new (FvYoloSource, 1);
  *source = (FvYoloSource){ subset, path };
  g_ptr_array_add (self->sources, source);
}

/* Names by their number; gaps, repetitions and what is no text get a name and a row. */
static GStrv
complete_names (GPtrArray *names, const char *file, guint line, GPtrArray *repaired)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < names->len; i++)
    {
      char *name = g_ptr_array_index (names, i);
      /* Not by what adding returns: it takes the new pointer even where the name is there, and that is freed below. */
      if (name != NULL && fv_class_name_is_usable (name) && !g_hash_table_contains (seen, name))
        {
          g_hash_table_add (seen, name);
          continue;
        }
      char *made = g_strdup_printf ("class%u", i);
      while (g_hash_table_contains (seen, made))
        {
          char *longer = g_strconcat (made, "_", NULL);
          g_free (made);
          made = longer;
        }
      fv_problem_add (repaired, file, line,
                      name == NULL || name[0] == '\0'
                          ? _ ("Class %u has no name; it is called '%s' here.")
                          : _ ("Class %u has a name that can't be used or is taken; it is called '%s' here."),
                      i, made);
      g_free (name);
      names->pdata[i] = made;
      g_hash_table_add (seen, made);
    }
  g_ptr_array_add (names, NULL);
  return (GStrv)g_ptr_array_free (names, FALSE);
}

/* data.yaml */

static const char *
scalar (yaml_document_t *document, int index)
{
  yaml_node_t *node = yaml_document_get_node (document, index);
  return node != NULL && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static gboolean
parse_index (const char *text, guint64 max, guint64 *value)
{
  return text != NULL && g_ascii_string_to_unsigned (text, 10, 0, max, value, NULL);
}

/* The value of a key of a mapping, NULL where it is absent. */
static yaml_node_t *
get_value (yaml_document_t *document, const yaml_node_t *mapping, const char *key)
{
  for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++)
    if (g_strcmp0 (scalar (document, pair->key), key) == 0)
      return yaml_document_get_node (document, pair->value);
  return NULL;
}

static guint
line_of (const yaml_node_t *node)
{
  return (guint)node->start_mark.line + 1;
}

/*
 * libyaml takes time with the square of the depth, of the anchors and of the directives. Those within names count as well, but no file
 * has so many.
 */
static gboolean
is_simple (const char *text)
{
  guint depth = 0, n_marks = 0;
  for (; *text != '\0' && depth <= MAX_YAML_DEPTH && n_marks <= MAX_YAML_MARKS; text++)
    if (*text == '[' || *text == '{')
      depth++;
    else if ((*text == ']' || *text == '}') && depth > 0)
      depth--;
    else if (*text == '&' || *text == '%')
      n_marks++;
  return *text == '\0';
}

/* The root mapping of a YAML file: on success the caller deletes document. */
static yaml_node_t *
load_yaml (const char *file, yaml_document_t *document, GError **error)
{
  gsize size;
  g_autofree char *reason = NULL;
  g_autofree char *text = fv_import_read_text (file, &size, &reason);
  if (text == NULL)
    {
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE, "%s: %s", file, reason);
      return NULL;
    }
  if (size > MAX_YAML_BYTES)
    {
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT,
                   _ ("%s: The file is larger than %d MiB and so can't describe a dataset."), file,
                   MAX_YAML_BYTES >> 20);
      return NULL;
    }
  if (!is_simple (text))
    {
      g_set_error (
          error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT,
          _ ("%s: The file has too many lists in lists, anchors or directives, and so can't describe a dataset."),
          file);
      return NULL;
    }
  yaml_parser_t parser;
  if (!yaml_parser_initialize (&parser))
    {
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE, _ ("%s: There is not enough memory to read it."),
                   file);
      return NULL;
    }
  yaml_parser_set_input_string (&parser, (const guchar *)text, size);
  gboolean loaded = yaml_parser_load (&parser, document) != 0;
  if (!loaded)
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT, _ ("%s, line %u: this is not valid YAML: %s."), file,
                 (guint)parser.problem_mark.line + 1, parser.problem != NULL ? parser.problem : _ ("it can't be read"));
  yaml_parser_delete (&parser);
  if (!loaded)
    return NULL;

  yaml_node_t *root = yaml_document_get_root_node (document);
  if (root != NULL && root->type == YAML_MAPPING_NODE)
    return root;
  yaml_document_delete (document);
  g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT,
               _ ("%s, line 1: this describes no dataset: keys such as 'train', 'val' and 'names' are expected."),
               file);
  return NULL;
}

static void
read_sources (FvYoloConfig *self, yaml_document_t *document, const yaml_node_t *root, GPtrArray *repaired,
              GPtrArray *rejected)
{
  static const struct
  {
    const char *key;
    FvSubset subset;
  } keys[] = {
    { "train", FV_SUBSET_TRAIN }, { "val", FV_SUBSET_VAL }, { "valid", FV_SUBSET_VAL }, { "test", FV_SUBSET_TEST }
  };
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const yaml_node_t *node = get_value (document, root, keys[i].key);
      if (node == NULL)
        continue;
      if (node->type == YAML_SCALAR_NODE)
        {
          const char *text = (const char *)node->data.scalar.value;
          /* "test:" with nothing behind it, "null" and "~" are ways to say that there is none. */
          if (text[0] != '\0' && strcmp (text, "null") != 0 && strcmp (text, "~") != 0)
            add_source (self, keys[i].subset, text, line_of (node), repaired, rejected);
        }
      else if (node->type == YAML_SEQUENCE_NODE)
        for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
          {
            const char *text = scalar (document, *item);
            if (text != NULL)
              add_source (self, keys[i].subset, text, line_of (yaml_document_get_node (document, *item)), repaired,
                          rejected);
            else
              fv_problem_add (rejected, self->file, line_of (node), _ ("An entry of '%s' is no path. Correct it."),
                              keys[i].key);
          }
      else
        fv_problem_add (rejected, self->file, line_of (node),
                        _ ("'%s' is neither a path nor a list of paths. Correct it."), keys[i].key);
    }
}

static void
set_name (GPtrArray *names, guint index, const char *name)
{
  if (index >= names->len)
    g_ptr_array_set_size (names, (gint)index + 1);
  g_free (names->pdata[index]);
  names->pdata[index] = g_strdup (name);
}

static void
read_class_names (FvYoloConfig *self, yaml_document_t *document, const yaml_node_t *root, GPtrArray *repaired,
                  GPtrArray *rejected)
{
  GPtrArray *names = g_ptr_array_new ();
  const yaml_node_t *node = get_value (document, root, "names"), *count = get_value (document, root, "nc");
  guint line = node != NULL ? line_of (node) : count != NULL ? line_of (count) : 0;
  guint64 index;
  if (node != NULL && node->type == YAML_SEQUENCE_NODE)
    for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
      set_name (names, names->len, scalar (document, *item));
  else if (node != NULL && node->type == YAML_MAPPING_NODE)
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
      if (parse_index (scalar (document, pair->key), MAX_CLASSES, &index))
        set_name (names, (guint)index, scalar (document, pair->value));
      else
        fv_problem_add (rejected, self->file, line_of (yaml_document_get_node (document, pair->key)),
                        _ ("A key of 'names' is no class number. Use 0, 1, 2, ..."));
  else if (node != NULL)
    fv_problem_add (rejected, self->file, line_of (node), _ ("'names' is neither a list nor a mapping. Correct it."));

  if (count != NULL
      && !parse_index (count->type == YAML_SCALAR_NODE ? (const char *)count->data.scalar.value : NULL, MAX_CLASSES,
                       &index))
    fv_problem_add (rejected, self->file, line_of (count), _ ("'nc' is no number of classes. Correct or delete it."));
  else if (count != NULL && index != names->len)
    {
      if (names->len > 0)
        fv_problem_add (repaired, self->file, line_of (count),
                        _ ("'nc' says %" PRIu64 " classes, but %u have names; the larger number is used."), index,
                        names->len);
      if (index > names->len)
        g_ptr_array_set_size (names, (gint)index);
    }
  if (names->len > 0)
    self->class_names = complete_names (names, self->file, line, repaired);
  else
    g_ptr_array_free (names, TRUE);
}

/* kpt_shape: [17, 3], how many points and values each: they stand behind the box. */
static void
read_keypoints (FvYoloConfig *self, yaml_document_t *document, const yaml_node_t *root)
{
  const yaml_node_t *node = get_value (document, root, "kpt_shape");
  guint64 product = 1, n;
  if (node == NULL || node->type != YAML_SEQUENCE_NODE
      || node->data.sequence.items.top - node->data.sequence.items.start != 2)
    return;
  for (guint i = 0; i < 2; i++)
    product = parse_index (scalar (document, node->data.sequence.items.start[i]), 1000, &n) ? product * n : 0;
  self->n_keypoint_values = (guint)product;
}

static gboolean
read_yaml (FvYoloConfig *self, GPtrArray *repaired, GPtrArray *rejected, GError **error)
{
  yaml_document_t document;
  yaml_node_t *root = load_yaml (self->file, &document, error);
  if (root == NULL)
    return FALSE;
  const yaml_node_t *node = get_value (&document, root, "path");
  if (node != NULL && node->type == YAML_SCALAR_NODE && node->data.scalar.length > 0)
    {
      g_autofree char *folder = g_path_get_dirname (self->file);
      g_autofree char *path = g_canonicalize_filename ((const char *)node->data.scalar.value, folder);
      /* Often a path of the machine that it was written on; then the description's own folder is the best guess. */
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          g_free (self->base);
          self->base = g_steal_pointer (&path);
        }
    }
  read_sources (self, &document, root, repaired, rejected);
  read_keypoints (self, &document, root);
  read_class_names (self, &document, root, repaired, rejected);
  yaml_document_delete (&document);
  return TRUE;
}

gboolean
fv_yolo_config_is_one (const char *file)
{
  yaml_document_t document;
  yaml_node_t *root = load_yaml (file, &document, NULL);
  if (root == NULL)
    return FALSE;
  gboolean is_one = get_value (&document, root, "train") != NULL || get_value (&document, root, "val") != NULL
                    || get_value (&document, root, "test") != NULL;
  yaml_document_delete (&document);
  return is_one;
}

/* darknet */

GStrv
fv_yolo_read_names (const char *file, char **reason)
{
  gsize size;
  g_autofree char *why = NULL;
  g_autofree char *text = fv_import_read_text (file, &size, &why);
  if (text == NULL)
    {
      if (reason != NULL)
        *reason = g_steal_pointer (&why);
      return NULL;
    }
  GPtrArray *names = g_ptr_array_new ();
  guint n = 0;
  char *line;
  for (char *rest = text; names->len < MAX_CLASSES && (line = strsep (&rest, "\n")) != NULL;)
    {
      g_strstrip (line);
      g_ptr_array_add (names, g_strdup (line));
      if (line[0] != '\0')
        n = names->len;
    }
  /* Empty lines at the end are no classes. */
  for (guint i = n; i < names->len; i++)
    g_free (names->pdata[i]);
  g_ptr_array_set_size (names, (gint)n);
  if (n == 0)
    {
      g_ptr_array_free (names, TRUE);
      return NULL;
    }
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)fv_problem_free);
  return complete_names (names, file, 0, rows);
}

static gboolean
read_darknet (FvYoloConfig *self, GPtrArray *repaired, GPtrArray *rejected, GError **error)
{
  static const struct
  {
    const char *key;
    FvSubset subset;
  } keys[] = { { "train", FV_SUBSET_TRAIN }, { "valid", FV_SUBSET_VAL }, { "test", FV_SUBSET_TEST } };
  gsize size;
  g_autofree char *reason = NULL;
  g_autofree char *text = fv_import_read_text (self->file, &size, &reason);
  if (text == NULL)
    {
      g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE, "%s: %s", self->file, reason);
      return FALSE;
    }
  guint number = 0;
  char *line;
  for (char *rest = text; (line = strsep (&rest, "\n")) != NULL;)
    {
      char *equals = strchr (line, '=');
      number++;
      if (equals == NULL)
        continue;
      *equals = '\0';
      const char *key = g_strstrip (line), *value = g_strstrip (equals + 1);
      for (guint k = 0; k < G_N_ELEMENTS (keys); k++)
        if (strcmp (key, keys[k].key) == 0)
          add_source (self, keys[k].subset, value, number, repaired, rejected);
      if (strcmp (key, "names") == 0)
        {
          const char *const folders[] = { self->base, NULL };
          g_autofree char *file = fv_yolo_resolve (folders, value);
          g_strfreev (self->class_names);
          self->class_names = file != NULL ? fv_yolo_read_names (file, NULL) : NULL;
          if (self->class_names == NULL)
            fv_problem_add (rejected, self->file, number,
                            _ ("The class names in '%s' can't be read. Correct the path."), value);
        }
    }
  return TRUE;
}

FvYoloConfig *
fv_yolo_config_read (const char *file, GPtrArray *repaired, GPtrArray *rejected, GError **error)
{
  g_autoptr (FvYoloConfig) self = g_new0 (FvYoloConfig, 1);
  self->file = g_strdup (file);
  self->base = g_path_get_dirname (file);
  self->sources = g_ptr_array_new_with_free_func ((GDestroyNotify)source_free);
  gboolean read = g_str_has_suffix (file, ".data") ? read_darknet (self, repaired, rejected, error)
                                                   : read_yaml (self, repaired, rejected, error);
  return read ? g_steal_pointer (&self) : NULL;
}
