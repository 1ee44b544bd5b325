/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-video.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <gst/app/gstappsink.h>
#include <gst/pbutils/pbutils.h>
#include <gst/video/video.h>
#include <string.h>
#include <turbojpeg.h>

#include "app/dataset/fv-importer.h"

/* Hardly to be told from the video itself. */
#define QUALITY 95
/* Of one video: a day at one a second. */
#define MAX_FRAMES 100000
/* A decoder that gives nothing for so long never will. */
#define MAX_SECONDS_WITHOUT_FRAME 15

typedef struct
{
  const char *path, *folder;
  const FvVideoFrames *frames;
  FvVideoProgress progress;
  gpointer user_data;
  GCancellable *cancellable;
  GstElement *pipeline, *convert, *sink;
  char *missing;  /* (nullable): what a plugin is missing for */
  gint64 begin;   /* seconds since 1970 */
  guint64 number; /* of the frame that comes next */
  double next;    /* seconds: when the next one is to be taken */
  guint n_frames;
  GstVideoConverter *converter;
  GstVideoInfo from, to;
  tjhandle encoder;
} Video;

static void
video_clear (Video *self)
{
  if (self->pipeline != NULL)
    gst_element_set_state (self->pipeline, GST_STATE_NULL);
  g_clear_pointer (&self->pipeline, gst_object_unref);
  g_clear_pointer (&self->converter, gst_video_converter_free);
  g_clear_pointer (&self->missing, g_free);
  g_clear_pointer (&self->encoder, tjDestroy);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Video, video_clear)

