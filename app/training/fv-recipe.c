/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training/fv-recipe.h"

#include "app/training/fv-json.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

G_DEFINE_QUARK (fv_recipe_error, fv_recipe_error)

static const char *const optimizer_names[] = { "SGD", "AdamW", NULL };
static const char *const precision_names[] = { "auto", "fp32", "fp16", NULL };
G_STATIC_ASSERT (FV_OPTIMIZER_SGD == 0 && FV_OPTIMIZER_ADAMW == 1);

#define INTEGER(field, initial, min, max, result, text)                                                                \
  {                                                                                                                    \
#field, FV_RECIPE_INTEGER, G_STRUCT_OFFSET(FvRecipe, field), initial, min, max, NULL, result, text                 \
  }
#define NUMBER(field, initial, min, max, text)                                                                         \
  {                                                                                                                    \
#field, FV_RECIPE_NUMBER, G_STRUCT_OFFSET(FvRecipe, field), initial, min, max, NULL, TRUE, text                    \
  }
#define AUGMENT(field, initial, min, max, text)                                                                        \
  {                                                                                                                    \
#field, FV_RECIPE_NUMBER, G_STRUCT_OFFSET(FvRecipe, augment.field), initial, min, max, NULL, TRUE, text            \
  }
#define SWITCH(field, initial, text)                                                                                   \
  {                                                                                                                    \
#field, FV_RECIPE_SWITCH, G_STRUCT_OFFSET(FvRecipe, field), initial, 0, 1, NULL, TRUE, text                        \
  }

