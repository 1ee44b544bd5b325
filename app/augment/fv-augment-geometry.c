/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/augment/fv-augment-geometry.h"

#include "app/augment/fv-random.h"

#include <math.h>

/* What v7.0's box_candidates lets through. */
#define MIN_SIDE 2.0
#define MIN_AREA_RATIO 0.1
#define MAX_ASPECT 100.0
#define EPSILON 1e-16
/* Boxes end this much before the input's right and lower edge. */
#define EDGE 1e-3

#define MIXUP_BETA 32.0

typedef struct
{
  const FvAugmentPolicy *policy;
  const FvAugmentParams *params;
  FvAugmentSourceFunc get_source;
  gpointer user_data;
  FvRandom random;
  FvAugmented *out;
  GArray *boxes; /* (element-type FvBox): of the layer at work, pixels of its canvas */
} Builder;

static void
multiply (const double a[9], const double b[9], double product[9])
{
  for (guint i = 0; i < 3; i++)
    for (guint j = 0; j < 3; j++)
      product[3 * i + j] = a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
}

static void
invert (const double m[9], double inverse[9])
{
  const double cofactors[9] = {
    m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
    m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
    m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3],
  };
  double determinant = m[0] * cofactors[0] + m[1] * cofactors[3] + m[2] * cofactors[6];
  for (guint i = 0; i < 9; i++)
    inverse[i] = cofactors[i] / determinant;
}

/* random_perspective's matrix T S R P C from the canvas to the input, and the scale in it. */
static double
draw_warp (Builder *self, guint canvas, double m[9])
{
  const FvAugmentPolicy *policy = self->policy;
  FvRandom *random = &self->random;
  double size = self->params->imgsz, half = canvas / 2.0;
  double px = fv_random_uniform (random, -policy->perspective, policy->perspective);
  double py = fv_random_uniform (random, -policy->perspective, policy->perspective);
  double angle = fv_random_uniform (random, -policy->degrees, policy->degrees) * G_PI / 180;
  double scale = fv_random_uniform (random, 1 - policy->scale, 1 + policy->scale);
  double shear_x = tan (fv_random_uniform (random, -policy->shear, policy->shear) * G_PI / 180);
  double shear_y = tan (fv_random_uniform (random, -policy->shear, policy->shear) * G_PI / 180);
  double tx = fv_random_uniform (random, 0.5 - policy->translate, 0.5 + policy->translate) * size;
  double ty = fv_random_uniform (random, 0.5 - policy->translate, 0.5 + policy->translate) * size;
  double c = scale * cos (angle), s = scale * sin (angle);

  const double centre[9] = { 1, 0, -half, 0, 1, -half, 0, 0, 1 };
  const double perspective[9] = { 1, 0, 0, 0, 1, 0, px, py, 1 };
  const double rotation[9] = { c, s, 0, -s, c, 0, 0, 0, 1 };
  const double shear[9] = { 1, shear_x, 0, shear_y, 1, 0, 0, 0, 1 };
  const double translation[9] = { 1, 0, tx, 0, 1, ty, 0, 0, 1 };
  double a[9], b[9];
  multiply (perspective, centre, a);
  multiply (rotation, a, b);
  multiply (shear, b, a);
  multiply (translation, a, m);
  return scale;
}

/* The upright rectangle around a box's four corners after the warp, clipped to the input. */
static FvBox
warp_box (const FvBox *box, const double m[9], double size)
{
  const double corners[4][2]
      = { { box->x1, box->y1 }, { box->x2, box->y2 }, { box->x1, box->y2 }, { box->x2, box->y1 } };
  FvBox warped = { box->class_id, INFINITY, INFINITY, -INFINITY, -INFINITY };
  for (guint i = 0; i < 4; i++)
    {
      double x = corners[i][0], y = corners[i][1];
      double w = m[6] * x + m[7] * y + m[8];
      double u = (m[0] * x + m[1] * y + m[2]) / w, v = (m[3] * x + m[4] * y + m[5]) / w;
      warped.x1 = MIN (warped.x1, u);
      warped.x2 = MAX (warped.x2, u);
      warped.y1 = MIN (warped.y1, v);
      warped.y2 = MAX (warped.y2, v);
    }
  warped.x1 = CLAMP (warped.x1, 0, size);
  warped.x2 = CLAMP (warped.x2, 0, size);
  warped.y1 = CLAMP (warped.y1, 0, size);
  warped.y2 = CLAMP (warped.y2, 0, size);
  return warped;
}

