#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/runtime.hpp"
#include "runtime-core/sys/files.hpp"

// What runtimes remember of attachments, in libcni's format, so that Go runtimes and ours read each
// other's: one line of JSON in `<cache directory>/results/<network>-<container id>-<interface>`.
namespace netctl::cni {

// The line, with libcni's keys in libcni's order; those that are empty are left out:
//   {"kind":"cniCacheV1","containerId":…,"config":<base64>,"ifName":…,"networkName":…,"netns":…,
//    "cniArgs":[["K","V"],…],"capabilityArgs":{…},"result":{…}}
// Keys inside the last two are sorted. Fails when args, capability args or result cannot be read.
Result<std::string> to_json(const CachedAttachment& attachment);
// The reverse. Fails on everything that is not a whole entry; unknown keys are skipped. libcni 1.1,
// that of Podman 4 and containerd 1.6, writes no "netns": it is then what the result names for the
// interface, and empty, which is unknown, where the result names none.
Result<CachedAttachment> parse_cached(std::string_view json);

// Whether an entry cannot be used for what it holds, or is another attachment's by the same file
// name; not one that could not be read now.
bool is_damaged(const Error& error);

// The directory of entries. Names are checked here: none leads out of the directory.
class ResultCache {
 public:
  explicit ResultCache(const std::string& cache_directory)
      : directory_(cache_directory + "/results") {}

  // Nothing when there is no entry. One of libcni before 0.8 holds nothing but the result.
  // InvalidArgument: the entry is damaged (overwriting or deleting
  // it loses nothing). Exists: it is another attachment's, for "a-b" + "c" and "a" + "b-c" share a
  // file name.
  Result<std::optional<CachedAttachment>> find(const std::string& network,
                                               const Attachment& attachment) const;

  // Every entry that can be used, sorted by file name; the others are named in a warning.
  Result<std::vector<CachedAttachment>> all() const;
  // Those of one network, for whoever acts on what is not among them: a file that by its name may
  // be an entry of it and cannot be used is an error, which says what to do. Of all networks (empty
  // name): one that cannot be read; damaged ones, which may be anything, are named in a warning.
  Result<std::vector<CachedAttachment>> all_of(const std::string& network) const;
  // Those of one container, of all networks; only files whose name may be one of its entries are
  // read.
  Result<std::vector<CachedAttachment>> of_container(const std::string& container_id) const;

  // Whether store() will be able to write it, as far as names and args say; asked before anything
  // is done that would have to be undone.
  Status check_storable(const CachedAttachment& attachment) const;

  // Held shared while an attachment is made or removed, exclusive while the garbage is collected:
  // GC takes what it does not know for garbage. A lock on the directory itself, which is made.
  Result<sys::FileLock> lock(sys::Lock kind) const;

  // Replaces the entry as a whole (mode 0600, directory 0700).
  Status store(const CachedAttachment& attachment) const;
  // With these objects in place of the attachment's own texts.
  Status store(const CachedAttachment& attachment, Document capability_args, Document result) const;

  // Gone afterwards, damaged ones too; already gone is success. Another attachment's is kept.
  Status forget(const std::string& network, const Attachment& attachment) const;

 private:
  Result<std::string> path_of(const std::string& network, const Attachment& attachment) const;
  Status write(const CachedAttachment& attachment, const std::string& text) const;
  template <class Step>
  auto in_directory(const Step& step) const -> decltype(step());
  // The names of files that may be entries.
  Result<std::vector<std::string>> names() const;
  // all_of(), of the files alone whose name has the text in it.
  Result<std::vector<CachedAttachment>> all_with(const std::string& network,
                                                 const std::string& text) const;
  Result<std::optional<CachedAttachment>> find_named(const std::string& name) const;

  std::string directory_;
};

}  // namespace netctl::cni
