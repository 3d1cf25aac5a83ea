#include "ipam/host-local/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"

namespace netctl::host_local {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";
constexpr std::string_view kLastReserved = "last_reserved_ip.";
// Where a reservation is written when it cannot be written without a name. One name is enough: only
// the holder of the lock writes.
constexpr const char* kUnfinished = ".reservation";

// A container id and an interface name have no use for more; what is longer is not ours.
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

// The address that a file reserves. Other spellings of an address are not ours: nobody who looks
// for the canonical one would see them.
std::optional<IpAddress> address_of(const std::string& name) {
  auto address = parse_ip_address(name);
  if (!address || address->to_text() != name) return std::nullopt;
  return *address;
}

// Left behind by a process that was killed in the middle of writing; nobody writes them now, since
// we hold the lock. The reference plugin has no names of this form.
bool is_leftover(std::string_view name) {
  return name == kUnfinished || name.starts_with(format(".{}", kLastReserved));
}

std::string content_of(const cni::Attachment& owner) {
  return format("{}\r\n{}", owner.container_id, owner.ifname);
}

Status write_content(int fd, std::string_view content) {
  const ssize_t written = ::write(fd, content.data(), content.size());
  if (written < 0) return system_error(errno, "write");
  if (static_cast<std::size_t>(written) != content.size()) {
    return fail(Errc::Io, "write: only {} of {} bytes", written, content.size());
  }
  return ok();
}

}  // namespace

Result<Store> Store::open(const std::string& directory) {
  TRY(sys::ensure_directory(directory, 0755));
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return system_error(errno, format("open {}", directory));
  return lock(directory, std::move(fd));
}

Result<std::optional<Store>> Store::find(const std::string& directory) {
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::optional<Store>();
  if (!fd) return system_error(errno, format("open {}", directory));
  return std::optional(TRY(lock(directory, std::move(fd))));
}

Result<Store> Store::lock(const std::string& directory, UniqueFd fd) {
  auto held = TRY(sys::FileLock::acquire(directory + "/lock", sys::Lock::Exclusive, 0750));
  return Store(directory, std::move(fd), std::move(held));
}

std::string Store::path(std::string_view name) const { return format("{}/{}", directory_, name); }

Store::Owner Store::parse_owner(std::string_view content) {
  content = trimmed(content);
  const auto end = std::min(content.find('\n'), content.size());
  const std::string_view id = trimmed(content.substr(0, end));
  const std::string_view ifname = trimmed(content.substr(end));
  // After a power cut a file may hold zeros instead of what was written.
  if (id.empty() || !is_printable(id)) return {};
  return {.state = Owner::State::Known,
          .attachment = {.container_id = std::string(id), .ifname = std::string(ifname)}};
}

