#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// Boxes and probabilities of one head's logits: rows [anchor][y][x] of cx, cy, w, h in pixels, objectness, classes.
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"

layout (local_size_x = 64) in;

layout (constant_id = 0) const uint LENGTH = 85; // 5 + classes
layout (constant_id = 1) const uint PITCH = 256;

layout (push_constant, scalar) uniform Push {
  uint64_t head;
  uint64_t rows;         // of picture 0, the head's first row
  uint picture_rows;     // rows of all heads of one picture
  uint cells, width;     // of the grid
  uint per;              // cells of a workgroup
  float stride;
  vec2 anchors[3];       // in pixels
} push;

void main ()
{
  const uint anchor = gl_WorkGroupID.y, picture = gl_WorkGroupID.z;
  const uint first = gl_WorkGroupID.x * push.per, end = min (first + push.per, push.cells);
  const vec2 sides = push.anchors[anchor];
  const float stride = push.stride, width = float (push.width), inverse_width = 1.0 / width;
  const uint64_t head = element_at (push.head, picture * push.cells * PITCH + anchor * LENGTH);
  const uint64_t rows = at (push.rows, (picture * push.picture_rows + anchor * push.cells) * LENGTH);
  // 64 values at a time, one after the other in memory: a division would be made lane by lane, so it is made once.
  const uint skipped = gl_LocalInvocationID.x / LENGTH;
  uint cell = first + skipped, k = gl_LocalInvocationID.x - skipped * LENGTH;

  while (cell < end)
    {
      const float p = 1.0 / (1.0 + exp2 (load_element (element_at (head, cell * PITCH + k)) * -1.44269504));
      const float y = floor ((float (cell) + 0.5) * inverse_width);
      const float x = float (cell) - y * width;
      const float centre = (p * 2.0 - 0.5 + (k == 0u ? x : y)) * stride;
      const float side = p * p * 4.0 * (k == 2u ? sides.x : sides.y);
      store (at (rows, cell * LENGTH + k), k < 2u ? centre : k < 4u ? side : p);
      k += 64u % LENGTH;
      cell += 64u / LENGTH;
      cell += k >= LENGTH ? 1u : 0u;
      k -= k >= LENGTH ? LENGTH : 0u;
    }
}
