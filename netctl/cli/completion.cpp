#include <algorithm>
#include <initializer_list>
#include <map>
#include <string_view>

#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"
#include "netctl/cli/live_names.hpp"
#include "runtime-core/base/log.hpp"

namespace netctl::cli {
namespace {

// Each shell asks `netctl complete -- WORD…` with the words up to the cursor. Where nothing comes
// back it completes files: the value of --rootfs, the words of a program.

// Bash takes "=" and ":" for ends of words (COMP_WORDBREAKS): what was typed without a space
// between is put together again, and what stands before the last of them is not completed anew.
constexpr const char* kBash = R"(_netctl() {
  local -a words=() candidates=()
  local line=${COMP_LINE:0:COMP_POINT} word last i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ -z $word || $line == [[:space:]]* || $i == 0 ]]; then
      if [[ -z $word && $i -gt 0 && $line != [[:space:]]* ]]; then continue; fi
      words+=("$word")
    else
      words[-1]+=$word
    fi
    line=${line#"${line%%[![:space:]]*}"}
    line=${line#"$word"}
  done
  last=${words[-1]}
  mapfile -t candidates < <(netctl complete -- "${words[@]:1}" 2>/dev/null)
  candidates=("${candidates[@]%%$'\t'*}")
  if [[ $last == *[=:]* ]]; then
    candidates=("${candidates[@]#"${last%"${last##*[=:]}"}"}")
  fi
  COMPREPLY=("${candidates[@]}")
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=:] ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -o bashdefault -o default -F _netctl netctl
)";

