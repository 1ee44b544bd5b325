// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
// BatchNorm by its running statistics: coefficients[4][C] = a, b, mean, 1 / sqrt (var + eps) of y = a x + b. A thread a channel.
layout (local_size_x_id = 0) in;
layout (push_constant, scalar) uniform Push
{
  uint64_t weight, bias, running_mean, running_var, coefficients;
  uint channels;
  float epsilon;
} push;

void main ()
{
  uint c = gl_GlobalInvocationID.x, channels = push.channels;
  if (c >= channels)
    return;

  float mean = load (at (push.running_mean, c));
  float inverse = 1.0 / sqrt (load (at (push.running_var, c)) + push.epsilon);
  float scale = load (at (push.weight, c)) * inverse;
  store (at (push.coefficients, c), scale);
  store (at (push.coefficients, channels + c), load (at (push.bias, c)) - mean * scale);
  store (at (push.coefficients, 2u * channels + c), mean);
  store (at (push.coefficients, 3u * channels + c), inverse);
}
