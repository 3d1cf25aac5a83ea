#include "runtime-core/nft/message.hpp"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>
#include <variant>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/flowtable.h>
#include <libnftnl/udata.h>

#include "runtime-core/nft/expressions.hpp"
#include "runtime-core/nft/filter_expressions.hpp"
#include "runtime-core/nft/owners.hpp"

namespace netctl::nft {
namespace {

// libnftnl writes into its buffer without looking where it ends, so what goes in is bounded: names
// by the kernel's limit, data by the registers, and a rule to kMaxExpressions of at most about 350
// bytes each.
constexpr std::size_t kMaxMessageLength = 65536;
constexpr unsigned kMaxExpressions = 128;  // NFT_RULE_MAXEXPRS (net/netfilter/nf_tables_api.c)

// Parts whose types fit into the number that nft(8) stores (kernel_type).
constexpr std::size_t kMaxParts = 5;

Bytes whole_message(const nlmsghdr* header) {
  const auto* const start = reinterpret_cast<const std::uint8_t*>(header);
  return {start, start + header->nlmsg_len};
}

std::uint16_t nf_family(TableFamily family) {
  switch (family) {
    case TableFamily::Inet:
      return NFPROTO_INET;
    case TableFamily::Bridge:
      return NFPROTO_BRIDGE;
    case TableFamily::Ip:
      return NFPROTO_IPV4;
    case TableFamily::Ip6:
      return NFPROTO_IPV6;
  }
  return NFPROTO_UNSPEC;
}

// One message about a table of that family; `fill` adds the attributes.
template <class Fill>
Bytes message(TableFamily family, std::uint16_t kind, int flags, std::uint32_t sequence,
              Fill fill) {
  alignas(nlmsghdr) std::array<char, kMaxMessageLength> buffer;
  nlmsghdr* const header = nftnl_nlmsg_build_hdr(buffer.data(), kind, nf_family(family),
                                                 static_cast<std::uint16_t>(flags), sequence);
  fill(header);
  return whole_message(header);
}

// The verdict, when the data is one.
const Verdict* verdict_in(const std::vector<Datum>& data) {
  return data.size() == 1 ? std::get_if<Verdict>(&data.front()) : nullptr;
}

std::uint32_t hook_number(Hook::Point point) {
  switch (point) {
    case Hook::Point::Prerouting:
      return NF_INET_PRE_ROUTING;
    case Hook::Point::Input:
      return NF_INET_LOCAL_IN;
    case Hook::Point::Forward:
      return NF_INET_FORWARD;
    case Hook::Point::Output:
      return NF_INET_LOCAL_OUT;
    case Hook::Point::Postrouting:
      return NF_INET_POST_ROUTING;
  }
  return NF_INET_PRE_ROUTING;
}

void set_hook(nftnl_chain* chain, const Hook& hook) {
  nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, hook.type == Hook::Type::Filter ? "filter" : "nat");
  nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, hook_number(hook.point));
  nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, hook.priority);
  nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
}

// User data of a set, as nft(8) stores it: without it an interface name that is a whole key is
// listed as "". In a concatenation it knows by itself.
Bytes set_hints(const Set& set) {
  if (set.key.size() != 1 || set.key.front() != Type::IfName) return {};
  const std::uint32_t host_endian = 1;  // enum byteorder in nft's sources
  Bytes hints = {std::uint8_t{NFTNL_UDATA_SET_KEYBYTEORDER}, sizeof host_endian};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&host_endian);
  hints.insert(hints.end(), bytes, bytes + sizeof host_endian);
  return hints;
}

Status check_types(const Set& set) {
  const bool verdicts = set.data == std::vector<Type>{Type::Verdict};
  const auto has_verdict = [](const std::vector<Type>& types) {
    return std::ranges::find(types, Type::Verdict) != types.end();
  };
  if (has_verdict(set.key) || (has_verdict(set.data) && !verdicts)) {
    return fail(Errc::InvalidArgument, "a verdict can only be the whole data of a map");
  }
  if (set.key.empty() || std::max(set.key.size(), set.data.size()) > kMaxParts ||
      std::max(length_of(set.key), length_of(set.data)) > kMaxDataLength) {
    return fail(Errc::InvalidArgument, "a key needs 1 to {} parts of {} bytes in all", kMaxParts,
                kMaxDataLength);
  }
  if (set.ranges && set.key.size() == 1) {
    return fail(Errc::InvalidArgument, "a set with ranges needs a key of two parts or more");
  }
  return ok();
}

// What the kernel has to know of a key to look for a range of it.
void set_field_lengths(nftnl_set* set, const std::vector<Type>& key) {
  Bytes lengths;
  for (const Type type : key) lengths.push_back(static_cast<std::uint8_t>(length_of(type)));
  nftnl_set_set_data(set, NFTNL_SET_DESC_CONCAT, lengths.data(),
                     static_cast<std::uint32_t>(lengths.size()));
}

