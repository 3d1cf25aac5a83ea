#include "runtime-core/attach/publish.hpp"

#include <algorithm>

#include "runtime-core/attach/firewall_table.hpp"
#include "runtime-core/attach/owned_table.hpp"

namespace netctl::attach {
namespace {

using nft::Datum;
using nft::Element;
using nft::Verdict;

Element port_element(const Owner& owner, const PublishedPort& port) {
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

Element hairpin_element(const Owner& owner, const IpPrefix& address, bool masquerade_all) {
  std::string chain = masquerade_all ? std::string(kHairpinAll) : hairpin_chain(address);
  // A jump and not a goto: the rules after it still have to see what it does not masquerade.
  return {.set = hairpin_map(address.address.family()).name,
          .key = {address.address},
          .data = {Verdict{.kind = Verdict::Kind::Jump, .chain = std::move(chain)}},
          .comment = owner.tag()};
}

std::vector<Element> elements_of(const Owner& owner, const Publication& publication) {
  std::vector<Element> elements;
  for (const PublishedPort& port : publication.ports) {
    elements.push_back(port_element(owner, port));
  }
  for (const IpPrefix& address : publication.hairpin) {
    elements.push_back(hairpin_element(owner, address, publication.masquerade_all));
  }
  return elements;
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

// Whether a port is asked for on one address and published on any, or the other way round, no key
// of the kernel's tells; so we look.
Status refuse_overlap(TableEditor& editor, const std::vector<PublishedPort>& ports) {
  for (const Family family : {Family::V4, Family::V6}) {
    std::vector<Element> named;
    bool listed = false;
    for (const PublishedPort& port : ports) {
      if (port.container.family() != family) continue;
      const Element wanted = port_element(Owner{}, port);
      if (wanted.key.size() == 3) {
        const std::vector<Datum> any(wanted.key.begin() + 1, wanted.key.end());
        const auto holder = TRY(editor.find(publish_any_map(family), any));
        if (holder) return port_taken(any, holder->comment);
        continue;
      }
      if (!listed) named = TRY(editor.elements(publish_map(family)));
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

}  // namespace

Status publish(const Owner& owner, const Publication& publication, Rollback& undo) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  TRY(editor.add(
      {.elements = elements_of(owner, publication),
       .vet = [&] { return refuse_overlap(editor, publication.ports); },
       .taken = [](const Element& wanted,
                   const std::string& holder) { return port_taken(wanted.key, holder); }}));
  undo.add("unpublish the ports", [owner] { return unpublish(owner); });
  return ok();
}

Status unpublish(const Owner& owner) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  return editor.remove(Purpose::Publish, owner.tag());
}

Status unpublish_strays(const std::string& network, const std::vector<cni::Attachment>& valid) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  return editor.remove_strays(Purpose::Publish, network, valid);
}

Result<std::vector<std::string>> missing_ports(const Owner& owner, const Publication& publication) {
  TableEditor editor = TRY(TableEditor::open(firewall_table()));
  return editor.missing(elements_of(owner, publication));
}

}  // namespace netctl::attach
