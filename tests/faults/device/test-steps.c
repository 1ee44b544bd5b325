/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/faults/device/fv-fault-check.h"

#include "compute/device/fv-device-private.h"
#include "compute/graph/fv-graph.h"
#include "compute/nets/fv-augmenter.h"
#include "compute/nets/fv-predictor.h"

#include <string.h>

/*
 * What the engine does on a device, as stages. Each call of them finds no memory in turn; then the stage that failed is tried again with the
 * same model and trainer, and the end has the same bits as where nothing failed. Or the device is lost there. By default the first call of each
 * name fails in each stage, with -m thorough every call.
 */

#define SIZE 64

static const FvLossParams loss = { .box = 0.05f, .obj = 1, .cls = 0.5f, .cls_pw = 1, .obj_pw = 1, .anchor_t = 4 };

static FvDevice *device;
static gboolean is_card; /* the device looks as one with memory of its own */

/* Two pictures of noise, of which a batch may take the first alone. */
static guint8 rgb[2][SIZE * SIZE * 3];
static const FvPixels pictures[] = { { rgb[0], SIZE, SIZE, 3 * SIZE }, { rgb[1], SIZE, SIZE, 3 * SIZE } };
static FvAugmentSample samples[2];
static const float targets[][6] = { { 0, 0, 0.3f, 0.4f, 0.5f, 0.6f }, { 1, 1, 0.6f, 0.5f, 0.7f, 0.4f } };

static void
make_pictures (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      for (guint k = 0; k < sizeof rgb[i]; k++)
        rgb[i][k] = g_rand_int (rand);
      samples[i] = (FvAugmentSample){
        .n_layers = 1,
        .mix = 1,
        .hsv = { 1, 1, 1 },
        .layers = { { .n_tiles = 1,
                      .canvas_width = SIZE,
                      .canvas_height = SIZE,
                      .inverse = { 1, 0, 0, 0, 1, 0, 0, 0, 1 },
                      .tiles = { { .picture = i, .x2 = SIZE, .y2 = SIZE } } } },
      };
    }
}

static FvBatch
get_batch (guint n)
{
  return (FvBatch){
    .n = n,
    .height = SIZE,
    .width = SIZE,
    .samples = samples,
    .pictures = pictures,
    .n_pictures = n,
    .targets = targets[0],
    .n_targets = n,
  };
}

/* What stages work on; @bits is what they found. */
typedef struct
{
  FvModel *model;
  FvTrainer *trainer;
  FvPredictor *predictor;
  FvAugmenter *augmenter;
  FvGraph *graph;
  FvBuffer *buffers[FV_MEMORY_READBACK + 1];
  GByteArray *bits;
} Work;

typedef gboolean (*Stage) (Work *work, GError **error);

static void
work_init (Work *work)
{
  *work = (Work){ .bits = g_byte_array_new () };
}

