/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compute/ops/fv-conv-choices.h"

#include <math.h>
#include <string.h>

struct _FvConvChoices
{
  GArray *choices; /* of FvConvChoice */
  GArray *asked;   /* of FvConvAsked */
};

void
fv_conv_key_init (FvConvKey *key, FvConvDirection direction, const FvConvShape *shape)
{
  *key = (FvConvKey){ .direction = direction,
                      .in_channels = shape->in_channels,
                      .out_channels = shape->out_channels,
                      .kernel = shape->kernel,
                      .stride = shape->stride,
                      .padding = shape->padding,
                      .half = shape->half,
                      .pixels = (guint64)shape->n * shape->out_h * shape->out_w };
}

gboolean
fv_conv_key_is_like (const FvConvKey *a, const FvConvKey *b)
{
  return a->direction == b->direction && a->in_channels == b->in_channels && a->out_channels == b->out_channels
         && a->kernel == b->kernel && a->stride == b->stride && a->padding == b->padding && a->half == b->half;
}

static gboolean
keys_equal (const FvConvKey *a, const FvConvKey *b)
{
  return fv_conv_key_is_like (a, b) && a->pixels == b->pixels;
}

FvConvChoices *
fv_conv_choices_new (void)
{
  FvConvChoices *self = g_new0 (FvConvChoices, 1);

  self->choices = g_array_new (FALSE, TRUE, sizeof (FvConvChoice));
  self->asked = g_array_new (FALSE, TRUE, sizeof (FvConvAsked));
  return self;
}

void
fv_conv_choices_free (FvConvChoices *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->choices);
  g_array_unref (self->asked);
  g_free (self);
}

guint
fv_conv_choices_get_n (const FvConvChoices *self)
{
  return self->choices->len;
}

const FvConvChoice *
fv_conv_choices_get (const FvConvChoices *self, guint i)
{
  return &g_array_index (self->choices, FvConvChoice, i);
}

gboolean
fv_conv_choices_add (FvConvChoices *self, const FvConvChoice *choice)
{
  for (guint i = 0; i < self->choices->len; i++)
    if (keys_equal (&fv_conv_choices_get (self, i)->key, &choice->key))
      return FALSE;
  g_array_append_val (self->choices, *choice);
  return TRUE;
}

const FvConvChoice *
fv_conv_choices_find (const FvConvChoices *self, const FvDeviceLimits *limits, FvConvDirection direction,
                      const FvConvShape *shape)
{
  const FvConvChoice *nearest = NULL;
  double least = INFINITY;
  guint n_variants;
  const FvConvVariant *variants = fv_conv_get_variants (direction, &n_variants);
  FvConvKey key;

  fv_conv_key_init (&key, direction, shape);
  for (guint i = 0; i < self->choices->len; i++)
    {
      const FvConvChoice *choice = fv_conv_choices_get (self, i);
      const double distance = fabs (log2 ((double)choice->key.pixels / (double)key.pixels));

      if (fv_conv_key_is_like (&choice->key, &key) && distance < least && choice->variant < n_variants
          && fv_conv_variant_fits (&variants[choice->variant], limits, direction, shape))
        {
          nearest = choice;
          least = distance;
        }
    }
  return nearest;
}

void
fv_conv_choices_attach (FvDevice *device, FvConvChoices *self)
{
  fv_device_set_choices (device, self, (GDestroyNotify)fv_conv_choices_free);
}

FvConvChoices *
fv_conv_choices_of (FvDevice *device)
{
  return fv_device_get_choices (device);
}

GArray *
fv_conv_choices_get_asked (FvConvChoices *self)
{
  return self->asked;
}

void
fv_conv_choices_forget_asked (FvConvChoices *self)
{
  g_array_set_size (self->asked, 0);
}

void
fv_conv_choices_note (FvConvChoices *self, FvConvDirection direction, const FvConvShape *shape, guint variant)
{
  const FvConvAsked asked = { direction, *shape, variant, 1 };
  FvConvKey key;

  fv_conv_key_init (&key, direction, shape);
  for (guint i = 0; i < self->asked->len; i++)
    {
      FvConvAsked *before = &g_array_index (self->asked, FvConvAsked, i);
      FvConvKey other;

      fv_conv_key_init (&other, before->direction, &before->shape);
      if (keys_equal (&key, &other))
        {
          before->uses++;
          return;
        }
    }
  g_array_append_val (self->asked, asked);
}

FvConvChoices *
fv_conv_choices_freeze (FvConvChoices *self)
{
  FvConvChoices *frozen = fv_conv_choices_new ();

  for (guint i = 0; i < self->asked->len; i++)
    {
      const FvConvAsked *asked = &g_array_index (self->asked, FvConvAsked, i);
      FvConvChoice choice = { .variant = asked->variant };

      fv_conv_key_init (&choice.key, asked->direction, &asked->shape);
      fv_conv_choices_add (frozen, &choice);
    }
  return frozen;
}