// The set owns the expression; each element that is added gets one of its own by it.
void add_counter(nftnl_set* set) {
  nftnl_expr* const counter = nftnl_expr_alloc("counter");
  if (counter == nullptr) throw std::bad_alloc();
  nftnl_set_add_expr(set, counter);
}

Result<ElementPtr> make_element(const std::vector<Datum>& key) {
  const Bytes bytes = TRY(encode_data(key));
  auto element = owned<ElementPtr>(nftnl_set_elem_alloc());
  nftnl_set_elem_set(element.get(), NFTNL_SET_ELEM_KEY, bytes.data(),
                     static_cast<std::uint32_t>(bytes.size()));
  if (has_range(key)) {
    const Bytes end = TRY(encode_end_of_range(key));
    nftnl_set_elem_set(element.get(), NFTNL_SET_ELEM_KEY_END, end.data(),
                       static_cast<std::uint32_t>(end.size()));
  }
  return element;
}

Status set_verdict(nftnl_set_elem* element, const Verdict& verdict) {
  TRY(check_verdict(verdict));
  nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_VERDICT, kernel_verdict(verdict.kind));
  if (!verdict.chain.empty()) {
    nftnl_set_elem_set_str(element, NFTNL_SET_ELEM_CHAIN, verdict.chain.c_str());
  }
  return ok();
}

Status set_data(nftnl_set_elem* element, const std::vector<Datum>& data) {
  if (data.empty()) return ok();
  if (const Verdict* verdict = verdict_in(data)) return set_verdict(element, *verdict);
  const Bytes bytes = TRY(encode_data(data));
  nftnl_set_elem_set(element, NFTNL_SET_ELEM_DATA, bytes.data(),
                     static_cast<std::uint32_t>(bytes.size()));
  return ok();
}

Status set_comment(nftnl_set_elem* element, const std::string& comment) {
  const Bytes bytes = TRY(encode_comment(comment));
  if (bytes.empty()) return ok();
  nftnl_set_elem_set(element, NFTNL_SET_ELEM_USERDATA, bytes.data(),
                     static_cast<std::uint32_t>(bytes.size()));
  return ok();
}

// The message's list of elements, with this one.
Result<SetPtr> list_of(const std::string& table, const std::string& set, ElementPtr element) {
  TRY(check_name(table));
  TRY(check_name(set));
  auto list = owned<SetPtr>(nftnl_set_alloc());
  nftnl_set_set_str(list.get(), NFTNL_SET_TABLE, table.c_str());
  nftnl_set_set_str(list.get(), NFTNL_SET_NAME, set.c_str());
  if (element) nftnl_set_elem_add(list.get(), element.release());
  return list;
}

// Turns the object of a change into its message.
struct ObjectEncoder {
  const Change& change;
  std::uint32_t sequence = 0;
  bool acknowledge = false;

  bool adding() const { return change.verb == Change::Verb::Add; }

  template <class Fill>
  Bytes send(int add_kind, int delete_kind, int add_flags, Fill fill) const {
    int flags = acknowledge ? NLM_F_ACK : 0;
    if (adding()) {
      flags |= NLM_F_CREATE | add_flags;
      if (change.mode == Add::Exclusive) flags |= NLM_F_EXCL;
    }
    const int kind = adding() ? add_kind : delete_kind;
    return message(change.table.family, static_cast<std::uint16_t>(kind), flags, sequence, fill);
  }

  Result<Bytes> operator()(const Table& table) const {
    TRY(check_name(table.name));
    const auto object = owned<TablePtr>(nftnl_table_alloc());
    nftnl_table_set_str(object.get(), NFTNL_TABLE_NAME, table.name.c_str());
    if (adding() && table.is_passing) {
      nftnl_table_set_u32(object.get(), NFTNL_TABLE_FLAGS, NFT_TABLE_F_OWNER);
    }
    return send(NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE, 0,
                [&](nlmsghdr* header) { nftnl_table_nlmsg_build_payload(header, object.get()); });
  }

  Result<Bytes> operator()(const Chain& chain) const {
    TRY(check_name(change.table.name));
    TRY(check_name(chain.name));
    const auto object = owned<ChainPtr>(nftnl_chain_alloc());
    nftnl_chain_set_str(object.get(), NFTNL_CHAIN_TABLE, change.table.name.c_str());
    nftnl_chain_set_str(object.get(), NFTNL_CHAIN_NAME, chain.name.c_str());
    if (adding() && chain.hook) set_hook(object.get(), *chain.hook);
    return send(NFT_MSG_NEWCHAIN, NFT_MSG_DELCHAIN, 0,
                [&](nlmsghdr* header) { nftnl_chain_nlmsg_build_payload(header, object.get()); });
  }

