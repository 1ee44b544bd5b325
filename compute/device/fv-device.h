/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <vulkan/vulkan.h>

G_BEGIN_DECLS

#define FV_DEVICE_ERROR (fv_device_error_quark ())
GQuark fv_device_error_quark (void);

typedef enum {
  FV_DEVICE_ERROR_NONE_FOUND,     /* no Vulkan driver, or no usable device, or none that the selector names */
  FV_DEVICE_ERROR_OUT_OF_MEMORY,
  FV_DEVICE_ERROR_LOST,
  FV_DEVICE_ERROR_FAILED,         /* any other Vulkan error */
} FvDeviceError;

/* What `fovea-cli devices` shows of one physical device. */
typedef struct {
  guint index;
  char *name;
  char *type;                  /* "discrete", "integrated", "virtual", "cpu", "other" */
  char *driver;                /* driver name and version in words */
  char uuid[33];               /* 32 hexadecimal digits: what the driver calls this device */
  char *api_version;           /* "1.3.230" */
  guint64 memory_bytes;        /* largest device-local heap */
  guint subgroup_size;         /* the driver's default */
  gboolean fp16;
  gboolean cooperative_matrix;
  gboolean usable;
  char *reason;                /* why not usable, else NULL */
} FvDeviceInfo;

void fv_device_info_free (FvDeviceInfo *info);

/* What a device lets kernels do, on which depends which of them it can run. */
typedef struct {
  guint subgroup_size;         /* that kernels run with */
  guint shared_bytes;          /* shared memory of a workgroup */
  guint threads;               /* of a workgroup */
  guint matrix_m, matrix_n, matrix_k;    /* cooperative matrices of fp16, summed in fp32, of a subgroup of the driver's default size; 0: none */
} FvDeviceLimits;

/* (transfer full) (element-type FvDeviceInfo): empty when there is no driver. Errors: FV_DEVICE_ERROR. */
GPtrArray *fv_device_enumerate (GError **error);

typedef struct {
  const char *selector;        /* (nullable): an index or a part of a name; NULL = $FOVEA_DEVICE, else the best one */
  gboolean validation;         /* load the Khronos validation layer; its messages become g_warning()s */
  guint subgroup_size;         /* ask for this size where the device can vary it; 0 = the driver's default */
  double submission_seconds;   /* longest estimated time of one submission; 0 = $FOVEA_SUBMISSION_MS, else 0.2, or without bound on the processor */
} FvDeviceParams;

typedef struct _FvDevice FvDevice;

/* An opened device with one compute queue. Not thread-safe but for fv_device_ref() and unref. Errors: FV_DEVICE_ERROR. */
FvDevice           *fv_device_open     (const FvDeviceParams *params, GError **error);
FvDevice           *fv_device_ref      (FvDevice *self);
void                fv_device_unref    (FvDevice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvDevice, fv_device_unref)

const FvDeviceInfo *fv_device_get_info (FvDevice *self);
/* Subgroup size that kernels run with. */
guint               fv_device_get_subgroup_size (FvDevice *self);
const FvDeviceLimits *fv_device_get_limits (FvDevice *self);
gboolean            fv_device_is_lost  (FvDevice *self);
/* Bytes of device memory allocated now and at most so far. */
guint64             fv_device_get_allocated_bytes (FvDevice *self);
guint64             fv_device_get_peak_bytes (FvDevice *self);
/*
 * Bytes of device memory that may still be allocated: what the driver says that other programs leave (VK_EXT_memory_budget), else the heap
 * less what this device has allocated.
 */
guint64             fv_device_get_available_bytes (FvDevice *self);
/* Bytes that one buffer may have; all activations of a network lie in one. */
guint64             fv_device_get_largest_buffer_bytes (FvDevice *self);

/* What operators decided for this device (compute/ops/fv-conv-choices.h), freed by @free with it or when another comes. */
void                fv_device_set_choices (FvDevice *self, gpointer choices, GDestroyNotify free);
gpointer            fv_device_get_choices (FvDevice *self);

/*
 * A driver for the processor compiles a pipeline when it first runs, one after the other. This compiles those that were made since the last call,
 * on all processors, and waits; on other devices there is nothing to do. What can't be compiled now is when it first runs.
 */
void                fv_device_compile_pipelines (FvDevice *self);

/*
 * A driver reads its environment when it is loaded, so this goes first thing in main(): sets LP_NATIVE_VECTOR_WIDTH (where it is unset) to
 * 512 if the processor has AVX-512 and lavapipe is of Mesa 25 or newer.
 */
void                fv_device_prepare_environment (void);
/*
 * The same for a run that goes on with the subgroup size of its plan (8 or 16; others change nothing): after fv_device_prepare_environment(),
 * before anything else that calls Vulkan. Keeps what the person had set.
 */
void                fv_device_prepare_environment_for (guint subgroup_size);

G_END_DECLS