constexpr const char* kZsh = R"(#compdef netctl
_netctl() {
  local -a lines closed open
  local line
  lines=("${(@f)$(netctl complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "${(@)lines}"; do
    [[ -z $line ]] && continue
    # _describe wants "word:what it is", with the colons of the word escaped.
    if [[ ${line%%$'\t'*} == *[=:] ]]; then
      open+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    elif [[ $line == *$'\t'* ]]; then
      closed+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    else
      closed+=("${line//:/\\:}")
    fi
  done
  (( $#closed )) && _describe netctl closed
  (( $#open )) && _describe netctl open -S ''
  (( $#closed + $#open )) || _files
}
compdef _netctl netctl
)";

constexpr const char* kFish = R"(function __netctl_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l candidates (netctl complete -- $words[2..] 2>/dev/null)
    if test (count $candidates) -gt 0
        string join \n -- $candidates
    else
        __fish_complete_path (commandline -ct)
    end
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
  CLI::Option* value_of = nullptr;       // the last word is this option's value
  std::vector<std::string> arguments{};  // of the command, before the last word
  bool only_positionals = false;         // "--" was there
};

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
    } else if (CLI::App* sub = find_subcommand(*at.command, word); sub && at.arguments.empty()) {
      at.command = sub;
    } else {
      at.arguments.push_back(word);
    }
  }
  return at;
}

bool is_capital(char letter) { return letter >= 'A' && letter <= 'Z'; }

// "network rm" of the command that the line has come to.
std::string path_of(const CLI::App* app) {
  std::string path = app->get_name();
  for (app = app->get_parent(); app && app->get_parent(); app = app->get_parent()) {
    path.insert(0, app->get_name() + " ");
  }
  return path;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

void append(Candidates& candidates, Candidates more) {
  std::ranges::move(more, std::back_inserter(candidates));
}

Candidates with_prefix(const std::string& prefix, Candidates candidates) {
  for (std::string& each : candidates) each.insert(0, prefix);
  return candidates;
}

Candidates namespaces_and_containers(const Session& session) {
  Candidates names = namespace_names();
  append(names, container_names(session, true));
  return names;
}

// Namespaces, and containers, where something can be done: for what ends or looks at an attachment,
// those that have one.
Candidates namespaces_for(const Position& at, const Session& session) {
  const std::string command = path_of(at.command);
  if (is_one_of(command, {"del", "check", "inspect", "network disconnect"})) {
    return namespaces_of(session, at.arguments.empty() ? "" : at.arguments.front());
  }
  if (command == "port") return namespaces_of(session, "");
  if (command.starts_with("ns ")) return namespace_names();
  return namespaces_and_containers(session);
}

// What an argument can be; arguments are named after what they are.
Candidates things_called(const std::string& name, const Position& at, const Session& session) {
  const std::string command = path_of(at.command);
  const std::string first = at.arguments.empty() ? "" : at.arguments.front();
  if (name == "network") {
    Candidates networks = network_names(session);
    if (command == "add") append(networks, with_prefix("container:", attached_ids(session)));
    return networks;
  }
  if (name == "namespace") return namespaces_for(at, session);
  if (name == "container") return container_names(session, !is_one_of(command, {"rm", "logs"}));
  if (name == "port") return ports_of(session, first);
  if (name == "what") return held_addresses(session, first);
  if (name == "shell") return {"bash", "zsh", "fish"};
  if (name != "source" && name != "target") return {};
  Candidates ends = namespaces_and_containers(session);
  if (name == "source") ends.emplace_back("host\tthis host");
  return ends;
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

// The keys stand in the option's description (add_list_options).
Candidates filter_keys(const CLI::Option& option) {
  Candidates keys;
  const std::string& text = option.get_description();
  const auto colon = text.rfind(": ");
  for (std::size_t begin = colon + 2; colon != text.npos && begin < text.size();) {
    const std::size_t end = std::min(text.find(", ", begin), text.size());
    keys.push_back(text.substr(begin, end - begin) + "=\tonly those with it");
    begin = end + 2;
  }
  return keys;
}

// KEY=VALUE: keys first, then what a key can be.
Candidates filter_values(const CLI::Option& option, const Position& at, const std::string& partial,
                         const Session& session) {
  const auto equals = partial.find('=');
  if (equals == partial.npos) return filter_keys(option);
  const std::string key = partial.substr(0, equals);
  const std::string command = path_of(at.command);
  Candidates values;
  if (key == "network" || (key == "name" && command == "network ls")) {
    values = network_names(session);
  } else if (key == "namespace" || (key == "name" && command == "ns ls")) {
    values = namespace_names();
  } else if (key == "name") {
    values = container_names(session, command == "stats");
  } else if (key == "container") {
    values = attached_ids(session);
  } else if (key == "hostPort") {
    values = host_ports(session);
  } else if (key == "protocol") {
    values = {"tcp", "udp", "sctp"};
  } else if (key == "outside") {
    values = {"yes", "no"};
  } else if (key == "dangling") {
    values = {"true", "false"};
  } else if (key == "state" && command == "ps") {
    values = {"running", "paused", "created", "exited", "dead"};
  } else if (key == "state" && command == "ls") {
    values = {"up", "down", "interface gone", "namespace gone", "unknown"};
  }
  return with_prefix(key + "=", std::move(values));
}

// What can be the value of an option.
Candidates values_for(const CLI::Option& option, const Position& at, const std::string& partial,
                      const Session& session) {
  const std::string name = option.get_lnames().empty() ? "" : option.get_lnames().front();
  if (name == "filter") return filter_values(option, at, partial, session);
  if (name == "network") {
    Candidates networks = network_names(session);
    std::erase(networks, "container\tnetwork");  // which needs another's id behind it
    append(networks, with_prefix("container:", container_names(session, true)));
    return networks;
  }
  if (is_one_of(name, {"pid", "ipc", "uts", "userns", "cgroupns", "time"}) &&
      path_of(at.command) == "run") {
    Candidates places{"private\ta new one", "host\tthe host's"};
    append(places, with_prefix("container:", container_names(session, true)));
    return places;
  }
  if (name == "id") return attached_ids(session);
  if (name == "signal" || name == "stop-signal") return signal_names();
  if (name == "driver") return {"bridge", "ptp"};
  if (name == "ipam-driver") return {"host-local", "none"};
  if (name == "kind") return {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};
  return values_of(option);
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

Candidates words_for(const Position& at, const Session& session) {
  Candidates words;
  for (const CLI::App* sub : at.command->get_subcommands({})) {
    if (!at.arguments.empty() || sub->get_group().empty()) continue;
    words.push_back(sub->get_name() + "\t" + sub->get_description());
  }
  std::size_t index = 0;
  for (const CLI::Option* option : at.command->get_options()) {
    if (!option->get_positional()) continue;
    const bool here =
        index == at.arguments.size() || (index < at.arguments.size() && takes_many(*option));
    ++index;
    if (here) append(words, things_called(option->get_name(true), at, session));
  }
  return words;
}

// The words of a program that is run are not ours.
bool is_in_program(const Position& at) {
  if (!at.command->get_prefix_command()) return false;
  const auto own = at.command->get_options([](const auto* each) { return each->get_positional(); });
  return at.arguments.size() > own.size() ||
         (at.only_positionals && at.arguments.size() == own.size());
}

// "--output=js": the option, and the words that its value can be.
Candidates joined_values(const Position& at, const std::string& partial, const Session& session) {
  const auto equals = partial.find('=');
  const CLI::Option* option = find_option(at.command, partial.substr(0, equals));
  if (!option || !takes_value(*option)) return {};
  return with_prefix(partial.substr(0, equals + 1),
                     values_for(*option, at, partial.substr(equals + 1), session));
}

}  // namespace

std::vector<std::string> completions(CLI::App& app, const Session& session,
                                     const std::vector<std::string>& words) {
  const std::string partial = words.empty() ? std::string() : words.back();
  const Position at = position_at(app, words);
  if (is_in_program(at)) return {};
  Candidates candidates;
  if (at.value_of) {
    candidates = values_for(*at.value_of, at, partial, session);
  } else if (partial.starts_with("--") && partial.find('=') != partial.npos &&
             !at.only_positionals) {
    candidates = joined_values(at, partial, session);
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
