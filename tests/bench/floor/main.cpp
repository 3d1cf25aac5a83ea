// The floor: what the kernel alone takes for an attachment. One process that sends the netlink
// messages which an ADD or a DEL cannot do without, and nothing else: no configuration, no JSON, no
// file, no owner, no check, no undo. Against it the bench holds what a real plugin does.
//
//   bench-floor add NETNS HOST_END BRIDGE ADDRESS/LENGTH GATEWAY HOST_PORT [ADDRESS6/LENGTH
//   GATEWAY6] bench-floor del NETNS HOST_END BRIDGE ADDRESS/LENGTH GATEWAY HOST_PORT
//   [ADDRESS6/LENGTH GATEWAY6]
//
// The bridge and the table "inet floor" (see kFloorTable in tests/bench/attacher.cpp) are there
// before, as they are for every container of a network but the first.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/bench/floor/message.hpp"

namespace netctl::bench {
namespace {

constexpr char kContainerEnd[] = "eth0";
constexpr char kTable[] = "floor";
constexpr std::uint16_t kContainerPort = 80;
constexpr std::uint8_t kNoAddress = IN6_ADDR_GEN_MODE_NONE;

struct Address {
  int family = AF_INET;
  std::uint8_t length = 0;
  std::uint8_t address[16] = {};
  std::uint8_t gateway[16] = {};
  std::size_t size() const { return family == AF_INET ? 4 : 16; }
};

struct Job {
  const char* netns = nullptr;
  const char* host_end = nullptr;
  const char* bridge = nullptr;
  std::uint16_t host_port = 0;
  Address addresses[2] = {};
  int families = 0;
};

[[noreturn]] void die(const char* step, int error) {
  std::fprintf(stderr, "%s: %s\n", step, std::strerror(error));
  std::exit(1);
}

Address parse_address(const char* prefix, const char* gateway) {
  Address result;
  char text[64] = {};
  std::strncpy(text, prefix, sizeof text - 1);
  char* slash = std::strchr(text, '/');
  if (slash == nullptr) die(prefix, EINVAL);
  *slash = '\0';
  result.length = static_cast<std::uint8_t>(std::atoi(slash + 1));
  result.family = std::strchr(text, ':') ? AF_INET6 : AF_INET;
  if (::inet_pton(result.family, text, result.address) != 1) die(prefix, EINVAL);
  if (::inet_pton(result.family, gateway, result.gateway) != 1) die(gateway, EINVAL);
  return result;
}

int open_socket(int protocol) {
  const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (socket < 0) die("socket", errno);
  return socket;
}

void send_all(int socket, const Messages& messages, int answers, const char* step) {
  if (const int error = exchange(socket, messages, answers)) die(step, error);
}

// ---- Links, addresses, routes

// Of a link that comes up.
ifinfomsg up(int link) {
  ifinfomsg header{};
  header.ifi_index = link;
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  return header;
}

void add_pair(int host, int netns, const Job& job) {
  Messages messages;
  constexpr std::uint8_t kHostMac[6] = {0x0a, 0x58, 0, 0, 0, 1};
  // One for each: of two with the same one neither gets its link-local address.
  std::uint8_t container_mac[6] = {0x0a, 0x58};
  std::memcpy(container_mac + 2, job.addresses[0].address, 4);
  messages.begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, up(0));
  messages.text(IFLA_IFNAME, job.host_end).bytes(IFLA_ADDRESS, kHostMac, sizeof kHostMac);
  messages.number(IFLA_NUM_TX_QUEUES, 1U).number(IFLA_NUM_RX_QUEUES, 1U);
  messages.number(IFLA_MASTER, ::if_nametoindex(job.bridge));
  const auto info = messages.open(IFLA_LINKINFO);
  messages.text(IFLA_INFO_KIND, "veth");
  const auto data = messages.open(IFLA_INFO_DATA);
  const auto peer = messages.open(VETH_INFO_PEER);
  messages.append(sizeof(ifinfomsg));
  messages.text(IFLA_IFNAME, kContainerEnd).bytes(IFLA_ADDRESS, container_mac, 6);
  messages.number(IFLA_NUM_TX_QUEUES, 1U).number(IFLA_NUM_RX_QUEUES, 1U);
  messages.number(IFLA_NET_NS_FD, netns);
  messages.close(peer).close(data).close(info);
  send_all(host, messages, 1, "make the pair");
}

void add_address(Messages& messages, const Address& one, unsigned link) {
  messages.begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
                 ifaddrmsg{.ifa_family = static_cast<std::uint8_t>(one.family),
                           .ifa_prefixlen = one.length,
                           .ifa_flags = IFA_F_NODAD,
                           .ifa_scope = RT_SCOPE_UNIVERSE,
                           .ifa_index = link});
  messages.bytes(IFA_LOCAL, one.address, one.size()).bytes(IFA_ADDRESS, one.address, one.size());
}

