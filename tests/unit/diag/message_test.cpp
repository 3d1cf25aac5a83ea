#include "runtime-core/diag/message.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/addresses.hpp"

namespace netctl::diag {
namespace {

// What the kernel reports of an IPv6 socket on `source`, port 80, with SKV6ONLY as given.
std::vector<std::uint8_t> report(const char* source, bool v6_only) {
  struct {
    nlmsghdr header{};
    inet_diag_msg socket{};
    nlattr attribute{};
    std::uint8_t value[4]{};
  } message;
  message.header.nlmsg_len = sizeof message - 3;
  message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  message.socket.idiag_family = AF_INET6;
  message.socket.id.idiag_sport = htons(80);
  ::inet_pton(AF_INET6, source, message.socket.id.idiag_src);
  message.socket.idiag_inode = 4711;
  message.attribute = {.nla_len = sizeof(nlattr) + 1, .nla_type = INET_DIAG_SKV6ONLY};
  message.value[0] = v6_only ? 1 : 0;
  std::vector<std::uint8_t> bytes(sizeof message);
  std::memcpy(bytes.data(), &message, sizeof message);
  return bytes;
}

std::optional<Listener> decode(const std::vector<std::uint8_t>& bytes) {
  return decode_listener(reinterpret_cast<const nlmsghdr*>(bytes.data()), Protocol::Tcp);
}

TEST(DiagMessage, ASocketOnAllAddressesTakesIpv4TooUnlessItSaysNo) {
  EXPECT_EQ(decode(report("::", false)),
            (Listener{.address = ip("::"), .port = 80, .v4_too = true, .inode = 4711}));
  EXPECT_EQ(decode(report("::", true)), (Listener{.address = ip("::"), .port = 80, .inode = 4711}));
}

TEST(DiagMessage, AMappedAddressIsAnIpv4Address) {
  EXPECT_EQ(decode(report("::ffff:10.0.0.1", false)),
            (Listener{.address = ip("10.0.0.1"), .port = 80, .inode = 4711}));
}

TEST(DiagMessage, WhatIsCutShortIsNoSocket) {
  auto bytes = report("::", false);
  reinterpret_cast<nlmsghdr*>(bytes.data())->nlmsg_len = NLMSG_HDRLEN + sizeof(inet_diag_msg) - 1;
  EXPECT_FALSE(decode(bytes));
}

TEST(Listener, TakesWhatItsAddressSays) {
  const struct {
    const char* address;
    bool v4_too;
    const char* destination;
    bool takes;
  } cases[] = {
      {"0.0.0.0", false, "0.0.0.0", true},
      {"0.0.0.0", false, "203.0.113.5", true},
      {"0.0.0.0", false, "::", false},
      {"0.0.0.0", false, "::1", false},
      {"127.0.0.1", false, "0.0.0.0", true},
      {"127.0.0.1", false, "127.0.0.1", true},
      {"127.0.0.1", false, "203.0.113.5", false},
      {"127.0.0.1", false, "::", false},
      {"::", true, "0.0.0.0", true},
      {"::", true, "203.0.113.5", true},
      {"::", true, "::", true},
      {"::", true, "2001:db8::1", true},
      {"::", false, "0.0.0.0", false},
      {"::", false, "203.0.113.5", false},
      {"::", false, "::", true},
      {"::", false, "2001:db8::1", true},
      {"::1", false, "::", true},
      {"::1", false, "2001:db8::1", false},
      {"::1", false, "0.0.0.0", false},
  };
  for (const auto& [text, v4_too, destination, takes] : cases) {
    const Listener listener{.address = ip(text), .v4_too = v4_too};
    EXPECT_EQ(listener.takes(ip(destination)), takes) << text << " " << destination;
  }
}

}  // namespace
}  // namespace netctl::diag
