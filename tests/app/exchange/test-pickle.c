/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/exchange/fv-pickle.h"

#include <string.h>

static const char *const allowed[] = { "collections.OrderedDict", "models.common.*", NULL };

static FvPickle *
parse (const char *bytes, gsize size, GError **error)
{
  return fv_pickle_parse ((const guint8 *)bytes, size, allowed, "the file", error);
}

/* A literal without its NUL. */
#define BYTES(literal) literal, sizeof (literal) - 1

static void
test_values (void)
{
  g_autoptr (GError) error = NULL;
  /* (None, True, -1, 200, 513, 2**40, 0.1, "Grüße", [1, 2], {"a": 3}, ()) */
  g_autoptr (FvPickle) pickle = parse (BYTES ("\x80\x02(N\x88J\xff\xff\xff\xffK\xc8M\x01\x02\x8a\x06\0\0\0\0\0\1"
                                              "G\x3f\xb9\x99\x99\x99\x99\x99\x9aX\7\0\0\0Gr\xc3\xbc\xc3\x9f"
                                              "e"
                                              "](K\1K\2e}X\1\0\0\0aK\3s)t."),
                                       &error);
  const FvPickleValue *root;
  gint64 number;

  g_assert_no_error (error);
  root = fv_pickle_get_root (pickle);
  g_assert_cmpint (root->type, ==, FV_PICKLE_TUPLE);
  g_assert_cmpuint (fv_pickle_length (root), ==, 11);
  g_assert_cmpint (fv_pickle_element (root, 0)->type, ==, FV_PICKLE_NONE);
  g_assert_cmpint (fv_pickle_element (root, 1)->type, ==, FV_PICKLE_BOOL);
  g_assert_true (fv_pickle_integer (fv_pickle_element (root, 2), &number) && number == -1);
  g_assert_true (fv_pickle_integer (fv_pickle_element (root, 3), &number) && number == 200);
  g_assert_true (fv_pickle_integer (fv_pickle_element (root, 4), &number) && number == 513);
  g_assert_true (fv_pickle_integer (fv_pickle_element (root, 5), &number) && number == G_GINT64_CONSTANT (1) << 40);
  g_assert_cmpfloat (fv_pickle_element (root, 6)->number, ==, 0.1);
  g_assert_cmpstr (fv_pickle_text (fv_pickle_element (root, 7)), ==, "Grüße");
  g_assert_cmpuint (fv_pickle_length (fv_pickle_element (root, 8)), ==, 2);
  g_assert_true (fv_pickle_integer (fv_pickle_lookup (fv_pickle_element (root, 9), "a"), &number) && number == 3);
  g_assert_cmpuint (fv_pickle_length (fv_pickle_element (root, 10)), ==, 0);
  /* Chained look-ups in things that have nothing. */
  g_assert_null (fv_pickle_lookup (fv_pickle_attribute (fv_pickle_element (root, 99), "x"), "y"));
  g_assert_null (fv_pickle_text (root));
}

static void
test_object (void)
{
  g_autoptr (GError) error = NULL;
  /* An object with a state, and an OrderedDict with an item, the class by way of the memo. */
  g_autoptr (FvPickle) pickle = parse (BYTES ("\x80\x02(cmodels.common\nConv\n)\x81}X\1\0\0\0kK\5sb"
                                              "ccollections\nOrderedDict\nq\0)R(X\1\0\0\0aK\1X\1\0\0\0aK\2uh\0)R"
                                              "X\1\0\0\0zQt."),
                                       &error);
  const FvPickleValue *root;
  gint64 number;

  g_assert_no_error (error);
  root = fv_pickle_get_root (pickle);
  g_assert_true (fv_pickle_made_by (fv_pickle_element (root, 0), "models.common.Conv"));
  g_assert_true (fv_pickle_integer (fv_pickle_attribute (fv_pickle_element (root, 0), "k"), &number) && number == 5);
  g_assert_true (fv_pickle_made_by (fv_pickle_element (root, 1), "collections.OrderedDict"));
  /* The last pair of a key counts. */
  g_assert_true (fv_pickle_integer (fv_pickle_lookup (fv_pickle_element (root, 1), "a"), &number) && number == 2);
  g_assert_true (fv_pickle_made_by (fv_pickle_element (root, 2), "collections.OrderedDict"));
  g_assert_cmpint (fv_pickle_element (root, 3)->type, ==, FV_PICKLE_PERSISTENT);
}

