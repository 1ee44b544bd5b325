/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Preloaded into sanitized tests: modules stay mapped, so that the leak sanitizer can name, and suppress, their frames. */
int dlclose (void *handle);

int
dlclose (void *handle)
{
  return 0;
}
