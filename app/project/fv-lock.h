/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * A lock that names its holder: one for editing a project, one for the folder of a run.
 *
 *   g_autoptr (FvLock) lock = fv_lock_take ("/data/cells/editing.lock", &error);
 *   if (lock == NULL)
 *     return FALSE; // "... is in use by fovea-cli (process 4711 on lab3)."
 *
 * The lock belongs to an open file, so the system frees it when its holder ends, however it ends; the file stays and
 * is harmless. Two locks on one path exclude each other within one process, too.
 */

#define FV_LOCK_ERROR (fv_lock_error_quark ())
GQuark fv_lock_error_quark (void);

typedef enum
{
  FV_LOCK_ERROR_HELD,   /* another holds it; the message names program, process and host */
  FV_LOCK_ERROR_FAILED, /* the file can't be made or locked; the message says why */
} FvLockError;

typedef struct _FvLock FvLock;

/* Takes the lock or fails at once; makes the file where it is absent. Thread-safe. */
FvLock *fv_lock_take (const char *path, GError **error);
/* NULL-safe; frees the lock. */
void fv_lock_release (FvLock *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvLock, fv_lock_release)

/*
 * Whether somebody holds it now, without keeping it; holder (optional, transfer full) says who: "fovea-cli (process
 * 4711 on lab3)". FALSE where the file is absent.
 */
gboolean fv_lock_is_held (const char *path, char **holder);

/* Whether the file system of an existing file knows locks at all. TRUE where that can't be told. */
gboolean fv_lock_is_supported (const char *path);

G_END_DECLS
