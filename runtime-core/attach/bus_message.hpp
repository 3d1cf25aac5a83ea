#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"

// Messages of D-Bus as bytes (D-Bus Specification, "Message Protocol"): of calls as much as
// message_bus.hpp makes, of answers as much as it needs.
namespace netctl::attach::bus {

// A call of a method that takes strings.
struct Call {
  std::string destination{};  // "org.fedoraproject.FirewallD1"
  std::string path{};         // of the object: "/org/fedoraproject/FirewallD1"
  std::string interface {};
  std::string method{};
  std::vector<std::string> arguments{};
};

// In little endian. `serial` is not 0; the answer names it.
std::string encode(const Call& call, std::uint32_t serial);

enum class Kind { Call, Return, Error, Signal, Other };

struct Message {
  Kind kind = Kind::Other;
  std::uint32_t answers = 0;  // the serial of the call that this is the answer to; 0: of none
  std::string error_name{};   // of an Error: "org.freedesktop.DBus.Error.AccessDenied"
  std::string text{};         // the body's first value where that is a string; of an Error its text
  std::optional<bool> flag{};  // the body's first value where that is a boolean
};

// What comes before a message's fields: enough to know how long it is.
constexpr std::size_t kStart = 16;

// The bytes of the whole message that begins so; `start` has kStart of them. Io when that is not a
// message, or one longer than anybody sends to us.
Result<std::size_t> length_of(std::string_view start);

// Of either byte order. `bytes` is one whole message; Io when it is not, or has a header field of a
// type that the specification does not give it.
Result<Message> parse(std::string_view bytes);

}  // namespace netctl::attach::bus
