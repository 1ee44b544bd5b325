/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compute/nets/fv-model.h"

G_BEGIN_DECLS

/*
 * Numbers on the device that turn into NaN between two submissions of a run, as those of a broken driver or of training that runs away:
 *
 *   fv_poison_install ();                 // in main(), before a device is opened
 *   fv_poison (FV_BUFFER_WEIGHTS, 3);     // in a run's status callback, of a network of 3 classes
 */
void fv_poison_install (void);
/* The first number of @buffer, and its last, of the newest model of variant n. */
void fv_poison         (FvModelBuffer buffer, guint n_classes);

G_END_DECLS
