// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "conv-weights.glsl"
// A convolution's weight gradient for any device: a thread makes 4 input times 4 output channels of one tap from a split's pixels.
// Neighbouring threads take neighbouring output channels.
layout (local_size_x = 64) in;

void
main ()
{
  const uint columns = pc.out_channels / 4, rows = pc.in_channels / 4, split = gl_WorkGroupID.y;
  uint r = gl_GlobalInvocationID.x;
  const uint column = r % columns * 4;
  r /= columns;
  const uint row = r % rows * 4, tap = r / rows;
  if (tap >= pc.kernel * pc.kernel)
    return;
  const int ky = int (tap / pc.kernel) - int (pc.padding), kx = int (tap % pc.kernel) - int (pc.padding);

  vec4 sum[4] = vec4[] (vec4 (0), vec4 (0), vec4 (0), vec4 (0));
  const uint end = min ((split + 1) * pc.slice, pc.n * pc.out_h * pc.out_w);
  Place place = place_at (split * pc.slice);
  const Place by = place_at (1);
  for (uint pixel = split * pc.slice; pixel < end; pixel++)
    {
      uint iy = uint (int (place.y * pc.stride) + ky), ix = uint (int (place.x * pc.stride) + kx);
      if (iy < pc.in_h && ix < pc.in_w)
        {
          vec4 x = load_quad (element_at (pc.x, ((place.n * pc.in_h + iy) * pc.in_w + ix) * pc.in_pitch + row));
          vec4 dy = load_quad (element_at (pc.dy, pixel * pc.out_pitch + column));
          [[unroll]] for (uint i = 0; i < 4; i++)
            sum[i] += x[i] * dy;
        }
      advance (place, by, pc.out_h, pc.out_w);
    }

  uint64_t a = pc.partial + uint64_t ((split * pc.kernel * pc.kernel + tap) * pc.in_channels + row) * uint64_t (pc.out_channels * 4);
  [[unroll]] for (uint i = 0; i < 4; i++)
    store4 (at (a, i * pc.out_channels + column), sum[i]);
}
