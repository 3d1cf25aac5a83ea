#include "runtime-core/nft/socket.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include <libmnl/libmnl.h>

#include "runtime-core/base/log.hpp"
#include "runtime-core/nft/channel.hpp"
#include "runtime-core/nft/message.hpp"

namespace netctl::nft {
namespace {

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

bool takes_out(const Change& change) { return change.verb == Change::Verb::Delete; }

void log_changes(const Batch& batch) {
  if (!log::enabled(log::Level::Debug)) return;
  for (const Change& change : batch.changes()) log::debug("nft {}", to_text(change));
}

}  // namespace

Result<Socket> Socket::open() { return Socket(TRY(open_channel())); }

int Socket::fd() const { return ::mnl_socket_get_fd(socket_.get()); }

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
  if (std::ranges::any_of(changes, takes_out)) expect_wait_at_close();
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

Result<std::optional<FilterChain>> Socket::find_filter_chain(const Table& table,
                                                             const std::string& name) {
  const auto step = [&] { return format("look at chain {} of table {}", name, to_text(table)); };
  const std::uint32_t sequence = take_sequence();
  const Bytes request = TRY(encode_get_chain(table, name, sequence).context("{}", step()));
  const Answer answer = TRY(ask(socket_.get(), request, sequence).context("{}", step()));
  if (const auto& refused = answer.reply.refused) {
    if (refused->number == ENOENT) return std::optional<FilterChain>{};
    return system_error(refused->number, step());
  }
  std::optional<FilterChain> chain;
  for (const nlmsghdr* message : answer.reply.contents) chain = decode_filter_chain(message);
  if (!chain) return fail(Errc::Io, "{}: nf_tables did not answer", step());

  const auto encode_for = [&](std::uint32_t number) {
    return encode_list_rules(table, name, number);
  };
  const auto rules = list(
                         socket_.get(), [this] { return take_sequence(); }, encode_for)
                         .context("{}", step());
  // It went between the two questions.
  if (!rules && rules.error().code == Errc::NotFound) return std::optional<FilterChain>{};
  if (!rules) return rules.error();
  for (const nlmsghdr* message : rules->reply.contents) {
    if (auto rule = decode_filter_rule(message, table, name)) {
      chain->rules.push_back(*std::move(rule));
    }
  }
  return chain;
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