gboolean
fv_name_is_video (const char *name)
{
  static const char *const endings[]
      = { "3gp", "avi", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv", "webm", "wmv" };
  const char *dot = strrchr (name, '.');
  for (guint i = 0; dot != NULL && i < G_N_ELEMENTS (endings); i++)
    if (g_ascii_strcasecmp (dot + 1, endings[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
fail (const Video *self, GError **error, const char *reason)
{
  if (self->missing != NULL)
    g_set_error (
        error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_UNPACK,
        _ ("The video '%s' can't be read: GStreamer lacks the plugin for '%s'. Install it (gst-plugins-good, -bad "
           "or gst-libav of your system), or convert the video to WebM."),
        self->path, self->missing);
  else
    g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_UNPACK,
                 _ ("The video '%s' can't be read: %s. Play it to see whether it is whole, or convert it to WebM."),
                 self->path, reason);
  return FALSE;
}

/* The pipeline */

static void
on_pad_added (GstElement *decode, GstPad *pad, gpointer user_data)
{
  const Video *self = user_data;
  g_autoptr (GstPad) to = gst_element_get_static_pad (self->convert, "sink");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  if (caps != NULL && !gst_pad_is_linked (to)
      && g_str_has_prefix (gst_structure_get_name (gst_caps_get_structure (caps, 0)), "video/"))
    gst_pad_link (pad, to);
}

/* The time of the video's beginning, in UTC. */
static void
take_date (Video *self, const GstTagList *tags)
{
  g_autoptr (GstDateTime) tag = NULL;
  if (!gst_tag_list_get_date_time (tags, GST_TAG_DATE_TIME, &tag) || !gst_date_time_has_second (tag))
    return;
  g_autoptr (GDateTime) time = gst_date_time_to_g_date_time (tag);
  /* What has no clock says 1904 or 1970. */
  if (time != NULL && g_date_time_to_unix (time) > 86400 * 365)
    self->begin = g_date_time_to_unix (time);
}

/* What the pipeline says; FALSE with an error where it failed. */
static gboolean
read_messages (Video *self, GError **error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  GstMessage *next;
  gboolean good = TRUE;
  while (good && (next = gst_bus_pop (bus)) != NULL)
    {
      g_autoptr (GstMessage) message = next;
      if (gst_is_missing_plugin_message (message) && self->missing == NULL)
        self->missing = gst_missing_plugin_message_get_description (message);
      else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_TAG)
        {
          g_autoptr (GstTagList) tags = NULL;
          gst_message_parse_tag (message, &tags);
          take_date (self, tags);
        }
      else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
        {
          g_autoptr (GError) local = NULL;
          gst_message_parse_error (message, &local, NULL);
          g_autofree char *reason = g_utf8_make_valid (local->message, -1);
          /* Sentences end with their own stop. */
          if (g_str_has_suffix (reason, "."))
            reason[strlen (reason) - 1] = '\0';
          good = fail (self, error, reason);
        }
    }
  return good;
}

static gboolean
build (Video *self, GError **error)
{
  self->pipeline = gst_pipeline_new (NULL);
  GstElement *source = gst_element_factory_make ("filesrc", NULL);
  GstElement *decode = gst_element_factory_make ("decodebin", NULL);
  GstElement *turn = gst_element_factory_make ("videoflip", NULL);
  self->convert = gst_element_factory_make ("videoconvert", NULL);
  self->sink = gst_element_factory_make ("appsink", NULL);
  GstElement *const all[] = { source, decode, self->convert, turn, self->sink };
  gboolean whole = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != NULL)
      gst_bin_add (GST_BIN (self->pipeline), all[i]);
    else
      whole = FALSE;
  if (!whole)
    {
      g_set_error_literal (
          error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_UNPACK,
          _ ("Videos can't be read, since GStreamer's own plugins are missing. Install gst-plugins-base "
             "and gst-plugins-good of your system."));
      return FALSE;
    }
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("video/x-raw");
  g_object_set (source, "location", self->path, NULL);
  gst_util_set_object_arg (G_OBJECT (turn), "video-direction", "auto");
  g_object_set (self->sink, "sync", FALSE, "max-buffers", 4, "caps", caps, NULL);
  g_signal_connect (decode, "pad-added", G_CALLBACK (on_pad_added), self);
  if (!gst_element_link (source, decode) || !gst_element_link_many (self->convert, turn, self->sink, NULL))
    return fail (self, error, _ ("its decoder can't be set up"));
  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    return read_messages (self, error) && fail (self, error, _ ("its decoder can't be started"));
  return TRUE;
}

/* Frames */

/* EXIF data that say when the picture was taken: (transfer full). */
static GByteArray *
make_exif (gint64 time)
{
  static const guint8 head[]
      = { 0xff, 0xe1, 0,    72,   'E', 'x', 'i', 'f', 0, 0,  'M', 'M', 0, 42, 0, 0, 0, 8, /* TIFF */
          0,    1,    0x87, 0x69, 0,   4,   0,   0,   0, 1,  0,   0,   0, 26, 0, 0, 0, 0, /* its directory */
          0,    1,    0x90, 0x03, 0,   2,   0,   0,   0, 20, 0,   0,   0, 44, 0, 0, 0, 0 /* EXIF's */ };
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time);
  g_autofree char *text = date != NULL ? g_date_time_format (date, "%Y:%m:%d %H:%M:%S") : NULL;
  if (text == NULL || strlen (text) != 19)
    return NULL;
  GByteArray *exif = g_byte_array_new ();
  g_byte_array_append (exif, head, sizeof head);
  g_byte_array_append (exif, (const guint8 *)text, 20);
  return exif;
}

static gboolean
write_jpeg (const Video *self, const GstVideoFrame *rgb, gint64 time, GError **error)
{
  g_autofree char *to = g_strdup_printf ("%s/frame_%06" G_GUINT64_FORMAT ".jpg", self->folder, self->number);
  unsigned char *data = NULL;
  unsigned long size = 0;
  if (tjCompress2 (self->encoder, GST_VIDEO_FRAME_PLANE_DATA (rgb, 0), GST_VIDEO_FRAME_WIDTH (rgb),
                   GST_VIDEO_FRAME_PLANE_STRIDE (rgb, 0), GST_VIDEO_FRAME_HEIGHT (rgb), TJPF_RGB, &data, &size,
                   TJSAMP_420, QUALITY, 0)
      != 0)
    return fail (self, error, tjGetErrorStr2 (self->encoder));

  g_autoptr (GByteArray) exif = make_exif (time), file = g_byte_array_new ();
  g_byte_array_append (file, data, 2);
  if (exif != NULL)
    g_byte_array_append (file, exif->data, exif->len);
  g_byte_array_append (file, data + 2, (guint)(size - 2));
  tjFree (data);
  g_autoptr (GError) local = NULL;
  if (g_file_set_contents_full (to, (const char *)file->data, file->len, G_FILE_SET_CONTENTS_NONE, 0666, &local))
    return TRUE;
  g_set_error (error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_UNPACK,
               _ ("The frames of '%s' can't be kept: %s. Nothing was imported; free some space or take fewer frames a "
                  "second."),
               self->path, local->message);
  return FALSE;
}

static gboolean
set_format (Video *self, GstCaps *caps, GError **error)
{
  GstVideoInfo info;
  if (caps == NULL || !gst_video_info_from_caps (&info, caps))
    return fail (self, error, _ ("what its frames look like can't be told"));
  if (self->converter != NULL && gst_video_info_is_equal (&info, &self->from))
    return TRUE;
  const guint width = (guint)GST_VIDEO_INFO_WIDTH (&info), height = (guint)GST_VIDEO_INFO_HEIGHT (&info);
  if (width == 0 || height == 0 || width > FV_PICTURE_MAX_SIDE || height > FV_PICTURE_MAX_SIDE
      || (guint64)width * height > FV_PICTURE_MAX_AREA)
    return fail (self, error, _ ("its frames are too large"));
  self->from = info;
  gst_video_info_set_interlaced_format (&self->to, GST_VIDEO_FORMAT_RGB, info.interlace_mode, width, height);
  self->to.fps_n = info.fps_n;
  self->to.fps_d = info.fps_d;
  g_clear_pointer (&self->converter, gst_video_converter_free);
  self->converter = gst_video_converter_new (&self->from, &self->to, NULL);
  return self->converter != NULL || fail (self, error, _ ("its colours can't be converted"));
}

static gboolean
keep_frame (Video *self, GstSample *sample, double seconds, GError **error)
{
  if (self->n_frames >= MAX_FRAMES)
    {
      g_set_error (
          error, FV_IMPORT_ERROR, FV_IMPORT_ERROR_UNPACK,
          _ ("The video '%s' has more than %d frames to be taken. Nothing was imported; take fewer frames a second, "
             "or cut the video."),
          self->path, MAX_FRAMES);
      return FALSE;
    }
  if (!set_format (self, gst_sample_get_caps (sample), error))
    return FALSE;
  g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&self->to), NULL);
  GstVideoFrame from, to;
  if (buffer == NULL || !gst_video_frame_map (&from, &self->from, gst_sample_get_buffer (sample), GST_MAP_READ))
    return fail (self, error, _ ("a frame can't be read"));
  gboolean done = gst_video_frame_map (&to, &self->to, buffer, GST_MAP_READWRITE);
  if (done)
    {
      gst_video_converter_frame (self->converter, &from, &to);
      done = write_jpeg (self, &to, self->begin + (gint64)seconds, error);
      gst_video_frame_unmap (&to);
    }
  else
    fail (self, error, _ ("a frame can't be read"));
  gst_video_frame_unmap (&from);
  self->n_frames += done;
  return done;
}

