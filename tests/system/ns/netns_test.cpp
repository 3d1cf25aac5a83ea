#include "runtime-core/ns/netns.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/own_netns.hpp"
#include "runtime-core/sys/process.hpp"
#include "tests/support/matchers.hpp"
#include "tests/support/private_host.hpp"

namespace netctl::ns {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

class NetnsTest : public test::PrivateHost {
 protected:
  void SetUp() override {
    ::unsetenv("NETCTL_NETNS_DIR");
    PrivateHost::SetUp();
  }
  void TearDown() override { ::unsetenv("NETCTL_NETNS_DIR"); }

  static Status write(const std::string& path, const std::string& content) {
    if (const Status made = sys::ensure_directory("/run/netns", 0755); !made) return made;
    return sys::replace_file(path, content, 0644);
  }
};

// What tells one namespace from another: the inode that namespaces(7) promises.
ino_t identity_of(int netns) {
  struct stat info {};
  EXPECT_EQ(::fstat(netns, &info), 0);
  return info.st_ino;
}
ino_t own_identity() { return identity_of(sys::open_own_netns().value().get()); }

std::string output_of_ip(const std::string& arguments) {
  const auto finished = sys::run_program("/bin/sh", {"sh", "-c", "ip " + arguments},
                                         {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, "");
  EXPECT_THAT(finished, Succeeds());
  EXPECT_EQ(finished->exit_status, 0) << finished->err;
  return finished->out;
}

Result<bool> loopback_is_up() {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return system_error(errno, "ask for lo");
  return (request.ifr_flags & IFF_UP) != 0;
}

TEST_F(NetnsTest, ANamespaceIsTheSameUnderEachOfItsPaths) {
  ASSERT_THAT(create_pinned("web"), Succeeds());
  const UniqueFd web = open_netns("/run/netns/web").value();
  const UniqueFd again = open_netns("/run/netns/web").value();
  const UniqueFd own = sys::open_own_netns().value();
  EXPECT_TRUE(is_same_netns(web.get(), again.get()).value());
  EXPECT_FALSE(is_same_netns(web.get(), own.get()).value());
  EXPECT_THAT(is_same_netns(web.get(), -1), FailsWith(Errc::Unknown));
}

// CAP_NET_ADMIN is what a socket wants before it tells its namespace.
TEST_F(NetnsTest, TheOwnOneIsTheSameWithAndWithoutPrivileges) {
  struct stat own {};
  ASSERT_EQ(::stat("/proc/thread-self/ns/net", &own), 0);
  EXPECT_EQ(own_identity(), own.st_ino);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto opened = ::setresuid(65534, 65534, 65534) == 0 ? sys::open_own_netns()
                                                              : fail(Errc::Unknown, "setresuid");
    struct stat info {};
    ::_exit(opened && ::fstat(opened->get(), &info) == 0 && info.st_ino == own.st_ino ? 0 : 1);
  }
  int state = -1;
  ASSERT_EQ(::waitpid(child, &state, 0), child);
  EXPECT_EQ(state, 0);
}

TEST_F(NetnsTest, ANewOneIsAnotherNamespaceWithLoUp) {
  ASSERT_THAT(create_pinned("web"), Succeeds());

  const auto netns = open_netns("/run/netns/web");
  ASSERT_THAT(netns, Succeeds());
  EXPECT_NE(identity_of(netns->get()), own_identity());
  EXPECT_EQ(run_in(netns->get(), loopback_is_up).value(), true);
}

TEST_F(NetnsTest, ANewOneLeavesItsMakerWhereItWas) {
  const ino_t before = own_identity();

  ASSERT_THAT(create_pinned("web"), Succeeds());

  EXPECT_EQ(own_identity(), before);
}

TEST_F(NetnsTest, PinnedOnesAreListedSorted) {
  EXPECT_THAT(list_pinned().value(), IsEmpty());

  for (const char* name : {"web", "db", "cache"}) ASSERT_THAT(create_pinned(name), Succeeds());

  EXPECT_THAT(list_pinned().value(), ElementsAre("cache", "db", "web"));
}

TEST_F(NetnsTest, IpNetnsSeesOursAndWeSeeItsOwn) {
  ASSERT_THAT(create_pinned("ours"), Succeeds());
  EXPECT_EQ(output_of_ip("netns list"), "ours\n");
  EXPECT_THAT(output_of_ip("netns exec ours ip -o link show up"), HasSubstr("lo"));

  output_of_ip("netns add theirs");
  EXPECT_THAT(list_pinned().value(), ElementsAre("ours", "theirs"));

  EXPECT_THAT(remove_pinned("theirs"), Succeeds());
  output_of_ip("netns delete ours");
  EXPECT_THAT(list_pinned().value(), IsEmpty());
  EXPECT_EQ(output_of_ip("netns list"), "");
}

TEST_F(NetnsTest, ARemovedOneLeavesNoFileAndItsNameIsFree) {
  ASSERT_THAT(create_pinned("web"), Succeeds());

  ASSERT_THAT(remove_pinned("web"), Succeeds());

  EXPECT_THAT(sys::list_directory("/run/netns").value(), IsEmpty());
  EXPECT_THAT(create_pinned("web"), Succeeds());
}

TEST_F(NetnsTest, ARemovedOneLivesOnWhileItIsHeld) {
  ASSERT_THAT(create_pinned("web"), Succeeds());
  const auto netns = open_netns("/run/netns/web");

  ASSERT_THAT(remove_pinned("web"), Succeeds());

  EXPECT_EQ(run_in(netns->get(), loopback_is_up).value(), true);
}

TEST_F(NetnsTest, ANameThatIsTakenIsRefusedAndTheOtherLeftAlone) {
  ASSERT_THAT(create_pinned("web"), Succeeds());
  const ino_t before = identity_of(open_netns("/run/netns/web").value().get());

  const Status second = create_pinned("web");

  EXPECT_THAT(second, FailsWith(Errc::Exists));
  EXPECT_THAT(second, FailsSaying(AllOf(HasSubstr("\"web\""), HasSubstr("netctl ns rm web"))));
  EXPECT_EQ(identity_of(open_netns("/run/netns/web").value().get()), before);
}

TEST_F(NetnsTest, ANameThatIsNoFileNameIsRefused) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"),
        std::string("/run/netns/web"), std::string(256, 'x'), std::string("a\0b", 3)}) {
    SCOPED_TRACE(name);
    EXPECT_THAT(create_pinned(name), FailsWith(Errc::InvalidArgument));
    EXPECT_THAT(remove_pinned(name), FailsSaying(EndsWith("it must be a file name")));
  }
  EXPECT_FALSE(std::filesystem::exists("/run/netns"));
}

