// SPDX-License-Identifier: GPL-3.0-or-later
// What fv-spirv-trace.c puts into every kernel: fv_trace() is called before each access through an address. fv-access-trace.c has the same structs.
#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference2 : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require

layout (local_size_x = 1) in;

const uint MAX_VIOLATIONS = 64u;
const uint VIOLATION_BYTES = 16u;
const uint MAX_RANGES = 12u;
const uint RANGE_BYTES = 24u;
const uint DISPATCH_BYTES = 8u + 2u * MAX_RANGES * RANGE_BYTES;
const uint HEADER_BYTES = 8u + MAX_VIOLATIONS * VIOLATION_BYTES;

layout (buffer_reference, scalar, buffer_reference_align = 8) buffer Range {
  uint64_t begin, end;
  uint touched;
  uint reserved;
};

layout (buffer_reference, scalar, buffer_reference_align = 4) buffer Count { // of a dispatch's ranges, to read and to write
  uint n;
};

layout (buffer_reference, scalar, buffer_reference_align = 8) buffer Violation {
  uint64_t address;
  uint64_t what; // dispatch << 32 | bytes << 1 | kind
};

layout (buffer_reference, scalar, buffer_reference_align = 8) buffer Table {
  uint current; // dispatch
  uint n_violations;
};

// @kind: 0 read, 1 write. As little code as can be, since it comes before every access; and as few rounds, since older drivers end all loops of
// a kernel after 65535 of them.
void
fv_trace (const uint64_t address, const uint bytes, const uint kind)
{
  uint64_t table = 0x7eacedadd2e55000ul; // replaced by the table's address
  const uint current = Table (table).current;
  uint64_t dispatch = table + uint64_t (HEADER_BYTES + current * DISPATCH_BYTES);
  Range range = Range (dispatch + uint64_t (8u + kind * MAX_RANGES * RANGE_BYTES));
  const uint n = Count (dispatch + uint64_t (kind * 4u)).n;
  bool declared = false;

  [[dont_unroll]] for (uint i = 0u; i < n && !declared; i++)
    {
      declared = address >= range[i].begin && address + uint64_t (bytes) <= range[i].end;
      if (declared)
        range[i].touched = 1u;
    }
  if (!declared)
    {
      const uint count = atomicAdd (Table (table).n_violations, 1u), at = count < MAX_VIOLATIONS ? count : MAX_VIOLATIONS - 1u;
      Violation violation = Violation (table + uint64_t (8u + at * VIOLATION_BYTES));
      violation.address = address;
      violation.what = uint64_t (current) << 32 | uint64_t (bytes << 1 | kind);
    }
}

void
main ()
{
  fv_trace (0ul, 0u, 0u);
}
