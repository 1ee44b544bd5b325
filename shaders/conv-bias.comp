// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
// partial[split][channel] = the sum of dy over a split's pixels: a thread for each channel (x) and split (y). conv-sum adds the splits up.
layout (local_size_x = 16) in;
layout (push_constant) uniform Push { uint64_t dy, partial; uint pixels, pitch, channels, slice; } pc;

void
main ()
{
  const uint channel = gl_GlobalInvocationID.x, split = gl_WorkGroupID.y;
  if (channel >= pc.channels)
    return;
  const uint end = min ((split + 1) * pc.slice, pc.pixels);
  float sum = 0;
  for (uint p = split * pc.slice; p < end; p++)
    sum += load_element (element_at (pc.dy, p * pc.pitch + channel));
  store (at (pc.partial, split * pc.channels + channel), sum);
}
