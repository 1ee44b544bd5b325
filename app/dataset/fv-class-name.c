/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-class-name.h"

#include <string.h>

gboolean
fv_class_name_is_usable (const char *name)
{
  if (name[0] == '\0' || strlen (name) > FV_CLASS_NAME_MAX || !g_utf8_validate (name, -1, NULL))
    return FALSE;
  for (const char *at = name; *at != '\0'; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)))
      return FALSE;
  return TRUE;
}
