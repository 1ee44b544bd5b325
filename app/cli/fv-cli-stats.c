/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/cli/fv-cli-stats.h"

#include "app/cli/fv-cli.h"
#include "app/project/fv-project.h"

#include <math.h>

extern const FvCliCommand fv_cli_stats;

/* A letter a cell of the heat map, by how much of the fullest one it holds. */
static void
say_heat (FvCli *cli, const FvStatistics *statistics)
{
  static const char shades[] = " .:-=+*#%@";
  const guint64 *cells = &statistics->heat[0][0];
  guint64 most = 1;
  for (guint i = 0; i < FV_HEAT_SIDE * FV_HEAT_SIDE; i++)
    most = MAX (most, cells[i]);
  fv_cli_say (cli, "Where boxes have their centres:");
  for (guint y = 0; y < FV_HEAT_SIDE; y++)
    {
      char line[2 * FV_HEAT_SIDE + 1] = "";
      for (guint x = 0; x < FV_HEAT_SIDE; x++)
        line[2 * x] = line[2 * x + 1] = shades[(statistics->heat[y][x] * (sizeof shades - 2) + most - 1) / most];
      fv_cli_say (cli, "  |%s|", line);
    }
}

static void
say_spread (FvCli *cli, const char *what, const FvSpread *spread, int digits)
{
  if (!isnan (spread->mean))
    fv_cli_say (cli, "%-40s %10.*f %10.*f %10.*f %10.*f %10.*f", what, digits, spread->min, digits, spread->p10, digits,
                spread->median, digits, spread->p90, digits, spread->max);
}

static void
say_classes (FvCli *cli, const FvStatistics *statistics)
{
  fv_cli_say (cli, "%-24s %10s %10s %15s", "Class", "Images", "Boxes", "Boxes in COCO");
  fv_cli_say (cli, "%-24s %10u %10" G_GUINT64_FORMAT " %15u", "all", statistics->images, statistics->boxes,
              FV_COCO_BOXES);
  for (guint i = 0; i < statistics->classes->len; i++)
    {
      const FvClassStatistics *class = &g_array_index (statistics->classes, FvClassStatistics, i);
      const FvCocoClass *coco = fv_coco_find_class (class->name);
      g_autofree char *there = coco != NULL ? g_strdup_printf ("%u", coco->boxes) : g_strdup ("-");
      fv_cli_say (cli, "%-24s %10u %10" G_GUINT64_FORMAT " %15s", class->name, class->images, class->boxes, there);
    }
  for (guint i = 0; i < FV_N_SUBSETS; i++)
    if (statistics->n_in_subset[i] > 0)
      fv_cli_say (cli, "Subset %s: %u pictures", fv_subset_to_string ((FvSubset)i), statistics->n_in_subset[i]);
}

static void
say_boxes (FvCli *cli, const FvStatistics *s)
{
  fv_cli_say (cli,
              "%u pictures without boxes; %" G_GUINT64_FORMAT " small boxes (below 32 x 32 pixels), %" G_GUINT64_FORMAT
              " medium, %" G_GUINT64_FORMAT " large (above 96 x 96); at %u pixels %" G_GUINT64_FORMAT
              " small, %" G_GUINT64_FORMAT " medium, %" G_GUINT64_FORMAT " large",
              s->backgrounds, s->sizes.small, s->sizes.medium, s->sizes.large, s->imgsz, s->sizes_at_imgsz.small,
              s->sizes_at_imgsz.medium, s->sizes_at_imgsz.large);
  fv_cli_say (cli,
              "%" G_GUINT64_FORMAT " boxes share some area with another one, %" G_GUINT64_FORMAT
              " more than 45 %% with one of their class; %" G_GUINT64_FORMAT " are over three times as high as wide, "
              "%" G_GUINT64_FORMAT " as wide as high; %" G_GUINT64_FORMAT " regions are ignored",
              s->touching, s->overlapping, s->tall, s->wide, s->ignored);
  fv_cli_say (cli, "%u sizes of pictures, %u x %u is that of %u", s->n_sizes, s->common_width, s->common_height,
              s->common_images);
}

