#include "ipam/host-local/reservation.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime-core/base/log.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::host_local {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";
// Where a reservation is written when it cannot be written without a name. One name is enough: only
// the holder of the store's lock writes.
constexpr const char* kUnfinished = ".reservation";

// A container id and an interface name, or a tag, have no use for more; what is longer is not ours.
constexpr std::size_t kMaxContent = 4096;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char byte) { return static_cast<unsigned char>(byte) > 0x20; });
}

Status write_whole(int fd, const cni::Attachment& owner, const std::string& tag) {
  const std::string content = format("{}\r\n{}", owner.container_id, owner.ifname);
  const ssize_t written = ::write(fd, content.data(), content.size());
  if (written < 0) return system_error(errno, "write");
  if (static_cast<std::size_t>(written) != content.size()) {
    return fail(Errc::Io, "write: only {} of {} bytes", written, content.size());
  }
  // Not everywhere, and never worth an attachment.
  if (!tag.empty() && ::fsetxattr(fd, kTagName, tag.data(), tag.size(), 0) != 0) {
    log::debug("reservation without tag: {}", system_error(errno, kTagName).message);
  }
  return ok();
}

// link(2) refuses a name that is there, so the file is the reservation, as with the O_EXCL of the
// reference plugin. An unnamed file vanishes with its process until it is linked.
Result<bool> create_unnamed(int directory, const std::string& name, const cni::Attachment& owner,
                            const std::string& tag) {
  const UniqueFd file(::openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (!file) return system_error(errno, "create a file without a name");
  TRY(write_whole(file.get(), owner, tag));
  if (sys::give_name(file.get(), directory, name)) return true;
  if (errno == EEXIST) return false;
  return system_error(errno, "give the file its name");
}

// For file systems without O_TMPFILE, and where /proc is not mounted.
Result<bool> create_renamed(int directory, const std::string& name, const cni::Attachment& owner,
                            const std::string& tag) {
  const UniqueFd file(::openat(directory, kUnfinished,
                               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return system_error(errno, format("create {}", kUnfinished));
  Status status = write_whole(file.get(), owner, tag);
  const bool linked = status && ::linkat(directory, kUnfinished, directory, name.c_str(), 0) == 0;
  if (status && !linked && errno != EEXIST) status = system_error(errno, "give the file its name");
  ::unlinkat(directory, kUnfinished, 0);
  TRY(std::move(status));
  return linked;
}

}  // namespace

std::optional<IpAddress> reserved_address(const std::string& name) {
  auto address = parse_ip_address(name);
  if (!address || address->to_text() != name) return std::nullopt;
  return *address;
}

Reservation parse_reservation(std::string_view content, std::string_view tag,
                              std::string_view boot_id) {
  content = trimmed(content);
  const auto end = std::min(content.find('\n'), content.size());
  const std::string_view id = trimmed(content.substr(0, end));
  const std::string_view ifname = trimmed(content.substr(end));
  // After a power cut a file may hold zeros instead of what was written.
  if (id.empty() || !is_printable(id)) return {};
  Reservation made{.state = Reservation::State::Held,
                   .owner = {.container_id = std::string(id), .ifname = std::string(ifname)},
                   .tag = parse_tag(tag)};
  if (made.tag && !boot_id.empty() && made.tag->boot != boot_id) {
    made.state = Reservation::State::Past;
  }
  return made;
}

std::optional<Reservation> find_reservation(int directory, const std::string& name,
                                            std::string_view boot_id) {
  const UniqueFd file(::openat(directory, name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  std::array<char, kMaxContent> content;
  const ssize_t got = file ? ::read(file.get(), content.data(), content.size()) : -1;
  if (got < 0) {
    const int error = errno;
    log::warn("read reservation {}: {}; its address counts as taken", name,
              system_error(error, "open or read").message);
    return Reservation{.state = Reservation::State::Unreadable, .error = error};
  }
  std::array<char, kMaxContent> tag;
  const ssize_t tagged = ::fgetxattr(file.get(), kTagName, tag.data(), tag.size());
  return parse_reservation({content.data(), static_cast<std::size_t>(got)},
                           {tag.data(), static_cast<std::size_t>(std::max<ssize_t>(tagged, 0))},
                           boot_id);
}

Result<bool> create_reservation(int directory, const std::string& name,
                                const cni::Attachment& owner, const std::string& tag) {
  if (auto created = create_unnamed(directory, name, owner, tag)) return created;
  return create_renamed(directory, name, owner, tag);
}

bool is_unfinished_reservation(std::string_view name) { return name == kUnfinished; }

}  // namespace netctl::host_local
