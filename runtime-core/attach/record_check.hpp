#pragma once

#include <cstddef>

#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/base/result.hpp"

namespace netctl::attach {

// How many elements of the table are on record and not in the kernel: what TableEditor::restore()
// would put back into a table that is whole.
Result<std::size_t> count_missing(const OwnedTable& table);

}  // namespace netctl::attach
