#include "tests/clients/client_lab.hpp"

#include <dirent.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"

namespace netctl::test {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 3;

std::string failed(const std::string& step) { return step + ": " + std::strerror(errno); }

// What is written to a directory stays in the test: an overlay in memory.
std::string make_private(const std::string& directory) {
  const std::string changes = "/run/private" + directory;
  fs::create_directories(changes + "/upper");
  fs::create_directories(changes + "/work");
  const std::string options =
      format("lowerdir={0},upperdir={1}/upper,workdir={1}/work", directory, changes);
  return ::mount("overlay", directory.c_str(), "overlay", 0, options.c_str()) == 0
             ? ""
             : failed("mount an overlay on " + directory);
}

// The hierarchies of version 1 without the one of version 2 beside them.
std::string hide_unified_cgroups() {
  if (!fs::exists("/sys/fs/cgroup/unified")) return "";
  const std::string all = "/run/private/cgroup";
  fs::create_directories(all);
  if (::mount("/sys/fs/cgroup", all.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0 ||
      ::mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, "mode=0755") != 0) {
    return failed("mount another /sys/fs/cgroup");
  }
  for (const auto& entry : fs::directory_iterator(all)) {
    const std::string name = entry.path().filename();
    const std::string place = "/sys/fs/cgroup/" + name;
    if (name == "unified") continue;
    if (entry.is_symlink()) {  // cpu and cpuacct, where one hierarchy has both
      fs::copy_symlink(entry.path(), place);
      continue;
    }
    fs::create_directory(place);
    if (::mount(entry.path().c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
      return failed("mount " + place);
    }
  }
  return "";
}

std::string make_private_places() {
  // Locks in shared memory are one for the whole machine.
  if (::mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777") != 0) return failed("mount /dev/shm");
  for (const char* directory : {"/etc", "/opt"}) {
    if (std::string refused = make_private(directory); !refused.empty()) return refused;
  }
  return hide_unified_cgroups();
}

// The processes whose parent this one is.
std::vector<pid_t> children() {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::ifstream file(entry.path() / "stat");
    std::string text;
    if (!std::getline(file, text)) continue;
    pid_t parent = 0;
    // "pid (name) state parent": the name may have anything in it.
    if (std::sscanf(text.c_str() + text.rfind(')') + 1, " %*c %d", &parent) == 1 &&
        parent == ::getpid()) {
      found.push_back(std::stoi(entry.path().filename()));
    }
  }
  return found;
}

// Ends everything that was started, at any distance: what loses its parent becomes a child of the
// test (PR_SET_CHILD_SUBREAPER).
void end_descendants() {
  for (auto left = children(); !left.empty(); left = children()) {
    for (const pid_t process : left) ::kill(process, SIGKILL);
    for (const pid_t process : left) ::waitpid(process, nullptr, 0);
  }
}

// Innermost first. A group is busy until the kernel is through with its last process.
bool remove_groups(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.is_directory(error)) remove_groups(entry.path());
  }
  return ::rmdir(directory.c_str()) == 0 || errno == ENOENT;
}

double milliseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

