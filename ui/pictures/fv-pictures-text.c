/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pictures/fv-pictures-text.h"

#include "ui/fv-i18n.h"

static char *
count_pictures (guint n)
{
  return g_strdup_printf (ngettext ("%'u picture", "%'u pictures", n), n);
}

static char *
count_boxes (guint64 n_boxes)
{
  const guint n = (guint)MIN (n_boxes, G_MAXUINT);
  return g_strdup_printf (ngettext ("%'u box", "%'u boxes", n), n);
}

char *
fv_pictures_text_shown (guint n_shown, guint n_pictures, guint64 n_boxes)
{
  g_autofree char *pictures = NULL;
  g_autofree char *boxes = count_boxes (n_boxes);
  if (n_shown == n_pictures)
    pictures = count_pictures (n_pictures);
  else
    /* Translators: pictures that a filter shows, and all of them. */
    pictures
        = g_strdup_printf (ngettext ("%'u of %'u picture", "%'u of %'u pictures", n_pictures), n_shown, n_pictures);
  /* Translators: "364 pictures", "4,888 boxes". */
  return g_strdup_printf (C_ ("pictures and boxes", "%s, %s"), pictures, boxes);
}

char *
fv_pictures_text_problems (guint n_rejected, guint n_repaired)
{
  if (n_rejected > 0)
    return g_strdup_printf (ngettext ("%'u label was left out", "%'u labels were left out", n_rejected), n_rejected);
  if (n_repaired > 0)
    return g_strdup_printf (ngettext ("%'u label was repaired", "%'u labels were repaired", n_repaired), n_repaired);
  return NULL;
}

char *
fv_pictures_text_imported (const FvImportReport *report)
{
  const FvDataset *dataset = report->dataset;
  g_autofree char *pictures = count_pictures (dataset->items->len);
  g_autofree char *boxes = count_boxes (fv_dataset_count_boxes (dataset));
  g_autofree char *classes
      = g_strdup_printf (ngettext ("%'u class", "%'u classes", dataset->n_classes), dataset->n_classes);
  g_autofree char *problems = fv_pictures_text_problems (report->rejected->len, report->repaired->len);
  if (problems == NULL)
    /* Translators: "364 pictures", "4,888 boxes", "3 classes". */
    return g_strdup_printf (_ ("Imported %s, %s, %s"), pictures, boxes, classes);
  /* Translators: "364 pictures", "4,888 boxes", "3 classes", "2 labels were left out". */
  return g_strdup_printf (_ ("Imported %s, %s, %s; %s"), pictures, boxes, classes, problems);
}

char *
fv_pictures_text_progress (const char *what)
{
  if (g_strcmp0 (what, _ ("pictures read")) == 0 || g_strcmp0 (what, _ ("labels read")) == 0)
    return g_strdup (_ ("Reading pictures and labels…"));
  if (g_strcmp0 (what, _ ("archive unpacked")) == 0)
    return g_strdup (_ ("Unpacking the archive…"));
  if (g_strcmp0 (what, _ ("videos")) == 0)
    return g_strdup (_ ("Taking pictures out of videos…"));
  if (g_strcmp0 (what, _ ("pictures copied")) == 0 || g_strcmp0 (what, _ ("files copied")) == 0)
    return g_strdup (_ ("Copying pictures into the project…"));
  if (g_strcmp0 (what, _ ("pictures compared")) == 0)
    return g_strdup (_ ("Looking for pictures that are nearly the same…"));
  return g_strdup (what);
}
