/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fv-test-cli.h"
#include "tests/fv-test-data.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <turbojpeg.h>
#include <unistd.h>

/*
 * Commands on 10,000 pictures with 100,000 boxes, and on ten times as many of both: their seconds and memory, and that ten times the data
 * take about ten times as long. `FOVEA_TEST_ARTIFACTS` is a folder that the table is written to.
 */

#define WIDTH 48
#define HEIGHT 32
#define BOXES 10
#define N_CLASSES 20
#define IN_A_FOLDER 1000

#define MOST_SECONDS 120
#define MOST_BYTES ((gint64)1 << 30)
/* Of the times for ten times the data; below MEASURABLE seconds the program's start is most of it. */
#define MOST_GROWTH 20
#define MEASURABLE 0.5

typedef struct
{
  const char *name;
  double seconds[2];
  gint64 bytes[2]; /* largest resident size */
} Row;

static GArray *rows; /* of Row */

/* A picture unlike all others: blocks of 8 x 8 pixels, each of a grey of its own. */
static void
paint (guint8 *rgb, GRand *random)
{
  for (guint by = 0; by < HEIGHT / 8; by++)
    for (guint bx = 0; bx < WIDTH / 8; bx++)
      {
        const guint8 grey = (guint8)g_rand_int_range (random, 0, 256);

        for (guint y = 0; y < 8; y++)
          memset (rgb + ((by * 8 + y) * WIDTH + bx * 8) * 3, grey, (gsize)8 * 3);
      }
}

/* Centre and size of a box, in shares of the picture; the same for both kinds of labels. */
static void
draw_box (GRand *random, guint *class_id, double box[4])
{
  *class_id = (guint)(g_rand_double (random) * g_rand_double (random) * N_CLASSES);
  box[2] = g_rand_double_range (random, 0.1, 0.4);
  box[3] = g_rand_double_range (random, 0.1, 0.4);
  box[0] = g_rand_double_range (random, box[2] / 2, 1 - box[2] / 2);
  box[1] = g_rand_double_range (random, box[3] / 2, 1 - box[3] / 2);
}

typedef struct
{
  char *folder;
  tjhandle compressor;
  GRand *random;
  GString *images, *annotations; /* of COCO's file */
  guint n_annotations;
} Maker;

static void
write_text (const char *folder, const char *name, const char *text, gssize size)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_file_set_contents_full (path, text, size, G_FILE_SET_CONTENTS_NONE, 0644, &error);
  g_assert_no_error (error);
}

static void
make_picture (Maker *self, guint i)
{
  guint8 rgb[WIDTH * HEIGHT * 3];
  unsigned char *jpeg = NULL;
  unsigned long size = 0;
  g_autofree char *picture = g_strdup_printf ("images/%03u/%06u.jpg", i / IN_A_FOLDER, i);
  g_autofree char *label = g_strdup_printf ("labels/%03u/%06u.txt", i / IN_A_FOLDER, i);
  g_autoptr (GString) lines = g_string_new (NULL);

  paint (rgb, self->random);
  g_assert_cmpint (tjCompress2 (self->compressor, rgb, WIDTH, 0, HEIGHT, TJPF_RGB, &jpeg, &size, TJSAMP_444, 90, 0), ==,
                   0);
  write_text (self->folder, picture, (const char *)jpeg, (gssize)size);
  tjFree (jpeg);
  g_string_append_printf (self->images,
                          "%s{\"id\": %u, \"file_name\": \"%03u/%06u.jpg\", \"width\": %d, \"height\": %d}",
                          i > 0 ? ",\n" : "", i + 1, i / IN_A_FOLDER, i, WIDTH, HEIGHT);
  for (guint k = 0; k < BOXES; k++)
    {
      guint class_id;
      double box[4];

      draw_box (self->random, &class_id, box);
      g_string_append_printf (lines, "%u %.6f %.6f %.6f %.6f\n", class_id, box[0], box[1], box[2], box[3]);
      self->n_annotations++;
      g_string_append_printf (self->annotations,
                              "%s{\"id\": %u, \"image_id\": %u, \"category_id\": %u, \"iscrowd\": 0, \"area\": %.3f, "
                              "\"bbox\": [%.3f, %.3f, %.3f, %.3f], \"segmentation\": []}",
                              self->n_annotations > 1 ? ",\n" : "", self->n_annotations, i + 1, class_id + 1,
                              box[2] * WIDTH * box[3] * HEIGHT, (box[0] - box[2] / 2) * WIDTH,
                              (box[1] - box[3] / 2) * HEIGHT, box[2] * WIDTH, box[3] * HEIGHT);
    }
  write_text (self->folder, label, lines->str, (gssize)lines->len);
}

static void
write_descriptions (Maker *self)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GString) coco = g_string_new ("{\"categories\": [");

  for (guint c = 0; c < N_CLASSES; c++)
    {
      g_string_append_printf (names, "class-%02u\n", c);
      g_string_append_printf (coco, "%s{\"id\": %u, \"name\": \"class-%02u\"}", c > 0 ? ", " : "", c + 1, c);
    }
  g_string_append_printf (coco, "],\n\"images\": [%s],\n\"annotations\": [%s]}\n", self->images->str,
                          self->annotations->str);
  /* No lists of subsets: the split is the project's. */
  write_text (self->folder, "classes.txt", names->str, (gssize)names->len);
  write_text (self->folder, "../annotations.json", coco->str, (gssize)coco->len);
}

