#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "runtime-core/cni/json.hpp"

namespace netctl::test {

// A directory of its own, gone with the object, with plugins that are shell scripts: each writes
// down how it was called before it does what the test wants.
class PluginScripts {
 public:
  PluginScripts() {
    std::string name = ::testing::TempDir() + "netctl-cni-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    std::filesystem::create_directory(bin());
  }
  PluginScripts(const PluginScripts&) = delete;
  PluginScripts& operator=(const PluginScripts&) = delete;
  ~PluginScripts() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::string bin() const { return path("bin"); }

  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << content;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  // `body` is shell; it may look at $CNI_COMMAND.
  void add(const std::string& type, const std::string& body) const {
    const std::string seen = path("seen/" + type);
    write("bin/" + type, "#!/bin/sh\necho \"$CNI_COMMAND " + type + "\" >>" + path("seen/calls") +
                             "\ncat >" + seen + ".$CNI_COMMAND.stdin\nenv >" + seen +
                             ".$CNI_COMMAND.env\n" + body + "\n");
    ::chmod(path("bin/" + type).c_str(), 0755);
    std::filesystem::create_directories(path("seen"));
  }
  // A plugin that answers ADD with `result`.
  void add_answering(const std::string& type, const std::string& result) const {
    add(type, "[ $CNI_COMMAND != ADD ] || printf '%s' '" + result + "'");
  }

  // "ADD one\nADD two\n": every call of every script, in order.
  std::string calls() const { return read("seen/calls"); }
  // What a script got on stdin when it was last called so.
  cni::Json config_of(const std::string& type, const std::string& command) const {
    const auto parsed = cni::parse_json(read("seen/" + type + "." + command + ".stdin"));
    return parsed ? *parsed : cni::Json();
  }
  // Its environment then, a line a variable.
  std::string environment_of(const std::string& type, const std::string& command) const {
    return "\n" + read("seen/" + type + "." + command + ".env");
  }

 private:
  std::string directory_;
};

}  // namespace netctl::test
