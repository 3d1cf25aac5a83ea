#pragma once

#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/container/spec.hpp"
#include "runtime-core/container/state.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::container {

// Where containers are remembered:
//   <run>/containers/<id>/           config.json, state.json, and the files that are bound into it
//   <run>/names/<name>               a link to the id: the reservation of the name
//   <run>/filters/                   seccomp filters, compiled (see filter_cache.hpp)
//   <data>/containers/<id>/          what is large: the writable layer, the log
// The first three go at reboot, like the containers. Files are replaced whole, so a reader needs no
// lock; whoever makes or removes a container holds one on the store.
class Store {
 public:
  Store(std::string run_directory, std::string data_directory)
      : run_(std::move(run_directory)), data_(std::move(data_directory)) {}

  // Takes the id and the name, and writes both files. Exists when the name is another's.
  Status create(const State& state, const Spec& spec) const;
  Status save(const State& state) const;

  // By id, the beginning of one that fits one container only, or name.
  Result<State> find(const std::string& text) const;
  Result<std::optional<State>> find_id(const std::string& id) const;
  Result<Spec> spec_of(const std::string& id) const;
  Status save_spec(const std::string& id, const Spec& spec) const;
  // Sorted by the time of creation. Directories without a state are those whose creation was
  // interrupted: ids_without_state() has them.
  Result<std::vector<State>> all() const;
  Result<std::vector<std::string>> ids() const;  // of all that there is a directory of
  Result<std::vector<std::string>> ids_without_state() const;

  // The last step of a removal: directories and name. Already gone is success.
  Status remove(const State& state) const;
  // Names of containers that are gone, whose removal or creation was interrupted. Under the lock.
  Status release_stray_names() const;

  std::string directory_of(const std::string& id) const { return run_ + "/containers/" + id; }
  std::string data_of(const std::string& id) const { return data_ + "/containers/" + id; }
  std::string filters() const { return run_ + "/filters"; }
  Result<sys::FileLock> lock() const;

 private:
  Status take_name(const State& state) const;
  Status release_if_stray(const std::string& link) const;
  // Those that may lead to it: its own, or all, where its creation was interrupted and nobody
  // knows.
  Result<std::vector<std::string>> names_of(const State& state) const;
  std::string run_;
  std::string data_;
};

// Names and ids: a letter or digit, then letters, digits, "_", ".", "-", 128 at most.
Status check_name(std::string_view name);
// 64 random hex digits.
Result<std::string> new_id();

}  // namespace netctl::container
