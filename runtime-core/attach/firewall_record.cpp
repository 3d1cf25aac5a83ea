#include "runtime-core/attach/firewall_record.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/owned_table.hpp"
#include "runtime-core/base/digest.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/nft/element_text.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::attach {
namespace {

constexpr std::string_view kLeaving = ".leaving";

std::string run_directory() {
  const char* moved = std::getenv("NETCTL_RUN_DIR");
  return moved != nullptr && *moved != '\0' ? moved : "/run/netctl";
}

}  // namespace

Result<FirewallRecords> FirewallRecords::open(const OwnedTable& table, std::optional<int> socket) {
  const std::string_view family = table.table.family == nft::TableFamily::Inet ? "inet" : "bridge";
  const std::string_view kind = table.table.name == kTable ? family : table.table.name;
  const std::uint64_t cookie = TRY(ns::own_netns_cookie(socket));
  return FirewallRecords(format("{}/firewall/{}/{}", run_directory(), cookie, kind), table);
}

std::string FirewallRecords::name_of(std::string_view purpose, std::string_view tag) {
  return format("{}-{}", purpose, sha256_hex(tag).substr(0, 24));
}

Result<bool> FirewallRecords::are_kept() const { return sys::exists(directory_); }

Result<std::optional<std::vector<nft::Element>>> FirewallRecords::read(
    const std::string& path) const {
  auto content = TRY(sys::find_file(path));
  if (!content) return std::optional<std::vector<nft::Element>>{};
  std::vector<nft::Element> elements;
  const auto find_set = [&](std::string_view name) {
    const OwnedSet* const owned = table_->find_set(name);
    return owned == nullptr ? nullptr : &owned->set;
  };
  for (std::string_view rest = *content; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto element = nft::parse_element(rest.substr(0, end), find_set);
    if (element) {
      elements.push_back(*std::move(element));
    } else {
      log::warn("{}: {}", path, element.error().message);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::optional(std::move(elements));
}

Result<std::optional<std::vector<nft::Element>>> FirewallRecords::find(
    const std::string& name) const {
  const std::string path = path_of(name);
  auto staying = TRY(read(path));
  if (staying) return staying;
  return read(path + std::string(kLeaving));
}

Status FirewallRecords::save(const std::string& name,
                             const std::vector<nft::Element>& elements) const {
  std::string content;
  for (const nft::Element& element : elements) content += nft::to_text(element) + "\n";
  const std::string path = path_of(name);
  constexpr int kAttempts = 20;  // the last attachment that goes takes the directory along
  Status written = ok();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    written = sys::replace_file(path, content, 0600);
    if (written || written.error().code != Errc::NotFound) break;
    TRY(sys::ensure_directory(directory_, 0700));
  }
  return written;
}

Result<bool> FirewallRecords::stays(const std::string& name) const {
  return sys::exists(path_of(name));
}

Status FirewallRecords::leave(const std::string& name) const {
  const std::string path = path_of(name);
  const std::string gone = path + std::string(kLeaving);
  if (::rename(path.c_str(), gone.c_str()) == 0 || errno == ENOENT) return ok();
  return system_error(errno, "rename " + path);
}

Status FirewallRecords::forget(const std::string& name) const {
  const std::string path = path_of(name);
  TRY(sys::delete_unfinished(path));
  return sys::delete_file(path + std::string(kLeaving));
}

Result<bool> FirewallRecords::is_last(const std::string& name) const {
  const bool another = TRY(sys::has_name(directory_, [&](std::string_view other) {
    return other != name && !other.starts_with('.') && !other.ends_with(kLeaving);
  }));
  return !another;
}

Result<std::vector<nft::Element>> FirewallRecords::all() const { return read_all(false); }
Result<std::vector<nft::Element>> FirewallRecords::leaving() const { return read_all(true); }

Result<std::vector<nft::Element>> FirewallRecords::read_all(bool leaving) const {
  std::vector<nft::Element> elements;
  for (const std::string& name : TRY(sys::list_directory(directory_))) {
    if (name.starts_with('.') || name.ends_with(kLeaving) != leaving) continue;
    auto more = TRY(read(path_of(name)));
    if (more) std::ranges::move(*more, std::back_inserter(elements));
  }
  return elements;
}

void FirewallRecords::tidy() const { ::rmdir(directory_.c_str()); }

}  // namespace netctl::attach