static const struct
{
  const char *label, *bytes;
  gsize size;
  const char *message; /* a part of it */
} broken[] = {
  { "nothing", BYTES (""), "ends too early" },
  { "no end", BYTES ("\x80\x02N"), "ends too early" },
  { "end without a value", BYTES ("\x80\x02."), "a value is missing" },
  { "end below a mark", BYTES ("\x80\x02N(."), "a value is missing" },
  { "protocol 6", BYTES ("\x80\x06N."), "protocol" },
  { "os.system",
    BYTES ("\x80\x02"
           "cos\nsystem\nX\2\0\0\0id\x85R."),
    "asks for os.system" },
  { "posix.system",
    BYTES ("\x80\x02"
           "cposix\nsystem\n."),
    "asks for posix.system" },
  { "builtins.eval",
    BYTES ("\x80\x02"
           "c__builtin__\neval\n."),
    "asks for __builtin__.eval" },
  { "a name that begins alike",
    BYTES ("\x80\x02"
           "ccollections\nOrderedDictionary\n."),
    "asks for collections.OrderedD" },
  { "a module that begins alike",
    BYTES ("\x80\x02"
           "cmodels.commonplace\nConv\n."),
    "asks for models.commonplace.Conv" },
  { "a name with a space",
    BYTES ("\x80\x02"
           "cmodels.common\nCo nv\n."),
    "asks for models.common.Co nv," },
  { "a name without end",
    BYTES ("\x80\x02"
           "cmodels.common"),
    "no end" },
  { "EXT1", BYTES ("\x80\x02\x82\1."), "operation 0x82" },
  { "opcode 0", BYTES ("\x80\x02\0."), "operation 0x00" },
  { "text cut short", BYTES ("\x80\x02X\5\0\0\0ab"), "ends too early" },
  { "text of 4 GB",
    BYTES ("\x80\x02X\xff\xff\xff\xff"
           "ab."),
    "ends too early" },
  { "text of 2^63 bytes", BYTES ("\x80\4\x8d\0\0\0\0\0\0\0\200ab."), "ends too early" },
  { "bytes of a negative length",
    BYTES ("\x80\3B\xff\xff\xff\xff"
           "ab."),
    "ends too early" },
  { "number of a negative length", BYTES ("\x80\2\x8b\xff\xff\xff\xff\1."), "too large" },
  { "number of 2 GB", BYTES ("\x80\2\x8b\xff\xff\xff\x7f\1."), "too large" },
  { "decimal number too large", BYTES ("L99999999999999999999L\n."), "too large or none" },
  { "decimal number that is none", BYTES ("I1x\n."), "too large or none" },
  { "fraction that is none", BYTES ("Fx\n."), "too large or none" },
  { "memo beyond all numbers", BYTES ("Np4294967296\n."), "too large or none" },
  { "text without quotes", BYTES ("Sa\n."), "a text has no end" },
  { "text not UTF-8", BYTES ("\x80\x02X\1\0\0\0\xff."), "not UTF-8" },
  { "number cut short", BYTES ("\x80\x02J\1\1"), "ends too early" },
  { "float cut short", BYTES ("\x80\x02G\1\1"), "ends too early" },
  { "number too large", BYTES ("\x80\x02\x8a\x09\1\1\1\1\1\1\1\1\1."), "too large" },
  { "memo never given", BYTES ("\x80\x02h\5."), "never gave" },
  { "memo never given, long", BYTES ("\x80\x02j\xff\xff\xff\xff."), "never gave" },
  { "memo of nothing", BYTES ("\x80\x02q\0."), "a value is missing" },
  { "tuple without mark", BYTES ("\x80\x02Nt."), "a mark is missing" },
  { "pair from one value", BYTES ("\x80\x02N\x86."), "a value is missing" },
  { "pair across a mark", BYTES ("\x80\x02N(N\x86."), "a value is missing" },
  { "append to nothing", BYTES ("\x80\x02Na."), "a value is missing" },
  { "append on an empty stack",
    BYTES ("\x80\x02"
           "a."),
    "a value is missing" },
  { "append to a number", BYTES ("\x80\x02K\1Na."), "added to something" },
  { "append to a tuple", BYTES ("\x80\x02)Na."), "added to something" },
  { "append across a mark", BYTES ("\x80\x02](Na."), "a value is missing" },
  { "items on an empty stack", BYTES ("\x80\x02(u."), "a value is missing" },
  { "items for a list", BYTES ("\x80\x02](NNu."), "added to something" },
  { "key without value", BYTES ("\x80\x02}(Nu."), "no value" },
  { "set item on an empty stack", BYTES ("\x80\x02s."), "a value is missing" },
  { "set item across a mark", BYTES ("\x80\x02}(NNs."), "a value is missing" },
  { "call of a text", BYTES ("\x80\x02X\1\0\0\0a)R."), "no class or function" },
  { "call of an object",
    BYTES ("\x80\x02"
           "ccollections\nOrderedDict\n)R)R."),
    "no class or function" },
  { "call with a number",
    BYTES ("\x80\x02"
           "ccollections\nOrderedDict\nK\1R."),
    "no class or function" },
  { "call without arguments",
    BYTES ("\x80\x02"
           "ccollections\nOrderedDict\nR."),
    "a value is missing" },
  { "state of a number", BYTES ("\x80\x02K\1}b."), "gets a state" },
  { "state of a class",
    BYTES ("\x80\x02"
           "ccollections\nOrderedDict\n}b."),
    "gets a state" },
  { "state twice",
    BYTES ("\x80\x02"
           "ccollections\nOrderedDict\n)R}b}b."),
    "gets a state" },
  { "id of nothing", BYTES ("\x80\x02Q."), "a value is missing" },
};

