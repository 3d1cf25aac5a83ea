#include "runtime-core/container/spec.hpp"

#include <algorithm>
#include <set>

#include "runtime-core/base/error_list.hpp"
#include "runtime-core/container/capabilities.hpp"
#include "runtime-core/container/limits.hpp"
#include "runtime-core/rootfs/mount_options.hpp"

namespace netctl::container {
namespace {

template <class... Values>
void refuse(ErrorList& errors, fmt::format_string<Values...> text, Values&&... values) {
  errors.add(fail(Errc::InvalidArgument, text, std::forward<Values>(values)...));
}

void check_process(const Process& process, ErrorList& errors) {
  if (process.args.empty()) refuse(errors, "there is no program to run");
  if (!process.cwd.starts_with('/')) {
    refuse(errors, "the working directory \"{}\" is not absolute", process.cwd);
  }
  for (const std::string& each : process.env) {
    if (each.find('=') == each.npos || each.starts_with('=')) {
      refuse(errors, "\"{}\" is no variable: write NAME=VALUE", each);
    }
  }
  std::set<std::string> seen;
  for (const ResourceLimit& each : process.rlimits) {
    if (!seen.insert(each.type).second) refuse(errors, "{} is there twice", each.type);
    if (each.soft > each.hard) refuse(errors, "{}: soft is above hard", each.type);
    errors.keep(check_limit(each));
  }
}

void check_namespaces(const Spec& spec, ErrorList& errors) {
  std::set<ns::Kind> seen;
  for (const NamespaceUse& each : spec.namespaces) {
    if (!seen.insert(each.kind).second) {
      refuse(errors, "the {} namespace is there twice", ns::oci_name(each.kind));
    }
  }
  if (!spec.has_new(ns::Kind::Mount)) {
    refuse(errors, "a container needs a mount namespace of its own");
  }
  if (!spec.hostname.empty() && !spec.has_own(ns::Kind::Uts)) {
    refuse(errors, "a hostname needs a uts namespace");
  }
  if (!spec.domainname.empty() && !spec.has_own(ns::Kind::Uts)) {
    refuse(errors, "a domain name needs a uts namespace");
  }
  if (spec.time_offsets && !spec.has_new(ns::Kind::Time)) {
    refuse(errors, "time offsets need a new time namespace");
  }
  const bool mapped = !spec.uid_mappings.empty() || !spec.gid_mappings.empty();
  if (mapped && !spec.has_own(ns::Kind::User)) refuse(errors, "mappings need a user namespace");
  if (spec.has_new(ns::Kind::User) && (spec.uid_mappings.empty() || spec.gid_mappings.empty())) {
    refuse(errors, "a new user namespace needs mappings of user and group ids");
  }
}

// Which parameters are the container's own, and not the host's (config-linux.md, "Sysctl").
Status check_sysctl(const Spec& spec, std::string key) {
  // With a slash first, dots are part of names: "net/ipv4/conf/eth0.100/forwarding".
  const auto first = key.find_first_of("./");
  if (first != key.npos && key[first] == '/') {
    std::ranges::transform(key, key.begin(), [](char c) {
      return c == '/' ? '.' : c == '.' ? '/' : c;
    });
  }
  constexpr std::string_view kIpc[] = {"kernel.msgmax", "kernel.msgmnb",         "kernel.msgmni",
                                       "kernel.sem",    "kernel.shmall",         "kernel.shmmax",
                                       "kernel.shmmni", "kernel.shm_rmid_forced"};
  if (std::ranges::find(kIpc, key) != std::end(kIpc) || key.starts_with("fs.mqueue.")) {
    if (spec.has_own(ns::Kind::Ipc)) return ok();
    return fail(Errc::InvalidArgument, "sysctl {} needs an ipc namespace", key);
  }
  if (key.starts_with("net.")) {
    if (spec.has_own(ns::Kind::Network)) return ok();
    return fail(Errc::InvalidArgument, "sysctl {} needs a network namespace", key);
  }
  if (key == "kernel.domainname" && spec.has_own(ns::Kind::Uts)) return ok();
  return fail(Errc::InvalidArgument, "sysctl {} is not the container's own to set", key);
}

}  // namespace

const NamespaceUse* Spec::find(ns::Kind kind) const {
  const auto found = std::ranges::find(namespaces, kind, &NamespaceUse::kind);
  return found == namespaces.end() ? nullptr : &*found;
}

bool Spec::has_new(ns::Kind kind) const {
  const NamespaceUse* use = find(kind);
  return use && use->path.empty();
}

bool Spec::has_own(ns::Kind kind) const { return find(kind) != nullptr; }

Status check_spec(const Spec& spec) {
  ErrorList errors;
  if (!spec.root.starts_with('/')) refuse(errors, "the root \"{}\" is not absolute", spec.root);
  check_process(spec.process, errors);
  check_namespaces(spec, errors);
  for (const rootfs::Mount& each : spec.mounts) {
    auto options = rootfs::parse_mount_options(each.options);
    if (!options) {
      errors.keep(Status(options.error()).context("mount {}", each.destination));
    } else if (options->bind && each.source.empty()) {
      refuse(errors, "mount {}: nothing to bind", each.destination);
    }
  }
  for (const auto& [key, value] : spec.sysctl) errors.keep(check_sysctl(spec, key));
  for (const rootfs::Device& each : spec.devices) {
    if (!each.path.starts_with('/')) refuse(errors, "device \"{}\" is not absolute", each.path);
  }
  errors.keep(check_capabilities(spec.process.capabilities));
  return errors.status();
}

}  // namespace netctl::container