Store::Owner Store::read_owner(const std::string& name) const {
  const UniqueFd file(::openat(fd_.get(), name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  std::array<char, kMaxContent> content{};
  const ssize_t got = file ? ::read(file.get(), content.data(), content.size()) : -1;
  if (got < 0) {
    log::warn("read {}: {}; its address counts as taken", path(name),
              system_error(errno, "open or read").message);
    return {.state = Owner::State::Unreadable};
  }
  return parse_owner({content.data(), static_cast<std::size_t>(got)});
}

Result<Store::Contents*> Store::contents() {
  if (!contents_) {
    Contents found;
    for (const std::string& name : TRY(sys::list_directory(directory_))) {
      if (is_leftover(name)) found.leftovers.push_back(name);
      const auto address = address_of(name);
      if (address) found.entries.push_back({.address = *address, .owner = read_owner(name)});
    }
    std::ranges::sort(found.entries, {}, &Entry::address);
    contents_ = std::move(found);
  }
  return &*contents_;
}

Result<std::vector<IpAddress>> Store::taken() {
  std::vector<IpAddress> addresses;
  for (const Entry& entry : TRY(contents())->entries) {
    if (entry.owner.state != Owner::State::Nobody) addresses.push_back(entry.address);
  }
  return addresses;
}

Result<std::vector<IpAddress>> Store::addresses_of(const cni::Attachment& owner) {
  std::vector<IpAddress> exact;
  std::vector<IpAddress> of_container;
  for (const Entry& entry : TRY(contents())->entries) {
    const cni::Attachment& holder = entry.owner.attachment;
    if (entry.owner.state != Owner::State::Known) continue;
    if (holder == owner) exact.push_back(entry.address);
    if (holder.container_id == owner.container_id && holder.ifname.empty()) {
      of_container.push_back(entry.address);
    }
  }
  return exact.empty() ? of_container : exact;
}

Result<bool> Store::reserve(const IpAddress& address, const cni::Attachment& owner) {
  const std::string name = address.to_text();
  const std::string content = content_of(owner);
  bool reserved = TRY(create(name, content).context("reserve {}", path(name)));
  if (!reserved && read_owner(name).state == Owner::State::Nobody) {
    TRY(sys::delete_file(path(name)));
    reserved = TRY(create(name, content).context("reserve {}", path(name)));
  }
  if (contents_) {
    auto& entries = contents_->entries;
    auto place = std::ranges::lower_bound(entries, address, {}, &Entry::address);
    if (place == entries.end() || place->address != address) {
      place = entries.insert(place, {.address = address});
    }
    place->owner = read_owner(name);
  }
  return reserved;
}

Result<bool> Store::create(const std::string& name, std::string_view content) {
  if (auto created = create_unnamed(name, content)) return created;
  return create_renamed(name, content);
}

// link(2) refuses a name that is there, so the file is the reservation, as with the O_EXCL of the
// reference plugin. An unnamed file vanishes with its process until it is linked.
Result<bool> Store::create_unnamed(const std::string& name, std::string_view content) {
  const UniqueFd file(::openat(fd_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (!file) return system_error(errno, "create a file without a name");
  TRY(write_content(file.get(), content));
  // By /proc, as open(2) shows it: AT_EMPTY_PATH would need CAP_DAC_READ_SEARCH.
  const std::string source = format("/proc/self/fd/{}", file.get());
  if (::linkat(AT_FDCWD, source.c_str(), fd_.get(), name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    return true;
  }
  if (errno == EEXIST) return false;
  return system_error(errno, "give the file its name");
}

// For file systems without O_TMPFILE, and where /proc is not mounted.
Result<bool> Store::create_renamed(const std::string& name, std::string_view content) {
  const UniqueFd file(::openat(fd_.get(), kUnfinished,
                               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return system_error(errno, format("create {}", kUnfinished));
  Status status = write_content(file.get(), content);
  const bool linked = status && ::linkat(fd_.get(), kUnfinished, fd_.get(), name.c_str(), 0) == 0;
  if (status && !linked && errno != EEXIST) status = system_error(errno, "give the file its name");
  ::unlinkat(fd_.get(), kUnfinished, 0);
  TRY(std::move(status));
  return linked;
}

Status Store::release(const IpAddress& address) {
  TRY(sys::delete_file(path(address.to_text())));
  if (contents_) {
    std::erase_if(contents_->entries, [&](const Entry& entry) { return entry.address == address; });
  }
  return ok();
}

Status Store::release_each(const std::vector<IpAddress>& addresses) {
  ErrorList errors;
  for (const IpAddress& address : addresses) errors.keep(release(address));
  for (const std::string& name : std::exchange(TRY(contents())->leftovers, {})) {
    errors.keep(sys::delete_file(path(name)));
  }
  return errors.status();
}

Status Store::release_all(const cni::Attachment& owner) {
  return release_each(TRY(addresses_of(owner)));
}

Status Store::retain(const std::vector<cni::Attachment>& owners) {
  const auto is_valid = [&](const cni::Attachment& holder) {
    return std::ranges::any_of(owners, [&](const cni::Attachment& owner) {
      return holder.container_id == owner.container_id &&
             (holder.ifname.empty() || holder.ifname == owner.ifname);
    });
  };
  std::vector<IpAddress> stale;
  for (const Entry& entry : TRY(contents())->entries) {
    const bool kept =
        entry.owner.state == Owner::State::Unreadable ||
        (entry.owner.state == Owner::State::Known && is_valid(entry.owner.attachment));
    if (!kept) stale.push_back(entry.address);
  }
  return release_each(stale);
}

std::optional<IpAddress> Store::last_reserved(std::size_t set) const {
  auto content = sys::find_file(path(format("{}{}", kLastReserved, set)), kMaxContent);
  if (!content || !*content) return std::nullopt;
  auto address = parse_ip_address(trimmed(**content));
  if (!address) return std::nullopt;
  return *address;
}

Status Store::set_last_reserved(std::size_t set, const IpAddress& address) {
  return sys::replace_file(path(format("{}{}", kLastReserved, set)), address.to_text(), 0600);
}

}  // namespace netctl::host_local
