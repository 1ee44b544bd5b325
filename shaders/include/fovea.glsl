// SPDX-License-Identifier: GPL-3.0-or-later
// What every kernel shares: memory by address, subgroup operations, channel pairs.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout (buffer_reference, scalar, buffer_reference_align = 4) buffer Float { float v; };
layout (buffer_reference, scalar, buffer_reference_align = 4) buffer Uint { uint v; };
layout (buffer_reference, scalar, buffer_reference_align = 8) buffer Ulong { uint64_t v; };

// The address of element @i of an array of 32-bit words.
uint64_t at (uint64_t base, uint i) { return base + uint64_t (i) * 4ul; }
float load (uint64_t a) { return Float (a).v; }
void store (uint64_t a, float v) { Float (a).v = v; }
uint load_uint (uint64_t a) { return Uint (a).v; }
void store_uint (uint64_t a, uint v) { Uint (a).v = v; }
// Two neighbouring channels as one 64-bit access; the address is a multiple of 8.
vec2 load2 (uint64_t a) { return uintBitsToFloat (unpackUint2x32 (Ulong (a).v)); }
void store2 (uint64_t a, vec2 v) { Ulong (a).v = packUint2x32 (floatBitsToUint (v)); }
