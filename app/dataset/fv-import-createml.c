/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/dataset/fv-label-json.h"

/*
 * Create ML JSON: a list of pictures, each with its boxes, as a file for each subset or for all. Coordinates are pixels, x
 * and y those of the box's center as Apple has it; some tools write the corner's, or shares of the picture, which the
 * whole of an import tells.
 */

/* Pictures whose size is looked at to tell centers from corners. */
#define MAX_PROBED 1000
/* What boxes drawn by hand reach beyond a picture, in pixels. */
#define SLACK 1.0

static void
read_annotation (FvImportJob *job, FvImportEntry *entry, const char *path, guint line, JsonObject *object)
{
  JsonObject *place = fv_label_json_object (object, "coordinates");
  const char *name = fv_label_json_text (object, "label");
  double x, y, width, height;
  if (!fv_label_json_check_class (job->rejected, path, line, name))
    return;
  if (place == NULL || !fv_label_json_number (place, "x", &x) || !fv_label_json_number (place, "y", &y)
      || !fv_label_json_number (place, "width", &width) || !fv_label_json_number (place, "height", &height))
    {
      fv_problem_add (job->rejected, path, line,
                      _ ("The annotation has no 'coordinates' with x, y, width and height in numbers. Correct it, or "
                         "delete it."));
      return;
    }
  fv_import_entry_stage (entry, &(FvStagedBox){ .class_id = fv_import_job_class (job, name),
                                                .line = line,
                                                .x1 = x - width / 2,
                                                .y1 = y - height / 2,
                                                .x2 = x + width / 2,
                                                .y2 = y + height / 2 });
}

/* The picture that an element of the file speaks of; NULL with a row. */
static FvImportEntry *
find_entry (FvImportJob *job, const FvPictureFinder *finder, const char *path, guint line, JsonObject *object)
{
  const char *name = fv_label_json_text (object, "image");
  if (name == NULL)
    name = fv_label_json_text (object, "imagefilename");
  if (name == NULL)
    {
      fv_problem_add (job->rejected, path, line, _ ("The element names no picture ('image'), so its boxes stay out."));
      return NULL;
    }
  return fv_label_json_entry (job, finder, path, line, name, NULL);
}

/* One picture of the list, its boxes with their lines. */
static void
read_element (FvImportJob *job, const FvPictureFinder *finder, const char *path, FvJsonStream *stream,
              const FvJsonPart *part)
{
  static const char *const of_element[] = { "image", "imagefilename", NULL };
  static const char *const of_annotation[] = { "label", "coordinates", NULL };
  g_autoptr (GError) fault = NULL;
  g_autoptr (JsonObject) object = fv_json_stream_parse_members (stream, part, of_element, &fault);
  if (object == NULL)
    {
      fv_label_json_report (job->rejected, path, part->line, fault);
      return;
    }
  FvImportEntry *entry = find_entry (job, finder, path, part->line, object);
  g_autoptr (FvJsonStream) inside = fv_json_stream_enter (stream, part);
  FvJsonPart inner;
  while (entry != NULL && fv_json_stream_next (inside, &inner, &fault))
    {
      if (!inner.is_element || (strcmp (inner.member, "annotations") != 0 && strcmp (inner.member, "annotation") != 0))
        continue;
      g_autoptr (GError) inner_fault = NULL;
      g_autoptr (JsonObject) annotation = fv_json_stream_parse_members (inside, &inner, of_annotation, &inner_fault);
      if (annotation == NULL)
        fv_label_json_report (job->rejected, path, inner.line, inner_fault);
      else
        read_annotation (job, entry, path, inner.line, annotation);
    }
  if (fault != NULL)
    fv_label_json_report (job->rejected, path, part->line, fault);
}

static gboolean
read_file (FvImportJob *job, const FvPictureFinder *finder, const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (FvJsonStream) stream = fv_json_stream_open (path, FV_LABEL_JSON_DEPTH, error);
  FvJsonPart part;
  if (stream == NULL)
    return FALSE;
  for (guint n = 1; fv_json_stream_next (stream, &part, &local); n++)
    {
      if (!fv_label_json_go_on (job, stream, n, 0, 1, error))
        return FALSE;
      read_element (job, finder, path, stream, &part);
    }
  return local == NULL || fv_label_json_fail (local, error);
}

/* Which meaning of coordinates fits */

