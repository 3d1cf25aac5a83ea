#include "runtime-core/attach/message_bus.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace netctl::attach {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kBusPatience{10};  // firewalld may be loading its rules
constexpr std::size_t kLongestLine = 4096;        // of the authentication
constexpr char kDefaultAddress[] = "unix:path=/run/dbus/system_bus_socket";

// "%2f" is "/" (D-Bus Specification, "Server Addresses").
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size()) {
      plain.push_back(text[i]);
      continue;
    }
    const std::string digits(text.substr(i + 1, 2));
    plain.push_back(static_cast<char>(std::strtoul(digits.c_str(), nullptr, 16)));
    i += 2;
  }
  return plain;
}

// Takes what stands before the separator off the list.
std::string_view take_part(std::string_view& list, char separator) {
  const std::size_t end = list.find(separator);
  const std::string_view part = list.substr(0, end);
  list.remove_prefix(end == list.npos ? list.size() : end + 1);
  return part;
}

// The name of a unix socket: a path, or behind a NUL a name that is in no file system. Empty when
// the address is of another kind.
std::string socket_name(std::string_view address) {
  constexpr std::string_view kTransport = "unix:";
  if (!address.starts_with(kTransport)) return {};
  address.remove_prefix(kTransport.size());
  while (!address.empty()) {
    std::string_view value = take_part(address, ',');
    const std::string_view key = take_part(value, '=');
    if (key == "path") return unescaped(value);
    if (key == "abstract") return '\0' + unescaped(value);
  }
  return {};
}

UniqueFd connect_to(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.empty() || name.size() >= sizeof address.sun_path) {
    errno = EINVAL;
    return {};
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  const bool is_path = name.front() != '\0';
  const auto length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (is_path ? 1 : 0));
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return {};
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), generic, length) != 0) return {};
  return socket;
}

Result<UniqueFd> connect() {
  const char* const wished = ::secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
  std::string_view addresses = wished != nullptr ? wished : kDefaultAddress;
  int number = EINVAL;
  while (!addresses.empty()) {
    UniqueFd socket = connect_to(socket_name(take_part(addresses, ';')));
    if (socket) return socket;
    number = errno;
    if (number == EMFILE || number == ENFILE || number == ENOMEM) break;
  }
  Error error = system_error(number, "connect to the system's message bus");
  // Nobody listens there, or it is no address. All else is no answer.
  if (number == ECONNREFUSED || number == EINVAL) error.code = Errc::NotFound;
  return error;
}

Status wait_for(int socket, short events, Clock::time_point deadline) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd wanted{.fd = socket, .events = events, .revents = 0};
    const int ready = left > 0 ? ::poll(&wanted, 1, static_cast<int>(left)) : 0;
    if (ready > 0) return ok();
    if (ready == 0) return fail(Errc::Io, "the message bus does not answer in time");
    if (errno != EINTR) return system_error(errno, "wait for the message bus");
  }
}

Status send(int socket, std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (sent >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return system_error(errno, "send to the message bus");
    TRY(wait_for(socket, POLLOUT, deadline));
  }
  return ok();
}

// So many bytes are added, not one more is taken from the socket.
Status receive(int socket, std::string& bytes, std::size_t count, Clock::time_point deadline) {
  std::size_t at = bytes.size();
  bytes.resize(at + count);
  while (at < bytes.size()) {
    const ssize_t got = ::recv(socket, bytes.data() + at, bytes.size() - at, MSG_DONTWAIT);
    if (got == 0) return fail(Errc::Io, "the message bus ended the connection");
    if (got > 0) at += static_cast<std::size_t>(got);
    if (got > 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return system_error(errno, "receive from the message bus");
    TRY(wait_for(socket, POLLIN, deadline));
  }
  return ok();
}

Result<bus::Message> receive_message(int socket, Clock::time_point deadline) {
  std::string bytes;
  TRY(receive(socket, bytes, bus::kStart, deadline));
  const std::size_t length = TRY(bus::length_of(bytes));
  TRY(receive(socket, bytes, length - bytes.size(), deadline));
  return bus::parse(bytes);
}

std::string hexadecimal(std::string_view text) {
  std::string digits;
  for (const char letter : text) digits += format("{:02x}", static_cast<unsigned char>(letter));
  return digits;
}

}  // namespace

// The bus asks the kernel who is at the other end; what is said is only compared with that.
Status MessageBus::authenticate() {
  const auto deadline = Clock::now() + kBusPatience;
  const std::string user = hexadecimal(std::to_string(::geteuid()));
  TRY(send(socket_.get(), '\0' + format("AUTH EXTERNAL {}\r\n", user), deadline));
  std::string line;
  while (!line.ends_with("\r\n")) {
    if (line.size() > kLongestLine) return fail(Errc::Io, "the message bus sent an endless line");
    TRY(receive(socket_.get(), line, 1, deadline));
  }
  if (!line.starts_with("OK ")) {
    return fail(Errc::PermissionDenied, "the message bus does not let us in: {}",
                line.substr(0, line.size() - 2));
  }
  return send(socket_.get(), "BEGIN\r\n", deadline);
}

Result<MessageBus> MessageBus::open() {
  MessageBus opened(TRY(connect()));
  TRY(opened.authenticate());
  const bus::Message greeting = TRY(opened.call({.destination = "org.freedesktop.DBus",
                                                 .path = "/org/freedesktop/DBus",
                                                 .interface = "org.freedesktop.DBus",
                                                 .method = "Hello"}));
  if (greeting.kind == bus::Kind::Error) {
    return fail(Errc::Io, "the message bus does not let us in: {}", greeting.text);
  }
  return opened;
}

Result<bus::Message> MessageBus::call(const bus::Call& call) {
  const auto deadline = Clock::now() + kBusPatience;
  const std::uint32_t serial = ++serial_;
  TRY(send(socket_.get(), bus::encode(call, serial), deadline));
  while (true) {
    bus::Message message = TRY(receive_message(socket_.get(), deadline));
    const bool is_answer = message.kind == bus::Kind::Return || message.kind == bus::Kind::Error;
    if (is_answer && message.answers == serial) return message;
  }
}

}  // namespace netctl::attach
