/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli-stats.h"

static void
begin (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
}

static void
begin_array (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
}

static void
add_count (JsonBuilder *builder, const char *name, guint64 n)
{
  fv_cli_json_int (builder, name, (gint64)n);
}

static void
add_spread (JsonBuilder *builder, const char *name, const FvSpread *spread)
{
  begin (builder, name);
  fv_cli_json_number (builder, "min", spread->min);
  fv_cli_json_number (builder, "p10", spread->p10);
  fv_cli_json_number (builder, "median", spread->median);
  fv_cli_json_number (builder, "p90", spread->p90);
  fv_cli_json_number (builder, "max", spread->max);
  fv_cli_json_number (builder, "mean", spread->mean);
  json_builder_end_object (builder);
}

static void
add_sizes (JsonBuilder *builder, const FvSizeCounts *sizes)
{
  add_count (builder, "small", sizes->small);
  add_count (builder, "medium", sizes->medium);
  add_count (builder, "large", sizes->large);
}

static void
add_classes (JsonBuilder *builder, const FvStatistics *s)
{
  begin_array (builder, "classes");
  for (guint i = 0; i < s->classes->len; i++)
    {
      const FvClassStatistics *class = &g_array_index (s->classes, FvClassStatistics, i);
      const FvCocoClass *coco = fv_coco_find_class (class->name);
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "name", class->name);
      fv_cli_json_int (builder, "images", class->images);
      add_count (builder, "boxes", class->boxes);
      if (coco != NULL)
        fv_cli_json_int (builder, "coco_boxes", coco->boxes);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  begin (builder, "balance");
  fv_cli_json_number (builder, "entropy", s->entropy);
  fv_cli_json_number (builder, "evenness", s->evenness);
  fv_cli_json_number (builder, "ratio", s->ratio);
  json_builder_end_object (builder);
}

static void
add_boxes (JsonBuilder *builder, const FvStatistics *s)
{
  fv_cli_json_number (builder, "boxes_per_image", s->images > 0 ? (double)s->boxes / s->images : 0);
  add_spread (builder, "boxes_in_image", &s->boxes_in_image);
  fv_cli_json_number (builder, "classes_in_image", s->classes_in_image);
  fv_cli_json_int (builder, "single_class_images", s->single_class);
  begin (builder, "sizes");
  add_sizes (builder, &s->sizes);
  json_builder_end_object (builder);
  begin (builder, "sizes_at_imgsz");
  fv_cli_json_int (builder, "imgsz", s->imgsz);
  add_sizes (builder, &s->sizes_at_imgsz);
  json_builder_end_object (builder);
  add_spread (builder, "scale", &s->scale);
  add_spread (builder, "narrow_at_imgsz", &s->narrow);
  add_spread (builder, "aspect", &s->aspect);
  add_count (builder, "tall", s->tall);
  add_count (builder, "wide", s->wide);
  add_count (builder, "touching", s->touching);
  add_count (builder, "overlapping", s->overlapping);
  add_count (builder, "central", s->central);
  begin_array (builder, "heat");
  for (guint y = 0; y < FV_HEAT_SIDE; y++)
    {
      json_builder_begin_array (builder);
      for (guint x = 0; x < FV_HEAT_SIDE; x++)
        json_builder_add_int_value (builder, (gint64)s->heat[y][x]);
      json_builder_end_array (builder);
    }
  json_builder_end_array (builder);
}

