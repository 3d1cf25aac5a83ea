// Holds every #include of the product against the order of its directories, so that the tree keeps
// saying how the program works: an arrow goes to a lower layer only, and each foreign library is
// seen by one directory.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netctl {
namespace {

using testing::IsEmpty;

// Which layers of runtime-core each layer may include, besides itself.
const std::map<std::string, std::vector<std::string>> kLayers{
    {"start", {}},
    {"base", {}},
    {"addr", {"base"}},
    {"sys", {"base"}},
    {"rtnl", {"base", "addr", "sys"}},
    {"nft", {"base", "addr", "sys"}},
    {"diag", {"base", "addr", "sys"}},
    {"ns", {"base", "sys"}},
    {"cgroup", {"base", "sys"}},
    {"rootfs", {"base", "sys"}},
    {"cni", {"base", "addr", "sys"}},
    {"attach", {"base", "addr", "sys", "rtnl", "nft", "diag", "ns", "cni"}},
    {"container", {"base", "sys", "ns", "cgroup", "rootfs", "cni"}},
};

// The directories that stand on runtime-core. Those of plugins and ipam are one deeper:
// plugins/bridge. They know nothing of each other and meet in plugins/built_ins.cpp and in netctl,
// which stands on all of them.
const std::vector<std::string> kTops{"runtime-core", "plugins", "ipam", "portmap", "netctl"};

// Headers that begin so belong to a library, which only files that begin so may see.
struct Library {
  std::string header;
  std::string place;
};
const std::vector<Library> kLibraries{
    {"netlink/", "runtime-core/rtnl/"},
    {"libnl", "runtime-core/rtnl/"},
    {"libnftnl/", "runtime-core/nft/"},
    {"libmnl/", "runtime-core/nft/"},
    {"nlohmann/", "runtime-core/cni/"},
    {"sha2.h", "runtime-core/base/"},
    {"fmt/", "runtime-core/base/"},
    {"spdlog/", "runtime-core/base/log.cpp"},
    {"seccomp.h", "runtime-core/container/seccomp.cpp"},
    {"CLI/", "netctl/"},
};

// Headers of rtnl and nft that may show the C library, because they are for the .cpp files of their
// own directory. Nobody else may include them.
const std::vector<std::string> kPrivateHeaders{
    "runtime-core/rtnl/channel.hpp", "runtime-core/rtnl/encode.hpp", "runtime-core/nft/channel.hpp",
    "runtime-core/nft/owners.hpp"};

// The door between JSON and the rest.
const std::string kJsonHeader = "runtime-core/cni/json.hpp";

bool is_one_of(const std::vector<std::string>& list, const std::string& wanted) {
  return std::ranges::find(list, wanted) != list.end();
}

std::string directory_of(const std::string& file) {
  return std::filesystem::path(file).parent_path().string();
}

// "runtime-core/rtnl/types.hpp": "rtnl"; empty for everything that is not in runtime-core.
std::string layer_of(const std::string& file) {
  const std::filesystem::path path(file);
  auto part = path.begin();
  if (part == path.end() || *part != "runtime-core" || ++part == path.end()) return "";
  return part->string();
}

// The list of all plugins names each.
bool is_built_in(const std::string& file, const std::string& header) {
  return file == "plugins/built_ins.cpp" && header.ends_with("/plugin.hpp");
}

using Refusal = std::optional<std::string>;  // the rule that is broken

Refusal check_layer(const std::string& file, const std::string& header) {
  const std::string from = layer_of(file);
  const std::string to = layer_of(header);
  if (!to.empty() && !kLayers.contains(to)) return "there is no layer " + to;
  if (from.empty()) {
    if (!to.empty() || directory_of(header) == directory_of(file)) return {};
    if (directory_of(file).starts_with("netctl")) return {};
    if (is_built_in(file, header)) return {};
    return directory_of(file) + " may include runtime-core and its own directory only";
  }
  if (!kLayers.contains(from)) return "the layer " + from + " has no rule yet: write one";
  if (to == from || is_one_of(kLayers.at(from), to)) return {};
  return "runtime-core/" + from + " may not include " + (to.empty() ? header : to);
}

Refusal check_private(const std::string& file, const std::string& header) {
  if (is_one_of(kPrivateHeaders, header) && directory_of(file) != directory_of(header)) {
    return header + " is for its own directory";
  }
  const bool config = std::filesystem::path(file).filename() == "config.cpp";
  const bool json = layer_of(file) == "container" && file.ends_with("_json.cpp");
  if (header == kJsonHeader && layer_of(file) != "cni" && !config && !json) {
    return header + " is for runtime-core/cni and for files named config.cpp";
  }
  if (header.starts_with("runtime-core/cni/") && layer_of(file) == "container" && !json) {
    return "of runtime-core/container only files named ..._json.cpp see cni, for its JSON";
  }
  return {};
}

Refusal check_library(const std::string& file, const std::string& header) {
  if (header == "iostream") return "there are no such streams (runtime-core/start/streams.cpp)";
  for (const Library& library : kLibraries) {
    if (!header.starts_with(library.header)) continue;
    if (!file.starts_with(library.place)) return library.header + " belongs to " + library.place;
    if (header.starts_with("CLI/") && file != "netctl/main.cpp" &&
        !file.starts_with("netctl/cli/")) {
      return "CLI/ is for netctl/main.cpp and netctl/cli";
    }
    const std::string layer = layer_of(file);
    const bool hides_it = layer == "rtnl" || layer == "nft";
    if (hides_it && file.ends_with(".hpp") && !is_one_of(kPrivateHeaders, file)) {
      return library.header + " stays out of public headers";
    }
  }
  return {};
}

// The rule that `file` breaks by including `header`, both relative to the root of the tree.
Refusal check(const std::string& file, const std::string& header, bool quoted) {
  if (Refusal refusal = check_library(file, header)) return refusal;
  if (!quoted) return {};
  const std::string top = std::filesystem::path(header).begin()->string();
  if (!is_one_of(kTops, top)) return "write the path from the root of the tree";
  if (Refusal refusal = check_private(file, header)) return refusal;
  return check_layer(file, header);
}

struct Include {
  std::string header;
  bool quoted = false;
};

std::optional<Include> parse_include(const std::string& line) {
  static const std::regex pattern(R"rx(^\s*#\s*include\s*(["<])([^">]+)[">].*)rx");
  std::smatch match;
  if (!std::regex_match(line, match, pattern)) return {};
  return Include{.header = match[2], .quoted = match[1] == "\""};
}

