#include "runtime-core/cni/result.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "runtime-core/cni/result_json.hpp"
#include "runtime-core/cni/version.hpp"

namespace netctl::cni {
namespace {

// The three shapes that results have had.
enum class Shape {
  PerFamily,      // 0.1.0, 0.2.0: "ip4" and "ip6"
  WithVersion,    // 0.3.0 to 0.4.0: lists; each of "ips" tells its IP version
  WithoutVersion  // 1.0.0, 1.1.0
};

Result<Shape> shape_of(std::string_view version) {
  if (!is_supported(version)) {
    return fail(Errc::InvalidArgument, "unsupported CNI result version \"{}\"", version);
  }
  if (version.empty() || version < "0.3.0") return Shape::PerFamily;
  return version < "1.0.0" ? Shape::WithVersion : Shape::WithoutVersion;
}

// --- printing -------------------------------------------------------------------------------

void put(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) set_member(object, key, value);
}

void put(Json& object, const char* key, std::uint32_t value) {
  if (value != 0) set_member(object, key, value);
}

void put(Json& object, const char* key, const std::vector<std::string>& value) {
  if (!value.empty()) set_member(object, key, value);
}

void put(Json& object, const char* key, const std::optional<IpAddress>& value) {
  if (value) set_member(object, key, value->to_text());
}

template <class T>
void put(Json& object, const char* key, const std::optional<T>& number) {
  if (number) set_member(object, key, *number);
}

void put_list(Json& object, const char* key, Json list) {
  if (!list.empty()) set_member(object, key, std::move(list));
}

Json object_of(const char* key, Json value) {
  Json object = Json::object();
  set_member(object, key, std::move(value));
  return object;
}

Json to_value(const Dns& dns) {
  Json object = Json::object();
  put(object, "nameservers", dns.nameservers);
  put(object, "domain", dns.domain);
  put(object, "search", dns.search);
  put(object, "options", dns.options);
  return object;
}

Json to_value(const Interface& interface, Shape shape) {
  Json object = object_of("name", interface.name);
  put(object, "mac", interface.mac);
  if (shape == Shape::WithoutVersion) put(object, "mtu", interface.mtu);
  put(object, "sandbox", interface.sandbox);
  if (shape == Shape::WithoutVersion) {
    put(object, "socketPath", interface.socket_path);
    put(object, "pciID", interface.pci_id);
  }
  return object;
}

Json to_value(const Ip& ip, Shape shape) {
  Json object = Json::object();
  if (shape == Shape::WithVersion)
    set_member(object, "version", ip.address.address.is_v4() ? "4" : "6");
  put(object, "interface", ip.interface);
  set_member(object, "address", ip.address.to_text());
  put(object, "gateway", ip.gateway);
  return object;
}

Json to_value(const Route& route) {
  Json object = object_of("dst", route.destination.to_text());
  put(object, "gw", route.gateway);
  put(object, "mtu", route.mtu);
  put(object, "advmss", route.advmss);
  put(object, "priority", route.priority);
  put(object, "table", route.table);
  put(object, "scope", route.scope);
  return object;
}

template <class List, class... Shapes>
Json to_list(const List& items, Shapes... shape) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(to_value(item, shape...));
  return list;
}

Json lists_of(const AddResult& result, std::string_view version, Shape shape) {
  Json object = object_of("cniVersion", version);
  put_list(object, "interfaces", to_list(result.interfaces, shape));
  put_list(object, "ips", to_list(result.ips, shape));
  put_list(object, "routes", to_list(result.routes));
  if (shape == Shape::WithVersion || !result.dns.empty())
    set_member(object, "dns", to_value(result.dns));
  return object;
}

// "ip4" or "ip6": the first address of the family, and its routes with what they could say then.
Json family_of(const AddResult& result, Family family) {
  const auto ip = std::ranges::find_if(
      result.ips, [&](const Ip& each) { return each.address.address.family() == family; });
  if (ip == result.ips.end()) return nullptr;
  Json object = object_of("ip", ip->address.to_text());
  put(object, "gateway", ip->gateway);
  Json routes = Json::array();
  for (const Route& route : result.routes) {
    if (route.destination.address.family() != family) continue;
    put(routes.emplace_back(Json{{"dst", route.destination.to_text()}}), "gw", route.gateway);
  }
  put_list(object, "routes", std::move(routes));
  return object;
}

