#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"

// What commands print on stdout: lists and single things, for people or for programs.
namespace netctl::command {

// The flags that all printing commands share.
struct Output {
  bool json = false;        // -o json
  std::string format{};     // --format: a template, see render()
  bool quiet = false;       // -q: only what each thing is named by
  bool no_heading = false;  // -n
  bool whole = false;       // --no-trunc
};

// One thing that is known about something, under the name it has in JSON and in templates.
struct Fact {
  std::string name{};
  std::string text{};  // for people
  std::string json{};  // for programs: a JSON value
};
using Facts = std::vector<Fact>;

Fact fact(std::string name, std::string text);  // in JSON a string
Fact fact(std::string name, std::int64_t number);
Fact fact(std::string name, const std::vector<std::string>& texts);  // "a, b"; in JSON a list
std::string to_json(const Facts& facts);

// A column of a table: what stands above it, and the fact in it.
struct Column {
  std::string_view heading{};
  std::string_view fact{};
  std::size_t shown = 0;  // characters, unless Output::whole; 0: all
};

// The facts of one thing through a template as Docker and Podman have them: `{{.Name}}` is the text
// of a fact (its name in any case), `{{json .Name}}` its JSON, `{{json .}}` all of them, `{{lower
// .Name}}` and `{{upper .Name}}` the text in that case; `\t` and `\n` are what they look like. A
// field that there is not is an error that lists those there are.
Result<std::string> render(std::string_view text, const Facts& facts);

// A list: a table; or one line of JSON for each thing (--format json), a JSON list (-o json), a
// line by template (--format "…"), with a heading and in columns (--format "table …"), or the fact
// `name` of each (-q).
Status print_list(const std::vector<Facts>& things, std::span<const Column> columns,
                  std::string_view name, const Output& output);

// One thing: a line for each fact that has a text; or JSON, or by template.
Status print_one(const Facts& facts, const Output& output);

// A list of JSON values, indented; what `inspect` of networks prints.
Status print_json_list(const std::vector<std::string>& values);

// Writes to stdout, at once.
Status print(std::string_view text);

// Asks on stderr whether to go on, after what that would do; only "y" is yes.
bool is_confirmed(std::string_view what);

// ASCII letters as capitals: a column's heading of a fact's name.
std::string upper_case(std::string text);

// A time that has passed: "12 seconds", "3 hours".
std::string age_text(std::int64_t seconds);

// A Unix time as RFC 3339 in UTC: "2026-11-24T07:00:00Z".
std::string utc_text(std::int64_t seconds);

}  // namespace netctl::command
