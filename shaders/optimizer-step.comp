#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// One sweep over a run of parameters of one group: the optimizer, the EMA, gradients back to zero. ADAMW is defined for AdamW.
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "optimizer.glsl"

layout (constant_id = 0) const uint GROUP = 0;
layout (constant_id = 1) const bool DECAYED = false;

layout (push_constant, scalar) uniform Push {
  uint64_t weights, gradients, momentum, second_moment, ema;
  UpdateControl control;
  UpdateBlock block;
  uint n;              // floats
};

void main ()
{
  const uint begin = gl_WorkGroupID.x * BLOCK, end = min (begin + BLOCK, n);
  const float lr = block.lr[GROUP];
  const float decay = DECAYED ? block.weight_decay : 0.0;
  const float scale = control.scale;
  const bool skip = control.skipped != 0u;
  const float beta1 = block.momentum;
#ifdef ADAMW
  const float beta2 = block.beta2;
  const float root_correction = 1.0 / sqrt (block.bias_correction2);
  const float rate = lr / block.bias_correction1;
#else
  const float kept = block.first_step != 0u ? 0.0 : beta1;
#endif

  for (uint i = begin + gl_LocalInvocationID.x * 2u; i < end; i += 128u)
    {
      const vec2 g = load2 (at (gradients, i)) * scale;
      vec2 w = load2 (at (weights, i));
      vec2 m = load2 (at (momentum, i));
      vec2 e = load2 (at (ema, i));
      store2 (at (gradients, i), vec2 (0.0));
      if (skip)
        continue;
#ifdef ADAMW
      vec2 v = load2 (at (second_moment, i));
      w -= lr * decay * w;
      m += (1.0 - beta1) * (g - m);
      v = beta2 * v + (1.0 - beta2) * g * g;
      w -= rate * m / (sqrt (v) * root_correction + 1e-8);
      store2 (at (second_moment, i), v);
#else
      const vec2 d = g + decay * w;
      m = kept * m + d;
      w -= lr * (d + beta1 * m);
#endif
      store2 (at (weights, i), w);
      store2 (at (momentum, i), m);
      store2 (at (ema, i), ema_step (e, w, block.ema_decay));
    }
}
