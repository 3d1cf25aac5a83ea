#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netctl/attach.hpp"
#include "netctl/output.hpp"
#include "netctl/settings.hpp"
#include "runtime-core/base/result.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming)
class App;       // CLI11; its header costs seconds to compile
}

// How commands are typed. Each define_… adds subcommands whose callbacks say what is to be done;
// it is done when the whole line has been understood.
namespace netctl::cli {

struct Session {
  command::Settings settings = command::settings_from_environment();
  bool verbose = false;
  std::vector<std::string> program{};  // what split_off_program() gave
  std::function<Status()> work{};
  int exit_status = 0;     // when it succeeds: a program's own
  int failure_status = 1;  // when it does not
};

// The command line as far as `words`, those behind "netctl", need it: the subcommands of one
// define_…, or all, where they begin with none. To define everything takes milliseconds, as long as
// all the rest of a short command.
void define_for(const std::vector<std::string>& words, CLI::App& app, Session& session);

// By its name or another name that it has; nullptr when there is none.
CLI::App* find_subcommand(CLI::App& app, const std::string& name);

// What to say of a command line that names no command: which word is none, or what there is to
// choose from. After define_for().
std::string missing_command(CLI::App& app, const std::vector<std::string>& words);

void define_add(CLI::App& app, Session& session);               // add
void define_del_and_check(CLI::App& app, Session& session);     // del check
void define_attachment_lists(CLI::App& app, Session& session);  // ls inspect port ports
void define_upkeep(CLI::App& app, Session& session);            // gc reload status trace doctor …
void define_graph(CLI::App& app, Session& session);             // graph
void define_networks(CLI::App& app, Session& session);          // network
void define_namespaces(CLI::App& app, Session& session);        // ns
void define_sandboxes(CLI::App& app, Session& session);         // sandbox
void define_ipam(CLI::App& app, Session& session);              // ipam
void define_containers(CLI::App& app, Session& session);        // run exec ps stats logs stop …
void define_completion(CLI::App& app, Session& session);        // completion complete
void define_manual(CLI::App& app, Session& session);            // manual, for who builds netctl

// How a command prints: -o, --format; and what a table has besides.
void add_output_options(CLI::App& command, command::Output& output, bool has_table);
// What every list has: these, the filters that it knows (filters.hpp), --watch.
void add_list_options(CLI::App& command, command::Output& output,
                      std::span<const std::string_view> filters);

// The command's last words are a program and its arguments.
void take_program(CLI::App& command);
// Takes them, from the first word that is neither the command's nor its options', or from behind
// "--", off the line and gives them. They are never parsed: nothing in them is ours to understand.
std::vector<std::string> split_off_program(const CLI::App& app, std::vector<std::string>& words);

// What can stand where the last of `words` stands, each line "word" or "word<TAB>what it is"; what
// exists on this host is asked for only where it is needed. `words` are those behind "netctl".
std::vector<std::string> completions(CLI::App& app, const Session& session,
                                     const std::vector<std::string>& words);

}  // namespace netctl::cli
