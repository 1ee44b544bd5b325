// SPDX-License-Identifier: GPL-3.0-or-later
// Complete IoU and its gradient; needs math.glsl.

// d min (a, b) / d a, as PyTorch has it: halved on a tie.
float share_below (float a, float b) { return a < b ? 1.0 : a == b ? 0.5 : 0.0; }

struct Overlap {
  float value;    // CIoU
  vec4 gradient;  // by the first box's x, y, log w, log h; the weight of the aspect term is held fixed
};

// Complete IoU of two boxes given by centre and size (Zheng et al., 2020), as bbox_iou (xywh=True, CIoU=True) of v7.0.
Overlap complete_iou (vec4 a, vec4 b)
{
  const float eps = 1e-7;
  const vec4 e = vec4 (a.xy - a.zw * 0.5, a.xy + a.zw * 0.5); // edges: left, top, right, bottom
  const vec4 f = vec4 (b.xy - b.zw * 0.5, b.xy + b.zw * 0.5);
  const vec2 inner = min (e.zw, f.zw) - max (e.xy, f.xy);
  const vec2 outer = max (e.zw, f.zw) - min (e.xy, f.xy);
  const vec2 side = max (inner, vec2 (0.0));
  const float shared_area = side.x * side.y;
  const float area = a.z * a.w + b.z * b.w - shared_area + eps;
  const float iou = shared_area / area;
  const float diagonal = dot (outer, outer) + eps;
  const vec2 apart = f.xy + f.zw - e.xy - e.zw;
  const float distance = dot (apart, apart) * 0.25;
  // atan (w2 / h2) - atan (w1 / h1) in one
  const float turn = arctangent ((b.z * a.w - a.z * b.w) / (a.w * b.w + a.z * b.z));
  const float aspect_scale = 0.405284735; // 4 / pi^2
  const float v = aspect_scale * turn * turn;
  const float alpha = v / (v - iou + (1.0 + eps));

  const float by_shared = (area + shared_area) / (area * area);
  const float by_area = -shared_area / (area * area);
  const vec2 by_inner = by_shared * side.yx * vec2 (inner.x >= 0.0, inner.y >= 0.0);
  const vec2 by_outer = 2.0 * distance / (diagonal * diagonal) * outer;
  const vec2 high_inside = vec2 (share_below (e.z, f.z), share_below (e.w, f.w));
  const vec2 low_inside = vec2 (share_below (f.x, e.x), share_below (f.y, e.y));
  const vec2 by_high = by_inner * high_inside + by_outer * (1.0 - high_inside);
  const vec2 by_low = -by_inner * low_inside - by_outer * (1.0 - low_inside);
  const vec2 by_centre = by_high + by_low + apart / diagonal;
  const float by_angle = 2.0 * aspect_scale * alpha * turn / (a.z / a.w + a.w / a.z);
  const vec2 by_log_size = 0.5 * (by_high - by_low) * a.zw + by_area * a.z * a.w + by_angle * vec2 (1.0, -1.0);
  return Overlap (iou - (distance / diagonal + v * alpha), vec4 (by_centre, by_log_size));
}