static const FvRecipeKey keys[] = {
  INTEGER (epochs, 100, 1, 100000, TRUE, N_ ("Times that every picture is trained on.")),
  INTEGER (batch, 16, 1, 4096, TRUE, N_ ("Pictures in one step on the device.")),
  INTEGER (micro_batch, 0, 0, 4096, TRUE,
           N_ ("Pictures of a batch that are on the device at a time, at most; 0 is as many as its memory holds. "
               "Batch normalisation sees no more than these.")),
  INTEGER (imgsz, 640, 32, 4096, TRUE, N_ ("Side of the network's input in pixels, a multiple of 32.")),
  INTEGER (seed, 0, 0, 9007199254740992.0, TRUE, N_ ("Start of every random number of the run.")),
  { "optimizer", FV_RECIPE_CHOICE, G_STRUCT_OFFSET (FvRecipe, optimizer), FV_OPTIMIZER_SGD, 0, 1, optimizer_names, TRUE,
    N_ ("SGD with Nesterov momentum, or AdamW.") },
  { "precision", FV_RECIPE_CHOICE, G_STRUCT_OFFSET (FvRecipe, precision), FV_PRECISION_AUTO, 0, 2, precision_names,
    TRUE,
    N_ ("Numbers between layers: fp32, or fp16 with weights in fp32, which takes half the memory; auto is fp16 on a "
        "graphics card that has it.") },
  INTEGER (freeze, 0, 0, FV_YOLOV5_N_LAYERS - 1, TRUE,
           N_ ("Layers, counted from the first, that learn nothing: 10 is the backbone, 24 all but the head.")),
  INTEGER (patience, 100, 0, 100000, TRUE,
           N_ ("Epochs without a better result after which training ends early; 0 is never.")),
  INTEGER (nbs, 64, 1, 65536, TRUE, N_ ("Pictures that one update sums up, over as many batches as that takes.")),
  SWITCH (carry_accumulation, 1,
          N_ ("Whether an unfinished sum of gradients is carried into the next epoch; YOLOv5 throws it away.")),
  INTEGER (val_period, 1, 1, 100000, TRUE,
           N_ ("Epochs from one validation to the next; the last epoch is always validated.")),
  INTEGER (workers, 0, 0, 256, FALSE, N_ ("Threads that decode pictures; 0 chooses by the number of processors.")),
  INTEGER (log_period, 1, 1, 1000000, FALSE, N_ ("Batches from one step record of the event stream to the next.")),
  { "checkpoint_minutes", FV_RECIPE_NUMBER, G_STRUCT_OFFSET (FvRecipe, checkpoint_minutes), 10, 0, 1440, NULL, FALSE,
    N_ ("Minutes between checkpoints within an epoch, 0 for one after each batch; the end of each epoch always has "
        "one.") },

  NUMBER (lr0, 0.01, 1e-7, 1, N_ ("Learning rate after warm-up.")),
  NUMBER (lrf, 0.01, 1e-6, 1, N_ ("Learning rate at the end, as a fraction of lr0.")),
  NUMBER (momentum, 0.937, 0, 0.999, N_ ("Momentum of SGD, or beta1 of AdamW.")),
  NUMBER (beta2, 0.999, 0.5, 0.99999, N_ ("Beta2 of AdamW.")),
  NUMBER (weight_decay, 0.0005, 0, 0.1, N_ ("Decay of convolution weights, for a nominal batch.")),
  NUMBER (clip, 10, 0, 1e6, N_ ("Largest L2 norm of all gradients in one update; 0 is no limit.")),
  SWITCH (cos_lr, 0, N_ ("Whether the learning rate falls along a cosine instead of a line.")),
  NUMBER (warmup_epochs, 3, 0, 1000, N_ ("Epochs of warm-up; never fewer than 100 batches.")),
  NUMBER (warmup_momentum, 0.8, 0, 0.999, N_ ("Momentum that warm-up begins with.")),
  NUMBER (warmup_bias_lr, 0.1, 0, 1, N_ ("Learning rate of biases that warm-up begins with.")),
  NUMBER (ema_decay, 0.9999, 0, 0.999999, N_ ("Decay of the averaged weights, which are validated and saved.")),
  NUMBER (ema_tau, 2000, 1e-3, 1e7, N_ ("Updates over which that decay is reached.")),

  NUMBER (box, 0.05, 0, 100, N_ ("Gain of the box term of the loss.")),
  NUMBER (cls, 0.5, 0, 100, N_ ("Gain of the class term, for 80 classes.")),
  NUMBER (cls_pw, 1, 0.01, 100, N_ ("Weight of positive targets in the class term.")),
  NUMBER (obj, 1, 0, 100, N_ ("Gain of the objectness term, at 640 pixels.")),
  NUMBER (obj_pw, 1, 0.01, 100, N_ ("Weight of positive targets in the objectness term.")),
  NUMBER (anchor_t, 4, 1.01, 100, N_ ("Largest ratio of sides between a box and an anchor that may learn it.")),
  NUMBER (fl_gamma, 0, 0, 10, N_ ("Exponent of the focal loss; 0 is the plain loss.")),
  NUMBER (label_smoothing, 0, 0, 0.5, N_ ("How far class targets are drawn from 0 and 1 towards each other.")),

  AUGMENT (hsv_h, 0.015, 0, 1, N_ ("Largest change of hue, as a fraction.")),
  AUGMENT (hsv_s, 0.7, 0, 1, N_ ("Largest change of saturation, as a fraction.")),
  AUGMENT (hsv_v, 0.4, 0, 1, N_ ("Largest change of brightness, as a fraction.")),
  AUGMENT (degrees, 0, 0, 180, N_ ("Largest rotation to either side, in degrees.")),
  AUGMENT (translate, 0.1, 0, 0.9, N_ ("Largest shift, as a fraction of the picture.")),
  AUGMENT (scale, 0.5, 0, 0.9, N_ ("Largest change of size: 0.5 is from half to one and a half.")),
  AUGMENT (shear, 0, 0, 45, N_ ("Largest shear to either side, in degrees.")),
  AUGMENT (perspective, 0, 0, 0.001, N_ ("Largest perspective distortion.")),
  AUGMENT (flipud, 0, 0, 1, N_ ("Probability of turning a picture upside down.")),
  AUGMENT (fliplr, 0.5, 0, 1, N_ ("Probability of mirroring a picture left to right.")),
  AUGMENT (mosaic, 1, 0, 1, N_ ("Probability of composing a picture of four.")),
  AUGMENT (mixup, 0, 0, 1, N_ ("Probability of blending two mosaics.")),
};

