#include "netctl/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "netctl/filters.hpp"
#include "netctl/progress.hpp"
#include "netctl/table.hpp"
#include "netctl/watch.hpp"
#include "runtime-core/cni/json_text.hpp"
#include "runtime-core/sys/write.hpp"

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

Row split_at_tabs(const std::string& line) {
  Row cells;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = line.find('\t', begin);
    cells.push_back({.text = line.substr(begin, end - begin)});
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

Result<std::string> template_text(const std::vector<Facts>& things, const Output& output) {
  constexpr std::string_view kTable = "table ";
  const std::string_view pattern = output.format;
  if (!pattern.starts_with(kTable)) {
    std::string text;
    for (const Facts& facts : things) text += TRY(render(pattern, facts)) + "\n";
    return text;
  }
  const std::string_view line = pattern.substr(kTable.size());
  std::vector<Row> rows;
  if (!output.no_heading && !things.empty()) {
    rows.push_back(split_at_tabs(TRY(render(line, headings_of(things.front())))));
  }
  for (const Facts& facts : things) rows.push_back(split_at_tabs(TRY(render(line, facts))));
  return in_columns(rows, {});
}

Cell cell_of(const Fact& fact, const Column& column, const Output& output) {
  Cell cell{.text = on_one_line(fact.text)};
  if (column.shown != 0 && !output.whole && !output.wide) {
    cell.text = std::string(beginning_of(cell.text, column.shown));
  }
  if (fact.name == "state" || fact.name == "status") cell.colour = colour_of_state(cell.text);
  return cell;
}

Result<std::string> table_text(const std::vector<Facts>& things, std::span<const Column> columns,
                               const Output& output) {
  std::vector<Row> rows;
  const auto is_shown = [&](const Column& column) { return output.wide || !column.is_wide; };
  if (!output.no_heading) {
    Row& headings = rows.emplace_back();
    for (const Column& column : columns) {
      if (is_shown(column)) headings.push_back({std::string(column.heading), Colour::Strong});
    }
  }
  for (const Facts& facts : things) {
    Row& row = rows.emplace_back();
    for (const Column& column : columns) {
      if (!is_shown(column)) continue;
      const Fact* fact = TRY(fact_named(facts, column.fact));
      row.push_back(cell_of(*fact, column, output));
    }
  }
  Screen screen = screen_of(STDOUT_FILENO);
  if (output.whole || output.wide) screen.width = 0;
  return in_columns(rows, screen);
}

Result<std::string> json_text(std::string_view json, const Output& output) {
  if (output.yaml) return cni::to_yaml(json);
  return TRY(cni::indent_json(json)) + "\n";
}

Result<std::string> list_text(const std::vector<Facts>& things, std::span<const Column> columns,
                              std::string_view name, const Output& output) {
  if (output.quiet) {
    std::string text;
    for (const Facts& facts : things) text += TRY(fact_named(facts, name))->text + "\n";
    return text;
  }
  if (output.json || output.yaml) {
    std::vector<std::string> values;
    values.reserve(things.size());
    for (const Facts& facts : things) values.push_back(to_json(facts));
    return json_text(cni::json_list(values), output);
  }
  if (!output.format.empty()) return template_text(things, output);
  return table_text(things, columns, output);
}

// What the filters let through, as text.
Result<std::string> text_of(const List& list, const std::vector<Filter>& filters,
                            const Output& output) {
  std::vector<Facts> things = TRY(list.read());
  std::erase_if(things, [&](const Facts& facts) {
    if (!list.holds) return !matches_facts(filters, facts);
    return !matches(filters, [&](const Filter& filter) { return list.holds(filter, facts); });
  });
  if (!list.line || output.wide || output.quiet || output.is_for_programs()) {
    return list_text(things, list.columns, list.name, output);
  }
  std::string text;
  for (const Facts& facts : things) text += list.line(facts) + "\n";
  return text;
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
  return {.name = std::move(name),
          .text = joined(texts, ", "),
          .json = cni::json_strings(texts),
          .parts = texts};
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

Status show_list(const List& list, const Output& output) {
  const std::vector<Filter> filters =
      TRY(parse_filters(output.filters, {list.filters.begin(), list.filters.end()}));
  const auto draw = [&] { return text_of(list, filters, output); };
  if (output.watch) return watch(list.changes, draw);
  return print(TRY(draw()));
}

Status print_list(const std::vector<Facts>& things, std::span<const Column> columns,
                  std::string_view name, const Output& output) {
  return print(TRY(list_text(things, columns, name, output)));
}

Status print_one(const Facts& facts, const Output& output) {
  if (output.json || output.yaml) return print_json(to_json(facts), output);
  if (!output.format.empty()) return print(TRY(template_text({facts}, output)));
  std::vector<Row> rows;
  for (const Fact& each : facts) {
    if (each.text.empty()) continue;
    std::string heading = each.name + ":";
    heading.front() = upper(heading.front());
    const Colour colour = each.name == "state" ? colour_of_state(each.text) : Colour::None;
    rows.push_back({{std::move(heading), Colour::Strong}, {each.text, colour}});
  }
  Screen screen = screen_of(STDOUT_FILENO);
  screen.width = 0;  // it is asked for whole
  return print(in_columns(rows, screen));
}

Status print_json_list(const std::vector<std::string>& values) {
  return print_json(cni::json_list(values), {});
}

Status print_json(std::string_view json, const Output& output) {
  return print(TRY(json_text(json, output)));
}

Status print(std::string_view text) {
  Progress::hide();  // on a terminal both go to the same line
  if (sys::write_all(STDOUT_FILENO, text)) return ok();
  return system_error(errno, "write to stdout");
}

bool is_confirmed(std::string_view what) {
  Progress::hide();
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
