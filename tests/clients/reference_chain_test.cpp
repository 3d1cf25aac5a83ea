// Chains of the reference plugins and ours, called by libcni: any plugin of the chain may be
// theirs, and what one directory attached the other detaches.
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/clients/client_lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ReferenceChain : public ClientLab {
 protected:
  void SetUp() override {
    ClientLab::SetUp();
    if (!IsSkipped()) need_reference_plugins();
    if (IsSkipped()) return;
    if (::access(LIBCNI_CLIENT, X_OK) != 0) {
      GTEST_SKIP() << "needs libcni: apt-get install golang-go golang-github-appc-cni-dev, and "
                      "configure and build again";
    }
    write_network("10-pods.conflist", pods_network());
    sure("netctl ns add web");
    // The empty chains that the reference plugins leave in iptables are there before, then.
    use_plugins(kReferencePlugins);
    libcni("add");
    libcni("del");
    before_ = state();
  }

  // A directory of plugins in which these, split at "+", are theirs and all others ours.
  std::string mixture(const std::string& theirs) {
    const std::string directory = "/run/mixture";
    fs::remove_all(directory);
    fs::create_directories(directory);
    for (const auto& entry : fs::directory_iterator(plugin_directory())) {
      fs::create_symlink(entry.path(), directory / entry.path().filename());
    }
    std::istringstream types(theirs);
    for (std::string type; std::getline(types, type, '+');) {
      fs::remove(directory + "/" + type);
      fs::create_symlink(std::string(kReferencePlugins) + "/" + type, directory + "/" + type);
    }
    return directory;
  }

  std::string libcni(const std::string& verb) {
    return sure(format(R"(CAP_ARGS={{"portMappings":[{{"hostPort":8080,"containerPort":80,)"
                       R"("protocol":"tcp"}}]}} {} {} pods /run/netns/web)",
                       LIBCNI_CLIENT, verb));
  }

  void expect_port_answers() {
    Server server("web", 80);
    EXPECT_EQ(ask("client", "198.51.100.1", 8080, server), "198.51.100.2");
    EXPECT_NE(ask("", "127.0.0.1", 8080, server), "");
  }
  void expect_port_is_closed() {
    Server server("web", 80);
    EXPECT_EQ(ask("client", "198.51.100.1", 8080, server), "");
  }

  std::string before_;
};

class Mixed : public ReferenceChain, public testing::WithParamInterface<const char*> {};

TEST_P(Mixed, AttachesPublishesChecksAndDetaches) {
  use_plugins(mixture(GetParam()));

  EXPECT_THAT(libcni("add"), HasSubstr("10.7.0.3/24"));
  EXPECT_EQ(address_in("web", "eth0"), "10.7.0.3");
  expect_port_answers();
  libcni("check");
  libcni("del");

  expect_port_is_closed();
  EXPECT_EQ(state(), before_);
}

INSTANTIATE_TEST_SUITE_P(
    Theirs, Mixed,
    testing::Values("bridge", "host-local", "portmap", "firewall", "tuning", "bridge+host-local",
                    "portmap+firewall", "bridge+portmap", "host-local+tuning"),
    [](const testing::TestParamInfo<const char*>& tested) {
      std::string name;
      for (const char character : std::string(tested.param)) {
        name += character == '+' ? std::string("And")
                                 : std::string(character == '-' ? "" : std::string(1, character));
      }
      return name;
    });

TEST_F(ReferenceChain, WhatTheyAttachedWeCheckAndDetach) {
  libcni("add");
  expect_port_answers();

  use_plugins(plugin_directory());
  libcni("check");
  libcni("del");

  expect_port_is_closed();
  EXPECT_EQ(state(), before_);
}

TEST_F(ReferenceChain, WhatWeAttachedTheyDetachAndGcRemovesTheRulesThatTheyDoNotKnow) {
  use_plugins(plugin_directory());
  libcni("add");
  expect_port_answers();

  use_plugins(kReferencePlugins);
  libcni("del");
  sure("netctl gc");

  expect_port_is_closed();
  EXPECT_EQ(state(), before_);
}

}  // namespace
}  // namespace netctl::test
