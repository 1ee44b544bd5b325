/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-class-name.h"
#include "app/dataset/fv-cvat-shape.h"
#include "app/dataset/fv-importer.h"
#include "app/dataset/fv-picture-finder.h"
#include "app/dataset/fv-xml.h"

/*
 * CVAT's XML 1.1 (https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/), one file for a task or a project. For
 * images: an <image> each, with its shapes. For video: a <track> for each object, with a shape for each frame; where frames
 * are left out between two shapes, the box moves evenly from one to the other, as CVAT shows it, unless the first is
 * "outside". Frames are pictures called frame_000012.png; of a task made from pictures, the pictures in their order.
 * Coordinates are pixels as they stand. Outlines, ellipses, masks and turned boxes become the box around them.
 */

#define MAX_DEPTH 8
/* Nodes of the file, for whether the import was cancelled. */
#define CHECK_EVERY 1000
/* Boxes between those that tracks say; a few tracks over all frames could make any number. */
#define MAX_BETWEEN 5000000

typedef struct
{
  gint64 number;
  FvImportEntry *entry;
} Frame;

typedef struct
{
  gint64 frame;
  gboolean outside;
  FvStagedBox box;
} TrackBox;

typedef struct
{
  FvImportJob *job;
  const FvPictureFinder *finder;
  const char *file;
  FvXmlStream *stream;
  const char *names[MAX_DEPTH]; /* of the elements around the node at hand */
  FvSubset subset;
  /* meta */
  char *label; /* the name in the <label> at hand */
  gboolean sublabel;
  guint size; /* how many frames, 0 where not said */
  /* the <image> or <track> at hand */
  FvImportEntry *entry;
  char *track_label;
  TrackBox last;
  gboolean has_last;
  GArray *frames; /* (nullable) of Frame, ascending */
  guint n_between;
} Cvat;

/* Shapes */

/* The shape at hand as a box; FALSE, with a row, where there is none. entry: (nullable) */
static gboolean
make_box (Cvat *self, FvImportEntry *entry, const char *kind, const char *label, FvStagedBox *box)
{
  const guint line = fv_xml_stream_line (self->stream);
  GPtrArray *rejected = entry != NULL ? entry->rejected : self->job->rejected;
  gboolean turned;
  *box = (FvStagedBox){ .line = line };
  const char *fault = fv_cvat_shape_read (self->stream, kind, box, &turned);
  if (fault != NULL)
    fv_problem_add (rejected, self->file, line, "%s", _ (fault));
  else if (label == NULL || !fv_class_name_is_usable (label))
    fv_problem_add (rejected, self->file, line,
                    _ ("The shape has no label, or one that can't be the name of a class. Correct it or delete the "
                       "shape."));
  else
    {
      box->class_id = fv_import_job_class (self->job, label);
      if (turned && entry != NULL)
        fv_problem_add (entry->repaired, self->file, line,
                        _ ("The shape is turned; the upright box around it was taken."));
      return TRUE;
    }
  return FALSE;
}

/* Images */

static void
begin_image (Cvat *self)
{
  g_autofree char *name = fv_xml_stream_attribute (self->stream, "name");
  g_autofree char *subset = fv_xml_stream_attribute (self->stream, "subset");
  g_autofree char *inside = g_strconcat (subset != NULL ? subset : "", "/", name, NULL), *reason = NULL;
  const guint line = fv_xml_stream_line (self->stream);
  double width, height;
  self->entry = NULL;
  if (name == NULL || name[0] == '\0')
    {
      fv_problem_add (self->job->rejected, self->file, line,
                      _ ("The picture has no name, so its boxes stay out. Export the task again."));
      return;
    }
  /* The subset is a folder around all the names. */
  const FvSubset of_image = subset != NULL ? fv_subset_of_path (inside) : self->subset;
  const char *picture
      = fv_picture_finder_find (self->finder, self->file, subset != NULL ? inside : name, of_image, &reason);
  if (picture == NULL && subset != NULL)
    {
      g_clear_pointer (&reason, g_free);
      picture = fv_picture_finder_find (self->finder, self->file, name, of_image, &reason);
    }
  if (picture == NULL)
    {
      fv_problem_add (self->job->rejected, self->file, line, "%s", reason);
      return;
    }
  FvImportEntry *before = fv_import_job_find (self->job, picture);
  /* In several files the first counts; in one, its parts belong together. */
  self->entry = before != NULL && strcmp (before->label, self->file) == 0
                    ? before
                    : fv_import_job_add (self->job, picture, g_strdup (self->file), of_image, self->file, line);
  if (self->entry != NULL && fv_xml_stream_number (self->stream, "width", &width)
      && fv_xml_stream_number (self->stream, "height", &height) && width >= 1 && height >= 1 && width <= G_MAXINT
      && height <= G_MAXINT)
    {
      self->entry->stated_width = (guint)width;
      self->entry->stated_height = (guint)height;
      self->entry->stated_line = line;
    }
}

