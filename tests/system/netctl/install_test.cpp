// netctl install: our plugins beside those of others, and the way back.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text, mode_t mode = 0755) {
  std::ofstream(path, std::ios::binary) << text;
  ::chmod(path.c_str(), mode);
}

ino_t inode(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

class Install : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    // Few names, for short tables; loopback is another name of none.
    fs::create_directories("/run/from");
    for (const char* name : {"static", "none"}) {
      fs::create_symlink(plugin_directory() + "/" + name, std::string("/run/from/") + name);
    }
    fs::create_symlink("none", "/run/from/loopback");
  }

  std::string install(const std::string& options = "") {
    return sure("netctl install --from /run/from --dir /run/to " + options);
  }
  sys::Finished try_install(const std::string& options = "") {
    return run("netctl install --from /run/from --dir /run/to " + options);
  }
  std::string uninstall() { return sure("netctl install --uninstall --dir /run/to"); }

  std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
      names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    return names;
  }
};

TEST_F(Install, EveryPluginOfThisBuildComesAlongAndAnswers) {
  std::istringstream names(NETCTL_PLUGIN_NAMES);  // as CMake has them
  sure("netctl install --dir /run/to");

  std::size_t count = 0;
  for (std::string name; names >> name; ++count) {
    const auto answer =
        plugin_at("/run/to/" + name, {{"CNI_COMMAND", "VERSION"}}, R"({"cniVersion":"1.0.0"})");
    EXPECT_EQ(answer.exit_status, 0) << name << answer.out << answer.err;
    EXPECT_FALSE(fs::is_symlink("/run/to/" + name)) << name;
  }
  EXPECT_EQ(names_in("/run/to").size(), count);
}

TEST_F(Install, TheDirectoryIsMadeAndEachPluginIsNamed) {
  EXPECT_EQ(install(), "install loopback\ninstall none\ninstall static");
  EXPECT_THAT(names_in("/run/to"), ElementsAre("loopback", "none", "static"));
  EXPECT_EQ(run("stat -c %a /run/to /run/to/none").out, "755\n755\n");
}

TEST_F(Install, WhatIsOneFileStaysOneFile) {
  install();
  EXPECT_EQ(inode("/run/to/loopback"), inode("/run/to/none"));
  EXPECT_EQ(inode("/run/to/static"), inode("/run/to/none"));
}

TEST_F(Install, TwiceIsTheSameAsOnce) {
  install();
  const ino_t before = inode("/run/to/static");
  EXPECT_EQ(
      install(),
      "keep loopback: it is the same\nkeep none: it is the same\nkeep static: it is the same");
  EXPECT_EQ(inode("/run/to/static"), before);
}

TEST_F(Install, AnotherVersionOfOursIsUpdated) {
  fs::create_directories("/run/to");
  write("/run/to/static", std::string("\177ELF netctl-plugins 0.0.1\0", 26));
  EXPECT_THAT(install(), HasSubstr("update static"));
  EXPECT_TRUE(read("/run/to/static") == read("/run/from/static"));
  EXPECT_THAT(names_in("/run/to"), ElementsAre("loopback", "none", "static"));
}

TEST_F(Install, AFileOfAnotherIsRefusedBeforeAnythingIsDone) {
  fs::create_directories("/run/to");
  write("/run/to/static", "#!/bin/sh\n");
  const auto refused = try_install();
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("files of others: static"), HasSubstr("--force")));
  EXPECT_THAT(names_in("/run/to"), ElementsAre("static"));
  EXPECT_EQ(read("/run/to/static"), "#!/bin/sh\n");
}

TEST_F(Install, ByForceItIsKeptAndUninstallingGivesItBack) {
  fs::create_directories("/run/to");
  write("/run/to/static", "#!/bin/sh\n", 0711);
  const ino_t before = inode("/run/to/static");

  EXPECT_THAT(install("--force"), HasSubstr("keep the other as static.before-netctl"));
  EXPECT_TRUE(read("/run/to/static") == read("/run/from/static"));
  EXPECT_EQ(read("/run/to/static.before-netctl"), "#!/bin/sh\n");

  EXPECT_EQ(uninstall(), "remove loopback\nremove none\nrestore static");
  EXPECT_THAT(names_in("/run/to"), ElementsAre("static"));
  EXPECT_EQ(inode("/run/to/static"), before);
  EXPECT_EQ(run("stat -c %a /run/to/static").out, "711\n");
}

TEST_F(Install, ASymbolicLinkIsAnothersWhereverItLeads) {
  fs::create_directories("/run/to");
  fs::create_symlink("/run/from/static", "/run/to/static");
  EXPECT_THAT(try_install().err, HasSubstr("files of others: static"));

  install("--force");
  EXPECT_FALSE(fs::is_symlink("/run/to/static"));
  uninstall();
  EXPECT_EQ(fs::read_symlink("/run/to/static"), "/run/from/static");
}