void add_default_route(Messages& messages, const Address& one, int link) {
  rtmsg header{};
  header.rtm_family = static_cast<std::uint8_t>(one.family);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_BOOT;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  messages.begin(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE, header);
  messages.bytes(RTA_GATEWAY, one.gateway, one.size()).number(RTA_OIF, link);
}

// Before it comes up, or it tells all others of an address that nobody asked for.
void leave_without_link_local(Messages& messages, int link) {
  ifinfomsg header{};
  header.ifi_index = link;
  messages.begin(RTM_NEWLINK, NLM_F_ACK, header);
  const auto families = messages.open(IFLA_AF_SPEC);
  const auto family = messages.open(AF_INET6);
  messages.bytes(IFLA_INET6_ADDR_GEN_MODE, &kNoAddress, sizeof kNoAddress);
  messages.close(family).close(families);
}

void configure_container(int inside, int link, const Job& job) {
  Messages messages;
  for (int i = 0; i < job.families; ++i) {
    add_address(messages, job.addresses[i], static_cast<unsigned>(link));
  }
  const bool ipv4_alone = job.families == 1;
  if (ipv4_alone) leave_without_link_local(messages, link);
  messages.begin(RTM_NEWLINK, NLM_F_ACK, up(link));
  for (int i = 0; i < job.families; ++i) add_default_route(messages, job.addresses[i], link);
  send_all(inside, messages, 1 + (ipv4_alone ? 1 : 0) + 2 * job.families,
           "configure the container's end");
}

void remove_pair(int host, const Job& job) {
  Messages messages;
  messages.begin(RTM_DELLINK, NLM_F_ACK, ifinfomsg{}).text(IFLA_IFNAME, job.host_end);
  send_all(host, messages, 1, "delete the pair");
}

// ---- The firewall: three elements for each family

nfgenmsg nft_header(std::uint8_t family, std::uint16_t resource = 0) {
  return {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};
}

// Opens the list of elements that one message changes; what close() takes.
struct OpenElement {
  std::size_t list;
  std::size_t element;
};

OpenElement open_element(Messages& messages, bool is_new, const char* set, const void* key,
                         std::size_t size) {
  const int type = (NFNL_SUBSYS_NFTABLES << 8) | (is_new ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM);
  const int flags = NLM_F_ACK | (is_new ? NLM_F_CREATE | NLM_F_EXCL : 0);
  messages.begin(static_cast<std::uint16_t>(type), static_cast<std::uint16_t>(flags),
                 nft_header(NFPROTO_INET));
  messages.text(NFTA_SET_ELEM_LIST_TABLE, kTable).text(NFTA_SET_ELEM_LIST_SET, set);
  const auto list = messages.open(NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED);
  const auto element = messages.open(NFTA_LIST_ELEM | NLA_F_NESTED);
  const auto key_place = messages.open(NFTA_SET_ELEM_KEY | NLA_F_NESTED);
  messages.bytes(NFTA_DATA_VALUE, key, size).close(key_place);
  return {list, element};
}