typedef struct
{
  const char *key;
  double value;
} Override;

static const char *const recipe_names[] = { "scratch-low", "scratch-med", "scratch-high", NULL };
/* Rows as recipe_names; what data/hyps/hyp.*.yaml have otherwise than scratch-low. scratch-high adds only copy-paste, which needs outlines. */
static const Override recipe_overrides[][6] = {
  { { NULL } },
  { { "lrf", 0.1 }, { "cls", 0.3 }, { "obj", 0.7 }, { "scale", 0.9 }, { "mixup", 0.1 }, { NULL } },
  { { "lrf", 0.1 }, { "cls", 0.3 }, { "obj", 0.7 }, { "scale", 0.9 }, { "mixup", 0.1 }, { NULL } },
};

const FvRecipeKey *
fv_recipe_get_keys (guint *n)
{
  *n = G_N_ELEMENTS (keys);
  return keys;
}

const FvRecipeKey *
fv_recipe_lookup_key (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (keys[i].name, name))
      return &keys[i];
  return NULL;
}

static double
get_value (const FvRecipe *self, const FvRecipeKey *key)
{
  if (key->type == FV_RECIPE_NUMBER)
    return G_STRUCT_MEMBER (double, self, key->offset);
  return (double)G_STRUCT_MEMBER (gint64, self, key->offset);
}

static void
put_value (FvRecipe *self, const FvRecipeKey *key, double value)
{
  if (key->type == FV_RECIPE_NUMBER)
    G_STRUCT_MEMBER (double, self, key->offset) = value;
  else
    G_STRUCT_MEMBER (gint64, self, key->offset) = (gint64)value;
}

void
fv_recipe_init (FvRecipe *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    put_value (self, &keys[i], keys[i].initial);
}

/* Levenshtein's distance. */
static guint
edit_distance (const char *a, const char *b)
{
  gsize n = strlen (b);
  g_autofree guint *row = g_new (guint, n + 1);

  for (gsize j = 0; j <= n; j++)
    row[j] = (guint)j;
  for (gsize i = 1; a[i - 1]; i++)
    {
      guint diagonal = row[0];

      row[0] = (guint)i;
      for (gsize j = 1; j <= n; j++)
        {
          guint substituted = diagonal + (a[i - 1] != b[j - 1]);

          diagonal = row[j];
          row[j] = MIN (substituted, MIN (row[j], row[j - 1]) + 1);
        }
    }
  return row[n];
}

static const FvRecipeKey *
find_key (const char *name, GError **error)
{
  const FvRecipeKey *nearest = NULL;
  guint least = G_MAXUINT;
  const FvRecipeKey *key = fv_recipe_lookup_key (name);

  if (key)
    return key;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      guint distance = edit_distance (name, keys[i].name);

      if (distance < least)
        {
          least = distance;
          nearest = &keys[i];
        }
    }
  g_set_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_UNKNOWN_KEY,
               _ ("There is no recipe key “%s”; the nearest one is “%s”: %s"), name, nearest->name, _ (nearest->text));
  return NULL;
}

static gboolean
set_number (FvRecipe *self, const FvRecipeKey *key, double value, GError **error)
{
  g_autofree char *text = fv_json_double (value);

  if (!(value >= key->min && value <= key->max))
    {
      g_autofree char *min = fv_json_double (key->min);
      g_autofree char *max = fv_json_double (key->max);

      g_set_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_VALUE,
                   _ ("%s = %s is out of range: it goes from %s to %s. (%s)"), key->name,
                   isfinite (value) ? text : _ ("not a number"), min, max, _ (key->text));
      return FALSE;
    }
  if (key->type != FV_RECIPE_NUMBER && value != floor (value))
    {
      g_set_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_VALUE, _ ("%s = %s must be a whole number. (%s)"), key->name,
                   text, _ (key->text));
      return FALSE;
    }
  if (key->offset == G_STRUCT_OFFSET (FvRecipe, imgsz) && (gint64)value % 32 != 0)
    {
      gint64 below = (gint64)value / 32 * 32;

      g_set_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_VALUE,
                   _ ("imgsz = %s must be a multiple of 32: take %" PRId64 " or %" PRId64 "."), text, below,
                   below + 32);
      return FALSE;
    }
  put_value (self, key, value);
  return TRUE;
}

