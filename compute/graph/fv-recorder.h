/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/device/fv-buffer.h"

G_BEGIN_DECLS

/*
 * Collects dispatches, derives the barriers between them, makes their pipelines (in parallel), and records command buffers
 * that can be submitted again and again.
 *
 *   FvRecorder *recorder = fv_recorder_new (device);
 *   fv_recorder_dispatch (recorder, &(FvDispatch) { .kernel = "add", ... });
 *   FvRecording *recording = fv_recorder_finish (&recorder, &error);
 *   fv_recording_submit (recording, &ticket, &error);  ...  fv_device_wait (device, ticket, &error);
 */

#define FV_MAX_ACCESSES 8
#define FV_MAX_PUSH     128
#define FV_MAX_SPEC     24

typedef struct {
  const char *kernel;               /* a row of the kernel table: the name of its SPIR-V */
  const char *phase;                /* static string: what the time counts as, "conv forward" */
  guint32 spec[FV_MAX_SPEC];        /* specialization constants by constant_id from 0 */
  guint n_spec;
  guint subgroup_size;              /* required subgroup size with full subgroups, 0 = any */
  guint32 groups[3];
  const void *push;                 /* copied */
  guint push_size;                  /* <= FV_MAX_PUSH */
  FvRange reads[FV_MAX_ACCESSES];   /* size 0 = unused */
  FvRange writes[FV_MAX_ACCESSES];
  double flops;
} FvDispatch;

/* Fills .spec from a struct of guint32 fields whose order is that of the constant ids. */
#define FV_DISPATCH_SPEC(dispatch, pointer)                                   \
  G_STMT_START {                                                              \
    G_STATIC_ASSERT (sizeof *(pointer) <= sizeof (dispatch)->spec);           \
    memcpy ((dispatch)->spec, (pointer), sizeof *(pointer));                  \
    (dispatch)->n_spec = sizeof *(pointer) / sizeof (guint32);                \
  } G_STMT_END

/* Seconds of device time by kind of dispatch, summed since timing was switched on. */
typedef struct {
  const char *name;                    /* static: "conv forward", "batch norm", ... */
  double seconds;
  double flops;                        /* useful floating-point operations, 0 where not counted */
  guint64 dispatches;
} FvPhase;

typedef struct _FvRecorder FvRecorder;
typedef struct _FvRecording FvRecording;

FvRecorder  *fv_recorder_new       (FvDevice *device);
void         fv_recorder_free      (FvRecorder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvRecorder, fv_recorder_free)
FvDevice    *fv_recorder_get_device (FvRecorder *self);
/* Zero page (64 KiB of zeros to read) and dump page (64 KiB that nobody reads), for kernels that select addresses instead of branching. */
VkDeviceAddress fv_device_get_zero_page (FvDevice *device);
VkDeviceAddress fv_device_get_dump_page (FvDevice *device);

void         fv_recorder_dispatch  (FvRecorder *self, const FvDispatch *dispatch);
/* Fills with a 32-bit word. */
void         fv_recorder_fill      (FvRecorder *self, FvBuffer *buffer, VkDeviceSize offset, VkDeviceSize size, guint32 word);
void         fv_recorder_copy      (FvRecorder *self, FvBuffer *from, VkDeviceSize from_offset, FvBuffer *to, VkDeviceSize to_offset, VkDeviceSize size);

/* (transfer full): takes the recorder. @timing: put timestamps around every dispatch. */
FvRecording *fv_recorder_finish    (FvRecorder **self, gboolean timing, GError **error);
void         fv_recording_free     (FvRecording *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvRecording, fv_recording_free)

/* Submits; @ticket is a value of the device's timeline. */
gboolean     fv_recording_submit   (FvRecording *self, guint64 *ticket, GError **error);
/* Adds the device time of the last finished submission to @phases (element-type FvPhase). */
void         fv_recording_add_times (FvRecording *self, GArray *phases);
/* (transfer full) (element-type FvPhase): a copy, longest first. */
GArray      *fv_phases_sorted      (GArray *phases);
guint        fv_recording_get_n_dispatches (FvRecording *self);
guint        fv_recording_get_n_barriers (FvRecording *self);

gboolean     fv_device_wait        (FvDevice *device, guint64 ticket, GError **error);
gboolean     fv_device_is_done     (FvDevice *device, guint64 ticket);

G_END_DECLS
