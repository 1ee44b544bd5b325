/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-sample-pictures.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <turbojpeg.h>

#include "app/exchange/fv-file.h"

#define MAX_SHAPES 4

typedef enum
{
  SHAPE_CIRCLE,
  SHAPE_TRIANGLE,
  SHAPE_SQUARE,
  N_SHAPES,
} ShapeKind;

static const char *const shape_names[N_SHAPES] = { "circle", "triangle", "square" };

typedef struct
{
  ShapeKind kind;
  double x, y, radius;   /* pixels; of the circle around it */
  double angle;          /* of its first corner */
  double colour[3];      /* 0..255 */
  double x1, y1, x2, y2; /* its bounding box */
} Shape;

typedef struct
{
  guint size;
  guint n_shapes;
  Shape shapes[MAX_SHAPES];
  double ground[2][3]; /* two colours that the texture mixes */
  double waves[3][3];  /* wave vector in radians a pixel, phase */
} Scene;

static guint
shape_get_n_corners (const Shape *shape)
{
  return shape->kind == SHAPE_TRIANGLE ? 3 : shape->kind == SHAPE_SQUARE ? 4 : 0;
}

static void
shape_set_box (Shape *shape)
{
  guint n = shape_get_n_corners (shape);

  if (n == 0)
    {
      shape->x1 = shape->x - shape->radius;
      shape->x2 = shape->x + shape->radius;
      shape->y1 = shape->y - shape->radius;
      shape->y2 = shape->y + shape->radius;
      return;
    }
  shape->x1 = shape->y1 = G_MAXDOUBLE;
  shape->x2 = shape->y2 = -G_MAXDOUBLE;
  for (guint i = 0; i < n; i++)
    {
      double x = shape->x + shape->radius * cos (shape->angle + 2 * G_PI * i / n);
      double y = shape->y + shape->radius * sin (shape->angle + 2 * G_PI * i / n);
      shape->x1 = MIN (shape->x1, x);
      shape->x2 = MAX (shape->x2, x);
      shape->y1 = MIN (shape->y1, y);
      shape->y2 = MAX (shape->y2, y);
    }
}

/* Pixels from a point to the shape's edge, negative inside. */
static double
shape_distance (const Shape *shape, double x, double y)
{
  guint n = shape_get_n_corners (shape);
  double dx = x - shape->x, dy = y - shape->y;
  double distance = -G_MAXDOUBLE;

  if (n == 0)
    return hypot (dx, dy) - shape->radius;
  for (guint i = 0; i < n; i++)
    {
      double normal = shape->angle + 2 * G_PI * (i + 0.5) / n;
      distance = MAX (distance, dx * cos (normal) + dy * sin (normal) - shape->radius * cos (G_PI / n));
    }
  return distance;
}

/* Each kind keeps to its third of the circle of hues, so that a network learns to tell them in a few minutes. */
static void
set_colour (Shape *shape, GRand *random)
{
  double hue = 2 * G_PI * (shape->kind + g_rand_double_range (random, -0.25, 0.25)) / N_SHAPES;
  double depth = g_rand_double_range (random, 70, 110);
  double light = g_rand_double_range (random, 110, 150);

  for (guint c = 0; c < 3; c++)
    shape->colour[c] = CLAMP (light + depth * cos (hue - 2 * G_PI * c / 3), 0, 255);
}

static void
scene_init (Scene *scene, guint size, GRand *random)
{
  guint wanted = g_rand_int_range (random, 1, MAX_SHAPES + 1);
  double grey = g_rand_double_range (random, 50, 200);

  *scene = (Scene){ .size = size };
  for (guint i = 0; i < 3; i++)
    {
      double direction = g_rand_double_range (random, 0, 2 * G_PI);
      double frequency = 2 * G_PI * g_rand_double_range (random, 2, 20) / size;
      scene->waves[i][0] = frequency * cos (direction);
      scene->waves[i][1] = frequency * sin (direction);
      scene->waves[i][2] = g_rand_double_range (random, 0, 2 * G_PI);
      scene->ground[0][i] = grey + g_rand_double_range (random, -20, 20);
      scene->ground[1][i] = CLAMP (scene->ground[0][i] + g_rand_double_range (random, -50, 50), 0, 255);
    }
  for (guint attempt = 0; attempt < 100 && scene->n_shapes < wanted; attempt++)
    {
      Shape shape = {
        .kind = g_rand_int_range (random, 0, N_SHAPES),
        .radius = size * g_rand_double_range (random, 0.12, 0.25),
        .angle = g_rand_double_range (random, 0, 2 * G_PI),
      };
      gboolean is_free = TRUE;

      shape.x = g_rand_double_range (random, 0.7 * shape.radius, size - 0.7 * shape.radius);
      shape.y = g_rand_double_range (random, 0.7 * shape.radius, size - 0.7 * shape.radius);
      set_colour (&shape, random);
      for (guint i = 0; i < scene->n_shapes; i++)
        is_free &= hypot (shape.x - scene->shapes[i].x, shape.y - scene->shapes[i].y)
                   > shape.radius + scene->shapes[i].radius;
      if (!is_free)
        continue;
      shape_set_box (&shape);
      scene->shapes[scene->n_shapes++] = shape;
    }
}