static gboolean
set_text (FvRecipe *self, const FvRecipeKey *key, const char *text, GError **error)
{
  static const char *const switch_words[] = { "0", "1", "false", "true", "no", "yes", "off", "on" };
  double value;
  char *end;

  if (key->type == FV_RECIPE_CHOICE)
    {
      g_autofree char *known = g_strjoinv (", ", (char **)key->choices);

      for (guint i = 0; key->choices[i]; i++)
        if (g_ascii_strcasecmp (text, key->choices[i]) == 0)
          {
            put_value (self, key, i);
            return TRUE;
          }
      g_set_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_VALUE, _ ("%s = “%s” is not known; it is one of %s."),
                   key->name, text, known);
      return FALSE;
    }
  if (key->type == FV_RECIPE_SWITCH)
    {
      for (guint i = 0; i < G_N_ELEMENTS (switch_words); i++)
        if (g_ascii_strcasecmp (text, switch_words[i]) == 0)
          {
            put_value (self, key, i % 2);
            return TRUE;
          }
      g_set_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_VALUE, _ ("%s = “%s” must be true or false. (%s)"),
                   key->name, text, _ (key->text));
      return FALSE;
    }
  value = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0')
    {
      g_set_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_VALUE, _ ("%s = “%s” is not a number. (%s)"), key->name,
                   text, _ (key->text));
      return FALSE;
    }
  return set_number (self, key, value, error);
}

gboolean
fv_recipe_set (FvRecipe *self, const char *name, const char *value, GError **error)
{
  const FvRecipeKey *key = find_key (name, error);

  return key && set_text (self, key, value, error);
}

gboolean
fv_recipe_set_pair (FvRecipe *self, const char *pair, GError **error)
{
  const char *equals = strchr (pair, '=');
  g_autofree char *name = NULL;
  g_autofree char *value = NULL;

  if (!equals || equals == pair)
    {
      g_set_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_VALUE,
                   _ ("“%s” must have the form KEY=VALUE, for example lr0=0.02."), pair);
      return FALSE;
    }
  name = g_strstrip (g_strndup (pair, (gsize)(equals - pair)));
  value = g_strstrip (g_strdup (equals + 1));
  return fv_recipe_set (self, name, value, error);
}

const char *const *
fv_recipe_get_names (void)
{
  return recipe_names;
}

gboolean
fv_recipe_apply_named (FvRecipe *self, const char *name, GError **error)
{
  g_autofree char *known = g_strjoinv (", ", (char **)recipe_names);

  for (guint i = 0; recipe_names[i]; i++)
    if (g_str_equal (name, recipe_names[i]))
      {
        fv_recipe_init (self);
        for (const Override *o = recipe_overrides[i]; o->key; o++)
          put_value (self, fv_recipe_lookup_key (o->key), o->value);
        return TRUE;
      }
  g_set_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_UNKNOWN_NAME,
               _ ("There is no recipe “%s”, and no file of that name; the known recipes are %s."), name, known);
  return FALSE;
}

static gboolean
apply_member (FvRecipe *self, const char *name, JsonNode *node, GError **error)
{
  const FvRecipeKey *key = find_key (name, error);
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  if (!key)
    return FALSE;
  if (type == G_TYPE_STRING)
    return set_text (self, key, json_node_get_string (node), error);
  if (type == G_TYPE_BOOLEAN && key->type == FV_RECIPE_SWITCH)
    return set_number (self, key, json_node_get_boolean (node), error);
  if ((type == G_TYPE_INT64 || type == G_TYPE_DOUBLE) && key->type != FV_RECIPE_CHOICE)
    return set_number (self, key, json_node_get_double (node), error);
  g_set_error (error, FV_RECIPE_ERROR, FV_RECIPE_ERROR_VALUE, _ ("“%s” has a value of the wrong kind. (%s)"), key->name,
               _ (key->text));
  return FALSE;
}

