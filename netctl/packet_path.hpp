#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/diag/probe.hpp"
#include "runtime-core/nft/batch.hpp"
#include "runtime-core/nft/trace.hpp"

// What the kernel tells of a probe and of its answer, put in order.
namespace netctl::command {

// How the packets of one probe are known among all others.
struct ProbeMark {
  diag::ProbeKind kind = diag::ProbeKind::Tcp;
  Family family = Family::V4;
  std::uint16_t mark = 0;  // diag::Probe::mark()
  std::uint16_t port = 0;  // that it is sent to
};

// A chain that did something to the probe or to its answer.
struct PathStep {
  bool is_answer = false;
  nft::TraceEvent event{};
  nft::TracedPacket packet{};  // as the chain's base chain saw it
};

class PacketPath {
 public:
  // `table` is the name of the one that switches tracing on (trace_table()): what it does is no
  // step.
  PacketPath(const ProbeMark& mark, std::string table) : mark_(mark), table_(std::move(table)) {}

  void take(const std::vector<nft::TraceEvent>& events);

  const std::vector<PathStep>& steps() const { return steps_; }
  // The step that ended it.
  const PathStep* drop() const;
  // Where the probe was seen last, behind all rules; nothing when it did not come that far.
  struct Exit {
    bool is_local = false;  // to the host itself, otherwise out of `packet.out_link`
    bool is_port = false;   // which is a bridge's port; otherwise it may be the bridge
    nft::TracedPacket packet{};
  };
  const std::optional<Exit>& exit() const { return exit_; }
  // As it came into this namespace.
  const std::optional<nft::TracedPacket>& entry() const { return entry_; }

 private:
  enum class Role { Other, Probe, Answer };
  Role role_of(const nft::TracedPacket& packet, Role before) const;
  void note_own(const nft::TraceEvent& event, Role role);

  ProbeMark mark_;
  std::string table_;
  std::map<std::uint32_t, Role> roles_{};  // by the packet's number
  std::map<std::uint32_t, nft::TracedPacket> packets_{};
  std::vector<PathStep> steps_{};
  std::optional<nft::TracedPacket> entry_{};
  std::optional<Exit> exit_{};
};

// A table that has the kernel tell of the probe and its answer, and where they leave. It goes with
// the socket that makes it.
nft::Batch trace_table(const std::string& name, nft::TableFamily family, const ProbeMark& mark);

}  // namespace netctl::command