void ClientLab::SetUp() {
  ContainerLab::SetUp();
  if (IsSkipped()) return;
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  if (const std::string refused = make_private_places(); !refused.empty()) GTEST_SKIP() << refused;
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  environment.erase("NETCTL_CNI_STATE_DIR");  // others know only their own directory
  environment["CNI_PATH"] = plugin_link();
  write(box() + "/www/index.html", "served");
  script("look",
         "ip -4 addr show eth0 | grep -o 'inet [^ ]*'; cat /sys/class/net/eth0/mtu; ip route");
  use_plugins(plugin_directory());
  // As the plugins leave them: with forwarding there are more routes.
  sure("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
  connect_client();
  // The last routes of a new link, which come by themselves.
  ASSERT_TRUE(eventually([&] {
    const std::string routes = run("ip -6 route show table local dev eth9").out;
    return routes.find("anycast fd99::") != routes.npos &&
           routes.find("local fd99::1") != routes.npos;
  }));
  before_ = state();
}

void ClientLab::TearDown() {
  ContainerLab::TearDown();
  end_descendants();
  if (!fs::exists("/sys/fs/cgroup")) return;
  std::vector<std::string> roots = {"/sys/fs/cgroup"};
  for (const auto& entry : fs::directory_iterator("/sys/fs/cgroup")) {
    if (entry.is_directory()) roots.push_back(entry.path());
  }
  for (const std::string& root : roots) {
    EXPECT_TRUE(eventually([&] { return remove_groups(root + group()); })) << root + group();
  }
}

void ClientLab::need(const std::string& program, const std::string& package) {
  for (const char* directory : {"/usr/bin/", "/usr/sbin/"}) {
    if (::access((directory + program).c_str(), X_OK) == 0) return;
  }
  GTEST_SKIP() << "needs " << program << ": apt-get install --no-install-recommends " << package;
}

void ClientLab::need_reference_plugins() {
  if (::access((std::string(kReferencePlugins) + "/bridge").c_str(), X_OK) == 0) return;
  GTEST_SKIP() << "needs the reference plugins: apt-get install containernetworking-plugins";
}

std::string ClientLab::group() const { return format("/netctl-clients-{}", ::getpid()); }

std::string ClientLab::state() {
  return host_state() +
         run("find /var/lib/cni -type f -not -name lock -not -name last_reserved_ip.*").out;
}

void ClientLab::expect_host_as_it_was() {
  eventually([&] { return state() == before_; });
  EXPECT_EQ(state(), before_);
}

std::string ClientLab::until(const std::string& expected, const std::string& line) {
  std::string last;
  eventually([&] { return (last = run(line).out) == expected; });
  return last;
}

void ClientLab::expect_page_on_host(int port) {
  const std::string ask = "curl -s --max-time 2 http://";
  EXPECT_EQ(until("served", format("{}127.0.0.1:{}/", ask, port)), "served");
  const std::string outside = "nsenter --net=/run/netns/client -- ";
  EXPECT_EQ(until("served", format("{}{}198.51.100.1:{}/", outside, ask, port)), "served");
}

void ClientLab::use_plugins(const std::string& directory) {
  fs::create_directories(fs::path(plugin_link()).parent_path());
  fs::remove_all(plugin_link());
  fs::create_directory_symlink(directory, plugin_link());
}

void ClientLab::expect_same_with_reference(const std::string& what,
                                           const std::function<std::string()>& life) {
  const char* built = ::getenv("NETCTL_CLIENT_PLUGINS");
  const std::string our_plugins = built ? built : plugin_directory();
  std::vector<double> ours;
  std::vector<double> theirs;
  std::string seen;
  const auto timed_life = [&](const std::string& directory) {
    use_plugins(directory);
    // So that each gets the first address.
    run("find /var/lib/cni/networks -name last_reserved_ip.* -delete");
    return milliseconds([&] { seen = life(); });
  };
  for (int round = 0; round < kRounds; ++round) {
    ours.push_back(timed_life(our_plugins));
    const std::string with_ours = seen;
    theirs.push_back(timed_life(kReferencePlugins));
    EXPECT_EQ(with_ours, seen);
    EXPECT_THAT(seen, testing::HasSubstr("inet "));
  }
  use_plugins(plugin_directory());
  const bool slowed = PLUGINS_HAVE_SANITIZERS && !built;
  std::cout << format("time: {}: {:.0f} ms with our plugins{}, {:.0f} ms with the reference ones\n",
                      what, median(ours), slowed ? " (with sanitizers)" : "", median(theirs));
}

std::string ClientLab::box_tar() {
  if (!fs::exists("/run/box.tar")) sure(format("tar -C {} -cf /run/box.tar .", box()));
  return "/run/box.tar";
}

std::string ClientLab::box_image() {
  const std::string digest = sure("sha256sum " + box_tar()).substr(0, 64);
  std::string machine = sure("uname -m");
  if (machine == "x86_64") machine = "amd64";
  if (machine == "aarch64") machine = "arm64";
  write("/run/image/config.json", format(R"({{"architecture": "{}", "os": "linux",
          "config": {{"Cmd": ["sleep", "1000"], "Env": ["PATH=/bin"]}},
          "rootfs": {{"type": "layers", "diff_ids": ["sha256:{}"]}}}})",
                                         machine, digest));
  write("/run/image/manifest.json",
        R"([{"Config": "config.json", "RepoTags": ["docker.io/library/box:latest"],
             "Layers": ["layer.tar"]}])");
  sure(format("cp {} /run/image/layer.tar", box_tar()));
  sure("tar -C /run/image -cf /run/image.tar .");
  return "/run/image.tar";
}

std::string pods_network() {
  return R"({"cniVersion": "1.0.0", "name": "pods", "plugins": [
      {"type": "bridge", "bridge": "cni7", "isGateway": true, "ipMasq": true, "hairpinMode": true,
       "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.7.0.0/24"}]],
                "routes": [{"dst": "0.0.0.0/0"}]}},
      {"type": "portmap", "capabilities": {"portMappings": true}},
      {"type": "firewall"},
      {"type": "tuning"}]})";
}

}  // namespace netctl::test
