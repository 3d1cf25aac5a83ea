#pragma once

#include <string>
#include <string_view>

#include "runtime-core/base/result.hpp"

// The protocol's error object: {"code": …, "msg": …, "details": …} (CNI spec 1.1.0, "Error").
namespace netctl::cni {

// Values of Error::protocol_code. 100 and above are free for plugins.
using Code = unsigned;
inline constexpr Code kIncompatibleVersion = 1;
inline constexpr Code kUnsupportedField = 2;
inline constexpr Code kUnknownContainer = 3;
inline constexpr Code kBadEnvironment = 4;
inline constexpr Code kIoFailure = 5;
inline constexpr Code kDecodeFailure = 6;
inline constexpr Code kInvalidConfig = 7;
inline constexpr Code kInvalidNetns = 8;
inline constexpr Code kTryAgainLater = 11;
inline constexpr Code kNotAvailable = 50;         // STATUS: no ADD can be served
inline constexpr Code kLimitedConnectivity = 51;  // the same, and those attached are limited too
inline constexpr Code kInternal = 999;            // any other failure of a plugin

Error failure(Code code, std::string message, std::string details = {});

// The error as the protocol's object, indented with 4 spaces, no newline at the end; the code is
// protocol_code, or 999 where the error has none.
std::string to_json(const Error& error);

// The object that a failed plugin printed. Text that is not one gives an error too, without a code,
// which quotes the beginning of the text: `netplugin failed but error parsing its diagnostic
// message "…": …`.
Error parse_error(std::string_view json);

}  // namespace netctl::cni
