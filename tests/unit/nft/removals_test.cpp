#include "runtime-core/nft/removals.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstring>

#include <gmock/gmock.h>

namespace netctl::nft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Bytes = std::vector<std::uint8_t>;

// A notification with one text in it.
Bytes notification(int kind, int family, std::uint16_t attribute, const std::string& text) {
  const std::size_t value = text.size() + 1;
  const std::size_t length = NLMSG_HDRLEN + sizeof(nfgenmsg) + NLA_HDRLEN + value;
  Bytes bytes(NLMSG_ALIGN(length));
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(length);
  header.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | kind);
  nfgenmsg generic{};
  generic.nfgen_family = static_cast<std::uint8_t>(family);
  nlattr attr{};
  attr.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + value);
  attr.nla_type = attribute;
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + NLMSG_HDRLEN, &generic, sizeof generic);
  std::memcpy(bytes.data() + NLMSG_HDRLEN + sizeof generic, &attr, sizeof attr);
  std::memcpy(bytes.data() + length - value, text.c_str(), value);
  return bytes;
}

Bytes change(int kind, const std::string& table, int family = NFPROTO_INET) {
  return notification(kind, family, NFTA_TABLE_NAME, table);
}
Bytes end_by(const std::string& program) {
  return notification(NFT_MSG_NEWGEN, NFPROTO_UNSPEC, NFTA_GEN_PROC_NAME, program);
}
Bytes joined(std::initializer_list<Bytes> messages) {
  Bytes all;
  for (const Bytes& each : messages) all.insert(all.end(), each.begin(), each.end());
  return all;
}

// "inet a by nft", each.
std::vector<std::string> removals_in(RemovalReader& reader, const Bytes& bytes) {
  std::vector<std::string> lines;
  for (const Removal& each : reader.read(bytes)) {
    lines.push_back(to_text(each.table) + " by " + each.program);
  }
  return lines;
}

TEST(RemovalReader, TellsOnceOfEachTableThatATransactionTookSomethingFrom) {
  RemovalReader reader;
  EXPECT_THAT(
      removals_in(reader, joined({change(NFT_MSG_DELSETELEM, "a"), change(NFT_MSG_DELCHAIN, "a"),
                                  change(NFT_MSG_DELTABLE, "a"), change(NFT_MSG_DELRULE, "b"),
                                  change(NFT_MSG_DELSET, "c", NFPROTO_BRIDGE), end_by("nft")})),
      ElementsAre("inet a by nft", "inet b by nft", "bridge c by nft"));
}

TEST(RemovalReader, HasNothingToTellOfAdditionsAndOtherFamilies) {
  RemovalReader reader;
  EXPECT_THAT(
      removals_in(reader, joined({change(NFT_MSG_NEWSETELEM, "a"), change(NFT_MSG_NEWTABLE, "a"),
                                  change(NFT_MSG_NEWCHAIN, "a"),
                                  change(NFT_MSG_DELRULE, "filter", NFPROTO_ARP), end_by("nft")})),
      IsEmpty());
}

TEST(RemovalReader, TellsOfAnyChangeOfAChainOfIptables) {
  RemovalReader reader;
  EXPECT_THAT(removals_in(reader, joined({change(NFT_MSG_NEWCHAIN, "filter", NFPROTO_IPV4),
                                          change(NFT_MSG_DELRULE, "filter", NFPROTO_IPV6),
                                          end_by("iptables")})),
              ElementsAre("ip filter by iptables", "ip6 filter by iptables"));
}

TEST(RemovalReader, KnowsWhatNftCallsDestroy) {
  constexpr int kDestroyTable = 26;
  RemovalReader reader;
  EXPECT_THAT(removals_in(reader, joined({change(kDestroyTable, "a"), end_by("nft")})),
              ElementsAre("inet a by nft"));
}

TEST(RemovalReader, WaitsForTheEndOfATransaction) {
  RemovalReader reader;
  EXPECT_THAT(removals_in(reader, change(NFT_MSG_DELTABLE, "a")), IsEmpty());
  EXPECT_THAT(removals_in(reader, joined({change(NFT_MSG_NEWTABLE, "a"), end_by("one"),
                                          change(NFT_MSG_DELRULE, "b"), end_by("other")})),
              ElementsAre("inet a by one", "inet b by other"));
}

TEST(RemovalReader, TakesNothingOverWhereMessagesAreLost) {
  RemovalReader reader;
  EXPECT_THAT(removals_in(reader, change(NFT_MSG_DELTABLE, "a")), IsEmpty());
  reader.forget();
  EXPECT_THAT(removals_in(reader, end_by("other")), IsEmpty());
}

TEST(RemovalReader, StopsAtAMessageThatIsCutShort) {
  RemovalReader reader;
  Bytes bytes = joined({change(NFT_MSG_DELTABLE, "a"), end_by("nft")});
  bytes.resize(bytes.size() - 8);
  EXPECT_THAT(removals_in(reader, bytes), IsEmpty());
}

}  // namespace
}  // namespace netctl::nft
