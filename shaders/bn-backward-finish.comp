// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
// Second stage, a thread a channel: adds the parts in order, adds to the gradients of weight and bias, and leaves what the third stage needs:
// means[2][C] = mean of dz, and of dz * (x - mean), the latter times 1 / (var + eps).
layout (local_size_x_id = 0) in;
layout (push_constant, scalar) uniform Push
{
  uint64_t partial, coefficients, weight_gradient, bias_gradient, means;
  uint channels, parts;
  float count;
} push;

void main ()
{
  uint c = gl_GlobalInvocationID.x, channels = push.channels;
  if (c >= channels)
    return;

  float sum = 0, product = 0;
  uint64_t a = at (push.partial, c);
  [[dont_unroll]] for (uint s = 0; s < push.parts; s++)
    {
      sum += load (a);
      product += load (a + channels * 4ul);
      a += channels * 8ul;
    }
  float inverse = load (at (push.coefficients, 3u * channels + c));
  uint64_t w = at (push.weight_gradient, c), b = at (push.bias_gradient, c);
  store (w, load (w) + product * inverse);
  store (b, load (b) + sum);
  store (at (push.means, c), sum / push.count);
  store (at (push.means, channels + c), product / push.count * inverse * inverse);
}
