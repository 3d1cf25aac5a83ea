#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

// Netlink messages put together and taken apart by hand, without the code under test.
namespace netctl::rtnl::wire {

using Bytes = std::vector<std::byte>;

inline void pad(Bytes& bytes) { bytes.resize((bytes.size() + 3) & ~std::size_t{3}); }

template <class Value>
Bytes raw(const Value& value) {
  Bytes bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

inline Bytes text(std::string_view value) {
  Bytes bytes(value.size() + 1);
  std::memcpy(bytes.data(), value.data(), value.size());
  return bytes;
}

inline Bytes list(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
    pad(all);
  }
  return all;
}

inline Bytes attribute(int type, const Bytes& content) {
  nlattr header{};
  header.nla_type = static_cast<std::uint16_t>(type);
  header.nla_len = static_cast<std::uint16_t>(sizeof header + content.size());
  return join({raw(header), content});
}

inline Bytes message(int type, const Bytes& body, int flags = 0, std::uint32_t sequence = 0) {
  nlmsghdr header{};
  header.nlmsg_type = static_cast<std::uint16_t>(type);
  header.nlmsg_flags = static_cast<std::uint16_t>(flags);
  header.nlmsg_seq = sequence;
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + body.size());
  return join({raw(header), body});
}

// The message without its last `count` bytes, with a header that says so.
inline Bytes cut(Bytes bytes, std::size_t count) {
  bytes.resize(bytes.size() - count);
  const auto length = static_cast<std::uint32_t>(bytes.size());
  if (bytes.size() >= sizeof length) std::memcpy(bytes.data(), &length, sizeof length);
  return bytes;
}

template <class Value>
Value read(std::span<const std::byte> bytes, std::size_t offset = 0) {
  Value value{};
  if (offset + sizeof value <= bytes.size()) {
    std::memcpy(&value, bytes.data() + offset, sizeof value);
  }
  return value;
}

// The content of the first attribute of a type in a row of attributes; nothing when it is missing.
inline std::optional<std::span<const std::byte>> find(std::span<const std::byte> row, int type) {
  while (row.size() >= sizeof(nlattr)) {
    const auto header = read<nlattr>(row);
    if (header.nla_len < sizeof(nlattr) || header.nla_len > row.size()) break;
    if ((header.nla_type & NLA_TYPE_MASK) == type) {
      return row.subspan(sizeof(nlattr), header.nla_len - sizeof(nlattr));
    }
    row = row.subspan(std::min<std::size_t>((header.nla_len + 3U) & ~3U, row.size()));
  }
  return std::nullopt;
}

// The same, along a path of attributes within attributes, after the message's fixed header.
inline std::optional<std::span<const std::byte>> find(std::span<const std::byte> message,
                                                      std::size_t fixed,
                                                      std::initializer_list<int> path) {
  std::span<const std::byte> row = message.subspan(sizeof(nlmsghdr) + fixed);
  for (const int type : path) {
    const auto content = find(row, type);
    if (!content) return std::nullopt;
    row = *content;
  }
  return row;
}

// The answer to a request of so many bytes behind its header, with what follows the quoted request.
inline Bytes error_message(int error, const Bytes& after, int flags, std::size_t request = 0) {
  nlmsgerr body{};
  body.error = error;
  body.msg.nlmsg_len = static_cast<std::uint32_t>(sizeof(nlmsghdr) + request);
  return message(NLMSG_ERROR, join({raw(body), Bytes(request), after}), flags);
}

}  // namespace netctl::rtnl::wire