static gboolean
is_candidate (const FvBox *before, double scale, const FvBox *after)
{
  double w1 = (before->x2 - before->x1) * scale, h1 = (before->y2 - before->y1) * scale;
  double w2 = after->x2 - after->x1, h2 = after->y2 - after->y1;
  double aspect = MAX (w2 / (h2 + EPSILON), h2 / (w2 + EPSILON));
  return w2 > MIN_SIDE && h2 > MIN_SIDE && w2 * h2 / (w1 * h1 + EPSILON) > MIN_AREA_RATIO && aspect < MAX_ASPECT;
}

/* xyxy2xywhn with its clipping. */
static void
append_target (GArray *targets, guint class_id, const double xyxy[4], guint width, guint height)
{
  double x1 = CLAMP (xyxy[0], 0, width - EDGE), y1 = CLAMP (xyxy[1], 0, height - EDGE);
  double x2 = CLAMP (xyxy[2], 0, width - EDGE), y2 = CLAMP (xyxy[3], 0, height - EDGE);
  FvTarget target = { class_id, (float)((x1 + x2) / 2 / width), (float)((y1 + y2) / 2 / height),
                      (float)((x2 - x1) / width), (float)((y2 - y1) / height) };
  g_array_append_val (targets, target);
}

void
fv_augment_plain_targets (const FvLetterbox *letterbox, const FvBox *boxes, guint n_boxes, GArray *targets)
{
  for (guint i = 0; i < n_boxes; i++)
    {
      double mapped[4];
      fv_letterbox_map (letterbox, (const double[4]){ boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2 }, mapped);
      append_target (targets, boxes[i].class_id, mapped, letterbox->width, letterbox->height);
    }
}

/* Warps the canvas of @layer and the boxes gathered for it. */
static void
warp_layer (Builder *self, FvAugmentLayer *layer)
{
  double m[9], inverse[9];
  double scale = draw_warp (self, layer->canvas_width, m);
  invert (m, inverse);
  for (guint i = 0; i < 9; i++)
    layer->inverse[i] = (float)(inverse[i] / inverse[8]);
  for (guint i = 0; i < self->boxes->len; i++)
    {
      const FvBox *before = &g_array_index (self->boxes, FvBox, i);
      FvBox after = warp_box (before, m, self->params->imgsz);
      if (is_candidate (before, scale, &after))
        append_target (self->out->targets, after.class_id, (const double[4]){ after.x1, after.y1, after.x2, after.y2 },
                       self->params->imgsz, self->params->imgsz);
    }
}

static guint
add_source (Builder *self, guint item, FvAugmentSource *source)
{
  guint index = self->out->n_items++;
  self->out->items[index] = item;
  *source = (FvAugmentSource){ 0 };
  self->get_source (item, source, self->user_data);
  return index;
}

static void
add_tile (FvAugmentLayer *layer, FvAugmentTile tile)
{
  if (tile.x2 > tile.x1 && tile.y2 > tile.y1)
    layer->tiles[layer->n_tiles++] = tile;
}

/* load_mosaic: four pictures around a centre, on a canvas of twice the input's side. */
static void
make_mosaic (Builder *self, guint item, FvAugmentLayer *layer)
{
  FvRandom *random = &self->random;
  gint size = self->params->imgsz, side = 2 * size;
  gint yc = (gint)fv_random_uniform (random, size / 2, side - size / 2);
  gint xc = (gint)fv_random_uniform (random, size / 2, side - size / 2);
  guint items[4] = { item };
  for (guint i = 1; i < 4; i++)
    items[i] = fv_random_below (random, self->params->n_items);
  fv_random_shuffle (random, items, 4);

  *layer = (FvAugmentLayer){ .canvas_width = side, .canvas_height = side };
  g_array_set_size (self->boxes, 0);
  for (guint i = 0; i < 4; i++)
    {
      FvAugmentSource source;
      guint picture = add_source (self, items[i], &source);
      if (source.missing)
        continue;
      /* The picture's corner at the centre: the opposite one of its quadrant's. */
      gint w = source.width, h = source.height;
      gint dx = i % 2 == 0 ? xc - w : xc, dy = i < 2 ? yc - h : yc;
      add_tile (layer,
                (FvAugmentTile){ picture, MAX (dx, 0), MAX (dy, 0), MIN (dx + w, side), MIN (dy + h, side), dx, dy });
      double sx = (double)w / source.original_width, sy = (double)h / source.original_height;
      for (guint k = 0; k < source.n_boxes; k++)
        {
          FvBox box = source.boxes[k];
          box.x1 = CLAMP (box.x1 * sx + dx, 0, side);
          box.x2 = CLAMP (box.x2 * sx + dx, 0, side);
          box.y1 = CLAMP (box.y1 * sy + dy, 0, side);
          box.y2 = CLAMP (box.y2 * sy + dy, 0, side);
          g_array_append_val (self->boxes, box);
        }
    }
  warp_layer (self, layer);
}

