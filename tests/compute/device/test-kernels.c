/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-kernels NAME...: each kernel of the table is valid SPIR-V by the Khronos validator, where that is installed (package spirv-tools).
 * Scalar layout is a feature that every device Fovea runs on has. */
#include "compute/device/fv-kernel.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

static void
test_kernel (gconstpointer name)
{
  const FvKernel *kernel = fv_kernel_lookup (name);
  g_autofree char *program = g_find_program_in_path ("spirv-val");
  g_autofree char *path = NULL, *said = NULL;
  g_autoptr (GError) error = NULL;
  int status = -1;

  g_assert_nonnull (kernel);
  if (program == NULL)
    {
      g_test_skip ("spirv-val is not installed");
      return;
    }
  g_close (g_file_open_tmp ("fovea-XXXXXX.spv", &path, &error), NULL);
  g_assert_no_error (error);
  g_file_set_contents (path, (const char *)kernel->spirv, (gssize)kernel->size, &error);
  g_assert_no_error (error);
  g_spawn_sync (
      NULL,
      (char *[]){ program, (char *)"--target-env", (char *)"vulkan1.3", (char *)"--scalar-block-layout", path, NULL },
      NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said, &status, &error);
  g_remove (path);
  g_assert_no_error (error);
  if (status != 0)
    {
      g_test_message ("%s: %s", (const char *)name, said);
      g_test_fail ();
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (int i = 1; i < argc; i++)
    {
      g_autofree char *test = g_strconcat ("/kernels/", argv[i], NULL);

      g_test_add_data_func (test, argv[i], test_kernel);
    }
  return g_test_run ();
}
