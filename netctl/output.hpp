#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"

// What commands print on stdout: lists and single things, for people or for programs.
namespace netctl::command {

// The flags that all printing commands share.
struct Output {
  bool json = false;                   // -o json
  bool yaml = false;                   // -o yaml
  bool wide = false;                   // -o wide: columns that the table leaves out, nothing cut
  std::string format{};                // --format: a template, see render()
  bool quiet = false;                  // -q: only what each thing is named by
  bool no_heading = false;             // -n
  bool whole = false;                  // --no-trunc
  std::vector<std::string> filters{};  // --filter: KEY=VALUE each, see filters.hpp
  bool watch = false;                  // -w: again whenever it has changed

  bool is_for_programs() const { return json || yaml || !format.empty(); }
};

// One thing that is known about something, under the name it has in JSON and in templates.
struct Fact {
  std::string name{};
  std::string text{};                // for people
  std::string json{};                // for programs: a JSON value
  std::vector<std::string> parts{};  // of a list
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
  std::size_t shown = 0;  // characters, unless Output::whole or wide; 0: all
  bool is_wide = false;   // stands in the table only with -o wide
};

// Where it is told that a list has changed (watch.hpp).
struct Changes {
  std::vector<std::string> directories{};  // files come, go, or are written in them
  bool links = false;                      // interfaces of this network namespace
  bool untold = false;  // it shows what nobody tells of (ages, counters): looked at each second
};

struct Filter;

// A list that a command prints.
struct List {
  std::span<const Column> columns{};
  std::string_view name{};                      // the fact that -q prints
  std::span<const std::string_view> filters{};  // the keys that --filter knows
  std::function<Result<std::vector<Facts>>()> read{};
  Changes changes{};
  // What a filter means where it is not that the fact of its key, or one of its parts, is the
  // value.
  std::function<bool(const Filter&, const Facts&)> holds{};
  // A thing for people where that is no line of a table; -o wide makes one then.
  std::function<std::string(const Facts&)> line{};
};

// Reads it, keeps what the filters let through, and prints that; with --watch until it is told to
// end (watch.hpp).
Status show_list(const List& list, const Output& output);

// The facts of one thing through a template as Docker and Podman have them: `{{.Name}}` is the text
// of a fact (its name in any case), `{{json .Name}}` its JSON, `{{json .}}` all of them, `{{lower
// .Name}}` and `{{upper .Name}}` the text in that case; `\t` and `\n` are what they look like. A
// field that there is not is an error that lists those there are.
Result<std::string> render(std::string_view text, const Facts& facts);

// A list: a table; or one line of JSON for each thing (--format json), a JSON list (-o json), the
// same in YAML (-o yaml), a line by template (--format "…"), with a heading and in columns
// (--format "table …"), or the fact `name` of each (-q). On a terminal the table is as wide as that
// at most and in colours (table.hpp).
Status print_list(const std::vector<Facts>& things, std::span<const Column> columns,
                  std::string_view name, const Output& output);

// One thing: a line for each fact that has a text; or JSON, or by template.
Status print_one(const Facts& facts, const Output& output);

// A list of JSON values, indented; what `inspect` of networks prints.
Status print_json_list(const std::vector<std::string>& values);

// Writes to stdout, at once.
Status print(std::string_view text);

// JSON as people or programs want it: on several lines, or in YAML.
Status print_json(std::string_view json, const Output& output);

// Asks on stderr whether to go on, after what that would do; only "y" is yes.
bool is_confirmed(std::string_view what);

// ASCII letters as capitals: a column's heading of a fact's name.
std::string upper_case(std::string text);

// A time that has passed: "12 seconds", "3 hours".
std::string age_text(std::int64_t seconds);

// A Unix time as RFC 3339 in UTC: "2026-11-24T07:00:00Z".
std::string utc_text(std::int64_t seconds);

}  // namespace netctl::command
