#include "tests/support/lab.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "runtime-core/base/format.hpp"

namespace netctl::test {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string find_program(const std::string& name) {
  if (name == "netctl") return NETCTL_BIN;
  if (name.find('/') != std::string::npos) return name;
  for (const char* directory : {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"}) {
    if (::access((directory + name).c_str(), X_OK) == 0) return directory + name;
  }
  return name;
}

std::vector<std::string> as_list(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> list;
  for (const auto& [name, value] : environment) list.push_back(name + "=" + value);
  return list;
}

sys::Finished run_words(std::vector<std::string> words,
                        std::map<std::string, std::string> environment) {
  while (!words.empty() && words.front().find('=') != std::string::npos &&
         words.front().front() != '-') {
    const auto equals = words.front().find('=');
    environment[words.front().substr(0, equals)] = words.front().substr(equals + 1);
    words.erase(words.begin());
  }
  const std::string program = find_program(words.front());
  auto finished = sys::run_program(program, words, as_list(environment), "");
  if (finished) return std::move(finished).value();
  return {.exit_status = 127, .out = "", .err = finished.error().message};
}

}  // namespace

void Lab::SetUp() {
  PrivateHost::SetUp();
  if (IsSkipped()) return;
  environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
                 {"NETCONFPATH", "/run/cni-config"},
                 {"NETCTL_CNI_STATE_DIR", "/run/cni-state"}};
  if (const char* options = ::getenv("ASAN_OPTIONS")) environment["ASAN_OPTIONS"] = options;
}

std::string Lab::netctl_program() const { return NETCTL_BIN; }
std::string Lab::plugin_directory() const { return NETCTL_PLUGINS; }

sys::Finished Lab::run(const std::string& line) { return run_words(words_of(line), environment); }

sys::Finished Lab::run_in(const std::string& ns, const std::string& line) {
  return run(format("nsenter --net=/run/netns/{} -- {}", ns, line));
}

std::string Lab::sure(const std::string& line) {
  sys::Finished finished = run(line);
  EXPECT_EQ(finished.exit_status, 0) << line << "\n" << finished.out << finished.err;
  if (finished.out.ends_with('\n')) finished.out.pop_back();
  return finished.out;
}

sys::Finished Lab::plugin(const std::string& type, const std::map<std::string, std::string>& call,
                          const std::string& config) {
  return plugin_at(plugin_directory() + "/" + type, call, config);
}

sys::Finished Lab::plugin_at(const std::string& file,
                             const std::map<std::string, std::string>& call,
                             const std::string& config) {
  auto variables = environment;
  variables["CNI_PATH"] = file.substr(0, file.rfind('/'));
  for (const auto& [name, value] : call) variables[name] = value;
  auto finished = sys::run_program(file, {file}, as_list(variables), config);
  EXPECT_TRUE(finished) << (finished ? "" : finished.error().message);
  return finished ? std::move(finished).value() : sys::Finished{.exit_status = 127};
}

sys::Finished Lab::with_error(const std::string& call, const std::string& error,
                              const std::string& path, const std::string& line) {
  return run(
      format("ASAN_OPTIONS={} strace -qq -o /dev/null {} -e trace={} -e inject={}:error={} "
             "{} {}",
             sanitizer_options(), path.empty() ? "" : "-P " + path, call, call, error,
             netctl_program(), line));
}

int Lab::with_each_failing(const Fault& fault, const std::string& type,
                           const std::map<std::string, std::string>& call,
                           const std::string& config,
                           const std::function<void(const sys::Finished&)>& look) {
  auto variables = environment;
  variables["CNI_PATH"] = plugin_directory();
  variables["ASAN_OPTIONS"] = sanitizer_options();
  for (const auto& [name, value] : call) variables[name] = value;
  const std::string strace = find_program("strace");
  int failed = 0;
  for (int nth = 1;; nth += fault.step) {
    SCOPED_TRACE(format("{} number {}", fault.call, nth));
    const std::vector<std::string> words = {
        strace,
        "-f",
        "-qq",
        "-o",
        "/run/injected",
        "-e",
        "trace=" + fault.call,
        "-e",
        format("inject={}:error={}:when={}", fault.call, fault.error, nth),
        format("{}/{}", plugin_directory(), type)};
    const auto finished = sys::run_program(strace, words, as_list(variables), config);
    if (!finished) {
      ADD_FAILURE() << finished.error().message;
      return failed;
    }
    if (run("grep -q INJECTED /run/injected").exit_status != 0) return failed;
    look(*finished);
    ++failed;
  }
}