Result<Json> families_of(const AddResult& result, std::string_view version) {
  Json object = object_of("cniVersion", version);
  if (Json v4 = family_of(result, Family::V4); !v4.is_null())
    set_member(object, "ip4", std::move(v4));
  if (Json v6 = family_of(result, Family::V6); !v6.is_null())
    set_member(object, "ip6", std::move(v6));
  if (object.size() == 1) {
    return fail(Errc::NotSupported, "cannot convert: no valid IP addresses");
  }
  set_member(object, "dns", to_value(result.dns));
  return object;
}

// --- parsing --------------------------------------------------------------------------------

Interface read_interface(const ObjectReader& object) {
  Interface interface;
  object.read("name", interface.name);
  object.read("mac", interface.mac);
  object.read("mtu", interface.mtu);
  object.read("sandbox", interface.sandbox);
  object.read("socketPath", interface.socket_path);
  object.read("pciID", interface.pci_id);
  return interface;
}

Ip read_ip(const ObjectReader& object) {
  Ip ip;
  object.require("address", ip.address);
  object.read("gateway", ip.gateway);
  object.read("interface", ip.interface);
  return ip;
}

Route read_route(const ObjectReader& object) {
  Route route;
  object.require("dst", route.destination);
  object.read("gw", route.gateway);
  object.read("mtu", route.mtu);
  object.read("advmss", route.advmss);
  object.read("priority", route.priority);
  object.read("table", route.table);
  object.read("scope", route.scope);
  return route;
}

void read_lists(const ObjectReader& object, AddResult& result, Shape shape) {
  for (const ObjectReader& item : object.children("interfaces")) {
    Interface interface = read_interface(item);
    // Older shapes never had these keys: what stands there means nothing.
    if (shape == Shape::WithVersion) {
      interface.mtu = 0;
      interface.socket_path.clear();
      interface.pci_id.clear();
    }
    result.interfaces.push_back(std::move(interface));
  }
  for (const ObjectReader& item : object.children("ips")) result.ips.push_back(read_ip(item));
  result.routes = read_routes(object, "routes");
}

void read_family(const ObjectReader& object, AddResult& result) {
  if (!object.exists()) return;
  Ip ip;
  object.require("ip", ip.address);
  object.read("gateway", ip.gateway);
  result.ips.push_back(ip);
  for (const ObjectReader& item : object.children("routes")) {
    Route route;
    item.require("dst", route.destination);
    item.read("gw", route.gateway);
    result.routes.push_back(route);
  }
}

}  // namespace

std::vector<Route> read_routes(const ObjectReader& object, std::string_view key) {
  std::vector<Route> routes;
  for (const ObjectReader& route : object.children(key)) routes.push_back(read_route(route));
  return routes;
}

Dns read_dns(const ObjectReader& dns) {
  Dns read;
  dns.read("nameservers", read.nameservers);
  dns.read("domain", read.domain);
  dns.read("search", read.search);
  dns.read("options", read.options);
  return read;
}

Result<Json> to_value(const AddResult& result, std::string_view version) {
  const Shape shape = TRY(shape_of(version));
  if (version.empty()) version = kVersions.front();
  if (shape == Shape::PerFamily) return families_of(result, version);
  Json object = lists_of(result, version, shape);
  // As the reference plugins print 1.x.
  if (shape == Shape::WithoutVersion) sort_keys(object);
  return object;
}

Result<std::string> to_json(const AddResult& result, std::string_view version) {
  const Json value = TRY(to_value(result, version));
  return dump_json(value, 4);
}

Result<AddResult> result_from_json(const Json& value, std::string_view version) {
  Problems problems;
  const ObjectReader object(&value, "", problems);
  std::string declared;
  object.read("cniVersion", declared);
  const Shape shape = TRY(shape_of(declared.empty() ? version : declared));

  AddResult result;
  if (shape == Shape::PerFamily) {
    read_family(object.child("ip4"), result);
    read_family(object.child("ip6"), result);
  } else {
    read_lists(object, result, shape);
  }
  result.dns = read_dns(object.child("dns"));
  if (problems.empty()) return result;
  return fail(Errc::InvalidArgument, "invalid result: {}", problems.text());
}

Result<Json> value_of(Document answer) {
  const bool is_value = answer.text.empty() && !answer.root.is_null();
  if (is_value) return std::move(answer.root);
  return parse_json(answer.text).context("invalid result");
}

Result<AddResult> parse_result(std::string_view json, std::string_view version) {
  const Json value = TRY(parse_json(json).context("invalid result"));
  return result_from_json(value, version);
}

}  // namespace netctl::cni