TEST_F(NetnsTest, RemovingWhatIsNotThereSaysSo) {
  const Status removed = remove_pinned("web");

  EXPECT_THAT(removed, FailsWith(Errc::NotFound));
  EXPECT_THAT(removed, FailsSaying(AllOf(HasSubstr("\"web\""), HasSubstr("netctl ns ls"))));
}

TEST_F(NetnsTest, WhatAKilledCreatorLeftIsNotListedAndCanBeRemoved) {
  ASSERT_THAT(write("/run/netns/half", ""), Succeeds());

  EXPECT_THAT(list_pinned().value(), IsEmpty());
  EXPECT_THAT(create_pinned("half"), FailsWith(Errc::Exists));
  EXPECT_THAT(remove_pinned("half"), Succeeds());
  EXPECT_THAT(create_pinned("half"), Succeeds());
}

TEST_F(NetnsTest, AFileWithContentIsNotRemoved) {
  ASSERT_THAT(write("/run/netns/notes", "keep me"), Succeeds());

  EXPECT_THAT(remove_pinned("notes"),
              FailsSaying("/run/netns/notes is not a namespace: left alone"));

  EXPECT_EQ(sys::read_file("/run/netns/notes").value(), "keep me");
}

TEST_F(NetnsTest, ADirectoryOrASymbolicLinkIsNotRemoved) {
  ASSERT_THAT(create_pinned("web"), Succeeds());
  ASSERT_THAT(sys::ensure_directory("/run/netns/directory", 0755), Succeeds());
  std::filesystem::create_symlink("/run/netns/web", "/run/netns/link");

  EXPECT_FALSE(remove_pinned("directory"));
  EXPECT_FALSE(remove_pinned("link"));

  EXPECT_TRUE(std::filesystem::is_directory("/run/netns/directory"));
  EXPECT_TRUE(std::filesystem::is_symlink("/run/netns/link"));
  EXPECT_THAT(open_netns("/run/netns/web"), Succeeds());
}

