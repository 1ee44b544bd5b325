// SPDX-License-Identifier: GPL-3.0-or-later
// How a workgroup of a matrix product reads its operands, forward and backward by data (conv.glsl): PIXELS by CHANNELS, summed over [tap][input
// channel], DEPTH of them in a step. THREADS threads load quads of channels into registers, from where the kernel puts them in shared memory.
#ifdef MATRIX
#define STAGED f16vec4
#define load_staged(a) Half4 (a).v
#else
#define STAGED vec4
#define load_staged(a) load_quad (a)
#endif
const uint DEPTH4 = DEPTH / 4, CHANNELS4 = CHANNELS / 4;
const uint LOADS_X = PIXELS * DEPTH4 / THREADS, LOADS_W = (DEPTH * CHANNELS4 + THREADS - 1) / THREADS;
const uint NOWHERE = ~0u;

#define thread gl_LocalInvocationIndex
#define quad (thread % DEPTH4)                      // of a step's input channels, that a thread loads
// Load @l of a thread is of this pixel; of weights, of this row and these channels.
#define pixel_of(l) ((l) * (THREADS / DEPTH4) + thread / DEPTH4)
#define row_of(l) (((l) * THREADS + thread) / CHANNELS4)
#define quad_of(l) (((l) * THREADS + thread) % CHANNELS4)
#define is_row(l) (DEPTH * CHANNELS4 % THREADS == 0 || row_of (l) < DEPTH)

shared uvec4 places[PIXELS];                        // y, x and number of its input pixel at the first tap; element of the output
Phase fy, fx;
uint channel;                                       // the tile's first
uint steps;
uint next_ty, next_tx, next_c;                      // of the step that is fetched next
uvec4 place[LOADS_X];
uint64_t pixel[LOADS_X];
STAGED x_next[LOADS_X], w_next[LOADS_W];

// Only going forward may a step span taps, since all of them are met, one after the other.
bool
spans_taps ()
{
  return pc.in_channels % DEPTH != 0;
}

void
start_tile ()
{
  const uint blocks = pc.out_channels / CHANNELS, group = gl_WorkGroupID.x + gl_WorkGroupID.y * pc.columns;
  const uint tile = group / blocks, phase = gl_WorkGroupID.z;
  const uint rest_y = phase / pc.phases, rest_x = phase % pc.phases;

  channel = group % blocks * CHANNELS;
  fy = phase_at (rest_y, pc.out_h);
  fx = phase_at (rest_x, pc.out_w);
  for (uint p = thread; p < PIXELS; p += THREADS)
    {
      uint q = tile * PIXELS + p, of_picture = fy.outputs * fx.outputs;
      uint n = q / of_picture, r = q - n * of_picture, oy = r / fx.outputs, ox = r - oy * fx.outputs;
      uint iy = oy * pc.step + uint (fy.base), ix = ox * pc.step + uint (fx.base);
      uint to = ((n * pc.out_h + oy * pc.phases + rest_y) * pc.out_w + ox * pc.phases + rest_x) * pc.out_pitch;
      // Far enough from 0 that no tap leads back inside.
      places[p] = n < pc.n ? uvec4 (iy, ix, (n * pc.in_h + iy) * pc.in_w + ix, to) : uvec4 (0x40000000, 0, 0, NOWHERE);
    }
  barrier ();
  [[unroll]] for (uint l = 0; l < LOADS_X; l++)
    place[l] = places[pixel_of (l)];
  steps = spans_taps () ? (pc.kernel * pc.kernel * pc.in_channels + DEPTH - 1) / DEPTH
                        : fy.taps * fx.taps * (pc.in_channels / DEPTH);
  next_ty = next_tx = next_c = 0;
}

uint64_t
find_pixel (uvec4 p, uint ty, uint tx)
{
  int dy = pc.direction * int (ty), dx = pc.direction * int (tx);
  bool inside = p.x + uint (dy) < pc.in_h && p.y + uint (dx) < pc.in_w;
  return inside ? element_at (pc.x, (p.z + uint (dy * int (pc.in_w) + dx)) * pc.in_pitch) : pc.zero;
}

// Of the weights, from row @row on.
void
fetch_weights (uint row)
{
  const uint rows = pc.kernel * pc.kernel * pc.in_channels;
  [[unroll]] for (uint l = 0; l < LOADS_W; l++)
    {
      bool inside = is_row (l) && row + row_of (l) < rows;
      w_next[l] = STAGED (load4 (inside ? at (pc.w, (row + row_of (l)) * pc.out_channels + channel + quad_of (l) * 4) : pc.zero));
    }
}

// Step @s where the quads of a step are of several taps.
void
fetch_across (uint s)
{
  const uint k = s * DEPTH + quad * 4;
  const uint tap = k / pc.in_channels, c = k - tap * pc.in_channels, ty = tap / pc.kernel, tx = tap - ty * pc.kernel;
  [[unroll]] for (uint l = 0; l < LOADS_X; l++)
    x_next[l] = load_staged (ty < pc.kernel ? element_at (find_pixel (place[l], ty, tx), c) : pc.zero);
  fetch_weights (s * DEPTH);
}

// Step @s; the steps come one after the other.
void
fetch (uint s)
{
  if (spans_taps ())
    {
      fetch_across (s);
      return;
    }
  if (next_c == 0)
    [[unroll]] for (uint l = 0; l < LOADS_X; l++)
      pixel[l] = find_pixel (place[l], next_ty, next_tx);
  [[unroll]] for (uint l = 0; l < LOADS_X; l++)
    x_next[l] = load_staged (element_at (pixel[l], next_c + quad * 4));
  fetch_weights (((fy.first + next_ty * pc.phases) * pc.kernel + fx.first + next_tx * pc.phases) * pc.in_channels + next_c);

  next_c += DEPTH;
  bool end = next_c == pc.in_channels;
  next_c = end ? 0 : next_c;
  next_tx += uint (end);
  end = next_tx == fx.taps;
  next_tx = end ? 0 : next_tx;
  next_ty += uint (end);
}

// The sums of 4 channels from the tile's channel @c on, of a pixel whose place is @to.
void
put (uint to, uint c, vec4 v)
{
  if (to == NOWHERE)
    return;
  const uint64_t y = element_at (pc.y, to + channel + c);
  if (pc.silu != 0)
    v = silu (v);
  store_quad (y, pc.add != 0 ? load_quad (y) + v : v);
}
