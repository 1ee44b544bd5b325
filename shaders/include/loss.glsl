// SPDX-License-Identifier: GPL-3.0-or-later
// Target assignment as build_targets of YOLOv5 v7.0 does it. Cell coordinates are made without contraction, so that every
// kernel and PyTorch agree on which side of a grid line a target lies.

const uint TARGET_FLOATS = 5u; // class, cx, cy, w, h

// Centre and size of target @t in cells of a grid of @size.
vec4 target_box (uint64_t targets, uint t, vec2 size)
{
  const uint64_t a = at (targets, t * TARGET_FLOATS + 1u);
  precise vec4 box = vec4 (load (a), load (at (a, 1)), load (at (a, 2)), load (at (a, 3))) * size.xyxy;
  return box;
}

// Whether neither side is @limit times the anchor's or more, nor the other way round.
bool anchor_fits (vec2 size, vec2 anchor, float limit)
{
  return all (lessThan (size, anchor * limit)) && all (lessThan (anchor, size * limit));
}

// The four neighbours that a target goes to besides its own cell: left, up, right, down.
bvec4 target_neighbours (vec2 centre, vec2 size)
{
  precise vec4 c = vec4 (centre, size - centre);
  return bvec4 (vec4 (lessThan (fract (c), vec4 (0.5))) * vec4 (greaterThan (c, vec4 (1.0))));
}

// How often the target hits @cell. More than once where its centre is on a grid line or an index was clamped: every copy counts.
uint count_hits (vec2 centre, vec2 size, vec2 cell)
{
  const bvec4 go = target_neighbours (centre, size);
  precise vec4 moved = vec4 (centre - 0.5, centre + 0.5);
  const vec2 own = clamp (trunc (centre), vec2 (0.0), size - 1.0);
  const vec4 other = clamp (trunc (moved), vec4 (0.0), size.xyxy - 1.0);
  const bvec2 home = equal (own, cell);
  const bvec4 there = equal (other, cell.xyxy);
  return uint (home.x && home.y) + uint (go.x && there.x && home.y) + uint (go.y && there.y && home.x)
         + uint (go.z && there.z && home.y) + uint (go.w && there.w && home.x);
}
