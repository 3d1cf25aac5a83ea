#pragma once

#include <string_view>

namespace netctl::sys {

// All of it, in as few write(2) as it takes: begun again after a signal, and waiting where the
// descriptor does not wait by itself (O_NONBLOCK is everybody's who has the open file). False, with
// errno, when it could not all be written.
bool write_all(int fd, std::string_view bytes);

}  // namespace netctl::sys
