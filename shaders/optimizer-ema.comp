#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// The EMA of values that the optimizer leaves alone: running statistics and frozen weights.
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "optimizer.glsl"

layout (push_constant, scalar) uniform Push {
  uint64_t values, ema;
  UpdateControl control;
  UpdateBlock block;
  uint n;              // floats
};

void main ()
{
  const uint begin = gl_WorkGroupID.x * BLOCK, end = control.skipped != 0u ? begin : min (begin + BLOCK, n);
  for (uint i = begin + gl_LocalInvocationID.x * 2u; i < end; i += 128u)
    store2 (at (ema, i), ema_step (load2 (at (ema, i)), load2 (at (values, i)), block.ema_decay));
}