static void
test_broken (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvPickle) pickle = parse (broken[i].bytes, broken[i].size, &error);

      g_test_message ("%s: %s", broken[i].label, error != NULL ? error->message : "accepted");
      g_assert_null (pickle);
      g_assert_true (error != NULL && error->domain == FV_EXCHANGE_ERROR);
      g_assert_true (g_str_has_prefix (error->message, "the file"));
      g_assert_nonnull (strstr (error->message, broken[i].message));
    }
}

/* Every way in which a pickle of any protocol asks for a class or function; each is refused by its name. */
static const struct
{
  const char *label, *bytes;
  gsize size;
  const char *global;
} foreign[] = {
  { "protocol 0", BYTES ("cposix\nsystem\np0\n(Vid\np1\ntp2\nRp3\n."), "posix.system" },
  { "protocol 0, behind other values",
    BYTES ("(dp0\nVa\np1\n(lp2\nI1\naI01\naL2L\naF0.5\naS'b'\nag1\nacos\nsystem\nas."), "os.system" },
  { "protocol 0, INST", BYTES ("(S'id'\nios\nsystem\n."), "os.system" },
  { "protocol 1, OBJ", BYTES ("(c__builtin__\neval\nU\3id o."), "__builtin__.eval" },
  { "protocol 1, dict and tuple", BYTES ("(T\1\0\0\0a(K\1tdcsys\nexit\n."), "sys.exit" },
  { "protocol 2, behind a call", BYTES ("\x80\2ccollections\nOrderedDict\n)R}X\1\0\0\0acnt\nsystem\nsb."),
    "nt.system" },
  { "protocol 2, argument of an allowed class",
    BYTES ("\x80\2ccollections\nOrderedDict\ncbuiltins\neval\nX\1\0\0\0a\x85R\x85R."), "builtins.eval" },
  { "protocol 3", BYTES ("\x80\3cbuiltins\nexec\nC\1ab."), "builtins.exec" },
  { "protocol 4",
    BYTES ("\x80\4\x95\x1e\0\0\0\0\0\0\0\x8c\5posix\x94\x8c\6system\x94\x93\x94\x8c\2id\x94\x85\x94R\x94."),
    "posix.system" },
  { "protocol 5, sets and long texts",
    BYTES ("\x80\5\x8f(K\1\x90(K\1\x91\x8e\1\0\0\0\0\0\0\0a0\x8b\1\0\0\0\1\x8d\2\0\0\0\0\0\0\0os\x8c\6system\x93."),
    "os.system" },
  { "names by the memo",
    BYTES ("\x80\4\x8c\6system\x94\x8c\5posix\x94"
           "00h\1h\0\x93."),
    "posix.system" },
  { "names said twice",
    BYTES ("\x80\4\x8c\2os2(NN1"
           "1\x93."),
    "a mark is missing" },
  { "a name doubled", BYTES ("\x80\4\x8c\4eval2\x93."), "eval.eval" },
  { "escaped in UNICODE", BYTES ("V\\u006fs\nV\\U00000073ystem\n\x93."), "os.system" },
  { "escaped in STRING", BYTES ("S'\\x6fs'\nS\"syst\\x65m\"\n\x93."), "os.system" },
  { "a letter of another script", BYTES ("\x80\2c\xd0\xbes\nsystem\n."), "\\320\\276s.system" },
  { "not UTF-8", BYTES ("\x80\2c\xff\nsystem\n."), "\\377.system" },
  { "a control character", BYTES ("\x80\2ccollections\nOrderedDict\r\n."), "collections.OrderedDict\\r" },
  { "step by step from an allowed module", BYTES ("\x80\4\x8c\x0dmodels.common\x8c\x09os.system\x93."),
    "models.common" },
  { "through an allowed module", BYTES ("\x80\2cmodels.common\nos.system\n."), "models.common.os.system" },
  { "an allowed name with a NUL in it",
    BYTES ("\x80\4\x8c\x0b"
           "collections\x8c\x0dOrderedDict\0x\x93."),
    "a NUL" },
  { "an allowed line with a NUL in it", BYTES ("\x80\2ccollections\nOrderedDict\0x\n."), "a NUL" },
  { "another case", BYTES ("\x80\2cCollections\nOrderedDict\n."), "Collections.OrderedDict" },
  { "nothing", BYTES ("\x80\2c\n\n."), "asks for ., which" },
  { "a name that was called into being", BYTES ("\x80\4ccollections\nOrderedDict\n)R\x8c\1a\x93."), "no text" },
};