void Lab::connect_machine(const std::string& name, const std::string& device,
                          const std::string& host, const std::string& machine) {
  sure("netctl ns add " + name);
  sure(format("ip link add {} type veth peer name eth0 netns /run/netns/{}", device, name));
  // Who forwards asks for neighbours from its link-local address, which otherwise could not be used
  // for the first one or two seconds.
  sure(format("sysctl -qw net.ipv6.conf.{}.accept_dad=0", device));
  EXPECT_EQ(run_in(name, "sysctl -qw net.ipv6.conf.eth0.accept_dad=0").exit_status, 0);
  const std::string nodad = host.find(':') != std::string::npos ? " nodad" : "";
  sure(format("ip addr add {} dev {}{}", host, device, nodad));
  sure(format("ip link set {} up", device));
  EXPECT_EQ(run_in(name, format("ip addr add {} dev eth0{}", machine, nodad)).exit_status, 0);
  EXPECT_EQ(run_in(name, "ip link set eth0 up").exit_status, 0);
}

void Lab::connect_client() {
  connect_machine("client", "eth9", "198.51.100.1/24", "198.51.100.2/24");
  sure("ip addr add fd99::1/64 dev eth9 nodad");
  for (const char* line :
       {"ip addr add fd99::2/64 dev eth0 nodad", "ip route add default via 198.51.100.1",
        "ip -6 route add default via fd99::1"}) {
    EXPECT_EQ(run_in("client", line).exit_status, 0) << line;
  }
  // Its local route comes by a work queue, a moment after the address.
  constexpr int kAttempts = 1000;
  const auto is_there = [&] {
    return run("ip -6 route show table local").out.find("fd99::1") != std::string::npos;
  };
  for (int i = 0; i < kAttempts && !is_there(); ++i) continue;
}

std::string Lab::address_in(const std::string& ns, const std::string& ifname, bool v6) {
  const std::string line = format("ip -{} -o addr show dev {} scope global", v6 ? 6 : 4, ifname);
  const sys::Finished finished = ns.empty() ? run(line) : run_in(ns, line);
  std::smatch match;
  if (!std::regex_search(finished.out, match, std::regex("inet6? ([0-9a-f.:]+)/"))) return "";
  return match[1];
}

std::string Lab::host_state() {
  std::string state;
  for (const char* line : {"ip -o link", "ip -o addr", "ip route show table all",
                           "ip -6 route show table all", "nft -s list ruleset"}) {
    state += format("== {}\n{}", line, run(line).out);
  }
  // The lock, host-local's memory of the last address, its indexes, and the compiled filters of
  // profiles belong to no attachment.
  for (const char* directory : {"/run/cni-state", "/run/netctl", "/run/netns"}) {
    std::error_code error;
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, error)) {
      const std::string name = entry.path().filename();
      const std::string parent = entry.path().parent_path();
      const bool is_kept = parent == "/run/netctl/ipam" || parent == "/run/netctl/filters";
      const bool is_lasting = name == "lock" || name.starts_with("last_reserved_ip.") || is_kept;
      if (!entry.is_regular_file() || is_lasting) continue;
      files.insert(entry.path());
    }
    for (const std::string& file : files) state += file + "\n";
  }
  // Link-local addresses come a second after their link, and its operational state and carrier as
  // late, so they tell of time and not of us.
  return std::regex_replace(
      state,
      std::regex("[^\n]*(fe80::|ff00::)[^\n]*\n|valid_lft [^\n]*| state [A-Z]+"
                 "|NO-CARRIER,|,LOWER_UP| dead| linkdown"),
      "");
}

void Lab::write_network(const std::string& file, const std::string& json) {
  std::filesystem::create_directories("/run/cni-config");
  std::ofstream("/run/cni-config/" + file) << json;
}

bool Lab::eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::usleep(20'000);
  }
  return true;
}

}  // namespace netctl::test
