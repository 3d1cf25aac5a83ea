#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/attach/ingress.hpp"
#include "runtime-core/attach/iptables.hpp"
#include "runtime-core/base/result.hpp"

// The firewalls of the host that are not ours, and how containers get past them. Which there are is
// seen by looking: no program is run for it, and nothing is loaded that the host does not have.
namespace netctl::attach {

enum class ForeignFirewall { IptablesNft, IptablesLegacy, Firewalld };
std::string_view to_text(ForeignFirewall firewall);  // "iptables (nf_tables)"

// Whom a config wants to be told of a container ("backend").
enum class Backend {
  Any,        // whoever may drop its packets
  Native,     // "nftables": nobody
  Iptables,   // "iptables": the variant that the host has, whether it drops or not
  Firewalld,  // "firewalld": it has to run
};
Result<Backend> parse_backend(std::string_view text);  // InvalidArgument: none of these

struct FoundFirewall {
  ForeignFirewall kind = ForeignFirewall::IptablesNft;
  std::string why{};  // it matters: "the policy of chain FORWARD (IPv4) is DROP"
  bool operator==(const FoundFirewall&) const = default;
};

// What is seen of the host.
struct HostView {
  FilterTable nft_v4{};
  FilterTable nft_v6{};
  FilterTable legacy_v4{};
  FilterTable legacy_v6{};
  bool has_firewalld_table = false;  // "inet firewalld" in nf_tables
  bool firewalld_runs = false;       // only looked at where it left a trace, or is asked for
};

// Who has to be told of a container. Not whether firewalld runs: see the next.
std::vector<FoundFirewall> choose_firewalls(const HostView& host, Backend backend);
// Whether anything of firewalld's is there. Asking the message bus takes longer than all the rest.
bool has_trace_of_firewalld(const HostView& host);

// Both for this host. NotFound when firewalld is asked for by name and does not run.
Result<std::vector<FoundFirewall>> find_host_firewalls(Backend backend);

// Tells these firewalls. Some of it may be there when it fails: withdraw() undoes that, too.
Status admit(const std::vector<FoundFirewall>& firewalls, const Admission& admission,
             const std::string& zone);
// Takes it back from every firewall of the host, whether it was told or not. Goes on past failures.
// The backend says only whether firewalld is asked where it left no trace.
Status withdraw(const std::vector<IpAddress>& addresses, const std::string& zone, Backend backend);
// What admit() would have made and is missing, a line each.
Result<std::vector<std::string>> missing_admission(const std::vector<FoundFirewall>& firewalls,
                                                   const Admission& admission,
                                                   const std::string& zone);

}  // namespace netctl::attach
