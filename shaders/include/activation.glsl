// SPDX-License-Identifier: GPL-3.0-or-later
// SiLU and its derivative, chosen by a specialization constant. On processors the division costs nothing: it runs beside the rest, which a
// reciprocal by Newton's steps doesn't.
layout (constant_id = 1) const uint SILU = 1;

vec2 sigmoid2 (vec2 z) { return 1.0 / (1.0 + exp2 (z * -1.44269504)); }
vec2 activate (vec2 z) { return SILU != 0 ? z * sigmoid2 (z) : z; }
// d activate / d z times dy
vec2 activate_backward (vec2 z, vec2 dy)
{
  if (SILU == 0)
    return dy;
  vec2 s = sigmoid2 (z);
  return dy * (s * (1.0 + z * (1.0 - s)));
}