  Result<Bytes> operator()(const Rule& rule) const {
    if (!adding()) return fail(Errc::InvalidArgument, "a rule goes only with its chain");
    TRY(check_name(change.table.name));
    TRY(check_name(rule.chain));
    const auto object = owned<RulePtr>(nftnl_rule_alloc());
    nftnl_rule_set_str(object.get(), NFTNL_RULE_TABLE, change.table.name.c_str());
    nftnl_rule_set_str(object.get(), NFTNL_RULE_CHAIN, rule.chain.c_str());
    TRY(add_expressions(object.get(), rule.statements));
    TRY(check_size(object.get()));
    return send(NFT_MSG_NEWRULE, NFT_MSG_DELRULE, NLM_F_APPEND,
                [&](nlmsghdr* header) { nftnl_rule_nlmsg_build_payload(header, object.get()); });
  }

  Result<Bytes> operator()(const FlowTable& flows) const {
    TRY(check_name(change.table.name));
    TRY(check_name(flows.name));
    if (flows.devices.size() > kMaxFlowDevices) {
      return fail(Errc::InvalidArgument, "{} devices at once, the kernel takes {}",
                  flows.devices.size(), kMaxFlowDevices);
    }
    const auto object = owned<FlowTablePtr>(nftnl_flowtable_alloc());
    nftnl_flowtable_set_str(object.get(), NFTNL_FLOWTABLE_TABLE, change.table.name.c_str());
    nftnl_flowtable_set_str(object.get(), NFTNL_FLOWTABLE_NAME, flows.name.c_str());
    if (adding()) {
      nftnl_flowtable_set_u32(object.get(), NFTNL_FLOWTABLE_HOOKNUM, NF_NETDEV_INGRESS);
      nftnl_flowtable_set_s32(object.get(), NFTNL_FLOWTABLE_PRIO, flows.priority);
      std::vector<const char*> names;
      for (const std::string& device : flows.devices) names.push_back(device.c_str());
      names.push_back(nullptr);
      nftnl_flowtable_set_data(object.get(), NFTNL_FLOWTABLE_DEVICES, names.data(), 0);
    }
    return send(NFT_MSG_NEWFLOWTABLE, NFT_MSG_DELFLOWTABLE, 0, [&](nlmsghdr* header) {
      nftnl_flowtable_nlmsg_build_payload(header, object.get());
    });
  }

  Result<Bytes> operator()(const FilterRule& rule) const {
    const auto object = owned<RulePtr>(nftnl_rule_alloc());
    nftnl_rule_set_str(object.get(), NFTNL_RULE_TABLE, change.table.name.c_str());
    nftnl_rule_set_str(object.get(), NFTNL_RULE_CHAIN, rule.chain.c_str());
    if (adding()) TRY(add_expressions(object.get(), rule));
    if (!adding()) nftnl_rule_set_u64(object.get(), NFTNL_RULE_HANDLE, rule.handle);
    return send(NFT_MSG_NEWRULE, NFT_MSG_DELRULE, change.first ? 0 : NLM_F_APPEND,
                [&](nlmsghdr* header) { nftnl_rule_nlmsg_build_payload(header, object.get()); });
  }

  Result<Bytes> operator()(const Set& set) const {
    TRY(check_types(set));
    const auto object = TRY(list_of(change.table.name, set.name, nullptr));
    std::uint32_t flags = set.data.empty() ? 0 : std::uint32_t{NFT_SET_MAP};
    if (set.ranges) {
      flags |= std::uint32_t{NFT_SET_INTERVAL} | std::uint32_t{NFT_SET_CONCAT};
      set_field_lengths(object.get(), set.key);
    }
    nftnl_set_set_u32(object.get(), NFTNL_SET_FLAGS, flags);
    // Asked for by the kernel; all that follow name the set instead.
    nftnl_set_set_u32(object.get(), NFTNL_SET_ID, sequence);
    nftnl_set_set_u32(object.get(), NFTNL_SET_KEY_TYPE, kernel_type(set.key));
    nftnl_set_set_u32(object.get(), NFTNL_SET_KEY_LEN, length_of(set.key));
    if (!set.data.empty()) {
      nftnl_set_set_u32(object.get(), NFTNL_SET_DATA_TYPE, kernel_type(set.data));
      nftnl_set_set_u32(object.get(), NFTNL_SET_DATA_LEN, length_of(set.data));
    }
    if (set.counts) add_counter(object.get());
    const Bytes hints = set_hints(set);
    if (!hints.empty()) {
      nftnl_set_set_data(object.get(), NFTNL_SET_USERDATA, hints.data(),
                         static_cast<std::uint32_t>(hints.size()));
    }
    return send(NFT_MSG_NEWSET, NFT_MSG_DELSET, 0,
                [&](nlmsghdr* header) { nftnl_set_nlmsg_build_payload(header, object.get()); });
  }

