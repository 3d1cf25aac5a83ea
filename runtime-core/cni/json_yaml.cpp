#include <algorithm>
#include <array>

#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/json_text.hpp"

namespace netctl::cni {
namespace {

// Words that are no strings to YAML 1.1 or 1.2 where they stand without quotes.
bool is_taken(std::string_view text) {
  constexpr std::array<std::string_view, 10> kWords{"true", "false", "null", "yes", "no",
                                                    "on",   "off",   "y",    "n",   "nan"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return std::ranges::find(kWords, lower) != kWords.end();
}

bool is_letter(char each) { return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z'); }

// Whether the text means itself without quotes. Narrower than YAML: what begins with a letter or a
// slash is no number, time or list.
bool is_plain(std::string_view text) {
  if (text.empty() || !(is_letter(text.front()) || text.front() == '/') || is_taken(text)) {
    return false;
  }
  if (text.back() == ' ' || text.back() == ':') return false;
  if (text.find(": ") != text.npos || text.find(" #") != text.npos) return false;
  return std::ranges::all_of(text, [](char each) {
    return is_letter(each) || (each >= '0' && each <= '9') ||
           std::string_view("_-./:+@=,()~ #").find(each) != std::string_view::npos;
  });
}

// JSON's quoted strings are YAML's but for DEL and the control characters of eight bits, which JSON
// has as they are, and the two characters that YAML 1.1 takes for line breaks, and the byte order
// mark.
std::string quoted(const std::string& text) {
  std::string out;
  const std::string json = dump_json(Json(text));
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto is = [&](std::string_view bytes) {
      return json.compare(i, bytes.size(), bytes) == 0;
    };
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(i + 1 < json.size() ? json[i + 1] : 0);
    if (json[i] == '\x7f') {
      out += "\\x7f";
    } else if (json[i] == '\xc2' && byte < 0xa0) {
      out += std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
      ++i;
    } else if (is("\xe2\x80\xa8") || is("\xe2\x80\xa9") || is("\xef\xbb\xbf")) {
      out += is("\xef\xbb\xbf") ? "\\ufeff" : is("\xe2\x80\xa8") ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += json[i];
    }
  }
  return out;
}

std::string text_of(const std::string& text) { return is_plain(text) ? text : quoted(text); }

// What stands on one line.
std::string flat(const Json& value) {
  if (value.is_string()) return text_of(value.get_ref<const std::string&>());
  return dump_json(value);  // numbers, true, null, {} and []
}

bool is_flat(const Json& value) { return !value.is_structured() || value.empty(); }

// Each line begins with `indent` but the first, which stands behind a "- " where that is so.
void write(std::string& out, const Json& value, std::size_t indent) {
  bool first = true;
  const auto begin_line = [&] {
    if (!first) out.append(indent, ' ');
    first = false;
  };
  if (value.is_array()) {
    for (const Json& each : value) {
      begin_line();
      out += "- ";
      if (is_flat(each)) {
        out += flat(each) + "\n";
      } else {
        write(out, each, indent + 2);
      }
    }
    return;
  }
  for (const auto& [key, each] : value.items()) {
    begin_line();
    out += text_of(key) + ":";
    if (is_flat(each)) {
      out += " " + flat(each) + "\n";
    } else {
      out += "\n" + std::string(indent + 2, ' ');
      write(out, each, indent + 2);
    }
  }
}

}  // namespace

Result<std::string> to_yaml(std::string_view json) {
  const Json value = TRY(parse_json(json));
  if (is_flat(value)) return flat(value) + "\n";
  std::string out;
  write(out, value, 0);
  return out;
}

}  // namespace netctl::cni
