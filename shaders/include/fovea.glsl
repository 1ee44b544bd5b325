// SPDX-License-Identifier: GPL-3.0-or-later
// What every kernel shares: memory by address, subgroup operations, channel pairs. With HALF defined, activations lie in memory as fp16;
// everything else, and all arithmetic, is fp32.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef HALF
#extension GL_EXT_shader_16bit_storage : require
#endif

layout (buffer_reference, scalar, buffer_reference_align = 4) buffer Float { float v; };
layout (buffer_reference, scalar, buffer_reference_align = 4) buffer Uint { uint v; };
layout (buffer_reference, scalar, buffer_reference_align = 8) buffer Ulong { uint64_t v; };
layout (buffer_reference, scalar, buffer_reference_align = 16) buffer Quad { vec4 v; };

// The address of element @i of an array of 32-bit words.
uint64_t at (uint64_t base, uint i) { return base + uint64_t (i) * 4ul; }
float load (uint64_t a) { return Float (a).v; }
void store (uint64_t a, float v) { Float (a).v = v; }
uint load_uint (uint64_t a) { return Uint (a).v; }
void store_uint (uint64_t a, uint v) { Uint (a).v = v; }
// Two neighbouring channels as one 64-bit access; the address is a multiple of 8.
vec2 load2 (uint64_t a) { return uintBitsToFloat (unpackUint2x32 (Ulong (a).v)); }
void store2 (uint64_t a, vec2 v) { Ulong (a).v = packUint2x32 (floatBitsToUint (v)); }
// Four; the address is a multiple of 16.
vec4 load4 (uint64_t a) { return Quad (a).v; }
void store4 (uint64_t a, vec4 v) { Quad (a).v = v; }

// Elements of activations and of their gradients: one, two neighbouring channels (the address is a multiple of two elements), or four.
#ifdef HALF
const uint ELEMENT = 2u;
layout (buffer_reference, scalar, buffer_reference_align = 2) buffer Half { float16_t v; };
layout (buffer_reference, scalar, buffer_reference_align = 4) buffer Half2 { f16vec2 v; };
layout (buffer_reference, scalar, buffer_reference_align = 8) buffer Half4 { f16vec4 v; };
float load_element (uint64_t a) { return float (Half (a).v); }
void store_element (uint64_t a, float v) { Half (a).v = float16_t (v); }
vec2 load_pair (uint64_t a) { return vec2 (Half2 (a).v); }
void store_pair (uint64_t a, vec2 v) { Half2 (a).v = f16vec2 (v); }
vec4 load_quad (uint64_t a) { return vec4 (Half4 (a).v); }
void store_quad (uint64_t a, vec4 v) { Half4 (a).v = f16vec4 (v); }
#else
const uint ELEMENT = 4u;
float load_element (uint64_t a) { return load (a); }
void store_element (uint64_t a, float v) { store (a, v); }
vec2 load_pair (uint64_t a) { return load2 (a); }
void store_pair (uint64_t a, vec2 v) { store2 (a, v); }
vec4 load_quad (uint64_t a) { return load4 (a); }
void store_quad (uint64_t a, vec4 v) { store4 (a, v); }
#endif
// The address of element @i.
uint64_t element_at (uint64_t base, uint i) { return base + uint64_t (i) * uint64_t (ELEMENT); }

// The integer nearest to @v, whose size is at most 2^22: adding 1.5 * 2^23 leaves it in the lowest bits. A CPU driver converts lane by lane.
int
nearest (float v)
{
  precise const float moved = v + 12582912.0;
  return floatBitsToInt (moved) - floatBitsToInt (12582912.0);
}
