#include "netctl/install.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/base/rollback.hpp"
#include "runtime-core/cni/built_in.hpp"
#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/process.hpp"

namespace netctl::command {
namespace {

constexpr std::string_view kBackup = ".before-netctl";
// The executable that the names are links to; it is no plugin under its own name.
constexpr std::string_view kOneOfAll = "netctl-plugins";
constexpr std::size_t kLargest = 512U << 20;  // with what a debugger wants to know in it

using Identity = std::pair<dev_t, ino_t>;  // one for all names of a file

std::string backup_of(const std::string& path) { return format("{}{}", path, kBackup); }

Error error_at(std::string_view step, std::string_view path) {
  return system_error(errno, format("{} {}", step, path));
}

Status rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return ok();
  return error_at("rename " + from + " to", to);
}

// --- what there is --------------------------------------------------------------------------

enum class HeldBy { Nobody, Us, Another };

Result<HeldBy> holder_of(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return HeldBy::Nobody;
    return error_at("look at", path);
  }
  if (S_ISDIR(info.st_mode)) return fail(Errc::Exists, "{} is a directory: move it away", path);
  const bool is_ours = S_ISREG(info.st_mode) && TRY(cni::stamped_version(path)).has_value();
  return is_ours ? HeldBy::Us : HeldBy::Another;
}

Result<Identity> identity_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return error_at("look at", path);
  return Identity{info.st_dev, info.st_ino};
}

Result<bool> are_same(const std::string& one, const std::string& other) {
  const std::string first = TRY(sys::read_file(one, kLargest));
  const std::string second = TRY(sys::read_file(other, kLargest));
  return first == second;
}

Status refuse_own_directory(const Installation& wanted) {
  const auto source = identity_of(wanted.source);
  const auto target = identity_of(wanted.directory);
  for (const auto* each : {&source, &target}) {
    if (!*each && each->error().code != Errc::NotFound) return each->error();
  }
  if (!source || !target || *source != *target) return ok();
  return fail(
      Errc::InvalidArgument,
      "{} is where netctl's plugins come from: give another --dir, or remove netctl's package",
      wanted.directory);
}

// --- the plan -------------------------------------------------------------------------------

enum class Step { Add, Update, TakeOver, Keep };

struct Task {
  std::string name{};
  std::string from{};
  std::string to{};
  Identity identity{};
  Step step = Step::Add;

  std::string staged() const { return to.substr(0, to.rfind('/')) + "/." + name + ".netctl-new"; }
};

Result<std::vector<Task>> plugins_in(const Installation& wanted) {
  std::vector<Task> tasks;
  std::vector<std::string> others;
  for (const std::string& plugin : TRY(sys::list_directory(wanted.source))) {
    const std::string path = format("{}/{}", wanted.source, plugin);
    const auto version = TRY(cni::stamped_version(path));
    if (plugin.starts_with('.') || plugin == kOneOfAll || !version) continue;
    if (*version != cni::own_version()) others.push_back(format("{} ({})", plugin, *version));
    const Identity identity = TRY(identity_of(path));
    tasks.push_back({.name = plugin,
                     .from = path,
                     .to = format("{}/{}", wanted.directory, plugin),
                     .identity = identity});
  }
  if (tasks.empty()) {
    return fail(Errc::NotFound, "no plugins of netctl in {}: give --from", wanted.source);
  }
  if (!others.empty()) {
    return fail(Errc::InvalidArgument,
                "{} has plugins of another version than this netctl, which is {}: {}; install both "
                "together",
                wanted.source, cni::own_version(), joined(others, ", "));
  }
  return tasks;
}

Result<Step> step_for(const Task& task) {
  switch (TRY(holder_of(task.to))) {
    case HeldBy::Nobody:
      return Step::Add;
    case HeldBy::Another:
      return Step::TakeOver;
    case HeldBy::Us:
      break;
  }
  return TRY(are_same(task.from, task.to)) ? Step::Keep : Step::Update;
}

