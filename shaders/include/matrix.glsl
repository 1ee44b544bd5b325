// SPDX-License-Identifier: GPL-3.0-or-later
// Cooperative matrices of a subgroup, by way of shared memory. fp16 lies there in pairs.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require

const uint PAD = 4;                                 // pairs between rows: neighbouring rows lie in other banks

// What a lane has put in shared memory the others of its subgroup see.
void
subgroup_fence ()
{
  subgroupMemoryBarrierShared ();
  subgroupBarrier ();
}
