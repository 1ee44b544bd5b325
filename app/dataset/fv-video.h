/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Frames of videos as pictures, read by whatever GStreamer has decoders for. */

gboolean fv_name_is_video (const char *name); /* by its ending */

/* Which frames are taken: by number where step > 0, else by time. */
typedef struct
{
  double fps;                /* frames a second; where the video has fewer, all */
  guint64 step, first, last; /* first, first + step, ... up to last, from 0 */
} FvVideoFrames;

/* fraction is 0..1 of the video. */
typedef void (*FvVideoProgress) (double fraction, gpointer user_data);

/*
 * Writes them as folder/frame_000012.jpg (the number of the frame in the video), upright, with the time they were taken in
 * their EXIF data: that of the video's beginning as it says itself, else of the file's last change, and the time since.
 * folder is made. *n_frames is their number. Errors: FV_IMPORT_ERROR_UNPACK, which names the plugin that is missing where one
 * is; G_IO_ERROR_CANCELLED. What was written till then stays.
 */
gboolean fv_video_extract (const char *path, const char *folder, const FvVideoFrames *frames, guint *n_frames,
                           FvVideoProgress progress, gpointer user_data, GCancellable *cancellable, GError **error);

G_END_DECLS
