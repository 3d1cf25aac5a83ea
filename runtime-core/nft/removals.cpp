#include "runtime-core/nft/removals.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include <libmnl/libmnl.h>

#include "runtime-core/nft/message.hpp"

namespace netctl::nft {
namespace {

// What `nft destroy` asks for is reported under its own name (Linux 6.3, younger than our headers).
constexpr int kFirstDestroy = 26;  // NFT_MSG_DESTROYTABLE, …CHAIN, …RULE, …SET, …SETELEM
constexpr int kLastDestroy = 30;

bool removes(int kind) {
  switch (kind) {
    case NFT_MSG_DELTABLE:
    case NFT_MSG_DELCHAIN:
    case NFT_MSG_DELRULE:
    case NFT_MSG_DELSET:
    case NFT_MSG_DELSETELEM:
      return true;
    default:
      return kind >= kFirstDestroy && kind <= kLastDestroy;
  }
}

// A text among the attributes of a message.
struct TextSearch {
  std::uint16_t attribute = 0;
  std::string found{};
};

int look_at(const nlattr* attribute, void* data) {
  auto& search = *static_cast<TextSearch*>(data);
  if (mnl_attr_get_type(attribute) != search.attribute) return MNL_CB_OK;
  if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0) {
    search.found = mnl_attr_get_str(attribute);
  }
  return MNL_CB_STOP;
}

// Empty when it is not there.
std::string text_in(const nlmsghdr* message, std::uint16_t attribute) {
  TextSearch search{.attribute = attribute};
  mnl_attr_parse(message, sizeof(nfgenmsg), look_at, &search);
  return search.found;
}

// The table that such a message is about. Its name is the first attribute in all of them.
static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 &&
              NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1);
std::optional<Table> table_of(const nlmsghdr* message) {
  const auto* header = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message));
  std::string name = text_in(message, NFTA_TABLE_NAME);
  switch (header->nfgen_family) {
    case NFPROTO_INET:
      return Table(std::move(name), TableFamily::Inet);
    case NFPROTO_BRIDGE:
      return Table(std::move(name), TableFamily::Bridge);
    case NFPROTO_IPV4:
      return Table(std::move(name), TableFamily::Ip);
    case NFPROTO_IPV6:
      return Table(std::move(name), TableFamily::Ip6);
    default:
      return std::nullopt;
  }
}

bool is_of_iptables(const Table& table) {
  return table.family == TableFamily::Ip || table.family == TableFamily::Ip6;
}

bool contains(const std::vector<Table>& tables, const Table& wanted) {
  return std::ranges::any_of(tables, [&](const Table& table) {
    return table.name == wanted.name && table.family == wanted.family;
  });
}

}  // namespace

std::vector<Removal> RemovalReader::read(std::span<const std::uint8_t> received) {
  std::vector<Removal> removals;
  while (const nlmsghdr* const message = take_message(received)) {
    const bool is_ours = message->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES &&
                         message->nlmsg_len >= MNL_NLMSG_HDRLEN + sizeof(nfgenmsg);
    if (!is_ours) continue;
    const int kind = message->nlmsg_type & 0xff;
    if (kind == NFT_MSG_NEWGEN) {
      const std::string program = text_in(message, NFTA_GEN_PROC_NAME);
      for (Table& table : tables_) removals.push_back({std::move(table), program});
      tables_.clear();
    } else if (removes(kind) || kind == NFT_MSG_NEWCHAIN) {
      auto table = table_of(message);
      if (!table || contains(tables_, *table)) continue;
      if (removes(kind) || is_of_iptables(*table)) tables_.push_back(*std::move(table));
    }
  }
  return removals;
}

Result<RemovalWatch> RemovalWatch::open() {
  return RemovalWatch(TRY(Notifications::open(NFNLGRP_NFTABLES)));
}

Result<RemovalWatch::News> RemovalWatch::read() {
  News news;
  const auto take = [&](std::span<const std::uint8_t> received) {
    std::ranges::move(reader_.read(received), std::back_inserter(news.removals));
  };
  const auto lost = [&] {
    news.overrun = true;
    reader_.forget();
  };
  TRY(notifications_.read(take, lost));
  return news;
}

}  // namespace netctl::nft
