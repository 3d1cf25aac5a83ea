#include "runtime-core/attach/host_firewalls.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "runtime-core/attach/firewalld.hpp"
#include "runtime-core/attach/iptables_legacy.hpp"
#include "runtime-core/attach/iptables_nft.hpp"
#include "runtime-core/base/error_list.hpp"
#include "runtime-core/nft/socket.hpp"

namespace netctl::attach {
namespace {

constexpr std::array<std::pair<std::string_view, Backend>, 4> kBackends = {{
    {"", Backend::Any},
    {"nftables", Backend::Native},
    {"iptables", Backend::Iptables},
    {"firewalld", Backend::Firewalld},
}};

// Why a container has to be told to that variant; nothing when it has not.
std::optional<std::string> why_asked(const FilterTable& v4, const FilterTable& v6,
                                     Backend backend) {
  for (const FilterTable* table : {&v4, &v6}) {
    if (!table->forward) continue;
    const std::string_view family = table == &v4 ? "IPv4" : "IPv6";
    if (const auto why = why_it_may_drop(*table->forward)) {
      return format("chain FORWARD of {}: {}", family, *why);
    }
    if (backend == Backend::Iptables) return std::string("the config asks for it");
  }
  return std::nullopt;
}

bool leads_to_firewalld(const FilterTable& table) {
  return table.forward && is_firewalld(*table.forward);
}

// A table that nobody has made looks like one that lets everything pass.
Result<FilterTable> legacy_view(Family family) {
  auto table = TRY(legacy_filter_table(family));
  return table ? *std::move(table) : FilterTable{};
}

Result<FilterTable> nft_view(nft::Socket& socket, Family family) {
  const nft::Table table("filter",
                         family == Family::V4 ? nft::TableFamily::Ip : nft::TableFamily::Ip6);
  FilterTable view;
  view.forward = TRY(socket.find_filter_chain(table, "FORWARD"));
  if (view.forward && !view.forward->is_base) view.forward.reset();
  return view;
}

Status admit_to(ForeignFirewall firewall, const Admission& admission, const std::string& zone) {
  switch (firewall) {
    case ForeignFirewall::IptablesNft:
      return admit_to_iptables_nft(admission);
    case ForeignFirewall::IptablesLegacy:
      return admit_to_iptables_legacy(admission);
    case ForeignFirewall::Firewalld:
      break;
  }
  Firewalld firewalld = TRY(Firewalld::open());
  for (const IpAddress& address : admission.addresses) TRY(firewalld.add_source(zone, address));
  return ok();
}

Status withdraw_from_firewalld(const std::vector<IpAddress>& addresses, const std::string& zone) {
  auto firewalld = Firewalld::open();
  // What it was told went with it.
  if (!firewalld) return firewalld.error().code == Errc::NotFound ? ok() : firewalld.error();
  ErrorList errors;
  for (const IpAddress& address : addresses) errors.keep(firewalld->remove_source(zone, address));
  return errors.status();
}

Status withdraw_from(ForeignFirewall firewall, const std::vector<IpAddress>& addresses,
                     const std::string& zone) {
  switch (firewall) {
    case ForeignFirewall::IptablesNft:
      return withdraw_from_iptables_nft(addresses);
    case ForeignFirewall::IptablesLegacy:
      return withdraw_from_iptables_legacy(addresses);
    case ForeignFirewall::Firewalld:
      return withdraw_from_firewalld(addresses, zone);
  }
  return ok();
}

Result<std::vector<std::string>> missing_in_firewalld(const std::vector<IpAddress>& addresses,
                                                      const std::string& zone) {
  Firewalld firewalld = TRY(Firewalld::open());
  std::vector<std::string> lines;
  for (const IpAddress& address : addresses) {
    const bool there = TRY(firewalld.has_source(zone, address));
    if (!there)
      lines.push_back(format("firewalld: {} is no source of zone {}", address.to_text(), zone));
  }
  return lines;
}

Result<std::vector<std::string>> missing_in(ForeignFirewall firewall, const Admission& admission,
                                            const std::string& zone) {
  switch (firewall) {
    case ForeignFirewall::IptablesNft:
      return missing_in_iptables_nft(admission);
    case ForeignFirewall::IptablesLegacy:
      return missing_in_iptables_legacy(admission);
    case ForeignFirewall::Firewalld:
      return missing_in_firewalld(admission.addresses, zone);
  }
  return std::vector<std::string>();
}

Result<HostView> look_at_host() {
  nft::Socket socket = TRY(nft::Socket::open());
  HostView host;
  host.nft_v4 = TRY(nft_view(socket, Family::V4));
  host.nft_v6 = TRY(nft_view(socket, Family::V6));
  host.legacy_v4 = TRY(legacy_view(Family::V4));
  host.legacy_v6 = TRY(legacy_view(Family::V6));
  host.has_firewalld_table = TRY(socket.has_table("firewalld"));
  return host;
}

}  // namespace

std::string_view to_text(ForeignFirewall firewall) {
  switch (firewall) {
    case ForeignFirewall::IptablesNft:
      return "iptables (nf_tables)";
    case ForeignFirewall::IptablesLegacy:
      return "iptables (legacy)";
    case ForeignFirewall::Firewalld:
      return "firewalld";
  }
  return "?";
}

Result<Backend> parse_backend(std::string_view text) {
  const auto found = std::ranges::find(kBackends, text, &decltype(kBackends)::value_type::first);
  if (found != kBackends.end()) return found->second;
  return fail(Errc::InvalidArgument,
              "unknown firewall backend \"{}\": there are nftables, iptables and firewalld", text);
}

std::vector<FoundFirewall> choose_firewalls(const HostView& host, Backend backend) {
  std::vector<FoundFirewall> found;
  const auto add = [&](ForeignFirewall kind, std::optional<std::string> why) {
    if (why) found.push_back({.kind = kind, .why = *std::move(why)});
  };
  if (backend == Backend::Any || backend == Backend::Iptables) {
    add(ForeignFirewall::IptablesNft, why_asked(host.nft_v4, host.nft_v6, backend));
    add(ForeignFirewall::IptablesLegacy, why_asked(host.legacy_v4, host.legacy_v6, backend));
  }
  const bool by_name = backend == Backend::Firewalld;
  if (by_name || (backend == Backend::Any && has_trace_of_firewalld(host))) {
    if (host.firewalld_runs) add(ForeignFirewall::Firewalld, "it runs");
  }
  return found;
}

bool has_trace_of_firewalld(const HostView& host) {
  return host.has_firewalld_table || leads_to_firewalld(host.nft_v4) ||
         leads_to_firewalld(host.nft_v6) || leads_to_firewalld(host.legacy_v4) ||
         leads_to_firewalld(host.legacy_v6);
}

Result<std::vector<FoundFirewall>> find_host_firewalls(Backend backend) {
  if (backend == Backend::Native) return std::vector<FoundFirewall>();
  HostView host;
  if (backend != Backend::Firewalld) host = TRY(look_at_host());
  const bool by_name = backend == Backend::Firewalld;
  if (by_name || (backend == Backend::Any && has_trace_of_firewalld(host))) {
    const auto firewalld = Firewalld::open();
    const bool is_absent = !firewalld && firewalld.error().code == Errc::NotFound;
    if (!firewalld && (by_name || !is_absent)) return firewalld.error();
    host.firewalld_runs = firewalld.has_value();
  }
  return choose_firewalls(host, backend);
}

Status admit(const std::vector<FoundFirewall>& firewalls, const Admission& admission,
             const std::string& zone) {
  if (admission.addresses.empty()) return ok();
  for (const FoundFirewall& firewall : firewalls) {
    TRY(admit_to(firewall.kind, admission, zone));
  }
  return ok();
}

Status withdraw(const std::vector<IpAddress>& addresses, const std::string& zone, Backend backend) {
  if (addresses.empty()) return ok();
  ErrorList errors;
  errors.keep(withdraw_from(ForeignFirewall::IptablesNft, addresses, zone));
  errors.keep(withdraw_from(ForeignFirewall::IptablesLegacy, addresses, zone));
  const auto host = look_at_host();
  if (!host) errors.add(host.error());
  if (backend == Backend::Firewalld || (host && has_trace_of_firewalld(*host))) {
    errors.keep(withdraw_from(ForeignFirewall::Firewalld, addresses, zone));
  }
  return errors.status();
}

Result<std::vector<std::string>> missing_admission(const std::vector<FoundFirewall>& firewalls,
                                                   const Admission& admission,
                                                   const std::string& zone) {
  std::vector<std::string> lines;
  for (const FoundFirewall& firewall : firewalls) {
    auto more = TRY(missing_in(firewall.kind, admission, zone));
    std::ranges::move(more, std::back_inserter(lines));
  }
  return lines;
}

}  // namespace netctl::attach
