// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
// BatchNorm by its running statistics folded into the convolution before it: its weights times s = weight / sqrt (var + eps) of their output
// channel, and a bias of bias - mean s. "Pixels" are the rows of the weights, [KH][KW][CIP][COP].
layout (push_constant, scalar) uniform Push
{
  uint64_t from, to, to_bias;
  uint64_t weight, bias, running_mean, running_var;
  uint rows, pairs, per;
  float epsilon;
} push;

void main ()
{
  Share share;
  uint pairs = push.pairs;
  if (!take_share (push.rows, pairs, push.per, share))
    return;

  uint64_t channels = share.pair * 8ul, step = share.step * pairs * 8ul;
  vec2 scale = load2 (push.weight + channels) / sqrt (load2 (push.running_var + channels) + push.epsilon);
  if (share.part == 0u)
    store2 (push.to_bias + channels, load2 (push.bias + channels) - load2 (push.running_mean + channels) * scale);
  uint64_t offset = uint64_t (share.first * pairs + share.pair) * 8ul;
  uint64_t from = push.from + offset, to = push.to + offset;
  [[dont_unroll]] for (uint p = share.first; p < share.end; p += share.step)
    {
      store2 (to, load2 (from) * scale);
      from += step;
      to += step;
    }
}
