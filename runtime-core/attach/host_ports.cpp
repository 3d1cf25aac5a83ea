#include "runtime-core/attach/host_ports.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "runtime-core/base/digest.hpp"
#include "runtime-core/diag/holder.hpp"
#include "runtime-core/sys/sysctl.hpp"

namespace netctl::attach {
namespace {

// Sorts listeners, and finds the first of a port.
std::pair<Protocol, std::uint16_t> place_of(const diag::Listener& listener) {
  return {listener.protocol, listener.port};
}

std::optional<std::uint16_t> number_in(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Bounds {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // included
};

// Two numbers and what is between them; one alone is both.
std::optional<Bounds> bounds_in(std::string_view text, std::string_view separators) {
  const auto first_end = std::min(text.find_first_of(separators), text.size());
  const auto last_start = std::min(text.find_first_not_of(separators, first_end), text.size());
  const auto first = number_in(text.substr(0, first_end));
  const auto last = last_start == text.size() ? first : number_in(text.substr(last_start));
  if (!first || !last || *last < *first) return std::nullopt;
  return Bounds{.first = *first, .last = *last};
}

std::vector<Bounds> list_in(std::string_view text) {
  std::vector<Bounds> list;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (const auto bounds = bounds_in(text.substr(0, comma), "-")) list.push_back(*bounds);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return list;
}

}  // namespace

std::string HostPort::to_text() const {
  const std::string place =
      address.is_unspecified() ? format("{}", number) : with_port(address, number);
  return format("{}/{}", place, netctl::to_text(protocol));
}

Result<HostListeners> HostListeners::of(const std::vector<HostPort>& ports) {
  // One port is asked for alone; where there are more, for all at once.
  std::map<Protocol, std::optional<std::uint16_t>> wanted;
  for (const HostPort& port : ports) {
    const auto [entry, is_new] = wanted.try_emplace(port.protocol, port.number);
    if (port.number == 0 || (!is_new && entry->second != port.number)) entry->second.reset();
  }
  HostListeners listeners;
  for (const auto& [protocol, number] : wanted) {
    const auto found = TRY(diag::listeners(protocol, number));
    listeners.all_.insert(listeners.all_.end(), found.begin(), found.end());
  }
  std::ranges::stable_sort(listeners.all_, {}, place_of);
  return listeners;
}

const diag::Listener* HostListeners::find(const HostPort& port) const {
  const auto place = std::pair(port.protocol, port.number);
  auto one = std::ranges::lower_bound(all_, place, {}, place_of);
  for (; one != all_.end() && place_of(*one) == place; ++one) {
    if (one->takes(port.address)) return &*one;
  }
  return nullptr;
}

Error port_in_use(const HostPort& port, const diag::Listener& listener) {
  const auto holder = diag::find_holder(listener.inode);
  return fail(Errc::Exists,
              "host port {} is in use by {}, which listens on {}: choose another, or stop it",
              port.to_text(),
              holder ? format("{} (pid {})", holder->program, holder->pid)
                     : std::string("a program that cannot be seen from here"),
              with_port(listener.address, listener.port));
}

Result<std::vector<std::uint16_t>> automatic_ports(std::string_view range,
                                                   std::string_view reserved,
                                                   std::string_view seed) {
  const auto bounds = bounds_in(range, " \t");
  if (!bounds) {
    return fail(Errc::InvalidArgument, "net.ipv4.ip_local_port_range is \"{}\": no range", range);
  }
  const std::vector<Bounds> kept = list_in(reserved);
  std::vector<std::uint16_t> ports;
  for (unsigned number = std::max<unsigned>(bounds->first, 1); number <= bounds->last; ++number) {
    const bool is_kept = std::ranges::any_of(
        kept, [&](const Bounds& one) { return one.first <= number && number <= one.last; });
    if (!is_kept) ports.push_back(static_cast<std::uint16_t>(number));
  }
  if (ports.empty()) return ports;
  std::uint32_t place = 0;
  const std::string digest = sha512_hex(seed).substr(0, 8);
  std::from_chars(digest.data(), digest.data() + digest.size(), place, 16);
  const auto first = ports.begin() + static_cast<std::ptrdiff_t>(place % ports.size());
  std::rotate(ports.begin(), first, ports.end());
  return ports;
}

Result<std::vector<std::uint16_t>> automatic_ports(std::string_view seed) {
  // What the kernel has by default, should it not tell (a network namespace has its own).
  const auto range = TRY(sys::find_sysctl("net/ipv4/ip_local_port_range"));
  const auto reserved = TRY(sys::find_sysctl("net/ipv4/ip_local_reserved_ports"));
  return automatic_ports(range.value_or("32768 60999"), reserved.value_or(""), seed);
}

}  // namespace netctl::attach
