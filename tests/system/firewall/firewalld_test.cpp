// Hosts with firewalld: a message bus of the test's own, and somebody on it who answers as
// firewalld does.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "tests/support/calls.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kAddress = "unix:path=/run/bus";
constexpr const char* kSources = "/run/sources";  // "trusted 10.1.0.2/32" a line
constexpr const char* kRefused = "/run/refused";  // "addSource 10.1.0.2/32" a line

bool is_refused(const std::string& call) {
  std::ifstream file(kRefused);
  for (std::string line; std::getline(file, line);) {
    if (line == call) return true;
  }
  return false;
}

// Serves addSource, removeSource and querySource with firewalld's words, until it is killed.
class Stub {
 public:
  [[noreturn]] static void run(int ready) {
    Stub stub;
    sd_bus* bus = nullptr;
    const bool on =
        sd_bus_open_system(&bus) >= 0 &&
        sd_bus_add_object(bus, nullptr, "/org/fedoraproject/FirewallD1", answer, &stub) >= 0 &&
        sd_bus_request_name(bus, "org.fedoraproject.FirewallD1", 0) >= 0;
    if (!on || ::write(ready, "+", 1) != 1) ::_exit(1);
    while (sd_bus_process(bus, nullptr) >= 0) sd_bus_wait(bus, UINT64_MAX);
    ::_exit(0);
  }

 private:
  static int answer(sd_bus_message* message, void* self, sd_bus_error*) {
    auto& sources = static_cast<Stub*>(self)->sources_;
    const char* zone = nullptr;
    const char* source = nullptr;
    if (sd_bus_message_read(message, "ss", &zone, &source) < 0) return 0;
    const std::string line = std::string(zone) + " " + source;
    const std::string method = sd_bus_message_get_member(message);
    const auto refuse = [&](const char* word) {
      return sd_bus_reply_method_errorf(message, "org.fedoraproject.FirewallD1.Exception", "%s: %s",
                                        word, source);
    };
    if (is_refused(method + " " + source)) return refuse("COMMAND_FAILED");
    if (method == "querySource") {
      return sd_bus_reply_method_return(message, "b", sources.contains(line) ? 1 : 0);
    }
    if (method == "addSource" && !sources.insert(line).second) return refuse("ZONE_ALREADY_SET");
    if (method == "removeSource" && sources.erase(line) == 0) return refuse("UNKNOWN_SOURCE");
    std::ofstream file(kSources);
    for (const std::string& each : sources) file << each << "\n";
    file.close();
    return sd_bus_reply_method_return(message, "s", zone);
  }

  std::set<std::string> sources_;
};

class FirewalldHost : public Calls {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    if (::access("/usr/bin/dbus-daemon", X_OK) != 0) {
      GTEST_SKIP() << "needs a message bus: apt-get install dbus-daemon";
    }
    std::ofstream("/run/bus.conf")
        << "<busconfig><listen>" << kAddress << "</listen><auth>EXTERNAL</auth>"
        << "<policy context=\"default\"><allow send_destination=\"*\"/><allow eavesdrop=\"true\"/>"
        << "<allow own=\"*\"/></policy></busconfig>";
    environment["DBUS_SYSTEM_BUS_ADDRESS"] = kAddress;
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", kAddress, 1);
    bus_ = start([](int ready) {
      ::dup2(ready, STDOUT_FILENO);
      ::execl("/usr/bin/dbus-daemon", "dbus-daemon", "--config-file=/run/bus.conf", "--nofork",
              "--print-address", nullptr);
      ::_exit(127);
    });
  }

  void TearDown() override {
    for (const pid_t child : {firewalld_, bus_}) {
      if (child <= 0) continue;
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }

  // A child that says on a pipe that it is ready; waited for.
  template <class Body>
  static pid_t start(Body body) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) body(ends[1]);
    ::close(ends[1]);
    char first = 0;
    EXPECT_EQ(::read(ends[0], &first, 1), 1) << "it ended before it was ready";
    ::close(ends[0]);
    return child;
  }

  void start_firewalld() {
    sure("nft add table inet firewalld");
    firewalld_ = start(Stub::run);
  }

  static Target target() { return {.container = "c1", .netns = "gone"}; }
  static std::string config(const std::string& keys = "") {
    return format(R"({{"cniVersion": "1.0.0", "name": "net", "type": "firewall", {}
                      "prevResult": {{"ips": [{{"address": "10.1.0.2/24"}},
                                              {{"address": "fd01::2/64"}}]}}}})",
                  keys.empty() ? "" : keys + ",");
  }
  sys::Finished firewall(const std::string& command, const std::string& keys = "") {
    return call("firewall", command, target(), config(keys));
  }
  // That remembers nothing of the ADD.
  sys::Finished forgetful_del() {
    return call("firewall", "DEL", target(), R"({"cniVersion": "1.1.0", "name": "net"})");
  }
  void expect_nothing() {
    EXPECT_EQ(sources(), "");
    EXPECT_THAT(run("nft list ruleset").out, Not(HasSubstr("netctl")));
  }
  std::string sources() { return run(std::string("cat ") + kSources).out; }

  pid_t bus_ = 0;
  pid_t firewalld_ = 0;
};