static void
say_spreads (FvCli *cli, const FvStatistics *s, const FvContent *content)
{
  g_autofree char *narrow = g_strdup_printf ("Shorter side of a box at %u, pixels", s->imgsz);
  fv_cli_say (cli, "%-40s %10s %10s %10s %10s %10s", "", "least", "10 %", "middle", "90 %", "most");
  say_spread (cli, "Boxes in a picture", &s->boxes_in_image, 1);
  say_spread (cli, "Scale of a box (root of share of picture)", &s->scale, 3);
  say_spread (cli, narrow, &s->narrow, 1);
  say_spread (cli, "Width by height of a box", &s->aspect, 2);
  say_spread (cli, "Width of a picture, pixels", &s->width, 0);
  say_spread (cli, "Height of a picture, pixels", &s->height, 0);
  say_spread (cli, "Width by height of a picture", &s->picture_aspect, 2);
  if (content == NULL || content->measured == 0)
    return;
  say_spread (cli, "Brightness of a picture", &content->brightness, 3);
  say_spread (cli, "Contrast of a picture", &content->contrast, 3);
  say_spread (cli, "Saturation of a picture", &content->saturation, 3);
  say_spread (cli, "Sharpness of a picture", &content->sharpness, 1);
}

static char *
format_figure (FvComparisonKind kind, double value)
{
  if (isnan (value))
    return g_strdup ("-");
  if (kind == FV_COMPARISON_SHARE)
    return g_strdup_printf ("%.1f %%", 100 * value);
  return g_strdup_printf (kind == FV_COMPARISON_COUNT || value >= 1000 ? "%.0f" : value < 1 ? "%.3f" : "%.1f", value);
}

static void
say_comparisons (FvCli *cli, const GPtrArray *comparisons)
{
  fv_cli_say (cli, "%-44s %10s %10s  %s", "Beside COCO train2017", "here", "COCO", "");
  for (guint i = 0; i < comparisons->len; i++)
    {
      const FvComparison *comparison = g_ptr_array_index (comparisons, i);
      g_autofree char *here = format_figure (comparison->kind, comparison->here);
      g_autofree char *coco = format_figure (comparison->kind, comparison->coco);
      fv_cli_say (cli, "%-44s %10s %10s  %s", comparison->title, here, coco, comparison->difference);
    }
  g_autoptr (GHashTable) said = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < comparisons->len; i++)
    {
      const FvComparison *comparison = g_ptr_array_index (comparisons, i);
      if (g_hash_table_add (said, (gpointer)comparison->source))
        fv_cli_say (cli, "COCO's figures from \"%s\" on: %s", comparison->title, comparison->source);
    }
}

gboolean
fv_cli_stats_is_better (const FvCliStats *stats)
{
  return stats->evolved && stats->evolved_fit.best_possible_recall > stats->fit.best_possible_recall;
}

static void
say_fit (FvCli *cli, const char *whose, const FvAnchors *anchors, const FvAnchorFit *fit)
{
  g_autoptr (GString) sizes = g_string_new (NULL);
  if (isnan (fit->best_possible_recall))
    return;
  for (guint i = 0; i < FV_ANCHORS_N; i++)
    g_string_append_printf (sizes, "%s%.0fx%.0f", i > 0 ? " " : "", anchors->sizes[i].width, anchors->sizes[i].height);
  fv_cli_say (cli, "%s anchors (%s): best possible recall %.4f, %.2f anchors a box", whose, sizes->str,
              fit->best_possible_recall, fit->anchors_per_box);
}

static void
say (FvCli *cli, const FvCliStats *stats)
{
  say_classes (cli, stats->statistics);
  say_boxes (cli, stats->statistics);
  if (stats->statistics->images > 0)
    say_spreads (cli, stats->statistics, stats->content);
  if (stats->statistics->boxes > 0)
    say_heat (cli, stats->statistics);
  say_comparisons (cli, stats->comparisons);
  say_fit (cli, "YOLOv5's", &stats->anchors, &stats->fit);
  if (stats->evolved)
    {
      say_fit (cli, "Evolved", &stats->evolved_anchors, &stats->evolved_fit);
      if (!fv_cli_stats_is_better (stats))
        fv_cli_say (cli, "No more boxes could be learned with these: YOLOv5's anchors stay the better choice");
    }
  for (guint i = 0; i < stats->advice->len; i++)
    {
      const FvAdvice *advice = g_ptr_array_index (stats->advice, i);
      fv_cli_say (cli, "Advice (%s): %s %s %s", advice->id, advice->text, advice->reason, advice->action);
    }
}