std::size_t mounts_of_the_pin_directory() {
  const std::string mounts = sys::read_file("/proc/self/mountinfo").value();
  const std::string wanted = " /run/netns ";
  std::size_t count = 0;
  for (auto at = mounts.find(wanted); at != std::string::npos; at = mounts.find(wanted, at + 1)) {
    ++count;
  }
  return count;
}

TEST_F(NetnsTest, CreatorsAtTheSameTimeShareOneMountOfTheDirectory) {
  constexpr int kCreators = 8;
  const std::size_t before = mounts_of_the_pin_directory();  // of earlier tests, out of sight

  for (int i = 0; i < kCreators; ++i) {
    if (::fork() == 0) ::_exit(create_pinned(format("ns{}", i)) ? 0 : 1);
  }
  for (int i = 0; i < kCreators; ++i) {
    int state = 0;
    ASSERT_GT(::wait(&state), 0);
    EXPECT_EQ(state, 0);
  }

  EXPECT_EQ(list_pinned().value().size(), static_cast<std::size_t>(kCreators));
  EXPECT_EQ(mounts_of_the_pin_directory(), before + 1);
}

// Whether a process waits for a flock(2): "1: -> FLOCK  ADVISORY  WRITE 4711 …" in proc_locks(5).
bool waits_for_a_lock(pid_t process) {
  const std::string locks = sys::read_file("/proc/locks").value();
  return locks.find(format("-> FLOCK  ADVISORY  WRITE {} ", process)) != std::string::npos;
}

