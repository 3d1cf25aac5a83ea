#include "tests/system/nft/nft_host.hpp"

#include <unistd.h>

#include <utility>

#include "runtime-core/sys/process.hpp"
#include "tests/support/addresses.hpp"
#include "tests/support/matchers.hpp"

namespace netctl::nft {
namespace {

constexpr const char* kNft = "/usr/sbin/nft";

Set verdict_map(const std::string& name, Type key) {
  return {.name = name, .key = {key}, .data = {Type::Verdict}};
}

Verdict to(Verdict::Kind kind, const std::string& chain) { return {.kind = kind, .chain = chain}; }

void add_base_chain(Batch& batch, const std::string& name, Hook hook,
                    const std::vector<std::vector<Statement>>& rules) {
  batch.add(Chain{.name = name, .hook = hook});
  for (const auto& statements : rules) {
    batch.add(Rule{.chain = name, .statements = statements});
  }
}

void add_network(Batch& batch, const std::string& suffix, const IpPrefix& subnet,
                 const IpPrefix& multicast) {
  const bool v4 = subnet.address.is_v4();
  const Field source = v4 ? Field::SourceV4 : Field::SourceV6;
  const Field dest = v4 ? Field::DestV4 : Field::DestV6;
  const std::string masquerade = "masq_" + suffix;
  const std::string hairpin = "hairpin_" + suffix;
  batch.add(Chain{.name = masquerade})
      .add(Rule{.chain = masquerade,
                .statements = {MatchAddress{.field = dest, .prefix = subnet}, Verdict{}}})
      .add(Rule{.chain = masquerade,
                .statements = {MatchAddress{.field = dest, .prefix = multicast}, Verdict{}}})
      .add(Rule{.chain = masquerade, .statements = {Masquerade{}}})
      .add(Chain{.name = hairpin})
      .add(Rule{.chain = hairpin,
                .statements = {MatchAddress{.field = source, .prefix = subnet}, Masquerade{}}});
}

void add_publish_chain(Batch& batch) {
  batch.add(Chain{.name = "publish"});
  const auto lead_to = [&](Family family, std::vector<Field> key, const std::string& map) {
    batch.add(Rule{.chain = "publish",
                   .statements = {DnatTo{.family = family, .key = std::move(key), .map = map}}});
  };
  lead_to(Family::V4, {Field::DestV4, Field::L4Proto, Field::DestPort}, "publish4");
  lead_to(Family::V6, {Field::DestV6, Field::L4Proto, Field::DestPort}, "publish6");
  lead_to(Family::V4, {Field::L4Proto, Field::DestPort}, "publish4_any");
  lead_to(Family::V6, {Field::L4Proto, Field::DestPort}, "publish6_any");
}

void add_base_chains(Batch& batch) {
  using enum Hook::Point;
  const IpPrefix loopback = prefix("127.0.0.0/8");
  const Verdict drop{.kind = Verdict::Kind::Drop};
  const Verdict publish = to(Verdict::Kind::Jump, "publish");
  add_base_chain(batch, "raw", {.point = Prerouting, .priority = -300},
                 {{MatchIfName{.name = "lo", .negated = true},
                   MatchAddress{.field = Field::DestV4, .prefix = loopback}, drop}});
  add_base_chain(batch, "prerouting",
                 {.type = Hook::Type::Nat, .point = Prerouting, .priority = -100},
                 {{MatchLocalDest{}, publish}});
  add_base_chain(batch, "output", {.type = Hook::Type::Nat, .point = Output, .priority = -100},
                 {{MatchLocalDest{}, publish}});
  add_base_chain(
      batch, "postrouting", {.type = Hook::Type::Nat, .point = Postrouting, .priority = 100},
      {{MatchDnat{}, VerdictOf{.key = {Field::DestV4}, .map = "hairpin4"}},
       {MatchDnat{}, VerdictOf{.key = {Field::DestV6}, .map = "hairpin6"}},
       {MatchDnat{}, MatchAddress{.field = Field::SourceV4, .prefix = loopback}, Masquerade{}},
       {MatchDnat{}, MatchAddress{.field = Field::SourceV6, .prefix = prefix("::1/128")},
        Masquerade{}},
       {VerdictOf{.key = {Field::SourceV4}, .map = "masquerade4"}},
       {VerdictOf{.key = {Field::SourceV6}, .map = "masquerade6"}}});
}

}  // namespace

Set publish_map() {
  return {.name = "publish4",
          .key = {Type::Ipv4Addr, Type::InetProto, Type::InetService},
          .data = {Type::Ipv4Addr, Type::InetService}};
}

Set publish_any_map() {
  return {.name = "publish4_any",
          .key = {Type::InetProto, Type::InetService},
          .data = {Type::Ipv4Addr, Type::InetService}};
}

Set publish6_map() {
  return {.name = "publish6",
          .key = {Type::Ipv6Addr, Type::InetProto, Type::InetService},
          .data = {Type::Ipv6Addr, Type::InetService}};
}

Set masquerade_map() { return verdict_map("masquerade4", Type::Ipv4Addr); }

Element published(std::uint16_t port, const std::string& comment) {
  return {.set = "publish4_any",
          .key = {Protocol::Tcp, Port{.number = port}},
          .data = {ip("172.17.0.2"), Port{.number = 80}},
          .comment = comment};
}

Batch product_table() {
  Batch batch("netctl");
  batch.add_table()
      .add(publish_map())
      .add(publish_any_map())
      .add(publish6_map())
      .add(Set{.name = "publish6_any",
               .key = {Type::InetProto, Type::InetService},
               .data = {Type::Ipv6Addr, Type::InetService}})
      .add(masquerade_map())
      .add(verdict_map("masquerade6", Type::Ipv6Addr))
      .add(verdict_map("hairpin4", Type::Ipv4Addr))
      .add(verdict_map("hairpin6", Type::Ipv6Addr));
  add_publish_chain(batch);
  add_base_chains(batch);
  add_network(batch, "172.17.0.0/16", prefix("172.17.0.0/16"), prefix("224.0.0.0/4"));
  add_network(batch, "fd00_1__/64", prefix("fd00:1::/64"), prefix("ff00::/8"));
  return batch;
}

void NftHost::SetUp() {
  PrivateHost::SetUp();
  if (IsSkipped()) return;
  auto opened = Socket::open();
  ASSERT_THAT(opened, test::Succeeds());
  socket_ = std::move(*opened);
}

std::string NftHost::nft(const std::vector<std::string>& arguments, const std::string& input) {
  std::vector<std::string> whole = {"nft"};
  whole.insert(whole.end(), arguments.begin(), arguments.end());
  const auto finished = sys::run_program(kNft, whole, {}, input);
  if (!finished) {
    ADD_FAILURE() << finished.error().message;
    return "";
  }
  EXPECT_EQ(finished->exit_status, 0) << finished->err << "input:\n" << input;
  return finished->out;
}

void NftTool::SetUp() {
  if (::access(kNft, X_OK) != 0) GTEST_SKIP() << kNft << " is not installed";
  NftHost::SetUp();
}

}  // namespace netctl::nft