void set_verdict(Messages& messages, int code, const char* chain) {
  const auto data = messages.open(NFTA_SET_ELEM_DATA | NLA_F_NESTED);
  const auto verdict = messages.open(NFTA_DATA_VERDICT | NLA_F_NESTED);
  messages.number(NFTA_VERDICT_CODE, htonl(static_cast<std::uint32_t>(code)));
  messages.text(NFTA_VERDICT_CHAIN, chain).close(verdict).close(data);
}

void change_verdict(Messages& messages, bool is_new, const char* set, const Address& one, int code,
                    const char* chain) {
  const auto open = open_element(messages, is_new, set, one.address, one.size());
  if (is_new) set_verdict(messages, code, chain);
  messages.close(open.element).close(open.list);
}

// protocol . port : address . port, each part padded to four bytes
void change_port(Messages& messages, bool is_new, const Address& one, std::uint16_t port) {
  std::uint8_t key[8] = {IPPROTO_TCP};
  const std::uint16_t host_port = htons(port);
  std::memcpy(key + 4, &host_port, 2);
  const auto open = open_element(messages, is_new, one.family == AF_INET ? "publish4" : "publish6",
                                 key, sizeof key);
  if (is_new) {
    std::uint8_t target[20] = {};
    const std::uint16_t container_port = htons(kContainerPort);
    std::memcpy(target, one.address, one.size());
    std::memcpy(target + one.size(), &container_port, 2);
    const auto data = messages.open(NFTA_SET_ELEM_DATA | NLA_F_NESTED);
    messages.bytes(NFTA_DATA_VALUE, target, one.size() + 4).close(data);
  }
  messages.close(open.element).close(open.list);
}

void change_firewall(const Job& job, bool is_new) {
  const int socket = open_socket(NETLINK_NETFILTER);
  Messages messages;
  messages.begin(NFNL_MSG_BATCH_BEGIN, 0, nft_header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  int answers = 0;
  for (int i = 0; i < job.families; ++i) {
    const Address& one = job.addresses[i];
    const bool v4 = one.family == AF_INET;
    change_verdict(messages, is_new, v4 ? "source4" : "source6", one, NFT_GOTO, "network");
    if (job.host_port != 0) {
      change_port(messages, is_new, one, job.host_port);
      change_verdict(messages, is_new, v4 ? "hairpin4" : "hairpin6", one, NFT_JUMP, "hairpin");
    }
    answers += job.host_port != 0 ? 3 : 1;
  }
  messages.begin(NFNL_MSG_BATCH_END, 0, nft_header(AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  send_all(socket, messages, answers, "change the firewall");
}

void add(const Job& job) {
  const int netns = ::open(job.netns, O_RDONLY | O_CLOEXEC);
  if (netns < 0) die(job.netns, errno);
  const int host = open_socket(NETLINK_ROUTE);
  add_pair(host, netns, job);
  change_firewall(job, true);
  // There is no way back, and none is needed.
  if (::setns(netns, CLONE_NEWNET) != 0) die("setns", errno);
  configure_container(open_socket(NETLINK_ROUTE), static_cast<int>(::if_nametoindex(kContainerEnd)),
                      job);
}

void del(const Job& job) {
  remove_pair(open_socket(NETLINK_ROUTE), job);
  change_firewall(job, false);
}

}  // namespace
}  // namespace netctl::bench

int main(int argc, char** argv) {
  using namespace netctl::bench;
  if (argc != 8 && argc != 10) {
    std::fputs(
        "usage: bench-floor add|del NETNS HOST_END BRIDGE ADDRESS/LENGTH GATEWAY HOST_PORT "
        "[ADDRESS6/LENGTH GATEWAY6]\n",
        stderr);
    return 2;
  }
  Job job{.netns = argv[2], .host_end = argv[3], .bridge = argv[4]};
  job.addresses[job.families++] = parse_address(argv[5], argv[6]);
  job.host_port = static_cast<std::uint16_t>(std::atoi(argv[7]));
  if (argc == 10) job.addresses[job.families++] = parse_address(argv[8], argv[9]);
  if (argv[1][0] == 'a') {
    add(job);
  } else {
    del(job);
  }
  return 0;
}
