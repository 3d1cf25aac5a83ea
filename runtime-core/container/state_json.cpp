#include "runtime-core/cni/json.hpp"
#include "runtime-core/container/state.hpp"

namespace netctl::container {
namespace {

using cni::Json;
using cni::ObjectReader;

void read(const ObjectReader& keys, ProcessName& process) {
  keys.read("pid", process.pid, 0);
  keys.read("startTime", process.start_time);
}

void read(const ObjectReader& keys, NetworkUse& use) {
  keys.read("network", use.network);
  keys.read("ifname", use.ifname);
  keys.read("publish", use.publish);
  keys.read("ips", use.ips);
  keys.read("mac", use.mac);
}

Json json_of(const ProcessName& process) {
  return {{"pid", process.pid}, {"startTime", process.start_time}};
}

Json json_of(const std::vector<NetworkUse>& networks) {
  Json list = Json::array();
  for (const NetworkUse& each : networks) {
    list.push_back({{"network", each.network},
                    {"ifname", each.ifname},
                    {"publish", each.publish},
                    {"ips", each.ips},
                    {"mac", each.mac}});
  }
  return list;
}

}  // namespace

Result<State> parse_state(std::string_view json) {
  const cni::Document document{TRY(cni::parse_json(json))};
  State state;
  cni::Problems problems;
  const ObjectReader keys(document, problems);
  keys.require("id", state.id);
  keys.read("name", state.name);
  keys.read("command", state.command);
  keys.read("rootfs", state.rootfs);
  read(keys.child("init"), state.init);
  read(keys.child("monitor"), state.monitor);
  keys.read("cgroup", state.cgroup_path);
  keys.read("netns", state.netns);
  keys.read("log", state.log);
  for (const ObjectReader& each : keys.children("networks")) {
    read(each, state.networks.emplace_back());
  }
  keys.read("created", state.created_ns);
  keys.read("started", state.started_ns);
  keys.read("finished", state.finished_ns);
  keys.read("exitStatus", state.exit_status, 0, 255);
  keys.read("error", state.error);
  keys.read("released", state.released);
  keys.read("removesItself", state.removes_itself);
  keys.read("stopSignal", state.stop_signal, 1, 64);
  TRY(problems.status());
  return state;
}

std::string to_json(const State& state) {
  Json json = {{"id", state.id},
               {"name", state.name},
               {"command", state.command},
               {"rootfs", state.rootfs},
               {"init", json_of(state.init)},
               {"monitor", json_of(state.monitor)},
               {"cgroup", state.cgroup_path},
               {"netns", state.netns},
               {"log", state.log},
               {"networks", json_of(state.networks)},
               {"created", state.created_ns},
               {"started", state.started_ns},
               {"finished", state.finished_ns}};
  if (state.exit_status) json["exitStatus"] = *state.exit_status;
  json["error"] = state.error;
  json["released"] = state.released;
  json["removesItself"] = state.removes_itself;
  json["stopSignal"] = state.stop_signal;
  return cni::dump_json(json, 2) + "\n";
}

}  // namespace netctl::container
