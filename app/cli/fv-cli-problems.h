/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A member of an object being built: a list of FvProblem, as import and check have it. */
void fv_cli_json_problems (JsonBuilder *builder, const char *name, const GPtrArray *problems);

G_END_DECLS