static void
work_clear (Work *work)
{
  g_clear_pointer (&work->predictor, fv_predictor_free);
  g_clear_pointer (&work->trainer, fv_trainer_free);
  g_clear_pointer (&work->augmenter, fv_augmenter_free);
  g_clear_pointer (&work->graph, fv_graph_free);
  g_clear_pointer (&work->model, fv_model_unref);
  for (guint i = 0; i < G_N_ELEMENTS (work->buffers); i++)
    g_clear_pointer (&work->buffers[i], fv_buffer_free);
  g_clear_pointer (&work->bits, g_byte_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

/* Training */

static gboolean
make_model (Work *work, GError **error)
{
  FvYolov5Config config;

  fv_yolov5_config_init (&config, 'n', 2);
  work->model = fv_model_new (device, &config, error);
  return work->model != NULL;
}

static gboolean
upload (Work *work, GError **error)
{
  static float *parameters, *statistics;

  if (parameters == NULL)
    {
      parameters = g_new0 (float, fv_model_get_size (work->model, FV_BUFFER_WEIGHTS));
      statistics = g_new0 (float, fv_model_get_size (work->model, FV_BUFFER_STATISTICS));
      fv_yolov5_init (fv_model_get_config (work->model), fv_model_get_layout (work->model), 3, 0, FALSE, parameters,
                      statistics);
    }
  return fv_model_upload (work->model, FV_BUFFER_WEIGHTS, parameters, error)
         && fv_model_upload (work->model, FV_BUFFER_EMA, parameters, error)
         && fv_model_upload (work->model, FV_BUFFER_STATISTICS, statistics, error)
         && fv_model_upload (work->model, FV_BUFFER_EMA_STATISTICS, statistics, error);
}

static gboolean
make_trainer (Work *work, GError **error)
{
  work->trainer = fv_trainer_new (
      work->model, &(FvTrainerParams){ .optimizer = FV_OPTIMIZER_ADAMW, .loss = loss, .clip_norm = 10 }, error);
  return work->trainer != NULL;
}

static gboolean
accumulate_one (Work *work, GError **error)
{
  const FvBatch batch = get_batch (1);

  return fv_trainer_accumulate (work->trainer, &batch, error);
}

/* Activations and input grow. */
static gboolean
accumulate_two (Work *work, GError **error)
{
  const FvBatch batch = get_batch (2);

  return fv_trainer_accumulate (work->trainer, &batch, error);
}

static gboolean
update (Work *work, GError **error)
{
  const FvUpdate block = { .lr = { 0.01f, 0.02f, 0.01f },
                           .momentum = 0.9f,
                           .beta2 = 0.999f,
                           .weight_decay = 0.0005f,
                           .ema_decay = 0.5f,
                           .step = 1 };

  return fv_trainer_update (work->trainer, &block, error);
}

/* A lost device may be noticed here, but only said by what comes next. */
static gboolean
poll (Work *work, GError **error)
{
  FvStepLosses losses;

  while (fv_trainer_poll (work->trainer, &losses))
    g_byte_array_append (work->bits, (const guint8 *)&losses.box, 3 * sizeof (float));
  return TRUE;
}

static gboolean
wait (Work *work, GError **error)
{
  return fv_trainer_wait (work->trainer, error);
}

static gboolean
download (Work *work, FvModelBuffer buffer, GError **error)
{
  const gsize n = fv_model_get_size (work->model, buffer);
  g_autofree float *numbers = g_new (float, n);

  if (!fv_model_download (work->model, buffer, numbers, error))
    return FALSE;
  g_byte_array_append (work->bits, (const guint8 *)numbers, n * sizeof (float));
  return TRUE;
}

static gboolean
download_weights (Work *work, GError **error)
{
  return download (work, FV_BUFFER_WEIGHTS, error);
}

static gboolean
download_statistics (Work *work, GError **error)
{
  return download (work, FV_BUFFER_STATISTICS, error);
}

static const Stage training[]
    = { make_model,     upload, make_trainer, accumulate_one,   accumulate_two,      update, poll, wait, poll,
        accumulate_one, wait,   poll,         download_weights, download_statistics, NULL };

/* With times; what is measured is not looked at. */

static gboolean
switch_timing (Work *work, GError **error)
{
  fv_trainer_set_timing (work->trainer, TRUE);
  return TRUE;
}

static const Stage timed[]
    = { make_model, upload, make_trainer, switch_timing, accumulate_one, update, wait, download_weights, NULL };

/* Prediction */

static gboolean
make_predictor (Work *work, GError **error)
{
  work->predictor = fv_predictor_new (work->model, &(FvPredictorParams){ .loss = &loss }, error);
  return work->predictor != NULL;
}

static gboolean
predict (Work *work, guint n, GError **error)
{
  const FvBatch batch = get_batch (n);
  FvPrediction prediction;

  if (!fv_predictor_run (work->predictor, &batch, &prediction, error))
    return FALSE;
  g_byte_array_append (work->bits, (const guint8 *)prediction.rows,
                       n * prediction.n_rows * prediction.row_length * sizeof (float));
  g_byte_array_append (work->bits, (const guint8 *)&prediction.box, sizeof prediction.box);
  return TRUE;
}

static gboolean
predict_one (Work *work, GError **error)
{
  return predict (work, 1, error);
}

static gboolean
predict_two (Work *work, GError **error)
{
  return predict (work, 2, error);
}

static const Stage prediction[] = { make_model, upload, make_predictor, predict_one, predict_two, predict_one, NULL };

/* Augmentation */

static gboolean
make_augmenter (Work *work, GError **error)
{
  work->augmenter = fv_augmenter_new (device, error);
  return work->augmenter != NULL;
}

static gboolean
augment (Work *work, guint n, GError **error)
{
  const FvBatch batch = get_batch (n);
  const float *pixels = fv_augmenter_run (work->augmenter, &batch, error);

  if (pixels == NULL)
    return FALSE;
  g_byte_array_append (work->bits, (const guint8 *)pixels, n * (SIZE + 4) * (SIZE + 4) * 4 * sizeof (float));
  return TRUE;
}

static gboolean
augment_one (Work *work, GError **error)
{
  return augment (work, 1, error);
}

static gboolean
augment_two (Work *work, GError **error)
{
  return augment (work, 2, error);
}

static const Stage augmentation[] = { make_augmenter, augment_one, augment_two, NULL };

/* Memory */

static gboolean
make_buffers (Work *work, GError **error)
{
  for (FvMemory memory = FV_MEMORY_DEVICE; memory <= FV_MEMORY_READBACK; memory++)
    if (work->buffers[memory] == NULL)
      {
        work->buffers[memory] = fv_buffer_new (device, memory, 5000, "test", error);
        if (work->buffers[memory] == NULL)
          return FALSE;
      }
  return TRUE;
}

static gboolean
fill_buffers (Work *work, GError **error)
{
  for (FvMemory memory = FV_MEMORY_DEVICE; memory <= FV_MEMORY_READBACK; memory++)
    if (!fv_buffer_upload (work->buffers[memory], 40 * memory, rgb, 1000, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_buffers (Work *work, GError **error)
{
  guint8 bytes[G_N_ELEMENTS (work->buffers)][5000];

  for (FvMemory memory = FV_MEMORY_DEVICE; memory <= FV_MEMORY_READBACK; memory++)
    if (!fv_buffer_download (work->buffers[memory], 0, bytes[memory], sizeof bytes[memory], error))
      return FALSE;
  g_byte_array_append (work->bits, bytes[0], sizeof bytes);
  return TRUE;
}

static gboolean
make_graph (Work *work, GError **error)
{
  FvTensor *block;

  g_clear_pointer (&work->graph, fv_graph_free);
  work->graph = fv_graph_new (device, &(FvGraphParams){ .training = TRUE });
  block = fv_graph_scratch (work->graph, sizeof (FvStepBlock) / sizeof (float), "step block");
  fv_tensor_set_address (block, 1);
  fv_augment (work->graph, block, 1, SIZE, SIZE);
  fv_graph_plan (work->graph);
  return fv_graph_allocate (work->graph, error);
}

static const Stage buffers[] = { make_buffers, fill_buffers, read_buffers, make_graph, NULL };

/* Failing */

/* Goes on with @stage, which is left where it failed. */
static gboolean
run (Work *work, const Stage *stages, guint *stage, GError **error)
{
  for (; stages[*stage] != NULL; (*stage)++)
    if (!stages[*stage](work, error))
      return FALSE;
  return TRUE;
}

/* So that they are made again. */
static void
forget_pipelines (void)
{
  GHashTableIter iter;
  gpointer pipeline;

  g_hash_table_iter_init (&iter, device->pipelines);
  while (g_hash_table_iter_next (&iter, NULL, &pipeline))
    {
      fv_vulkan.DestroyPipeline (device->device, pipeline, NULL);
      g_hash_table_iter_remove (&iter);
    }
}

/* (transfer full): what the stages find where nothing fails. The device is left as it was. */
static GByteArray *
find (const Stage *stages)
{
  g_auto (Work) work = { 0 };
  g_autoptr (GError) error = NULL;
  guint stage = 0;

  work_init (&work);
  run (&work, stages, &stage, &error);
  g_assert_no_error (error);
  forget_pipelines ();
  return g_steal_pointer (&work.bits);
}

/* What is there between two runs: the device. */
static void
assert_nothing_left (const char *live, guint64 bytes)
{
  g_autofree char *now = NULL;

  forget_pipelines ();
  now = fv_failing_vulkan_get_live ();
  g_assert_cmpstr (now, ==, live);
  g_assert_cmpuint (fv_device_get_allocated_bytes (device), ==, bytes);
}

/* (transfer full) (element-type GArray of guint): by stage, which of its @calls are to fail, from 1; nothing does this time. */
static GPtrArray *
choose_calls (const Stage *stages, guint calls)
{
  g_auto (Work) work = { 0 };
  g_autoptr (GError) error = NULL;
  GPtrArray *chosen = g_ptr_array_new_with_free_func ((GDestroyNotify)g_array_unref);

  work_init (&work);
  for (const Stage *stage = stages; *stage != NULL; stage++)
    {
      g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
      GArray *numbers = g_array_new (FALSE, FALSE, sizeof (guint));

      fv_failing_vulkan_arm (&(FvVulkanFault){ .calls = calls });
      (*stage) (&work, &error);
      g_assert_no_error (error);
      for (guint n = 1; n <= fv_failing_vulkan_count (); n++)
        if (g_hash_table_add (seen, (gpointer)fv_failing_vulkan_get_call (n)) || g_test_thorough ())
          g_array_append_val (numbers, n);
      g_ptr_array_add (chosen, numbers);
    }
  fv_failing_vulkan_disarm ();
  return chosen;
}

/* Whether a stage is done all the same: where there is one kind of memory, there is no other way to some. */
static gboolean
can_go_on (const char *call, VkResult result)
{
  return fv_fault_has_detour (call, result) && (is_card || !g_str_equal (call, "AllocateMemory"));
}

/* A stage one of whose calls finds no memory; then it is tried again. FALSE: it does without that call. */
static gboolean
fail_stage (Work *work, Stage stage, guint calls, guint nth)
{
  const FvVulkanFault fault = { .calls = calls, .nth = nth, .result = VK_ERROR_OUT_OF_DEVICE_MEMORY };
  g_autoptr (GError) error = NULL, again = NULL;
  const char *failed;
  gboolean ok;

  fv_failing_vulkan_arm (&fault);
  ok = stage (work, &error);
  failed = fv_failing_vulkan_disarm ();
  g_test_message ("%u: %s: %s", nth, failed, ok ? "well" : error->message);
  g_assert_true (ok || failed != NULL);
  if (failed != NULL)
    g_assert_true (ok == can_go_on (failed, fault.result));
  if (!ok)
    {
      fv_fault_check_error (error, fault.result);
      stage (work, &again);
      g_assert_no_error (again);
    }
  return failed != NULL;
}

/* In each run one call of each stage fails, until every one has. */
static void
fail_calls (const Stage *stages, guint calls, const GByteArray *expected)
{
  g_autofree char *live = fv_failing_vulkan_get_live ();
  const guint64 bytes = fv_device_get_allocated_bytes (device);
  g_autoptr (GPtrArray) chosen = choose_calls (stages, calls);
  guint n_rounds = 0, n_chosen = 0, n_failed = 0;

  assert_nothing_left (live, bytes);
  for (guint i = 0; i < chosen->len; i++)
    n_rounds = MAX (n_rounds, ((GArray *)chosen->pdata[i])->len);
  g_assert_cmpuint (n_rounds, >, 0);
  for (guint round = 0; round < n_rounds; round++)
    {
      g_auto (Work) work = { 0 };

      work_init (&work);
      for (guint i = 0; i < chosen->len; i++)
        {
          const GArray *numbers = chosen->pdata[i];

          if (round < numbers->len)
            {
              n_chosen++;
              n_failed += fail_stage (&work, stages[i], calls, g_array_index (numbers, guint, round));
            }
          else
            fail_stage (&work, stages[i], calls, 0);
        }
      g_assert_cmpmem (work.bits->data, work.bits->len, expected->data, expected->len);
      work_clear (&work);
      assert_nothing_left (live, bytes);
    }
  /* What was made of another kind of memory needs no copying, and how often is asked how far the work is goes by how far it is. */
  g_test_message ("%u of %u calls failed", n_failed, n_chosen);
  g_assert_cmpuint (10 * n_failed, >=, 9 * n_chosen);
}

/* Lost at the @nth call: it stays so, and everything can be freed. FALSE: there are fewer. */
static gboolean
lose_device (const Stage *stages, guint nth)
{
  const FvVulkanFault fault = { .calls = FV_CALLS_LOSING, .nth = nth, .result = VK_ERROR_DEVICE_LOST };
  g_auto (Work) work = { 0 };
  g_autoptr (GError) error = NULL, still = NULL;
  guint stage = 0;
  gboolean ok, lost;

  work_init (&work);
  fv_failing_vulkan_arm (&fault);
  ok = run (&work, stages, &stage, &error);
  g_test_message ("%u: lost in stage %u: %s", nth, stage, ok ? "well" : error->message);
  if (ok)
    g_assert_no_error (error);
  else
    {
      g_assert_true (fv_device_is_lost (device));
      fv_fault_check_error (error, fault.result);
      g_assert_false (run (&work, stages, &stage, &still));
      fv_fault_check_error (still, fault.result);
    }
  /* What is freed is waited for before, which may be the call. */
  work_clear (&work);
  lost = fv_device_is_lost (device);
  g_assert_true (lost == (fv_failing_vulkan_disarm () != NULL));
  return lost;
}

static void
lose_at_each (const Stage *stages, const GByteArray *expected)
{
  g_autofree char *live = fv_failing_vulkan_get_live ();
  const guint64 bytes = fv_device_get_allocated_bytes (device);
  g_autoptr (GByteArray) found = NULL;
  guint nth = 1;

  while (lose_device (stages, nth))
    {
      assert_nothing_left (live, bytes);
      /* As if it were another device, but with the pipelines of this one. */
      device->lost = FALSE;
      nth += g_test_thorough () ? 1 : 1 + nth / 3;
    }
  g_assert_cmpuint (nth, >, 3);
  found = find (stages);
  g_assert_cmpmem (found->data, found->len, expected->data, expected->len);
}

static void
close_device (void)
{
  g_autofree char *live = NULL;

  g_clear_pointer (&device, fv_device_unref);
  live = fv_failing_vulkan_get_live ();
  g_assert_cmpstr (live, ==, "");
}

/* What is opened goes on to be used, since its pipelines are. */
static void
use_device (gboolean card)
{
  g_autoptr (GError) error = NULL;

  if (device != NULL && is_card == card)
    return;
  close_device ();
  fv_failing_vulkan_set_card (card);
  is_card = card;
  device = fv_device_open (&(FvDeviceParams){ 0 }, &error);
  g_assert_no_error (error);
}

static void
test_memory (gconstpointer stages)
{
  g_autoptr (GByteArray) expected = NULL;

  use_device (FALSE);
  expected = find (stages);
  fail_calls (stages, FV_CALLS_ALL, expected);
}

static void
test_card_memory (gconstpointer stages)
{
  g_autoptr (GByteArray) expected = NULL;

  use_device (TRUE);
  expected = find (stages);
  fail_calls (stages, FV_CALLS_ALL, expected);
}

static void
test_card_lost (gconstpointer stages)
{
  g_autoptr (GByteArray) expected = NULL;

  use_device (TRUE);
  expected = find (stages);
  lose_at_each (stages, expected);
}

static void
test_times (void)
{
  g_autoptr (GByteArray) expected = NULL;

  use_device (FALSE);
  expected = find (timed);
  fail_calls (timed, FV_CALL_CreateQueryPool | FV_CALL_GetQueryPoolResults, expected);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    const Stage *stages;
  } works[] = {
    { "buffers", buffers }, { "augmentation", augmentation }, { "prediction", prediction }, { "training", training }
  };
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } tests[] = { { "memory", test_memory }, { "card-memory", test_card_memory }, { "card-lost", test_card_lost } };
  int status;

  g_test_init (&argc, &argv, NULL);
  fv_failing_vulkan_install ();
  make_pictures ();
  g_test_add_func ("/faults/steps/times", test_times);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (guint k = 0; k < G_N_ELEMENTS (works); k++)
      {
        g_autofree char *path = g_strdup_printf ("/faults/steps/%s/%s", tests[i].name, works[k].name);

        g_test_add_data_func (path, works[k].stages, tests[i].func);
      }
  status = g_test_run ();
  close_device ();
  return status;
}
