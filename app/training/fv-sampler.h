/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The order of an epoch: fills @order with a permutation of 0 .. @n - 1 that depends on (seed, epoch, n) alone.
 */
void fv_sampler_permute (guint64 seed, guint epoch, guint *order, guint n);
/* The same of @items: what an epoch trains on, position by position. */
void fv_sampler_order (guint64 seed, guint epoch, const guint *items, guint *order, guint n);

G_END_DECLS
