// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernels of an update share. A workgroup owns BLOCK floats of a flat buffer, as pairs.

layout (local_size_x = 64) in;

const uint BLOCK = 4096;

layout (buffer_reference, scalar, buffer_reference_align = 4) buffer UpdateBlock { // FvUpdateBlock
  float lr[3];
  float momentum;
  float beta2;
  float weight_decay;
  float ema_decay;
  float clip_norm;
  float bias_correction1;
  float bias_correction2;
  uint first_step;
};

// What the norm's last stage tells the sweeps.
layout (buffer_reference, scalar, buffer_reference_align = 4) buffer UpdateControl {
  float scale; // what gradients are multiplied by
  uint skipped;
};

// What the loss of mixed precision is multiplied by, and how many updates have gone well since that changed: FvLossScale.
layout (buffer_reference, scalar, buffer_reference_align = 4) buffer LossScale {
  float scale;
  float good;
};

vec2 ema_step (vec2 e, vec2 w, float decay) { return e + (1.0 - decay) * (w - e); }
