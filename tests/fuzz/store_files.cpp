#include <algorithm>
#include <string>

#include "ipam/host-local/index_tables.hpp"
#include "ipam/host-local/reservation.hpp"
#include "ipam/host-local/resolv_conf.hpp"
#include "ipam/host-local/tag.hpp"
#include "plugins/tuning/config.hpp"
#include "runtime-core/nft/element_text.hpp"
#include "tests/fuzz/target.hpp"

namespace netctl::fuzz {
namespace {

// A reservation: its name in the first line, its tag in the second, its content.
void feed_reservation(Bytes input) {
  std::string_view text = text_of(input);
  const std::string name(take_line(text));
  const std::string_view tag = take_line(text);
  const auto address = host_local::reserved_address(name);
  require(!address || address->to_text() == name, "an address has one name only");
  const auto reservation = host_local::parse_reservation(text, tag, "boot");
  require(reservation.state != host_local::Reservation::State::Held ||
              !reservation.owner.container_id.empty(),
          "what is held has a holder");
  const auto parsed = host_local::parse_tag(tag);
  if (parsed) {
    require(host_local::parse_tag(host_local::to_text(*parsed)) == parsed,
            "a tag that is written is read as the same");
  }
}

// The tables of an index, whatever is in them, in memory that is aligned as a mapping is.
void feed_index(Bytes input) {
  std::vector<std::uint64_t> memory((input.size() + 7) / 8);
  std::ranges::copy(input, reinterpret_cast<std::uint8_t*>(memory.data()));
  const auto bytes = std::as_writable_bytes(std::span(memory)).first(input.size());
  if (!host_local::IndexTables::fit(bytes)) return;
  host_local::IndexTables tables(bytes);
  const IpAddress first = IpAddress::v4(10, 0, 0, 1);
  const IpAddress last = IpAddress::v4(10, 3, 255, 254);
  const auto free = tables.first_free(first, last);
  require(!free || (first <= *free && *free <= last), "a free address is one of those asked for");
  // A range that nobody could look through one by one.
  const std::vector<std::uint8_t> low(16, 0xfd);
  std::vector<std::uint8_t> high(16, 0xff);
  std::copy_n(low.begin(), 8, high.begin());
  tables.first_free(IpAddress::from_bytes(low), IpAddress::from_bytes(high));
  const std::uint64_t owner = host_local::digest_of({.container_id = "c1", .ifname = "eth0"});
  for (const IpAddress& address : tables.addresses_of(owner)) tables.drop(owner, address);
  tables.free(first);
  if (!tables.has_room()) return;
  tables.take(first);
  tables.hold(owner, first);
  auto grown = tables.grown();
  require(host_local::IndexTables::fit(grown), "an index that has grown is one");
}

// A record of what is in our tables, as attach/firewall_record.hpp reads it: an element a line.
void feed_firewall_record(Bytes input) {
  using nft::Type;
  static const std::vector<nft::Set> sets = {
      {.name = "publish4",
       .key = {Type::Ipv4Addr, Type::InetProto, Type::InetService},
       .data = {Type::Ipv4Addr, Type::InetService}},
      {.name = "publish6_range",
       .key = {Type::InetProto, Type::InetService},
       .data = {Type::Ipv6Addr},
       .ranges = true},
      {.name = "masquerade4", .key = {Type::Ipv4Addr}, .data = {Type::Verdict}},
      {.name = "within", .key = {Type::IfName, Type::IfName}, .data = {Type::Verdict}},
      {.name = "allowed", .key = {Type::IfName, Type::EtherAddr}}};
  const auto find_set = [](std::string_view name) {
    const auto found = std::ranges::find(sets, name, &nft::Set::name);
    return found == sets.end() ? nullptr : &*found;
  };
  for (std::string_view text = text_of(input); !text.empty();) {
    const auto element = nft::parse_element(take_line(text), find_set);
    if (!element) continue;
    const auto again = nft::parse_element(nft::to_text(*element), find_set);
    require(again && *again == *element, "an element that is written is read as the same");
  }
}

void feed_tuning_backup(Bytes input) {
  const auto attributes = tuning::parse_attributes(text_of(input));
  if (!attributes) return;
  const auto again = tuning::parse_attributes(tuning::to_json(*attributes));
  require(again && *again == *attributes, "a backup that is written is read as the same");
}

void feed_resolv_conf(Bytes input) { host_local::parse_resolv_conf(text_of(input)); }

}  // namespace

const std::vector<Target>& store_files() {
  static const std::vector<Target> all = {{"firewall-record", feed_firewall_record},
                                          {"reservation", feed_reservation},
                                          {"resolv-conf", feed_resolv_conf},
                                          {"store-index", feed_index},
                                          {"tuning-backup", feed_tuning_backup}};
  return all;
}

}  // namespace netctl::fuzz
