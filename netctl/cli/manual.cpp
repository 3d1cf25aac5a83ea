#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"
#include "netctl/cli/roff.hpp"
#include "runtime-core/base/format.hpp"

// The manual pages of the commands, netctl(1) and netctl-add(1) and so on, made of the definitions
// that --help prints: neither can say what the other does not.
namespace netctl::cli {
namespace {

// "netctl network create", with another separator "netctl-network-create".
std::string full_name(const CLI::App& command, const std::string& separator) {
  const CLI::App* parent = command.get_parent();
  if (!parent) return command.get_name();
  return full_name(*parent, separator) + separator + command.get_name();
}

bool is_shown(const CLI::App& command) { return !command.get_group().empty(); }
bool is_shown(const CLI::Option& option) { return !option.get_group().empty(); }

std::vector<const CLI::App*> shown_commands(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* each) { return is_shown(*each); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& command, bool positional) {
  return command.get_options([=](const CLI::Option* each) {
    return is_shown(*each) && each->get_positional() == positional;
  });
}

// "table|json" of "table|json:{table,json}": what the value is called, without how it is checked.
std::string value_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return "";
  const std::string type = option.get_type_name();
  return type.substr(0, std::min(type.find(":{"), type.find(":INT in ")));
}

std::string synopsis(const CLI::App& command) {
  std::string line = roff::bold(full_name(command, " ")) + " [OPTIONS]";
  for (const CLI::Option* each : options_of(command, true)) {
    const std::string name = "\\fI" + roff::text(each->get_name(true)) + "\\fR";
    const std::string more = each->get_items_expected_max() > 1 ? "…" : "";
    line += each->get_required() ? format(" {}{}", name, more) : format(" [{}{}]", name, more);
  }
  if (!shown_commands(command).empty()) line += " \\fICOMMAND\\fR …";
  for (const std::string& other : command.get_aliases()) {
    line += "\n.br\nthe same as " + roff::bold(full_name(*command.get_parent(), " ") + " " + other);
  }
  if (command.get_prefix_command()) line += " \\fIPROGRAM\\fR [\\fIARGUMENT\\fR …]";
  return ".SH SYNOPSIS\n" + line + "\n";
}

// What is known of an option beside its name: an item of a list.
std::string item(const CLI::Option& option, const std::string& name) {
  const std::string value = value_of(option);
  std::string out = ".TP\n" + name;
  if (!value.empty() && !option.get_positional()) out += " \\fI" + roff::text(value) + "\\fR";
  out += "\n" + roff::text(option.get_description());
  if (!option.get_default_str().empty()) {
    out += " (default " + roff::bold(option.get_default_str()) + ")";
  }
  if (!option.get_envname().empty()) out += "; also " + roff::bold(option.get_envname());
  return out + "\n";
}

std::string names_of(const CLI::Option& option) {
  std::string names;
  for (const std::string& each : option.get_snames()) names += "-" + each + ", ";
  for (const std::string& each : option.get_lnames()) names += "--" + each + ", ";
  names.resize(names.size() - 2);
  return roff::bold(names);
}

std::string options_part(const CLI::App& command) {
  std::string out;
  const auto arguments = options_of(command, true);
  if (!arguments.empty()) out += ".SH ARGUMENTS\n";
  for (const CLI::Option* each : arguments) {
    out += item(*each, "\\fI" + roff::text(each->get_name(true)) + "\\fR");
  }
  const auto options = options_of(command, false);
  if (!options.empty()) out += ".SH OPTIONS\n";
  for (const CLI::Option* each : options) out += item(*each, names_of(*each));
  return out;
}

std::string commands_part(const CLI::App& command) {
  const auto commands = shown_commands(command);
  std::string out = commands.empty() ? "" : ".SH COMMANDS\n";
  for (const CLI::App* each : commands) {
    out += ".TP\n" + roff::bold(full_name(*each, "-")) + "(1)\n" +
           roff::text(each->get_description()) + "\n";
  }
  return out;
}

// What stands below the options: "Example: …", on the same line or indented below it, a line
// "Usage: …", which is the synopsis' matter, and notes.
std::string footer_part(const CLI::App& command) {
  const std::string title = "Example:";
  std::istringstream footer(command.get_footer());
  std::string example;
  std::string notes;
  bool inside = false;  // an example of several lines
  for (std::string line; std::getline(footer, line);) {
    const bool begins = line.starts_with(title);
    inside = begins || (inside && line.starts_with("  "));
    if (begins) line.erase(0, title.size());
    if (inside && line.find_first_not_of(' ') != line.npos) {
      example += line.substr(line.find_first_not_of(' ')) + "\n";
    } else if (!inside && !line.empty() && !line.starts_with("Usage:")) {
      const bool goes_on = line.starts_with(' ') || notes.empty() || !notes.ends_with(".\n");
      notes += (goes_on ? "" : ".PP\n") + roff::text(line) + "\n";
    }
  }
  std::string out;
  if (!example.empty()) out += ".SH EXAMPLE\n" + roff::literal(example);
  if (!notes.empty()) out += ".SH NOTES\n" + notes;
  return out;
}

std::string see_also(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  if (parent) return ".SH \"SEE ALSO\"\n" + roff::bold(full_name(*parent, "-")) + "(1)\n";
  return ".SH \"SEE ALSO\"\n" + roff::bold("netctl-tutorial") + "(7), " +
         roff::bold("netctl-troubleshooting") + "(7), " + roff::bold("netctl-bridge") +
         "(8) and the pages of the other plugins\n";
}

std::string page_of(const CLI::App& command, const std::string& date) {
  const std::string about = command.get_description();
  std::string in_list = about;  // whatis(1) shows no sentences
  if (!in_list.empty())
    in_list[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(in_list[0])));
  const bool is_top = !command.get_parent();
  std::string out = roff::heading({.name = full_name(command, "-"),
                                   .date = date,
                                   .version = "netctl " NETCTL_VERSION,
                                   .about = is_top ? "container networking for Linux" : in_list});
  out += synopsis(command);
  if (is_top) out += ".SH DESCRIPTION\n" + roff::text(about) + "\n";
  return out + commands_part(command) + options_part(command) + footer_part(command) +
         see_also(command);
}

Status write_pages(const CLI::App& command, const std::filesystem::path& directory,
                   const std::string& date) {
  const auto file = directory / (full_name(command, "-") + ".1");
  std::ofstream stream(file);
  stream << page_of(command, date);
  if (!stream.flush()) return fail(Errc::Io, "cannot write {}", file.string());
  for (const CLI::App* each : shown_commands(command)) TRY(write_pages(*each, directory, date));
  return ok();
}

}  // namespace

void define_manual(CLI::App& app, Session& session) {
  static std::string directory;
  static std::string date;
  auto* manual = app.add_subcommand("manual", "Write the manual pages of all commands")->group("");
  manual->add_option("directory", directory, "Where to")->required();
  manual->add_option("date", date, "The pages' date, YYYY-MM-DD");
  manual->callback([&] {
    session.work = [&] {
      CLI::App all("", "netctl");
      Session unused;
      define_for({}, all, unused);
      return write_pages(all, directory, date);
    };
  });
}

}  // namespace netctl::cli
