#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/process.hpp"

// Where the bench takes place: never on the machine's own network.
namespace netctl::bench {

// The programs that take part.
struct Programs {
  std::string plugins{};    // directory of ours
  std::string netctl{};     // ours
  std::string reference{};  // directory of the reference plugins
  std::string netavark{};
  std::string floor{};
  std::string before{};  // directory of the plugins of an earlier build; empty: not compared
  std::string peak{};    // tells a program's memory: peak.cpp
};

// A network namespace that plays a host, with directories of its own; both go with it. Its
// containers are namespaces too.
class Host {
 public:
  static Result<std::shared_ptr<Host>> make(const std::string& name);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host();

  // On a file system in memory, so that no disk is measured.
  const std::string& directory() const { return directory_; }

  // Starts a program in the host's namespace, by the path it has; any thread may.
  Result<sys::Finished> run(const std::vector<std::string>& words, std::string_view input = "",
                            const std::vector<std::string>& environment = {}) const;
  // The same; an exit status other than 0 is an error, with what the program said. Gives its
  // stdout, and its stderr in `told`.
  Result<std::string> sure(const std::vector<std::string>& words, std::string_view input = "",
                           const std::vector<std::string>& environment = {},
                           std::string* told = nullptr) const;
  // Runs a shell command line: for what is set up and not measured.
  Result<std::string> shell(const std::string& line, std::string_view input = "") const;

  // A new namespace for a container; gives its path.
  Result<std::string> add_container();

  // A namespace on a network of the host's, made when it is first asked for; gives its path. It is
  // 10.99.0.2, and the host 10.99.0.1.
  Result<std::string> outside();

  int netns() const { return netns_.get(); }

 private:
  Host(std::string name, std::string directory)
      : name_(std::move(name)), directory_(std::move(directory)) {}

  std::string name_;
  std::string directory_;
  UniqueFd netns_{};
  std::vector<std::string> containers_{};
  std::string outside_{};
};

// The whole: programs, and a mount and a network namespace of the bench's own.
class Lab {
 public:
  // Moves this process there.
  static Result<Lab> enter(Programs programs);

  const Programs& programs() const { return programs_; }
  Result<std::shared_ptr<Host>> make_host(const std::string& name) { return Host::make(name); }

 private:
  explicit Lab(Programs programs) : programs_(std::move(programs)) {}
  Programs programs_;
};

// Milliseconds of a clock that nobody sets, and of the processor time that programs have taken
// which we ran and waited for.
class Stopwatch {
 public:
  Stopwatch();
  double elapsed() const;
  double cpu() const;

 private:
  std::chrono::steady_clock::time_point start_;
  double cpu_start_;
};

}  // namespace netctl::bench