static void
test_foreign (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvPickle) pickle = parse (foreign[i].bytes, foreign[i].size, &error);

      g_test_message ("%s: %s", foreign[i].label, error != NULL ? error->message : "accepted");
      g_assert_null (pickle);
      g_assert_true (error != NULL && error->domain == FV_EXCHANGE_ERROR && g_utf8_validate (error->message, -1, NULL));
      g_assert_nonnull (strstr (error->message, foreign[i].global));
    }
}

/* The same values in each protocol: [7, -3, 0.5, True, "ä", (1,), {"k": None}], as Python writes them. */
static void
test_protocols (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
  } written[] = {
    { BYTES ("(lp0\nI7\naI-3\naF0.5\naI01\naV\\u00e4\np1\na(I1\ntp2\na(dp3\nVk\np4\nNsa.") },
    { BYTES ("]q\0(K\7J\xfd\xff\xff\xffG\x3f\xe0\0\0\0\0\0\0I01\nX\2\0\0\0\xc3\xa4q\1(K\1tq\2}q\3X\1\0\0\0kq\4Nse.") },
    { BYTES ("\x80\2]q\0(K\7J\xfd\xff\xff\xffG\x3f\xe0\0\0\0\0\0\0\x88X\2\0\0\0\xc3\xa4q\1K\1\x85q\2}"
             "q\3X\1\0\0\0kq\4Nse.") },
    { BYTES (
        "\x80\4\x95\x2b\0\0\0\0\0\0\0]\x94(K\7J\xfd\xff\xff\xffG\x3f\xe0\0\0\0\0\0\0\x88\x8c\2\xc3\xa4\x94K\1\x85\x94}"
        "\x94\x8c\1k\x94Nse.") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (written); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FvPickle) pickle = parse (written[i].bytes, written[i].size, &error);
      const FvPickleValue *root;
      gint64 number;

      g_assert_no_error (error);
      root = fv_pickle_get_root (pickle);
      g_assert_cmpuint (fv_pickle_length (root), ==, 7);
      g_assert_true (fv_pickle_integer (fv_pickle_element (root, 0), &number) && number == 7);
      g_assert_true (fv_pickle_integer (fv_pickle_element (root, 1), &number) && number == -3);
      g_assert_cmpfloat (fv_pickle_element (root, 2)->number, ==, 0.5);
      g_assert_true (fv_pickle_element (root, 3)->type == FV_PICKLE_BOOL && fv_pickle_element (root, 3)->integer == 1);
      g_assert_cmpstr (fv_pickle_text (fv_pickle_element (root, 4)), ==, "ä");
      g_assert_true (fv_pickle_integer (fv_pickle_element (fv_pickle_element (root, 5), 0), &number) && number == 1);
      g_assert_cmpint (fv_pickle_lookup (fv_pickle_element (root, 6), "k")->type, ==, FV_PICKLE_NONE);
    }
}

