/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event stream of a run, as the window reads it. */
#include "app/training/fv-run-record.h"
#include "tests/fuzz/fv-fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *path = fv_fuzz_file (data, size, NULL);
  gboolean skipping = FALSE, more = TRUE;

  for (gint64 offset = 0; more;)
    {
      g_autoptr (FvRunRecords) records = fv_run_records_read (path, offset, skipping, NULL);

      g_assert_true (records->end >= offset && records->end <= (gint64)size);
      g_assert_true (!records->more || records->end > offset);
      offset = records->end;
      skipping = records->skipping;
      more = records->more;
    }
  return 0;
}
