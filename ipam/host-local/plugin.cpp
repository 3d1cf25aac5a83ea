#include "ipam/host-local/plugin.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ipam/host-local/allocator.hpp"
#include "ipam/host-local/config.hpp"
#include "ipam/host-local/inventory.hpp"
#include "ipam/host-local/resolv_conf.hpp"
#include "ipam/host-local/store.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::host_local {
namespace {

// Whoever an address is reserved for, and what is written down of him.
struct Claimant {
  cni::Attachment attachment{};
  std::string tag{};
  std::string network{};  // its name, for errors
};

Error exhausted(const RangeSet& set, std::span<const RangeUse> uses, std::string_view network) {
  return fail(Errc::Exhausted, "no IP addresses available in range set: {}; {}", to_text(set),
              to_text(uses, network));
}

Result<std::optional<IpAddress>> next_free(Store& store, const RangeSet& set,
                                           const std::optional<IpAddress>& last) {
  return next_free(set, last, [&](const IpAddress& from, const IpAddress& to) {
    return store.first_free(from, to);
  });
}

// One container's interface gets one address of a set.
Status check_owns_none(Store& store, const RangeSet& set, const cni::Attachment& owner) {
  for (const IpAddress& address : TRY(store.addresses_of(owner))) {
    if (!find_range(set, address)) continue;
    return fail(Errc::Exists, "{} has been allocated to {}, duplicate allocation is not allowed",
                address.to_text(), owner.container_id);
  }
  return ok();
}

Status check_can_be_given(const RangeSet& set, const IpAddress& address) {
  const Range& range = *find_range(set, address);
  if (range.gateway == address) {
    return fail(Errc::InvalidArgument, "requested ip {} is subnet's gateway", address.to_text());
  }
  if (const Interval* excluded = range.find_exclusion(address)) {
    return fail(Errc::InvalidArgument, "requested ip {} is excluded from the range: exclude has {}",
                address.to_text(), excluded->to_text());
  }
  return ok();
}

Result<IpAddress> reserve_requested(Store& store, const RangeSet& set, const IpAddress& address,
                                    const Claimant& claimant) {
  TRY(check_can_be_given(set, address));
  // Of the two reasons to refuse, the reference plugin tells that the address is taken.
  const auto holder = store.find(address);
  if (!holder || !holder->is_taken()) {
    TRY(check_owns_none(store, set, claimant.attachment));
    if (TRY(store.reserve(address, claimant.attachment, claimant.tag))) return address;
  }
  return fail(Errc::Exists, "requested IP address {} is not available in range set {}",
              address.to_text(), to_text(set));
}

// The next address, as far as the set is known to have one.
Result<std::optional<IpAddress>> reserve_known(Store& store, const RangeSet& set,
                                               const std::optional<IpAddress>& last,
                                               const Claimant& claimant) {
  for (;;) {
    const auto address = TRY(next_free(store, set, last));
    if (!address) return address;
    // Refused is a name that appeared without the lock; it is known to be taken from now on.
    if (TRY(store.reserve(*address, claimant.attachment, claimant.tag))) return address;
  }
}

void release_gone(Store& store, std::span<const RangeUse> uses) {
  for (const RangeUse& use : uses) {
    for (const Store::Entry& entry : use.gone) {
      const std::string text = entry.address.to_text();
      if (const Status released = store.release(entry.address); !released) {
        log::warn("release {}: {}", text, released.error().message);
      } else {
        log::info("released {}: {} of container {} is gone", text,
                  entry.reservation.tag->netns->path, entry.reservation.owner.container_id);
      }
    }
  }
}

// Before a set is called full, every file is read, and what belonged to containers that are
// certainly gone is given up. That takes its time, which a full set has.
Result<IpAddress> reserve_next(Store& store, std::size_t index, const RangeSet& set,
                               const Claimant& claimant) {
  TRY(check_owns_none(store, set, claimant.attachment));
  const auto last = store.last_reserved(index);
  if (const auto given = TRY(reserve_known(store, set, last, claimant))) return *given;

  const auto entries = TRY(store.scan());
  FateTeller fates;
  const auto uses = uses_of(set, entries, fates);
  release_gone(store, uses);
  if (const auto given = TRY(reserve_known(store, set, last, claimant))) return *given;
  return exhausted(set, uses, claimant.network);
}

// The addresses that were asked for and are still to be given.
using Requested = std::vector<IpAddress>;

Result<IpAddress> reserve_one(Store& store, std::size_t index, const RangeSet& set,
                              Requested& requested, const Claimant& claimant) {
  const auto wanted = std::ranges::find_if(
      requested, [&](const IpAddress& address) { return find_range(set, address); });
  if (wanted == requested.end()) return reserve_next(store, index, set, claimant);
  const IpAddress address = *wanted;
  std::erase(requested, address);
  return reserve_requested(store, set, address, claimant);
}

Status check_all_given(const Requested& left) {
  if (left.empty()) return ok();
  std::string list;
  for (const IpAddress& address : left) list += " " + address.to_text();
  return fail(Errc::InvalidArgument, "failed to allocate all requested IPs:{}", list);
}

// All sets or none: what was reserved is released when a later set, or a note of where the round
// robin stands, fails. The notes come last, so that a failed ADD moves none of them.
Result<std::vector<cni::Ip>> allocate(Store& store, const Config& config,
                                      const Claimant& claimant) {
  std::vector<cni::Ip> ips;
  Requested requested = config.requested;
  Rollback undo;
  for (std::size_t i = 0; i < config.sets.size(); ++i) {
    const RangeSet& set = config.sets[i];
    const IpAddress address = TRY(reserve_one(store, i, set, requested, claimant)
                                      .context("failed to allocate for range {}", i));
    undo.add("release " + address.to_text(), [&store, address] { return store.release(address); });
    const Range& range = *find_range(set, address);
    ips.push_back(
        {.address = {.address = address, .length = range.subnet.length}, .gateway = range.gateway});
  }
  TRY(check_all_given(requested));
  for (std::size_t i = 0; i < ips.size(); ++i) {
    TRY(store.set_last_reserved(i, ips[i].address.address));
  }
  undo.commit();
  return ips;
}

// What the store says other than the result of the ADD: addresses of our ranges that are not this
// attachment's, and addresses of anywhere that are another's. What lies outside our ranges and
// nobody has may be another plugin's.
Result<std::vector<std::string>> differences(Store& store, const Config& config,
                                             const cni::Request& request) {
  const auto own = TRY(store.addresses_of(request.attachment()));
  std::vector<std::string> found;
  if (own.empty()) {
    found.push_back(
        format("no address of {} is reserved for interface {}", request.network, request.ifname));
  }
  if (!request.prev_result) return found;
  for (const cni::Ip& ip : request.prev_result->ips) {
    const IpAddress& address = ip.address.address;
    if (std::ranges::binary_search(own, address)) continue;
    const bool is_ours = std::ranges::any_of(
        config.sets, [&](const RangeSet& set) { return find_range(set, address); });
    const auto holder = store.find(address);
    if (holder && holder->is_taken()) {
      found.push_back(format("{} is reserved for another interface", address.to_text()));
    } else if (is_ours) {
      found.push_back(format("{} is not reserved", address.to_text()));
    }
  }
  return found;
}

Error not_found(const std::string& container_id, std::string details) {
  return cni::failure(
      cni::kInternal,
      format("host-local: Failed to find address added by container {}", container_id),
      std::move(details));
}

// Whether files can be made in the directory, or the directory in the nearest one that there is.
Status check_writable(std::string directory) {
  while (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    const auto slash = directory.find_last_of('/');
    if (errno != ENOENT || slash == std::string::npos || directory == "/") {
      return system_error(errno, format("write to {}", directory));
    }
    directory.resize(std::max<std::size_t>(slash, 1));
  }
  return ok();
}

// Whether an ADD would find an address, what it would release for that included. Releases nothing.
Status check_room_in(Store& store, const RangeSet& set, std::string_view network) {
  if (TRY(next_free(store, set, std::nullopt))) return ok();
  const auto entries = TRY(store.scan());
  if (TRY(next_free(store, set, std::nullopt))) return ok();
  FateTeller fates;
  const auto uses = uses_of(set, entries, fates);
  if (std::ranges::any_of(uses, [](const RangeUse& use) { return !use.gone.empty(); })) return ok();
  return exhausted(set, uses, network);
}

Status check_room(const StorePlace& place, const Config& config, std::string_view network) {
  TRY(check_writable(place.directory));
  auto store = TRY(Store::find(place));
  ErrorList errors;
  if (!store) return ok();
  for (const RangeSet& set : config.sets) errors.keep(check_room_in(*store, set, network));
  return errors.status();
}

// What a reservation is tagged with: nothing where the boot has no id, since it would never be
// past.
std::string tag_of(const cni::Request& request, const std::string& boot_id) {
  if (boot_id.empty()) return "";
  return to_text(Tag{.boot = boot_id, .netns = sight_netns(request.netns)});
}

}  // namespace

