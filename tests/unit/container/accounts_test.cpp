#include "runtime-core/container/accounts.hpp"

#include <fcntl.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/container/capabilities.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::container {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "# a comment\n"
    "broken:x:not-a-number:0::/:/bin/sh\n"
    "web:x:33:34:www:/var/www:/bin/false\n";
constexpr const char* kGroup =
    "root:x:0:\n"
    "www:x:34:\n"
    "extra:x:50:root,web\n"
    "more:x:51:web\n";

TEST(Accounts, AUserByNameHasTheGroupsOfItsEntries) {
  const auto user = parse_user("web", kPasswd, kGroup);
  ASSERT_THAT(user, Succeeds());
  EXPECT_EQ(user->uid, 33U);
  EXPECT_EQ(user->gid, 34U);
  EXPECT_THAT(user->additional_gids, ElementsAre(50U, 51U));
}

TEST(Accounts, ANumberNeedsNoEntry) {
  const auto user = parse_user("1234:99", "", "");
  ASSERT_THAT(user, Succeeds());
  EXPECT_EQ(user->uid, 1234U);
  EXPECT_EQ(user->gid, 99U);
  EXPECT_THAT(user->additional_gids, IsEmpty());
  EXPECT_EQ(parse_user("33", kPasswd, kGroup)->gid, 34U);
}

TEST(Accounts, AGroupBehindTheColonIsTheOnlyOne) {
  const auto user = parse_user("web:extra", kPasswd, kGroup);
  ASSERT_THAT(user, Succeeds());
  EXPECT_EQ(user->gid, 50U);
  EXPECT_THAT(user->additional_gids, IsEmpty());
}

// CVE-2026-30892 and its like: what is no whole number must never become user 0.
TEST(Accounts, RefuseWhatIsNoUser) {
  for (const char* text : {"", ":", "1:", ":1", "1x", "-1", "0x0", " 0", "4294967295", "4294967296",
                           "99999999999999999999", "nobody", "broken", "web:nobody", "#"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(parse_user(text, kPasswd, kGroup));
  }
}

// What cannot be read is not what is not there: no account is found in that, and it gives others'
// rights.
TEST(Accounts, AFileThatIsNotThereIsEmptyAndOneThatCannotBeReadAnError) {
  char name[] = "/tmp/accounts-test.XXXXXX";
  ASSERT_TRUE(::mkdtemp(name));
  const std::string directory = name;
  std::ofstream(directory + "/passwd") << kPasswd;
  std::filesystem::create_directory(directory + "/directory");
  std::filesystem::create_symlink("loop", directory + "/loop");
  const UniqueFd root(::open(name, O_PATH | O_DIRECTORY | O_CLOEXEC));

  EXPECT_EQ(file_in_root(root.get(), "/passwd").value(), kPasswd);
  EXPECT_EQ(file_in_root(root.get(), "/missing").value(), "");
  EXPECT_EQ(file_in_root(root.get(), "/passwd/below").value(), "");
  EXPECT_EQ(file_in_root(root.get(), "/directory").value(), "");
  EXPECT_THAT(file_in_root(root.get(), "/loop"),
              FailsSaying(HasSubstr("Too many levels of symbolic links")));
  std::filesystem::remove_all(directory);
}

TEST(Accounts, CapabilitiesAreFoundUnderAllTheirNames) {
  for (const char* text : {"CAP_NET_ADMIN", "net_admin", "NET_ADMIN", "cap_net_admin"}) {
    const auto number = parse_capability(text);
    ASSERT_THAT(number, Succeeds());
    EXPECT_EQ(capability_name(*number), "CAP_NET_ADMIN");
  }
  EXPECT_THAT(parse_capability("CAP_FLY"), FailsSaying(HasSubstr("CAP_FLY")));
  EXPECT_EQ(all_capabilities().size(), 41U);
  EXPECT_THAT(default_capabilities(),
              testing::UnorderedElementsAre(
                  "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD",
                  "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP",
                  "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"));
}

}  // namespace
}  // namespace netctl::container
