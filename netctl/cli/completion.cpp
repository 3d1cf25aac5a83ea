#include <algorithm>
#include <map>

#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"
#include "netctl/networks.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/ns/netns.hpp"

namespace netctl::cli {
namespace {

// Each shell asks `netctl complete -- WORD…` with the words up to the cursor.
constexpr const char* kBash = R"(_netctl() {
  local candidates
  mapfile -t candidates < <(netctl complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=("${candidates[@]%%$'\t'*}")
}
complete -F _netctl netctl
)";

constexpr const char* kZsh = R"(#compdef netctl
_netctl() {
  local -a candidates
  candidates=("${(@f)$(netctl complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=("${(@)candidates//:/\\:}")
  candidates=("${(@)candidates//$'\t'/:}")
  _describe netctl candidates
}
compdef _netctl netctl
)";

constexpr const char* kFish = R"(function __netctl_complete
    set -l words (commandline -opc) (commandline -ct)
    netctl complete -- $words[2..] 2>/dev/null
end
complete -c netctl -f -a '(__netctl_complete)'
)";

Status print_script(const std::string& shell) {
  const std::map<std::string, const char*> scripts{{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}};
  return command::print(scripts.at(shell));
}

// Where the line has come to.
struct Position {
  CLI::App* command = nullptr;
  CLI::Option* value_of = nullptr;  // the last word is this option's value
  std::size_t positionals = 0;      // of the command, before the last word
  bool only_positionals = false;    // "--" was there
};

CLI::App* find_subcommand(CLI::App& app, const std::string& name) {
  for (CLI::App* each : app.get_subcommands({})) {
    if (each->check_name(name)) return each;
  }
  return nullptr;
}

// The option of the command, or of those it is a part of.
CLI::Option* find_option(CLI::App* app, const std::string& name) {
  for (; app; app = app->get_parent()) {
    if (CLI::Option* option = app->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }
bool takes_many(const CLI::Option& option) { return option.get_items_expected_max() > 1; }

Position position_at(CLI::App& app, const std::vector<std::string>& words) {
  Position at{.command = &app};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (at.value_of) {
      at.value_of = nullptr;
    } else if (word == "--") {
      at.only_positionals = true;
    } else if (word.starts_with("-") && !at.only_positionals) {
      CLI::Option* option = find_option(at.command, word.substr(0, word.find('=')));
      if (option && takes_value(*option) && word.find('=') == word.npos) at.value_of = option;
    } else if (CLI::App* sub = find_subcommand(*at.command, word); sub && at.positionals == 0) {
      at.command = sub;
    } else {
      ++at.positionals;
    }
  }
  return at;
}

std::vector<std::string> network_names(const Session& session) {
  std::vector<std::string> names;
  if (const auto networks = command::all_networks(session.settings)) {
    for (const auto& network : *networks) names.push_back(network.name + "\tnetwork");
  }
  return names;
}

std::vector<std::string> namespace_names() {
  std::vector<std::string> names;
  if (const auto pinned = ns::list_pinned()) {
    for (const std::string& name : *pinned) names.push_back(name + "\tnamespace");
  }
  return names;
}

bool is_capital(char letter) { return letter >= 'A' && letter <= 'Z'; }

// What lives under that name on this host: positionals are named after what they are.
std::vector<std::string> things_called(const std::string& name, const Session& session) {
  if (name == "network") return network_names(session);
  if (name == "namespace") return namespace_names();
  if (name == "shell") return {"bash", "zsh", "fish"};
  return {};
}

// "table|json" is what the value can be; a type in capitals says only what it is like.
std::vector<std::string> values_of(const CLI::Option& option) {
  std::string type = option.get_type_name();
  type.resize(std::min(type.find(':'), type.size()));  // behind it: what the option is checked for
  std::vector<std::string> values;
  if (type.find('|') == type.npos || std::ranges::any_of(type, is_capital)) return values;
  for (std::size_t begin = 0; begin <= type.size();) {
    const std::size_t end = std::min(type.find('|', begin), type.size());
    values.push_back(type.substr(begin, end - begin));
    begin = end + 1;
  }
  return values;
}

std::vector<std::string> flags_of(CLI::App* app) {
  std::vector<std::string> flags;
  for (; app; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        flags.push_back("--" + name + "\t" + option->get_description());
      }
      for (const std::string& name : option->get_snames()) {
        flags.push_back("-" + name + "\t" + option->get_description());
      }
    }
  }
  return flags;
}

std::vector<std::string> words_for(const Position& at, const Session& session) {
  std::vector<std::string> words;
  for (const CLI::App* sub : at.command->get_subcommands({})) {
    if (at.positionals > 0 || sub->get_group().empty()) continue;
    words.push_back(sub->get_name() + "\t" + sub->get_description());
  }
  std::size_t index = 0;
  for (const CLI::Option* option : at.command->get_options()) {
    if (!option->get_positional()) continue;
    const bool here = index == at.positionals || (index < at.positionals && takes_many(*option));
    ++index;
    if (!here) continue;
    for (std::string& thing : things_called(option->get_name(true), session)) {
      words.push_back(std::move(thing));
    }
  }
  return words;
}

}  // namespace

std::vector<std::string> completions(CLI::App& app, const Session& session,
                                     const std::vector<std::string>& words) {
  const std::string partial = words.empty() ? std::string() : words.back();
  const Position at = position_at(app, words);
  std::vector<std::string> candidates;
  if (at.value_of) {
    candidates = values_of(*at.value_of);
  } else if (partial.starts_with("-") && !at.only_positionals) {
    candidates = flags_of(at.command);
  } else {
    candidates = words_for(at, session);
  }
  std::erase_if(candidates, [&](const std::string& each) { return !each.starts_with(partial); });
  return candidates;
}

void define_completion(CLI::App& app, Session& session) {
  static std::string shell;
  static std::vector<std::string> words;

  auto* completion = app.add_subcommand("completion", "Print the completion script of a shell");
  completion->add_option("shell", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer("Example: source <(netctl completion bash)");
  completion->callback([&] { session.work = [&] { return print_script(shell); }; });

  auto* complete = app.add_subcommand("complete", "What the completion scripts ask")->group("");
  complete->add_option("words", words, "The words behind netctl, up to the cursor");
  complete->callback([&app, &session] {
    session.work = [&] {
      log::set_level(log::Level::Off);
      std::string text;
      for (const std::string& each : completions(app, session, words)) text += each + "\n";
      return command::print(text);
    };
  });
}

}  // namespace netctl::cli
