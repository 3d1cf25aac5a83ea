// Podman with its CNI backend: its networks, written by itself, of our plugins.
#include <filesystem>
#include <regex>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/clients/client_lab.hpp"

namespace netctl::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Without Podman's log drivers and event files, and with limits that a root without
// CAP_SYS_RESOURCE may set too.
constexpr const char* kPodmanSettings = R"([containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "none"
[engine]
cgroup_manager = "cgroupfs"
runtime = "crun"
events_logger = "none"
[network]
network_backend = "cni"
cni_plugin_dirs = ["/opt/cni/bin"]
network_config_dir = "/run/podman/networks"
)";

class Podman : public ClientLab {
 protected:
  void SetUp() override {
    ClientLab::SetUp();
    if (!IsSkipped()) need("podman", "podman");
    if (!IsSkipped()) need("crun", "crun");
    if (IsSkipped()) return;
    write("/run/podman/containers.conf", kPodmanSettings);
    environment["CONTAINERS_CONF"] = "/run/podman/containers.conf";
    podman("import " + box_tar() + " box");
  }

  sys::Finished try_podman(const std::string& line) {
    return run(
        "podman --root /run/podman/root --runroot /run/podman/run --tmpdir /run/podman/tmp "
        "--storage-driver vfs " +
        line);
  }
  std::string podman(const std::string& line) {
    const sys::Finished finished = try_podman(line);
    EXPECT_EQ(finished.exit_status, 0) << "podman " << line << "\n" << finished.err;
    return finished.out.substr(0, finished.out.find_last_not_of('\n') + 1);
  }
  std::string run_container(const std::string& options, const std::string& command) {
    return podman(format("run --cgroup-parent {} {} box {}", group(), options, command));
  }

  // The plugins that Podman chains in its network.
  std::vector<std::string> plugins_of(const std::string& network) {
    const std::string text = read("/run/podman/networks/" + network + ".conflist");
    const std::regex type("\"type\": \"([a-z-]+)\"");
    std::vector<std::string> found;
    for (std::sregex_iterator match(text.begin(), text.end(), type), end; match != end; ++match) {
      found.push_back((*match)[1]);
    }
    return found;
  }

  const std::string kServe = "httpd -f -p 80 -h /www";
};

TEST_F(Podman, ContainersOfANetworkReachEachOtherAndThePortAnswersOnTheHost) {
  podman("network create --subnet 10.7.0.0/24 blue");
  EXPECT_THAT(plugins_of("blue"),
              ElementsAre("bridge", "host-local", "portmap", "firewall", "tuning"));

  run_container("-d --name web --network blue -p 8080:80", kServe);
  run_container("-d --name other --network blue", "sleep 1000");

  EXPECT_EQ(podman("inspect -f {{.NetworkSettings.Networks.blue.IPAddress}} web"), "10.7.0.2");
  expect_page_on_host(8080);
  EXPECT_THAT(podman("exec other ping -c 1 -W 5 10.7.0.2"), HasSubstr("1 packets received"));
  EXPECT_THAT(podman("exec web ping -c 1 -W 5 10.7.0.3"), HasSubstr("1 packets received"));
  EXPECT_EQ(podman("exec other wget -q -O - http://10.7.0.2/"), "served");
  EXPECT_EQ(podman("port web"), "80/tcp -> 0.0.0.0:8080");

  podman("stop -t 0 web other");
  podman("rm web other");
  podman("network rm blue");
  expect_host_as_it_was();
}

TEST_F(Podman, AStoppedContainerGivesItsPortBackAndGetsItAgainWhenItIsStarted) {
  podman("network create --subnet 10.7.0.0/24 blue");
  run_container("-d --name web --network blue -p 8080:80", kServe);

  podman("stop -t 0 web");
  run_container("-d --name second --network blue -p 8080:80", kServe);
  expect_page_on_host(8080);
  podman("rm -f -t 0 second");
  podman("start web");
  expect_page_on_host(8080);

  podman("rm -f -t 0 web");
  podman("network rm blue");
  expect_host_as_it_was();
}

TEST_F(Podman, AContainerHasTheAddressesAndTheMacAddressThatWereAskedFor) {
  podman("network create --subnet 10.7.0.0/24 --subnet fd07::/64 --ipv6 blue");

  const std::string addresses = run_container(
      "--rm --network blue:ip=10.7.0.77,ip=fd07::77,mac=02:00:00:00:00:77", "ip addr show eth0");

  EXPECT_THAT(addresses, HasSubstr("inet 10.7.0.77/24"));
  EXPECT_THAT(addresses, HasSubstr("inet6 fd07::77/64"));
  EXPECT_THAT(addresses, HasSubstr("link/ether 02:00:00:00:00:77"));
  podman("network rm blue");
  expect_host_as_it_was();
}

TEST_F(Podman, ARunningContainerIsConnectedToAnotherNetworkAndDisconnected) {
  podman("network create --subnet 10.7.0.0/24 blue");
  podman("network create --subnet 10.8.0.0/24 --internal green");
  run_container("-d --name web --network blue", kServe);

  podman("network connect green web");
  EXPECT_THAT(podman("exec web ip addr show eth1"), HasSubstr("inet 10.8.0.2/24"));
  EXPECT_EQ(run_container("--rm --network green", "wget -q -O - http://10.8.0.2/"), "served");
  podman("network disconnect green web");
  EXPECT_NE(try_podman("exec web ip addr show eth1").exit_status, 0);

  podman("rm -f -t 0 web");
  podman("network rm blue green");
  expect_host_as_it_was();
}

TEST_F(Podman, AContainerSeesTheSameWithTheReferencePlugins) {
  need_reference_plugins();
  if (IsSkipped()) return;
  podman("network create --subnet 10.7.0.0/24 blue");

  expect_same_with_reference("podman run --rm",
                             [&] { return run_container("--rm --network blue", "look"); });
}

}  // namespace
}  // namespace netctl::test
