#include <string>

#include "netctl/log_file.hpp"
#include "runtime-core/cgroup/layout.hpp"
#include "runtime-core/container/accounts.hpp"
#include "runtime-core/container/default_profile.hpp"
#include "runtime-core/container/spec.hpp"
#include "runtime-core/container/state.hpp"
#include "runtime-core/rootfs/mount_options.hpp"
#include "tests/fuzz/target.hpp"

namespace netctl::fuzz {
namespace {

// config.json, and alone the resources that it may hold.
void feed_spec(Bytes input) {
  container::parse_resources(text_of(input)).has_value();
  const auto spec = container::parse_spec(text_of(input));
  if (!spec) {
    require(!spec.error().message.empty(), "what is wrong with a container is said");
    return;
  }
  container::check_spec(*spec).has_value();
  const auto again = container::parse_spec(container::to_json(*spec));
  require(again && *again == *spec, "a container that is written is read as the same");
}

void feed_state(Bytes input) {
  const auto state = container::parse_state(text_of(input));
  if (!state) return;
  const auto again = container::parse_state(container::to_json(*state));
  require(again && *again == *state, "a state that is written is read as the same");
}

void feed_seccomp(Bytes input) { container::parse_profile(text_of(input)).has_value(); }

// Who it is in the first line, then /etc/passwd and /etc/group of a container in turn.
void feed_accounts(Bytes input) {
  std::string_view text = text_of(input);
  const std::string_view who = take_line(text);
  std::string passwd;
  std::string group;
  while (!text.empty()) {
    passwd.append(take_line(text)).append("\n");
    group.append(take_line(text)).append("\n");
  }
  container::parse_user(who, passwd, group).has_value();
  container::groups_of(group, who);
}

void feed_mount_options(Bytes input) {
  std::vector<std::string> words;
  for (std::string_view text = text_of(input); !text.empty();) words.emplace_back(take_line(text));
  rootfs::parse_mount_options(words).has_value();
}

void feed_mountinfo(Bytes input) { cgroup::parse_layout(text_of(input)); }

void feed_log_line(Bytes input) {
  command::LogLine line;
  if (!command::parse_log_line(text_of(input), line)) return;
  require(line.text.size() <= input.size(), "a line's text is a part of it");
}

}  // namespace

const std::vector<Target>& container_files() {
  static const std::vector<Target> all = {
      {"container-log", feed_log_line},      {"container-spec", feed_spec},
      {"container-state", feed_state},       {"accounts", feed_accounts},
      {"mount-options", feed_mount_options}, {"mountinfo", feed_mountinfo},
      {"seccomp-profile", feed_seccomp}};
  return all;
}

}  // namespace netctl::fuzz