/* Tracks */

static int
compare_frames (gconstpointer a, gconstpointer b)
{
  const Frame *first = a, *second = b;
  return first->number < second->number ? -1 : first->number > second->number;
}

/* The number in "frame_000012.png"; -1 where the name is another. */
static gint64
frame_of_name (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  const char *digits = g_str_has_prefix (name, "frame_") ? name + strlen ("frame_") : "";
  const gsize n = strspn (digits, "0123456789");
  return n > 0 && n <= 15 && digits[n] == '.' ? g_ascii_strtoll (digits, NULL, 10) : -1;
}

/* All pictures around the file as frames. */
static void
list_frames (Cvat *self)
{
  g_autofree char *beside = g_path_get_dirname (self->file);
  const gboolean inside = self->job->params->images == NULL && self->job->source->is_folder;
  g_autoptr (GPtrArray) pictures
      = fv_scan_folder (inside ? beside : fv_picture_finder_root (self->finder), fv_name_is_picture, NULL);
  gboolean named = FALSE;
  self->frames = g_array_new (FALSE, FALSE, sizeof (Frame));
  for (guint i = 0; i < pictures->len; i++)
    named |= frame_of_name (g_ptr_array_index (pictures, i)) >= 0;
  /* Without such names the order says which is which, if there are as many as the task has. */
  if (!named && pictures->len != self->size)
    {
      fv_problem_add (self->job->rejected, self->file, 0,
                      _ ("Which pictures are the frames of the tracks can't be told: none is called like "
                         "'frame_000000.png', and there are %u, not as many as the task has (%u). Export the task "
                         "together with its pictures."),
                      pictures->len, self->size);
      return;
    }
  for (guint i = 0; i < pictures->len; i++)
    {
      const char *picture = g_ptr_array_index (pictures, i);
      Frame frame = { named ? frame_of_name (picture) : (gint64)i, NULL };
      if (frame.number < 0)
        continue;
      frame.entry = fv_import_job_find (self->job, picture);
      if (frame.entry == NULL)
        frame.entry = fv_import_job_add (self->job, picture, g_strdup (self->file), self->subset, self->file, 0);
      g_array_append_val (self->frames, frame);
    }
  g_array_sort (self->frames, compare_frames);
}

