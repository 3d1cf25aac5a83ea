#include "runtime-core/nft/socket.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <system_error>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

#include <libmnl/libmnl.h>

#include "runtime-core/base/log.hpp"
#include "runtime-core/nft/message.hpp"

namespace netctl::nft {
namespace {

// The kernel makes the parts of a listing as long as the buffer it is read into, up to this.
constexpr std::size_t kReceiveLength = 32768;
constexpr int kListAttempts = 5;

struct Answer {
  Bytes received;
  Reply reply;  // points into `received`
};

// Room for a message of `length` bytes; beyond net.core.wmem_max only with CAP_NET_ADMIN.
void raise_send_buffer(mnl_socket* socket, std::size_t length) {
  const int fd = mnl_socket_get_fd(socket);
  const int size = static_cast<int>(std::min<std::size_t>(length, 1U << 30U));
  if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) == 0) return;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

// Sends the whole request at once: a transaction must arrive in one piece.
Status send(mnl_socket* socket, const Bytes& request) {
  bool raised = false;
  while (mnl_socket_sendto(socket, request.data(), request.size()) < 0) {
    if (errno == EINTR) continue;
    if (errno != EMSGSIZE) return system_error(errno, "send to nf_tables");
    if (raised) {
      return fail(Errc::Exhausted,
                  "a message of {} bytes to nf_tables is too long: raise net.core.wmem_max",
                  request.size());
    }
    raise_send_buffer(socket, request.size());
    raised = true;
  }
  return ok();
}

// Everything that waits on the socket. The kernel handles a netlink request inside of the call that
// sends it, and makes the next part of a listing inside of the call that receives the one before:
// when nothing waits, nothing will come.
Result<Bytes> receive(mnl_socket* socket) {
  Bytes received;
  std::array<std::uint8_t, kReceiveLength> buffer;
  while (true) {
    const ssize_t length =
        ::recv(mnl_socket_get_fd(socket), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0 && errno == EAGAIN) return received;
    // ENOBUFS: a transaction failed at more changes than there is room to report. The first of them
    // are there, and one is enough to know.
    if (length < 0 && (errno == EINTR || errno == ENOBUFS)) continue;
    if (length < 0) return system_error(errno, "receive from nf_tables");
    if (length > static_cast<ssize_t>(buffer.size())) {
      return fail(Errc::Io, "receive from nf_tables: a message of {} bytes", length);
    }
    received.insert(received.end(), buffer.begin(), buffer.begin() + length);
    received.resize(NLMSG_ALIGN(received.size()));
  }
}

Result<Answer> ask(mnl_socket* socket, const Bytes& request, std::uint32_t first,
                   std::uint32_t last) {
  TRY(send(socket, request));
  Bytes received = TRY(receive(socket));
  Answer answer{.received = std::move(received), .reply = {}};
  answer.reply = parse_reply(answer.received, first, last);
  return answer;
}

Result<Answer> ask(mnl_socket* socket, const Bytes& request, std::uint32_t sequence) {
  return ask(socket, request, sequence, sequence);
}

Error error_of(int number) {
  return Error{.code = errc_of(number), .message = std::system_category().message(number)};
}

// Why the kernel did not even look at the changes.
Error error_of_whole(int number) {
  if (number == ERESTART) {
    return fail(Errc::TryAgain, "the ruleset was changed by another program meanwhile");
  }
  Error error = system_error(number, "nf_tables transaction");
  if (number == EPERM) error.message += " (CAP_NET_ADMIN is needed)";
  if (number == EOPNOTSUPP) error.message += " (the kernel has no nf_tables)";
  return error;
}

Refusal refusal_of(const Reply::Refused& refused, std::uint32_t begin, std::size_t changes) {
  const std::uint32_t position = refused.sequence - begin;  // 0: BATCH_BEGIN
  if (position == 0 || position > changes) return {.error = error_of_whole(refused.number)};
  return {.change = position - 1, .error = error_of(refused.number)};
}

void log_changes(const Batch& batch) {
  if (!log::enabled(log::Level::Debug)) return;
  for (const Change& change : batch.changes()) log::debug("nft {}", to_text(change));
}

// The messages of a listing that nobody changed while it was made.
template <class Encode, class TakeSequence>
Result<Answer> list(mnl_socket* socket, TakeSequence take_sequence, Encode encode_for) {
  for (int attempt = 0; attempt < kListAttempts; ++attempt) {
    const std::uint32_t sequence = take_sequence();
    const Bytes request = TRY(encode_for(sequence));
    Answer answer = TRY(ask(socket, request, sequence));
    if (answer.reply.refused) return error_of(answer.reply.refused->number);
    if (!answer.reply.finished) return fail(Errc::Io, "the listing from nf_tables has no end");
    if (!answer.reply.interrupted) return answer;
  }
  return fail(Errc::TryAgain, "the ruleset is being changed all the time");
}

}  // namespace

void Socket::Close::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

Socket::Socket(std::unique_ptr<mnl_socket, Close> socket) : socket_(std::move(socket)) {}

