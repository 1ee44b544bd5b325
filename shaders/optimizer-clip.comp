#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// The gradients' norm, the factor that clips it, and whether the update is to be skipped; of mixed precision also the scale of the loss, by the
// rule of torch.cuda.amp.GradScaler: halved when an update is skipped, doubled after a number of good ones. One workgroup.
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "optimizer.glsl"

layout (push_constant, scalar) uniform Push {
  uint64_t partials;   // float [n]
  UpdateControl control;
  uint64_t result;     // FvUpdateBlockResult
  UpdateBlock block;
  uint64_t loss_scale; // LossScale; 0: there is none
  uint n;
  float least, most, period;
};

shared float sums[64];

void main ()
{
  const uint lane = gl_LocalInvocationID.x;
  float sum = 0.0;
  for (uint i = lane; i < n; i += 64u)
    sum += load (at (partials, i));
  sums[lane] = sum;
  barrier ();
  for (uint step = 32u; step > 0u; step >>= 1)
    {
      if (lane < step)
        sums[lane] += sums[lane + step];
      barrier ();
    }
  if (lane > 0u)
    return;
  const bool scaled = loss_scale != 0ul;
  const float loss = scaled ? LossScale (loss_scale).scale : 1.0;
  const float norm = sqrt (sums[0]) / loss;
  // Exponent bits of infinity or of no number: isnan() and isinf() may be optimised away.
  const bool skip = (floatBitsToUint (sums[0]) & 0x7f800000u) == 0x7f800000u;
  const float clip = block.clip_norm;
  const float scale = clip > 0.0 ? min (clip / (norm + 1e-6), 1.0) : 1.0;
  control.scale = skip ? 0.0 : scale / loss;
  control.skipped = uint (skip);
  store (result, norm);
  store_uint (at (result, 1), uint (skip));
  store (at (result, 2), loss);
  if (!scaled)
    return;
  const float good = skip ? 0.0 : LossScale (loss_scale).good + 1.0;
  const bool grow = good >= period;
  LossScale (loss_scale).scale = skip ? max (loss * 0.5, least) : grow ? min (loss * 2.0, most) : loss;
  LossScale (loss_scale).good = grow ? 0.0 : good;
}
