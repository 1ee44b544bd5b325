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
const uint MAX_RANGES = 12u;
const uint RANGE_BYTES = 24u;
const uint DISPATCH_BYTES = 8u + 2u * MAX_RANGES * RANGE_BYTES;

layout (buffer_reference, scalar, buffer_reference_align = 8) buffer Range {
  uint64_t begin, end;
  uint touched;
  uint reserved;
};

layout (buffer_reference, scalar, buffer_reference_align = 8) buffer Dispatch {
  uint n_ranges[2]; // to read, to write; as many as MAX_RANGES follow each
};

layout (buffer_reference, scalar, buffer_reference_align = 8) buffer Violation {
  uint64_t address;
  uint dispatch;
  uint bytes;
  uint kind;
  uint reserved;
};

layout (buffer_reference, scalar, buffer_reference_align = 8) buffer Table {
  uint current; // dispatch
  uint n_violations;
  uint64_t violations, dispatches;
};

// @kind: 0 read, 1 write. As few rounds as can be: older drivers end all loops of a kernel after 65535 of them.
void
fv_trace (const uint64_t address, const uint bytes, const uint kind)
{
  Table table = Table (0x7eacedadd2e55000ul); // replaced by the table's address
  Dispatch dispatch = Dispatch (table.dispatches + uint64_t (table.current) * DISPATCH_BYTES);
  Range range = Range (uint64_t (dispatch) + uint64_t (8u + kind * MAX_RANGES * RANGE_BYTES));
  const uint n = dispatch.n_ranges[kind];
  bool declared = false;

  [[dont_unroll]] for (uint i = 0u; i < n && !declared; i++)
    {
      declared = address >= range[i].begin && address + uint64_t (bytes) <= range[i].end;
      if (declared && range[i].touched == 0u)
        range[i].touched = 1u;
    }
  if (!declared)
    {
      const uint at = atomicAdd (table.n_violations, 1u);
      if (at < MAX_VIOLATIONS)
        {
          Violation violation = Violation (table.violations + uint64_t (at) * 24ul);
          violation.address = address;
          violation.dispatch = table.current;
          violation.bytes = bytes;
          violation.kind = kind;
        }
    }
}

void
main ()
{
  fv_trace (0ul, 0u, 0u);
}
