#include <gmock/gmock.h>

#include "tests/support/traced_process.hpp"
#include "tests/system/host-local/caller.hpp"

// A process may die between any two of its system calls. Whatever it leaves, no address is lost and
// none is given twice.
namespace netctl::host_local {
namespace {

using test::run_and_kill_at;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const cni::Attachment kOther{.container_id = "other", .ifname = "eth0"};
const cni::Attachment kKilled{.container_id = "killed", .ifname = "eth0"};
const cni::Attachment kNext{.container_id = "next", .ifname = "eth0"};

class KillTest : public test::HostLocalCaller {
 protected:
  // Two addresses of each family.
  KillTest() {
    ranges = R"([[{"subnet": "10.0.0.0/24", "rangeEnd": "10.0.0.3"}],
                 [{"subnet": "fd00::/64", "rangeEnd": "fd00::3"}]])";
  }

  // One pair of addresses is taken, as in a store that has been in use.
  void start_anew() const {
    std::filesystem::remove_all(store());
    std::filesystem::remove_all(root() + "/run");
    ASSERT_THAT(add(kOther), ElementsAre("10.0.0.2", "fd00::2"));
  }
  void expect_sound_files() const {
    EXPECT_EQ(read(file("10.0.0.2")), "other\r\neth0");
    EXPECT_EQ(read(file("fd00::2")), "other\r\neth0");
    for (const std::string& name : address_files()) {
      EXPECT_THAT(read(file(name)), HasSubstr("\r\neth0")) << name << " has no owner";
    }
  }
  // Everybody's DEL came: nothing may be left.
  void expect_nothing_lost() const {
    for (const auto& who : {kOther, kKilled, kNext}) EXPECT_TRUE(call("DEL", who).success);
    EXPECT_THAT(address_files(), IsEmpty());
    EXPECT_THAT(names_in(store()), ElementsAre("last_reserved_ip.0", "last_reserved_ip.1", "lock"));
  }
};

TEST_F(KillTest, AtEachSystemCallOfAnAdd) {
  bool killed = true;
  for (unsigned number = 1; killed; ++number) {
    SCOPED_TRACE(format("system call {}", number));
    start_anew();
    killed = run_and_kill_at(number, [&] { add(kKilled); });
    expect_sound_files();
    EXPECT_TRUE(call("DEL", kKilled).success);
    EXPECT_THAT(add(kNext), ElementsAre("10.0.0.3", "fd00::3"));
    expect_sound_files();
    expect_nothing_lost();
    if (HasFailure()) return;
    ASSERT_LT(number, 1000U);
  }
}

// The runtime does not come back: its DEL never comes.
TEST_F(KillTest, AtEachSystemCallOfAnAddThatIsForgotten) {
  bool killed = true;
  for (unsigned number = 1; killed; ++number) {
    SCOPED_TRACE(format("system call {}", number));
    start_anew();
    killed = run_and_kill_at(number, [&] { add(kKilled); });
    const bool has_both = address_files().size() == 4;
    const bool has_none = address_files().size() == 2;
    const auto given = add(kNext);
    if (has_none) {
      EXPECT_THAT(given, ElementsAre("10.0.0.3", "fd00::3"));
    }
    if (has_both) {
      EXPECT_THAT(given, ElementsAre(HasSubstr("no IP addresses available")));
    }
    expect_sound_files();
    expect_nothing_lost();
    if (HasFailure()) return;
  }
}

TEST_F(KillTest, AtEachSystemCallOfADel) {
  bool killed = true;
  for (unsigned number = 1; killed; ++number) {
    SCOPED_TRACE(format("system call {}", number));
    start_anew();
    ASSERT_THAT(add(kKilled), ElementsAre("10.0.0.3", "fd00::3"));
    killed = run_and_kill_at(number, [&] { call("DEL", kKilled); });
    expect_sound_files();
    if (address_files().size() == 2) {
      EXPECT_THAT(add(kNext), ElementsAre("10.0.0.3", "fd00::3"));
    } else {
      EXPECT_THAT(add(kNext), ElementsAre(HasSubstr("no IP addresses available")));
      EXPECT_TRUE(call("DEL", kKilled).success) << "the runtime tries again";
      EXPECT_THAT(add(kNext), ElementsAre("10.0.0.3", "fd00::3"));
    }
    expect_sound_files();
    expect_nothing_lost();
    if (HasFailure()) return;
    ASSERT_LT(number, 1000U);
  }
}

}  // namespace
}  // namespace netctl::host_local
