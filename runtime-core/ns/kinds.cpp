#include "runtime-core/ns/kinds.hpp"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/files.hpp"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace netctl::ns {
namespace {

struct Name {
  Kind kind;
  std::string_view file;
  std::string_view oci;
  std::uint64_t flag;
};
constexpr Name kNames[] = {
    {Kind::Cgroup, "cgroup", "cgroup", CLONE_NEWCGROUP},
    {Kind::Ipc, "ipc", "ipc", CLONE_NEWIPC},
    {Kind::Mount, "mnt", "mount", CLONE_NEWNS},
    {Kind::Network, "net", "network", CLONE_NEWNET},
    {Kind::Pid, "pid", "pid", CLONE_NEWPID},
    {Kind::Time, "time", "time", CLONE_NEWTIME},
    {Kind::User, "user", "user", CLONE_NEWUSER},
    {Kind::Uts, "uts", "uts", CLONE_NEWUTS},
};

const Name& name_of(Kind kind) { return *std::ranges::find(kNames, kind, &Name::kind); }

Status enter(const Opened& each) {
  if (::setns(each.fd.get(), static_cast<int>(clone_flag(each.kind))) == 0) return ok();
  return system_error(errno, format("enter the {} namespace", name_of(each.kind).oci));
}

std::string offset_line(const char* clock, std::int64_t nanoseconds) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::int64_t seconds = nanoseconds / kSecond;
  std::int64_t rest = nanoseconds % kSecond;
  if (rest < 0) {  // the kernel takes no negative nanoseconds
    rest += kSecond;
    --seconds;
  }
  return format("{} {} {}\n", clock, seconds, rest);
}

}  // namespace

std::uint64_t clone_flag(Kind kind) { return name_of(kind).flag; }

std::string_view file_name(Kind kind) { return name_of(kind).file; }

std::string_view oci_name(Kind kind) { return name_of(kind).oci; }

std::string path_of_process(Kind kind, pid_t pid) {
  return format("/proc/{}/ns/{}", pid, file_name(kind));
}

Result<Kind> parse_kind(std::string_view text) {
  for (const Name& each : kNames) {
    if (text == each.file || text == each.oci) return each.kind;
  }
  return fail(
      Errc::InvalidArgument,
      "\"{}\" is no kind of namespace: there are cgroup, ipc, mnt, net, pid, time, user, uts",
      text);
}

Result<UniqueFd> open_kind(Kind kind, const std::string& path) {
  UniqueFd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) {
    return system_error(errno, format("open the {} namespace {}", name_of(kind).oci, path));
  }
  const int flag = ::ioctl(opened.get(), NS_GET_NSTYPE);
  if (flag < 0 || static_cast<std::uint64_t>(flag) != clone_flag(kind)) {
    return fail(Errc::InvalidArgument, "{} is not a {} namespace", path, name_of(kind).oci);
  }
  return opened;
}

Result<bool> is_own(Kind kind, const std::string& path) {
  struct stat one {};
  struct stat other {};
  const std::string own = format("/proc/self/ns/{}", file_name(kind));
  if (::stat(path.c_str(), &one) != 0) return system_error(errno, path);
  if (::stat(own.c_str(), &other) != 0) return system_error(errno, own);
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

Status enter_all(const std::vector<Opened>& namespaces) {
  const Opened* user = nullptr;
  std::vector<const Opened*> refused;
  for (const Kind kind : kAllKinds) {
    for (const Opened& each : namespaces) {
      if (each.kind != kind) continue;
      if (kind == Kind::User) {
        user = &each;
      } else if (!enter(each)) {
        refused.push_back(&each);
      }
    }
  }
  if (user) TRY(enter(*user));
  for (const Opened* each : refused) TRY(enter(*each));
  return ok();
}

Status ForChildren::remember(Kind kind) {
  // What children get, not what this process is in: they are the same only by default.
  const std::string path = format("/proc/self/ns/{}", file_name(kind));
  UniqueFd fd = TRY(open_kind(kind, path));
  home_.push_back(Opened{.kind = kind, .fd = std::move(fd)});
  return ok();
}

Status ForChildren::enter(Kind kind, int fd) {
  TRY(remember(kind));
  if (::setns(fd, static_cast<int>(clone_flag(kind))) == 0) return ok();
  return system_error(errno, format("enter the {} namespace", name_of(kind).oci));
}

Status ForChildren::new_time(std::int64_t monotonic, std::int64_t boottime) {
  TRY(remember(Kind::Time));
  if (::unshare(CLONE_NEWTIME) != 0) return system_error(errno, "create a time namespace");
  const UniqueFd file(::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC));
  if (!file) return system_error(errno, "open /proc/self/timens_offsets");
  const std::string text = offset_line("monotonic", monotonic) + offset_line("boottime", boottime);
  if (::write(file.get(), text.data(), text.size()) < 0) {
    return system_error(errno, "set the offsets of the clocks");
  }
  return ok();
}

ForChildren::~ForChildren() {
  for (const Opened& each : home_) {
    if (::setns(each.fd.get(), static_cast<int>(clone_flag(each.kind))) == 0) continue;
    log::warn("return to the own {} namespace: {}", name_of(each.kind).oci, std::strerror(errno));
    std::abort();
  }
}

}  // namespace netctl::ns
