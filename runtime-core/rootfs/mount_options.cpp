#include "runtime-core/rootfs/mount_options.hpp"

#include <sys/mount.h>

#include <algorithm>
#include <string_view>

namespace netctl::rootfs {
namespace {

using namespace sys;  // the attributes' names

struct Attribute {
  std::string_view word;
  std::uint64_t set;
  std::uint64_t clear;
};
// With an "r" in front, the same for everything below the mount.
constexpr Attribute kAttributes[] = {
    {"ro", kReadOnly, 0},
    {"rw", 0, kReadOnly},
    {"nosuid", kNoSetuid, 0},
    {"suid", 0, kNoSetuid},
    {"nodev", kNoDevices, 0},
    {"dev", 0, kNoDevices},
    {"noexec", kNoExec, 0},
    {"exec", 0, kNoExec},
    {"nodiratime", kNoDirectoryAccessTime, 0},
    {"diratime", 0, kNoDirectoryAccessTime},
    {"noatime", kNoAccessTime, kAccessTime},
    {"atime", 0, kNoAccessTime},
    {"relatime", 0, kAccessTime},
    {"norelatime", 0, 0},
    {"strictatime", kStrictAccessTime, kAccessTime},
    {"nostrictatime", 0, kStrictAccessTime},
    {"nosymfollow", kNoFollow, 0},
    {"symfollow", 0, kNoFollow},
};

struct Propagation {
  std::string_view word;
  std::uint64_t flag;
};
constexpr Propagation kPropagations[] = {{"private", MS_PRIVATE},
                                         {"slave", MS_SLAVE},
                                         {"shared", MS_SHARED},
                                         {"unbindable", MS_UNBINDABLE}};

// Words that say what is so anyway, or what no kernel of today looks at.
constexpr std::string_view kIdle[] = {"defaults", "loud", "silent",     "async",     "norelatime",
                                      "nomand",   "mand", "nolazytime", "noiversion"};

template <class Table>
const auto* find_word(const Table& table, std::string_view word) {
  const auto found = std::ranges::find(table, word, [](const auto& row) { return row.word; });
  return found == std::end(table) ? nullptr : &*found;
}

void add(MountChange& change, const Attribute& attribute) {
  change.set = (change.set & ~attribute.clear) | attribute.set;
  change.clear = (change.clear & ~attribute.set) | attribute.clear;
}

bool apply_option(MountOptions& options, std::string_view word) {
  if (const auto* attribute = find_word(kAttributes, word)) {
    add(options.mount, *attribute);
    return true;
  }
  if (const auto* propagation = find_word(kPropagations, word)) {
    options.mount.propagation = propagation->flag;
    return true;
  }
  if (!word.starts_with('r')) return false;
  if (const auto* attribute = find_word(kAttributes, word.substr(1))) {
    add(options.all, *attribute);
    return true;
  }
  if (const auto* propagation = find_word(kPropagations, word.substr(1))) {
    options.propagation_all = propagation->flag;
    return true;
  }
  return false;
}

}  // namespace

Result<MountOptions> parse_mount_options(const std::vector<std::string>& words) {
  MountOptions options;
  for (const std::string& word : words) {
    if (word == "bind" || word == "rbind") {
      options.bind = true;
      options.recursive = options.recursive || word == "rbind";
    } else if (word == "tmpcopyup") {
      options.copy_up = true;
    } else if (word == "remount" || word == "idmap" || word == "ridmap") {
      return fail(Errc::NotSupported, "the mount option \"{}\" is not supported", word);
    } else if (word.find('\0') != word.npos) {
      return fail(Errc::InvalidArgument, "a mount option with a NUL byte");
    } else if (apply_option(options, word) || std::ranges::find(kIdle, word) != std::end(kIdle)) {
      continue;
    } else if (!word.empty()) {
      options.data.push_back(word);
    }
  }
  if (options.bind && !options.data.empty()) {
    return fail(Errc::InvalidArgument, "a bind mount has no option \"{}\"", options.data.front());
  }
  return options;
}

}  // namespace netctl::rootfs
