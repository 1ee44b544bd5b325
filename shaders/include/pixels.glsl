// SPDX-License-Identifier: GPL-3.0-or-later
// Work that goes pixel by pixel: a thread owns one pair of channels and walks a contiguous share of the pixels. 16 threads side by side touch
// neighbouring memory at a time: 16 pairs of one pixel, or the eight of two pixels next to each other, of which a thread then takes every other
// one. No subgroup operation, hence any device; no integer division either, which processors do lane by lane.
#include "fovea.glsl"

layout (local_size_x = 16, local_size_y_id = 0) in;

struct Share
{
  uint pair;              // channels 2 * pair and 2 * pair + 1
  uint part;              // which share, for results of its own; there are (number of shares) * (1 or 2) of them
  uint first, end, step;  // its pixels
};

// Shares are of @per pixels. FALSE when the thread has nothing to do.
bool take_share (uint pixels, uint pairs, uint per, out Share share)
{
  uint column = gl_GlobalInvocationID.x;
  bool second = column >= pairs;

  share.step = (pairs & 15u) != 0u ? 2u : 1u;
  share.pair = second ? column - pairs : column;
  share.first = gl_GlobalInvocationID.y * per;
  share.end = min (share.first + per, pixels);
  bool some = share.first < share.end;
  share.first += second ? 1u : 0u;
  share.part = gl_GlobalInvocationID.y * share.step + (second ? 1u : 0u);
  return some;
}

// The end of what a share does four pixels at a time.
uint get_end_of_fours (Share share)
{
  return share.end - min (share.end, 3u * share.step);
}

// Where the pair of a pixel's elements lies.
uint64_t pair_at (uint64_t base, uint pixel, uint pitch, uint pair)
{
  return base + (uint64_t (pixel) * uint64_t (pitch) + uint64_t (2u * pair)) * uint64_t (ELEMENT);
}

// From one pixel of a share to the next.
uint64_t get_step (Share share, uint pitch)
{
  return element_at (0ul, share.step * pitch);
}
