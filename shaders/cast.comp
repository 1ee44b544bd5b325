// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
// Between fp32 and fp16, in the order of memory: y = x, or with NARROW y = x times a factor. A workgroup takes BLOCK elements.
layout (local_size_x = 64) in;
layout (constant_id = 0) const uint NARROW = 0; // from fp32 to fp16; 0 the other way
layout (push_constant, scalar) uniform Push
{
  uint64_t x, y;
  uint64_t factor; // where a float lies; 0: 1
  uint elements;   // an even number
} push;

const uint BLOCK = 4096u;

void
main ()
{
  const uint begin = gl_WorkGroupID.x * BLOCK, end = min (begin + BLOCK, push.elements);
  const float factor = push.factor != 0ul ? load (push.factor) : 1.0;
  for (uint i = begin + gl_LocalInvocationID.x * 2u; i < end; i += 128u)
    if (NARROW != 0)
      store_pair (element_at (push.y, i), load2 (at (push.x, i)) * factor);
    else
      store2 (at (push.y, i), load_pair (element_at (push.x, i)));
}
