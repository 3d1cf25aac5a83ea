#pragma once

#include <functional>
#include <string>

#include "tests/support/container_lab.hpp"

// Others' programs that call CNI plugins, each with directories of its own, on a host of its own.
namespace netctl::test {

inline constexpr const char* kReferencePlugins = "/usr/lib/cni";  // containernetworking-plugins

// A lab for one of these programs. /etc, /opt and /dev/shm may be changed: what is written there is
// gone with the test. Its containers are made from the box: there `httpd -f -p 80 -h /www` serves
// the page "served", and `look` tells the address, the MTU and the routes. What is left of
// processes and cgroups at the end of a test, however it ended, is removed. Of cgroups of both
// versions at once ("hybrid") only those of version 1 are seen: crun refuses a mixture.
class ClientLab : public ContainerLab {
 protected:
  void SetUp() override;
  void TearDown() override;
  bool has_own_cgroups() const override { return false; }

  // Skips the test unless the program is there; `package` has it.
  void need(const std::string& program, const std::string& package);
  // The same for the reference plugins.
  void need_reference_plugins();

  // The parent of all cgroups of the test's containers, as cgroup paths are told to runtimes.
  std::string group() const;

  // host_state() and the files of the stores that other programs know.
  std::string state();
  // Expects state() to become what SetUp saw. Not at once: Podman and containerd do part of their
  // work after they have answered.
  void expect_host_as_it_was();

  // What a command prints once it prints that; what it printed last when it never does.
  std::string until(const std::string& expected, const std::string& line);
  // Expects the page at an address of the host, asked from there and from another machine.
  void expect_page_on_host(int port);

  // Where the programs look for plugins: ours, or those of another directory.
  void use_plugins(const std::string& directory);
  static std::string plugin_link() { return "/opt/cni/bin"; }
  // Has `life`, a container from its beginning to its end, done with our plugins and with the
  // reference ones, in turn; what it saw has to be the same each time. Prints the medians of the
  // time that it took. `what` names it in that line. A build with sanitizers is slow: with a
  // release build's plugin directory in NETCTL_CLIENT_PLUGINS the time is told of these.
  void expect_same_with_reference(const std::string& what,
                                  const std::function<std::string()>& life);

  // A tar of the box, and an image of it in Docker's format, "docker.io/library/box:latest", which
  // sleeps.
  std::string box_tar();
  std::string box_image();

 private:
  std::string before_;
};

// A conflist of the plugins that Podman writes down too: bridge, portmap, firewall, tuning.
std::string pods_network();

}  // namespace netctl::test