/* (transfer full): a folder with @n pictures and labels of YOLO's; beside it annotations.json, the same as COCO has it. */
static char *
make_data (guint n)
{
  g_autofree char *name = g_strdup_printf ("%u/data", n);
  Maker maker = { g_build_filename (fv_test_folder (), name, NULL),
                  tjInitCompress (),
                  g_rand_new_with_seed (n),
                  g_string_new (NULL),
                  g_string_new (NULL),
                  0 };

  g_assert_cmpint (g_mkdir_with_parents (maker.folder, 0755), ==, 0);
  for (guint i = 0; i < n; i++)
    {
      if (i % IN_A_FOLDER == 0)
        for (guint k = 0; k < 2; k++)
          {
            g_autofree char *folder
                = g_strdup_printf ("%s/%s/%03u", maker.folder, k == 0 ? "images" : "labels", i / IN_A_FOLDER);

            g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
          }
      make_picture (&maker, i);
    }
  write_descriptions (&maker);
  g_string_free (maker.images, TRUE);
  g_string_free (maker.annotations, TRUE);
  g_rand_free (maker.random);
  tjDestroy (maker.compressor);
  return maker.folder;
}

/* Runs fovea-cli to its end, its output in @log. */
static void
measure (guint size, guint row, const char *name, const char *log, char **arguments)
{
  g_autoptr (GError) error = NULL;
  const gint64 start = g_get_monotonic_time ();
  const int out = g_open (log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  g_autofree char *said = NULL;
  struct rusage usage;
  GPid pid;
  int status;

  g_assert_cmpint (out, >=, 0);
  g_spawn_async_with_fds (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, -1, out, out, &error);
  g_assert_no_error (error);
  close (out);
  g_assert_cmpint (wait4 (pid, &status, 0, &usage), ==, pid);
  g_assert_true (g_file_get_contents (log, &said, NULL, NULL));
  if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
    g_error ("%s: status %d: %.2000s", name, status, said);
  if (row == rows->len)
    g_array_append_val (rows, ((Row){ .name = name }));
  g_array_index (rows, Row, row).seconds[size] = (double)(g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  g_array_index (rows, Row, row).bytes[size] = (gint64)usage.ru_maxrss * 1024;
}

/* Each command on a data set of one size. */
static void
measure_all (guint size, guint n)
{
  const char *cli = g_getenv ("FOVEA_CLI");
  g_autofree char *data = make_data (n);
  g_autofree char *images = g_build_filename (data, "images", NULL);
  g_autofree char *coco = g_build_filename (data, "..", "annotations.json", NULL);
  g_autofree char *project = g_strconcat (data, "-project", NULL), *other = g_strconcat (data, "-coco", NULL);
  g_autofree char *out = g_strconcat (data, "-out", NULL), *log = g_strconcat (data, "-log", NULL);
  const struct
  {
    const char *name;
    const char *arguments[8];
  } commands[] = {
    { "init", { "init", project } },
    { "import, YOLO", { "import", project, data } },
    { "stats", { "stats", project } },
    { "check", { "check", project } },
    { "split, stratified", { "split", project, "--method", "stratified" } },
    { "dataset-export, COCO", { "dataset-export", project, "--format", "coco", "--output", out } },
    { "init, another", { "init", other } },
    { "import, COCO", { "import", other, coco, "--images", images } },
  };

  fv_test_cache ();
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      char *arguments[10] = { (char *)cli };

      for (guint k = 0; k < 8 && commands[i].arguments[k] != NULL; k++)
        arguments[k + 1] = (char *)commands[i].arguments[k];
      measure (size, i, commands[i].name, log, arguments);
    }
}

static void
write_table (void)
{
  const char *folder = g_getenv ("FOVEA_TEST_ARTIFACTS");
  g_autoptr (GString) table
      = g_string_new ("| command | 10,000: s | MiB | 100,000: s | MiB |\n|---|---|---|---|---|\n");

  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = &g_array_index (rows, Row, i);

      g_string_append_printf (table, "| %s | %.1f | %.0f | %.1f | %.0f |\n", row->name, row->seconds[0],
                              (double)row->bytes[0] / (1 << 20), row->seconds[1], (double)row->bytes[1] / (1 << 20));
    }
  g_test_message ("%s", table->str);
  if (folder != NULL && g_mkdir_with_parents (folder, 0755) == 0)
    write_text (folder, "scale.md", table->str, (gssize)table->len);
}

static void
test_scale (void)
{
  rows = g_array_new (FALSE, TRUE, sizeof (Row));
  measure_all (0, 10000);
  measure_all (1, 100000);
  write_table ();
  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = &g_array_index (rows, Row, i);

      g_assert_cmpint (row->bytes[1], <, MOST_BYTES);
      g_assert_cmpfloat (row->seconds[1], <, MOST_SECONDS);
      g_assert_cmpfloat (row->seconds[1], <, MOST_GROWTH * MAX (row->seconds[0], MEASURABLE));
    }
  g_array_unref (rows);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/e2e/scale", test_scale);
  return g_test_run ();
}