/* The anchors of the weights, and better ones where they are wanted or needed and can be found. */
static void
fit_anchors (FvCliStats *stats, const FvDataset *dataset, const FvSubset *subset, gboolean wanted)
{
  const FvSubset train = FV_SUBSET_TRAIN;
  const guint imgsz = stats->statistics->imgsz;
  const gboolean has_train = stats->statistics->n_in_subset[FV_SUBSET_TRAIN] > 0;
  g_autoptr (GArray) boxes = fv_anchors_collect (dataset, subset != NULL ? subset : has_train ? &train : NULL, imgsz);
  fv_anchors_get_coco (&stats->anchors);
  fv_anchors_fit (boxes, &stats->anchors, FV_ANCHORS_THRESHOLD, &stats->fit);
  if (!wanted && !(stats->fit.best_possible_recall <= FV_ANCHORS_GOOD))
    return;
  stats->evolved = fv_anchors_evolve (boxes, &(FvAnchorParams){ .imgsz = imgsz }, &stats->evolved_anchors);
  if (stats->evolved)
    fv_anchors_fit (boxes, &stats->evolved_anchors, FV_ANCHORS_THRESHOLD, &stats->evolved_fit);
}

static void
report_progress (double fraction, gpointer user_data)
{
  fv_cli_progress (user_data, fraction, "Looking at the pictures");
}

static int
run (FvCli *cli, int argc, char **argv)
{
  g_autofree char *name = NULL;
  int imgsz = FV_STATISTICS_IMGSZ;
  gboolean anchors = FALSE, labels_only = FALSE;
  const GOptionEntry entries[] = {
    { "subset", 0, 0, G_OPTION_ARG_STRING, &name, "Only train, val, test, or none (not in any)", "SUBSET" },
    { "imgsz", 0, 0, G_OPTION_ARG_INT, &imgsz, "Input size that training is to have (640)", "N" },
    { "anchors", 0, 0, G_OPTION_ARG_NONE, &anchors, "Find anchors that fit, even where YOLOv5's do", NULL },
    { "labels-only", 0, 0, G_OPTION_ARG_NONE, &labels_only, "Don't open the pictures: nothing on their colours", NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  FvSubset subset;
  int status;
  if (!fv_cli_parse (cli, &argc, &argv, entries, 1, 1, &status))
    return status;
  if (name && !fv_subset_parse (name, &subset))
    return fv_cli_wrong_usage (cli, "There is no subset “%s”: give train, val, test or none.", name);
  if (imgsz < 32 || imgsz > 4096 || imgsz % 32 != 0)
    return fv_cli_wrong_usage (cli, "--imgsz takes a multiple of 32 from 32 to 4096, not %d.", imgsz);

  g_autoptr (FvProject) project = fv_project_open (argv[1], FV_PROJECT_READ, &error);
  g_autoptr (FvDataset) dataset = project ? fv_project_load_dataset (project, &error) : NULL;
  if (!dataset)
    return fv_cli_fail (cli, error);
  const FvSubset *wanted = name ? &subset : NULL;
  g_autoptr (FvStatistics) statistics
      = fv_statistics_new (dataset, &(FvStatisticsParams){ .subset = wanted, .imgsz = (guint)imgsz });
  FvContent content;
  if (!labels_only)
    {
      const FvMeasureParams how
          = { .progress = report_progress, .user_data = cli, .cancellable = fv_cli_get_cancellable (cli) };
      g_autoptr (FvMeasures) measures = fv_measure_pictures (dataset, &how, &error);
      if (!measures)
        return fv_cli_fail (cli, error);
      fv_content_take (&content, dataset, measures, wanted);
    }
  const FvContent *looks = labels_only ? NULL : &content;
  g_autoptr (GPtrArray) comparisons = fv_coco_compare (statistics, looks);
  const FvAdviceParams params = { .dataset = dataset, .statistics = statistics, .content = looks };
  g_autoptr (GPtrArray) advice = fv_advise (&params);
  FvCliStats stats = { .statistics = statistics, .content = looks, .comparisons = comparisons, .advice = advice };
  fit_anchors (&stats, dataset, wanted, anchors);
  fv_cli_stats_print_json (cli, &stats);
  say (cli, &stats);
  return FV_CLI_DONE;
}

const FvCliCommand fv_cli_stats = {
  .name = "stats",
  .summary = "Count what a project holds, compare it with COCO, and advise on it",
  .usage = "PROJECT",
  .run = run,
};