TEST_F(Install, AFileThatCannotBeReadIsNobodysAndStays) {
  install();
  const ino_t before = inode("/run/to/static");
  for (const char* options : {"--from /run/from", "--from /run/from --force", "--uninstall"}) {
    const auto refused =
        with_error("read", "EIO", "/run/to/static", format("install --dir /run/to {}", options));
    EXPECT_EQ(refused.exit_status, 1) << options;
    EXPECT_THAT(refused.err, HasSubstr("/run/to/static: Input/output error")) << options;
    EXPECT_EQ(inode("/run/to/static"), before) << options;
  }
}

TEST_F(Install, WhatWasKeptIsNeverLost) {
  fs::create_directories("/run/to");
  write("/run/to/static", "first");
  install("--force");
  write("/run/to/next", "second");
  fs::rename("/run/to/next", "/run/to/static");  // as another's package does

  EXPECT_THAT(try_install("--force").err, HasSubstr("static.before-netctl; move it away first"));
  EXPECT_EQ(read("/run/to/static.before-netctl"), "first");
  EXPECT_THAT(run("netctl install --uninstall --dir /run/to").err, HasSubstr("another's by now"));
  EXPECT_EQ(read("/run/to/static"), "second");
  EXPECT_EQ(read("/run/to/static.before-netctl"), "first");
}

TEST_F(Install, UninstallingLeavesOthersAlone) {
  install();
  write("/run/to/flannel", "#!/bin/sh\n");
  fs::create_directories("/run/to/cache");
  uninstall();
  EXPECT_THAT(names_in("/run/to"), ElementsAre("cache", "flannel"));
  EXPECT_EQ(uninstall(), "");
  EXPECT_EQ(sure("netctl install --uninstall --dir /run/nowhere"), "");
}

TEST_F(Install, UninstallingRemovesWhatAKilledCallLeft) {
  fs::create_directories("/run/to");
  write("/run/to/.static.netctl-new", "half");
  write("/run/to/.none.netctl-old", "old");
  uninstall();
  EXPECT_THAT(names_in("/run/to"), IsEmpty());
}

TEST_F(Install, WherePluginsCannotRunNothingIsChanged) {
  fs::create_directories("/run/to");
  sure("mount -t tmpfs -o noexec tmpfs /run/to");
  write("/run/to/static", "#!/bin/sh\n");
  const auto refused = try_install("--force");
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.err, HasSubstr("noexec"));
  EXPECT_THAT(names_in("/run/to"), ElementsAre("static"));
  EXPECT_EQ(read("/run/to/static"), "#!/bin/sh\n");
}

TEST_F(Install, AFullDiskLeavesTheOldOnes) {
  fs::create_directories("/run/to");
  sure("mount -t tmpfs -o size=256k tmpfs /run/to");
  write("/run/to/static", "#!/bin/sh\n");
  EXPECT_THAT(try_install("--force").err, HasSubstr("No space left on device"));
  EXPECT_THAT(names_in("/run/to"), ElementsAre("static"));
  EXPECT_EQ(read("/run/to/static"), "#!/bin/sh\n");
}

TEST_F(Install, PluginsOfAnotherVersionAreNotInstalled) {
  fs::remove("/run/from/static");
  write("/run/from/static", std::string("\177ELF netctl-plugins 0.0.1\0", 26));
  const auto refused = try_install();
  EXPECT_THAT(refused.err, AllOf(HasSubstr("static (0.0.1)"), HasSubstr("install both together")));
  EXPECT_FALSE(fs::exists("/run/to"));
}

TEST_F(Install, ADryRunOnlyTells) {
  EXPECT_EQ(install("--dry-run"),
            "would install loopback\nwould install none\nwould install static");
  EXPECT_FALSE(fs::exists("/run/to"));
  install();
  EXPECT_THAT(sure("netctl install --uninstall --dry-run --dir /run/to"),
              HasSubstr("would remove static"));
  EXPECT_THAT(names_in("/run/to"), ElementsAre("loopback", "none", "static"));
}

TEST_F(Install, TheDirectoryOfOurOwnPluginsIsLetBe) {
  for (const char* options : {"", "--uninstall "}) {
    const auto refused = run(format("netctl install {}--dir {}", options, plugin_directory()));
    EXPECT_EQ(refused.exit_status, 1);
    EXPECT_THAT(refused.err, HasSubstr("where netctl's plugins come from"));
  }
  EXPECT_TRUE(fs::exists(plugin_directory() + "/bridge"));
  EXPECT_THAT(run("netctl install --from /run --dir /run/to").err, HasSubstr("give --from"));
}

TEST_F(Install, DoctorFindsInstalledPluginsToBeOfThisVersion) {
  install();
  environment["CNI_PATH"] = "/run/to:" + plugin_directory();
  const std::string text = run("netctl doctor -n").out;
  EXPECT_THAT(text, HasSubstr("all of this version"));
}

}  // namespace
}  // namespace netctl::test
