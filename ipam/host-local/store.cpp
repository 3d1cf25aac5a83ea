#include "ipam/host-local/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "runtime-core/base/error_list.hpp"

namespace netctl::host_local {
namespace {

constexpr std::string_view kLastReserved = "last_reserved_ip.";
constexpr std::size_t kMaxAddressFile = 64;

// Left behind by a process that was killed in the middle of writing; nobody writes them now, since
// we hold the lock. The reference plugin has no names of this form.
bool is_unfinished(std::string_view name) {
  return is_unfinished_reservation(name) || name.starts_with(format(".{}", kLastReserved));
}

std::string_view first_word(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  const auto end = text.find_last_not_of(" \t\r\n") + 1;
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

// The attachments that a runtime knows, prepared to be asked for one by one.
class ValidOwners {
 public:
  explicit ValidOwners(const std::vector<cni::Attachment>& owners)
      : attachments_(owners.begin(), owners.end()) {
    for (const cni::Attachment& owner : owners) containers_.insert(owner.container_id);
  }
  bool include(const cni::Attachment& holder) const {
    return holder.ifname.empty() ? containers_.contains(holder.container_id)
                                 : attachments_.contains(holder);
  }

 private:
  std::set<cni::Attachment> attachments_;
  std::set<std::string> containers_{};
};

}  // namespace

Result<Store> Store::open(const StorePlace& place) {
  UniqueFd fd(::open(place.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    TRY(sys::ensure_directory(place.directory, 0755));
    fd.reset(::open(place.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  if (!fd) return system_error(errno, format("open {}", place.directory));
  return lock(place, std::move(fd));
}

Result<std::optional<Store>> Store::find(const StorePlace& place) {
  UniqueFd fd(::open(place.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::optional<Store>();
  if (!fd) return system_error(errno, format("open {}", place.directory));
  return std::optional(TRY(lock(place, std::move(fd))));
}

Result<Store> Store::lock(const StorePlace& place, UniqueFd fd) {
  auto held = TRY(sys::FileLock::acquire(place.directory + "/lock", sys::Lock::Exclusive, 0750));
  return Store(place, std::move(fd), std::move(held));
}

// An index of files of which one could not be read would hide that one from its owner for good.
Store::~Store() {
  if (index_ && index_is_whole_) index_->settle(fd_.get());
}

std::string Store::path(std::string_view name) const {
  return format("{}/{}", place_.directory, name);
}

Result<Index*> Store::index() {
  if (index_) return index_.get();
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) return system_error(errno, "look at " + place_.directory);
  auto found = Index::find(format("{}/{}", place_.index_directory, Index::name_of(info)), info,
                           place_.boot_id);
  if (found) {
    index_ = std::make_unique<Index>(*std::move(found));
  } else {
    TRY(scan());
  }
  return index_.get();
}

Result<std::vector<Store::Entry>> Store::scan() {
  std::vector<Entry> entries;
  std::vector<std::string> unfinished;
  for (const std::string& name : TRY(sys::list_directory(place_.directory))) {
    if (is_unfinished(name)) unfinished.push_back(name);
    const auto address = reserved_address(name);
    if (!address) continue;
    if (auto found = find_reservation(fd_.get(), name, place_.boot_id)) {
      entries.push_back({.address = *address, .reservation = *std::move(found)});
    }
  }
  std::ranges::sort(entries, {}, &Entry::address);
  remove_unfinished(unfinished);
  unread_ = readability_of(entries);

  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) return system_error(errno, "look at " + place_.directory);
  index_ = std::make_unique<Index>(
      Index::make(format("{}/{}", place_.index_directory, Index::name_of(info)), place_.boot_id));
  for (const Entry& entry : entries) index_->add(entry.address, entry.reservation);
  index_is_whole_ = std::ranges::none_of(
      entries, [](const Entry& entry) { return entry.reservation.is_unreadable(); });
  return entries;
}

// A killed process leaves the index behind the times: whoever reads the files next comes by here.
void Store::remove_unfinished(const std::vector<std::string>& names) {
  ErrorList errors;
  for (const std::string& name : names) errors.keep(sys::delete_file(path(name)));
  unfinished_ = errors.status();
}

Status Store::readability_of(const std::vector<Entry>& entries) const {
  ErrorList errors;
  for (const Entry& entry : entries) {
    if (!entry.reservation.has_unknown_owner()) continue;
    const std::string file = path(entry.address.to_text());
    Error error = system_error(entry.reservation.error, "read reservation " + file);
    error.message += "; nobody knows whose it is: remove the file if the address is not in use";
    errors.add(std::move(error));
  }
  return errors.status();
}

Result<std::optional<IpAddress>> Store::first_free(const IpAddress& from, const IpAddress& to) {
  return TRY(index())->first_free(from, to);
}

std::optional<Reservation> Store::find(const IpAddress& address) const {
  return find_reservation(fd_.get(), address.to_text(), place_.boot_id);
}

std::int64_t Store::reserved_at(const IpAddress& address) const {
  struct stat info {};
  const bool there =
      ::fstatat(fd_.get(), address.to_text().c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  return there ? info.st_mtime : 0;
}

// What the files say of those that the index names; nothing when they say something else.
Result<std::optional<std::vector<Store::Entry>>> Store::confirmed(const cni::Attachment& owner) {
  std::vector<Entry> entries;
  for (const IpAddress& address : TRY(index())->candidates(owner)) {
    auto found = find(address);
    if (found && found->is_unreadable()) {
      return system_error(found->error, format("read reservation {}", path(address.to_text())));
    }
    if (!found || found->owner != owner) return std::optional<std::vector<Entry>>();
    entries.push_back({.address = address, .reservation = *std::move(found)});
  }
  std::ranges::sort(entries, {}, &Entry::address);
  return std::optional(std::move(entries));
}

Result<std::vector<Store::Entry>> Store::entries_of(const cni::Attachment& owner) {
  const cni::Attachment of_container{.container_id = owner.container_id};
  for (const cni::Attachment& holder : {owner, of_container}) {
    auto entries = TRY(confirmed(holder));
    if (!entries) {
      // Somebody wrote into a file, which does not show at the directory. Read them all.
      std::vector<Entry> all = TRY(scan());
      std::erase_if(all, [&](const Entry& entry) { return entry.reservation.owner != holder; });
      entries = std::move(all);
    }
    if (!entries->empty()) return *std::move(entries);
  }
  return std::vector<Entry>();
}

Result<std::vector<IpAddress>> Store::addresses_of(const cni::Attachment& owner) {
  std::vector<IpAddress> addresses;
  for (const Entry& entry : TRY(entries_of(owner))) {
    if (entry.reservation.is_taken()) addresses.push_back(entry.address);
  }
  return addresses;
}

Result<bool> Store::reserve(const IpAddress& address, const cni::Attachment& owner,
                            const std::string& tag) {
  Index& known = *TRY(index());
  const std::string name = address.to_text();
  bool reserved =
      TRY(create_reservation(fd_.get(), name, owner, tag).context("reserve {}", path(name)));
  if (!reserved) {
    const Reservation found = find(address).value_or(Reservation{});
    if (found.is_taken()) {
      index_is_whole_ = index_is_whole_ && !found.is_unreadable();
      known.add(address, found);
      return false;
    }
    TRY(release({.address = address, .reservation = found}));
    reserved =
        TRY(create_reservation(fd_.get(), name, owner, tag).context("reserve {}", path(name)));
  }
  if (reserved) known.add(address, {.state = Reservation::State::Held, .owner = owner});
  return reserved;
}

Status Store::release(const IpAddress& address) {
  TRY(index());
  return release({.address = address, .reservation = find(address).value_or(Reservation{})});
}

Status Store::release(const Entry& entry) {
  TRY(sys::delete_file(path(entry.address.to_text())));
  index_->remove(entry.address, entry.reservation);
  return ok();
}

Status Store::release_each(const std::vector<Entry>& entries) {
  ErrorList errors;
  for (const Entry& entry : entries) errors.keep(release(entry));
  errors.keep(std::exchange(unfinished_, ok()));
  errors.keep(std::exchange(unread_, ok()));
  return errors.status();
}

Status Store::release_all(const cni::Attachment& owner) {
  const std::vector<Entry> entries = TRY(entries_of(owner));
  // What could not be read is hardly his besides. One bad file must not fail every DEL for good.
  if (!entries.empty()) unread_ = ok();
  return release_each(entries);
}

Status Store::retain(const std::vector<cni::Attachment>& owners) {
  const ValidOwners valid(owners);
  std::vector<Entry> entries = TRY(scan());
  std::erase_if(entries, [&](const Entry& entry) {
    return entry.reservation.is_unreadable() || valid.include(entry.reservation.owner);
  });
  return release_each(entries);
}

std::optional<IpAddress> Store::last_reserved(std::size_t set) const {
  auto content = sys::find_file(path(format("{}{}", kLastReserved, set)), kMaxAddressFile);
  if (!content || !*content) return std::nullopt;
  auto address = parse_ip_address(first_word(**content));
  if (!address) return std::nullopt;
  return *address;
}

Status Store::set_last_reserved(std::size_t set, const IpAddress& address) {
  TRY(index());  // so that it gets in step with this change
  // Whatever became of it, it would be an address to go on from, or none.
  return sys::overwrite_file(path(format("{}{}", kLastReserved, set)), address.to_text(), 0600);
}

}  // namespace netctl::host_local