static void
make_single (Builder *self, guint item, FvAugmentLayer *layer)
{
  guint size = self->params->imgsz;
  FvAugmentSource source;
  guint picture = add_source (self, item, &source);
  *layer = (FvAugmentLayer){ .canvas_width = size, .canvas_height = size };
  g_array_set_size (self->boxes, 0);
  if (!source.missing)
    {
      FvLetterbox letterbox;
      FvAugmentSample sample;
      fv_letterbox_init_loaded (&letterbox, source.original_width, source.original_height, source.width, source.height,
                                size, size, FV_LETTERBOX_SCALE_UP);
      fv_letterbox_sample (&letterbox, picture, &sample);
      *layer = sample.layers[0];
      self->out->inner_width = letterbox.inner_width;
      self->out->inner_height = letterbox.inner_height;
      for (guint k = 0; k < source.n_boxes; k++)
        {
          const FvBox *box = &source.boxes[k];
          double mapped[4];
          fv_letterbox_map (&letterbox, (const double[4]){ box->x1, box->y1, box->x2, box->y2 }, mapped);
          g_array_append_val (self->boxes, ((FvBox){ box->class_id, mapped[0], mapped[1], mapped[2], mapped[3] }));
        }
    }
  warp_layer (self, layer);
}

static void
draw_colours (Builder *self)
{
  const FvAugmentPolicy *policy = self->policy;
  const double strength[3] = { policy->hsv_h, policy->hsv_s, policy->hsv_v };
  gboolean any = policy->hsv_h > 0 || policy->hsv_s > 0 || policy->hsv_v > 0;
  for (guint i = 0; i < 3; i++)
    self->out->sample.hsv[i] = any ? (float)(fv_random_uniform (&self->random, -1, 1) * strength[i] + 1) : 1;
}

static void
draw_flips (Builder *self)
{
  FvAugmentSample *sample = &self->out->sample;
  sample->flip_vertical = fv_random_unit (&self->random) < self->policy->flipud;
  sample->flip_horizontal = fv_random_unit (&self->random) < self->policy->fliplr;
  for (guint i = 0; i < self->out->targets->len; i++)
    {
      FvTarget *target = &g_array_index (self->out->targets, FvTarget, i);
      if (sample->flip_vertical)
        target->cy = 1 - target->cy;
      if (sample->flip_horizontal)
        target->cx = 1 - target->cx;
    }
}

void
fv_augment_sample (const FvAugmentPolicy *policy, const FvAugmentParams *params, FvAugmentSourceFunc get_source,
                   gpointer user_data, FvAugmented *out)
{
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (FvBox));
  Builder self = { policy, params, get_source, user_data, .out = out, .boxes = boxes };
  FvAugmentSample *sample = &out->sample;
  fv_random_init (&self.random, params->seed, params->epoch, params->position);
  *sample = (FvAugmentSample){ .n_layers = 1, .mix = 1 };
  out->n_items = 0;
  out->inner_width = out->inner_height = 0;
  g_array_set_size (out->targets, 0);

  if (fv_random_unit (&self.random) < policy->mosaic)
    {
      make_mosaic (&self, params->item, &sample->layers[0]);
      if (fv_random_unit (&self.random) < policy->mixup)
        {
          sample->n_layers = 2;
          make_mosaic (&self, fv_random_below (&self.random, params->n_items), &sample->layers[1]);
          sample->mix = (float)fv_random_beta (&self.random, MIXUP_BETA, MIXUP_BETA);
        }
    }
  else
    make_single (&self, params->item, &sample->layers[0]);
  draw_colours (&self);
  draw_flips (&self);
}
