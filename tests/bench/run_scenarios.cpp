// A whole container: made, run and removed, beside runtimes that do the same for the same
// config.json.
#include <filesystem>

#include "runtime-core/base/log.hpp"
#include "tests/bench/makers.hpp"
#include "tests/bench/scenarios.hpp"

namespace netctl::bench {
namespace {

namespace fs = std::filesystem;

constexpr char kCrun[] = "crun";
constexpr char kRunc[] = "runc";
constexpr char kCrunReference[] = "crun and reference";
constexpr char kRuncReference[] = "runc and reference";
constexpr char kDocker[] = "docker";

// The program that all of them run, in a root file system of busybox.
constexpr char kProgram[] = "/bin/true";

// crun refuses a hybrid tree in which version 2 has a controller: all of them get version 1 alone.
Status leave_version_1(const Host& host) {
  TRY(host.shell("d=/sys/fs/cgroup/unified; ! mountpoint -q $d || umount $d"));
  return ok();
}

// A host on which containers are run.
class Yard {
 public:
  static Result<std::shared_ptr<Yard>> make(Lab& lab, const std::string& name) {
    auto host = TRY(lab.make_host(name));
    TRY(leave_version_1(*host));
    std::shared_ptr<Yard> yard(new Yard(std::move(host), lab.programs()));
    TRY(yard->host_->shell(
        format("mkdir -p {0}/bin {1}/net.d && cp /bin/busybox {0}/bin && ln -s busybox {0}{2}",
               yard->root(), yard->host_->directory(), kProgram)));
    return yard;
  }

  // `netctl run`, to its end.
  Status run(const std::vector<std::string>& options) const {
    std::vector<std::string> words{programs_.netctl, "run", "--rootfs", root()};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--", kProgram});
    TRY(host_->sure(words, "", environment()));
    return ok();
  }

  // A container that stays on the network, so that bridge and rules are there.
  Status attach_resident(const std::string& network) const {
    const std::string netns = TRY(host_->add_container());
    TRY(host_->sure({programs_.netctl, "add", network, netns, "--id", "resident"}, "",
                    environment()));
    return ok();
  }

  // A bundle with the config.json that ours makes for these options; gives its directory.
  Result<std::string> bundle(const std::vector<std::string>& options) const {
    std::vector<std::string> words{"--name", "model"};
    words.insert(words.end(), options.begin(), options.end());
    TRY(run(words));
    const std::string directory = host_->directory() + "/bundle";
    TRY(host_->shell(
        format("mkdir {0} && cp {1}/containers/*/config.json {0}", directory, host_->directory())));
    return directory;
  }

  Host& host() const { return *host_; }
  const std::shared_ptr<Host>& shared_host() const { return host_; }

 private:
  Yard(std::shared_ptr<Host> host, const Programs& programs)
      : host_(std::move(host)), programs_(programs) {}
  std::string root() const { return host_->directory() + "/root"; }
  std::vector<std::string> environment() const {
    const std::string& directory = host_->directory();
    return {"CNI_PATH=" + programs_.plugins, "NETCONFPATH=" + directory + "/net.d",
            "NETCTL_CNI_STATE_DIR=" + directory + "/cni", "NETCTL_RUN_DIR=" + directory,
            "NETCTL_DATA_DIR=" + directory + "/data"};
  }

