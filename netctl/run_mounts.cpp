#include "netctl/run_mounts.hpp"

#include <filesystem>
#include <map>
#include <string_view>

namespace netctl::command {
namespace {

using rootfs::Mount;

// In the data of mount(2) a comma ends the option, a colon the layer.
std::string escaped_layer(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (c == '\\' || c == ':' || c == ',') text += '\\';
    text += c;
  }
  return text;
}

Result<Mount> overlay_of(const RunOptions& options, const SpecPlace& place) {
  std::string lower;
  // The kernel wants the topmost first.
  for (auto layer = options.layers.rbegin(); layer != options.layers.rend(); ++layer) {
    lower += (lower.empty() ? "" : ":") + escaped_layer(TRY(absolute_path(*layer)));
  }
  Mount mount{
      .destination = "/",
      .type = "overlay",
      .source = "overlay",
      .options = {"lowerdir=" + lower, "upperdir=" + escaped_layer(place.data_directory + "/upper"),
                  "workdir=" + escaped_layer(place.data_directory + "/work")}};
  return mount;
}

// As Docker has them. What the container shares with the host, or another one, it sees of that.
Result<std::vector<Mount>> standard_mounts(const RunOptions& options, const SpecPlace& place) {
  const std::int64_t shm_size = TRY(parse_size(options.shm_size).context("--shm-size"));
  std::vector<Mount> mounts{
      {"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
      {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
      {"/dev/pts",
       "devpts",
       "devpts",
       {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
      {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
      {"/sys/fs/cgroup", "cgroup", "cgroup", {"ro", "nosuid", "noexec", "nodev"}}};
  if (place.shm.empty()) {
    mounts.push_back({"/dev/shm",
                      "tmpfs",
                      "shm",
                      {"nosuid", "noexec", "nodev", "mode=1777", format("size={}", shm_size)}});
    mounts.push_back({"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}});
  } else {
    mounts.push_back({"/dev/shm", "bind", place.shm, {"rbind", "nosuid", "noexec", "nodev"}});
  }
  if (options.privileged) {
    for (Mount& each : mounts) std::erase(each.options, "ro");
  }
  return mounts;
}

Result<Mount> parse_volume(const std::string& text) {
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3 || !parts[1].starts_with('/')) {
    return fail(Errc::InvalidArgument, "-v {}: write SOURCE:DESTINATION[:ro], absolute inside",
                text);
  }
  Mount mount{.destination = parts[1], .type = "bind", .source = parts[0], .options = {"rbind"}};
  if (parts.size() == 3) {
    for (const std::string& word : split(parts[2], ',')) mount.options.push_back(word);
  }
  std::error_code error;
  if (!std::filesystem::exists(parts[0], error)) {
    return fail(Errc::NotFound, "-v {}: {} does not exist", text, parts[0]);
  }
  mount.source = TRY(absolute_path(parts[0]));
  return mount;
}

Mount parse_tmpfs(const std::string& text) {
  const auto colon = text.find(':');
  Mount mount{.destination = text.substr(0, colon),
              .type = "tmpfs",
              .source = "tmpfs",
              .options = {"nosuid", "nodev", "noexec"}};
  if (colon == text.npos) return mount;
  for (const std::string& word : split(text.substr(colon + 1), ',')) {
    mount.options.push_back(word);
  }
  return mount;
}

Result<Mount> parse_mount(const std::string& text) {
  static const std::map<std::string, std::string> names{
      {"source", "source"},   {"src", "source"},         {"destination", "destination"},
      {"dst", "destination"}, {"target", "destination"}, {"type", "type"}};
  std::map<std::string, std::string> values;
  std::vector<std::string> words;
  for (const std::string& part : split(text, ',')) {
    const auto equals = part.find('=');
    const auto name = names.find(part.substr(0, equals));
    if (name != names.end() && equals != part.npos) {
      values[name->second] = part.substr(equals + 1);
    } else if (part == "readonly" || part == "readonly=true" || part == "ro=true") {
      words.emplace_back("ro");
    } else if (part.starts_with("tmpfs-size=")) {
      const std::int64_t size = TRY(parse_size(part.substr(11)));
      words.push_back(format("size={}", size));
    } else if (part.starts_with("tmpfs-mode=") || part.starts_with("bind-propagation=")) {
      words.push_back(part.starts_with("tmpfs") ? part.substr(6) : part.substr(equals + 1));
    } else {
      words.push_back(part);
    }
  }
  Mount mount{.destination = values["destination"],
              .type = values.contains("type") ? values["type"] : "bind",
              .source = values["source"],
              .options = std::move(words)};
  if (!mount.destination.starts_with('/')) {
    return fail(Errc::InvalidArgument, "--mount {}: write type=bind,src=…,dst=/…[,ro]", text);
  }
  if (mount.type == "bind") {
    mount.options.insert(mount.options.begin(), "rbind");
    mount.source = TRY(absolute_path(mount.source));
  }
  return mount;
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Result<std::string> absolute_path(const std::string& path) {
  std::error_code error;
  const auto made = std::filesystem::weakly_canonical(path, error);
  if (error) return system_error(error.value(), path);
  return made.string();
}

Result<std::vector<Mount>> mounts_of(const RunOptions& options, const SpecPlace& place) {
  std::vector<Mount> mounts;
  if (!options.layers.empty()) mounts.push_back(TRY(overlay_of(options, place)));
  for (Mount& each : TRY(standard_mounts(options, place))) mounts.push_back(std::move(each));
  for (const char* name : {"resolv.conf", "hostname", "hosts"}) {
    const std::string& directory =
        place.network_files.empty() ? place.directory : place.network_files;
    mounts.push_back({format("/etc/{}", name), "bind", format("{}/{}", directory, name), {"bind"}});
  }
  std::vector<Mount> wanted;
  for (const std::string& each : options.tmpfs) wanted.push_back(parse_tmpfs(each));
  for (const std::string& each : options.volumes) wanted.push_back(TRY(parse_volume(each)));
  for (const std::string& each : options.mounts) wanted.push_back(TRY(parse_mount(each)));
  for (Mount& each : wanted) {
    // What was asked for replaces what is there anyway.
    std::erase_if(mounts,
                  [&](const Mount& other) { return other.destination == each.destination; });
    mounts.push_back(std::move(each));
  }
  return mounts;
}

}  // namespace netctl::command