Result<Socket> Socket::open() {
  std::unique_ptr<mnl_socket, Close> socket(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
  if (!socket) return system_error(errno, "open a netfilter netlink socket");
  if (mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    return system_error(errno, "bind a netfilter netlink socket");
  }
  // Errors shall not carry the message that they are about: more of them fit into the buffer.
  // A kernel before 4.3 does not know it and works as well.
  int on = 1;
  mnl_socket_setsockopt(socket.get(), NETLINK_CAP_ACK, &on, sizeof on);
  return Socket(std::move(socket));
}

std::uint32_t Socket::take_sequence(std::size_t count) {
  const std::uint32_t first = next_sequence_;
  next_sequence_ += static_cast<std::uint32_t>(count);
  return first;
}

Status Socket::apply(const Batch& batch, std::optional<std::uint32_t> generation) {
  std::optional<Refusal> refusal = TRY(try_apply(batch, generation));
  if (!refusal) return ok();
  Error error = std::move(refusal->error);
  if (refusal->change) {
    error.message = to_text(batch.changes()[*refusal->change]) + ": " + error.message;
  }
  return error;
}

Result<std::optional<Refusal>> Socket::try_apply(const Batch& batch,
                                                 std::optional<std::uint32_t> generation) {
  const std::vector<Change>& changes = batch.changes();
  if (changes.empty()) return std::optional<Refusal>{};
  const std::uint32_t begin = take_sequence(changes.size() + 2);
  Bytes request = encode_begin(begin, generation);
  std::uint32_t sequence = begin;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    // The kernel works the changes off in order, so an answer to the last one is enough.
    Result<Bytes> message = encode(changes[i], ++sequence, i + 1 == changes.size());
    if (!message) return std::optional(Refusal{.change = i, .error = std::move(message).error()});
    request.insert(request.end(), message->begin(), message->end());
  }
  const Bytes end = encode_end(++sequence);
  request.insert(request.end(), end.begin(), end.end());

  log_changes(batch);
  const Answer answer = TRY(ask(socket_.get(), request, begin, sequence));
  if (answer.reply.refused) {
    return std::optional(refusal_of(*answer.reply.refused, begin, changes.size()));
  }
  if (!answer.reply.finished) return fail(Errc::Io, "nf_tables did not answer a transaction");
  return std::optional<Refusal>{};
}

Result<std::uint32_t> Socket::generation() {
  const std::uint32_t sequence = take_sequence();
  const Answer answer = TRY(ask(socket_.get(), encode_get_generation(sequence), sequence)
                                .context("ask for the ruleset's generation"));
  if (answer.reply.refused) {
    return system_error(answer.reply.refused->number, "ask for the ruleset's generation");
  }
  for (const nlmsghdr* message : answer.reply.contents) {
    if (const auto generation = decode_generation(message)) return *generation;
  }
  return fail(Errc::Io, "nf_tables did not tell the ruleset's generation");
}

Result<bool> Socket::has_table(const Table& table) {
  const std::uint32_t sequence = take_sequence();
  const Bytes request = TRY(encode_get_table(table, sequence).context("find table"));
  const Answer answer =
      TRY(ask(socket_.get(), request, sequence).context("find table {}", table.name));
  if (!answer.reply.refused) return true;
  if (answer.reply.refused->number == ENOENT) return false;
  return system_error(answer.reply.refused->number, format("find table {}", table.name));
}

Result<std::optional<std::uint32_t>> Socket::chain_use(const Table& table,
                                                       const std::string& chain) {
  const std::uint32_t sequence = take_sequence();
  const Bytes request = TRY(encode_get_chain(table, chain, sequence).context("find chain"));
  const Answer answer = TRY(ask(socket_.get(), request, sequence).context("find chain {}", chain));
  if (const auto& refused = answer.reply.refused) {
    if (refused->number == ENOENT) return std::optional<std::uint32_t>{};
    return system_error(refused->number, format("find chain {}", chain));
  }
  for (const nlmsghdr* message : answer.reply.contents) {
    if (const auto use = decode_chain_use(message)) return use;
  }
  return fail(Errc::Io, "find chain {}: nf_tables did not answer", chain);
}

Result<std::vector<std::string>> Socket::chains(const Table& table) {
  const auto encode_for = [&](std::uint32_t sequence) -> Result<Bytes> {
    return encode_list_chains(table.family, sequence);
  };
  const Answer answer = TRY(list(
                                socket_.get(), [this] { return take_sequence(); }, encode_for)
                                .context("list the chains of table {}", table.name));
  std::vector<std::string> names;
  for (const nlmsghdr* message : answer.reply.contents) {
    if (auto name = decode_chain_name(message, table.name)) names.push_back(std::move(*name));
  }
  return names;
}

Result<std::vector<Element>> Socket::elements(const Table& table, const Set& set) {
  const auto encode_for = [&](std::uint32_t sequence) {
    return encode_list_elements(table, set.name, sequence);
  };
  const Answer answer =
      TRY(list(
              socket_.get(), [this] { return take_sequence(); }, encode_for)
              .context("list the elements of {} in table {}", set.name, table.name));
  std::vector<Element> elements;
  for (const nlmsghdr* message : answer.reply.contents) {
    auto more = TRY(decode_elements(message, set));
    std::ranges::move(more, std::back_inserter(elements));
  }
  return elements;
}

Result<std::optional<Element>> Socket::find_element(const Table& table, const Set& set,
                                                    const std::vector<Datum>& key) {
  const auto step = [&] {
    return format("find {} in {} of table {}", to_text(key), set.name, table.name);
  };
  const std::uint32_t sequence = take_sequence();
  const Bytes request =
      TRY(encode_get_element(table, set.name, key, sequence).context("{}", step()));
  const Answer answer = TRY(ask(socket_.get(), request, sequence).context("{}", step()));
  if (const auto& refused = answer.reply.refused) {
    if (refused->number == ENOENT) return std::optional<Element>{};
    return system_error(refused->number, step());
  }
  for (const nlmsghdr* message : answer.reply.contents) {
    auto elements = TRY(decode_elements(message, set));
    if (!elements.empty()) return std::optional(std::move(elements.front()));
  }
  return fail(Errc::Io, "{}: nf_tables did not answer", step());
}

}  // namespace netctl::nft