/* The first of the frames that is not before this number. */
static guint
find_frame (const Cvat *self, gint64 number)
{
  guint low = 0, high = self->frames->len;
  while (low < high)
    {
      const guint middle = low + (high - low) / 2;
      if (g_array_index (self->frames, Frame, middle).number < number)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static void
stage_at (Cvat *self, const TrackBox *at)
{
  const guint i = find_frame (self, at->frame);
  if (i < self->frames->len && g_array_index (self->frames, Frame, i).number == at->frame)
    fv_import_entry_stage (g_array_index (self->frames, Frame, i).entry, &at->box);
}

static gboolean
stage_between (Cvat *self, const TrackBox *from, const TrackBox *to, char **reason)
{
  for (guint i = find_frame (self, from->frame + 1); i < self->frames->len; i++)
    {
      const Frame *frame = &g_array_index (self->frames, Frame, i);
      if (frame->number >= to->frame)
        break;
      const double t = (double)(frame->number - from->frame) / (double)(to->frame - from->frame);
      FvStagedBox box = from->box;
      box.x1 += t * (to->box.x1 - from->box.x1);
      box.y1 += t * (to->box.y1 - from->box.y1);
      box.x2 += t * (to->box.x2 - from->box.x2);
      box.y2 += t * (to->box.y2 - from->box.y2);
      if (++self->n_between > MAX_BETWEEN)
        {
          *reason = g_strdup_printf (_ ("The tracks leave out more than %d boxes between those they say. Export the "
                                        "task again, so that each frame has its own."),
                                     MAX_BETWEEN);
          return FALSE;
        }
      fv_import_entry_stage (frame->entry, &box);
    }
  return TRUE;
}

static gboolean
read_track_shape (Cvat *self, const char *kind, char **reason)
{
  g_autofree char *outside = fv_xml_stream_attribute (self->stream, "outside");
  TrackBox now = { .outside = g_strcmp0 (outside, "1") == 0 };
  double number;
  if (self->frames == NULL)
    list_frames (self);
  if (!fv_xml_stream_number (self->stream, "frame", &number) || !(number >= 0 && number < 1e15))
    {
      fv_problem_add (self->job->rejected, self->file, fv_xml_stream_line (self->stream),
                      _ ("The shape of the track says no frame. Correct or delete it."));
      return TRUE;
    }
  now.frame = (gint64)number;
  const guint i = find_frame (self, now.frame);
  const Frame *frame = i < self->frames->len ? &g_array_index (self->frames, Frame, i) : NULL;
  if (!make_box (self, frame != NULL && frame->number == now.frame ? frame->entry : NULL, kind, self->track_label,
                 &now.box))
    {
      self->has_last = FALSE;
      return TRUE;
    }
  if (self->has_last && !self->last.outside && !stage_between (self, &self->last, &now, reason))
    return FALSE;
  if (!now.outside)
    stage_at (self, &now);
  self->last = now;
  self->has_last = TRUE;
  return TRUE;
}

/* The file */

static gboolean
begin_element (Cvat *self, guint depth, char **reason)
{
  const char *name = self->names[depth];
  if (depth == 0 && strcmp (name, "annotations") != 0)
    {
      *reason = g_strdup_printf (_ ("This XML is no export of CVAT's: it begins with <%s>, not <annotations>."), name);
      return FALSE;
    }
  if (depth == 1 && strcmp (name, "image") == 0)
    begin_image (self);
  else if (depth == 1 && strcmp (name, "track") == 0)
    {
      g_free (self->track_label);
      self->track_label = fv_xml_stream_attribute (self->stream, "label");
      self->has_last = FALSE;
    }
  else if (depth == 2 && fv_cvat_is_shape (name) && strcmp (self->names[1], "track") == 0)
    return read_track_shape (self, name, reason);
  else if (depth == 2 && fv_cvat_is_shape (name) && strcmp (self->names[1], "image") == 0 && self->entry != NULL)
    {
      g_autofree char *label = fv_xml_stream_attribute (self->stream, "label");
      FvStagedBox box;
      if (make_box (self, self->entry, name, label, &box))
        fv_import_entry_stage (self->entry, &box);
    }
  return TRUE;
}

/* What <meta> says: labels in their order, a task's subset and number of frames. */
static void
read_meta (Cvat *self, guint depth)
{
  const char *const *names = self->names;
  const char *text = (const char *)xmlTextReaderConstValue (fv_xml_stream_reader (self->stream));
  if (depth < 3 || text == NULL || strcmp (names[1], "meta") != 0)
    return;
  g_autofree char *value = g_strstrip (g_strdup (text));
  if (depth >= 5 && strcmp (names[depth - 2], "label") == 0 && strcmp (names[depth - 3], "labels") == 0)
    {
      if (strcmp (names[depth - 1], "name") == 0)
        {
          g_free (self->label);
          self->label = g_steal_pointer (&value);
        }
      self->sublabel |= strcmp (names[depth - 1], "parent") == 0;
    }
  else if (depth == 4 && strcmp (names[3], "size") == 0)
    self->size = (guint)MIN (g_ascii_strtoull (value, NULL, 10), G_MAXUINT);
  else if (depth == 4 && strcmp (names[2], "task") == 0 && strcmp (names[3], "subset") == 0)
    {
      g_autofree char *folder = g_strconcat (value, "/", NULL);
      self->subset = fv_subset_of_path (folder);
    }
}

static void
end_element (Cvat *self, guint depth)
{
  if (depth < 4 || strcmp (self->names[1], "meta") != 0 || strcmp (self->names[depth], "label") != 0)
    return;
  /* The parts of a skeleton are no classes. */
  if (self->label != NULL && !self->sublabel && fv_class_name_is_usable (self->label))
    fv_import_job_class (self->job, self->label);
  g_clear_pointer (&self->label, g_free);
  self->sublabel = FALSE;
}

static gboolean
read_nodes (Cvat *self, char **reason, guint *line)
{
  xmlTextReader *reader = fv_xml_stream_reader (self->stream);
  gboolean empty = TRUE;
  for (guint n = 1; fv_xml_stream_next (self->stream, reason, line); n++)
    {
      const int type = xmlTextReaderNodeType (reader), at = xmlTextReaderDepth (reader);
      const guint depth = (guint)MAX (at, 0);
      empty = FALSE;
      if (n % CHECK_EVERY == 0 && g_cancellable_is_cancelled (self->job->params->cancellable))
        return FALSE;
      if (depth >= MAX_DEPTH)
        continue;
      if (type == XML_READER_TYPE_ELEMENT)
        {
          self->names[depth] = (const char *)xmlTextReaderConstLocalName (reader);
          if (!begin_element (self, depth, reason))
            {
              *line = fv_xml_stream_line (self->stream);
              return FALSE;
            }
        }
      else if (type == XML_READER_TYPE_TEXT)
        read_meta (self, depth);
      else if (type == XML_READER_TYPE_END_ELEMENT)
        end_element (self, depth);
    }
  if (*reason == NULL && empty)
    *reason = g_strdup (_ ("The file is empty."));
  return *reason == NULL;
}

static gboolean
read_file (FvImportJob *job, const FvPictureFinder *finder, const char *file, GError **error)
{
  Cvat self = { .job = job, .finder = finder, .file = file, .subset = fv_subset_of_label_file (job->source, file) };
  g_autofree char *reason = NULL;
  guint line = 0;
  g_autoptr (FvXmlStream) stream = fv_xml_stream_open (file, &reason);
  self.stream = stream;
  const gboolean done = stream != NULL && read_nodes (&self, &reason, &line);
  if (!done && reason == NULL)
    g_cancellable_set_error_if_cancelled (job->params->cancellable, error);
  else if (!done && line > 0)
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE, _ ("%s, line %u: %s"), file, line, reason);
  else if (!done)
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_SOURCE, "%s: %s", file, reason);
  g_free (self.label);
  g_free (self.track_label);
  g_clear_pointer (&self.frames, g_array_unref);
  return done;
}