TEST_F(FirewalldHost, AddressesBecomeSourcesOfTheZoneAndAreNoneAfterDel) {
  start_firewalld();
  ASSERT_EQ(firewall("ADD").exit_status, 0);
  EXPECT_EQ(sources(), "trusted 10.1.0.2/32\ntrusted fd01::2/128\n");
  EXPECT_THAT(firewall("CHECK"), IsSilentSuccess());
  EXPECT_EQ(firewall("ADD").exit_status, 0) << "twice is the same as once";

  EXPECT_THAT(firewall("DEL"), IsSilentSuccess());
  EXPECT_EQ(sources(), "");
  EXPECT_THAT(firewall("DEL"), IsSilentSuccess());
  expect_nothing();
}

TEST_F(FirewalldHost, ADelThatKnowsNothingFindsThem) {
  start_firewalld();
  ASSERT_EQ(firewall("ADD").exit_status, 0);
  EXPECT_THAT(forgetful_del(), IsSilentSuccess());
  EXPECT_EQ(sources(), "");
}

TEST_F(FirewalldHost, AnotherZoneIsTheConfigs) {
  start_firewalld();
  ASSERT_EQ(firewall("ADD", R"("backend": "firewalld", "firewalldZone": "work")").exit_status, 0);
  EXPECT_THAT(sources(), HasSubstr("work 10.1.0.2/32"));
}

TEST_F(FirewalldHost, ASourceThatIsGoneIsToldByCheck) {
  start_firewalld();
  ASSERT_EQ(firewall("ADD").exit_status, 0);
  sd_bus* bus = nullptr;
  ASSERT_GE(sd_bus_open_system(&bus), 0);
  EXPECT_GE(sd_bus_call_method(bus, "org.fedoraproject.FirewallD1", "/org/fedoraproject/FirewallD1",
                               "org.fedoraproject.FirewallD1.zone", "removeSource", nullptr,
                               nullptr, "ss", "trusted", "10.1.0.2/32"),
            0);
  sd_bus_flush_close_unref(bus);
  EXPECT_THAT(firewall("CHECK").out, HasSubstr("10.1.0.2 is no source of zone trusted"));
}

TEST_F(FirewalldHost, OneThatDoesNotRunIsAnErrorOnlyWhenItIsAskedFor) {
  sure("nft add table inet firewalld");
  EXPECT_THAT(firewall("ADD", R"("backend": "firewalld")"),
              Refuses(999, HasSubstr("firewalld does not run: nobody owns")));
  EXPECT_EQ(firewall("ADD").exit_status, 0);
  EXPECT_THAT(firewall("DEL"), IsSilentSuccess());
}

// Where the way back is barred as well, it is on record what was told.
TEST_F(FirewalldHost, IsToldByTheNextDelWhatAnAddCouldNotTakeBack) {
  start_firewalld();
  std::ofstream(kRefused) << "addSource fd01::2/128\nremoveSource 10.1.0.2/32\n";
  EXPECT_THAT(firewall("ADD"), Refuses(999, HasSubstr("addSource fd01::2/128 in zone trusted: "
                                                      "COMMAND_FAILED")));
  EXPECT_EQ(sources(), "trusted 10.1.0.2/32\n");
  EXPECT_THAT(forgetful_del(), Refuses(999, HasSubstr("removeSource 10.1.0.2/32")));

  sure(format("rm {}", kRefused));
  EXPECT_THAT(forgetful_del(), IsSilentSuccess());
  expect_nothing();
}

// The bus is there and cannot be spoken to: that is not "it does not run".
class FirewalldUnheard : public FirewalldHost, public testing::WithParamInterface<Fault> {
 protected:
  static std::string reason() {
    const std::map<std::string, std::string> words = {{"EAGAIN", "temporarily unavailable"},
                                                      {"ENOBUFS", "No buffer space"},
                                                      {"ECONNRESET", "Connection reset"}};
    return words.at(GetParam().error);
  }
};

TEST_P(FirewalldUnheard, IsToldOfAllOrOfNothingByAnAdd) {
  start_firewalld();
  const int failed = with_each_failing(GetParam(), "firewall", variables_of("ADD", target()),
                                       config(), [&](const auto& added) {
                                         EXPECT_THAT(added, Refuses(999, HasSubstr(reason())));
                                         expect_nothing();
                                       });
  EXPECT_GT(failed, 1) << "nothing was swept";
}

TEST_P(FirewalldUnheard, IsToldByTheNextDelWhatOneCouldNotTell) {
  start_firewalld();
  ASSERT_EQ(firewall("ADD").exit_status, 0);
  const int failed = with_each_failing(GetParam(), "firewall", variables_of("DEL", target()),
                                       config(), [&](const auto& deleted) {
                                         EXPECT_THAT(deleted, Refuses(999, HasSubstr(reason())));
                                         EXPECT_THAT(forgetful_del(), IsSilentSuccess());
                                         expect_nothing();
                                         EXPECT_EQ(firewall("ADD").exit_status, 0);
                                       });
  EXPECT_GT(failed, 0) << "nothing was swept";
}

INSTANTIATE_TEST_SUITE_P(
    At, FirewalldUnheard,
    testing::Values(Fault{.call = "connect", .error = "EAGAIN"},
                    Fault{.call = "sendto", .error = "ENOBUFS", .step = 3},
                    // The first lines of a conversation are read byte by byte.
                    Fault{.call = "recvfrom", .error = "ECONNRESET", .step = 13}),
    [](const auto& each) { return each.param.call; });

}  // namespace
}  // namespace netctl::test
