/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

/* A row of the kernel table that shaders/meson.build makes. */
typedef struct {
  const char *name;
  const uint32_t *spirv;
  gsize size;          /* bytes */
} FvKernel;

/* (transfer none) (nullable): NULL when there is no kernel of that name. */
const FvKernel *fv_kernel_lookup (const char *name);

/* (transfer full): of all kernels' names and SPIR-V, SHA-256 in hexadecimal digits. */
char *fv_kernel_get_checksum (void);

G_END_DECLS
