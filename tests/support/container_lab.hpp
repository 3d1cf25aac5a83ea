#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/support/lab.hpp"
#include "tests/support/own_cgroups.hpp"

namespace netctl::test {

// A lab in which containers are run: the root file system "box" is a busybox, made anew for each
// test. What is left of containers at the end of a test is removed; their cgroups are real ones,
// below one of the test's own.
class ContainerLab : public Lab {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Other runtimes cannot do with a part of a hierarchy in place of the whole: theirs are among the
  // machine's.
  virtual bool has_own_cgroups() const { return true; }

  // A program of the box: a shell script at /bin/<name>.
  void script(const std::string& name, const std::string& text, const std::string& root = box());
  void write(const std::string& path, const std::string& content);
  std::string read(const std::string& path);  // empty when there is none
  static std::string box() { return "/run/box"; }

  // `netctl run --rootfs box <line>`.
  sys::Finished in_box(const std::string& line);
  // The same, and it has to succeed; its stdout without the last newline.
  std::string sure_in_box(const std::string& line);

  // One value of what a command prints with -o json; a number or the inside of a string.
  std::string fact(const std::string& line, const std::string& name);
  // The network namespaces, cgroups and state directories that there are of containers.
  std::string traces();
  // The path of a container's group in the hierarchy of a controller; with the file behind it.
  std::string group_file(const std::string& container, const std::string& controller,
                         const std::string& file);

 private:
  std::optional<OwnCgroups> groups_;
};

}  // namespace netctl::test
