// SPDX-License-Identifier: GPL-3.0-or-later
// Winograd's minimal filtering F(OUTPUTS x OUTPUTS, 3 x 3): tiles, and the transforms, after Lavin and Gray, "Fast algorithms for convolutional
// neural networks" (2015). A tile is OUTPUTS x OUTPUTS outputs; it reads (OUTPUTS + 2) x (OUTPUTS + 2) inputs, each of which, transformed,
// is a position. At each position the outputs are a matrix product: tiles by input channels by output channels.
layout (constant_id = 1) const uint OUTPUTS = 4;    // 2 or 4
const uint SIDE = OUTPUTS + 2;
// With 4 outputs the polynomials are evaluated at 0, +-sqrt (1/2), +-sqrt (2) and infinity: about half the error of 0, +-1, +-2 and infinity.
const float ROOT = 1.41421356237;

// A number divided by another whose inverse is known. Right below 2^22.
uint divide (uint a, float inverse) { return uint (nearest ((float (a) + 0.5) * inverse - 0.5)); }

// Where a tile is: the picture, and its first output.
struct Corner { uint n; uint y, x; };

// @inverse_row, @inverse_picture: of the number of tiles of a row and of a picture.
Corner
corner_at (uint tile, uint tiles_x, uint tiles_y, float inverse_row, float inverse_picture)
{
  const uint n = divide (tile, inverse_picture), r = tile - n * (tiles_x * tiles_y), row = divide (r, inverse_row);
  return Corner (n, row * OUTPUTS, (r - row * tiles_x) * OUTPUTS);
}

// B^T d: SIDE inputs of a row or column to as many positions.
void
transform_input (inout vec2 d[6])
{
  const vec2 d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3], d4 = d[4], d5 = d[5];
  if (OUTPUTS == 2)
    {
      d[0] = d0 - d2;
      d[1] = d1 + d2;
      d[2] = d2 - d1;
      d[3] = d1 - d3;
    }
  else
    {
      const vec2 a = d4 - 2.0 * d2, b = ROOT * (0.5 * d3 - d1), c = d4 - 0.5 * d2, e = ROOT * (d3 - 0.5 * d1);
      d[0] = d0 - 2.5 * d2 + d4;
      d[1] = a + b;
      d[2] = a - b;
      d[3] = c + e;
      d[4] = c - e;
      d[5] = d1 - 2.5 * d3 + d5;
    }
}

// G g: 3 weights to SIDE positions.
void
transform_weights (vec2 g0, vec2 g1, vec2 g2, out vec2 u[6])
{
  if (OUTPUTS == 2)
    {
      const vec2 a = 0.5 * (g0 + g2), b = 0.5 * g1;
      u[0] = g0;
      u[1] = a + b;
      u[2] = a - b;
      u[3] = g2;
      u[4] = u[5] = vec2 (0);
    }
  else
    {
      const vec2 a = (2.0 * g0 + g2) * (-1.0 / 3.0), b = g1 * (-ROOT / 3.0), c = (g0 + 2.0 * g2) * (1.0 / 6.0), e = g1 * (ROOT / 6.0);
      u[0] = g0;
      u[1] = a + b;
      u[2] = a - b;
      u[3] = c + e;
      u[4] = c - e;
      u[5] = g2;
    }
}

// A^T m: SIDE positions to OUTPUTS outputs.
void
transform_output (inout vec2 m[6])
{
  const vec2 a = m[1] + m[2], b = m[1] - m[2];
  if (OUTPUTS == 2)
    {
      const vec2 m3 = m[3];
      m[0] = m[0] + a;
      m[1] = b - m3;
    }
  else
    {
      const vec2 c = m[3] + m[4], e = m[3] - m[4], m5 = m[5];
      m[0] = m[0] + a + c;
      m[1] = ROOT * (0.5 * b + e);
      m[2] = 0.5 * a + 2.0 * c;
      m[3] = ROOT * (0.25 * b + 2.0 * e) + m5;
    }
}

// The transposes of the last two, for the gradient of the weights. A y: OUTPUTS gradients of outputs to SIDE positions.
void
transform_gradient (inout vec2 d[6])
{
  const vec2 d0 = d[0], d1 = d[1], d2 = d[2], d3 = d[3];
  if (OUTPUTS == 2)
    {
      d[1] = d0 + d1;
      d[2] = d0 - d1;
      d[3] = -d1;
    }
  else
    {
      const vec2 a = d0 + 0.5 * d2, b = ROOT * (0.5 * d1 + 0.25 * d3), c = d0 + 2.0 * d2, e = ROOT * (d1 + 2.0 * d3);
      d[1] = a + b;
      d[2] = a - b;
      d[3] = c + e;
      d[4] = c - e;
      d[5] = d3;
    }
}

// G^T u: SIDE positions to gradients of 3 weights.
void
gather_weights (vec2 u[6], out vec2 g[3])
{
  const vec2 a = u[1] + u[2], b = u[1] - u[2];
  if (OUTPUTS == 2)
    {
      g[0] = u[0] + 0.5 * a;
      g[1] = 0.5 * b;
      g[2] = 0.5 * a + u[3];
    }
  else
    {
      const vec2 c = u[3] + u[4], e = u[3] - u[4];
      g[0] = u[0] - a * (2.0 / 3.0) + c * (1.0 / 6.0);
      g[1] = (0.5 * e - b) * (ROOT / 3.0);
      g[2] = (c - a) * (1.0 / 3.0) + u[5];
    }
}
