/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/app/exchange/fv-test-torch.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

struct _FvTestTorch
{
  GByteArray *pickle;
  GByteArray *file;
  struct archive *archive;
};

static la_ssize_t
append (struct archive *archive, void *file, const void *data, size_t size)
{
  g_byte_array_append (file, data, size);
  return size;
}

FvTestTorch *
fv_test_torch_new (void)
{
  FvTestTorch *self = g_new0 (FvTestTorch, 1);

  self->pickle = g_byte_array_new ();
  self->file = g_byte_array_new ();
  self->archive = archive_write_new ();
  g_assert_cmpint (archive_write_set_format_zip (self->archive), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_zip_set_compression_store (self->archive), ==, ARCHIVE_OK);
  archive_write_set_bytes_in_last_block (self->archive, 1);
  g_assert_cmpint (archive_write_open (self->archive, self->file, NULL, append, NULL), ==, ARCHIVE_OK);
  fv_test_torch_raw (self, "\x80\x02", 2);
  return self;
}

void
fv_test_torch_free (FvTestTorch *self)
{
  archive_write_free (self->archive);
  g_byte_array_unref (self->pickle);
  g_byte_array_unref (self->file);
  g_free (self);
}

void
fv_test_torch_raw (FvTestTorch *self, const char *opcodes, gsize size)
{
  g_byte_array_append (self->pickle, (const guint8 *)opcodes, size);
}

void
fv_test_torch_text (FvTestTorch *self, const char *text)
{
  guint32 size = GUINT32_TO_LE (strlen (text));

  fv_test_torch_raw (self, "X", 1);
  fv_test_torch_raw (self, (const char *)&size, 4);
  fv_test_torch_raw (self, text, strlen (text));
}

void
fv_test_torch_integer (FvTestTorch *self, gint32 integer)
{
  gint32 le = GINT32_TO_LE (integer);

  fv_test_torch_raw (self, "J", 1);
  fv_test_torch_raw (self, (const char *)&le, 4);
}

static void
add_global (FvTestTorch *self, const char *module, const char *name)
{
  g_autofree char *text = g_strdup_printf ("c%s\n%s\n", module, name);

  fv_test_torch_raw (self, text, strlen (text));
}

void
fv_test_torch_begin_dict (FvTestTorch *self)
{
  add_global (self, "collections", "OrderedDict");
  fv_test_torch_raw (self, ")R(", 3);
}

void
fv_test_torch_end_dict (FvTestTorch *self)
{
  fv_test_torch_raw (self, "u", 1);
}

void
fv_test_torch_begin_object (FvTestTorch *self, const char *module, const char *name)
{
  add_global (self, module, name);
  fv_test_torch_raw (self, ")\x81}(", 4);
}

void
fv_test_torch_end_object (FvTestTorch *self)
{
  fv_test_torch_raw (self, "ub", 2);
}

static void
add_sizes (FvTestTorch *self, guint n, const int *sizes)
{
  fv_test_torch_raw (self, "(", 1);
  for (guint i = 0; i < n; i++)
    fv_test_torch_integer (self, sizes[i]);
  fv_test_torch_raw (self, "t", 1);
}

void
fv_test_torch_tensor (FvTestTorch *self, const char *name, const char *type, const char *key, int storage_length,
                      int offset, guint n, const int *dims, const int *strides)
{
  fv_test_torch_text (self, name);
  add_global (self, "torch._utils", "_rebuild_tensor_v2");
  fv_test_torch_raw (self, "((", 2);
  fv_test_torch_text (self, "storage");
  add_global (self, "torch", type);
  fv_test_torch_text (self, key);
  fv_test_torch_text (self, "cpu");
  fv_test_torch_integer (self, storage_length);
  fv_test_torch_raw (self, "tQ", 2);
  fv_test_torch_integer (self, offset);
  add_sizes (self, n, dims);
  add_sizes (self, n, strides);
  fv_test_torch_raw (self, "\x89", 1);
  add_global (self, "collections", "OrderedDict");
  fv_test_torch_raw (self, ")RtR", 4);
}

void
fv_test_torch_add_entry (FvTestTorch *self, const char *path, const void *data, gsize size)
{
  struct archive_entry *entry = archive_entry_new ();

  archive_entry_set_pathname (entry, path);
  archive_entry_set_size (entry, size);
  archive_entry_set_filetype (entry, AE_IFREG);
  g_assert_cmpint (archive_write_header (self->archive, entry), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_data (self->archive, data, size), ==, size);
  archive_entry_free (entry);
}

GBytes *
fv_test_torch_finish_without_pickle (FvTestTorch *self)
{
  g_assert_cmpint (archive_write_close (self->archive), ==, ARCHIVE_OK);
  return g_bytes_new (self->file->data, self->file->len);
}

GBytes *
fv_test_torch_finish (FvTestTorch *self)
{
  fv_test_torch_raw (self, ".", 1);
  fv_test_torch_add_entry (self, "archive/data.pkl", self->pickle->data, self->pickle->len);
  return fv_test_torch_finish_without_pickle (self);
}