// Each creator that finds no shared mount makes one; two of them on top of each other would copy
// every namespace that is pinned below. The lock is the one that ip-netns(8) takes.
TEST_F(NetnsTest, ACreatorWaitsWhileAnotherPreparesTheDirectory) {
  ASSERT_THAT(sys::ensure_directory("/run/netns", 0755), Succeeds());
  const UniqueFd other(::open("/run/netns", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);

  const pid_t creator = ::fork();
  if (creator == 0) ::_exit(create_pinned("web") ? 0 : 1);
  int state = -1;
  pid_t ended = 0;
  while (ended == 0 && !waits_for_a_lock(creator)) ended = ::waitpid(creator, &state, WNOHANG);

  ASSERT_EQ(ended, 0) << "it did not wait";
  EXPECT_THAT(list_pinned().value(), IsEmpty());
  ASSERT_EQ(::flock(other.get(), LOCK_UN), 0);  // closing would not do: the creator has a copy
  ASSERT_EQ(::waitpid(creator, &state, 0), creator);
  EXPECT_EQ(state, 0);
  EXPECT_THAT(list_pinned().value(), ElementsAre("web"));
}

TEST_F(NetnsTest, TheDirectoryCanBeMovedByTheEnvironment) {
  ::setenv("NETCTL_NETNS_DIR", "/run/elsewhere/netns", 1);

  ASSERT_THAT(create_pinned("web"), Succeeds());

  EXPECT_THAT(open_netns("/run/elsewhere/netns/web"), Succeeds());
  EXPECT_EQ(path_of("web").value(), "/run/elsewhere/netns/web");
  EXPECT_THAT(list_pinned().value(), ElementsAre("web"));
  EXPECT_FALSE(std::filesystem::exists("/run/netns"));
  EXPECT_THAT(remove_pinned("web"), Succeeds());
}

TEST_F(NetnsTest, OpeningWhatIsNoNamespaceSaysWhatTheReferencePluginsSay) {
  ASSERT_THAT(write("/run/file", "x"), Succeeds());

  EXPECT_THAT(open_netns("/run/file"),
              FailsSaying(MatchesRegex("unknown FS magic on \"/run/file\": [0-9a-f]+")));
  EXPECT_THAT(open_netns("/run/none"),
              FailsSaying("failed to open netns \"/run/none\": No such file or directory"));
}

TEST_F(NetnsTest, LookingForOneThatIsGoneIsAnswered) {
  ASSERT_THAT(create_pinned("web"), Succeeds());
  ASSERT_THAT(write("/run/file", "x"), Succeeds());

  EXPECT_TRUE(find_netns("/run/netns/web").value().has_value());
  EXPECT_FALSE(find_netns("/run/netns/gone").value().has_value());
  EXPECT_FALSE(find_netns("").value().has_value());
  EXPECT_FALSE(find_netns("/proc/4194305/ns/net").value().has_value());  // beyond any pid
  EXPECT_THAT(find_netns("/run/file"), FailsWith(Errc::InvalidArgument));
  ASSERT_THAT(write("/run/left", ""), Succeeds());  // its namespace has been unmounted
  EXPECT_FALSE(find_netns("/run/left").value().has_value());
  EXPECT_THAT(open_netns("/run/left"), FailsWith(Errc::InvalidArgument));
}

TEST_F(NetnsTest, RunningInsideComesBackAlsoWhenTheBodyFails) {
  ASSERT_THAT(create_pinned("web"), Succeeds());
  const auto netns = open_netns("/run/netns/web");
  ASSERT_THAT(netns, Succeeds());
  const ino_t home = own_identity();
  ino_t inside = 0;

  const Status failed = run_in(netns->get(), [&]() -> Status {
    inside = own_identity();
    return fail(Errc::Io, "no luck");
  });

  EXPECT_THAT(failed, FailsSaying("no luck"));
  EXPECT_EQ(inside, identity_of(netns->get()));
  EXPECT_EQ(own_identity(), home);
}

TEST_F(NetnsTest, RunningInsideGivesWhatTheBodyGives) {
  ASSERT_THAT(create_pinned("web"), Succeeds());
  const auto netns = open_netns("/run/netns/web");
  ASSERT_THAT(netns, Succeeds());

  const Result<UniqueFd> opened = run_in(netns->get(), [] { return sys::open_own_netns(); });

  ASSERT_THAT(opened, Succeeds());
  EXPECT_EQ(identity_of(opened->get()), identity_of(netns->get()));
}

TEST_F(NetnsTest, ASocketThatIsThereSaysWhatANewOneWould) {
  ASSERT_THAT(create_pinned("web"), Succeeds());
  const auto netns = open_netns("/run/netns/web");
  ASSERT_THAT(netns, Succeeds());
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const ino_t home = own_identity();

  EXPECT_EQ(identity_of(sys::open_own_netns(socket.get()).value().get()), home);
  EXPECT_EQ(own_netns_cookie(socket.get()).value(), own_netns_cookie().value());
  EXPECT_NE(run_in(netns->get(), [] { return own_netns_cookie(); }).value(),
            own_netns_cookie(socket.get()).value());

  const auto inside = run_in(
      netns->get(), []() -> Result<ino_t> { return own_identity(); }, socket.get());
  EXPECT_EQ(inside.value(), identity_of(netns->get()));
  EXPECT_EQ(own_identity(), home);
}

TEST_F(NetnsTest, WhereNoSocketCanBeAskedTheOwnOneIsFoundAllTheSame) {
  const UniqueFd no_socket(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(identity_of(sys::open_own_netns(no_socket.get()).value().get()), own_identity());
}

TEST_F(NetnsTest, RunningInsideWhatIsNoNamespaceDoesNotRunTheBody) {
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  bool ran = false;

  const Status status = run_in(file.get(), [&] {
    ran = true;
    return ok();
  });

  EXPECT_THAT(status, FailsSaying(StartsWith("enter the network namespace")));
  EXPECT_FALSE(ran);
}

TEST_F(NetnsTest, InsideCanBeNestedAndEachLevelReturnsToItsOwn) {
  ASSERT_THAT(create_pinned("outer"), Succeeds());
  ASSERT_THAT(create_pinned("inner"), Succeeds());
  const auto outer = open_netns("/run/netns/outer");
  const auto inner = open_netns("/run/netns/inner");
  const ino_t home = own_identity();

  const auto after_inner = run_in(outer->get(), [&]() -> Result<ino_t> {
    TRY(run_in(inner->get(), loopback_is_up));
    return own_identity();
  });

  EXPECT_EQ(after_inner.value(), identity_of(outer->get()));
  EXPECT_EQ(own_identity(), home);
}

TEST_F(NetnsTest, AWordBecomesThePathThatItStandsFor) {
  ASSERT_EQ(::chdir("/run"), 0);
  const struct {
    std::string text;
    std::string path;
  } table[] = {
      {"web", "/run/netns/web"},
      {"pid", "/run/netns/pid"},
      {"pid:4711", "/proc/4711/ns/net"},
      {"/run/netns/web", "/run/netns/web"},
      {"/tmp/a/b", "/tmp/a/b"},
      {"./web", "/run/web"},
      {"sub/web", "/run/sub/web"},
      {"../tmp/web", "/tmp/web"},
      {"//run/./netns//x/../web/", "/run/netns/web"},
      {"/", "/"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.text);
    const auto path = path_of(row.text);
    ASSERT_THAT(path, Succeeds());
    EXPECT_EQ(*path, row.path);
  }
  ASSERT_EQ(::chdir("/"), 0);
}

TEST_F(NetnsTest, AWordThatStandsForNoPathIsRefused) {
  const std::string process = " is not a process: write pid:NUMBER";
  const std::string name = " cannot be the name of a namespace: it must be a file name";
  const struct {
    std::string text;
    std::string why;
  } table[] = {
      {"", name},
      {".", name},
      {"..", name},
      {"pid:", process},
      {"pid:0", process},
      {"pid:-1", process},
      {"pid:1x", process},
      {"pid: 1", process},
      {"pid:99999999999", process},
      {"pid:self", process},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.text);
    EXPECT_THAT(path_of(row.text), FailsSaying("\"" + row.text + "\"" + row.why));
    EXPECT_THAT(existing_path_of(row.text), FailsWith(Errc::InvalidArgument));
  }
}

TEST_F(NetnsTest, AnExistingOneIsFoundUnderEachOfItsNames) {
  ASSERT_THAT(create_pinned("web"), Succeeds());

  EXPECT_EQ(existing_path_of("web").value(), "/run/netns/web");
  EXPECT_EQ(existing_path_of("/run/netns/web").value(), "/run/netns/web");
  const std::string own = format("pid:{}", ::getpid());
  EXPECT_EQ(existing_path_of(own).value(), format("/proc/{}/ns/net", ::getpid()));
}

TEST_F(NetnsTest, OneThatHasToExistButDoesNotSaysWhatToDo) {
  ASSERT_THAT(write("/run/file", "x"), Succeeds());
  const struct {
    std::string text;
    std::string message;
  } table[] = {
      {"web", "no namespace \"web\" (/run/netns/web does not exist): netctl ns add web makes one"},
      {"/run/netns/web",
       "no namespace \"/run/netns/web\" (/run/netns/web does not exist): netctl ns add web makes "
       "one"},
      {"/run/x/web",
       "no namespace \"/run/x/web\": /run/x/web does not exist; netctl ns ls shows those that have "
       "a "
       "name"},
      {"pid:4194305", "there is no process 4194305"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.text);
    EXPECT_THAT(existing_path_of(row.text), FailsSaying(row.message));
    EXPECT_THAT(existing_path_of(row.text), FailsWith(Errc::NotFound));
  }
  EXPECT_THAT(existing_path_of("/run/file"), FailsSaying(HasSubstr("unknown FS magic")));
}

}  // namespace
}  // namespace netctl::ns
