#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "ipam/host-local/plugin.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/ns/netns.hpp"
#include "tests/support/matchers.hpp"
#include "tests/support/private_host.hpp"

// Reservations whose network namespace is gone, with real namespaces.
namespace netctl::host_local {
namespace {

using test::Succeeds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A process in a namespace, until it goes out of scope.
class Inhabitant {
 public:
  explicit Inhabitant(const std::string& netns) : process_(::fork()) {
    if (process_ != 0) {
      char ready = 0;
      ::close(pipe_[1]);
      EXPECT_EQ(::read(pipe_[0], &ready, 1), 1) << "it could not enter " << netns;
      return;
    }
    const auto opened = ns::open_netns(netns);
    if (opened && ns::Inside::enter(opened->get())) {
      const auto inside = ns::Inside::enter(opened->get());
      if (::write(pipe_[1], "x", 1) == 1) ::pause();
    }
    ::_exit(1);
  }
  ~Inhabitant() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    ::close(pipe_[0]);
  }
  std::string netns() const { return format("/proc/{}/ns/net", process_); }

 private:
  struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() { EXPECT_EQ(::pipe(ends), 0); }
    int operator[](int index) const { return ends[index]; }
  };
  Pipe pipe_{};
  pid_t process_;
};

class GoneContainers : public test::PrivateHost {
 protected:
  void SetUp() override {
    PrivateHost::SetUp();
    if (IsSkipped()) return;
    if (::getuid() != 0) GTEST_SKIP() << "only root sees the namespaces of all processes";
    for (const char* name : {"a", "b", "c"}) ASSERT_THAT(ns::create_pinned(name), Succeeds());
  }

  // The answer, or the error's message. Two addresses.
  std::string call(const std::string& command, const std::string& id, const std::string& netns) {
    constexpr std::string_view kConfig =
        R"({"cniVersion": "1.1.0", "name": "net", "ipam": {"dataDir": "/run/data",
            "ranges": [[{"subnet": "10.0.0.0/24", "rangeEnd": "10.0.0.3"}]]}})";
    HostLocal plugin;
    const cni::Outcome outcome = cni::run_on(plugin,
                                             {{"CNI_COMMAND", command},
                                              {"CNI_CONTAINERID", id},
                                              {"CNI_NETNS", netns},
                                              {"CNI_IFNAME", "eth0"},
                                              {"CNI_PATH", "/none"}},
                                             kConfig);
    return outcome.exit_status == 0 ? outcome.out : cni::parse_error(outcome.out).message;
  }
  std::string add(const std::string& id, const std::string& netns) {
    return call("ADD", id, netns);
  }
  std::string status() { return call("STATUS", "", ""); }
  static std::string owner_of(const std::string& address) {
    const auto content = sys::find_file("/run/data/net/" + address);
    return content && *content ? (*content)->substr(0, (*content)->find('\r')) : "nobody";
  }
};

const std::string kA = "/run/netns/a";
const std::string kB = "/run/netns/b";
const std::string kC = "/run/netns/c";
constexpr const char* kFull = "no IP addresses available in range set: 10.0.0.1-10.0.0.3";

TEST_F(GoneContainers, AFullRangeGivesTheAddressOfOneWhoseNamespaceIsGone) {
  ASSERT_THAT(add("c1", kA), HasSubstr("10.0.0.2/24"));
  ASSERT_THAT(add("c2", kB), HasSubstr("10.0.0.3/24"));
  EXPECT_THAT(add("c3", kC), AllOf(HasSubstr(kFull), HasSubstr("; 10.0.0.0/24: 2 taken")));
  EXPECT_THAT(status(), HasSubstr(kFull));

  ASSERT_THAT(ns::remove_pinned("b"), Succeeds());
  EXPECT_EQ(status(), "") << "an ADD could be served";
  EXPECT_EQ(owner_of("10.0.0.3"), "c2") << "and nothing was changed by asking";
  EXPECT_THAT(add("c3", kC), HasSubstr("10.0.0.3/24"));
  EXPECT_EQ(owner_of("10.0.0.2"), "c1");
  EXPECT_EQ(owner_of("10.0.0.3"), "c3");
}

TEST_F(GoneContainers, AsLongAsThereAreOthersItIsLeftAlone) {
  ASSERT_THAT(add("c1", kA), HasSubstr("10.0.0.2/24"));
  ASSERT_THAT(ns::remove_pinned("a"), Succeeds());
  EXPECT_THAT(add("c2", kB), HasSubstr("10.0.0.3/24"));
  EXPECT_EQ(owner_of("10.0.0.2"), "c1");
}

TEST_F(GoneContainers, AnotherNamespaceOfTheSameNameIsNotTheContainers) {
  ASSERT_THAT(add("c1", kA), HasSubstr("10.0.0.2/24"));
  ASSERT_THAT(add("c2", kB), HasSubstr("10.0.0.3/24"));
  ASSERT_THAT(ns::remove_pinned("a"), Succeeds());
  // The kernel gives the number of the removed namespace to the next one.
  ASSERT_THAT(ns::create_pinned("filler"), Succeeds());
  ASSERT_THAT(ns::create_pinned("a"), Succeeds());
  EXPECT_THAT(add("c3", kC), HasSubstr("10.0.0.2/24"));
}

TEST_F(GoneContainers, AProcessInsideKeepsTheAddress) {
  ASSERT_THAT(add("c1", kA), HasSubstr("10.0.0.2/24"));
  ASSERT_THAT(add("c2", kB), HasSubstr("10.0.0.3/24"));
  {
    const Inhabitant process(kA);
    ASSERT_THAT(ns::remove_pinned("a"), Succeeds());
    EXPECT_THAT(add("c3", kC), AllOf(HasSubstr(kFull), Not(HasSubstr("no longer exist"))));
  }
  EXPECT_THAT(add("c3", kC), HasSubstr("10.0.0.2/24"));
}

// Its namespace may still be open somewhere.
TEST_F(GoneContainers, OneThatWasNamedByAProcessIsTold) {
  {
    const Inhabitant process(kA);
    ASSERT_THAT(add("c1", process.netns()), HasSubstr("10.0.0.2/24"));
  }
  ASSERT_THAT(ns::remove_pinned("a"), Succeeds());
  ASSERT_THAT(add("c2", kB), HasSubstr("10.0.0.3/24"));
  const char* told = "10.0.0.0/24: 2 taken (1 by containers that no longer exist: netctl gc net)";
  EXPECT_THAT(add("c3", kC), AllOf(HasSubstr(kFull), HasSubstr(told)));
  EXPECT_THAT(status(), HasSubstr(told));
  EXPECT_EQ(owner_of("10.0.0.2"), "c1");
}

TEST_F(GoneContainers, WhatWasMadeInAnotherMountNamespaceIsLeftAlone) {
  ASSERT_THAT(add("c1", kA), HasSubstr("10.0.0.2/24"));
  ASSERT_THAT(add("c2", kB), HasSubstr("10.0.0.3/24"));
  ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
  ASSERT_THAT(ns::remove_pinned("a"), Succeeds());
  EXPECT_THAT(add("c3", kC), AllOf(HasSubstr(kFull), Not(HasSubstr("no longer exist"))));
}

}  // namespace
}  // namespace netctl::host_local
