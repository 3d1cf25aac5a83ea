#pragma once

#include <fcntl.h>
#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/rtnl/route_socket.hpp"
#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"
#include "tests/support/private_host.hpp"

namespace netctl::rtnl {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A second network namespace, with a socket in it. Lives as long as the descriptor.
struct OtherNamespace {
  UniqueFd fd{};
  std::optional<RouteSocket> socket{};

  static OtherNamespace make() {
    OtherNamespace made;
    // A thread of its own goes there, so that the test need not come back.
    std::thread([&] {
      ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
      made.fd = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
      auto opened = RouteSocket::open();
      ASSERT_THAT(opened, Succeeds());
      made.socket = std::move(opened).value();
    }).join();
    return made;
  }
};

// A host with nothing but lo, and a conversation with its kernel.
class RtnlHost : public test::PrivateHost {
 protected:
  void SetUp() override {
    PrivateHost::SetUp();
    if (IsSkipped()) return;
    auto opened = RouteSocket::open();
    ASSERT_THAT(opened, Succeeds());
    socket_ = std::move(opened).value();
  }

  RouteSocket& host() { return *socket_; }

  Status apply(const Batch& batch) { return host().apply(batch); }

  // What the kernel says about a link that must be there.
  Link link(const std::string& name) {
    auto found = host().link_by_name(name);
    EXPECT_THAT(found, Succeeds());
    return std::move(found).value_or(Link{});
  }

  // The index of a new bridge that is up, with these addresses.
  int bridge(const std::string& name, const std::vector<std::string_view>& addresses = {}) {
    Batch batch;
    batch.add_bridge({.name = name}).change_link({.link = name, .up = true});
    EXPECT_THAT(apply(batch), Succeeds());
    const int index = link(name).index;
    for (const std::string_view address : addresses) {
      Batch one;
      one.add_address(index, prefix(address));
      EXPECT_THAT(apply(one), Succeeds());
    }
    return index;
  }

  // A pair of links, both here, the first one up.
  void veth(const std::string& name, const std::string& peer, std::optional<int> master = {}) {
    Batch batch;
    batch.add_veth({.name = name, .master = master, .peer_name = peer})
        .change_link({.link = name, .up = true});
    EXPECT_THAT(apply(batch), Succeeds());
  }

  static std::string ipv4_parameter(const std::string& link, const std::string& name) {
    std::string value;
    std::ifstream("/proc/sys/net/ipv4/conf/" + link + "/" + name) >> value;
    return value;
  }

 private:
  std::optional<RouteSocket> socket_;
};

}  // namespace netctl::rtnl
