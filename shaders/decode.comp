#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// Boxes and probabilities of one head's logits: rows [anchor][y][x] of cx, cy, w, h in pixels, objectness, classes.
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "math.glsl"

layout (local_size_x = 64) in;

const uint MAX_GROUPS = 4096u; // of compute/nets/fv-decode.c

layout (constant_id = 0) const uint LENGTH = 85; // 5 + classes
layout (constant_id = 1) const uint PITCH = 256;

layout (push_constant, scalar) uniform Push {
  uint64_t head;
  uint64_t rows;         // of picture 0, the head's first row
  uint picture_rows;     // rows of all heads of one picture
  uint height, width;    // cells
  float stride;
  vec2 anchors[3];       // in pixels
};

void main ()
{
  const uint anchor = gl_WorkGroupID.y, picture = gl_WorkGroupID.z;
  const uint cells = height * width;
  const uint invocations = min ((cells * LENGTH + 63u) / 64u, MAX_GROUPS) * 64u; // not gl_NumWorkGroups: a dispatch may be cut
  for (uint i = gl_GlobalInvocationID.x; i < cells * LENGTH; i += invocations)
    {
      const uint cell = i / LENGTH, k = i % LENGTH;
      const float p = sigmoid (load (at (head, (picture * cells + cell) * PITCH + anchor * LENGTH + k)));
      const float y = floor ((float (cell) + 0.5) / float (width));
      const float x = float (cell) - y * float (width);
      const float centre = (p * 2.0 - 0.5 + (k == 0u ? x : y)) * stride;
      const float side = p * p * 4.0 * (k == 2u ? anchors[anchor].x : anchors[anchor].y);
      const uint64_t row = at (rows, (picture * picture_rows + anchor * cells + cell) * LENGTH);
      store (at (row, k), k < 2u ? centre : k < 4u ? side : p);
    }
}
