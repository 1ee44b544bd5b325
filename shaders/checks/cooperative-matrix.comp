// SPDX-License-Identifier: GPL-3.0-or-later
#version 460
// Compiles where the compiler knows cooperative matrices: glslang from version 13 on.
#extension GL_KHR_cooperative_matrix : require
layout (local_size_x = 32) in;

void
main ()
{
}