StorePlace HostLocal::place_of(const cni::Request& request) const {
  return {.directory = store_directory(request),
          .index_directory = index_directory(request),
          .boot_id = read_boot_id(boot_id_file_)};
}

Result<cni::AddResult> HostLocal::add(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  cni::AddResult result{.routes = config.routes};
  if (!config.resolv_conf.empty()) {
    const std::string text = TRY(sys::read_file(config.resolv_conf));
    result.dns = parse_resolv_conf(text);
  }
  const StorePlace place = place_of(request);
  const Claimant claimant{.attachment = request.attachment(),
                          .tag = tag_of(request, place.boot_id),
                          .network = request.network};
  Store store = TRY(Store::open(place));
  result.ips = TRY(allocate(store, config, claimant));
  return result;
}

Status HostLocal::del(const cni::Request& request) {
  auto store = TRY(Store::find(place_of(request)));
  return store ? store->release_all(request.attachment()) : ok();
}

Status HostLocal::check(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  const StorePlace place = place_of(request);
  auto store = TRY(Store::find(place));
  if (!store) return not_found(request.container_id, place.directory + " does not exist");
  const auto found = TRY(differences(*store, config, request));
  return found.empty() ? ok() : not_found(request.container_id, joined(found, "; "));
}

Status HostLocal::gc(const cni::Request& request) {
  auto store = TRY(Store::find(place_of(request)));
  return store ? store->retain(request.valid_attachments) : ok();
}

Status HostLocal::status(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  const Status room = check_room(place_of(request), config, request.network);
  return room ? ok() : cni::failure(cni::kNotAvailable, room.error().message);
}

}  // namespace netctl::host_local