static gboolean
is_wanted (Video *self, double seconds)
{
  const FvVideoFrames *frames = self->frames;
  if (frames->step > 0)
    return self->number >= frames->first && self->number <= frames->last
           && (self->number - frames->first) % frames->step == 0;
  /* A frame is there for the time until the next, and clocks of videos are rounded to thousandths. */
  if (seconds < self->next - 1e-3)
    return FALSE;
  self->next = MAX (self->next, seconds - 1e-3) + 1 / frames->fps;
  return TRUE;
}

static gboolean
take_sample (Video *self, GstSample *sample, GError **error)
{
  const GstBuffer *buffer = gst_sample_get_buffer (sample);
  const GstSegment *segment = gst_sample_get_segment (sample);
  guint64 at = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  gint64 duration = 0;
  if (at == GST_CLOCK_TIME_NONE)
    at = 0;
  const double seconds = (double)at / GST_SECOND;
  if (is_wanted (self, seconds) && !keep_frame (self, sample, seconds, error))
    return FALSE;
  self->number++;
  if (self->progress != NULL && gst_element_query_duration (self->pipeline, GST_FORMAT_TIME, &duration) && duration > 0)
    self->progress (MIN (1, (double)at / (double)duration), self->user_data);
  return TRUE;
}

static gboolean
take_frames (Video *self, GError **error)
{
  GstAppSink *sink = GST_APP_SINK (self->sink);
  gint64 last = g_get_monotonic_time ();
  while (self->frames->step == 0 || self->number <= self->frames->last)
    {
      g_autoptr (GstSample) sample = gst_app_sink_try_pull_sample (sink, 100 * GST_MSECOND);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error) || !read_messages (self, error))
        return FALSE;
      if (sample != NULL)
        {
          if (!take_sample (self, sample, error))
            return FALSE;
          last = g_get_monotonic_time ();
        }
      else if (gst_app_sink_is_eos (sink))
        break;
      else if (g_get_monotonic_time () - last > MAX_SECONDS_WITHOUT_FRAME * G_USEC_PER_SEC)
        return fail (self, error, _ ("its decoder stands still"));
    }
  return self->n_frames > 0 || fail (self, error, _ ("none of the frames that are wanted is in it"));
}

gboolean
fv_video_extract (const char *path, const char *folder, const FvVideoFrames *frames, guint *n_frames,
                  FvVideoProgress progress, gpointer user_data, GCancellable *cancellable, GError **error)
{
  g_auto (Video) self = { .path = path,
                          .folder = folder,
                          .frames = frames,
                          .progress = progress,
                          .user_data = user_data,
                          .cancellable = cancellable };
  g_autoptr (GError) local = NULL;
  GStatBuf status;
  if (!gst_init_check (NULL, NULL, &local))
    return fail (&self, error, local != NULL ? local->message : _ ("GStreamer can't be started"));
  if (g_mkdir_with_parents (folder, 0777) != 0 || g_stat (path, &status) != 0)
    return fail (&self, error, g_strerror (errno));
  self.begin = status.st_mtime;
  self.encoder = tjInitCompress ();
  if (self.encoder == NULL)
    return fail (&self, error, _ ("there is not enough memory"));
  if (!build (&self, error) || !take_frames (&self, error))
    return FALSE;
  *n_frames = self.n_frames;
  return TRUE;
}
