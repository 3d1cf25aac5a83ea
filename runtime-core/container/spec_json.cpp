#include "runtime-core/cni/json.hpp"
#include "runtime-core/container/default_profile.hpp"
#include "runtime-core/container/spec.hpp"

namespace netctl::container {
namespace {

using cni::Json;
using cni::ObjectReader;
using cni::Problems;

// --- reading --------------------------------------------------------------------------------

void read_numbers(const Json& object, std::string_view key, std::vector<gid_t>& numbers,
                  Problems& problems) {
  const Json* list = cni::find_member(object, key);
  if (!list) return;
  if (!list->is_array()) return problems.add(format("\"{}\" is not a list", key));
  for (const Json& each : *list) {
    if (!each.is_number_unsigned() || each.get<std::uint64_t>() > 0xfffffffeU) {
      return problems.add(format("\"{}\": {} is no id", key, each.dump()));
    }
    numbers.push_back(each.get<gid_t>());
  }
}

const Json* find_path(const Json& root, std::initializer_list<std::string_view> keys) {
  const Json* value = &root;
  for (const std::string_view key : keys) {
    value = cni::find_member(*value, key);
    if (!value) return nullptr;
  }
  return value;
}

void read_process(const ObjectReader& keys, const Json& root, Process& process,
                  Problems& problems) {
  keys.read("terminal", process.terminal);
  keys.child("consoleSize").read("height", process.rows, 0, 65535);
  keys.child("consoleSize").read("width", process.columns, 0, 65535);
  const ObjectReader user = keys.child("user");
  user.read("uid", process.user.uid, 0, 0xfffffffeU);
  user.read("gid", process.user.gid, 0, 0xfffffffeU);
  user.read("umask", process.user.umask, 0U, 0777U);
  if (const Json* json = find_path(root, {"process", "user"})) {
    read_numbers(*json, "additionalGids", process.user.additional_gids, problems);
  }
  keys.read("args", process.args);
  keys.read("env", process.env);
  keys.read("cwd", process.cwd);
  const ObjectReader capabilities = keys.child("capabilities");
  capabilities.read("bounding", process.capabilities.bounding);
  capabilities.read("effective", process.capabilities.effective);
  capabilities.read("permitted", process.capabilities.permitted);
  capabilities.read("inheritable", process.capabilities.inheritable);
  capabilities.read("ambient", process.capabilities.ambient);
  for (const ObjectReader& each : keys.children("rlimits")) {
    ResourceLimit& limit = process.rlimits.emplace_back();
    each.require("type", limit.type);
    each.require("soft", limit.soft);
    each.require("hard", limit.hard);
  }
  keys.read("noNewPrivileges", process.no_new_privileges);
  keys.read("oomScoreAdj", process.oom_score_adj, -1000, 1000);
}

void read_mounts(const ObjectReader& keys, std::vector<rootfs::Mount>& mounts) {
  for (const ObjectReader& each : keys.children("mounts")) {
    rootfs::Mount& mount = mounts.emplace_back();
    each.require("destination", mount.destination);
    each.read("type", mount.type);
    each.read("source", mount.source);
    each.read("options", mount.options);
  }
}

void read_namespaces(const ObjectReader& keys, std::vector<NamespaceUse>& namespaces) {
  for (const ObjectReader& each : keys.children("namespaces")) {
    NamespaceUse use;
    if (each.read("type", use.kind, ns::parse_kind)) {
      each.read("path", use.path);
      namespaces.push_back(use);
    } else if (!each.has("type")) {
      each.add_problem("type", "is missing");
    }
  }
}

void read_mappings(const ObjectReader& keys, std::string_view key,
                   std::vector<IdMapping>& mappings) {
  for (const ObjectReader& each : keys.children(key)) {
    IdMapping& mapping = mappings.emplace_back();
    each.require("containerID", mapping.container);
    each.require("hostID", mapping.host);
    each.require("size", mapping.size, 1U);
  }
}

std::int64_t read_offset(const ObjectReader& keys) {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  constexpr std::int64_t kMost = 9'000'000'000;  // as nanoseconds it still is a 64-bit number
  keys.read("secs", seconds, -kMost, kMost);
  keys.read("nanosecs", nanoseconds, 0, 999'999'999);
  return seconds * 1'000'000'000 + nanoseconds;
}

Result<char> parse_device_type(std::string_view text) {
  // "u" is an old word for "c".
  if (text == "c" || text == "u") return 'c';
  if (text == "a" || text == "b" || text == "p") return text.front();
  return fail(Errc::InvalidArgument, "\"{}\" is no type of device", text);
}

void read_devices(const ObjectReader& keys, std::vector<rootfs::Device>& devices) {
  for (const ObjectReader& each : keys.children("devices")) {
    rootfs::Device& device = devices.emplace_back();
    each.require("path", device.path);
    each.read("type", device.type, parse_device_type);
    each.read("major", device.major);
    each.read("minor", device.minor);
    each.read("fileMode", device.mode, 0U, 07777U);
    each.read("uid", device.uid);
    each.read("gid", device.gid);
  }
}

void read_throttles(const ObjectReader& keys, std::string_view key,
                    std::vector<cgroup::Throttle>& throttles) {
  for (const ObjectReader& each : keys.children(key)) {
    cgroup::Throttle& throttle = throttles.emplace_back();
    each.require("major", throttle.major);
    each.require("minor", throttle.minor);
    each.require("rate", throttle.rate);
  }
}

void read_resources(const ObjectReader& keys, cgroup::Resources& resources) {
  const ObjectReader memory = keys.child("memory");
  memory.read("limit", resources.memory.limit);
  memory.read("swap", resources.memory.swap);
  memory.read("reservation", resources.memory.reservation);
  memory.read("swappiness", resources.memory.swappiness, 0U, 100U);
  memory.read("disableOOMKiller", resources.memory.disable_oom_killer);
  const ObjectReader cpu = keys.child("cpu");
  cpu.read("shares", resources.cpu.shares);
  cpu.read("quota", resources.cpu.quota);
  cpu.read("period", resources.cpu.period);
  cpu.read("idle", resources.cpu.idle, 0, 1);
  cpu.read("cpus", resources.cpu.cpus);
  cpu.read("mems", resources.cpu.mems);
  keys.child("pids").read("limit", resources.pids);
  const ObjectReader io = keys.child("blockIO");
  io.read("weight", resources.block_io.weight, 0U, 1000U);
  read_throttles(io, "throttleReadBpsDevice", resources.block_io.read_bps);
  read_throttles(io, "throttleWriteBpsDevice", resources.block_io.write_bps);
  read_throttles(io, "throttleReadIOPSDevice", resources.block_io.read_iops);
  read_throttles(io, "throttleWriteIOPSDevice", resources.block_io.write_iops);
  for (const ObjectReader& each : keys.children("hugepageLimits")) {
    cgroup::HugePages& pages = resources.huge_pages.emplace_back();
    each.require("pageSize", pages.size);
    each.require("limit", pages.limit);
  }
  for (const ObjectReader& each : keys.children("devices")) {
    cgroup::DeviceRule& rule = resources.devices.emplace_back();
    each.read("allow", rule.allow);
    each.read("type", rule.type, parse_device_type);
    each.read("major", rule.major);
    each.read("minor", rule.minor);
    each.read("access", rule.access);
  }
  keys.read("unified", resources.unified);
}

void read_seccomp(const ObjectReader& keys, std::optional<Seccomp>& profile) {
  if (!keys.exists()) return;
  Seccomp& seccomp = profile.emplace();
  keys.require("defaultAction", seccomp.default_action);
  keys.read("defaultErrnoRet", seccomp.default_errno_return, 0U, 4095U);
  keys.read("architectures", seccomp.architectures);
  for (const ObjectReader& each : keys.children("syscalls")) {
    SeccompRule& rule = seccomp.rules.emplace_back();
    each.read("names", rule.names);
    each.require("action", rule.action);
    each.read("errnoRet", rule.errno_return, 0U, 4095U);
    for (const ObjectReader& argument : each.children("args")) {
      SeccompArgument& made = rule.arguments.emplace_back();
      argument.require("index", made.index, 0U, 5U);
      argument.require("value", made.value);
      argument.read("valueTwo", made.value_two);
      argument.require("op", made.op);
    }
  }
}

void read_linux(const ObjectReader& keys, Spec& spec) {
  read_namespaces(keys, spec.namespaces);
  read_mappings(keys, "uidMappings", spec.uid_mappings);
  read_mappings(keys, "gidMappings", spec.gid_mappings);
  if (const ObjectReader offsets = keys.child("timeOffsets"); offsets.exists()) {
    spec.time_offsets = TimeOffsets{.monotonic = read_offset(offsets.child("monotonic")),
                                    .boottime = read_offset(offsets.child("boottime"))};
  }
  read_devices(keys, spec.devices);
  keys.read("cgroupsPath", spec.cgroup_path);
  read_resources(keys.child("resources"), spec.resources);
  keys.read("sysctl", spec.sysctl);
  read_seccomp(keys.child("seccomp"), spec.seccomp);
  keys.read("maskedPaths", spec.masked_paths);
  keys.read("readonlyPaths", spec.read_only_paths);
  keys.read("rootfsPropagation", spec.rootfs_propagation);
}

// --- writing --------------------------------------------------------------------------------

template <class T>
void put(Json& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}

template <class T>
void put_unless_empty(Json& object, const char* key, const T& value) {
  if (!value.empty()) object[key] = value;
}

Json json_of(const Process& process) {
  Json json = Json::object();
  json["terminal"] = process.terminal;
  if (process.rows || process.columns) {
    json["consoleSize"] = {{"height", process.rows}, {"width", process.columns}};
  }
  json["user"] = {{"uid", process.user.uid}, {"gid", process.user.gid}};
  put(json["user"], "umask", process.user.umask);
  put_unless_empty(json["user"], "additionalGids", process.user.additional_gids);
  json["args"] = process.args;
  json["env"] = process.env;
  json["cwd"] = process.cwd;
  json["capabilities"] = {{"bounding", process.capabilities.bounding},
                          {"effective", process.capabilities.effective},
                          {"permitted", process.capabilities.permitted},
                          {"inheritable", process.capabilities.inheritable},
                          {"ambient", process.capabilities.ambient}};
  Json limits = Json::array();
  for (const ResourceLimit& each : process.rlimits) {
    limits.push_back({{"type", each.type}, {"soft", each.soft}, {"hard", each.hard}});
  }
  put_unless_empty(json, "rlimits", limits);
  json["noNewPrivileges"] = process.no_new_privileges;
  put(json, "oomScoreAdj", process.oom_score_adj);
  return json;
}

Json json_of(const std::vector<rootfs::Mount>& mounts) {
  Json list = Json::array();
  for (const rootfs::Mount& each : mounts) {
    list.push_back({{"destination", each.destination},
                    {"type", each.type},
                    {"source", each.source},
                    {"options", each.options}});
  }
  return list;
}

Json json_of(const std::vector<NamespaceUse>& namespaces) {
  Json list = Json::array();
  for (const NamespaceUse& each : namespaces) {
    Json json = {{"type", ns::oci_name(each.kind)}};
    put_unless_empty(json, "path", each.path);
    list.push_back(std::move(json));
  }
  return list;
}

Json json_of(const std::vector<IdMapping>& mappings) {
  Json list = Json::array();
  for (const IdMapping& each : mappings) {
    list.push_back({{"containerID", each.container}, {"hostID", each.host}, {"size", each.size}});
  }
  return list;
}

Json offset_json(std::int64_t nanoseconds) {
  std::int64_t rest = nanoseconds % 1'000'000'000;
  std::int64_t seconds = nanoseconds / 1'000'000'000;
  if (rest < 0) {
    rest += 1'000'000'000;
    --seconds;
  }
  return {{"secs", seconds}, {"nanosecs", rest}};
}

Json json_of(const std::vector<rootfs::Device>& devices) {
  Json list = Json::array();
  for (const rootfs::Device& each : devices) {
    list.push_back({{"path", each.path},
                    {"type", std::string(1, each.type)},
                    {"major", each.major},
                    {"minor", each.minor},
                    {"fileMode", each.mode},
                    {"uid", each.uid},
                    {"gid", each.gid}});
  }
  return list;
}

void put_throttles(Json& json, const char* key, const std::vector<cgroup::Throttle>& throttles) {
  for (const cgroup::Throttle& each : throttles) {
    json[key].push_back({{"major", each.major}, {"minor", each.minor}, {"rate", each.rate}});
  }
}

Json json_of(const cgroup::Memory& memory) {
  Json json = Json::object();
  put(json, "limit", memory.limit);
  put(json, "swap", memory.swap);
  put(json, "reservation", memory.reservation);
  put(json, "swappiness", memory.swappiness);
  put(json, "disableOOMKiller", memory.disable_oom_killer);
  return json;
}

Json json_of(const cgroup::Cpu& cpu) {
  Json json = Json::object();
  put(json, "shares", cpu.shares);
  put(json, "quota", cpu.quota);
  put(json, "period", cpu.period);
  put(json, "idle", cpu.idle);
  put_unless_empty(json, "cpus", cpu.cpus);
  put_unless_empty(json, "mems", cpu.mems);
  return json;
}

Json json_of(const cgroup::BlockIo& io) {
  Json json = Json::object();
  put(json, "weight", io.weight);
  put_throttles(json, "throttleReadBpsDevice", io.read_bps);
  put_throttles(json, "throttleWriteBpsDevice", io.write_bps);
  put_throttles(json, "throttleReadIOPSDevice", io.read_iops);
  put_throttles(json, "throttleWriteIOPSDevice", io.write_iops);
  return json;
}

Json json_of(const cgroup::DeviceRule& rule) {
  Json json = {{"allow", rule.allow}, {"type", std::string(1, rule.type)}};
  put(json, "major", rule.major);
  put(json, "minor", rule.minor);
  json["access"] = rule.access;
  return json;
}

Json json_of(const cgroup::Resources& resources) {
  Json json = Json::object();
  put_unless_empty(json, "memory", json_of(resources.memory));
  put_unless_empty(json, "cpu", json_of(resources.cpu));
  if (resources.pids) json["pids"] = {{"limit", *resources.pids}};
  put_unless_empty(json, "blockIO", json_of(resources.block_io));
  for (const cgroup::HugePages& each : resources.huge_pages) {
    json["hugepageLimits"].push_back({{"pageSize", each.size}, {"limit", each.limit}});
  }
  for (const cgroup::DeviceRule& each : resources.devices) {
    json["devices"].push_back(json_of(each));
  }
  put_unless_empty(json, "unified", resources.unified);
  return json;
}

Json json_of(const SeccompRule& rule) {
  Json json = {{"names", rule.names}, {"action", rule.action}};
  put(json, "errnoRet", rule.errno_return);
  for (const SeccompArgument& each : rule.arguments) {
    json["args"].push_back({{"index", each.index},
                            {"value", each.value},
                            {"valueTwo", each.value_two},
                            {"op", each.op}});
  }
  return json;
}

Json json_of(const Seccomp& seccomp) {
  Json json = {{"defaultAction", seccomp.default_action}};
  put(json, "defaultErrnoRet", seccomp.default_errno_return);
  json["architectures"] = seccomp.architectures;
  json["syscalls"] = Json::array();
  for (const SeccompRule& each : seccomp.rules) json["syscalls"].push_back(json_of(each));
  return json;
}

Json linux_json(const Spec& spec) {
  Json json = Json::object();
  json["namespaces"] = json_of(spec.namespaces);
  put_unless_empty(json, "uidMappings", json_of(spec.uid_mappings));
  put_unless_empty(json, "gidMappings", json_of(spec.gid_mappings));
  if (spec.time_offsets) {
    json["timeOffsets"] = {{"monotonic", offset_json(spec.time_offsets->monotonic)},
                           {"boottime", offset_json(spec.time_offsets->boottime)}};
  }
  put_unless_empty(json, "devices", json_of(spec.devices));
  put_unless_empty(json, "cgroupsPath", spec.cgroup_path);
  put_unless_empty(json, "resources", json_of(spec.resources));
  put_unless_empty(json, "sysctl", spec.sysctl);
  if (spec.seccomp) json["seccomp"] = json_of(*spec.seccomp);
  put_unless_empty(json, "maskedPaths", spec.masked_paths);
  put_unless_empty(json, "readonlyPaths", spec.read_only_paths);
  put_unless_empty(json, "rootfsPropagation", spec.rootfs_propagation);
  return json;
}

}  // namespace

Result<Spec> parse_spec(std::string_view json) {
  const cni::Document document{TRY(cni::parse_json(json))};
  Spec spec;
  Problems problems;
  const ObjectReader keys(document, problems);
  std::string version;
  keys.require("ociVersion", version);
  if (!version.empty() && !version.starts_with("1.")) {
    keys.add_problem("ociVersion", format("{} is not a version 1.x", version));
  }
  keys.child("root").require("path", spec.root);
  keys.child("root").read("readonly", spec.root_read_only);
  keys.read("hostname", spec.hostname);
  keys.read("domainname", spec.domainname);
  read_mounts(keys, spec.mounts);
  read_process(keys.child("process"), document.root, spec.process, problems);
  read_linux(keys.child("linux"), spec);
  keys.read("annotations", spec.annotations);
  TRY(problems.status());
  return spec;
}

std::string to_json(const Spec& spec) {
  Json json = Json::object();
  json["ociVersion"] = "1.0.2";
  json["process"] = json_of(spec.process);
  json["root"] = {{"path", spec.root}, {"readonly", spec.root_read_only}};
  put_unless_empty(json, "hostname", spec.hostname);
  put_unless_empty(json, "domainname", spec.domainname);
  json["mounts"] = json_of(spec.mounts);
  put_unless_empty(json, "annotations", spec.annotations);
  json["linux"] = linux_json(spec);
  return cni::dump_json(json, 2) + "\n";
}

Result<cgroup::Resources> parse_resources(std::string_view json) {
  const cni::Document document{TRY(cni::parse_json(json))};
  cgroup::Resources resources;
  Problems problems;
  read_resources(ObjectReader(document, problems), resources);
  TRY(problems.status());
  return resources;
}

Result<Seccomp> parse_profile(std::string_view json) {
  const cni::Document document{TRY(cni::parse_json(json))};
  std::optional<Seccomp> profile;
  Problems problems;
  read_seccomp(ObjectReader(document, problems), profile);
  TRY(problems.status());
  return *std::move(profile);
}

}  // namespace netctl::container
