#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// Matches of each head: a match is a target, an anchor and a cell. Workgroup i counts head i. The cells of a target need not be
// known, since every copy lands somewhere in the grid.
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "step.glsl"
#include "loss.glsl"

layout (local_size_x = 64) in;

layout (push_constant, scalar) uniform Push {
  StepBlock block;
  uint64_t counts;   // uint [3]
  uint n;            // pictures
  uint height, width;  // cells of head 0; the next heads have half as many
  float anchor_t;
  vec2 anchors[9];   // in cells of their head
};

shared uint partial[64];

void main ()
{
  const uint head = gl_WorkGroupID.x, lane = gl_LocalInvocationID.x;
  const vec2 size = vec2 (width >> head, height >> head);
  const uint n_targets = load_uint (at (block.target_offsets, n));
  const uint64_t targets = block.targets;
  uint count = 0u;
  for (uint t = lane; t < n_targets; t += 64u)
    {
      const vec4 box = target_box (targets, t, size);
      const bvec4 go = target_neighbours (box.xy, size);
      const uint copies = 1u + uint (go.x) + uint (go.y) + uint (go.z) + uint (go.w);
      for (uint a = 0u; a < 3u; a++)
        count += anchor_fits (box.zw, anchors[head * 3u + a], anchor_t) ? copies : 0u;
    }
  partial[lane] = count;
  barrier ();
  for (uint step = 32u; step > 0u; step >>= 1)
    {
      if (lane < step)
        partial[lane] += partial[lane + step];
      barrier ();
    }
  if (lane == 0u)
    store_uint (at (counts, head), partial[0]);
}
