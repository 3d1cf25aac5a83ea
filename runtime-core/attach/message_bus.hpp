#pragma once

#include <cstdint>
#include <string>

#include "runtime-core/attach/bus_message.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// The system's message bus (D-Bus Specification). Spoken by ourselves, since the library would have
// to be loaded into programs that load none (docs/performance.md).
namespace netctl::attach {

// A connection of a client that calls methods and waits for each answer.
class MessageBus {
 public:
  // At DBUS_SYSTEM_BUS_ADDRESS, as far as that is of unix sockets; by default
  // /run/dbus/system_bus_socket. NotFound when there is no bus; PermissionDenied when it does not
  // let us in.
  static Result<MessageBus> open();

  // The answer, of kind Return or Error. Io when there is none within ten seconds.
  Result<bus::Message> call(const bus::Call& call);

 private:
  explicit MessageBus(UniqueFd socket) : socket_(std::move(socket)) {}
  Status authenticate();

  UniqueFd socket_;
  std::uint32_t serial_ = 0;  // of the last call
};

}  // namespace netctl::attach
