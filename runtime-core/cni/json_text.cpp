#include "runtime-core/cni/json_text.hpp"

#include "runtime-core/base/format.hpp"
#include "runtime-core/cni/json.hpp"

namespace netctl::cni {

std::string json_string(std::string_view text) { return dump_json(Json(text)); }

std::string json_list(const std::vector<std::string>& values) {
  return "[" + joined(values, ",") + "]";
}

std::string json_strings(const std::vector<std::string>& texts) {
  std::vector<std::string> values;
  for (const std::string& text : texts) values.push_back(json_string(text));
  return json_list(values);
}

std::string json_object(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string object;
  for (const auto& [key, value] : members) {
    object += (object.empty() ? "" : ",") + json_string(key) + ":" + value;
  }
  return "{" + object + "}";
}

Result<std::string> indent_json(std::string_view json) {
  const Json value = TRY(parse_json(json));
  return dump_json(value, 4);
}

Result<std::string> merge_json(std::string_view one, std::string_view other,
                               std::string_view what) {
  Json merged = TRY(parse_members(one, what));
  const Json winning = TRY(parse_members(other, what));
  for (const auto& [key, value] : winning.items()) merged[key] = value;
  return merged.empty() ? std::string() : dump_json(merged);
}

}  // namespace netctl::cni
