/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/dataset/fv-review.h"

#include <math.h>
#include <string.h>

typedef struct
{
  char *key; /* a hash of seed and picture: their order is random */
  guint item;
} Ticket;

static int
compare_tickets (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Ticket *)a)->key, ((const Ticket *)b)->key);
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const guint x = *(const guint *)a, y = *(const guint *)b;
  return (x > y) - (x < y);
}

static void
clear_ticket (gpointer data)
{
  g_free (((Ticket *)data)->key);
}

GArray *
fv_review_sample (const FvDataset *dataset, guint n, guint64 seed)
{
  GArray *sample = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GArray) tickets = g_array_new (FALSE, FALSE, sizeof (Ticket));
  g_array_set_clear_func (tickets, clear_ticket);
  for (guint i = 0; i < dataset->items->len; i++)
    {
      const FvItem *item = fv_dataset_get (dataset, i);
      g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT " %s %s", seed, item->hash, item->name);
      g_array_append_val (tickets, ((Ticket){ g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1), i }));
    }
  g_array_sort (tickets, compare_tickets);
  for (guint i = 0; i < MIN (n, tickets->len); i++)
    g_array_append_val (sample, g_array_index (tickets, Ticket, i).item);
  g_array_sort (sample, compare_numbers);
  return sample;
}

FvRate
fv_review_rate (guint errors, guint n)
{
  g_return_val_if_fail (n > 0 && errors <= n, (FvRate){ 0 });
  /* The normal distribution's 97.5th percentile. */
  const double z = 1.959963984540054, p = (double)errors / n;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * sqrt (p * (1 - p) / n + z * z / (4.0 * n * n));
  return (FvRate){ p, MAX (centre - half, 0), MIN (centre + half, 1) };
}
