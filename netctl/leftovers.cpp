#include "netctl/leftovers.hpp"

#include <algorithm>
#include <string_view>

#include "runtime-core/base/format.hpp"

namespace netctl::command {
namespace {

struct Tool {
  std::string_view name{};
  std::vector<std::string_view> programs{};  // any of which runs as long as it is in use
  std::vector<std::string_view> rules{};     // how the names of its chains and tables begin
  std::vector<std::string_view> links{};     // its interfaces
  std::string_view used_link{};  // how those begin that are there as long as it is in use
  bool by_attachments = false;   // in use as long as there are any
};

const std::vector<Tool>& tools() {
  static const std::vector<std::string_view> kubernetes{"kubelet",   "kube-proxy", "k3s-server",
                                                        "k3s-agent", "k0s",        "kubelite"};
  static const std::vector<Tool> all{
      {.name = "Docker", .programs = {"dockerd"}, .rules = {"DOCKER"}, .links = {"docker0"}},
      {.name = "Kubernetes", .programs = kubernetes, .rules = {"KUBE-"}, .links = {"kube-ipvs0"}},
      {.name = "flannel",
       .programs = {"flanneld", "k3s-server", "k3s-agent"},
       .rules = {"FLANNEL-"},
       .links = {"flannel.1"}},
      {.name = "Calico",
       .programs = {"calico-node"},
       .rules = {"cali-"},
       .links = {"vxlan.calico"}},
      {.name = "firewalld", .programs = {"firewalld"}, .rules = {"firewalld"}},
      {.name = "Podman", .rules = {"NETAVARK", "netavark"}, .used_link = "podman"},
      {.name = "other CNI plugins",
       .rules = {"CNI-", "cni_hostport"},
       .links = {"cni0"},
       .by_attachments = true}};
  return all;
}

bool is_in_use(const Tool& tool, const Remains& remains) {
  const auto runs = [&](std::string_view program) {
    return remains.programs.contains(std::string(program));
  };
  if (std::ranges::any_of(tool.programs, runs)) return true;
  if (tool.by_attachments && remains.has_attachments) return true;
  return !tool.used_link.empty() &&
         std::ranges::any_of(remains.links, [&](const std::string& link) {
           return link.starts_with(tool.used_link);
         });
}

// "the chains DOCKER, DOCKER-USER", as far as a line can have them.
std::string rules_text(const Tool& tool, const Remains& remains) {
  std::set<std::string> names;
  for (const nft::ChainFacts& chain : remains.chains) {
    for (const std::string_view begin : tool.rules) {
      if (chain.table.starts_with(begin))
        names.insert("table " + chain.family + " " + chain.table);
      else if (chain.name.starts_with(begin))
        names.insert(chain.name);
    }
  }
  constexpr std::size_t kShown = 3;
  std::string text;
  std::size_t shown = 0;
  for (const std::string& name : names) {
    if (shown++ == kShown) return format("{} and {} more", text, names.size() - kShown);
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::string links_text(const Tool& tool, const Remains& remains) {
  std::string text;
  for (const std::string_view link : tool.links) {
    if (remains.links.contains(std::string(link)))
      text += (text.empty() ? "" : " ") + std::string(link);
  }
  return text;
}

}  // namespace

Findings judge_leftovers(const Remains& remains) {
  Findings findings;
  for (const Tool& tool : tools()) {
    const std::string rules = rules_text(tool, remains);
    const std::string links = links_text(tool, remains);
    if ((rules.empty() && links.empty()) || is_in_use(tool, remains)) continue;
    std::string found = rules.empty() ? "" : format("rules are still asked: {}", rules);
    if (!links.empty()) found += format("{}still there: {}", found.empty() ? "" : "; ", links);
    std::string advice = "where it does not come back: ";
    if (!links.empty()) advice += "ip link delete " + links;
    if (!rules.empty()) {
      advice +=
          format("{}delete its rules, which nft list ruleset shows", links.empty() ? "" : ", and ");
    }
    findings.push_back({Grade::Warn, format("leftovers of {}", tool.name), found, advice});
  }
  if (findings.empty()) findings.push_back({Grade::Ok, "leftovers", "none of other tools", ""});
  return findings;
}

}  // namespace netctl::command
