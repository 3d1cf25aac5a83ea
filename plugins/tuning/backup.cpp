#include "plugins/tuning/backup.hpp"

#include "plugins/tuning/config.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::tuning {
namespace {

// The first of the two that has a value.
template <class T>
std::optional<T> either(const std::optional<T>& first, const std::optional<T>& second) {
  return first ? first : second;
}

Attributes merged(const Attributes& known, const Attributes& more) {
  return {.mac = either(known.mac, more.mac),
          .promisc = either(known.promisc, more.promisc),
          .mtu = either(known.mtu, more.mtu),
          .allmulti = either(known.allmulti, more.allmulti),
          .tx_queue = either(known.tx_queue, more.tx_queue)};
}

}  // namespace

Backup::Backup(const cni::Request& request)
    : directory_(backup_directory(request)),
      path_(format("{}/{}_{}.json", directory_, request.container_id, request.ifname)) {}

Result<std::optional<std::string>> Backup::add(const Attributes& original) const {
  auto before = TRY(sys::find_file(path_));
  const Attributes all = merged(TRY(find()).value_or(Attributes{}), original);
  TRY(sys::ensure_directory(directory_, 0700));
  TRY(sys::replace_file(path_, to_json(all), 0600));
  return before;
}

Status Backup::revert(const std::optional<std::string>& before) const {
  return before ? sys::replace_file(path_, *before, 0600) : forget();
}

Result<std::optional<Attributes>> Backup::find() const {
  const auto text = TRY(sys::find_file(path_));
  if (!text) return std::optional<Attributes>();
  auto attributes = parse_attributes(*text);
  if (attributes) return std::optional(*std::move(attributes));
  log::warn("the backup {} cannot be used: {}", path_, attributes.error().message);
  return std::optional<Attributes>();
}

Status Backup::forget() const { return sys::delete_replaced(path_); }

}  // namespace netctl::tuning
