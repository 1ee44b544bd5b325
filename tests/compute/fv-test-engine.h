/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/graph/fv-graph.h"

G_BEGIN_DECLS

/*
 * What the engine's tests share: one device for the program, numbers that depend on a seed and an index alone, memory between guard zones,
 * and a measure of error.
 *
 *   int main (int argc, char **argv)
 *   {
 *     fv_test_engine_init (&argc, &argv, NULL);
 *     g_test_add_func ("/nets/loss", test_loss);
 *     return fv_test_engine_run ();
 *   }
 *
 * Whatever goes wrong with the device itself ends the program.
 */

/* Bytes of a guard zone. */
#define FV_TEST_GUARD_BYTES 1024

/*
 * What memory holds until it is written, and guard zones for ever: signalling NaNs, which arithmetic makes quiet, another one in each word
 * @index of the memory, so that what was not written shows, nor can it be copied unseen to where nothing must be written.
 */
guint32   fv_test_pattern           (gsize index);

/* First thing in main(): the driver's environment, and g_test_init(). @selector as that of fv_device_open(). */
void      fv_test_engine_init       (int *argc, char ***argv, const char *selector);
/* g_test_run(), then closes the device. */
int       fv_test_engine_run        (void);
/* (transfer none): opened when it is first asked for. */
FvDevice *fv_test_engine_get_device (void);
void      fv_test_engine_close      (void);

/* Numbers: evenly spread over -1..1, and values of a float. */
guint64   fv_test_seed          (const char *text);
double    fv_test_random        (guint64 seed, guint64 index);
/* (transfer full): @n numbers of low..high. */
double   *fv_test_random_values (guint64 seed, gsize n, double low, double high);

/* The nearest number that fp16 has, and its bits. */
double    fv_test_round_to_half (double value);
guint16   fv_test_half_bits     (double value);
double    fv_test_half_value    (guint16 bits);

/* Sum of squared differences by that of the expected values. NaN where a value is none; infinite where only zeros were expected and others
 * came. */
double    fv_test_nmse          (const double *values, const double *expected, gsize n);

/* A buffer with a guard zone before and behind it, full of the pattern. */
typedef struct {
  FvBuffer *buffer;         /* guard zones and all */
  VkDeviceAddress address;  /* of what lies between them */
  gsize size;
  FvBuffer inner;           /* the same as a buffer, for what takes one; but only its address and size may be used */
} FvTestBuffer;

FvTestBuffer *fv_test_buffer_new         (FvMemory memory, gsize bytes, const char *name);
void          fv_test_buffer_free        (FvTestBuffer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvTestBuffer, fv_test_buffer_free)
/* From the first byte between the guard zones on. */
void          fv_test_buffer_write       (FvTestBuffer *self, const void *data, gsize bytes);
void          fv_test_buffer_read        (FvTestBuffer *self, void *data, gsize bytes);
/* (transfer full) (nullable): says which guard zone was written to. */
char         *fv_test_buffer_find_damage (FvTestBuffer *self);

/*
 * A graph whose tensors lie in one arena, none sharing memory with another, with guard zones between them and full of the pattern.
 * Build ->graph, place it, write what it starts from, run it, read.
 */
typedef struct {
  FvGraph *graph;
  FvBuffer *arena;
  FvRecording *recording;
  guint8 *bytes;            /* of the arena: before the first run what it will start from, then what the last one left */
  gboolean started;
} FvTestGraph;

FvTestGraph *fv_test_graph_new         (gboolean training);
/* The same of mixed precision, see FvGraphParams. */
FvTestGraph *fv_test_graph_new_half    (gboolean training);
void         fv_test_graph_free        (FvTestGraph *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvTestGraph, fv_test_graph_free)
/* Plans, allocates and records. @timing: fv_test_graph_time() may be called. */
void         fv_test_graph_place       (FvTestGraph *self, gboolean timing);
/* Packed values, [n][h][w][c], which a tensor of fp16 holds rounded; the padding up to a multiple of 16 channels becomes zero. Before the first run only. */
void         fv_test_graph_write       (FvTestGraph *self, const FvTensor *tensor, const double *values);
void         fv_test_graph_run         (FvTestGraph *self);
/* Seconds of device time of the quickest of @times runs, 0 where the device can't tell. @flops receives the dispatches' sum. */
double       fv_test_graph_time        (FvTestGraph *self, guint times, double *flops);
void         fv_test_graph_read        (const FvTestGraph *self, const FvTensor *tensor, double *values);
/* (transfer full) (nullable): after a run, says which guard zone was written to. */
char        *fv_test_graph_find_damage (const FvTestGraph *self);
/* (transfer full) (nullable): the same of what lies between a tensor's pixels: its padding is zero, and the rest of the pitch, which must
 * not belong to another tensor, was not written. */
char        *fv_test_tensor_find_damage (const FvTestGraph *self, const FvTensor *tensor);

G_END_DECLS
