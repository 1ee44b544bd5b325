// SPDX-License-Identifier: GPL-3.0-or-later
// Lanes of a CPU driver's subgroup as the elements of a vector register.
// With 8 lanes Mesa 22.3 is fast with shuffles only and Mesa 25 doesn't care; with 16 lanes shuffles are slow.
#ifdef SHUFFLE
#define lane_value(v, i) subgroupShuffle (v, i)
#else
#define lane_value(v, i) subgroupBroadcast (v, i)
#endif

// A store that never runs, with an index that the compiler can't know: it keeps a small array in memory, so that lane_value() of its
// elements becomes a load that spreads one word over the register, which is cheaper than a shuffle. @never is always 1 or more.
#define KEEP_IN_MEMORY(array, never, index) if ((never) == 0) array[(index) & 7] = 0
