#pragma once

#include <optional>
#include <string>

#include "plugins/tuning/attributes.hpp"
#include "runtime-core/base/result.hpp"
#include "runtime-core/cni/request.hpp"

namespace netctl::tuning {

// What an interface was like before its first ADD: `<dataDir>/<container id>_<interface>.json`, in
// the reference plugin's format, so that either's DEL puts back what the other's ADD changed.
class Backup {
 public:
  explicit Backup(const cni::Request& request);

  // Remembers these values, but none that is remembered already: at a second ADD what the first
  // one set must not be taken for the original. Gives the file as it was, for revert().
  Result<std::optional<std::string>> add(const Attributes& original) const;
  // Back to what add() gave.
  Status revert(const std::optional<std::string>& before) const;

  // Nothing when there is none. A file whose content is not a backup counts as none and is logged:
  // nobody can do anything with it. An error when it cannot be read now.
  Result<std::optional<Attributes>> find() const;
  // Gone afterwards; already gone is success.
  Status forget() const;

 private:
  std::string directory_;
  std::string path_;
};

}  // namespace netctl::tuning
