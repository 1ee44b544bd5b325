/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project/fv-dataset.h"

G_BEGIN_DECLS

/*
 * Classes renamed, merged and left out on the way in.
 *
 *   const char *const rules[] = { "car=vehicle", "lorry=vehicle", "tree=", NULL };
 *   fv_class_map_apply (rules, dataset, "/data/street", repaired, rejected, &error);
 *
 * Each rule is OLD=NEW; nothing behind the sign leaves the boxes of OLD out. The sign is the first one behind which OLD is a
 * class of the dataset. Classes keep their order; a merged one stands where its first did. Boxes that become the same by
 * merging are taken once. What was done is a row for each class (source stands for the file). Regions to be ignored stay,
 * whatever their class. The dataset is unchanged on an error: FV_IMPORT_ERROR_CLASS, which names the classes there are.
 */
gboolean fv_class_map_apply (const char *const *rules, FvDataset *dataset, const char *source, GPtrArray *repaired,
                             GPtrArray *rejected, GError **error);

G_END_DECLS
