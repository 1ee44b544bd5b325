#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// The gradients' norm, the factor that clips it, and whether the update is to be skipped. One workgroup.
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "optimizer.glsl"

layout (push_constant, scalar) uniform Push {
  uint64_t partials;   // float [n]
  UpdateControl control;
  uint64_t result;     // FvUpdateBlockResult
  UpdateBlock block;
  uint n;
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
  const float norm = sqrt (sums[0]);
  // Exponent bits of infinity or of no number: isnan() and isinf() may be optimised away.
  const bool skip = (floatBitsToUint (sums[0]) & 0x7f800000u) == 0x7f800000u;
  const float clip = block.clip_norm;
  const float scale = clip > 0.0 ? min (clip / (norm + 1e-6), 1.0) : 1.0;
  control.scale = skip ? 0.0 : scale;
  control.skipped = uint (skip);
  store (result, norm);
  store_uint (at (result, 1), uint (skip));
}
