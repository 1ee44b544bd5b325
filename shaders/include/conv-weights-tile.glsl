// SPDX-License-Identifier: GPL-3.0-or-later
// How a workgroup of a matrix product reads its operands, backward by weights (conv-weights.glsl): INPUTS of [tap][input channel] by CHANNELS,
// summed over a split's pixels, PIXELS of them in a step. A tile may span taps, and the last one may reach past the end. THREADS threads load quads
// of channels into registers, from where the kernel puts them in shared memory.
#ifdef MATRIX
#define STAGED f16vec4
#define load_staged(a) Half4 (a).v
#else
#define STAGED vec4
#define load_staged(a) load_quad (a)
#endif
const uint INPUTS4 = INPUTS / 4, CHANNELS4 = CHANNELS / 4;
const uint LOADS_X = PIXELS * INPUTS4 / THREADS, LOADS_Y = (PIXELS * CHANNELS4 + THREADS - 1) / THREADS;

#define thread gl_LocalInvocationIndex
// Load @l of a thread is of this pixel of the step, and always of the same quad of channels.
#define x_pixel_of(l) ((l) * (THREADS / INPUTS4) + thread / INPUTS4)
#define y_pixel_of(l) ((l) * (THREADS / CHANNELS4) + thread / CHANNELS4)
#define is_y(l) (PIXELS * CHANNELS4 % THREADS == 0 || y_pixel_of (l) < PIXELS)

uint first_input, channel;                          // the tile's
uint start, end, steps;                             // pixels of the split
int ky, kx;
uint x_channel, inputs;
bool is_input;                                      // whether what the thread loads is none past the end
Place place[LOADS_X], by;
STAGED x_next[LOADS_X], y_next[LOADS_Y];

void
start_tile ()
{
  const uint blocks = pc.out_channels / CHANNELS;
  channel = gl_WorkGroupID.x % blocks * CHANNELS;
  first_input = gl_WorkGroupID.x / blocks * INPUTS;
  inputs = pc.kernel * pc.kernel * pc.in_channels;
  start = gl_WorkGroupID.y * pc.slice;
  end = min (start + pc.slice, pc.n * pc.out_h * pc.out_w);
  steps = start < end ? (end - start + PIXELS - 1) / PIXELS : 0;

  const uint i = first_input + thread % INPUTS4 * 4, tap = i / pc.in_channels;
  is_input = i < inputs;
  x_channel = i - tap * pc.in_channels;
  ky = int (tap / pc.kernel) - int (pc.padding);
  kx = int (tap % pc.kernel) - int (pc.padding);
  by = place_at (PIXELS);
  [[unroll]] for (uint l = 0; l < LOADS_X; l++)
    place[l] = place_at (start + x_pixel_of (l));
}

// Step @s; the steps come one after the other.
void
fetch (uint s)
{
  const uint pixel = start + s * PIXELS;
  [[unroll]] for (uint l = 0; l < LOADS_X; l++)
    {
      uint iy = uint (int (place[l].y * pc.stride) + ky), ix = uint (int (place[l].x * pc.stride) + kx);
      bool inside = is_input && pixel + x_pixel_of (l) < end && iy < pc.in_h && ix < pc.in_w;
      uint from = ((place[l].n * pc.in_h + iy) * pc.in_w + ix) * pc.in_pitch + x_channel;
      x_next[l] = load_staged (inside ? element_at (pc.x, from) : pc.zero);
      advance (place[l], by, pc.out_h, pc.out_w);
    }
  [[unroll]] for (uint l = 0; l < LOADS_Y; l++)
    {
      uint p = pixel + y_pixel_of (l);
      bool inside = is_y (l) && p < end;
      y_next[l] = load_staged (inside ? element_at (pc.dy, p * pc.out_pitch + channel + thread % CHANNELS4 * 4) : pc.zero);
    }
}

// The sums of input @i of the tile and 4 channels from its channel @c on.
void
put (uint i, uint c, vec4 v)
{
  if (first_input + i < inputs)
    store4 (pc.partial + uint64_t (gl_WorkGroupID.y * inputs + first_input + i) * uint64_t (pc.out_channels * 4)
              + uint64_t ((channel + c) * 4),
            v);
}
