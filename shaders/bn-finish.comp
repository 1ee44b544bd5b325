// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
// Batch statistics, second stage, a thread a channel: adds the parts in order, folds BatchNorm into y = a x + b, and moves the running
// statistics. coefficients[4][C] = a, b, mean, 1 / sqrt (var + eps).
layout (local_size_x_id = 0) in;
layout (push_constant, scalar) uniform Push
{
  uint64_t partial, weight, bias, running_mean, running_var, coefficients;
  uint channels, parts;
  float count, epsilon, momentum;
} push;

void main ()
{
  uint c = gl_GlobalInvocationID.x, channels = push.channels;
  if (c >= channels)
    return;

  float sum = 0, square = 0;
  uint64_t a = at (push.partial, c);
  [[dont_unroll]] for (uint s = 0; s < push.parts; s++)
    {
      sum += load (a);
      square += load (a + channels * 4ul);
      a += channels * 8ul;
    }
  float running = load (at (push.running_mean, c));
  float shifted = sum / push.count;
  float mean = running + shifted;
  float var = max (square / push.count - shifted * shifted, 0.0);
  float inverse = 1.0 / sqrt (var + push.epsilon);
  float scale = load (at (push.weight, c)) * inverse;
  store (at (push.coefficients, c), scale);
  store (at (push.coefficients, channels + c), load (at (push.bias, c)) - mean * scale);
  store (at (push.coefficients, 2u * channels + c), mean);
  store (at (push.coefficients, 3u * channels + c), inverse);
  float unbiased = var * push.count / max (push.count - 1.0, 1.0);
  float before = load (at (push.running_var, c));
  store (at (push.running_mean, c), running + push.momentum * (mean - running));
  store (at (push.running_var, c), before + push.momentum * (unbiased - before));
}
