#include "runtime-core/container/store.hpp"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"

namespace netctl::container {
namespace {

// Not following links, and not across file systems that somebody may have mounted there.
Status remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) return ok();
  return system_error(error.value(), format("remove {}", path));
}

// Nothing where there is none, or something else than a link.
Result<std::optional<std::string>> link_target(const std::string& path) {
  std::optional<std::string> target;
  std::error_code error;
  auto read = std::filesystem::read_symlink(path, error);
  if (!error) {
    target = std::move(read).string();
  } else if (error.value() != ENOENT && error.value() != EINVAL) {
    return system_error(error.value(), "read the link " + path);
  }
  return target;
}

}  // namespace

Status check_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool fine = !name.empty() && name.size() <= 128 && is_letter(name.front()) &&
                    std::ranges::all_of(name, [&](char c) {
                      return is_letter(c) || c == '_' || c == '.' || c == '-';
                    });
  if (fine) return ok();
  return fail(Errc::InvalidArgument,
              "\"{}\" cannot be a container's name: a letter or digit, then letters, digits, "
              "\"_\", \".\" and \"-\"",
              name);
}

Result<std::string> new_id() {
  unsigned char bytes[32];
  if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
    return system_error(errno, "get random bytes");
  }
  std::string id;
  for (const unsigned char byte : bytes) id += format("{:02x}", byte);
  return id;
}

Result<sys::FileLock> Store::lock() const {
  TRY(sys::ensure_directory(run_, 0755));
  return sys::FileLock::acquire(run_ + "/lock", sys::Lock::Exclusive, 0600);
}

Status Store::take_name(const State& state) const {
  TRY(sys::ensure_directory(run_ + "/names", 0700));
  const std::string link = format("{}/names/{}", run_, state.name);
  if (::symlink(state.id.c_str(), link.c_str()) == 0) return ok();
  if (errno != EEXIST) return system_error(errno, format("reserve the name {}", state.name));
  const std::string holder = TRY(link_target(link)).value_or("");
  // Left by one that was interrupted between its two steps; the store is locked now.
  if (!TRY(sys::exists(directory_of(holder)))) {
    TRY(sys::delete_file(link));
    return take_name(state);
  }
  return fail(Errc::Exists,
              "the name \"{}\" is taken by container {}: netctl rm {} removes it, --name gives "
              "another",
              state.name, holder.substr(0, 12), state.name);
}

Status Store::create(const State& state, const Spec& spec) const {
  const auto held = TRY(lock());
  TRY(sys::ensure_directory(run_ + "/containers", 0700));
  TRY(sys::ensure_directory(data_ + "/containers", 0700));
  const std::string directory = directory_of(state.id);
  Rollback undo;
  if (::mkdir(directory.c_str(), 0700) != 0) {
    if (errno == EEXIST) return fail(Errc::Exists, "container with given ID already exists");
    return system_error(errno, format("create {}", directory));
  }
  undo.add("remove " + directory, [&] { return remove_tree(directory); });
  TRY(take_name(state));
  undo.add("release the name",
           [&] { return sys::delete_file(format("{}/names/{}", run_, state.name)); });
  TRY(sys::ensure_directory(data_of(state.id), 0700));
  undo.add("remove " + data_of(state.id), [&] { return remove_tree(data_of(state.id)); });
  TRY(save_spec(state.id, spec));
  TRY(save(state));
  undo.commit();
  return ok();
}

Status Store::save(const State& state) const {
  return sys::replace_file(directory_of(state.id) + "/state.json", to_json(state), 0600);
}

Status Store::save_spec(const std::string& id, const Spec& spec) const {
  return sys::replace_file(directory_of(id) + "/config.json", to_json(spec), 0600);
}

Result<std::optional<State>> Store::find_id(const std::string& id) const {
  const auto text = TRY(sys::find_file(directory_of(id) + "/state.json"));
  if (!text) return std::optional<State>();
  return std::optional(TRY(parse_state(*text).context("container {}", id)));
}

Result<State> Store::find(const std::string& text) const {
  TRY(check_name(text));
  const std::string id = TRY(link_target(format("{}/names/{}", run_, text))).value_or(text);
  if (auto state = TRY(find_id(id))) return *std::move(state);
  std::vector<std::string> ids = TRY(sys::list_directory(run_ + "/containers"));
  std::erase_if(ids, [&](const std::string& each) { return !each.starts_with(id); });
  if (ids.size() > 1) {
    return fail(Errc::InvalidArgument, "\"{}\" is the beginning of {} containers' ids", text,
                ids.size());
  }
  if (ids.size() == 1) {
    if (auto state = TRY(find_id(ids.front()))) return *std::move(state);
    // Interrupted before it had a state: enough of it to remove it.
    return State{.id = ids.front(), .cgroup_path = group_path_of(ids.front())};
  }
  return fail(Errc::NotFound, "container \"{}\" does not exist: netctl ps -a shows those that do",
              text);
}

Result<Spec> Store::spec_of(const std::string& id) const {
  return parse_spec(TRY(sys::read_file(directory_of(id) + "/config.json")))
      .context("container {}", id);
}

Result<std::vector<State>> Store::all() const {
  std::vector<State> states;
  for (const std::string& id : TRY(sys::list_directory(run_ + "/containers"))) {
    auto state = find_id(id);
    if (!state) {
      log::warn("{}", state.error().message);
    } else if (*state) {
      states.push_back(**std::move(state));
    }
  }
  std::ranges::sort(states, {}, &State::created_ns);
  return states;
}

Result<std::vector<std::string>> Store::ids() const {
  std::vector<std::string> ids = TRY(sys::list_directory(run_ + "/containers"));
  for (const std::string& id : TRY(sys::list_directory(data_ + "/containers"))) {
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

Result<std::vector<std::string>> Store::ids_without_state() const {
  std::vector<std::string> without;
  for (std::string& id : TRY(ids())) {
    if (!TRY(sys::exists(directory_of(id) + "/state.json"))) without.push_back(std::move(id));
  }
  return without;
}

Result<std::vector<std::string>> Store::names_of(const State& state) const {
  if (!state.name.empty()) return std::vector{state.name};
  return sys::list_directory(run_ + "/names");
}

Status Store::remove(const State& state) const {
  const auto held = TRY(lock());
  TRY(remove_tree(data_of(state.id)));
  TRY(remove_tree(directory_of(state.id)));
  // Last: as long as there is anything of it, it is found by its name.
  ErrorList errors;
  for (const std::string& name : TRY(names_of(state))) {
    const std::string link = format("{}/names/{}", run_, name);
    const auto holder = link_target(link);
    if (!holder) errors.add(holder.error());
    if (holder && *holder == state.id) errors.keep(sys::delete_file(link));
  }
  return errors.status();
}

Status Store::release_if_stray(const std::string& link) const {
  const auto holder = TRY(link_target(link));
  if (!holder || TRY(sys::exists(directory_of(*holder)))) return ok();
  return sys::delete_file(link);
}

Status Store::release_stray_names() const {
  ErrorList errors;
  for (const std::string& name : TRY(sys::list_directory(run_ + "/names"))) {
    const std::string link = format("{}/names/{}", run_, name);
    errors.keep(release_if_stray(link));
  }
  return errors.status();
}

}  // namespace netctl::container
