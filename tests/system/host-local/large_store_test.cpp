#include <fcntl.h>

#include <gmock/gmock.h>

#include "runtime-core/base/unique_fd.hpp"
#include "tests/support/traced_process.hpp"
#include "tests/system/host-local/caller.hpp"

// A store with 60,000 reservations. What a call does is counted in system calls, which a busy
// machine does not change.
namespace netctl::host_local {
namespace {

using testing::ElementsAre;

const cni::Attachment kFirst{.container_id = "filler-0", .ifname = "eth0"};
const cni::Attachment kNew{.container_id = "new", .ifname = "eth0"};

class LargeStore : public test::HostLocalCaller {
 protected:
  LargeStore() { ranges = R"([[{"subnet": "10.0.0.0/16"}]])"; }

  // Reservations of 10.0.0.2 and the `count` - 1 addresses after it, as the reference plugin writes
  // them.
  void fill(unsigned count) const {
    std::filesystem::remove_all(store());
    std::filesystem::create_directories(store());
    for (unsigned i = 0; i < count; ++i) {
      const std::string name = file(IpAddress::v4(10, 0, 0, 2).next(i).to_text());
      const std::string content = format("filler-{}\r\neth0", i);
      const UniqueFd made(::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      ASSERT_EQ(::write(made.get(), content.data(), content.size()), std::ssize(content));
    }
    EXPECT_TRUE(call("CHECK", kFirst).success) << "and the index is there";
  }

  struct Cost {
    unsigned add = 0;
    unsigned check = 0;
    unsigned del = 0;
  };
  Cost cost() const {
    const auto count = [&](const char* command) {
      return test::count_system_calls([&] { call(command, kNew); });
    };
    Cost measured;
    measured.add = count("ADD");
    measured.check = count("CHECK");
    measured.del = count("DEL");
    return measured;
  }
};

TEST_F(LargeStore, IsAsQuickToUseAsASmallOne) {
  // The ADD before leaves the note of the last address, so that both have it.
  const auto cost_with = [&](unsigned count) {
    fill(count);
    call("ADD", kNew);
    call("DEL", kNew);
    return cost();
  };
  const Cost small = cost_with(10);
  const Cost large = cost_with(60000);
  // What the allocator asks of the kernel may differ by a few calls.
  constexpr unsigned kSlack = 5;
  EXPECT_LE(large.add, small.add + kSlack);
  EXPECT_LE(large.check, small.check + kSlack);
  EXPECT_LE(large.del, small.del + kSlack);

  EXPECT_THAT(add(kNew), ElementsAre(IpAddress::v4(10, 0, 0, 2).next(60002).to_text()));
  EXPECT_TRUE(call("DEL", kFirst).success);
  EXPECT_EQ(read(file("10.0.0.2")), "(none)");
}

}  // namespace
}  // namespace netctl::host_local