/* Depth costs no stack, and a million values are the end. */
static void
test_hostile (void)
{
  g_autoptr (GByteArray) deep = g_byte_array_new ();
  g_autoptr (GByteArray) many = g_byte_array_new ();
  g_autoptr (FvPickle) pickle = NULL;
  g_autoptr (GError) error = NULL;

  g_byte_array_append (deep, (const guint8 *)"\x80\x02N", 3);
  for (guint i = 0; i < 200000; i++)
    g_byte_array_append (deep, (const guint8 *)"\x85", 1);
  g_byte_array_append (deep, (const guint8 *)".", 1);
  pickle = parse ((const char *)deep->data, deep->len, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < 2000000; i++)
    g_byte_array_append (many, (const guint8 *)"]", 1);
  g_assert_null (parse ((const char *)many->data, many->len, &error));
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "more values than any weight file"));
  g_clear_error (&error);

  g_assert_null (parse ((const char *)many->data, 64 * 1024 * 1024, &error));
  g_assert_error (error, FV_EXCHANGE_ERROR, FV_EXCHANGE_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "its pickle has 67108864 bytes"));
}

static void
test_contains_itself (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FvPickle) pickle = parse (BYTES ("\x80\x02]q\0h\0a."), &error);

  g_assert_no_error (error);
  g_assert_true (fv_pickle_element (fv_pickle_get_root (pickle), 0) == fv_pickle_get_root (pickle));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exchange/pickle/values", test_values);
  g_test_add_func ("/exchange/pickle/object", test_object);
  g_test_add_func ("/exchange/pickle/broken", test_broken);
  g_test_add_func ("/exchange/pickle/foreign", test_foreign);
  g_test_add_func ("/exchange/pickle/protocols", test_protocols);
  g_test_add_func ("/exchange/pickle/hostile", test_hostile);
  g_test_add_func ("/exchange/pickle/contains-itself", test_contains_itself);
  return g_test_run ();
}
