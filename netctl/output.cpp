#include "netctl/output.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "runtime-core/cni/json_text.hpp"

namespace netctl::command {
namespace {

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

char upper(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

bool same_name(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string with_each(std::string text, char (*change)(char)) {
  std::ranges::transform(text, text.begin(), change);
  return text;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

Result<const Fact*> fact_named(const Facts& facts, std::string_view name) {
  std::string known;
  for (const Fact& each : facts) {
    if (same_name(each.name, name)) return &each;
    known += (known.empty() ? "." : ", .") + each.name;
  }
  return fail(Errc::InvalidArgument, "--format: there is no field \".{}\"; there are {}", name,
              known);
}

// What stands between "{{" and "}}".
Result<std::string> render_action(std::string_view action, const Facts& facts) {
  const auto dot = action.find('.');
  const std::string_view function = trimmed(action.substr(0, dot));
  const std::string_view name =
      dot == action.npos ? std::string_view() : trimmed(action.substr(dot + 1));
  if (dot == action.npos || name.find(' ') != name.npos) {
    return fail(Errc::InvalidArgument,
                "--format: \"{{{{{}}}}}\" is not understood: write {{{{.Field}}}} or {{{{json "
                ".Field}}}}",
                action);
  }
  if (function == "json" && name.empty()) return to_json(facts);
  const Fact* found = TRY(fact_named(facts, name));
  if (function.empty()) return found->text;
  if (function == "json") return found->json;
  if (function == "lower") return with_each(found->text, lower);
  if (function == "upper") return with_each(found->text, upper);
  return fail(Errc::InvalidArgument,
              "--format: there is no function \"{}\"; there are json, lower, upper", function);
}

std::string with_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && (next == 't' || next == 'n')) {
      out += next == 't' ? '\t' : '\n';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

// --- tables ---------------------------------------------------------------------------------

using Row = std::vector<std::string>;

// Characters, which are not bytes: those that continue one in UTF-8 do not count.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](unsigned char byte) { return (byte & 0xc0) != 0x80; }));
}

std::string in_columns(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 3, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

Row split_at_tabs(const std::string& line) {
  Row cells;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = line.find('\t', begin);
    cells.push_back(line.substr(begin, end - begin));
    if (end == line.npos) return cells;
    begin = end + 1;
  }
}

// The heading of a template's table: its fields' names.
Facts headings_of(const Facts& facts) {
  Facts headings;
  for (const Fact& each : facts) {
    const std::string heading = with_each(each.name, upper);
    headings.push_back({.name = each.name, .text = heading, .json = heading});
  }
  return headings;
}

Status print_by_template(const std::vector<Facts>& things, const Output& output) {
  constexpr std::string_view kTable = "table ";
  const std::string_view pattern = output.format;
  if (!pattern.starts_with(kTable)) {
    std::string text;
    for (const Facts& facts : things) text += TRY(render(pattern, facts)) + "\n";
    return print(text);
  }
  const std::string_view line = pattern.substr(kTable.size());
  std::vector<Row> rows;
  if (!output.no_heading && !things.empty()) {
    rows.push_back(split_at_tabs(TRY(render(line, headings_of(things.front())))));
  }
  for (const Facts& facts : things) rows.push_back(split_at_tabs(TRY(render(line, facts))));
  return print(in_columns(rows));
}

Status print_table(const std::vector<Facts>& things, std::span<const Column> columns,
                   const Output& output) {
  std::vector<Row> rows;
  if (!output.no_heading) {
    Row& headings = rows.emplace_back();
    for (const Column& column : columns) headings.emplace_back(column.heading);
  }
  for (const Facts& facts : things) {
    Row& row = rows.emplace_back();
    for (const Column& column : columns) {
      std::string text = TRY(fact_named(facts, column.fact))->text;
      if (column.shown != 0 && !output.whole) text.resize(std::min(text.size(), column.shown));
      row.push_back(std::move(text));
    }
  }
  return print(in_columns(rows));
}

}  // namespace

Fact fact(std::string name, std::string text) {
  std::string json = cni::json_string(text);
  return {.name = std::move(name), .text = std::move(text), .json = std::move(json)};
}

Fact fact(std::string name, std::int64_t number) {
  const std::string text = format("{}", number);
  return {.name = std::move(name), .text = text, .json = text};
}

Fact fact(std::string name, const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ", ") + text;
  return {.name = std::move(name), .text = joined, .json = cni::json_strings(texts)};
}

std::string to_json(const Facts& facts) {
  std::vector<std::pair<std::string, std::string>> members;
  for (const Fact& each : facts) members.emplace_back(each.name, each.json);
  return cni::json_object(members);
}

Result<std::string> render(std::string_view text, const Facts& facts) {
  if (text == "json") return to_json(facts);
  std::string out;
  while (true) {
    const auto begin = text.find("{{");
    out += with_escapes(text.substr(0, begin));
    if (begin == text.npos) return out;
    const auto end = text.find("}}", begin);
    if (end == text.npos) {
      return fail(Errc::InvalidArgument, "--format: \"{}\" has no end: write }}}} behind the field",
                  text.substr(begin));
    }
    out += TRY(render_action(text.substr(begin + 2, end - begin - 2), facts));
    text.remove_prefix(end + 2);
  }
}

Status print_list(const std::vector<Facts>& things, std::span<const Column> columns,
                  std::string_view name, const Output& output) {
  if (output.quiet) {
    std::string text;
    for (const Facts& facts : things) text += TRY(fact_named(facts, name))->text + "\n";
    return print(text);
  }
  if (output.json) {
    std::vector<std::string> values;
    for (const Facts& facts : things) values.push_back(to_json(facts));
    return print_json_list(values);
  }
  if (!output.format.empty()) return print_by_template(things, output);
  return print_table(things, columns, output);
}

Status print_one(const Facts& facts, const Output& output) {
  if (output.json) return print(TRY(cni::indent_json(to_json(facts))) + "\n");
  if (!output.format.empty()) return print_by_template({facts}, output);
  std::vector<Row> rows;
  for (const Fact& each : facts) {
    if (each.text.empty()) continue;
    std::string heading = each.name + ":";
    heading.front() = upper(heading.front());
    rows.push_back({std::move(heading), each.text});
  }
  return print(in_columns(rows));
}

Status print_json_list(const std::vector<std::string>& values) {
  return print(TRY(cni::indent_json(cni::json_list(values))) + "\n");
}

Status print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return ok();
  return system_error(errno, "write to stdout");
}

bool is_confirmed(std::string_view what) {
  const std::string question = format("{}\nAre you sure you want to continue? [y/N] ", what);
  std::fwrite(question.data(), 1, question.size(), stderr);
  const int answer = std::getchar();
  return answer == 'y' || answer == 'Y';
}

std::string upper_case(std::string text) { return with_each(std::move(text), upper); }

std::string age_text(std::int64_t seconds) {
  const struct {
    std::int64_t length;
    const char* name;
  } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}};
  for (const auto& unit : units) {
    const std::int64_t count = seconds / unit.length;
    if (count >= 1) return format("{} {}{}", count, unit.name, count == 1 ? "" : "s");
  }
  const std::int64_t count = std::max<std::int64_t>(seconds, 0);
  return format("{} second{}", count, count == 1 ? "" : "s");
}

std::string utc_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  std::array<char, 32> text{};
  if (!::gmtime_r(&time, &parts)) return "";
  return std::string(text.data(), std::strftime(text.data(), text.size(), "%FT%TZ", &parts));
}

}  // namespace netctl::command
