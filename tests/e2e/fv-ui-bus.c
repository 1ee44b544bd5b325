/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * AT-SPI as messages on its bus. libatspi asks one thing at a time, and a tree has hundreds; here all questions of a kind
 * are on their way at once.
 */
#include "tests/e2e/fv-ui-private.h"

#include <string.h>

#define TIMEOUT_MS 15000

void
fv_ui_bus_open (FvUi *ui)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) session = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_autoptr (GVariant) reply = NULL;
  const char *address;

  g_assert_no_error (error);
  reply = g_dbus_connection_call_sync (session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", NULL,
                                       G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(&s)", &address);
  ui->bus = g_dbus_connection_new_for_address_sync (
      address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL,
      NULL, &error);
  g_assert_no_error (error);
}

FvUiNode *
fv_ui_node_get (FvUi *ui, const char *path, FvUiNode *parent)
{
  FvUiNode *node = g_hash_table_lookup (ui->nodes, path);

  if (!node)
    {
      node = g_new0 (FvUiNode, 1);
      node->path = g_strdup (path);
      g_hash_table_insert (ui->nodes, node->path, node);
    }
  if (parent)
    node->parent = parent;
  return node;
}

void
fv_ui_node_free (gpointer data)
{
  FvUiNode *node = data;

  g_free (node->path);
  g_free (node);
}

/* In a sandbox the program's connection is that of a proxy: there it is known by its name, not by its process. */
static gboolean
is_called_fovea (FvUi *ui, const char *bus_name, const char *path)
{
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_sync (ui->bus, bus_name, path, "org.freedesktop.DBus.Properties", "Get",
                                     g_variant_new ("(ss)", "org.a11y.atspi.Accessible", "Name"),
                                     G_VARIANT_TYPE ("(v)"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, NULL);
  g_autoptr (GVariant) name = NULL;

  if (reply)
    g_variant_get (reply, "(v)", &name);
  return name && g_variant_is_of_type (name, G_VARIANT_TYPE_STRING)
         && g_ascii_strcasecmp (g_variant_get_string (name, NULL), "fovea") == 0;
}

gboolean
fv_ui_bus_find_program (FvUi *ui)
{
  const char *root = "/org/a11y/atspi/accessible/root", *name, *path;
  g_autoptr (GVariant) programs = g_dbus_connection_call_sync (
      ui->bus, "org.a11y.atspi.Registry", root, "org.a11y.atspi.Accessible", "GetChildren", NULL,
      G_VARIANT_TYPE ("(a(so))"), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, NULL);
  g_autoptr (GVariantIter) iter = NULL;

  if (!programs)
    return FALSE;
  g_variant_get (programs, "(a(so))", &iter);
  while (g_variant_iter_next (iter, "(&s&o)", &name, &path))
    {
      guint32 pid = 0;
      g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
          ui->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
          "GetConnectionUnixProcessID", g_variant_new ("(s)", name), G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE,
          TIMEOUT_MS, NULL, NULL);

      if (reply)
        g_variant_get (reply, "(u)", &pid);
      if (g_getenv ("FOVEA_TEST_SANDBOXED") ? is_called_fovea (ui, name, path) : pid && (GPid)pid == ui->pid)
        {
          ui->bus_name = g_strdup (name);
          ui->app = fv_ui_node_get (ui, path, NULL);
          ui->app->role = "application";
          return TRUE;
        }
    }
  return FALSE;
}

typedef struct
{
  GVariant *reply;
  guint *pending;
} Call;

static void
on_reply (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;

  call->reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  *call->pending -= 1;
}

GPtrArray *
fv_ui_bus_call_each (FvUi *ui, FvUiNode *const *nodes, guint n, const char *interface, const char *method,
                     GVariant *const *arguments, const char *type)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autofree Call *calls = g_new0 (Call, n + 1);
  g_autofree char *full_interface
      = g_str_has_prefix (interface, "org.") ? g_strdup (interface) : g_strconcat ("org.a11y.atspi.", interface, NULL);
  GPtrArray *replies = g_ptr_array_new_full (n, NULL);
  guint pending = n;

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < n; i++)
    {
      calls[i].pending = &pending;
      g_dbus_connection_call (ui->bus, ui->bus_name, nodes[i]->path, full_interface, method, arguments[i],
                              G_VARIANT_TYPE (type), G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, on_reply, &calls[i]);
    }
  while (pending)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (replies, calls[i].reply);
  return replies;
}

GPtrArray *
fv_ui_bus_call (FvUi *ui, FvUiNode *const *nodes, guint n, const char *interface, const char *method,
                GVariant *arguments, const char *type)
{
  g_autoptr (GVariant) own = arguments ? g_variant_ref_sink (arguments) : NULL;
  g_autofree GVariant **each = g_new0 (GVariant *, n + 1);

  for (guint i = 0; i < n; i++)
    each[i] = own;
  return fv_ui_bus_call_each (ui, nodes, n, interface, method, each, type);
}

void
fv_ui_bus_replies_free (GPtrArray *replies)
{
  for (guint i = 0; i < replies->len; i++)
    if (replies->pdata[i])
      g_variant_unref (replies->pdata[i]);
  g_ptr_array_unref (replies);
}

GVariant *
fv_ui_bus_call_one (FvUi *ui, FvUiNode *node, const char *interface, const char *method, GVariant *arguments,
                    const char *type)
{
  g_autoptr (GPtrArray) replies = fv_ui_bus_call (ui, &node, 1, interface, method, arguments, type);
  return replies->pdata[0];
}

static GVariant *
property_arguments (const char *interface, const char *property)
{
  g_autofree char *full_interface = g_strconcat ("org.a11y.atspi.", interface, NULL);
  return g_variant_new ("(ss)", full_interface, property);
}

GStrv
fv_ui_bus_get_strings (FvUi *ui, FvUiNode *const *nodes, guint n, const char *interface, const char *property)
{
  GPtrArray *replies = fv_ui_bus_call (ui, nodes, n, "org.freedesktop.DBus.Properties", "Get",
                                       property_arguments (interface, property), "(v)");
  GStrv strings = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GVariant) value = NULL;

      if (replies->pdata[i])
        g_variant_get (replies->pdata[i], "(v)", &value);
      strings[i] = value && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_dup_string (value, NULL)
                                                                                : g_strdup ("");
    }
  fv_ui_bus_replies_free (replies);
  return strings;
}

double
fv_ui_bus_get_number (FvUi *ui, FvUiNode *node, const char *interface, const char *property)
{
  g_autoptr (GVariant) reply = fv_ui_bus_call_one (ui, node, "org.freedesktop.DBus.Properties", "Get",
                                                   property_arguments (interface, property), "(v)");
  g_autoptr (GVariant) value = NULL;

  if (reply)
    g_variant_get (reply, "(v)", &value);
  if (value && g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    return g_variant_get_double (value);
  return value && g_variant_is_of_type (value, G_VARIANT_TYPE_INT32) ? g_variant_get_int32 (value) : NAN;
}

gboolean
fv_ui_bus_set_number (FvUi *ui, FvUiNode *node, const char *interface, const char *property, double value)
{
  g_autofree char *full_interface = g_strconcat ("org.a11y.atspi.", interface, NULL);
  g_autoptr (GVariant) reply
      = fv_ui_bus_call_one (ui, node, "org.freedesktop.DBus.Properties", "Set",
                            g_variant_new ("(ssv)", full_interface, property, g_variant_new_double (value)), "()");
  return reply != NULL;
}