/* @rgb [size, size, 3] */
static void
scene_draw (const Scene *scene, GRand *random, guint8 *rgb)
{
  for (guint y = 0; y < scene->size; y++)
    for (guint x = 0; x < scene->size; x++)
      {
        double wave = 0;
        double noise = g_rand_double_range (random, -10, 10);
        double colour[3];

        for (guint i = 0; i < 3; i++)
          wave += sin (x * scene->waves[i][0] + y * scene->waves[i][1] + scene->waves[i][2]);
        for (guint c = 0; c < 3; c++)
          colour[c] = scene->ground[0][c] + (scene->ground[1][c] - scene->ground[0][c]) * (wave + 3) / 6;
        for (guint i = 0; i < scene->n_shapes; i++)
          {
            const Shape *shape = &scene->shapes[i];
            double cover = CLAMP (0.5 - shape_distance (shape, x + 0.5, y + 0.5), 0, 1);
            for (guint c = 0; c < 3; c++)
              colour[c] += (shape->colour[c] - colour[c]) * cover;
          }
        for (guint c = 0; c < 3; c++)
          rgb[3 * (y * scene->size + x) + c] = CLAMP (lround (colour[c] + noise), 0, 255);
      }
}

static gboolean
write_jpeg (const char *path, const guint8 *rgb, guint size, GError **error)
{
  tjhandle handle = tjInitCompress ();
  unsigned char *data = NULL;
  unsigned long length = 0;
  gboolean written = FALSE;

  if (handle && tjCompress2 (handle, rgb, size, 0, size, TJPF_RGB, &data, &length, TJSAMP_444, 92, 0) == 0)
    written = fv_file_replace (path, data, length, error);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("%s could not be written as JPEG: %s."), path,
                 tjGetErrorStr2 (handle));
  tjFree (data);
  tjDestroy (handle);
  return written;
}

static gboolean
write_labels (const char *path, const Scene *scene, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < scene->n_shapes; i++)
    {
      const Shape *shape = &scene->shapes[i];
      double x1 = MAX (shape->x1, 0) / scene->size, x2 = MIN (shape->x2, scene->size) / scene->size;
      double y1 = MAX (shape->y1, 0) / scene->size, y2 = MIN (shape->y2, scene->size) / scene->size;
      const double values[] = { (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1 };
      char number[G_ASCII_DTOSTR_BUF_SIZE];
      g_string_append_printf (text, "%d", shape->kind);
      /* With a point in every language. */
      for (guint k = 0; k < G_N_ELEMENTS (values); k++)
        g_string_append_printf (text, " %s", g_ascii_formatd (number, sizeof number, "%.6f", values[k]));
      g_string_append_c (text, '\n');
    }
  return fv_file_replace (path, text->str, text->len, error);
}

static gboolean
write_subset (const char *folder, const char *subset, guint n, guint32 first, const FvSampleParams *params,
              GCancellable *cancellable, GError **error)
{
  g_autofree char *images = g_build_filename (folder, "images", subset, NULL);
  g_autofree char *labels = g_build_filename (folder, "labels", subset, NULL);
  g_autofree guint8 *rgb = g_malloc (3 * params->size * params->size);

  if (g_mkdir_with_parents (images, 0777) != 0 || g_mkdir_with_parents (labels, 0777) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _ ("The folder %s can't be made: %s."), folder,
                   g_strerror (errno));
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      const guint32 key[] = { params->seed, first + i };
      GRand *random = g_rand_new_with_seed_array (key, G_N_ELEMENTS (key));
      g_autofree char *image = g_strdup_printf ("%s/%04u.jpg", images, i);
      g_autofree char *label = g_strdup_printf ("%s/%04u.txt", labels, i);
      Scene scene;

      scene_init (&scene, params->size, random);
      scene_draw (&scene, random, rgb);
      g_rand_free (random);
      if (g_cancellable_set_error_if_cancelled (cancellable, error) || !write_jpeg (image, rgb, params->size, error)
          || !write_labels (label, &scene, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
fv_sample_pictures_write (const char *folder, const FvSampleParams *params, GCancellable *cancellable, GError **error)
{
  g_autofree char *config = g_build_filename (folder, "data.yaml", NULL);
  g_autoptr (GString) text
      = g_string_new ("path: .\ntrain: images/train\nval: images/val\ntest: images/test\nnames:\n");
  FvSampleParams filled = *params;

  filled.n_train = params->n_train ? params->n_train : 400;
  filled.n_val = params->n_val ? params->n_val : 60;
  filled.n_test = params->n_test ? params->n_test : 60;
  filled.size = params->size ? params->size : 160;
  for (guint i = 0; i < N_SHAPES; i++)
    g_string_append_printf (text, "  %u: %s\n", i, shape_names[i]);
  return write_subset (folder, "train", filled.n_train, 0, &filled, cancellable, error)
         && write_subset (folder, "val", filled.n_val, filled.n_train, &filled, cancellable, error)
         && write_subset (folder, "test", filled.n_test, filled.n_train + filled.n_val, &filled, cancellable, error)
         && fv_file_replace (config, text->str, text->len, error);
}
