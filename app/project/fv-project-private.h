/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sqlite3.h>

#include "app/project/fv-lock.h"
#include "app/project/fv-project.h"

G_BEGIN_DECLS

/* A project that is open. Private to fv-project.c, which opens it, and fv-project-content.c. */
struct _FvProject
{
  char *path;
  char *store; /* PATH/project.db */
  char *notice;
  char *uri; /* how SQLite opens the store */
  int flags;
  const char *vfs; /* (nullable) */
  sqlite3 *db;
  FvLock *lock; /* NULL when open for reading */
};

G_END_DECLS
