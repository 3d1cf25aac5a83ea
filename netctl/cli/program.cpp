#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"

namespace netctl::cli {
namespace {

// One of the command's own options, or of those above it.
const CLI::Option* find_option(const CLI::App& command, const std::string& name) {
  for (const CLI::App* each = &command; each; each = each->get_parent()) {
    if (const CLI::Option* option = each->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

bool takes_value(const CLI::App& command, const std::string& name) {
  const CLI::Option* option = find_option(command, name);
  return option && option->get_items_expected_max() > 0;
}

// Whether the word behind this one is its value: "--name web", "-p 80:80", "-itu root", and not
// "--name=web" or "-p80:80".
bool takes_next(const CLI::App& command, const std::string& word) {
  if (word.starts_with("--")) {
    return word.find('=') == word.npos && takes_value(command, word);
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (takes_value(command, {'-', word[i]})) return i + 1 == word.size();
  }
  return false;
}

std::size_t count_arguments(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->get_positional(); })
      .size();
}

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  const auto found =
      app.get_subcommands([&](const CLI::App* each) { return each->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

std::vector<std::string> cut(std::vector<std::string>& words, std::size_t from,
                             std::size_t between) {
  const auto at = words.begin() + static_cast<std::ptrdiff_t>(from);
  std::vector<std::string> behind(at + static_cast<std::ptrdiff_t>(between), words.end());
  words.erase(at, words.end());
  return behind;
}

}  // namespace

void take_program(CLI::App& command) { command.prefix_command(); }

std::vector<std::string> split_off_program(const CLI::App& app, std::vector<std::string>& words) {
  const CLI::App* command = &app;
  std::size_t arguments = 0;  // of the command, and still to come before the program
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool runs_program = command->get_prefix_command();
    if (word == "--") return runs_program ? cut(words, i, 1) : std::vector<std::string>();
    if (word.size() > 1 && word.starts_with('-')) {
      if (takes_next(*command, word)) ++i;
    } else if (!runs_program) {
      command = find_command(*command, word);
      if (!command) return {};
      arguments = count_arguments(*command);
    } else if (arguments > 0) {
      --arguments;
    } else {
      return cut(words, i, 0);
    }
  }
  return {};
}

}  // namespace netctl::cli
