#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/types.hpp"

// What each attachment has put into a table of ours, remembered in a file: DEL finds its elements
// without listing those of all others, and a ruleset that somebody flushed can be put back.
//
//   /run/netctl/firewall/<cookie>/<family>/<purpose>-<digest of the tag>   (of table netctl)
//   /run/netctl/firewall/<cookie>/<table>/<purpose>-<digest of the tag>    (of another one)
//
//   publish4_any { tcp . 8080 comment "bridge/web/eth0" : 172.17.0.2 . 80 }
//   hairpin4 { 172.17.0.2 comment "bridge/web/eth0" : jump hairpin_172.17.0.0/16 }
//
// The cookie is that of the network namespace, so that two hosts with one /run, such as a nested
// one, do not mix their records. A file is written before its elements go into the kernel and is
// taken back after they are out, so an element without a file does not exist, whatever is killed
// when; a file without elements does, and DEL and GC remove it. NETCTL_RUN_DIR takes the place of
// /run/netctl.
namespace netctl::attach {

struct OwnedTable;

class FirewallRecords {
 public:
  // Those of this thread's network namespace for the table, which is lent. A `socket` of that
  // namespace can be told, as in ns::own_netns_cookie().
  static Result<FirewallRecords> open(const OwnedTable& table, std::optional<int> socket = {});

  // Whether files are kept at all. If not, as when somebody emptied the directory, nothing is known
  // about what is in the kernel.
  Result<bool> are_kept() const;

  // What the file of that purpose and tag is called.
  static std::string name_of(std::string_view purpose, std::string_view tag);

  // Nothing when there is no file of that name. One that cannot be read counts as empty, and is
  // logged.
  Result<std::optional<std::vector<nft::Element>>> find(const std::string& name) const;
  // Whether it is there and not leaving.
  Result<bool> stays(const std::string& name) const;
  Status save(const std::string& name, const std::vector<nft::Element>& elements) const;

  // From leave() on the elements are not put back any more, but can still be found, until they are
  // forgotten. Not there is success. What was saved since then stays.
  Status leave(const std::string& name) const;
  Status forget(const std::string& name) const;

  // Whether no other stays.
  Result<bool> is_last(const std::string& name) const;
  // The elements of all that stay, those of one after the other.
  Result<std::vector<nft::Element>> all() const;
  // The same of all that are leaving, or were when somebody was killed.
  Result<std::vector<nft::Element>> leaving() const;
  // Takes the directory away if it is empty.
  void tidy() const;

 private:
  FirewallRecords(std::string directory, const OwnedTable& table)
      : directory_(std::move(directory)), table_(&table) {}
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }
  Result<std::vector<nft::Element>> read_all(bool leaving) const;
  Result<std::optional<std::vector<nft::Element>>> read(const std::string& path) const;

  std::string directory_;
  const OwnedTable* table_;
};

}  // namespace netctl::attach
