// Chains of the reference plugins and ours, called by libcni: any plugin of the chain may be
// theirs, and what one directory attached the other detaches.
#include <unistd.h>

#include <filesystem>
#include <regex>
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
    // The bridge, and the empty chains that the reference plugins leave in iptables.
    use_plugins(kReferencePlugins);
    libcni("add");
    libcni("del");
    before_ = traces();
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

  // Links, addresses, routes and stores; of all rules those that are about the attachment, and
  // whether there is a table of ours.
  std::string traces() {
    const std::string all = state();
    std::string kept = all.substr(0, all.find("== nft"));
    kept += run("find /var/lib/cni -name 10.7.* -o -name pods-*").out;
    std::istringstream rules(run("nft -s list ruleset").out);
    for (std::string rule; std::getline(rules, rule);) {
      const bool is_about_it = std::regex_search(
          rule, std::regex("10\\.7\\.0\\.|8080|CNI-DN-|CNI-[0-9a-f]{24}|table inet netctl"));
      if (is_about_it) kept += rule + "\n";
    }
    return kept;
  }

  std::string before_;
};

class Mixed : public ReferenceChain, public testing::WithParamInterface<const char*> {};

TEST_P(Mixed, AttachesPublishesChecksAndDetaches) {
  use_plugins(mixture(GetParam()));

  EXPECT_THAT(libcni("add"), HasSubstr("10.7.0.3/24"));
  EXPECT_EQ(address_in("web", "eth0"), "10.7.0.3");
  expect_port_answers();
  // Theirs of version 1.1 looks for the rules of IPv6 without an IPv6 address and never finds them.
  if (std::string(GetParam()).find("portmap") == std::string::npos) libcni("check");
  libcni("del");

  expect_port_is_closed();
  EXPECT_EQ(traces(), before_);
}

INSTANTIATE_TEST_SUITE_P(Theirs, Mixed,
                         testing::Values("bridge", "host-local", "portmap", "firewall", "tuning",
                                         "bridge+host-local", "portmap+firewall", "bridge+portmap",
                                         "host-local+tuning"),
                         [](const testing::TestParamInfo<const char*>& tested) {
                           return std::regex_replace(tested.param, std::regex("[^a-z]"), "_");
                         });

// Their rules in iptables are only theirs to remove: what is promised is all the rest, and that the
// port is the next one's.
TEST_F(ReferenceChain, WhatTheyAttachedWeDetachButForTheirRulesAndTheNextHasThePort) {
  libcni("add");
  expect_port_answers();

  use_plugins(plugin_directory());
  libcni("del");
  EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
  EXPECT_EQ(run("find /var/lib/cni -name 10.7.* -o -name pods-*").out, "");

  libcni("add");
  Server server("web", 80);
  EXPECT_EQ(ask("client", "198.51.100.1", 8080, server), "198.51.100.2");
}

// The last step of their bridge's DEL fails where it did not masquerade itself; all else is done,
// and `netctl gc` removes the rules that they do not know.
TEST_F(ReferenceChain, WhatWeAttachedTheyDetachAndGcRemovesTheRulesThatTheyDoNotKnow) {
  use_plugins(plugin_directory());
  libcni("add");
  expect_port_answers();

  use_plugins(kReferencePlugins);
  const auto deleted = run(format("{} del pods /run/netns/web", LIBCNI_CLIENT));
  EXPECT_THAT(deleted.err, HasSubstr("-t nat -D POSTROUTING"));
  EXPECT_EQ(run_in("web", "ip link show eth0").exit_status, 1);
  use_plugins(plugin_directory());
  sure("netctl ns rm web");
  sure("netctl gc");
  sure("netctl ns add web");

  expect_port_is_closed();
  EXPECT_EQ(traces(), before_);
}

}  // namespace
}  // namespace netctl::test