Status refuse_others(const std::vector<Task>& tasks, const Installation& wanted) {
  std::vector<std::string> others;
  std::vector<std::string> backups;
  for (const Task& task : tasks) {
    if (task.step != Step::TakeOver) continue;
    others.push_back(task.name);
    if (TRY(holder_of(backup_of(task.to))) != HeldBy::Nobody) {
      backups.push_back(backup_of(task.to));
    }
  }
  if (others.empty()) return ok();
  if (!wanted.force) {
    return fail(Errc::Exists,
                "{} has files of others: {}; --force keeps them as NAME{} and puts ours there",
                wanted.directory, joined(others, ", "), kBackup);
  }
  if (backups.empty()) return ok();
  return fail(Errc::Exists, "what was there before is kept already: {}; move it away first",
              joined(backups, ", "));
}

std::string line_of(const Task& task, bool dry_run) {
  const std::string before = dry_run ? "would " : "";
  switch (task.step) {
    case Step::Add:
      return format("{}install {}\n", before, task.name);
    case Step::Update:
      return format("{}update {}\n", before, task.name);
    case Step::TakeOver:
      return format("{0}install {1}, and keep the other as {1}{2}\n", before, task.name, kBackup);
    case Step::Keep:
      return format("{}keep {}: it is the same\n", before, task.name);
  }
  return "";
}

// --- doing it -------------------------------------------------------------------------------

// On the disk, so that a machine that loses its power does not come back with an empty plugin.
Status sync_path(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::fsync(file.get()) != 0) return error_at("write to the disk", path);
  return ok();
}

// As a runtime starts it: where it cannot run (another machine's executable, a file system that is
// mounted noexec) is better known before the one that works is gone.
Status try_out(const Task& task) {
  const std::string where = task.to.substr(0, task.to.rfind('/'));
  const sys::Finished answer =
      TRY(sys::run_program(task.staged(), {task.name}, {"CNI_COMMAND=VERSION"},
                           R"({"cniVersion":"1.0.0"})")
              .context("{} does not run in {}, which may be mounted noexec", task.name, where));
  if (answer.exit_status == 0) return ok();
  return fail(Errc::Io, "{} does not run in {}: {}{}", task.name, where, answer.out, answer.err);
}

// Its file under a name beside its own. `staged` knows files by what they were copied from.
Status stage(const Task& task, std::map<Identity, std::string>& staged) {
  TRY(sys::delete_file(task.staged()));
  const auto first = staged.find(task.identity);
  if (first != staged.end() && ::link(first->second.c_str(), task.staged().c_str()) == 0) {
    return ok();
  }
  const std::string content = TRY(sys::read_file(task.from, kLargest));
  TRY(sys::replace_file(task.staged(), content, 0755));
  TRY(sync_path(task.staged()));
  staged.emplace(task.identity, task.staged());
  return ok();
}

// Where what has the name now is kept: another's for good, ours until all is done.
std::string kept_as(const Task& task) {
  if (task.step == Step::TakeOver) return backup_of(task.to);
  return task.to.substr(0, task.to.rfind('/')) + "/." + task.name + ".netctl-old";
}

// Where both are names of one file rename(2) does nothing, and the second one stays.
Status give_back(const Task& task) {
  TRY(rename_file(kept_as(task), task.to));
  return sys::delete_file(kept_as(task));
}

// The name is never without a file: what has it gets a second one before it loses the first.
Status keep_present(const Task& task, Rollback& undo) {
  if (task.step == Step::Update) TRY(sys::delete_file(kept_as(task)));
  const bool is_linked =
      ::linkat(AT_FDCWD, task.to.c_str(), AT_FDCWD, kept_as(task).c_str(), 0) == 0;
  // A file system without hard links.
  if (!is_linked) TRY(rename_file(task.to, kept_as(task)));
  undo.add("restore " + task.to, [task] { return give_back(task); });
  return ok();
}

