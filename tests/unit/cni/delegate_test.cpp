#include "runtime-core/cni/delegate.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/result.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::cni {
namespace {

using test::FailsSaying;
using test::Succeeds;
using testing::HasSubstr;

constexpr const char* kConfig = R"({"name": "n1",  "ipam":{"type":"fake"}})";

// A directory with an IPAM plugin "fake", a shell script that notes each call in the file "calls".
class Delegate : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "delegate-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    request_.ipam_type = "fake";
    request_.cni_version = "1.0.0";
    request_.path = {"/nowhere", directory_};
    request_.config = std::make_shared<const Document>(Document{.text = kConfig});
    request_.environment = {{"CNI_COMMAND", "ADD"},    {"CNI_CONTAINERID", "c1"},
                            {"CNI_NETNS", "/nowhere"}, {"CNI_IFNAME", "eth0"},
                            {"CNI_PATH", directory_},  {"OTHER", "kept"}};
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // What the plugin does in ADD; DEL and the others print nothing and succeed.
  void plugin_does(const std::string& commands) {
    const std::string file = directory_ + "/fake";
    std::ofstream(file) << "#!/bin/sh\n"
                        << "echo \"$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME $CNI_NETNS $OTHER\" >>"
                        << directory_ << "/calls\n"
                        << "/bin/cat >" << directory_ << "/stdin\n"
                        << "[ $CNI_COMMAND = ADD ] || exit 0\n"
                        << commands << "\n";
    ASSERT_EQ(::chmod(file.c_str(), 0755), 0);
  }

  std::string content(const std::string& name) {
    std::stringstream text;
    text << std::ifstream(directory_ + "/" + name).rdbuf();
    return text.str();
  }

  std::string directory_;
  Request request_;
};

constexpr const char* kAdded = "ADD c1 eth0 /nowhere kept\n";
constexpr const char* kAddedAndReleased = "ADD c1 eth0 /nowhere kept\nDEL c1 eth0 /nowhere kept\n";

TEST_F(Delegate, AddGivesTheResultOfTheIpamPlugin) {
  plugin_does(R"(echo '{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]}')");
  const auto result = ipam_add(request_);
  ASSERT_THAT(result, Succeeds());
  ASSERT_EQ(result->ips.size(), 1U);
  EXPECT_EQ(result->ips.front().address.to_text(), "10.0.0.2/24");
  EXPECT_EQ(content("calls"), kAdded);
  EXPECT_EQ(content("stdin"), kConfig);
}

TEST_F(Delegate, AddReadsTheVersionThatTheResultDeclares) {
  plugin_does(R"(echo '{"cniVersion":"0.2.0","ip6":{"ip":"fd00::2/64"}}')");
  const auto result = ipam_add(request_);
  ASSERT_THAT(result, Succeeds());
  EXPECT_EQ(result->ips.front().address.to_text(), "fd00::2/64");
}

TEST_F(Delegate, AddWithoutAVersionIsInTheConfigs) {
  request_.cni_version = "0.2.0";
  plugin_does(R"(echo '{"ip4":{"ip":"10.0.0.2/24"}}')");
  EXPECT_EQ(ipam_add(request_)->ips.size(), 1U);
}

TEST_F(Delegate, AddGivesTheErrorOfTheIpamPluginUnchangedAndReleases) {
  plugin_does(R"(echo '{"code":11,"msg":"no IP addresses","details":"in range set"}'; exit 1)");
  const auto result = ipam_add(request_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().protocol_code, 11U);
  EXPECT_EQ(result.error().message, "no IP addresses");
  EXPECT_EQ(result.error().details, "in range set");
  EXPECT_EQ(content("calls"), kAddedAndReleased);
}

TEST_F(Delegate, AddReleasesWhatAUselessResultStandsFor) {
  const std::pair<const char*, const char*> table[] = {
      {"echo '{}'", "IPAM plugin returned missing IP config"},
      {"echo null", "IPAM plugin returned missing IP config"},
      {"true", "IPAM plugin \"fake\": invalid result: unexpected end of JSON input"},
      {"echo '[1'", "IPAM plugin \"fake\": invalid result: "},
      {R"(echo '{"ips":[{}]}')", "IPAM plugin \"fake\": invalid result: "},
      {R"(echo '{"cniVersion":"7.0.0"}')", "unsupported CNI result version \"7.0.0\""},
      {"exit 3", "exit status 3"},
      {"echo oops; exit 1", "oops"},
  };
  for (const auto& [commands, words] : table) {
    SCOPED_TRACE(commands);
    std::filesystem::remove(directory_ + "/calls");
    plugin_does(commands);
    EXPECT_THAT(ipam_add(request_), FailsSaying(HasSubstr(words)));
    EXPECT_EQ(content("calls"), kAddedAndReleased);
  }
}

TEST_F(Delegate, SaysThatThePluginIsMissing) {
  const std::string words = "failed to find plugin \"fake\" in path [/nowhere " + directory_ + "]";
  EXPECT_THAT(ipam_add(request_), FailsSaying(words));
  EXPECT_THAT(ipam_call(Command::Del, request_), FailsSaying(words));
}

TEST_F(Delegate, CallsWithTheOtherCommands) {
  plugin_does("exit 1");
  for (const Command command : {Command::Del, Command::Check, Command::Gc, Command::Status}) {
    EXPECT_THAT(ipam_call(command, request_), Succeeds());
  }
  EXPECT_EQ(content("calls"),
            "DEL c1 eth0 /nowhere kept\nCHECK c1 eth0 /nowhere kept\nGC c1 eth0 /nowhere kept\n"
            "STATUS c1 eth0 /nowhere kept\n");
}

TEST_F(Delegate, WithoutIpamNothingIsCalled) {
  request_.ipam_type = "";
  EXPECT_THAT(ipam_call(Command::Del, request_), Succeeds());
  EXPECT_THAT(ipam_add(request_), FailsSaying("no plugin name provided"));
}

}  // namespace
}  // namespace netctl::cni
