#version 460
// SPDX-License-Identifier: GPL-3.0-or-later
// Loss and gradient of one head. An invocation owns a cell with its three anchors, a workgroup 64 cells in a row of one picture.
// The workgroup first marks the targets that fit an anchor and lie near its rows; each cell goes through those in order, anchor by
// anchor. Everything that a cell sums, it sums in that order.
#extension GL_GOOGLE_include_directive : require
#include "fovea.glsl"
#include "math.glsl"
#include "overlap.glsl"
#include "step.glsl"
#include "loss.glsl"

layout (local_size_x = 64) in;

layout (constant_id = 0) const uint CLASSES = 80;
layout (constant_id = 1) const uint HEAD_PITCH = 256;
layout (constant_id = 2) const uint GRADIENT_PITCH = 256;
layout (constant_id = 3) const bool GRADIENT = true;
layout (constant_id = 4) const bool FOCAL = false;

layout (push_constant, scalar) uniform Push {
  StepBlock block;
  uint64_t head;
  uint64_t gradient;
  uint64_t count;      // matches of this head
  uint64_t partials;   // float [n][workgroups of a picture][3]: sums of 1 - CIoU, objectness and class losses
  uint height, width;  // cells
  vec2 anchors[3];     // in cells
  float anchor_t;
  float box_scale, obj_scale, cls_scale; // d total / d sum; those of box and class are still to be divided by the matches
  float obj_pw, cls_pw;
  float gamma;
  float positive, negative;              // class targets after smoothing
};

const uint CHUNK = 512;
const uint LENGTH = 5u + CLASSES;
shared uint marks[CHUNK / 32];
shared float sums[3][64], parts[3][8];

// BCE with logits and a positive weight, focal if asked for: value, d value / d x.
vec2 bce (float x, float y, float pw)
{
  const Logit l = logit (x);
  const float weight = 1.0 + (pw - 1.0) * y;
  const float value = weight * l.tail + (x < 0.0 ? -pw * y : 1.0 - y) * x;
  const float slope = weight * l.p - pw * y;
  if (!FOCAL)
    return vec2 (value, slope);
  const float exact_miss = y * l.q + (1.0 - y) * l.p; // 1 - p_t
  const float miss = exact_miss < 1e-37 ? 1e-37 : exact_miss;
  const float factor = exp_negative (gamma * log_positive (miss));
  const float factor_slope = -gamma * factor / miss * (2.0 * y - 1.0) * l.p * l.q;
  const float alpha = y * 0.25 + (1.0 - y) * 0.75;
  return alpha * vec2 (value * factor, slope * factor + value * factor_slope);
}

// Sets marks[] for the targets from @first on that may hit a cell of @rows. All invocations call it.
void mark_targets (uint64_t targets, uint first, uint n, vec2 size, vec2 rows)
{
  const uint lane = gl_LocalInvocationID.x;
  barrier ();
  if (lane < CHUNK / 32u)
    marks[lane] = 0u;
  barrier ();
  for (uint t = lane; t < n; t += 64u)
    {
      const vec4 box = target_box (targets, first + t, size);
      const float y = clamp (box.y, 0.0, size.y - 1.0);
      const bool fits = anchor_fits (box.zw, anchors[0], anchor_t) || anchor_fits (box.zw, anchors[1], anchor_t)
                        || anchor_fits (box.zw, anchors[2], anchor_t);
      if (fits && y >= rows.x - 1.0 && y <= rows.y + 2.0)
        atomicOr (marks[t / 32u], 1u << (t % 32u));
    }
  barrier ();
}

