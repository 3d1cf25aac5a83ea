#include "netctl/containers.hpp"

#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"
#include "netctl/exec.hpp"
#include "netctl/progress.hpp"
#include "netctl/run.hpp"
#include "netctl/run_options.hpp"
#include "runtime-core/base/error_list.hpp"

namespace netctl::cli {
namespace {

using command::RunOptions;

CLI::Option* add_list(CLI::App& app, const std::string& flags, std::vector<std::string>& list,
                      const std::string& help, const std::string& type) {
  return app.add_option(flags, list, help)
      ->type_name(type)
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
}

void add_root_options(CLI::App& run, RunOptions& options) {
  run.add_option("--rootfs", options.rootfs, "The directory that is its root file system");
  add_list(run, "--layer", options.layers,
           "A layer of it, lowest first; it writes into a layer of its own", "DIR");
  run.add_flag("--read-only", options.read_only, "It cannot write to its root file system");
  add_list(run, "-v,--volume", options.volumes, "Mount a directory or file of the host",
           "SOURCE:DESTINATION[:ro]");
  add_list(run, "--tmpfs", options.tmpfs, "Mount an empty directory in memory",
           "DESTINATION[:OPTIONS]");
  add_list(run, "--mount", options.mounts, "Mount, in words: type=bind,src=/a,dst=/b,ro", "WORDS");
  run.add_option("--shm-size", options.shm_size, "Size of /dev/shm")->capture_default_str();
}

void add_network_options(CLI::App& run, RunOptions& options) {
  add_list(run, "--network", options.networks,
           "bridge, none, host, container:ID, ns:PATH, or any network; several make eth0, eth1 …",
           "NETWORK");
  add_list(run, "-p,--publish", options.publish,
           "Publish a port: [[host address:]host port:]container port[/tcp|udp|sctp]", "PORT");
  add_list(run, "--ip", options.ips, "Ask for this address; once for each family", "ADDRESS");
  run.add_option("--mac-address", options.mac, "MAC address of eth0");
  run.add_option("--hostname", options.hostname, "Its hostname; otherwise the id's beginning");
  run.add_option("--domainname", options.domainname, "Its NIS domain name");
  add_list(run, "--dns", options.dns, "A name server", "ADDRESS");
  add_list(run, "--dns-search", options.dns_search, "A domain to search names in", "DOMAIN");
  add_list(run, "--dns-option", options.dns_options, "An option of resolv.conf(5)", "OPTION");
  add_list(run, "--add-host", options.extra_hosts, "A line of /etc/hosts", "NAME:ADDRESS");
}

void add_namespace_options(CLI::App& run, RunOptions& options) {
  const std::string words = ": private, host, container:ID, or a path";
  run.add_option("--pid", options.pid, "Its pid namespace" + words);
  run.add_option("--ipc", options.ipc, "Its ipc namespace" + words);
  run.add_option("--uts", options.uts, "Its uts namespace" + words);
  run.add_option("--userns", options.userns, "Its user namespace, the host's by default" + words);
  run.add_option("--cgroupns", options.cgroupns, "Its cgroup namespace" + words);
  run.add_option("--time", options.time, "Its time namespace, the host's by default" + words);
  add_list(run, "--uidmap", options.uid_maps, "User ids of a new user namespace",
           "CONTAINER:HOST:SIZE");
  add_list(run, "--gidmap", options.gid_maps, "Group ids; as the user ids by default",
           "CONTAINER:HOST:SIZE");
  run.add_option("--monotonic-offset", options.monotonic_offset,
                 "Seconds that its monotonic clock is ahead");
  run.add_option("--boottime-offset", options.boottime_offset,
                 "Seconds that its boot time clock (uptime) is ahead");
}

void add_security_options(CLI::App& run, RunOptions& options) {
  add_list(run, "--cap-add", options.cap_add, "Give it a capability, or ALL", "NAME");
  add_list(run, "--cap-drop", options.cap_drop, "Take a capability away, or ALL", "NAME");
  add_list(run, "--security-opt", options.security,
           "seccomp=unconfined, seccomp=FILE, no-new-privileges=false", "OPTION");
  run.add_flag("--privileged", options.privileged, "All capabilities and devices, nothing masked");
  add_list(run, "--ulimit", options.ulimits, "A limit of setrlimit(2)", "NAME=SOFT[:HARD]");
  add_list(run, "--sysctl", options.sysctls, "A kernel parameter of its namespaces", "K=V");
  add_list(run, "--device", options.devices, "A device of the host", "HOST[:CONTAINER[:rwm]]");
  run.add_option("--oom-score-adj", options.oom_score_adj, "How soon it is killed for memory");
}

void add_process_options(CLI::App& run, RunOptions& options) {
  run.add_option("--name", options.name, "Its name");
  add_list(run, "-e,--env", options.env, "A variable; without a value, as it is here", "K[=V]");
  run.add_option("-w,--workdir", options.workdir, "Its working directory");
  run.add_option("-u,--user", options.user, "Its user: name or number, :group behind it");
  run.add_flag("--init", options.init, "PID 1 hands on signals and reaps; the program is 2");
  run.add_flag("-i,--interactive", options.interactive, "It reads our input");
  run.add_flag("-t,--tty", options.terminal, "It has a terminal");
  run.add_flag("-d,--detach", options.detach, "Print its id and leave it running");
  run.add_flag("--rm", options.remove, "Remove it when it has ended");
  run.add_option("--stop-signal", options.stop_signal, "What `stop` sends")->capture_default_str();
  run.add_option("--log-size", options.log_size, "A log is put aside at this size")
      ->capture_default_str();
  run.add_option("--log-files", options.log_files, "How many logs are kept")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
}

void add_limit_options(CLI::App& app, RunOptions& options) {
  app.add_option("-m,--memory", options.memory, "Memory: 64m, 1g");
  app.add_option("--memory-swap", options.memory_swap,
                 "Memory and swap together, twice the memory by default; -1: no limit");
  app.add_option("--memory-reservation", options.memory_reservation,
                 "Memory that it is kept to when the host has little");
  app.add_option("--cpus", options.cpus, "CPU time: 0.5 is half of one CPU");
  app.add_option("-c,--cpu-shares", options.cpu_shares, "Weight against others; 1024 is usual");
  app.add_option("--cpu-quota", options.cpu_quota, "Microseconds in each period");
  app.add_option("--cpu-period", options.cpu_period, "Microseconds");
  app.add_option("--cpuset-cpus", options.cpuset_cpus, "CPUs that it may run on: 0-3,7");
  app.add_option("--cpuset-mems", options.cpuset_mems, "Memory nodes");
  app.add_option("--pids-limit", options.pids_limit, "Processes and threads; -1: no limit");
  app.add_option("--blkio-weight", options.blkio_weight, "Weight for disks, 10 to 1000");
  add_list(app, "--device-read-bps", options.read_bps, "Bytes a second", "DEVICE:RATE");
  add_list(app, "--device-write-bps", options.write_bps, "Bytes a second", "DEVICE:RATE");
  add_list(app, "--device-read-iops", options.read_iops, "Operations a second", "DEVICE:RATE");
  add_list(app, "--device-write-iops", options.write_iops, "Operations a second", "DEVICE:RATE");
}

Status read_command(const CLI::App& app, const Session& session, std::vector<std::string>& words) {
  words = session.program;
  if (!words.empty()) return ok();
  return fail(Errc::InvalidArgument, "name the program to run: netctl {} --help shows how",
              app.get_name());
}

void define_run(CLI::App& app, Session& session) {
  static RunOptions options;
  auto* run = app.add_subcommand("run", "Run a program in a container");
  add_process_options(*run, options);
  add_root_options(*run, options);
  add_network_options(*run, options);
  add_namespace_options(*run, options);
  add_limit_options(*run, options);
  add_security_options(*run, options);
  take_program(*run);
  run->footer(
      "Usage: netctl run [OPTIONS] [--] PROGRAM [ARGUMENTS]\n"
      "Example: netctl run --name web --rootfs ./busybox -p 8080:80 -m 64m -d -- httpd -f -p 80\n"
      "Exit status: the program's own; 125 it could not be run, 126 it is no program, 127 there is "
      "none, 128 and the number of the signal that ended it.");
  run->callback([&session, run] {
    session.work = [&session, run]() -> Status {
      session.failure_status = command::kOurFailure;
      TRY(read_command(*run, session, options.command));
      session.exit_status = TRY(command::run(session.settings, options, session.failure_status));
      return ok();
    };
  });
}

void define_exec(CLI::App& app, Session& session) {
  static command::ExecOptions options;
  auto* exec = app.add_subcommand("exec", "Run another program in a container");
  exec->add_option("container", options.container, "Its name or id")->required();
  take_program(*exec);
  add_list(*exec, "-e,--env", options.env, "A variable; without a value, as it is here", "K[=V]");
  exec->add_option("-w,--workdir", options.workdir, "Its working directory");
  exec->add_option("-u,--user", options.user, "Its user: name or number, :group behind it");
  exec->add_flag("-i,--interactive", options.interactive, "It reads our input");
  exec->add_flag("-t,--tty", options.terminal, "It has a terminal");
  exec->add_flag("-d,--detach", options.detach, "Leave it running");
  exec->add_flag("--privileged", options.privileged, "All capabilities");
  exec->footer("Example: netctl exec -it web sh");
  exec->callback([&session, exec] {
    session.work = [&session, exec]() -> Status {
      session.failure_status = command::kOurFailure;
      TRY(read_command(*exec, session, options.command));
      session.exit_status = TRY(command::exec(session.settings, options, session.failure_status));
      return ok();
    };
  });
}

// Commands on one container or several: what failed for one does not keep the others from it.
template <class Act>
void define_each(CLI::App& each, Session& session, Act act) {
  static std::vector<std::string> names;
  each.add_option("container", names, "Names or ids")->required();
  each.callback([&session, &each, act] {
    session.work = [&each, act]() -> Status {
      ErrorList errors;
      command::Progress progress(each.get_name(), names.size());
      for (const std::string& name : names) {
        progress.step(name);
        errors.keep(act(name));
      }
      return errors.status();
    };
  });
}

void define_ends(CLI::App& app, Session& session) {
  static unsigned seconds = 10;
  auto* stop = app.add_subcommand("stop", "Ask containers to end, and kill those that do not");
  stop->add_option("-t,--time", seconds, "How many seconds they may take")->capture_default_str();
  stop->footer("Example: netctl stop web");
  define_each(*stop, session, [&session](const std::string& name) {
    return command::stop_container(session.settings, name, seconds);
  });

  static std::string signal = "KILL";
  auto* kill = app.add_subcommand("kill", "Send a signal to the first process of containers");
  kill->add_option("-s,--signal", signal, "Which one")->capture_default_str();
  kill->footer("Example: netctl kill -s HUP web");
  define_each(*kill, session, [&session](const std::string& name) {
    return command::kill_container(session.settings, name, signal);
  });

  static bool force = false;
  auto* rm = app.add_subcommand("rm", "Remove containers and all that is left of them");
  rm->add_flag("-f,--force", force, "Kill them first; fine as well when they are gone");
  rm->footer("Example: netctl rm -f web");
  define_each(*rm, session, [&session](const std::string& name) {
    return command::remove_container(session.settings, name, force);
  });

  for (const bool paused : {true, false}) {
    auto* pause = app.add_subcommand(paused ? "pause" : "unpause",
                                     paused ? "Have containers stand still" : "Let them go on");
    pause->footer(paused ? "Example: netctl pause web" : "Example: netctl unpause web");
    define_each(*pause, session, [&session, paused](const std::string& name) {
      return command::pause_container(session.settings, name, paused);
    });
  }
}

void define_looks(CLI::App& app, Session& session) {
  static command::Output output;
  static bool all = false;
  auto* ps = app.add_subcommand("ps", "List containers: those that run, or all");
  ps->add_flag("-a,--all", all, "Also those that have ended");
  add_list_options(*ps, output, command::kContainerFilters);
  ps->footer("Example: netctl ps -a --format '{{.Name}} {{.State}}'");
  ps->callback([&session] {
    session.work = [&session] { return command::list_containers(session.settings, all, output); };
  });

  static std::vector<std::string> names;
  auto* stats = app.add_subcommand("stats", "What containers use, and may use, now");
  stats->add_option("container", names, "Names or ids; otherwise all that run");
  add_list_options(*stats, output, command::kStatisticsFilters);
  stats->footer("Example: netctl stats web -o json");
  stats->callback([&session] {
    session.work = [&session] { return command::show_statistics(session.settings, names, output); };
  });

  static command::LogOptions log;
  static std::string name;
  auto* logs = app.add_subcommand("logs", "Show what a detached container wrote");
  logs->add_option("container", name, "Its name or id")->required();
  logs->add_flag("-f,--follow", log.follow, "Go on until its end");
  logs->add_flag("--timestamps", log.timestamps, "With the time of each line");
  logs->add_option("--tail", log.tail, "Only so many of the last lines");
  logs->footer("Example: netctl logs -f --tail 20 web");
  logs->callback([&session] {
    session.work = [&session] { return command::show_log(session.settings, name, log); };
  });
}

void define_update(CLI::App& app, Session& session) {
  static RunOptions options;
  static std::string name;
  auto* update = app.add_subcommand("update", "Change the limits of a container that runs");
  update->add_option("container", name, "Its name or id")->required();
  add_limit_options(*update, options);
  update->footer("Example: netctl update -m 128m --cpus 2 web");
  update->callback([&session] {
    session.work = [&session] {
      return command::update_container(session.settings, name, options);
    };
  });
}

}  // namespace

void define_containers(CLI::App& app, Session& session) {
  define_run(app, session);
  define_exec(app, session);
  define_looks(app, session);
  define_ends(app, session);
  define_update(app, session);
}

}  // namespace netctl::cli
