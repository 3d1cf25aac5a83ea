#include "netctl/trace.hpp"

#include <net/if.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <set>

#include "netctl/attachments.hpp"
#include "netctl/named_container.hpp"
#include "netctl/packet_path.hpp"
#include "netctl/rule_book.hpp"
#include "runtime-core/addr/port.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/json_text.hpp"
#include "runtime-core/ns/netns.hpp"
#include "runtime-core/sys/own_netns.hpp"

namespace netctl::command {
namespace {

using Clock = std::chrono::steady_clock;
using Attachments = std::vector<cni::CachedAttachment>;

// Before TCP sends its first packet again, after a second.
constexpr std::chrono::milliseconds kPatience{900};

// --- from where to where --------------------------------------------------------------------

bool is_named(const cni::CachedAttachment& attachment, const std::string& name) {
  return attachment.call.container_id == name || ns::name_of_path(attachment.call.netns) == name;
}

// What attachments know a container of `netctl run` by: its id.
Result<std::string> attached_name(const Settings& settings, const std::string& name) {
  const auto container = TRY(named_container(settings, name));
  return container ? container->id : name;
}

Result<UniqueFd> open_source(const Settings& settings, const Attachments& attachments,
                             const std::string& source) {
  if (source == "host") return sys::open_own_netns();
  const auto container = std::ranges::find(
      attachments, source, [](const cni::CachedAttachment& each) -> const std::string& {
        return each.call.container_id;
      });
  if (container != attachments.end()) return ns::open_netns(container->call.netns);
  return ns::open_netns(TRY(existing_namespace(settings, source)));
}

// An address of what has that name, in a network of the source's if there is one.
Result<IpAddress> address_of(const Settings& settings, const Attachments& attachments,
                             const std::string& source, const std::string& name) {
  const std::string from = TRY(attached_name(settings, source));
  const std::string to = TRY(attached_name(settings, name));
  std::set<std::string> networks;
  for (const cni::CachedAttachment& each : attachments) {
    if (is_named(each, from)) networks.insert(each.network);
  }
  std::optional<IpAddress> elsewhere;
  for (const cni::CachedAttachment& each : attachments) {
    if (!is_named(each, to)) continue;
    const cni::AddResult result = result_of(each);
    if (result.ips.empty()) continue;
    if (networks.contains(each.network)) return result.ips.front().address.address;
    if (!elsewhere) elsewhere = result.ips.front().address.address;
  }
  if (elsewhere) return *elsewhere;
  return fail(Errc::NotFound,
              "\"{}\" is no address, and nothing of that name is attached: see netctl ls", name);
}

// --- what happens ---------------------------------------------------------------------------

struct Traced {
  ProbeMark mark{};
  PacketPath path;
  std::optional<diag::Probe::Outcome> outcome{};  // nothing: nobody answered in time
};

// Frames between the ports of a bridge meet its own rules alone, where the kernel has any.
Status start_tracing(nft::Socket& socket, const std::string& name, const ProbeMark& mark) {
  TRY(socket.apply(trace_table(name, nft::TableFamily::Inet, mark)).context("trace"));
  const Status bridges = socket.apply(trace_table(name, nft::TableFamily::Bridge, mark));
  if (!bridges) log::debug("what bridges do is not traced: {}", bridges.error().message);
  return ok();
}

Result<bool> wait_for_news(const nft::TraceWatch& watch, const diag::Probe& probe,
                           Clock::time_point deadline) {
  std::array<pollfd, 2> files{{{.fd = watch.fd(), .events = POLLIN, .revents = 0},
                               {.fd = probe.fd(), .events = probe.poll_events(), .revents = 0}}};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    const int ready = ::poll(files.data(), files.size(), static_cast<int>(left.count()));
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) return system_error(errno, "wait for the probe");
  }
}

