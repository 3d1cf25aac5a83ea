#include "runtime-core/rtnl/encode.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <climits>
#include <new>
#include <string>

namespace netctl::rtnl {

std::uint8_t family_number(Family family) { return family == Family::V4 ? AF_INET : AF_INET6; }

void Encoder::Free::operator()(nl_msg* message) const { ::nlmsg_free(message); }

Encoder::Encoder(int type, int flags)
    : message_(::nlmsg_alloc_simple(type, flags | NLM_F_REQUEST)) {
  if (!message_) throw std::bad_alloc();
  // libnl's "automatic" is the same 0 that we want here; a socket gives the number when it sends.
  ::nlmsg_hdr(message_.get())->nlmsg_seq = 0;
}

Encoder& Encoder::u8(int type, std::uint8_t value) { return put(type, &value, sizeof value); }
Encoder& Encoder::u32(int type, std::uint32_t value) { return put(type, &value, sizeof value); }

Encoder& Encoder::text(int type, std::string_view value) {
  const std::string terminated(value);
  return put(type, terminated.c_str(), terminated.size() + 1);
}

Encoder& Encoder::chars(int type, std::string_view value) {
  return put(type, value.data(), value.size());
}

Encoder& Encoder::bytes(int type, std::span<const std::uint8_t> value) {
  return put(type, value.data(), value.size());
}

std::vector<std::byte> Encoder::finish() const {
  if (!fits_) return {};
  const nlmsghdr* const header = ::nlmsg_hdr(message_.get());
  const auto* const first = reinterpret_cast<const std::byte*>(header);
  return {first, first + header->nlmsg_len};
}

Encoder& Encoder::append(const void* header, std::size_t size) {
  // libnl takes a pointer to non-const but only copies from it.
  if (::nlmsg_append(message_.get(), const_cast<void*>(header), size, NLMSG_ALIGNTO) < 0) {
    fits_ = false;
  }
  return *this;
}

Encoder& Encoder::put(int type, const void* value, std::size_t size) {
  // The length of an attribute is a 16 bit number (struct nlattr) and its header counts.
  const bool possible = size <= USHRT_MAX - NLA_HDRLEN;
  if (!possible || ::nla_put(message_.get(), type, static_cast<int>(size), value) < 0) {
    fits_ = false;
  }
  return *this;
}

nlattr* Encoder::open_nest(int type) {
  nlattr* const start = ::nla_nest_start(message_.get(), type);
  if (!start) fits_ = false;
  return start;
}

void Encoder::close_nest(nlattr* start) {
  if (start) ::nla_nest_end(message_.get(), start);
}

}  // namespace netctl::rtnl
