#include "tests/bench/traffic.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace netctl::bench {
namespace {

constexpr std::uint32_t kHostAddress = 0x0a630001;  // 10.99.0.1
constexpr auto kDuration = std::chrono::milliseconds(500);
constexpr int kSeconds = 1;  // of one stream: many short ones tell more than few long ones

sockaddr_in address_of(std::uint32_t address, int port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(address);
  result.sin_port = htons(static_cast<std::uint16_t>(port));
  return result;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

Result<UniqueFd> listen_on(int port) {
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in any = address_of(INADDR_ANY, port);
  // Connections of the round before are still in TIME-WAIT.
  const int reuse = 1;
  if (!listener ||
      ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) != 0 ||
      ::bind(listener.get(), generic(any), sizeof any) != 0 ||
      ::listen(listener.get(), SOMAXCONN) != 0) {
    return system_error(errno, "listen in the container");
  }
  return listener;
}

// Closes with a reset, so that no port of the client is kept back for a minute.
Status connect_once(int port) {
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  const sockaddr_in host = address_of(kHostAddress, port);
  if (::connect(client.get(), generic(host), sizeof host) == 0) return ok();
  return system_error(errno, "connect to the published port");
}

Result<double> connect_for_a_while(int port) {
  TRY(connect_once(port));  // the neighbours get to know each other
  const Stopwatch connecting;
  int count = 0;
  while (connecting.elapsed() < static_cast<double>(kDuration.count())) {
    TRY(connect_once(port));
    ++count;
  }
  return count / connecting.elapsed() * 1e3;
}

// With the guest attached; detached whatever comes of it.
Result<Samples> while_attached(Seat& seat, const std::function<Result<Samples>()>& measure) {
  const std::string result = TRY(seat.attacher().add(seat.guest()));
  auto samples = measure();
  TRY(seat.attacher().del(seat.guest(), result));
  return samples;
}

Result<double> connections_to_guest(Seat& seat) {
  const UniqueFd inside = TRY(ns::open_netns(seat.guest().netns));
  const std::string outside_path = TRY(seat.host().outside());
  const UniqueFd outside = TRY(ns::open_netns(outside_path));
  const UniqueFd listener = TRY(ns::run_in(inside.get(), [] { return listen_on(80); }));
  std::jthread server([&] {
    while (true) {
      const UniqueFd accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!accepted && errno != ECONNABORTED) return;
    }
  });
  auto rate =
      ns::run_in(outside.get(), [&] { return connect_for_a_while(seat.guest().host_port); });
  ::shutdown(listener.get(), SHUT_RDWR);  // ends the server's wait
  return rate;
}

std::string inside_of(const std::string& netns) { return "nsenter --net=" + netns + " "; }

Result<std::string> address_in(Seat& seat, const std::string& netns) {
  std::string text = TRY(seat.host().shell(
      inside_of(netns) + "ip -4 -o address show dev eth0 | sed 's/.*inet \\([0-9.]*\\).*/\\1/'"));
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// Gbit/s that were received, out of iperf3's JSON: it tells them last.
Result<double> stream(Seat& seat, const std::string& from, const std::string& to) {
  const std::string server = TRY(address_in(seat, to));
  const std::string report = TRY(seat.host().shell(
      format("{}iperf3 -s -1 >/dev/null & sleep 0.3; {}iperf3 -c {} -t {} -J; wait", inside_of(to),
             inside_of(from), server, kSeconds)));
  constexpr std::string_view kKey = "\"bits_per_second\":";
  const auto place = report.rfind(kKey);
  if (place == std::string::npos) return fail(Errc::Unknown, "iperf3 told no throughput");
  return std::strtod(report.c_str() + place + kKey.size(), nullptr) / 1e9;
}

}  // namespace

Result<Samples> connections_per_second(Seat& seat) {
  return while_attached(seat, [&]() -> Result<Samples> {
    const double rate = TRY(connections_to_guest(seat));
    return Samples{rate};
  });
}

Result<Samples> throughput(Seat& seat) {
  return while_attached(seat, [&]() -> Result<Samples> {
    const std::string outside = TRY(seat.host().outside());
    const double between = TRY(stream(seat, seat.guest().netns, seat.resident().netns));
    const double out = TRY(stream(seat, seat.guest().netns, outside));
    return Samples{between, out};
  });
}

}  // namespace netctl::bench