void main ()
{
  const uint lane = gl_LocalInvocationID.x, picture = gl_WorkGroupID.y;
  const uint cells = height * width;
  const uint first_cell = gl_WorkGroupID.x * 64u;
  const uint index = first_cell + lane;
  const bool inside = index < cells;
  const vec2 size = vec2 (width, height);
  const float row = floor ((float (index) + 0.5) / size.x);
  const vec2 cell = vec2 (float (index) - row * size.x, row);
  const vec2 rows = vec2 (first_cell / width, min (first_cell + 63u, cells - 1u) / width);
  const uint pixel = picture * cells + min (index, cells - 1u);
  const uint64_t logits = at (head, pixel * HEAD_PITCH);
  const uint64_t slopes = at (gradient, pixel * GRADIENT_PITCH);
  const uint64_t targets = block.targets;
  const uint begin = load_uint (at (block.target_offsets, picture));
  const uint end = load_uint (at (block.target_offsets, picture + 1u));
  const float matches = float (max (load_uint (count), 1u));
  vec3 sum = vec3 (0.0);
  uint marked = ~0u; // first target of the chunk in marks[]

  if (GRADIENT && inside)
    for (uint c = 0u; c < GRADIENT_PITCH; c += 2u)
      store2 (at (slopes, c), vec2 (0.0));

  for (uint a = 0u; a < 3u; a++)
    {
      const vec2 anchor = anchors[a];
      const uint64_t x = at (logits, a * LENGTH);
      const uint64_t dx = at (slopes, a * LENGTH);
      float best = 0.0;
      float hits = 0.0;
      vec4 dbox = vec4 (0.0);

      for (uint first = begin; first < end; first += CHUNK)
        {
          const uint n = min (end - first, CHUNK);
          if (first != marked)
            mark_targets (targets, first, n, size, rows);
          marked = first;
          for (uint word = 0u; word * 32u < n; word++)
            {
              const uint base = first + word * 32u;
              uint own = 0u;
              for (uint left = marks[word]; left != 0u; left &= left - 1u)
                {
                  const uint bit = uint (findLSB (left));
                  const vec4 box = target_box (targets, base + bit, size);
                  const bool hit = anchor_fits (box.zw, anchor, anchor_t) && count_hits (box.xy, size, cell) > 0u;
                  own |= hit ? 1u << bit : 0u;
                }
              for (own = inside ? own : 0u; own != 0u; own &= own - 1u)
                {
                  const uint t = base + uint (findLSB (own));
                  const vec4 box = target_box (targets, t, size);
                  const float copies = float (count_hits (box.xy, size, cell));
                  const vec4 p = vec4 (sigmoid (load (x)), sigmoid (load (at (x, 1))), sigmoid (load (at (x, 2))),
                                       sigmoid (load (at (x, 3))));
                  const vec4 predicted = vec4 (p.xy * 2.0 - 0.5, p.zw * p.zw * 4.0 * anchor);
                  const Overlap o = complete_iou (predicted, vec4 (box.xy - cell, box.zw));
                  hits += copies;
                  best = o.value > best ? o.value : best;
                  sum.x += copies * (1.0 - o.value);
                  dbox -= copies * o.gradient * 2.0 * vec4 (p.xy, 1.0, 1.0) * (1.0 - p);
                  const uint k = uint (load (at (targets, t * TARGET_FLOATS)));
                  if (CLASSES > 1u && k < CLASSES)
                    {
                      const float logit_k = load (at (x, 5u + k));
                      const vec2 change = copies * (bce (logit_k, positive, cls_pw) - bce (logit_k, negative, cls_pw));
                      sum.z += change.x;
                      if (GRADIENT)
                        store (at (dx, 5u + k), load (at (dx, 5u + k)) + change.y);
                    }
                }
            }
        }

      const vec2 objectness = bce (load (at (x, 4)), best, obj_pw);
      sum.y += inside ? objectness.x : 0.0;
      if (GRADIENT && inside)
        {
          const vec4 box = hits > 0.0 ? dbox * (box_scale / matches) : vec4 (0.0);
          store (dx, box.x);
          store (at (dx, 1), box.y);
          store (at (dx, 2), box.z);
          store (at (dx, 3), box.w);
          store (at (dx, 4), objectness.y * obj_scale);
        }
      const uint classes = CLASSES > 1u && hits > 0.0 ? CLASSES : 0u;
      for (uint k = 5u; k < 5u + classes; k++)
        {
          const vec2 none = hits * bce (load (at (x, k)), negative, cls_pw);
          sum.z += none.x;
          if (GRADIENT)
            store (at (dx, k), (load (at (dx, k)) + none.y) * (cls_scale / matches));
        }
    }

  // Two stages, eight values each: barriers are dear on a CPU.
  sums[0][lane] = sum.x;
  sums[1][lane] = sum.y;
  sums[2][lane] = sum.z;
  barrier ();
  if (lane < 24u)
    {
      float part = 0.0;
      for (uint i = 0u; i < 8u; i++)
        part += sums[lane / 8u][lane % 8u * 8u + i];
      parts[lane / 8u][lane % 8u] = part;
    }
  barrier ();
  if (lane < 3u)
    {
      float whole = 0.0;
      for (uint i = 0u; i < 8u; i++)
        whole += parts[lane][i];
      store (at (partials, (picture * ((cells + 63u) / 64u) + gl_WorkGroupID.x) * 3u + lane), whole);
    }
}
