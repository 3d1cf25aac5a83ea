#include "tests/bench/copies.hpp"

#include <unistd.h>

#include <filesystem>

#include "runtime-core/sys/files.hpp"

namespace netctl::bench {
namespace {

// By one call of write(2), as these programs are built and installed (netctl_write_whole() in
// cmake/Flags.cmake): the kernel then keeps them in large pieces.
Status copy_program(const std::string& from, const std::string& to) {
  return sys::replace_file(to, TRY(sys::read_file(from)), 0755);
}

// Links stay links, so that all plugins are one file as they were.
Status copy_plugins(const std::string& from, const std::string& to) {
  TRY(sys::ensure_directory(to, 0755));
  for (const std::string& name : TRY(sys::list_directory(from))) {
    const std::string source = format("{}/{}", from, name);
    const std::string target = format("{}/{}", to, name);
    std::error_code error;
    if (!std::filesystem::is_symlink(source, error)) {
      TRY(copy_program(source, target));
      continue;
    }
    std::filesystem::copy_symlink(source, target, error);
    if (error) return fail(Errc::Io, "copy {}: {}", source, error.message());
  }
  return ok();
}

}  // namespace

Result<std::shared_ptr<Copies>> Copies::make(const Programs& originals, int count) {
  std::shared_ptr<Copies> copies(new Copies(format("{}.copies.{}", originals.netctl, ::getpid())));
  for (int i = 0; i < count; ++i) {
    const std::string directory = format("{}/{}", copies->directory_, i);
    Programs copy = originals;
    copy.plugins = directory + "/plugins";
    copy.netctl = directory + "/netctl";
    copy.floor = directory + "/floor";
    TRY(copy_plugins(originals.plugins, copy.plugins));
    TRY(copy_program(originals.netctl, copy.netctl));
    TRY(copy_program(originals.floor, copy.floor));
    if (!originals.before.empty()) {
      copy.before = directory + "/before";
      TRY(copy_plugins(originals.before, copy.before));
    }
    copies->all_.push_back(std::move(copy));
  }
  return copies;
}

Copies::~Copies() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace netctl::bench
