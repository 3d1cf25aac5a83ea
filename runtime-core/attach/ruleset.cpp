#include "runtime-core/attach/ruleset.hpp"

#include "runtime-core/base/log.hpp"

namespace netctl::attach {

Status change_ruleset(nft::Socket& socket, const std::function<Result<nft::Batch>()>& decide) {
  for (int round = 0; round < kMaxRounds; ++round) {
    const std::uint32_t generation = TRY(socket.generation());
    const nft::Batch batch = TRY(decide());
    if (batch.empty()) return ok();
    Status status = socket.apply(batch, generation);
    if (status) return ok();
    const Errc code = status.error().code;
    if (code != Errc::TryAgain && code != Errc::NotFound) return status;
    log::debug("the ruleset changed meanwhile ({}): look again", status.error().message);
  }
  return fail(Errc::TryAgain, "the nftables ruleset changes without pause: try again");
}

}  // namespace netctl::attach
