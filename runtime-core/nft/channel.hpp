#pragma once

#include <cstdint>

#include "runtime-core/base/result.hpp"
#include "runtime-core/nft/data.hpp"
#include "runtime-core/nft/message.hpp"
#include "runtime-core/nft/mnl_socket.hpp"

// Inside this directory only: requests to a part of netfilter (nf_tables, conntrack), and answers.
namespace netctl::nft {

// What came back to one request.
struct Answer {
  Bytes received{};
  Reply reply{};  // points into `received`
};

// A netfilter netlink socket of the namespace that the thread is in.
Result<MnlSocket> open_channel();

// Sends the whole request at once, since a transaction must arrive in one piece, and takes all that
// answers its sequence numbers `first` to `last`.
Result<Answer> ask(mnl_socket* socket, const Bytes& request, std::uint32_t first,
                   std::uint32_t last);
Result<Answer> ask(mnl_socket* socket, const Bytes& request, std::uint32_t sequence);

// To be told when a transaction has taken something out: sockets are closed later from now on
// (mnl_socket.hpp).
void expect_wait_at_close();

// The kernel's reason alone.
Error error_of(int number);

// The messages of a listing that nobody changed while it was made; `encode_for` makes the request
// of a sequence number.
template <class TakeSequence, class Encode>
Result<Answer> list(mnl_socket* socket, TakeSequence take_sequence, Encode encode_for) {
  constexpr int kAttempts = 5;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::uint32_t sequence = take_sequence();
    const Bytes request = TRY(encode_for(sequence));
    Answer answer = TRY(ask(socket, request, sequence));
    if (answer.reply.refused) return error_of(answer.reply.refused->number);
    if (!answer.reply.finished) return fail(Errc::Io, "the kernel's listing has no end");
    if (!answer.reply.interrupted) return answer;
  }
  return fail(Errc::TryAgain, "what is listed is being changed all the time");
}

}  // namespace netctl::nft
