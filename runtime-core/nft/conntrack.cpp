#include "runtime-core/nft/conntrack.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "runtime-core/base/format.hpp"
#include "runtime-core/nft/channel.hpp"
#include "runtime-core/nft/conntrack_message.hpp"

namespace netctl::nft {

Result<Conntrack> Conntrack::open() {
  UniqueFd text(::open("/proc/thread-self/net/nf_conntrack", O_RDONLY | O_CLOEXEC));
  return Conntrack(TRY(open_channel()), std::move(text));
}

// Whether a connection to that port, of any protocol and either direction, may be tracked. For a
// listing by netlink the kernel takes a lock at each of the hundreds of thousands of places of its
// table (ctnetlink_dump_table), which is most of the time of an ADD's portmap; for the text it
// takes none and is ten times as fast. Where many are tracked it is netlink's turn, which sorts
// them out.
bool Conntrack::may_have(std::uint16_t port) const {
  constexpr std::size_t kManyBytes = 65536;
  if (!text_ || ::lseek(text_.get(), 0, SEEK_SET) != 0) return true;
  std::string text(kManyBytes, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t count = ::read(text_.get(), text.data() + length, text.size() - length);
    if (count < 0) return true;
    if (count == 0) {
      text.resize(length);
      return text.find(format("dport={} ", port)) != std::string::npos;
    }
    length += static_cast<std::size_t>(count);
  }
  return true;
}

Result<std::vector<Connection>> Conntrack::connections(const ConnectionFilter& filter) {
  if (filter.port && !may_have(*filter.port)) return std::vector<Connection>{};
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