  Result<Bytes> operator()(const Element& element) const {
    auto object = TRY(make_element(element.key));
    if (adding()) {
      TRY(set_data(object.get(), element.data));
      TRY(set_comment(object.get(), element.comment));
    }
    const auto list = TRY(list_of(change.table.name, element.set, std::move(object)));
    return send(NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM, 0,
                [&](nlmsghdr* header) { nftnl_set_elems_nlmsg_build_payload(header, list.get()); });
  }

  static Status check_size(nftnl_rule* rule) {
    unsigned count = 0;
    nftnl_expr_foreach(
        rule,
        [](nftnl_expr*, void* counter) {
          ++*static_cast<unsigned*>(counter);
          return 0;
        },
        &count);
    if (count <= kMaxExpressions) return ok();
    return fail(Errc::InvalidArgument, "a rule of {} steps, the kernel takes {}", count,
                kMaxExpressions);
  }
};

}  // namespace

Bytes encode_begin(std::uint32_t sequence, std::optional<std::uint32_t> generation) {
  alignas(nlmsghdr) std::array<char, 64> buffer{};
  nlmsghdr* const header = nftnl_batch_begin(buffer.data(), sequence);
  if (generation) mnl_attr_put_u32(header, NFNL_BATCH_GENID, htonl(*generation));
  return whole_message(header);
}

Bytes encode_end(std::uint32_t sequence) {
  alignas(nlmsghdr) std::array<char, 64> buffer{};
  return whole_message(nftnl_batch_end(buffer.data(), sequence));
}

Result<Bytes> encode(const Change& change, std::uint32_t sequence, bool acknowledge) {
  const ObjectEncoder encoder{.change = change, .sequence = sequence, .acknowledge = acknowledge};
  return std::visit(encoder, change.object);
}

Bytes encode_get_generation(std::uint32_t sequence) {
  return message(TableFamily::Inet, NFT_MSG_GETGEN, 0, sequence, [](nlmsghdr*) {});
}

Result<Bytes> encode_get_table(const Table& table, std::uint32_t sequence) {
  TRY(check_name(table.name));
  return message(table.family, NFT_MSG_GETTABLE, 0, sequence, [&](nlmsghdr* header) {
    mnl_attr_put_strz(header, NFTA_TABLE_NAME, table.name.c_str());
  });
}

Result<Bytes> encode_get_chain(const Table& table, const std::string& chain,
                               std::uint32_t sequence) {
  TRY(check_name(table.name));
  TRY(check_name(chain));
  return message(table.family, NFT_MSG_GETCHAIN, 0, sequence, [&](nlmsghdr* header) {
    mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, table.name.c_str());
    mnl_attr_put_strz(header, NFTA_CHAIN_NAME, chain.c_str());
  });
}

Result<Bytes> encode_list_rules(const Table& table, const std::string& chain,
                                std::uint32_t sequence) {
  TRY(check_name(table.name));
  TRY(check_name(chain));
  return message(table.family, NFT_MSG_GETRULE, NLM_F_DUMP, sequence, [&](nlmsghdr* header) {
    mnl_attr_put_strz(header, NFTA_RULE_TABLE, table.name.c_str());
    mnl_attr_put_strz(header, NFTA_RULE_CHAIN, chain.c_str());
  });
}

Bytes encode_list_chains(TableFamily family, std::uint32_t sequence) {
  return message(family, NFT_MSG_GETCHAIN, NLM_F_DUMP, sequence, [](nlmsghdr*) {});
}

Result<Bytes> encode_list_elements(const Table& table, const std::string& set,
                                   std::uint32_t sequence) {
  const auto list = TRY(list_of(table.name, set, nullptr));
  return message(table.family, NFT_MSG_GETSETELEM, NLM_F_DUMP, sequence, [&](nlmsghdr* header) {
    nftnl_set_elems_nlmsg_build_payload(header, list.get());
  });
}

Result<Bytes> encode_get_element(const Table& table, const std::string& set,
                                 const std::vector<Datum>& key, std::uint32_t sequence) {
  auto element = TRY(make_element(key));
  const auto list = TRY(list_of(table.name, set, std::move(element)));
  return message(table.family, NFT_MSG_GETSETELEM, 0, sequence, [&](nlmsghdr* header) {
    nftnl_set_elems_nlmsg_build_payload(header, list.get());
  });
}

}  // namespace netctl::nft
