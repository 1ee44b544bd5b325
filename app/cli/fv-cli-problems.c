/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli-problems.h"

#include "app/cli/fv-cli.h"
#include "app/project/fv-project.h"

void
fv_cli_json_problems (JsonBuilder *builder, const char *name, const GPtrArray *problems)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < problems->len; i++)
    {
      const FvProblem *problem = g_ptr_array_index (problems, i);
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "file", problem->file);
      fv_cli_json_int (builder, "line", problem->line);
      fv_cli_json_string (builder, "reason", problem->reason);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}