// The kernel tells what a rule did while it does it, so all of it has come before the answer has.
Status follow(diag::Probe& probe, nft::TraceWatch& watch, Traced& traced) {
  const auto deadline = Clock::now() + kPatience;
  traced.outcome = TRY(probe.send());
  while (true) {
    if (!traced.outcome) traced.outcome = TRY(probe.outcome());
    traced.path.take(TRY(watch.read()));
    if (traced.outcome || traced.path.drop() != nullptr) return ok();
    if (!TRY(wait_for_news(watch, probe, deadline))) return ok();
  }
}

Result<Traced> run_probe(int source, const ProbeTarget& target, const IpAddress& address) {
  nft::TraceWatch watch = TRY(nft::TraceWatch::open());
  nft::Socket socket = TRY(nft::Socket::open());
  diag::Probe probe =
      TRY(ns::run_in(source, [&] { return diag::Probe::open(target.kind, address, target.port); }));
  const ProbeMark mark{
      .kind = target.kind, .family = address.family(), .mark = probe.mark(), .port = target.port};
  const std::string name = format("netctl_trace_{}", ::getpid());
  TRY(start_tracing(socket, name, mark));
  Traced traced{.mark = mark, .path = PacketPath(mark, name)};
  TRY(follow(probe, watch, traced));
  return traced;
}

// --- what is told of it ---------------------------------------------------------------------

std::string end_text(const IpAddress& address, std::uint16_t port) {
  return port == 0 ? address.to_text() : with_port(address, port);
}

std::string packet_text(const nft::TracedPacket& packet) {
  return format("{} to {}", end_text(packet.source, packet.source_port),
                end_text(packet.destination, packet.dest_port));
}

std::string kind_text(diag::ProbeKind kind) {
  switch (kind) {
    case diag::ProbeKind::Tcp:
      return "tcp";
    case diag::ProbeKind::Udp:
      return "udp";
    case diag::ProbeKind::Echo:
      return "echo";
  }
  return "?";
}

std::string chain_text(const nft::TraceEvent& event) {
  return format("{} {} {}", event.family, event.table, event.chain);
}

Facts facts_of(const PathStep& step, RuleBook& rules) {
  return {fact("packet", step.is_answer ? "answer" : "probe"),
          fact("chain", chain_text(step.event)),
          fact("rule", rules.text_of(step.event)),
          fact("verdict", step.event.verdict),
          fact("element", rules.element_for(step)),
          fact("from", end_text(step.packet.source, step.packet.source_port)),
          fact("to", end_text(step.packet.destination, step.packet.dest_port))};
}

std::string exit_text(const PacketPath& path) {
  if (!path.exit()) return "";
  const PacketPath::Exit& exit = *path.exit();
  if (exit.is_local) return format("to the host itself, as {}", packet_text(exit.packet));
  std::array<char, IF_NAMESIZE> name{};
  const bool is_known = ::if_indextoname(exit.packet.out_link, name.data()) != nullptr;
  return format("through {}, as {}", is_known ? name.data() : "an interface that is gone",
                packet_text(exit.packet));
}

// In one sentence: who decided.
std::string decision_text(const Traced& traced, RuleBook& rules) {
  const PacketPath& path = traced.path;
  if (const PathStep* drop = path.drop()) {
    const std::string element = rules.element_for(*drop);
    return format("the {} is dropped by {}: {}{}", drop->is_answer ? "answer" : "probe",
                  chain_text(drop->event), rules.text_of(drop->event),
                  element.empty() ? "" : ", " + element);
  }
  if (traced.outcome && traced.outcome->answered) return "no rule is against it";
  if (!path.entry()) {
    return "the probe did not come to this host: look at the source's routes and interfaces "
           "(netctl "
           "sandbox inspect)";
  }
  if (!path.exit()) {
    return "no rule drops it, but it goes nowhere: look at this host's routes, "
           "net.ipv4.ip_forward and rp_filter (netctl doctor)";
  }
  return "no rule drops it, and nothing comes back: the target, or the way back from it, is silent";
}

