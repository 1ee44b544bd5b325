/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/dataset/fv-content.h"
#include "app/dataset/fv-statistics.h"

G_BEGIN_DECLS

/*
 * What is worth knowing about data before training: each advice with its figure, its reason and what to do.
 *
 *   g_autoptr (GPtrArray) advice = fv_advise (&(FvAdviceParams){ .dataset = dataset, .statistics = statistics });
 *   for (guint i = 0; i < advice->len; i++)
 *     {
 *       const FvAdvice *one = g_ptr_array_index (advice, i);
 *       g_print ("%s %s %s\n", one->text, one->reason, one->action);
 *     }
 *
 * Yardsticks are YOLOv5's own where it has one ("Tips for best training results": 1,500 pictures and 10,000 boxes a
 * class, up to 10 % backgrounds); settings are those of fv-suggest.h.
 */

typedef struct
{
  const FvDataset *dataset;       /* all of the project */
  const FvStatistics *statistics; /* of the pictures that are asked about; its imgsz is what training is advised for */
  const FvContent *content;       /* (nullable): of the same pictures */
} FvAdviceParams;

typedef struct
{
  const char *id; /* stable, for programs: "few-images" */
  char *text;     /* for the person: what was found, with its figure */
  char *reason;   /* why it matters */
  char *action;   /* what to do */
  double figure;  /* the number in the text that decided */
  char *setting;  /* (nullable): what to train with, as '--set' takes it: "imgsz=960" */
} FvAdvice;

/* (transfer full): of FvAdvice, the weightiest first. */
GPtrArray *fv_advise (const FvAdviceParams *params);

/* (transfer none): the ids of all rules in their order, NULL-terminated. */
const char *const *fv_advice_get_ids (void);

G_END_DECLS
