#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime-core/addr/ip.hpp"
#include "runtime-core/nft/overview.hpp"

// What `netctl doctor` makes of what it sees: decisions alone, nothing is looked at here.
namespace netctl::command {

enum class Grade {
  Ok,
  Warn,  // works, with a limit or a risk
  Fail,  // containers suffer now
};
std::string_view to_text(Grade grade);  // "WARN"

struct Finding {
  Grade grade = Grade::Ok;
  std::string about{};   // "sysctl ip_forward"
  std::string found{};   // and what it means for containers
  std::string advice{};  // empty when nothing is to be done
};
using Findings = std::vector<Finding>;

// Who suffers where the kernel cannot do something.
enum class Need {
  Every,  // every network that has a bridge
  Some,   // networks or containers that ask for it
  Told    // nobody: there is another way, and people want to know which
};
// Something that the kernel was asked to do, where that leaves nothing.
struct Trial {
  std::string name{};     // for programs: "nf_tables"
  std::string what{};     // for people: "nftables NAT"
  std::string refusal{};  // empty: it did
  Need need = Need::Every;
};
Finding judge_trial(const Trial& trial);

// Kernel parameters by their path under /proc/sys; those that there are not are missing.
using Sysctls = std::map<std::string, std::string>;
// Those that judge_sysctls() looks at.
const std::vector<std::string>& sysctls_of_interest();
// What they matter for.
struct Traffic {
  bool v4 = false;  // containers are attached that have an IPv4 gateway
  bool v6 = false;
  bool others_drop = false;  // another firewall of the host drops what it does not know
};
Findings judge_sysctls(const Sysctls& values, const Traffic& traffic);

// Other firewalls of the host. Chains are those of nf_tables.
struct Firewalls {
  std::vector<nft::ChainFacts> chains{};
  bool legacy = false;  // the table "filter" of iptables-legacy or ip6tables-legacy is loaded
};
Findings judge_firewalls(const Firewalls& firewalls);
// Whether a chain of somebody else drops what it does not know of that which is forwarded.
bool others_drop(const std::vector<nft::ChainFacts>& chains);

// A firewall table of ours.
struct TableState {
  std::string name{};       // "inet netctl"
  std::string lost{};       // why it is not whole; empty: it is
  std::size_t missing = 0;  // elements that are on record and not there
};
Finding judge_table(const TableState& table);

// Attachments whose namespace is gone, as people name them.
Finding judge_attachments(const std::vector<std::string>& gone);

// A network whose addresses are somebody else's as well.
struct Overlap {
  std::string network{};
  IpPrefix subnet{};
  IpPrefix other{};
  std::string holder{};  // "a route of this host"
};
Findings judge_ranges(const std::vector<Overlap>& overlaps);

// A program that configures interfaces, and whether it is told to leave ours alone.
struct Manager {
  std::string name{};
  std::string drop_in{};  // the file that tells it so, when we have one for it
  std::string setting{};  // what has to be written where, when we have none
  bool runs = false;
  bool has_drop_in = false;
};
Finding judge_manager(const Manager& manager);

// A plugin that netctl has built in, and the executable that it finds for it.
struct PluginFile {
  std::string name{};
  std::string path{};    // empty: in none of the directories
  bool is_same = false;  // as the one built in: it is called without a process
};
Findings judge_plugins(const std::vector<PluginFile>& plugins,
                       const std::vector<std::string>& directories);

// Plugins of ours in a directory of other runtimes, and the version that they have.
struct Copies {
  std::string directory{};
  std::map<std::string, std::vector<std::string>> by_version{};
};
Finding judge_copies(const Copies& copies, const std::string& own_version);

}  // namespace netctl::command
