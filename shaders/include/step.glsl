// SPDX-License-Identifier: GPL-3.0-or-later
// Where a batch's data lie: FvStepBlock of compute/ops/fv-augment.h.
layout (buffer_reference, scalar, buffer_reference_align = 8) buffer StepBlock {
  uint64_t samples;
  uint64_t pictures;
  uint64_t target_offsets;
  uint64_t targets;
};