static void
add_pictures (JsonBuilder *builder, const FvStatistics *s, const FvContent *content)
{
  begin (builder, "subsets");
  for (guint i = 0; i < FV_N_SUBSETS; i++)
    if (s->n_in_subset[i] > 0)
      fv_cli_json_int (builder, fv_subset_to_string ((FvSubset)i), s->n_in_subset[i]);
  json_builder_end_object (builder);
  begin (builder, "pictures");
  add_spread (builder, "width", &s->width);
  add_spread (builder, "height", &s->height);
  add_spread (builder, "aspect", &s->picture_aspect);
  fv_cli_json_int (builder, "sizes", s->n_sizes);
  begin (builder, "common_size");
  fv_cli_json_int (builder, "width", s->common_width);
  fv_cli_json_int (builder, "height", s->common_height);
  fv_cli_json_int (builder, "images", s->common_images);
  json_builder_end_object (builder);
  fv_cli_json_int (builder, "repeated", s->repeated);
  fv_cli_json_int (builder, "tiny", s->tiny);
  json_builder_end_object (builder);
  if (content == NULL)
    return;
  begin (builder, "content");
  fv_cli_json_int (builder, "measured", content->measured);
  add_spread (builder, "brightness", &content->brightness);
  add_spread (builder, "contrast", &content->contrast);
  add_spread (builder, "saturation", &content->saturation);
  add_spread (builder, "sharpness", &content->sharpness);
  fv_cli_json_number (builder, "red", content->red);
  fv_cli_json_number (builder, "green", content->green);
  fv_cli_json_number (builder, "blue", content->blue);
  fv_cli_json_int (builder, "near_duplicates", content->near_duplicates);
  json_builder_end_object (builder);
}

static void
add_fit (JsonBuilder *builder, const char *name, const FvAnchors *anchors, const FvAnchorFit *fit)
{
  begin (builder, name);
  begin_array (builder, "anchors");
  for (guint i = 0; i < FV_ANCHORS_N; i++)
    {
      json_builder_begin_array (builder);
      json_builder_add_double_value (builder, anchors->sizes[i].width);
      json_builder_add_double_value (builder, anchors->sizes[i].height);
      json_builder_end_array (builder);
    }
  json_builder_end_array (builder);
  fv_cli_json_number (builder, "best_possible_recall", fit->best_possible_recall);
  fv_cli_json_number (builder, "anchors_per_box", fit->anchors_per_box);
  json_builder_end_object (builder);
}

static void
add_comparisons (JsonBuilder *builder, const GPtrArray *comparisons)
{
  begin_array (builder, "coco");
  for (guint i = 0; i < comparisons->len; i++)
    {
      const FvComparison *comparison = g_ptr_array_index (comparisons, i);
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "id", comparison->id);
      fv_cli_json_string (builder, "title", comparison->title);
      fv_cli_json_number (builder, "here", comparison->here);
      fv_cli_json_number (builder, "coco", comparison->coco);
      fv_cli_json_string (builder, "difference", comparison->difference);
      fv_cli_json_string (builder, "source", comparison->source);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_advice (JsonBuilder *builder, const GPtrArray *all)
{
  begin_array (builder, "advice");
  for (guint i = 0; i < all->len; i++)
    {
      const FvAdvice *advice = g_ptr_array_index (all, i);
      json_builder_begin_object (builder);
      fv_cli_json_string (builder, "id", advice->id);
      fv_cli_json_string (builder, "text", advice->text);
      fv_cli_json_string (builder, "reason", advice->reason);
      fv_cli_json_string (builder, "action", advice->action);
      fv_cli_json_number (builder, "figure", advice->figure);
      if (advice->setting != NULL)
        fv_cli_json_string (builder, "setting", advice->setting);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

void
fv_cli_stats_print_json (FvCli *cli, const FvCliStats *stats)
{
  const FvStatistics *s = stats->statistics;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  fv_cli_json_int (builder, "images", s->images);
  add_count (builder, "boxes", s->boxes);
  fv_cli_json_int (builder, "backgrounds", s->backgrounds);
  add_count (builder, "ignored", s->ignored);
  add_classes (builder, s);
  add_boxes (builder, s);
  add_pictures (builder, s, stats->content);
  add_fit (builder, "anchors", &stats->anchors, &stats->fit);
  if (stats->evolved)
    {
      add_fit (builder, "evolved_anchors", &stats->evolved_anchors, &stats->evolved_fit);
      fv_cli_json_bool (builder, "evolved_is_better", fv_cli_stats_is_better (stats));
    }
  add_comparisons (builder, stats->comparisons);
  add_advice (builder, stats->advice);
  json_builder_end_object (builder);
  fv_cli_print_json (cli, builder);
}
