#include "runtime-core/attach/firewalld.hpp"

#include <string_view>
#include <utility>

namespace netctl::attach {
namespace {

constexpr char kName[] = "org.fedoraproject.FirewallD1";

// Whether firewalld's refusal has the word: "ZONE_ALREADY_SET: 10.1.2.3/32", behind a name such as
// "org.fedoraproject.FirewallD1.Exception".
bool says(const bus::Message& refusal, std::string_view word) {
  return refusal.text.find(word) != std::string::npos ||
         refusal.error_name.find(word) != std::string::npos;
}

Error does_not_run(std::string_view why) {
  return fail(Errc::NotFound, "firewalld does not run: {}", why);
}

Result<bool> flag_of(const bus::Message& answer) {
  if (!answer.flag) return fail(Errc::Io, "the message bus answered with something else");
  return *answer.flag;
}

}  // namespace

Result<Firewalld> Firewalld::open() {
  auto bus = MessageBus::open();
  if (!bus && bus.error().code != Errc::NotFound) return bus.error();
  if (!bus) return does_not_run(bus.error().message);
  const bus::Message answer = TRY(bus->call({.destination = "org.freedesktop.DBus",
                                             .path = "/org/freedesktop/DBus",
                                             .interface = "org.freedesktop.DBus",
                                             .method = "NameHasOwner",
                                             .arguments = {kName}}));
  if (answer.kind == bus::Kind::Error) {
    return fail(Errc::Io, "ask the message bus for firewalld: {}", answer.text);
  }
  if (!TRY(flag_of(answer))) return does_not_run(format("nobody owns {}", kName));
  return Firewalld(std::move(bus).value());
}

// What it answers where that is a flag, else true; a refusal which says that all is so already is
// success too.
Result<bool> Firewalld::call(const char* method, const std::string& zone,
                             const IpAddress& address) {
  const std::string source = format("{}/{}", address.to_text(), address.bits());
  const bus::Message answer = TRY(bus_.call({.destination = kName,
                                             .path = "/org/fedoraproject/FirewallD1",
                                             .interface = "org.fedoraproject.FirewallD1.zone",
                                             .method = method,
                                             .arguments = {zone, source}}));
  if (answer.kind == bus::Kind::Return) return answer.flag.value_or(true);
  if (says(answer, "ZONE_ALREADY_SET") || says(answer, "ALREADY_ENABLED")) return true;
  const bool is_gone = says(answer, "UNKNOWN_SOURCE") || says(answer, "NOT_ENABLED") ||
                       says(answer, "ZONE_CONFLICT") || says(answer, "INVALID_ZONE");
  if (is_gone && std::string_view(method) == "removeSource") return true;
  const std::string& why = answer.text.empty() ? answer.error_name : answer.text;
  return fail(Errc::Io, "firewalld: {} {} in zone {}: {}", method, source, zone, why);
}

Status Firewalld::add_source(const std::string& zone, const IpAddress& address) {
  TRY(call("addSource", zone, address));
  return ok();
}

Status Firewalld::remove_source(const std::string& zone, const IpAddress& address) {
  TRY(call("removeSource", zone, address));
  return ok();
}

Result<bool> Firewalld::has_source(const std::string& zone, const IpAddress& address) {
  return call("querySource", zone, address);
}

}  // namespace netctl::attach
