// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "conv.glsl"
// Convolution as a gather (conv.glsl) for any device: a thread makes 4 pixels, in the flat order of [n, oy, ox], times 4 output channels.
// Neighbouring threads take neighbouring channels of the same pixels.
layout (local_size_x = 64) in;

const uint PIXELS = 4;
const uint NOWHERE = ~0u;

void
main ()
{
  const uint quads = pc.out_channels / 4;
  const uint id = (gl_WorkGroupID.x + gl_WorkGroupID.y * pc.columns) * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
  const uint channel = id % quads * 4, tile = id / quads, phase = gl_WorkGroupID.z;
  const uint rest_y = phase / pc.phases, rest_x = phase % pc.phases;
  const Phase fy = phase_at (rest_y, pc.out_h), fx = phase_at (rest_x, pc.out_w);
  const uint of_picture = fy.outputs * fx.outputs;
  if (tile * PIXELS >= pc.n * of_picture)
    return;

  int iy[PIXELS], ix[PIXELS];
  uint picture[PIXELS], to[PIXELS];
  vec4 sum[PIXELS];
  [[unroll]] for (uint p = 0; p < PIXELS; p++)
    {
      uint q = tile * PIXELS + p, n = q / of_picture, r = q - n * of_picture, oy = r / fx.outputs, ox = r - oy * fx.outputs;
      picture[p] = n;
      iy[p] = int (oy * pc.step) + fy.base;
      ix[p] = int (ox * pc.step) + fx.base;
      to[p] = n < pc.n ? ((n * pc.out_h + oy * pc.phases + rest_y) * pc.out_w + ox * pc.phases + rest_x) * pc.out_pitch + channel : NOWHERE;
      sum[p] = load4 (at (pc.bias, channel));
    }

  for (uint ty = 0; ty < fy.taps; ty++)
    for (uint tx = 0; tx < fx.taps; tx++)
      {
        uint64_t pixel[PIXELS];
        [[unroll]] for (uint p = 0; p < PIXELS; p++)
          {
            uint y = uint (iy[p] + pc.direction * int (ty)), x = uint (ix[p] + pc.direction * int (tx));
            bool inside = picture[p] < pc.n && y < pc.in_h && x < pc.in_w;
            pixel[p] = inside ? element_at (pc.x, ((picture[p] * pc.in_h + y) * pc.in_w + x) * pc.in_pitch) : pc.zero;
          }
        uint tap = (fy.first + ty * pc.phases) * pc.kernel + fx.first + tx * pc.phases;
        uint64_t weights = at (pc.w, tap * pc.in_channels * pc.out_channels + channel);
        for (uint c = 0; c < pc.in_channels; c += 4)
          {
            vec4 w[4];
            [[unroll]] for (uint k = 0; k < 4; k++)
              w[k] = load4 (at (weights, (c + k) * pc.out_channels));
            [[unroll]] for (uint p = 0; p < PIXELS; p++)
              {
                vec4 x = load_quad (element_at (pixel[p], c));
                sum[p] += x.x * w[0] + x.y * w[1] + x.z * w[2] + x.w * w[3];
              }
          }
      }

  [[unroll]] for (uint p = 0; p < PIXELS; p++)
    if (to[p] != NOWHERE)
      {
        uint64_t y = element_at (pc.y, to[p]);
        vec4 v = pc.silu != 0 ? silu (sum[p]) : sum[p];
        store_quad (y, pc.add != 0 ? load_quad (y) + v : v);
      }
}
