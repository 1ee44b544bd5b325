/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* _(), C_(), N_(), ngettext() in the program's own text domain, whoever the main program is (a test, for one). */
#include <glib/gi18n-lib.h>
