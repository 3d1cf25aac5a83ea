#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/addr/mac.hpp"
#include "runtime-core/base/result.hpp"

// JSON, as parsed values. The only header that shows the JSON library: for the sources of cni/ and
// for a plugin's config.cpp, which reads as a table of the plugin's keys:
//
//   Result<Config> parse_config(const cni::Request& request) {
//     Config config;
//     cni::Problems problems;
//     const cni::ObjectReader keys(*request.config, problems);
//     keys.read("bridge", config.bridge);
//     keys.read("isGateway", config.is_gateway);
//     keys.read("mtu", config.mtu, 0, 65535);
//     keys.child("runtimeConfig").read("mac", config.mac);
//     for (const cni::ObjectReader& route : keys.child("ipam").children("routes")) {
//       route.require("dst", config.routes.emplace_back().destination);
//     }
//     if (config.hairpin && config.promisc) problems.add("hairpin and promisc exclude each other");
//     TRY(problems.status());
//     return config;
//   }
namespace netctl::cni {

// Ordered: members stand as in the text, each key once, where it came last.
using Json = nlohmann::ordered_json;

// What one plugin hands to another: read once, and as a value from then on. It becomes text again
// where it leaves the process.
// NOLINTNEXTLINE(bugprone-exception-escape): the library moves and destroys values without any.
struct Document {
  Json root{};
  std::string text{};  // it came as, where that is kept; empty: text_of() prints the value
};

// Bounds of what is parsed; no config comes near. Values nest no deeper because printing them
// recurses.
inline constexpr std::size_t kMaxJsonBytes = std::size_t{8} << 20;
inline constexpr std::size_t kMaxJsonDepth = 64;

// The value that the text is, nothing but white space around it. The error says where and why not;
// no text makes it throw.
Result<Json> parse_json(std::string_view text);
// The same of a text that has to be an object, and is one without members when it is empty. Errors
// begin with `what`.
Result<Json> parse_members(std::string_view text, std::string_view what);

// The text of a value: on one line, or indented with `indent` spaces. Bytes that are not UTF-8 come
// out as U+FFFD.
std::string dump_json(const Json& value, int indent = -1);
// The text of a document: the one it came as, otherwise dump_json() of the value.
std::string text_of(const Document& document);

// object[key] = value, of the exact key. The library's own way copies all members, and what they
// hold, when the object has to grow for one more.
void set_member(Json& object, std::string_view key, Json value);

// Puts the keys of all objects in the value, at every level, in the order of their bytes.
void sort_keys(Json& value);

// The member of an object as the reference plugins find it: letters of either case are the same
// (ASCII), the last one that is not null counts. Nothing when there is none, or `object` is none.
const Json* find_member(const Json& object, std::string_view key);

// What is wrong with an input, collected so that one error tells all of it.
class Problems {
 public:
  void add(std::string problem) { problems_.push_back(std::move(problem)); }
  bool empty() const { return problems_.empty(); }
  std::size_t size() const { return problems_.size(); }
  std::string text() const;  // joined by "; "

  // Success when there are none, otherwise "invalid config: <text>" with code kInvalidConfig.
  Status status() const;

 private:
  std::vector<std::string> problems_;
};

// Numbers with limits; a bool is none.
template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

// Reads the members of one object into variables. Keys are found as by find_member. A key that is
// absent or null leaves the variable as it is. A value of the wrong type, or out of its limits,
// does so too and becomes a problem that names the key, the value and what is expected:
//   "ipam.mtu": "abc" is not a number
// Each read() tells whether the variable was set. Borrows the value and the problems.
class ObjectReader {
 public:
  ObjectReader(const Document& document, Problems& problems)
      : ObjectReader(&document.root, "", problems) {}
  // `path` is put in front of the keys in problems; empty for the outermost object. A value that is
  // no object is a problem; null is an object without members.
  ObjectReader(const Json* value, std::string path, Problems& problems);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  bool exists() const { return object_ != nullptr; }  // of a child: whether the key was there

  bool read(std::string_view key, std::string& value) const;
  bool read(std::string_view key, bool& value) const;
  bool read(std::string_view key, std::vector<std::string>& value) const;
  bool read(std::string_view key, std::map<std::string, std::string>& value) const;  // exact keys

  // Addresses are text; an empty one counts as absent, as in the reference plugins.
  bool read(std::string_view key, IpAddress& value) const;
  bool read(std::string_view key, IpPrefix& value) const;
  bool read(std::string_view key, MacAddress& value) const;
  // Any text that a function parses: keys.read("protocol", mapping.protocol, parse_protocol).
  template <class T>
  bool read(std::string_view key, T& value, Result<T> (*parse)(std::string_view)) const;

  // A number without fraction, limits included; none above 2^63 - 1.
  template <Integer T>
  bool read(std::string_view key, T& value,
            std::type_identity_t<T> min = std::numeric_limits<T>::min(),
            std::type_identity_t<T> max = std::numeric_limits<T>::max()) const;

  // Any of the above, limits or parser included, that is told apart from an absent one.
  template <class T, class... More>
  bool read(std::string_view key, std::optional<T>& value, More... more) const;

  // read(), where a value that is not there, or an empty address, is a problem.
  template <class T, class... More>
  bool require(std::string_view key, T& value, More... more) const;

  // The object that is the key's value; when absent, one without members.
  ObjectReader child(std::string_view key) const;
  // The objects in the list that is the key's value; when absent, none.
  std::vector<ObjectReader> children(std::string_view key) const;
  // The same for a list of lists of objects: "ranges": [[{…}, {…}], [{…}]].
  std::vector<std::vector<ObjectReader>> lists_of_children(std::string_view key) const;

  // `"<path of the key>": <problem>`.
  void add_problem(std::string_view key, std::string_view problem) const;

 private:
  const Json* find(std::string_view key) const;
  std::string path_of(std::string_view key) const;
  void expected(std::string_view path, const Json& value, std::string_view what) const;
  const std::string* find_text(std::string_view key) const;
  std::optional<std::int64_t> find_integer(std::string_view key, std::int64_t min,
                                           std::int64_t max) const;
  std::vector<ObjectReader> objects_in(const Json& list, const std::string& path) const;

  const Json* object_;  // nullptr: without members
  std::string path_;
  Problems* problems_;
};

template <class T>
bool ObjectReader::read(std::string_view key, T& value,
                        Result<T> (*parse)(std::string_view)) const {
  const std::string* text = find_text(key);
  if (!text || text->empty()) return false;
  auto parsed = parse(*text);
  if (!parsed) {
    add_problem(key, parsed.error().message);
    return false;
  }
  value = *std::move(parsed);
  return true;
}

template <Integer T>
bool ObjectReader::read(std::string_view key, T& value, std::type_identity_t<T> min,
                        std::type_identity_t<T> max) const {
  static constexpr auto kTop = std::numeric_limits<std::int64_t>::max();
  const auto top = std::cmp_less(max, kTop) ? static_cast<std::int64_t>(max) : kTop;
  const auto number = find_integer(key, static_cast<std::int64_t>(min), top);
  if (number) value = static_cast<T>(*number);
  return number.has_value();
}

template <class T, class... More>
bool ObjectReader::read(std::string_view key, std::optional<T>& value, More... more) const {
  T present{};
  if (!read(key, present, more...)) return false;
  value = std::move(present);
  return true;
}

template <class T, class... More>
bool ObjectReader::require(std::string_view key, T& value, More... more) const {
  const std::size_t known = problems_->size();
  if (read(key, value, more...)) return true;
  if (problems_->size() == known) add_problem(key, "is missing");
  return false;
}

}  // namespace netctl::cni
