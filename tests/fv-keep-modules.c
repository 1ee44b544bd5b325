/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Preloaded into sanitized tests. Modules stay mapped, so that the leak sanitizer can name, and suppress, their frames. The two leaks of others
 * below have no such frames, since GLib, which allocates them, is built without frame pointers and the quick unwinder stops there.
 */

#include <dlfcn.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#define MAX_PARTS 32

/* Absent in what is not sanitized: a shell on the way to the test. */
__attribute__ ((weak)) void __lsan_disable (void);
__attribute__ ((weak)) void __lsan_enable (void);
__attribute__ ((weak)) char *g_build_filenamev (char **parts);

int dlclose (void *handle);
char *g_build_filename (const char *first, ...);
int __libc_start_main (int (*main) (int, char **, char **), int argc, char **argv, void (*init) (void),
                       void (*fini) (void), void (*rtld_fini) (void), void *stack_end);

int
dlclose (void *handle)
{
  return 0;
}

/* GLib's table of quarks, made when it is loaded, is let go of when a larger one takes its place: readers may still look at it. */
__attribute__ ((constructor)) static void
begin_loading (void)
{
  if (__lsan_disable)
    __lsan_disable ();
}

int
__libc_start_main (int (*main) (int, char **, char **), int argc, char **argv, void (*init) (void), void (*fini) (void),
                   void (*rtld_fini) (void), void *stack_end)
{
  __typeof__ (__libc_start_main) *start = dlsym (RTLD_NEXT, "__libc_start_main");

  if (__lsan_enable)
    __lsan_enable ();
  return start (main, argc, argv, init, fini, rtld_fini, stack_end);
}

static int
is_of_cloud_providers (void *address)
{
  Dl_info info;

  return dladdr (address, &info) && info.dli_fname && strstr (info.dli_fname, "/libcloudproviders.so") != NULL;
}

/* libcloudproviders, which GTK's file chooser asks, forgets the names of the folders that it looks into. */
char *
g_build_filename (const char *first, ...)
{
  const int leaks = __lsan_disable && is_of_cloud_providers (__builtin_return_address (0));
  char *parts[MAX_PARTS + 1] = { (char *)first };
  char *name;
  va_list rest;

  va_start (rest, first);
  for (int i = 1; i < MAX_PARTS && parts[i - 1]; i++)
    parts[i] = va_arg (rest, char *);
  va_end (rest);
  if (leaks)
    __lsan_disable ();
  name = g_build_filenamev (parts);
  if (leaks)
    __lsan_enable ();
  return name;
}
