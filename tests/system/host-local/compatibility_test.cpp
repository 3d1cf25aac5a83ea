#include <unistd.h>

#include <gmock/gmock.h>

#include "ipam/host-local/plugin.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/result.hpp"
#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/process.hpp"
#include "tests/support/matchers.hpp"
#include "tests/support/private_host.hpp"
#include "tests/system/host-local/beside_reference.hpp"

// Our plugin and the reference plugin on one directory, as during an upgrade.
namespace netctl::host_local {
namespace {

using test::Succeeds;
using testing::ElementsAre;
using testing::HasSubstr;

class HostLocalCompatibility : public test::PrivateHost {
 protected:
  void SetUp() override {
    PrivateHost::SetUp();
    if (!IsSkipped() && ::access(kReference, X_OK) != 0) {
      GTEST_SKIP() << "needs the reference plugin as " << kReference;
    }
  }

  // What was printed; an error object when the call failed.
  std::string call(Who who, const std::string& command, const std::string& container) const {
    const cni::Environment environment{{"CNI_COMMAND", command},
                                       {"CNI_CONTAINERID", container},
                                       {"CNI_NETNS", "/run/no-netns"},
                                       {"CNI_IFNAME", "eth0"},
                                       {"CNI_PATH", "/usr/lib/cni"}};
    return who == Who::Ours ? call_ours(environment) : call_theirs(environment);
  }

  // The addresses that an ADD gave.
  std::vector<std::string> add(Who who, const std::string& container) const {
    const auto result = cni::parse_result(call(who, "ADD", container), "1.0.0");
    std::vector<std::string> addresses;
    EXPECT_THAT(result, Succeeds());
    if (result) {
      for (const cni::Ip& ip : result->ips) addresses.push_back(ip.address.to_text());
    }
    return addresses;
  }

  static std::vector<std::string> files() { return sys::list_directory(kStore).value(); }

  // Four addresses of the first family, as many as there can be of the second.
  std::string config = R"({"cniVersion": "1.0.0", "name": "net", "ipam": {
      "type": "host-local", "dataDir": "/run/data",
      "ranges": [[{"subnet": "10.0.0.0/24", "rangeEnd": "10.0.0.5"}], [{"subnet": "fd00::/64"}]]}})";

 private:
  std::string call_ours(const cni::Environment& environment) const {
    HostLocal plugin;
    return cni::run_on(plugin, environment, config).out;
  }

  std::string call_theirs(const cni::Environment& environment) const {
    std::vector<std::string> variables;
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    return sys::run_program(kReference, {kReference}, variables, config).value().out;
  }
};

TEST_F(HostLocalCompatibility, BothGoOnWhereTheOtherStopped) {
  EXPECT_THAT(add(Who::Theirs, "c1"), ElementsAre("10.0.0.2/24", "fd00::2/64"));
  EXPECT_THAT(add(Who::Ours, "c2"), ElementsAre("10.0.0.3/24", "fd00::3/64"));
  EXPECT_THAT(add(Who::Theirs, "c3"), ElementsAre("10.0.0.4/24", "fd00::4/64"));
  EXPECT_THAT(add(Who::Ours, "c4"), ElementsAre("10.0.0.5/24", "fd00::5/64"));
}

TEST_F(HostLocalCompatibility, BothWriteTheSameFiles) {
  add(Who::Theirs, "c1");
  const auto names = files();
  std::vector<std::string> theirs;
  for (const std::string& name : names) {
    theirs.push_back(sys::read_file(format("{}/{}", kStore, name)).value());
  }
  ASSERT_EQ(call(Who::Theirs, "DEL", "c1"), "");
  ASSERT_THAT(sys::delete_file(format("{}/last_reserved_ip.0", kStore)), Succeeds());
  ASSERT_THAT(sys::delete_file(format("{}/last_reserved_ip.1", kStore)), Succeeds());
  add(Who::Ours, "c1");
  EXPECT_EQ(files(), names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    SCOPED_TRACE(names[i]);
    EXPECT_EQ(sys::read_file(format("{}/{}", kStore, names[i])).value(), theirs[i]);
  }
}

TEST_F(HostLocalCompatibility, BothFindAndReleaseWhatTheOtherReserved) {
  add(Who::Theirs, "c1");
  add(Who::Ours, "c2");
  EXPECT_EQ(call(Who::Ours, "CHECK", "c1"), "");
  EXPECT_EQ(call(Who::Theirs, "CHECK", "c2"), "");
  EXPECT_EQ(call(Who::Ours, "DEL", "c1"), "");
  EXPECT_EQ(call(Who::Theirs, "DEL", "c2"), "");
  EXPECT_THAT(files(), ElementsAre("last_reserved_ip.0", "last_reserved_ip.1", "lock"));
}

TEST_F(HostLocalCompatibility, BothRefuseInTheSameWords) {
  add(Who::Theirs, "c1");
  EXPECT_EQ(call(Who::Ours, "ADD", "c1"), call(Who::Theirs, "ADD", "c1")) << "a duplicate";
  EXPECT_EQ(cni::parse_error(call(Who::Ours, "CHECK", "c9")).message,
            cni::parse_error(call(Who::Theirs, "CHECK", "c9")).message)
      << "ours has details besides";
  for (const char* container : {"c2", "c3", "c4"}) add(Who::Ours, container);
  const std::string full = call(Who::Ours, "ADD", "c5");
  const std::string theirs = cni::parse_error(call(Who::Theirs, "ADD", "c5")).message;
  EXPECT_THAT(theirs, HasSubstr("no IP addresses available in range set: 10.0.0.1-10.0.0.5"));
  EXPECT_EQ(cni::parse_error(full).message, theirs + "; 10.0.0.0/24: 4 taken");
}

}  // namespace
}  // namespace netctl::host_local
