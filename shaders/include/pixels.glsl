// SPDX-License-Identifier: GPL-3.0-or-later
// Work that goes pixel by pixel: a thread owns one pair of channels and walks a contiguous share of the pixels, so that
// neighbouring threads touch neighbouring channels. No subgroup operation, hence any device.
#include "fovea.glsl"

layout (local_size_x_id = 0) in;

struct Share
{
  uint pair;        // channels 2 * pair and 2 * pair + 1
  uint slice;       // which share
  uint first, end;  // its pixels
};

// FALSE when the thread has nothing to do.
bool take_share (uint pixels, uint pairs, uint slices, out Share share)
{
  uint t = gl_GlobalInvocationID.x;
  uint per = (pixels + slices - 1u) / slices;

  share.pair = t % pairs;
  share.slice = t / pairs;
  share.first = min (share.slice * per, pixels);
  share.end = min (share.first + per, pixels);
  return share.slice < slices;
}

// Where the pair of a pixel's elements lies.
uint64_t pair_at (uint64_t base, uint pixel, uint pitch, uint pair)
{
  return base + (uint64_t (pixel) * uint64_t (pitch) + uint64_t (2u * pair)) * uint64_t (ELEMENT);
}
