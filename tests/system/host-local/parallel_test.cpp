#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "ipam/host-local/plugin.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/process.hpp"
#include "tests/support/private_host.hpp"
#include "tests/system/host-local/beside_reference.hpp"

// Many processes on one store at the same moment.
namespace netctl::host_local {
namespace {

class ParallelCalls : public test::PrivateHost {
 protected:
  // Calls the plugin for as many containers at once, each in a process of its own; in turn that of
  // each of `whose`. What each printed, in their order.
  std::vector<std::string> call(const std::string& command, unsigned count,
                                const std::vector<Who>& whose) {
    std::vector<pid_t> processes;
    for (unsigned number = 0; number < count; ++number) {
      const pid_t process = ::fork();
      EXPECT_GE(process, 0);
      if (process == 0) {
        std::ofstream(answer_file(number))
            << call_plugin(command, number, whose[number % whose.size()]);
        ::_exit(0);
      }
      processes.push_back(process);
    }
    for (const pid_t process : processes) ::waitpid(process, nullptr, 0);
    std::vector<std::string> answers;
    for (unsigned number = 0; number < count; ++number) {
      answers.push_back(sys::read_file(answer_file(number)).value());
    }
    return answers;
  }

  // The addresses that a call gave; an address that is there twice is an error.
  static std::set<IpAddress> addresses_in(const std::vector<std::string>& answers) {
    std::set<IpAddress> addresses;
    for (const std::string& answer : answers) {
      const auto result = cni::parse_result(answer, "1.0.0");
      if (!result || result->ips.size() != 1) continue;
      EXPECT_TRUE(addresses.insert(result->ips.front().address.address).second) << answer;
    }
    return addresses;
  }

  // The files are one for each of the addresses, each with a container of its own.
  static void expect_files_for(const std::set<IpAddress>& addresses) {
    std::set<std::string> owners;
    std::set<IpAddress> reserved;
    for (const std::string& name : sys::list_directory(kStore).value()) {
      const auto address = parse_ip_address(name);
      if (!address) continue;
      reserved.insert(*address);
      EXPECT_TRUE(owners.insert(sys::read_file(format("{}/{}", kStore, name)).value()).second);
    }
    EXPECT_EQ(reserved, addresses);
  }

  std::string subnet = "10.0.0.0/22";

 private:
  static std::string answer_file(unsigned number) { return format("/run/answer.{}", number); }

  std::string call_plugin(const std::string& command, unsigned number, Who who) const {
    const std::string config = format(
        R"({{"cniVersion": "1.0.0", "name": "net",
            "ipam": {{"type": "host-local", "subnet": "{}", "dataDir": "/run/data"}}}})",
        subnet);
    const cni::Environment environment{{"CNI_COMMAND", command},
                                       {"CNI_CONTAINERID", format("c{}", number)},
                                       {"CNI_NETNS", "/none"},
                                       {"CNI_IFNAME", "eth0"},
                                       {"CNI_PATH", "/none"}};
    if (who == Who::Theirs) {
      std::vector<std::string> variables;
      for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
      const auto finished = sys::run_program(kReference, {kReference}, variables, config);
      return finished ? finished->out : finished.error().message;
    }
    HostLocal plugin;
    return cni::run_on(plugin, environment, config).out;
  }
};

TEST_F(ParallelCalls, Of256EachGetsAnAddressOfItsOwnAndNoneIsLost) {
  const auto addresses = addresses_in(call("ADD", 256, {Who::Ours}));
  EXPECT_EQ(addresses.size(), 256U);
  expect_files_for(addresses);
  for (const std::string& answer : call("DEL", 256, {Who::Ours})) {
    EXPECT_EQ(answer, "");
  }
  expect_files_for({});
}

TEST_F(ParallelCalls, AsManyAsThereAreAddressesGetOneAndTheOthersAreTold) {
  subnet = "10.0.0.0/26";  // 61 besides the gateway
  const auto answers = call("ADD", 100, {Who::Ours});
  const auto addresses = addresses_in(answers);
  EXPECT_EQ(addresses.size(), 61U);
  expect_files_for(addresses);
  EXPECT_EQ(std::ranges::count_if(answers,
                                  [](const std::string& answer) {
                                    return answer.find("no IP addresses available in range set") !=
                                           answer.npos;
                                  }),
            39);
}

TEST_F(ParallelCalls, TheReferencePluginAndOursShareOneDirectory) {
  if (::access(kReference, X_OK) != 0) {
    GTEST_SKIP() << "needs the reference plugin as " << kReference;
  }
  const auto addresses = addresses_in(call("ADD", 96, {Who::Ours, Who::Theirs}));
  EXPECT_EQ(addresses.size(), 96U);
  expect_files_for(addresses);
  for (const std::string& answer : call("CHECK", 96, {Who::Theirs, Who::Ours})) {
    EXPECT_EQ(answer, "") << "each finds what the other made";
  }
  for (const std::string& answer : call("DEL", 96, {Who::Theirs, Who::Ours})) {
    EXPECT_EQ(answer, "");
  }
  expect_files_for({});
}

}  // namespace
}  // namespace netctl::host_local
