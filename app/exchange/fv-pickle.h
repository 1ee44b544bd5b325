/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/exchange/fv-exchange-error.h"

G_BEGIN_DECLS

/*
 * Python's pickle format read as data. Nothing is imported, called or executed: what a pickle asks Python to do becomes a node that
 * says so. torch.save writes protocol 2; the others are read as well, so that whatever global a file asks for can be named: it is
 * accepted only where the caller lists it. Depth costs no recursion, and the number of values is bounded, so that a hostile file ends
 * in an error.
 */

typedef enum {
  FV_PICKLE_NONE,
  FV_PICKLE_BOOL,
  FV_PICKLE_INT,
  FV_PICKLE_FLOAT,
  FV_PICKLE_TEXT,
  FV_PICKLE_TUPLE,
  FV_PICKLE_LIST,
  FV_PICKLE_DICT,
  FV_PICKLE_GLOBAL,     /* a class or function by name */
  FV_PICKLE_OBJECT,     /* what calling @callee with @args would make */
  FV_PICKLE_PERSISTENT, /* something outside the pickle, by the id @args */
} FvPickleType;

/* A node; all belong to the FvPickle. Values may be shared and may contain themselves: who walks the graph bounds the walk. */
typedef struct _FvPickleValue FvPickleValue;
struct _FvPickleValue {
  FvPickleType type;
  gboolean cut;                     /* TEXT: the file goes on behind a NUL */
  union {
    gint64 integer;                 /* BOOL, INT */
    double number;                  /* FLOAT */
    char *text;                     /* TEXT: UTF-8; GLOBAL: "module.name" */
    const FvPickleValue *callee;    /* OBJECT: a GLOBAL */
  };
  const FvPickleValue *args;        /* OBJECT: a TUPLE; PERSISTENT: any */
  const FvPickleValue *state;       /* (nullable) OBJECT: what __setstate__ or __dict__ would get */
  GPtrArray *items;                 /* (nullable) TUPLE, LIST: elements; DICT, OBJECT: key, value, key, value, ... */
};

typedef struct _FvPickle FvPickle;

/*
 * @allowed: NULL-terminated "module.name", or "module.*" for everything in it. @name stands for the file in messages.
 * Errors: FV_EXCHANGE_ERROR_FORMAT, FV_EXCHANGE_ERROR_REFUSED (names the global).
 */
FvPickle            *fv_pickle_parse      (const guint8       *data,
                                           gsize               size,
                                           const char *const  *allowed,
                                           const char         *name,
                                           GError            **error);
void                 fv_pickle_free       (FvPickle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FvPickle, fv_pickle_free)

const FvPickleValue *fv_pickle_get_root   (const FvPickle *self);

/* All are NULL-safe and return NULL, 0 or FALSE where the value is of another type, so that look-ups can be chained. */
guint                fv_pickle_length     (const FvPickleValue *value); /* of a tuple or list; pairs of a dict or object */
const FvPickleValue *fv_pickle_element    (const FvPickleValue *value, guint index);
const FvPickleValue *fv_pickle_key        (const FvPickleValue *value, guint index);
const FvPickleValue *fv_pickle_value      (const FvPickleValue *value, guint index);
/* Of a dict, or of an object that is one (OrderedDict); the last pair of that key counts. */
const FvPickleValue *fv_pickle_lookup     (const FvPickleValue *value, const char *key);
/* Of an object's state. */
const FvPickleValue *fv_pickle_attribute  (const FvPickleValue *value, const char *attribute);
const char          *fv_pickle_text       (const FvPickleValue *value);
gboolean             fv_pickle_integer    (const FvPickleValue *value, gint64 *out);
/* Whether it is an object made by that global, "collections.OrderedDict". */
gboolean             fv_pickle_made_by    (const FvPickleValue *value, const char *global);

G_END_DECLS
