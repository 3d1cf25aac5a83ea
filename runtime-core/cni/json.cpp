#include "runtime-core/cni/json.hpp"

#include <set>

#include "runtime-core/cni/error.hpp"

namespace netctl::cni {
namespace {

constexpr std::size_t kMaxQuoted = 200;  // bytes of a foreign text in a message

std::string shortened(std::string_view text) {
  if (text.size() <= kMaxQuoted) return std::string(text);
  return std::string(text.substr(0, kMaxQuoted)) + "...";
}

// The library's words without its tag "[json.exception.…] " and, where the text just ends, with the
// words that the reference plugins have for it.
std::string words_of(const std::exception& refused) {
  std::string_view words = refused.what();
  if (const auto tag = words.find("] "); tag != words.npos) words.remove_prefix(tag + 2);
  if (words.find("unexpected end of input") == words.npos) return shortened(words);
  const auto place = words.find(": ");
  return format("{}: unexpected end of JSON input", words.substr(0, place));
}

std::string_view key_of(const Json::object_t::value_type& member) { return member.first; }

// Sees to it that the next member can be added without a copy of what those that are there hold:
// keys are const, so the vector does not move pairs.
void make_room(Json::object_t& members) {
  if (members.size() < members.capacity()) return;
  Json::object_t larger;
  larger.reserve(std::max<std::size_t>(4, 2 * members.size()));
  for (auto& [key, value] : members) larger.emplace_back(key, std::move(value));
  members.swap(larger);
}

// Of members with the same key the last one stays, where it stands.
void drop_repeated(Json::object_t& members) {
  std::set<std::string_view> seen;
  std::vector<Json::object_t::iterator> last;  // of each key, from the end to the beginning
  for (auto member = members.end(); member != members.begin();) {
    --member;
    if (seen.insert(member->first).second) last.push_back(member);
  }
  if (last.size() == members.size()) return;
  Json::object_t kept;
  for (auto member = last.rbegin(); member != last.rend(); ++member) {
    kept.emplace_back((*member)->first, std::move((*member)->second));
  }
  members.swap(kept);
}

// Builds the value while the text is read, and stops where it nests too deep. The library's own
// builder searches the object for each key that it adds: a million of them would keep it busy for
// hours.
// NOLINTNEXTLINE(bugprone-exception-escape): the library moves and destroys values without any.
class Builder : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return put(nullptr) != nullptr; }
  bool boolean(bool value) override { return put(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return put(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return put(value) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override {
    return put(value) != nullptr;
  }
  bool string(string_t& value) override { return put(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return refuse("binary data is no JSON"); }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override {
    drop_repeated(open_.back()->get_ref<Json::object_t&>());
    return close();
  }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    auto& members = open_.back()->get_ref<Json::object_t&>();
    make_room(members);
    slot_ = &members.emplace_back(std::move(name), nullptr).second;
    return true;
  }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& refused) override {
    return refuse(words_of(refused));
  }

  Json root{};
  std::string problem{};

 private:
  Json* put(Json value) {
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    if (open_.back()->is_object()) {
      *slot_ = std::move(value);
      return slot_;
    }
    return &open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
  }

  // Invariant: only the innermost open value grows, so the addresses of those around it stay.
  bool open(Json value) {
    if (open_.size() == kMaxJsonDepth) {
      return refuse(format("values nest deeper than {} levels", kMaxJsonDepth));
    }
    open_.push_back(put(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  bool refuse(std::string why) {
    problem = std::move(why);
    return false;
  }

  std::vector<Json*> open_;
  Json* slot_ = nullptr;  // where the value of the last key goes
};

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool same_key(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, lower, lower);
}

// A value as it is quoted in a problem.
std::string describe(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (const auto* text = value.get_ptr<const Json::string_t*>()) {
    return format("\"{}\"", shortened(*text));
  }
  return dump_json(value);
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return fail(Errc::InvalidArgument, "{} bytes of JSON are more than the {} that are read",
                text.size(), kMaxJsonBytes);
  }
  if (text.find_first_not_of(" \t\r\n") == text.npos) {
    return fail(Errc::InvalidArgument, "unexpected end of JSON input");
  }
  // The library takes it for the end of the text, whatever comes after.
  if (const auto nul = text.find('\0'); nul != text.npos) {
    return fail(Errc::InvalidArgument, "byte {} is NUL, which is no JSON", nul);
  }
  Builder builder;
  if (!Json::sax_parse(text, &builder)) return fail(Errc::InvalidArgument, "{}", builder.problem);
  return std::move(builder.root);
}

Result<Json> parse_members(std::string_view text, std::string_view what) {
  if (text.empty()) return Json::object();
  Json value = TRY(parse_json(text).context("{}", what));
  if (value.is_object()) return value;
  return fail(Errc::InvalidArgument, "{}: {} is not a JSON object", what, text);
}

std::string dump_json(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string text_of(const Document& document) {
  return document.text.empty() ? dump_json(document.root) : document.text;
}

void set_member(Json& object, std::string_view key, Json value) {
  auto& members = object.get_ref<Json::object_t&>();
  const auto there = std::ranges::find(members, key, key_of);
  if (there != members.end()) {
    there->second = std::move(value);
    return;
  }
  make_room(members);
  members.emplace_back(std::string(key), std::move(value));
}

void sort_keys(Json& value) {
  for (Json& item : value) {
    if (item.is_structured()) sort_keys(item);
  }
  auto* members = value.get_ptr<Json::object_t*>();
  if (!members || std::ranges::is_sorted(*members, {}, key_of)) return;
  std::vector<std::pair<std::string, Json>> sorted;
  sorted.reserve(members->size());
  for (auto& [key, item] : *members) sorted.emplace_back(key, std::move(item));
  std::ranges::sort(sorted, {}, &std::pair<std::string, Json>::first);
  members->clear();
  for (auto& [key, item] : sorted) members->emplace_back(std::move(key), std::move(item));
}

const Json* find_member(const Json& object, std::string_view key) {
  const auto* members = object.get_ptr<const Json::object_t*>();
  if (!members) return nullptr;
  for (auto member = members->rbegin(); member != members->rend(); ++member) {
    if (!member->second.is_null() && same_key(member->first, key)) return &member->second;
  }
  return nullptr;
}

std::string Problems::text() const { return joined(problems_, "; "); }

Status Problems::status() const {
  if (empty()) return {};
  return failure(kInvalidConfig, "invalid config: " + text());
}

ObjectReader::ObjectReader(const Json* value, std::string path, Problems& problems)
    : object_(value && !value->is_null() ? value : nullptr),
      path_(std::move(path)),
      problems_(&problems) {
  if (object_ && !object_->is_object()) {
    expected(path_, *object_, "an object");
    object_ = nullptr;
  }
}

const Json* ObjectReader::find(std::string_view key) const {
  return object_ ? find_member(*object_, key) : nullptr;
}

std::string ObjectReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : (path_ + ".").append(key);
}

void ObjectReader::add_problem(std::string_view key, std::string_view problem) const {
  problems_->add(format("\"{}\": {}", path_of(key), problem));
}

void ObjectReader::expected(std::string_view path, const Json& value, std::string_view what) const {
  const std::string problem = format("{} is not {}", describe(value), what);
  problems_->add(path.empty() ? problem : format("\"{}\": {}", path, problem));
}

const std::string* ObjectReader::find_text(std::string_view key) const {
  const Json* found = find(key);
  if (!found) return nullptr;
  const auto* text = found->get_ptr<const Json::string_t*>();
  if (!text) expected(path_of(key), *found, "a text");
  return text;
}

std::optional<std::int64_t> ObjectReader::find_integer(std::string_view key, std::int64_t min,
                                                       std::int64_t max) const {
  const Json* found = find(key);
  if (!found) return {};
  if (!found->is_number_integer()) {
    expected(path_of(key), *found, found->is_number() ? "a whole number" : "a number");
    return {};
  }
  // The library has two kinds; what fits only into the unsigned one is above every limit.
  const auto* natural = found->get_ptr<const Json::number_unsigned_t*>();
  const bool too_large = natural && std::cmp_greater(*natural, max);
  const auto number = found->get<std::int64_t>();
  if (!too_large && number >= min && number <= max) return number;
  expected(path_of(key), *found, format("between {} and {}", min, max));
  return {};
}

bool ObjectReader::read(std::string_view key, std::string& value) const {
  const std::string* text = find_text(key);
  if (text) value = *text;
  return text != nullptr;
}

bool ObjectReader::read(std::string_view key, bool& value) const {
  const Json* found = find(key);
  if (!found) return false;
  const auto* flag = found->get_ptr<const Json::boolean_t*>();
  if (flag) {
    value = *flag;
  } else {
    expected(path_of(key), *found, "true or false");
  }
  return flag != nullptr;
}

bool ObjectReader::read(std::string_view key, std::vector<std::string>& value) const {
  const Json* found = find(key);
  if (!found) return false;
  if (!found->is_array()) {
    expected(path_of(key), *found, "a list");
    return false;
  }
  std::vector<std::string> texts;
  for (const Json& item : *found) {
    const auto* text = item.get_ptr<const Json::string_t*>();
    if (!text) {
      expected(format("{}[{}]", path_of(key), texts.size()), item, "a text");
      return false;
    }
    texts.push_back(*text);
  }
  value = std::move(texts);
  return true;
}

bool ObjectReader::read(std::string_view key, std::map<std::string, std::string>& value) const {
  const ObjectReader map = child(key);
  if (!map.exists()) return false;
  std::map<std::string, std::string> texts;
  for (const auto& [name, item] : map.object_->get_ref<const Json::object_t&>()) {
    if (const auto* text = item.get_ptr<const Json::string_t*>()) {
      texts[name] = *text;
    } else {
      expected(map.path_of(name), item, "a text");
      return false;
    }
  }
  value = std::move(texts);
  return true;
}

bool ObjectReader::read(std::string_view key, IpAddress& value) const {
  return read(key, value, parse_ip_address);
}

bool ObjectReader::read(std::string_view key, IpPrefix& value) const {
  return read(key, value, parse_ip_prefix);
}

bool ObjectReader::read(std::string_view key, MacAddress& value) const {
  return read(key, value, parse_mac_address);
}

ObjectReader ObjectReader::child(std::string_view key) const {
  return {find(key), path_of(key), *problems_};
}

std::vector<ObjectReader> ObjectReader::children(std::string_view key) const {
  const Json* found = find(key);
  return found ? objects_in(*found, path_of(key)) : std::vector<ObjectReader>();
}

std::vector<ObjectReader> ObjectReader::objects_in(const Json& list,
                                                   const std::string& path) const {
  std::vector<ObjectReader> readers;
  if (!list.is_array()) {
    expected(path, list, "a list");
    return readers;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    readers.emplace_back(&list[i], path + "[" + std::to_string(i) + "]", *problems_);
  }
  return readers;
}

std::vector<std::vector<ObjectReader>> ObjectReader::lists_of_children(std::string_view key) const {
  std::vector<std::vector<ObjectReader>> lists;
  const Json* found = find(key);
  if (!found) return lists;
  if (!found->is_array()) {
    expected(path_of(key), *found, "a list of lists");
    return lists;
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    lists.push_back(objects_in((*found)[i], format("{}[{}]", path_of(key), i)));
  }
  return lists;
}

}  // namespace netctl::cni