/* *fault: (nullable), why it is no XML */
static gboolean
is_cvat (const char *path, char **fault)
{
  g_autofree char *root = fv_xml_root_name (path, fault);
  return g_strcmp0 (root, "annotations") == 0;
}

static gboolean
list (FvImportJob *job, GError **error)
{
  g_autoptr (FvPictureFinder) finder = fv_picture_finder_new (job->source, job->params->images);
  const char *file;
  guint n_files = 0;
  job->root = g_strdup (fv_picture_finder_root (finder));
  for (guint i = 0; (file = fv_import_source_next (job->source, &i, fv_name_is_xml)) != NULL;)
    {
      g_autofree char *fault = NULL;
      if (!is_cvat (file, &fault))
        {
          if (fault != NULL)
            fv_problem_add (job->rejected, file, 0, "%s", fault);
          continue;
        }
      n_files++;
      if (!read_file (job, finder, file, error))
        return FALSE;
    }
  if (n_files > 0)
    {
      fv_import_job_add_rest (job);
      return TRUE;
    }
  const FvProblem *first = job->rejected->len > 0 ? g_ptr_array_index (job->rejected, 0) : NULL;
  g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_FORMAT,
               _ ("There is no export of CVAT's in '%s': an .xml file that begins with <annotations>. %s"),
               job->source->path, first != NULL ? first->reason : "");
  return FALSE;
}

static gboolean
detect (const FvImportSource *source, char **why)
{
  const char *file;
  /* A folder with many has one for each picture, of another kind. */
  for (guint i = 0, n = 0; n < 100 && (file = fv_import_source_next (source, &i, fv_name_is_xml)) != NULL; n++)
    {
      g_autofree char *fault = NULL;
      if (is_cvat (file, &fault))
        {
          g_free (*why);
          *why = g_strdup_printf (_ ("'%s' is an export of CVAT's"), file);
          return TRUE;
        }
      if (*why == NULL)
        *why = g_steal_pointer (&fault);
    }
  return FALSE;
}

const FvImporter fv_importer_cvat = { "cvat", "CVAT XML", detect, list, NULL };