  std::shared_ptr<Host> host_;
  Programs programs_;
};

template <class Body>
Result<Samples> timed(Body&& body) {
  const Stopwatch watch;
  TRY(body());
  return Samples{watch.elapsed(), watch.cpu()};
}

Contestant timed_run(const std::shared_ptr<Yard>& yard, const std::vector<std::string>& network) {
  std::vector<std::string> options{"--rm"};
  options.insert(options.end(), network.begin(), network.end());
  return {kOurs, [=] { return timed([&] { return yard->run(options); }); }};
}

Contestant ours_alone(Lab& lab) {
  const auto yard = Yard::make(lab, "ours-run");
  if (!yard) return absent(kOurs, yard.error());
  return timed_run(*yard, {"--network", "none"});
}

// Of a runtime, which each distribution's package has elsewhere.
std::string path_of(const std::string& runtime) {
  const std::string path = "/usr/sbin/" + runtime;
  return fs::exists(path) ? path : "/usr/bin/" + runtime;
}

Status run_bundle(const Host& host, const std::string& program, const std::string& bundle) {
  TRY(host.sure(
      {program, "--root", host.directory() + "/oci", "run", "--bundle", bundle, "bench"}));
  return ok();
}

Result<Contestant> oci(Lab& lab, const std::string& name) {
  const auto yard = TRY(Yard::make(lab, name));
  const std::string bundle = TRY(yard->bundle({"--network", "none"}));
  const std::string program = path_of(name);
  return Contestant{
      name, [=] { return timed([&] { return run_bundle(yard->host(), program, bundle); }); }};
}

// As a container engine does it: a namespace, the plugins, the runtime, and all back again.
Result<Contestant> oci_with_network(Lab& lab, const std::string& name, const std::string& runtime) {
  const auto yard = TRY(Yard::make(lab, runtime + "-net"));
  const std::string pin = runtime + "-net-guest";
  const Attachment guest{
      .id = "guest", .netns = TRY(ns::path_of(pin)), .number = 3, .host_port = 8003};
  TRY(ns::create_pinned(pin));
  const std::string bundle = TRY(yard->bundle({"--network", "ns:" + guest.netns}));
  TRY(ns::remove_pinned(pin));
  std::shared_ptr<Attacher> plugins =
      TRY(plugin_chain(yard->shared_host(), lab.programs().reference, {}));
  const std::string program = path_of(runtime);
  return Contestant{name, [=] {
                      return timed([&]() -> Status {
                        TRY(ns::create_pinned(pin));
                        const std::string result = TRY(plugins->add(guest));
                        TRY(run_bundle(yard->host(), program, bundle));
                        TRY(plugins->del(guest, result));
                        return ns::remove_pinned(pin);
                      });
                    }};
}

Contestant or_absent(const std::string& name, Result<Contestant> contestant) {
  if (!contestant) return absent(name, contestant.error());
  return *std::move(contestant);
}

Scenario without_network() {
  return {
      .name = "run",
      .figures = {{.title = "run /bin/true without a network",
                   .unit = "ms",
                   .reach = {{Reach::Kind::AtMost, 1, kCrun}, {Reach::Kind::FasterBy, 2, kRunc}}},
                  {.title = "processor time of it", .unit = "ms"}},
      .rounds = 21,
      .prepare = [](Lab& lab) {
        return std::vector<Contestant>{ours_alone(lab), or_absent(kCrun, oci(lab, kCrun)),
                                       or_absent(kRunc, oci(lab, kRunc))};
      }};
}

Contestant ours_on_a_bridge(Lab& lab, const std::string& host) {
  const auto yard = Yard::make(lab, host);
  if (!yard) return absent(kOurs, yard.error());
  if (const Status there = (*yard)->attach_resident("bridge"); !there) {
    return absent(kOurs, there.error());
  }
  return timed_run(*yard, {"--network", "bridge", "-p", "8003:80"});
}

// Docker's daemon on a host of its own, with an image of the same program; both go with it.
class Docker {
 private:
  static constexpr char kStart[] = R"(
    dockerd --data-root $PWD/docker --exec-root $PWD/docker-run --pidfile docker.pid \
      --host $DOCKER_HOST --bip 172.31.0.1/16 >docker.log 2>&1 &
    for i in $(seq 300); do
      docker info >/dev/null 2>&1 && break
      sleep 0.1
    done
    docker info >/dev/null 2>&1 || { tail -n 1 docker.log >&2; exit 1; }
    tar -C root -c . | docker import - bench)";
  static constexpr char kStop[] = R"(
    [ -s docker.pid ] || exit 0
    kill $(cat docker.pid)
    for i in $(seq 100); do
      [ -e docker.pid ] || exit 0
      sleep 0.1
    done
    echo dockerd does not end >&2
    exit 1)";

 public:
  static Result<std::shared_ptr<Docker>> start(const std::shared_ptr<Yard>& yard) {
    std::shared_ptr<Docker> docker(new Docker(yard));
    TRY(docker->shell(kStart));
    return docker;
  }
  Docker(const Docker&) = delete;
  Docker& operator=(const Docker&) = delete;
  ~Docker() {
    const auto stopped = shell(kStop);
    if (!stopped) log::warn("{}", stopped.error().message);
  }

  Status run(const std::vector<std::string>& options) const {
    std::vector<std::string> words{"/usr/bin/docker", "--host", address(), "run", "--rm"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"bench", kProgram});
    TRY(yard_->host().sure(words));
    return ok();
  }

 private:
  explicit Docker(std::shared_ptr<Yard> yard) : yard_(std::move(yard)) {}
  std::string address() const { return format("unix://{}/docker.sock", yard_->host().directory()); }
  Result<std::string> shell(const std::string& line) const {
    return yard_->host().shell(
        format("cd {}; export DOCKER_HOST={}; {}", yard_->host().directory(), address(), line));
  }

  std::shared_ptr<Yard> yard_;
};

Result<Contestant> docker(Lab& lab) {
  if (!fs::exists("/usr/sbin/dockerd"))
    return fail(Errc::NotFound, "/usr/sbin/dockerd is not here");
  const auto engine = TRY(Docker::start(TRY(Yard::make(lab, kDocker))));
  return Contestant{kDocker, [engine]() -> Result<Samples> {
                      const Stopwatch watch;
                      TRY(engine->run({"-p", "8003:80"}));
                      return Samples{watch.elapsed()};
                    }};
}

// Not a row of the one below: most of docker's processor time is its daemon's, which is not ours to
// wait for.
Scenario beside_docker() {
  return {.name = "run-docker",
          .figures = {{.title = "run --rm -p of /bin/true on the default network",
                       .unit = "ms",
                       .reach = {{Reach::Kind::FasterBy, 20, kDocker}}}},
          .rounds = 21,
          .prepare = [](Lab& lab) {
            Contestant ours = ours_on_a_bridge(lab, "ours-run-docker");
            const auto both = ours.measure;
            ours.measure = [both]() -> Result<Samples> { return Samples{TRY(both()).front()}; };
            return std::vector<Contestant>{std::move(ours), or_absent(kDocker, docker(lab))};
          }};
}

Scenario with_network() {
  return {.name = "run-network",
          .figures = {{.title = "run /bin/true on a bridge with a port",
                       .unit = "ms",
                       .reach = {{Reach::Kind::FasterBy, 4, kCrunReference}}},
                      {.title = "processor time of it", .unit = "ms"}},
          .rounds = 21,
          .prepare = [](Lab& lab) {
            return std::vector<Contestant>{
                ours_on_a_bridge(lab, "ours-run-net"),
                or_absent(kCrunReference, oci_with_network(lab, kCrunReference, kCrun)),
                or_absent(kRuncReference, oci_with_network(lab, kRuncReference, kRunc))};
          }};
}

}  // namespace

std::vector<Scenario> run_scenarios() {
  return {without_network(), with_network(), beside_docker()};
}

}  // namespace netctl::bench
