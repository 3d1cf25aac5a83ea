#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "runtime-core/base/format.hpp"

namespace netctl {

// What a caller may want to branch on. People read the message.
enum class Errc {
  Unknown,
  InvalidArgument,   // the input is wrong: asking again will not help
  NotFound,          // what was asked for does not exist
  Exists,            // the name, address or port is taken
  PermissionDenied,  // EPERM, EACCES
  NotSupported,      // the kernel cannot do it
  Exhausted,         // the range or table is full
  TryAgain,          // changed under us or busy: the same call may succeed
  Io,                // reading or writing failed
};

// A failure on its way to the person who has to act on it.
struct Error {
  Errc code = Errc::Unknown;
  std::string message{};       // outermost step first, lower case, no full stop
  std::string details{};       // what a reader may want besides; often empty
  unsigned protocol_code = 0;  // the number it has in the protocol it came from or goes to; 0: none
};

// An error from a format string and values.
template <class... Values>
Error fail(Errc code, fmt::format_string<Values...> text, Values&&... values) {
  return Error{.code = code, .message = format_values(text, fmt::make_format_args(values...))};
}

// "<step>: <strerror(number)>", with the code that belongs to the errno value.
Error system_error(int number, std::string_view step);

// The code that belongs to an errno value (positive).
Errc errc_of(int number);

// A value, or the reason why there is none. The member names are those of std::expected (C++23),
// which is to take this class's place once the compilers have it.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *checked(); }
  const T& value() const& { return *const_cast<Result*>(this)->checked(); }
  T value() && { return std::move(*checked()); }
  T& operator*() & { return *checked(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*checked()); }
  T* operator->() { return checked(); }
  const T* operator->() const { return &value(); }
  T value_or(T other) && { return has_value() ? std::move(*checked()) : std::move(other); }

  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error error() && { return std::move(*std::get_if<1>(&state_)); }

  // Puts what was being done in front of the error's message.
  template <class... Values>
  Result context(fmt::format_string<Values...> text, Values&&... values) && {
    if (auto* error = std::get_if<1>(&state_)) {
      error->message =
          format_values(text, fmt::make_format_args(values...)) + ": " + error->message;
    }
    return std::move(*this);
  }

 private:
  T* checked() {
    assert(has_value());
    return std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

// Success, or the reason why not.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  void value() const { assert(has_value()); }

  const Error& error() const& { return *error_; }
  Error error() && { return std::move(*error_); }

  template <class... Values>
  Result context(fmt::format_string<Values...> text, Values&&... values) && {
    if (error_) {
      error_->message =
          format_values(text, fmt::make_format_args(values...)) + ": " + error_->message;
    }
    return std::move(*this);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;
inline Status ok() { return {}; }

}  // namespace netctl

// Gives the value of a Result, or returns its error from the function it stands in. Give it a line
// of its own: inside a larger expression GCC 12 forgets the temporaries made before it.
#define TRY(expression)                                                  \
  __extension__({                                                        \
    auto netctl_try_result = (expression);                               \
    if (!netctl_try_result) return std::move(netctl_try_result).error(); \
    std::move(netctl_try_result).value();                                \
  })