std::string outcome_text(const Traced& traced) {
  if (traced.outcome) return traced.outcome->text;
  return traced.path.drop() != nullptr ? "none" : "none within a second";
}

Status print_trace(const Traced& traced, const std::string& source, const std::string& target,
                   RuleBook& rules, const Output& output) {
  std::vector<Facts> steps;
  std::vector<std::string> steps_json;
  for (const PathStep& step : traced.path.steps()) {
    steps.push_back(facts_of(step, rules));
    steps_json.push_back(to_json(steps.back()));
  }
  const bool answered = traced.outcome && traced.outcome->answered;
  const auto& entry = traced.path.entry();
  const Facts facts{fact("source", source),
                    fact("target", target),
                    fact("protocol", kind_text(traced.mark.kind)),
                    fact("probe", entry ? packet_text(*entry) : ""),
                    {.name = "steps", .text = "", .json = cni::json_list(steps_json)},
                    fact("left", exit_text(traced.path)),
                    fact("decision", decision_text(traced, rules)),
                    fact("answer", outcome_text(traced)),
                    {.name = "answered", .text = "", .json = answered ? "true" : "false"}};
  if (output.is_for_programs()) return print_one(facts, output);
  static constexpr std::array<Column, 5> kColumns{{{"PACKET", "packet"},
                                                   {"CHAIN", "chain"},
                                                   {"VERDICT", "verdict"},
                                                   {"RULE", "rule"},
                                                   {"ELEMENT", "element"}}};
  if (!steps.empty()) {
    TRY(print_list(steps, kColumns, "chain", output));
    TRY(print("\n"));
  }
  return print_one(facts, output);
}

}  // namespace

Result<ProbeTarget> parse_probe_target(const std::string& text) {
  ProbeTarget target;
  std::string host = text;
  const auto slash = host.rfind('/');
  std::optional<Protocol> protocol;
  if (slash != std::string::npos) {
    protocol = TRY(parse_protocol(host.substr(slash + 1)));
    host.resize(slash);
  }
  const auto colon = host.rfind(':');
  const bool in_brackets = host.starts_with('[');
  if (in_brackets && host.find(']') == std::string::npos) {
    return fail(Errc::InvalidArgument, "\"{}\" has no closing bracket", text);
  }
  const bool is_bare_v6 = !in_brackets && colon != host.find(':');
  const bool ends_in_bracket = host.ends_with(']');
  if (colon != std::string::npos && !is_bare_v6 && !ends_in_bracket) {
    target.port = TRY(parse_port(host.substr(colon + 1)));
    target.kind = diag::ProbeKind::Tcp;
    host.resize(colon);
  }
  if (protocol) {
    if (target.port == 0) {
      return fail(Errc::InvalidArgument, "\"{}\" has no port: write it as {}:53/udp", text, host);
    }
    if (*protocol == Protocol::Sctp) {
      return fail(Errc::InvalidArgument, "SCTP cannot be traced: there is no probe for it");
    }
    target.kind = *protocol == Protocol::Udp ? diag::ProbeKind::Udp : diag::ProbeKind::Tcp;
  }
  if (in_brackets && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return fail(Errc::InvalidArgument, "\"{}\" names no target", text);
  if (const auto address = parse_ip_address(host)) {
    target.address = *address;
  } else if (in_brackets || host.find(':') != std::string::npos) {
    return address.error();
  } else {
    target.name = host;
  }
  return target;
}

Status trace(const Settings& settings, const std::string& source, const std::string& target,
             const Output& output) {
  ProbeTarget to = TRY(parse_probe_target(target));
  const Attachments attachments = runtime(settings).cached("");
  const UniqueFd from = TRY(open_source(settings, attachments, source));
  const IpAddress address =
      to.address ? *to.address : TRY(address_of(settings, attachments, source, to.name));
  const Traced traced = TRY(run_probe(from.get(), to, address));
  RuleBook rules = TRY(RuleBook::open());
  return print_trace(traced, source, target, rules, output);
}

}  // namespace netctl::command