// "file:line: includes x: rule" for each rule that is broken.
std::vector<std::string> violations_in(const std::filesystem::path& root, const std::string& file) {
  std::vector<std::string> found;
  std::ifstream stream(root / file);
  EXPECT_TRUE(stream) << file;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    const auto include = parse_include(line);
    if (!include) continue;
    if (const Refusal rule = check(file, include->header, include->quoted)) {
      found.push_back(file + ":" + std::to_string(number) + ": includes " + include->header + ": " +
                      *rule);
    }
  }
  return found;
}

std::vector<std::string> source_files(const std::filesystem::path& root) {
  std::vector<std::string> files;
  for (const std::string& top : kTops) {
    if (!std::filesystem::exists(root / top)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (extension == ".cpp" || extension == ".hpp") {
        files.push_back(entry.path().lexically_relative(root).string());
      }
    }
  }
  return files;
}

TEST(Layers, EachIncludeGoesToALowerLayer) {
  const std::filesystem::path root(NETCTL_SOURCE_DIR);
  const auto files = source_files(root);

  std::vector<std::string> violations;
  for (const std::string& file : files) {
    for (const std::string& violation : violations_in(root, file)) violations.push_back(violation);
  }

  EXPECT_THAT(violations, IsEmpty());
  for (const auto& [layer, below] : kLayers) {
    EXPECT_TRUE(std::ranges::any_of(
        files, [layer = layer](const std::string& file) { return layer_of(file) == layer; }))
        << "nothing was read of runtime-core/" << layer;
  }
}

TEST(Layers, LetPassWhatTheTableAllows) {
  const struct {
    std::string file;
    std::string line;
  } table[] = {
      {"runtime-core/base/digest.cpp", "#include <sha2.h>"},
      {"runtime-core/base/log.cpp", "#include <spdlog/spdlog.h>"},
      {"runtime-core/addr/ip.cpp", "#include <arpa/inet.h>"},
      {"runtime-core/rtnl/route_socket.cpp", "#include <netlink/netlink.h>"},
      {"runtime-core/rtnl/encode.hpp", "#include <netlink/attr.h>"},
      {"runtime-core/rtnl/batch.cpp", "#include \"runtime-core/rtnl/encode.hpp\""},
      {"runtime-core/rtnl/batch.cpp", "#include <linux/rtnetlink.h>"},
      {"runtime-core/attach/bridge.cpp", "#include \"runtime-core/cni/types.hpp\""},
      {"runtime-core/cni/json.hpp", "#include <nlohmann/json.hpp>"},
      {"plugins/bridge/config.cpp", "#include \"runtime-core/cni/json.hpp\""},
      {"runtime-core/container/spec_json.cpp", "#include \"runtime-core/cni/json.hpp\""},
      {"runtime-core/container/seccomp.cpp", "#include <seccomp.h>"},
      {"plugins/bridge/plugin.cpp", "#include \"plugins/bridge/config.hpp\""},
      {"portmap/plugin.cpp", "#include \"portmap/config.hpp\""},
      {"plugins/main.cpp", "#include \"plugins/built_ins.hpp\""},
      {"plugins/built_ins.cpp", "#include \"ipam/host-local/plugin.hpp\""},
      {"netctl/settings.cpp", "#include \"plugins/built_ins.hpp\""},
      {"netctl/cli/network.cpp", "#include \"netctl/network.hpp\""},
      {"netctl/main.cpp", "#include <CLI/CLI.hpp>"},
      {"netctl/cli/networks.cpp", "#include <CLI/CLI.hpp>"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.file + ": " + row.line);
    const auto include = parse_include(row.line);
    ASSERT_TRUE(include);
    EXPECT_EQ(check(row.file, include->header, include->quoted).value_or(""), "");
  }
}

