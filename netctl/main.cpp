#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"
#include "netctl/output.hpp"
#include "netctl/usual_line.hpp"
#include "runtime-core/base/format.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/sys/own_program.hpp"
#include "runtime-core/sys/successor.hpp"
#include "runtime-core/sys/write.hpp"

namespace {

constexpr int kUsage = 2;

void complain(std::string_view text) {
  netctl::sys::write_all(STDERR_FILENO, netctl::format("netctl: {}\n", text));
}

// One line, unless there is a list to tell.
void print_error(const netctl::Error& error) {
  const bool list = error.details.find('\n') != std::string::npos;
  const char* separator = error.details.empty() ? "" : list ? "\n" : "; ";
  complain(error.message + separator + error.details);
}

// These start over from a read-only mount of the program (sys/own_program.hpp). It is done at once
// for them, since to define and to read the command line twice takes longer than all of that. Where
// it cannot be done, the command says so.
void seal_for_containers(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command != "run" && command != "exec") return;
  if (const auto sealed = netctl::sys::seal_own_program(); !sealed) {
    netctl::log::debug("{}", sealed.error().message);
  }
}

// A lack of memory, or a bug of ours. On the way here all that was begun was undone.
netctl::Status work_of(const netctl::cli::Session& session) {
  try {
    return session.work();
  } catch (const std::exception& thrown) {
    return netctl::fail(netctl::Errc::Unknown,
                        "it could not go on and took back what it had begun: {}", thrown.what());
  }
}

int run(const netctl::cli::Session& session) {
  if (session.verbose) {
    netctl::log::set_level(netctl::log::Level::Debug);
    ::setenv("NETCTL_LOG", "debug", 1);  // for plugins that are executed
  }
  const netctl::Status status = work_of(session);
  if (status) return session.exit_status;
  // `network exists` has said it all with its exit status.
  if (!status.error().message.empty()) print_error(status.error());
  return session.failure_status;
}

// What --help and --version ask for.
int tell(const CLI::App& app, const CLI::ParseError& asked) {
  std::ostringstream text;
  app.exit(asked, text, text);
  const netctl::Status told = netctl::command::print(text.str());
  if (told) return 0;
  print_error(told.error());
  return 1;
}

int answer(int argc, char** argv) {
  netctl::log::set_up("netctl");
  seal_for_containers(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);

  netctl::cli::Session session;
  std::vector<std::string> words(argv + 1, argv + argc);
  if (const auto line = netctl::command::usual_line(words)) {
    session.work = [&] { return netctl::command::carry_out(session.settings, *line); };
    return run(session);
  }
  CLI::App app("", "netctl");
  netctl::cli::define_for(words, app, session);
  try {
    session.program = netctl::cli::split_off_program(app, words);
    std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 wants them
    app.parse(std::move(reversed));
  } catch (const CLI::RequiredError& error) {
    const bool is_of_command = std::string_view(error.what()).starts_with("A subcommand");
    const std::string why =
        is_of_command ? netctl::cli::missing_command(app, words) : std::string(error.what());
    complain(why + " (netctl --help shows how)");
    return kUsage;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return tell(app, error);
    complain(std::string(error.what()) + " (netctl --help shows how)");
    return kUsage;
  }
  return run(session);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int exit_status = answer(argc, argv);
    netctl::sys::close_kept();
    return exit_status;
  } catch (const std::exception& thrown) {  // before anything was begun
    complain(thrown.what());
    return 1;
  }
}
