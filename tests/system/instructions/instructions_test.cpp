// How many instructions a plugin executes, and how many pages it touches: figures that do not
// depend on the machine's mood, so they can have a ceiling. Only the processor's work in the
// program itself is in the first, not the kernel's.
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/lab.hpp"

namespace netctl::test {
namespace {

constexpr char kPlugins[] = NETCTL_RELEASE_PLUGINS;

constexpr char kNetctl[] = NETCTL_RELEASE_PROGRAM;

// In thousands. Measured with GCC 12.2 and Debian 12's libraries: 46, 499 and 1,581; the rest is
// room for other versions of both, not for us.
constexpr double kVersionCeiling = 60;
constexpr double kAddCeiling = 580;
constexpr double kCommandCeiling = 1820;
// Of page faults; measured: 33 where the kernel maps most of the file at once, otherwise 47 to 51.
// With its functions scattered over the file it had 69, so when this is passed,
// cmake/first-functions.ld has grown old: scripts/order-functions.sh.
constexpr long kFaultsCeiling = 55;

constexpr char kConfig[] =
    R"({"cniVersion":"1.0.0","name":"net","type":"bridge","bridge":"br0","isGateway":true,)"
    R"("ipMasq":true,"ipam":{"type":"host-local","ranges":[[{"subnet":"10.0.0.0/16"}]],)"
    R"("routes":[{"dst":"0.0.0.0/0"}],"dataDir":"/run/addresses"}})";

class Instructions : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    if (::access("/usr/bin/valgrind", X_OK) != 0) GTEST_SKIP() << "needs valgrind";
    if (::access(bridge().c_str(), X_OK) != 0 || ::access(kNetctl, X_OK) != 0) {
      GTEST_SKIP() << "needs the release build: cmake --preset release && "
                      "cmake --build --preset release";
    }
  }

  static std::string bridge() { return std::string(kPlugins) + "/bridge"; }

  // The program in a run of `before`.
  sys::Finished call(const std::vector<std::string>& before,
                     const std::vector<std::string>& program,
                     const std::map<std::string, std::string>& more, const std::string& config) {
    auto variables = environment;
    variables.insert(more.begin(), more.end());
    variables["CNI_PATH"] = kPlugins;
    // It runs a program of its own before ours, which needs no sanitizer's options.
    variables.erase("ASAN_OPTIONS");
    std::vector<std::string> list;
    for (const auto& [name, value] : variables) list.push_back(format("{}={}", name, value));
    std::vector<std::string> words = before;
    words.insert(words.end(), program.begin(), program.end());
    auto finished = sys::run_program(words.front(), words, list, config);
    EXPECT_TRUE(finished);
    return finished ? std::move(finished).value() : sys::Finished{.exit_status = 127};
  }

  static std::map<std::string, std::string> add_of(const std::string& id) {
    return {{"CNI_COMMAND", "ADD"},
            {"CNI_CONTAINERID", id},
            {"CNI_NETNS", "/run/netns/" + id},
            {"CNI_IFNAME", "eth0"}};
  }

  void add_first() {
    sure("ip netns add first");
    sure("ip netns add second");
    const sys::Finished first = call({}, {bridge()}, add_of("first"), kConfig);
    ASSERT_EQ(first.exit_status, 0) << first.out;
  }

  static long faults_of_children() {
    rusage used{};
    EXPECT_EQ(::getrusage(RUSAGE_CHILDREN, &used), 0);
    return used.ru_minflt;
  }

  // Of one call, in thousands; callgrind writes the total into its file as "totals: N".
  double thousands(const std::vector<std::string>& program,
                   const std::map<std::string, std::string>& more, const std::string& config) {
    const sys::Finished finished =
        call({"/usr/bin/valgrind", "--tool=callgrind", "--callgrind-out-file=/run/callgrind.out"},
             program, more, config);
    EXPECT_EQ(finished.exit_status, 0) << finished.out << finished.err;
    std::ifstream file("/run/callgrind.out");
    const std::regex total("^(totals|summary): ([0-9]+).*");
    std::smatch match;
    for (std::string line; std::getline(file, line);) {
      if (std::regex_match(line, match, total)) return std::stod(match[2]) / 1000;
    }
    ADD_FAILURE() << "callgrind told no total\n" << finished.err;
    return 0;
  }
};

TEST_F(Instructions, OfBridgeVersion) {
  const double count = thousands({bridge()}, {{"CNI_COMMAND", "VERSION"}}, "");

  EXPECT_GT(count, 1) << "nothing was counted";
  EXPECT_LT(count, kVersionCeiling);
}

// The second of its network, so that bridge and table are there.
TEST_F(Instructions, OfOneAdd) {
  add_first();

  const double count = thousands({bridge()}, add_of("second"), kConfig);

  EXPECT_GT(count, 1) << "nothing was counted";
  EXPECT_LT(count, kAddCeiling);
}

TEST_F(Instructions, PagesThatOneAddTouches) {
  add_first();

  const long before = faults_of_children();
  const sys::Finished second = call({}, {bridge()}, add_of("second"), kConfig);
  const long count = faults_of_children() - before;

  ASSERT_EQ(second.exit_status, 0) << second.out;
  EXPECT_GT(count, 10) << "nothing was counted";
  EXPECT_LT(count, kFaultsCeiling);
}

// Three plugins and their IPAM in one process, which reads the config once and prints no JSON in
// between.
TEST_F(Instructions, OfTheCommandAdd) {
  const auto add = [](const std::string& netns, const std::string& port) {
    return std::vector<std::string>{kNetctl, "add", "bridge", netns, "-p", port};
  };
  sure("ip netns add first");
  sure("ip netns add second");
  const sys::Finished first = call({}, add("first", "8080:80"), {}, "");
  ASSERT_EQ(first.exit_status, 0) << first.err;

  const double count = thousands(add("second", "8081:80"), {}, "");

  EXPECT_GT(count, 1) << "nothing was counted";
  EXPECT_LT(count, kCommandCeiling);
}

}  // namespace
}  // namespace netctl::test