TEST(Layers, RefuseWhatTheTableForbids) {
  const struct {
    std::string file;
    std::string line;
    std::string rule;
  } table[] = {
      {"runtime-core/base/log.cpp", "#include \"runtime-core/sys/files.hpp\"",
       "runtime-core/base may not include sys"},
      {"runtime-core/addr/ip.hpp", "  #  include \"runtime-core/cni/types.hpp\"  // why",
       "runtime-core/addr may not include cni"},
      {"runtime-core/rtnl/batch.cpp", "#include \"runtime-core/nft/batch.hpp\"",
       "runtime-core/rtnl may not include nft"},
      {"runtime-core/attach/bridge.cpp", "#include \"plugins/bridge/config.hpp\"",
       "runtime-core/attach may not include plugins/bridge/config.hpp"},
      {"runtime-core/extra/a.cpp", "#include \"runtime-core/base/log.hpp\"",
       "the layer extra has no rule yet: write one"},
      {"plugins/bridge/plugin.cpp", "#include \"portmap/config.hpp\"",
       "plugins/bridge may include runtime-core and its own directory only"},
      {"plugins/bridge/plugin.cpp", "#include \"plugins/host/config.hpp\"",
       "plugins/bridge may include runtime-core and its own directory only"},
      {"plugins/bridge/plugin.cpp", "#include \"config.hpp\"",
       "write the path from the root of the tree"},
      {"netctl/main.cpp", "#include \"tests/support/matchers.hpp\"",
       "write the path from the root of the tree"},
      {"plugins/bridge/plugin.cpp", "#include <netlink/netlink.h>",
       "netlink/ belongs to runtime-core/rtnl/"},
      {"runtime-core/rtnl/types.hpp", "#include <netlink/attr.h>",
       "netlink/ stays out of public headers"},
      {"runtime-core/nft/socket.hpp", "#include <libmnl/libmnl.h>",
       "libmnl/ stays out of public headers"},
      {"runtime-core/attach/bridge.cpp", "#include \"runtime-core/rtnl/encode.hpp\"",
       "runtime-core/rtnl/encode.hpp is for its own directory"},
      {"plugins/bridge/config.cpp", "#include <nlohmann/json.hpp>",
       "nlohmann/ belongs to runtime-core/cni/"},
      {"plugins/bridge/plugin.cpp", "#include \"runtime-core/cni/json.hpp\"",
       "runtime-core/cni/json.hpp is for runtime-core/cni and for files named config.cpp"},
      {"runtime-core/container/launch.cpp", "#include \"runtime-core/cni/json.hpp\"",
       "runtime-core/cni/json.hpp is for runtime-core/cni and for files named config.cpp"},
      {"runtime-core/container/launch.cpp", "#include \"runtime-core/cni/types.hpp\"",
       "of runtime-core/container only files named ..._json.cpp see cni, for its JSON"},
      {"runtime-core/rootfs/root.cpp", "#include \"runtime-core/cgroup/group.hpp\"",
       "runtime-core/rootfs may not include cgroup"},
      {"runtime-core/container/launch.cpp", "#include <seccomp.h>",
       "seccomp.h belongs to runtime-core/container/seccomp.cpp"},
      {"runtime-core/base/result.cpp", "#include <spdlog/spdlog.h>",
       "spdlog/ belongs to runtime-core/base/log.cpp"},
      {"runtime-core/sys/files.cpp", "#include <fmt/format.h>",
       "fmt/ belongs to runtime-core/base/"},
      {"plugins/bridge/plugin.cpp", "#include \"plugins/built_ins.hpp\"",
       "plugins/bridge may include runtime-core and its own directory only"},
      {"ipam/static/plugin.cpp", "#include \"ipam/host-local/plugin.hpp\"",
       "ipam/static may include runtime-core and its own directory only"},
      {"netctl/attach.cpp", "#include <CLI/CLI.hpp>", "CLI/ is for netctl/main.cpp and netctl/cli"},
      {"netctl/main.cpp", "#include <iostream>",
       "there are no such streams (runtime-core/start/streams.cpp)"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.file + ": " + row.line);
    const auto include = parse_include(row.line);
    ASSERT_TRUE(include);
    EXPECT_EQ(check(row.file, include->header, include->quoted).value_or("nothing"), row.rule);
  }
}

}  // namespace
}  // namespace netctl