static double
beyond (const FvStagedBox *box, double shift, const FvPictureInfo *info)
{
  const double right = shift * (box->x2 - box->x1), down = shift * (box->y2 - box->y1);
  return MAX (MAX (-box->x1 - right, -box->y1 - down),
              MAX (box->x2 + right - info->width, box->y2 + down - info->height));
}

/* How many boxes reach beyond their pictures as centers and as corners, of pictures here and there. */
static void
count_beyond (const FvImportJob *job, guint *as_centers, guint *as_corners)
{
  const guint step = MAX (1, job->entries->len / MAX_PROBED);
  *as_centers = *as_corners = 0;
  for (guint i = 0; i < job->entries->len; i += step)
    {
      const FvImportEntry *entry = g_ptr_array_index (job->entries, i);
      FvPictureInfo info;
      if (entry->staged == NULL || !fv_picture_probe (entry->picture, &info, NULL))
        continue;
      for (guint k = 0; k < entry->staged->len; k++)
        {
          const FvStagedBox *box = &g_array_index (entry->staged, FvStagedBox, k);
          *as_centers += beyond (box, 0, &info) > SLACK;
          *as_corners += beyond (box, 0.5, &info) > SLACK;
        }
    }
}

/* Whether a picture has a box that would reach beyond its left or upper edge, and whether all numbers are at most 1. */
static void
survey (const FvImportJob *job, gboolean *doubtful, gboolean *relative)
{
  guint n = 0;
  *doubtful = FALSE;
  *relative = TRUE;
  for (guint i = 0; i < job->entries->len; i++)
    {
      const FvImportEntry *entry = g_ptr_array_index (job->entries, i);
      for (guint k = 0; entry->staged != NULL && k < entry->staged->len; k++, n++)
        {
          const FvStagedBox *box = &g_array_index (entry->staged, FvStagedBox, k);
          *doubtful |= box->x1 < -SLACK || box->y1 < -SLACK;
          *relative
              &= box->x1 + box->x2 <= 2 && box->y1 + box->y2 <= 2 && box->x2 - box->x1 <= 1 && box->y2 - box->y1 <= 1;
        }
    }
  *relative &= n > 0;
}

static void
settle_meaning (FvImportJob *job)
{
  gboolean doubtful, relative, corners = FALSE;
  guint as_centers = 0, as_corners = 0;
  survey (job, &doubtful, &relative);
  if (doubtful)
    {
      count_beyond (job, &as_centers, &as_corners);
      corners = as_corners < as_centers;
    }
  for (guint i = 0; (corners || relative) && i < job->entries->len; i++)
    {
      const FvImportEntry *entry = g_ptr_array_index (job->entries, i);
      for (guint k = 0; entry->staged != NULL && k < entry->staged->len; k++)
        {
          FvStagedBox *box = &g_array_index (entry->staged, FvStagedBox, k);
          const double right = (box->x2 - box->x1) / 2, down = (box->y2 - box->y1) / 2;
          box->relative = relative;
          if (corners)
            *box = (FvStagedBox){ box->class_id,   box->line,      box->relative,   FALSE,
                                  box->x1 + right, box->y1 + down, box->x2 + right, box->y2 + down };
        }
    }
  if (corners)
    fv_problem_add (
        job->repaired, job->source->path, 0,
        _ ("The coordinates are those of the boxes' upper left corners, not of their centers as Create ML has "
           "them: as centers, %u of them would reach beyond their pictures, as corners %u. They were taken as "
           "corners; look at them."),
        as_centers, as_corners);
  if (relative)
    fv_problem_add (
        job->repaired, job->source->path, 0,
        _ ("No coordinate is larger than 1, so they were taken as shares of the picture, not as pixels. Look "
           "at the boxes."));
}

static gboolean
list (FvImportJob *job, GError **error)
{
  g_autoptr (FvPictureFinder) finder = fv_picture_finder_new (job->source, job->params->images);
  job->root = g_strdup (fv_picture_finder_root (finder));
  if (!fv_label_json_read_all (job, finder, FV_LABEL_JSON_CREATE_ML, "Create ML JSON", read_file, error))
    return FALSE;
  settle_meaning (job);
  fv_picture_finder_report_rest (finder, job);
  return TRUE;
}

static gboolean
detect (const FvImportSource *source, char **why)
{
  return fv_label_json_detect (source, FV_LABEL_JSON_CREATE_ML, "Create ML JSON", why);
}

const FvImporter fv_importer_createml = { "createml", "Create ML JSON", detect, list, NULL };
