#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "runtime-core/addr/ip.hpp"

struct nl_msg;  // libnl-3; its headers stay in the .cpp
struct nlattr;

// Inside this directory only: how a request is put together.
namespace netctl::rtnl {

// AF_INET or AF_INET6.
std::uint8_t family_number(Family family);

// Builds one netlink message: first the fixed header of its kind, then attributes. Numbers go in as
// the kernel wants them for the attribute (nearly always host order). What does not fit into a page
// is remembered and makes finish() give nothing, so a chain of calls needs no checks between.
class Encoder {
 public:
  // NLM_F_REQUEST is added to `flags`.
  Encoder(int type, int flags);

  template <class Fixed>
  Encoder& fixed(const Fixed& header) {
    static_assert(std::is_trivially_copyable_v<Fixed>);
    return append(&header, sizeof header);
  }

  Encoder& u8(int type, std::uint8_t value);
  Encoder& u32(int type, std::uint32_t value);
  Encoder& text(int type, std::string_view value);   // with a terminating zero
  Encoder& chars(int type, std::string_view value);  // without
  Encoder& bytes(int type, std::span<const std::uint8_t> value);

  // A struct of the kernel's.
  template <class Record>
  Encoder& record(int type, const Record& value) {
    static_assert(std::is_trivially_copyable_v<Record>);
    return put(type, &value, sizeof value);
  }

  // An attribute that holds those that `body` adds; left out when it adds none.
  template <class Body>
  Encoder& nest(int type, Body&& body) {
    nlattr* const start = open_nest(type);
    body();
    close_nest(start);
    return *this;
  }

  // The whole message with sequence number 0; empty when it did not fit.
  std::vector<std::byte> finish() const;

 private:
  struct Free {
    void operator()(nl_msg* message) const;
  };

  Encoder& append(const void* header, std::size_t size);
  Encoder& put(int type, const void* value, std::size_t size);
  nlattr* open_nest(int type);
  void close_nest(nlattr* start);

  std::unique_ptr<nl_msg, Free> message_;
  bool fits_ = true;
};

}  // namespace netctl::rtnl
