// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernels of a convolution's weight gradient share. The pixels of dy are dealt to splits; each split has partial sums
// [kernel][kernel][in_channels][out_channels] of its own, which conv-sum adds up in a fixed order.
layout (push_constant) uniform Push
{
  uint64_t x, dy, partial, zero;
  uint n, in_h, in_w, out_h, out_w;
  uint in_pitch, out_pitch;          // floats from pixel to pixel
  uint in_channels, out_channels;    // of the weights, padding included
  uint kernel, padding, stride;
  uint slice;                        // pixels of a split
} pc;

// A pixel of dy.
struct Place { uint n, y, x; };

Place
place_at (uint pixel)
{
  Place p;
  p.n = pixel / (pc.out_h * pc.out_w);
  uint r = pixel - p.n * pc.out_h * pc.out_w;
  p.y = r / pc.out_w;
  p.x = r - p.y * pc.out_w;
  return p;
}

// Moves on by @by, itself a place, without a division.
void
advance (inout Place p, Place by, uint out_h, uint out_w)
{
  p.x += by.x;
  bool wrap = p.x >= out_w;
  p.x -= wrap ? out_w : 0;
  p.y += by.y + uint (wrap);
  wrap = p.y >= out_h;
  p.y -= wrap ? out_h : 0;
  p.n += by.n + uint (wrap);
}