Status put_in_place(const std::vector<Task>& tasks) {
  Rollback undo;
  std::map<Identity, std::string> staged;
  for (const Task& task : tasks) {
    undo.add("delete " + task.staged(), [task] { return sys::delete_file(task.staged()); });
    TRY(stage(task, staged));
    TRY(try_out(task));
  }
  for (const Task& task : tasks) {
    if (task.step == Step::Add) {
      undo.add("delete " + task.to, [task] { return sys::delete_file(task.to); });
    } else {
      TRY(keep_present(task, undo));
    }
    TRY(rename_file(task.staged(), task.to));
  }
  undo.commit();
  ErrorList errors;
  for (const Task& task : tasks) {
    if (task.step == Step::Update) errors.keep(sys::delete_file(kept_as(task)));
  }
  return errors.status();
}

Status install(const Installation& wanted) {
  std::vector<Task> tasks = TRY(plugins_in(wanted));
  if (!wanted.dry_run) TRY(sys::ensure_directory(wanted.directory, 0755));
  std::optional<sys::FileLock> lock;
  if (!wanted.dry_run) lock = TRY(sys::FileLock::of_directory(wanted.directory));
  for (Task& task : tasks) task.step = TRY(step_for(task));
  TRY(refuse_others(tasks, wanted));
  std::string lines;
  for (const Task& task : tasks) lines += line_of(task, wanted.dry_run);
  if (!wanted.dry_run) {
    std::erase_if(tasks, [](const Task& task) { return task.step == Step::Keep; });
    TRY(put_in_place(tasks));
    TRY(sync_path(wanted.directory));
  }
  return print(lines);
}

// --- the way back ---------------------------------------------------------------------------

// One name that we may have put there, with what it had before.
Status take_away(const std::string& directory, const std::string& name, bool dry_run,
                 std::string& lines) {
  const std::string path = directory + "/" + name;
  const std::string backup = backup_of(path);
  const HeldBy holder = TRY(holder_of(path));
  const bool has_backup = TRY(holder_of(backup)) != HeldBy::Nobody;
  const std::string before = dry_run ? "would " : "";
  if (holder == HeldBy::Another) {
    if (has_backup) {
      log::warn("{} is another's by now: what was there before stays at {}", path, backup);
    }
    return ok();
  }
  if (has_backup) {
    if (!dry_run) TRY(rename_file(backup, path));
    lines += format("{}restore {}\n", before, name);
  } else if (holder == HeldBy::Us) {
    if (!dry_run) TRY(sys::delete_file(path));
    lines += format("{}remove {}\n", before, name);
  }
  return ok();
}

bool is_passing(const std::string& name) {
  return name.starts_with('.') && (name.ends_with(".netctl-new") || name.ends_with(".netctl-old"));
}

Status uninstall(const Installation& wanted) {
  const std::string& directory = wanted.directory;
  if (!TRY(sys::exists(directory))) return ok();
  const sys::FileLock lock = TRY(sys::FileLock::of_directory(directory));
  ErrorList errors;
  std::string lines;
  std::vector<std::string> names;
  for (std::string name : TRY(sys::list_directory(directory))) {
    // Of a call that was killed.
    const std::string path = format("{}/{}", directory, name);
    if (is_passing(name) && !wanted.dry_run) errors.keep(sys::delete_file(path));
    if (name.starts_with('.')) continue;
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
      if (errno != ENOENT) errors.add(error_at("look at", path));
      continue;
    }
    if (S_ISDIR(info.st_mode)) continue;
    if (name.ends_with(kBackup)) name.resize(name.size() - kBackup.size());
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  for (const std::string& name : names) {
    errors.keep(take_away(directory, name, wanted.dry_run, lines));
  }
  if (!wanted.dry_run) errors.keep(sync_path(directory));
  errors.keep(print(lines));
  return errors.status();
}

}  // namespace

Status install_plugins(const Installation& installation) {
  Installation wanted = installation;
  if (wanted.source.empty()) wanted.source = own_plugin_directory();
  TRY(refuse_own_directory(wanted));
  return wanted.uninstall ? uninstall(wanted) : install(wanted);
}

}  // namespace netctl::command
