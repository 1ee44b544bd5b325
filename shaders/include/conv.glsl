// SPDX-License-Identifier: GPL-3.0-or-later
// What the convolution kernels share: push constants, and which taps meet which pixels.
//
// Forward and backward by data are the same gather:
//
//   y[n, oy, ox, :] = sum over ky, kx of x[n, iy, ix, :] * w[ky][kx][:][:]
//
// Forward: iy = oy * step + ky - padding. Backward by data: x is dL/dy, y is dL/dx, w is transposed, and a convolution of stride s has
// s * s phases, one for each remainder of (oy, ox) by s; a phase meets each s-th tap only, with iy falling as ky rises.
layout (push_constant) uniform Push
{
  uint64_t x, w, y, bias;       // bias: zeros where there is none
  uint64_t zero, dump;          // pages to read and to write instead of branching
  uint n, in_h, in_w, out_h, out_w;
  uint in_pitch, out_pitch;     // floats from pixel to pixel
  uint in_channels, out_channels;
  uint kernel, padding;
  uint step;                    // input pixels from one output pixel of a phase to the next
  uint phases;                  // 1, or the stride when going backward
  int direction;                // 1 forward, -1 backward
  uint add;                     // whether y is added to
  uint silu;                    // whether y goes through SiLU
  uint columns;                 // workgroups of a row of them
} pc;

vec4 silu (vec4 z) { return z / (1.0 + exp2 (z * -1.44269504)); }
vec2 silu (vec2 z) { return z / (1.0 + exp2 (z * -1.44269504)); }

// One dimension of a phase.
struct Phase {
  uint first;    // its first tap
  uint taps;     // how many; each phases taps further on
  int base;      // input coordinate of output 0 at the first tap
  uint outputs;  // output coordinates of this phase
};

Phase
phase_at (uint remainder, uint out_size)
{
  Phase f;
  f.first = (remainder + pc.padding) % pc.phases;
  f.taps = (pc.kernel + pc.phases - 1 - f.first) / pc.phases;
  f.base = pc.direction > 0 ? -int (pc.padding) : int ((remainder + pc.padding - f.first) / pc.phases);
  f.outputs = (out_size + pc.phases - 1 - remainder) / pc.phases;
  return f;
}