gboolean
fv_recipe_apply_json (FvRecipe *self, JsonObject *object, GError **error)
{
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList *l = members; l; l = l->next)
    if (!apply_member (self, l->data, json_object_get_member (object, l->data), error))
      return FALSE;
  return TRUE;
}

gboolean
fv_recipe_apply_file (FvRecipe *self, const char *path, GError **error)
{
  g_autoptr (JsonObject) object = fv_json_load_object (path, error);

  if (!object)
    return FALSE;
  if (!fv_recipe_apply_json (self, object, error))
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  return TRUE;
}

static void
add_member (const FvRecipe *self, const FvRecipeKey *key, JsonObject *object)
{
  double value = get_value (self, key);

  switch (key->type)
    {
    case FV_RECIPE_INTEGER:
      json_object_set_int_member (object, key->name, (gint64)value);
      break;
    case FV_RECIPE_NUMBER:
      json_object_set_double_member (object, key->name, value);
      break;
    case FV_RECIPE_SWITCH:
      json_object_set_boolean_member (object, key->name, value != 0);
      break;
    case FV_RECIPE_CHOICE:
      json_object_set_string_member (object, key->name, key->choices[(guint)value]);
      break;
    }
}

JsonNode *
fv_recipe_to_json (const FvRecipe *self)
{
  JsonNode *node = json_node_init_object (json_node_alloc (), NULL);
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    add_member (self, &keys[i], object);
  json_node_take_object (node, object);
  return node;
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(const FvRecipeKey *const *)a)->name, (*(const FvRecipeKey *const *)b)->name);
}

char *
fv_recipe_to_canonical (const FvRecipe *self)
{
  const FvRecipeKey *sorted[G_N_ELEMENTS (keys)];
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), NULL);
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    sorted[i] = &keys[i];
  qsort (sorted, G_N_ELEMENTS (sorted), sizeof *sorted, compare_keys);
  for (guint i = 0; i < G_N_ELEMENTS (sorted); i++)
    if (sorted[i]->affects_result
        && (sorted[i]->offset != G_STRUCT_OFFSET (FvRecipe, micro_batch) || self->micro_batch > 0)
        && (sorted[i]->offset != G_STRUCT_OFFSET (FvRecipe, precision) || self->precision != FV_PRECISION_AUTO))
      add_member (self, sorted[i], object);
  json_node_take_object (node, object);
  return fv_json_print (node, FALSE);
}

char *
fv_recipe_hash (const FvRecipe *self)
{
  g_autofree char *text = fv_recipe_to_canonical (self);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

void
fv_recipe_get_loss (const FvRecipe *self, guint n_classes, FvLossParams *loss)
{
  double size = (double)self->imgsz / 640.0;

  *loss = (FvLossParams){
    .box = (float)(self->box * 3.0 / FV_YOLOV5_N_HEADS),
    .cls = (float)(self->cls * n_classes / 80.0 * 3.0 / FV_YOLOV5_N_HEADS),
    .obj = (float)(self->obj * size * size * 3.0 / FV_YOLOV5_N_HEADS),
    .cls_pw = (float)self->cls_pw,
    .obj_pw = (float)self->obj_pw,
    .anchor_t = (float)self->anchor_t,
    .fl_gamma = (float)self->fl_gamma,
    .label_smoothing = (float)self->label_smoothing,
  };
}

guint
fv_recipe_get_accumulate (const FvRecipe *self)
{
  /* Python's round and NumPy's go to the even neighbour at one half, as rint does. */
  return (guint)MAX (rint ((double)self->nbs / (double)self->batch), 1.0);
}

double
fv_recipe_get_weight_decay (const FvRecipe *self)
{
  return self->weight_decay * (double)self->batch * fv_recipe_get_accumulate (self) / (double)self->nbs;
}
