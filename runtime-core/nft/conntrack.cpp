#include "runtime-core/nft/conntrack.hpp"

#include <cerrno>

#include "runtime-core/nft/channel.hpp"
#include "runtime-core/nft/conntrack_message.hpp"

namespace netctl::nft {

Result<Conntrack> Conntrack::open() { return Conntrack(TRY(open_channel())); }

Result<std::vector<Connection>> Conntrack::connections(const ConnectionFilter& filter) {
  const auto encode_for = [&](std::uint32_t sequence) -> Result<Bytes> {
    return encode_list_connections(filter, sequence);
  };
  const Answer answer = TRY(list(
                                socket_.get(), [this] { return next_sequence_++; }, encode_for)
                                .context("list tracked connections"));
  std::vector<Connection> found;
  for (const nlmsghdr* message : answer.reply.contents) {
    const auto connection = decode_connection(message);
    if (connection && matches(filter, *connection)) found.push_back(*connection);
  }
  return found;
}

Status Conntrack::delete_connection(const Connection& connection) {
  const std::uint32_t sequence = next_sequence_++;
  const Answer answer =
      TRY(ask(socket_.get(), encode_delete_connection(connection, sequence), sequence)
              .context("delete a tracked connection"));
  const auto& refused = answer.reply.refused;
  if (!refused || refused->number == ENOENT) return ok();
  return system_error(refused->number, "delete a tracked connection");
}

}  // namespace netctl::nft
