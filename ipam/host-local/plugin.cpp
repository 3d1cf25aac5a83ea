#include "ipam/host-local/plugin.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ipam/host-local/allocator.hpp"
#include "ipam/host-local/config.hpp"
#include "ipam/host-local/resolv_conf.hpp"
#include "ipam/host-local/store.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::host_local {
namespace {

Error exhausted(const RangeSet& set) {
  return fail(Errc::Exhausted, "no IP addresses available in range set: {}", to_text(set));
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

Result<IpAddress> reserve_requested(Store& store, const RangeSet& set, const IpAddress& address,
                                    const cni::Attachment& owner) {
  if (find_range(set, address)->gateway == address) {
    return fail(Errc::InvalidArgument, "requested ip {} is subnet's gateway", address.to_text());
  }
  const auto taken = TRY(store.taken());
  if (!std::ranges::binary_search(taken, address)) {
    TRY(check_owns_none(store, set, owner));
    if (TRY(store.reserve(address, owner))) return address;
  }
  return fail(Errc::Exists, "requested IP address {} is not available in range set {}",
              address.to_text(), to_text(set));
}

Result<IpAddress> reserve_next(Store& store, std::size_t index, const RangeSet& set,
                               const cni::Attachment& owner) {
  TRY(check_owns_none(store, set, owner));
  const auto last = store.last_reserved(index);
  for (;;) {
    const auto taken = TRY(store.taken());
    const auto address = next_free(set, last, taken);
    if (!address) return exhausted(set);
    // Refused is a name that appeared without the lock; it counts as taken from now on.
    if (TRY(store.reserve(*address, owner))) return *address;
  }
}

// The addresses that were asked for and are still to be given.
using Requested = std::vector<IpAddress>;

Result<IpAddress> reserve_one(Store& store, std::size_t index, const RangeSet& set,
                              Requested& requested, const cni::Attachment& owner) {
  const auto wanted = std::ranges::find_if(
      requested, [&](const IpAddress& address) { return find_range(set, address); });
  if (wanted == requested.end()) return reserve_next(store, index, set, owner);
  const IpAddress address = *wanted;
  std::erase(requested, address);
  return reserve_requested(store, set, address, owner);
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
                                      const cni::Attachment& owner) {
  std::vector<cni::Ip> ips;
  Requested requested = config.requested;
  Rollback undo;
  for (std::size_t i = 0; i < config.sets.size(); ++i) {
    const RangeSet& set = config.sets[i];
    const IpAddress address = TRY(
        reserve_one(store, i, set, requested, owner).context("failed to allocate for range {}", i));
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
  const auto taken = TRY(store.taken());
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
    if (std::ranges::binary_search(taken, address)) {
      found.push_back(format("{} is reserved for another interface", address.to_text()));
    } else if (is_ours) {
      found.push_back(format("{} is not reserved", address.to_text()));
    }
  }
  return found;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
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

Status check_room(const std::string& directory, const Config& config) {
  TRY(check_writable(directory));
  auto store = TRY(Store::find(directory));
  std::vector<IpAddress> taken;
  if (store) taken = TRY(store->taken());
  ErrorList errors;
  for (const RangeSet& set : config.sets) {
    if (!next_free(set, std::nullopt, taken)) errors.add(exhausted(set));
  }
  return errors.status();
}

}  // namespace

Result<cni::AddResult> HostLocal::add(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  cni::AddResult result{.routes = config.routes};
  if (!config.resolv_conf.empty()) {
    const std::string text = TRY(sys::read_file(config.resolv_conf));
    result.dns = parse_resolv_conf(text);
  }
  Store store = TRY(Store::open(store_directory(request)));
  result.ips = TRY(allocate(store, config, request.attachment()));
  return result;
}

Status HostLocal::del(const cni::Request& request) {
  auto store = TRY(Store::find(store_directory(request)));
  return store ? store->release_all(request.attachment()) : ok();
}

Status HostLocal::check(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  const std::string directory = store_directory(request);
  auto store = TRY(Store::find(directory));
  if (!store) return not_found(request.container_id, directory + " does not exist");
  const auto found = TRY(differences(*store, config, request));
  return found.empty() ? ok() : not_found(request.container_id, joined(found));
}

Status HostLocal::gc(const cni::Request& request) {
  auto store = TRY(Store::find(store_directory(request)));
  return store ? store->retain(request.valid_attachments) : ok();
}

Status HostLocal::status(const cni::Request& request) {
  const Config config = TRY(parse_config(request));
  const Status room = check_room(store_directory(request), config);
  return room ? ok() : cni::failure(cni::kNotAvailable, room.error().message);
}

}  // namespace netctl::host_local
