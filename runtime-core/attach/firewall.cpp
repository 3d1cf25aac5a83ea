#include "runtime-core/attach/firewall.hpp"

#include <algorithm>
#include <set>

#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/ruleset.hpp"
#include "runtime-core/base/log.hpp"

namespace netctl::attach {
namespace {

using nft::Datum;
using nft::Element;
using nft::Verdict;

// How often in a row a table or chain may be missing that goes while we come, which takes an empty
// network each time.
constexpr int kMaxMissing = 20;

const std::string kTableName(kTable);

bool is_publish(const Element& element) {
  return element.set.starts_with("publish") || element.set.starts_with("hairpin");
}

bool is_for(const Element& element, Purpose purpose) {
  return is_publish(element) == (purpose == Purpose::Publish);
}

Element publish_element(const Owner& owner, const PublishedPort& port) {
  const Family family = port.container.family();
  const PortMapping& mapping = port.mapping;
  const bool any = !mapping.host_ip || mapping.host_ip->is_unspecified();
  Element element{.set = (any ? publish_any_map(family) : publish_map(family)).name,
                  .key = {mapping.protocol, nft::Port{mapping.host_port}},
                  .data = {port.container, nft::Port{mapping.container_port}},
                  .comment = owner.tag()};
  if (!any) element.key.insert(element.key.begin(), *mapping.host_ip);
  return element;
}

Element masquerade_element(const Owner& owner, const IpPrefix& address) {
  return {.set = masquerade_map(address.address.family()).name,
          .key = {address.address},
          .data = {Verdict{.kind = Verdict::Kind::Goto, .chain = masquerade_chain(address)}},
          .comment = owner.tag()};
}

Element hairpin_element(const Owner& owner, const IpPrefix& address, bool masquerade_all) {
  std::string chain = masquerade_all ? std::string(kHairpinAll) : hairpin_chain(address);
  // A jump and not a goto: the rules after it still have to see what it does not masquerade.
  return {.set = hairpin_map(address.address.family()).name,
          .key = {address.address},
          .data = {Verdict{.kind = Verdict::Kind::Jump, .chain = std::move(chain)}},
          .comment = owner.tag()};
}

std::vector<Element> publish_elements(const Owner& owner, const std::vector<PublishedPort>& ports,
                                      const std::vector<IpPrefix>& hairpin, bool masquerade_all) {
  std::vector<Element> elements;
  for (const PublishedPort& port : ports) elements.push_back(publish_element(owner, port));
  for (const IpPrefix& address : hairpin) {
    elements.push_back(hairpin_element(owner, address, masquerade_all));
  }
  return elements;
}

std::string chain_of(const Element& element) {
  const auto* verdict = element.data.empty() ? nullptr : std::get_if<Verdict>(&element.data[0]);
  return verdict ? verdict->chain : std::string();
}

nft::Set map_named(const std::string& name) {
  const auto maps = all_maps();
  return *std::ranges::find(maps, name, &nft::Set::name);
}

// "8080/tcp", "203.0.113.5:8443/tcp": how the key of a publish map reads to people.
std::string port_text(const std::vector<Datum>& key) {
  std::string text;
  if (const auto* address = std::get_if<IpAddress>(&key[0])) {
    text = address->is_v4() ? address->to_text() + ":" : "[" + address->to_text() + "]:";
  }
  return format("{}{}/{}", text, nft::to_text(key.back()), nft::to_text(key[key.size() - 2]));
}

Error port_taken(const std::vector<Datum>& key, const std::string& holder) {
  return fail(Errc::Exists,
              "host port {} is published already by {}: choose another, or detach that one first",
              port_text(key), holder.empty() ? "another program" : holder);
}

// The transaction that leaves only `rest` of `rest` and `gone`.
nft::Batch removal(const std::vector<Element>& gone, const std::vector<Element>& rest) {
  nft::Batch batch(kTableName);
  if (gone.empty()) return batch;
  if (rest.empty()) return std::move(batch.delete_table());
  std::set<std::string> unused;
  for (const Element& element : gone) {
    batch.remove(element);
    unused.insert(chain_of(element));
  }
  for (const Element& element : rest) unused.erase(chain_of(element));
  unused.erase("");
  for (const std::string& chain : unused) batch.remove(nft::Chain{.name = chain});
  return batch;
}

}  // namespace

struct Firewall::Insertion {
  std::vector<Element> elements{};
  std::vector<IpPrefix> masquerade_networks{};
  std::vector<IpPrefix> hairpin_networks{};
  bool hairpin_all = false;
  std::vector<PublishedPort> ports{};
};

// What the next try at an insertion does differently.
struct Firewall::Attempt {
  bool with_chains = false;
  std::set<std::size_t> replaced{};  // indices of elements that are removed before they are added
  int found_missing = 0;             // how often something was not there
};

Result<Firewall> Firewall::open() { return Firewall(TRY(nft::Socket::open())); }

Status Firewall::masquerade(const Owner& owner, const std::vector<IpPrefix>& addresses) {
  Insertion insertion{.masquerade_networks = addresses};
  for (const IpPrefix& address : addresses) {
    insertion.elements.push_back(masquerade_element(owner, address));
  }
  return insert(insertion).context("masquerade");
}

Status Firewall::publish(const Owner& owner, const std::vector<PublishedPort>& ports,
                         const std::vector<IpPrefix>& hairpin, bool masquerade_all) {
  Insertion insertion{.elements = publish_elements(owner, ports, hairpin, masquerade_all),
                      .hairpin_all = masquerade_all,
                      .ports = ports};
  if (!masquerade_all) insertion.hairpin_networks = hairpin;
  return insert(insertion);
}

// Whether a port is asked for on one address and published on any, or the other way round, no key
// of the kernel's tells; so we look, and the transaction holds only if nothing changed since.
Status Firewall::refuse_overlap(const std::vector<PublishedPort>& ports) {
  for (const Family family : {Family::V4, Family::V6}) {
    std::vector<Element> named;
    bool listed = false;
    for (const PublishedPort& port : ports) {
      if (port.container.family() != family) continue;
      const Element wanted = publish_element(Owner{}, port);
      if (wanted.key.size() == 3) {
        const std::vector<Datum> any(wanted.key.begin() + 1, wanted.key.end());
        const auto holder = TRY(socket_.find_element(kTableName, publish_any_map(family), any));
        if (holder) return port_taken(any, holder->comment);
        continue;
      }
      if (!listed) named = TRY(socket_.elements(kTableName, publish_map(family)));
      listed = true;
      for (const Element& element : named) {
        if (std::ranges::equal(element.key.begin() + 1, element.key.end(), wanted.key.begin(),
                               wanted.key.end())) {
          return port_taken(element.key, element.comment);
        }
      }
    }
  }
  return ok();
}

// The elements alone when all they need is there, as it is for all but a network's first container;
// otherwise what is missing is made in the same transaction.
Result<nft::Batch> Firewall::transaction(const Insertion& insertion, const Attempt& attempt) {
  nft::Batch batch(kTableName);
  for (const std::size_t index : attempt.replaced) batch.remove(insertion.elements[index]);
  if (attempt.with_chains) {
    if (!TRY(socket_.has_table(kTableName))) add_table(batch);
    const auto existing = TRY(socket_.chains(kTableName));
    std::set<std::string> there(existing.begin(), existing.end());
    for (const IpPrefix& network : insertion.masquerade_networks) {
      if (there.insert(masquerade_chain(network)).second) add_masquerade_chain(batch, network);
    }
    for (const IpPrefix& network : insertion.hairpin_networks) {
      if (there.insert(hairpin_chain(network)).second) add_hairpin_chain(batch, network);
    }
    if (insertion.hairpin_all && there.insert(std::string(kHairpinAll)).second) {
      add_hairpin_all(batch);
    }
  }
  for (const Element& element : insertion.elements) batch.add(element, nft::Add::Exclusive);
  return batch;
}

// What to do about a refused transaction: nothing means try again, as `attempt` says now.
std::optional<Error> Firewall::adapt(Attempt& attempt, const Insertion& insertion,
                                     const nft::Refusal& refusal, const nft::Batch& batch) {
  switch (refusal.error.code) {
    case Errc::TryAgain:
      return std::nullopt;
    case Errc::NotFound:  // the table, a chain, or what was to be replaced is not there (any more)
      attempt.with_chains = true;
      attempt.replaced.clear();
      if (++attempt.found_missing > kMaxMissing) return refusal.error;
      return std::nullopt;
    case Errc::Exists:
      break;
    default:
      return refusal.error;
  }
  if (!refusal.change) return refusal.error;
  const auto* element = std::get_if<Element>(&batch.changes()[*refusal.change].object);
  if (!element) return std::nullopt;  // somebody made the table or the chain at the same moment
  if (element->set.starts_with("publish")) return taken(*element);
  // The address is ours now, so an element with it was left behind by a former holder.
  const auto index = static_cast<std::size_t>(std::ranges::find(insertion.elements, *element) -
                                              insertion.elements.begin());
  if (!attempt.replaced.insert(index).second) return refusal.error;
  return std::nullopt;
}

Status Firewall::insert(const Insertion& insertion) {
  Attempt attempt;
  for (int round = 0; round < kMaxRounds; ++round) {
    std::optional<std::uint32_t> generation;
    if (!insertion.ports.empty()) {
      generation = TRY(socket_.generation());
      Status overlap = refuse_overlap(insertion.ports);
      // No such map: no such table yet, so nothing is published.
      if (!overlap && overlap.error().code != Errc::NotFound) return overlap;
    }
    const nft::Batch batch = TRY(transaction(insertion, attempt));
    const auto refusal = TRY(socket_.try_apply(batch, generation));
    if (!refusal) return ok();
    if (auto error = adapt(attempt, insertion, *refusal, batch)) return std::move(*error);
  }
  return fail(Errc::TryAgain, "the nftables ruleset changes without pause: try again");
}

Error Firewall::taken(const Element& element) {
  const auto holder = socket_.find_element(kTableName, map_named(element.set), element.key);
  return port_taken(element.key, holder && *holder ? (*holder)->comment : "");
}

Result<std::vector<Element>> Firewall::all_elements() {
  std::vector<Element> all;
  for (const nft::Set& map : all_maps()) {
    auto elements = socket_.elements(kTableName, map);
    if (!elements && elements.error().code == Errc::NotFound) continue;
    for (Element& element : TRY(std::move(elements))) all.push_back(std::move(element));
  }
  return all;
}

Status Firewall::remove(Purpose purpose, const std::function<bool(const std::string&)>& wanted) {
  return change_ruleset(socket_, [&]() -> Result<nft::Batch> {
    std::vector<Element> rest = TRY(all_elements());
    const auto first_gone = std::stable_partition(rest.begin(), rest.end(), [&](const Element& e) {
      return !is_for(e, purpose) || !wanted(e.comment);
    });
    const std::vector<Element> gone(first_gone, rest.end());
    rest.erase(first_gone, rest.end());
    return removal(gone, rest);
  });
}

Status Firewall::remove(Purpose purpose, const Owner& owner) {
  return remove(purpose,
                [tag = owner.tag()](const std::string& comment) { return comment == tag; });
}

Status Firewall::remove_strays(Purpose purpose, const std::string& network,
                               const std::vector<cni::Attachment>& valid) {
  const auto kept = tags_of(network, valid);
  return remove(purpose, [&, prefix = network_tag(network)](const std::string& comment) {
    return comment.starts_with(prefix) && !std::ranges::binary_search(kept, comment);
  });
}

Result<std::vector<std::string>> Firewall::missing(const std::vector<Element>& expected) {
  std::vector<std::string> lines;
  for (const Element& element : expected) {
    auto found = socket_.find_element(kTableName, map_named(element.set), element.key);
    if (!found && found.error().code != Errc::NotFound) return std::move(found).error();
    if (found && *found && **found == element) continue;
    const bool there = found && *found;
    lines.push_back(format("{} {{ {} }} {}", element.set, nft::to_text(element.key),
                           there ? format("belongs to {} and leads to {}", (*found)->comment,
                                          nft::to_text((*found)->data))
                                 : "is missing"));
  }
  return lines;
}

Result<std::vector<std::string>> Firewall::missing_masquerade(
    const Owner& owner, const std::vector<IpPrefix>& addresses) {
  std::vector<Element> expected;
  for (const IpPrefix& address : addresses) expected.push_back(masquerade_element(owner, address));
  return missing(expected);
}

Result<std::vector<std::string>> Firewall::missing_ports(const Owner& owner,
                                                         const std::vector<PublishedPort>& ports,
                                                         const std::vector<IpPrefix>& hairpin,
                                                         bool masquerade_all) {
  return missing(publish_elements(owner, ports, hairpin, masquerade_all));
}

// Its parts are asked for one by one, so the table may come or go in between; what was decided on
// then is not told.
Status Firewall::check_table() {
  for (int round = 0; round < kMaxRounds; ++round) {
    const std::uint32_t generation = TRY(socket_.generation());
    const Status whole = check_parts();
    if (whole || TRY(socket_.generation()) == generation) return whole;
  }
  return fail(Errc::TryAgain, "the nftables ruleset changes without pause: try again");
}

Status Firewall::check_parts() {
  if (!TRY(socket_.has_table(kTableName))) return ok();
  std::string lost;
  const auto note = [&](std::string_view kind, std::string_view name) {
    lost += format("{}{} {}", lost.empty() ? "" : ", ", kind, name);
  };
  const auto chains = TRY(socket_.chains(kTableName));
  for (const std::string_view chain : kFixedChains) {
    if (std::ranges::find(chains, chain) == chains.end()) note("chain", chain);
  }
  for (const nft::Set& map : all_maps()) {
    const auto elements = socket_.elements(kTableName, map);
    if (elements) continue;
    if (elements.error().code != Errc::NotFound) return elements.error();
    note("map", map.name);
  }
  if (lost.empty()) return ok();
  return fail(Errc::NotFound,
              "table inet {} has lost {}: delete it (nft delete table inet {}) and attach its "
              "containers again",
              kTable, lost, kTable);
}

}  // namespace netctl::attach
