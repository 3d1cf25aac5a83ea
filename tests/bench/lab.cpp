#include "tests/bench/lab.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "runtime-core/base/log.hpp"

namespace netctl::bench {
namespace {

constexpr char kDirectory[] = "/run/bench";
constexpr char kPath[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

double children_cpu() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto milliseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
}

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of(" \n\t");
  if (end == std::string::npos) return "";
  const auto begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1, end - begin);
}

// What a program said of its failure. CNI plugins say it on stdout, in several lines.
std::string said(const sys::Finished& finished) {
  if (const auto error = last_line(finished.err); !error.empty()) return error;
  std::string text;
  for (const char letter : finished.out) {
    if (letter != '\n' && letter != '\t') text += letter;
  }
  return text.empty() ? "nothing was said" : text;
}

}  // namespace

Result<std::shared_ptr<Host>> Host::make(const std::string& name) {
  std::shared_ptr<Host> host(new Host(name, format("{}/{}", kDirectory, name)));
  std::error_code error;
  std::filesystem::create_directories(host->directory_, error);
  if (error) return fail(Errc::Io, "create {}: {}", host->directory_, error.message());
  TRY(ns::create_pinned(name));
  const std::string path = TRY(ns::path_of(name));
  host->netns_ = TRY(ns::open_netns(path));
  return host;
}

Host::~Host() {
  containers_.push_back(name_);
  for (const std::string& name : containers_) {
    if (const Status removed = ns::remove_pinned(name); !removed) {
      log::warn("{}", removed.error().message);
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<sys::Finished> Host::run(const std::vector<std::string>& words, std::string_view input,
                                const std::vector<std::string>& environment) const {
  std::vector<std::string> variables = environment;
  variables.emplace_back(kPath);
  return ns::run_in(netns_.get(),
                    [&] { return sys::run_program(words.front(), words, variables, input); });
}

Result<std::string> Host::sure(const std::vector<std::string>& words, std::string_view input,
                               const std::vector<std::string>& environment,
                               std::string* told) const {
  sys::Finished finished = TRY(run(words, input, environment));
  if (told != nullptr) *told = finished.err;
  if (finished.exit_status == 0) return std::move(finished.out);
  const std::string program = std::filesystem::path(words.front()).filename();
  return fail(Errc::Unknown, "{}: exit status {}: {}", program, finished.exit_status,
              said(finished));
}

Result<std::string> Host::shell(const std::string& line, std::string_view input) const {
  return sure({"/bin/sh", "-ec", line}, input);
}

Result<std::string> Host::add_container() {
  const std::string name = format("{}-{}", name_, containers_.size());
  TRY(ns::create_pinned(name));
  containers_.push_back(name);
  return ns::path_of(name);
}

Result<std::string> Host::outside() {
  if (!outside_.empty()) return outside_;
  const std::string path = TRY(add_container());
  TRY(
      shell(format("ip link add outside type veth peer name eth0 netns {0}; "
                   "ip address add 10.99.0.1/24 dev outside; ip link set outside up; "
                   "ip route add default via 10.99.0.2; "
                   "nsenter --net={0} /bin/sh -ec 'ip address add 10.99.0.2/24 dev eth0; "
                   "ip link set eth0 up; ip route add default via 10.99.0.1'",
                   path)));
  outside_ = path;
  return outside_;
}

Result<Lab> Lab::enter(Programs programs) {
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) {
    return system_error(errno, "namespaces of its own (the bench needs root)");
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return system_error(errno, "make mounts private");
  }
  // Pinned namespaces, everybody's state and locks.
  if (::mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") != 0) {
    return system_error(errno, "mount a file system in memory on /run");
  }
  // What a contestant leaves running is known, and can be waited for.
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return system_error(errno, "adopt orphans");
  return Lab(std::move(programs));
}

Stopwatch::Stopwatch() : start_(std::chrono::steady_clock::now()), cpu_start_(children_cpu()) {}

double Stopwatch::elapsed() const {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
      .count();
}

double Stopwatch::cpu() const { return children_cpu() - cpu_start_; }

}  // namespace netctl::bench
