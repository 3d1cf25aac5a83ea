#include "runtime-core/attach/iptables_legacy.hpp"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "runtime-core/attach/host_lock.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/sys/files.hpp"
#include "runtime-core/sys/process.hpp"

namespace netctl::attach {
namespace {

using nft::CtState;
using nft::FilterRule;
using nft::Verdict;
using Bytes = std::span<const std::uint8_t>;

constexpr char kFilterTable[] = "filter";
constexpr int kAttempts = 20;  // somebody else may change the table between our look and our change

// The two families' structures have one shape and two names. Their numbers for the socket options
// are the same.
struct V4 {
  using Entry = ipt_entry;
  static constexpr std::uint8_t kGoto = IPT_F_GOTO;
  static const auto& match(const Entry& entry) { return entry.ip; }
};
struct V6 {
  using Entry = ip6t_entry;
  static constexpr std::uint8_t kGoto = IP6T_F_GOTO;
  static const auto& match(const Entry& entry) { return entry.ipv6; }
};
static_assert(int{IPT_SO_GET_INFO} == int{IP6T_SO_GET_INFO});
static_assert(int{IPT_SO_GET_ENTRIES} == int{IP6T_SO_GET_ENTRIES});
static_assert(sizeof(ipt_getinfo) == sizeof(ip6t_getinfo));

template <class T>
T read_at(Bytes bytes, std::size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

Error damaged() { return fail(Errc::InvalidArgument, "the kernel's table cannot be read"); }

std::string text_in(Bytes bytes) {
  return {bytes.begin(), std::ranges::find(bytes, std::uint8_t{0})};
}

template <class T>
Bytes bytes_of(const T& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

bool is_all(Bytes bytes, std::uint8_t value) {
  return std::ranges::all_of(bytes, [&](std::uint8_t byte) { return byte == value; });
}

// An entry of the table, taken apart.
struct Entry {
  std::uint32_t offset = 0;
  std::uint32_t next = 0;
  FilterRule rule{};
  std::optional<std::uint32_t> leads_to{};  // offset of the first rule of another chain
  bool is_goto = false;
  std::string chain{};  // of the mark in front of a chain: its name
};

// The address, if it is one whole; otherwise, unless any will do, the rule has more.
std::optional<IpAddress> whole_address(Bytes address, Bytes mask, FilterRule& rule) {
  if (is_all(mask, 0xff)) return IpAddress::from_bytes(address);
  if (!is_all(mask, 0)) rule.has_more = true;
  return std::nullopt;
}

template <class Traits>
void read_header(const typename Traits::Entry& header, Entry& entry) {
  const auto& match = Traits::match(header);
  FilterRule& rule = entry.rule;
  rule.source = whole_address(bytes_of(match.src), bytes_of(match.smsk), rule);
  rule.destination = whole_address(bytes_of(match.dst), bytes_of(match.dmsk), rule);
  entry.is_goto = (match.flags & Traits::kGoto) != 0;
  if (!is_all(bytes_of(match.iniface_mask), 0) || !is_all(bytes_of(match.outiface_mask), 0) ||
      match.proto != 0 || match.invflags != 0 || (match.flags & ~Traits::kGoto) != 0) {
    rule.has_more = true;
  }
}

void read_match(Bytes bytes, FilterRule& rule) {
  const auto head = read_at<xt_entry_match>(bytes, 0);
  const Bytes data = bytes.subspan(sizeof(xt_entry_match));
  const std::string name = text_in(bytes_of(head.u.user.name));
  if (name == "comment") {
    rule.comment = text_in(data);
    // It could not be written to a line.
    if (std::ranges::any_of(rule.comment, [](char c) { return c == '\n' || c == '\r'; })) {
      rule.has_more = true;
    }
    return;
  }
  constexpr int kEstablished =
      XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) | XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
  xt_conntrack_mtinfo3 info{};
  const bool known = name == "conntrack" && head.u.user.revision == 3 && data.size() >= sizeof info;
  if (known) std::memcpy(&info, data.data(), sizeof info);
  const bool state_only = known && info.match_flags == XT_CONNTRACK_STATE &&
                          info.invert_flags == 0 && rule.state == CtState::Any;
  if (state_only && info.state_mask == kEstablished) {
    rule.state = CtState::Established;
  } else if (state_only && info.state_mask == XT_CONNTRACK_STATE_DNAT) {
    rule.state = CtState::Dnat;
  } else {
    rule.has_more = true;
  }
}

void read_verdict(int number, Entry& entry) {
  const auto set = [&](Verdict::Kind kind) { entry.rule.verdict = Verdict{.kind = kind}; };
  if (number >= 0) {
    const auto target = static_cast<std::uint32_t>(number);
    if (target != entry.next) entry.leads_to = target;  // to the next one: no target at all
  } else if (number == -NF_ACCEPT - 1) {
    set(Verdict::Kind::Accept);
  } else if (number == -NF_DROP - 1) {
    set(Verdict::Kind::Drop);
  } else if (number == XT_RETURN) {
    set(Verdict::Kind::Return);
  } else {
    entry.rule.has_more = true;
  }
}

void read_target(Bytes bytes, Entry& entry) {
  const auto head = read_at<xt_entry_target>(bytes, 0);
  const Bytes data = bytes.subspan(sizeof(xt_entry_target));
  const std::string name = text_in(bytes_of(head.u.user.name));
  if (name == XT_STANDARD_TARGET && data.size() >= sizeof(int)) {
    read_verdict(read_at<int>(data, 0), entry);
  } else if (name == XT_ERROR_TARGET) {
    entry.chain = text_in(data);
  } else if (name == "REJECT") {
    entry.rule.verdict = Verdict{.kind = Verdict::Kind::Drop};
  } else {
    entry.rule.has_more = true;
  }
}

template <class Traits>
Result<Entry> read_entry(Bytes entries, std::uint32_t offset) {
  using Header = typename Traits::Entry;
  if (entries.size() - offset < sizeof(Header)) return damaged();
  const auto header = read_at<Header>(entries, offset);
  if (header.target_offset < sizeof(Header) || header.next_offset > entries.size() - offset ||
      header.next_offset < header.target_offset + sizeof(xt_entry_target)) {
    return damaged();
  }
  Entry entry{.offset = offset, .next = offset + header.next_offset};
  read_header<Traits>(header, entry);
  const Bytes whole = entries.subspan(offset, header.next_offset);
  for (std::size_t at = sizeof(Header); at < header.target_offset;) {
    const std::size_t left = header.target_offset - at;
    if (left < sizeof(xt_entry_match)) return damaged();
    const std::size_t size = read_at<xt_entry_match>(whole, at).u.match_size;
    if (size < sizeof(xt_entry_match) || size > left) return damaged();
    read_match(whole.subspan(at, size), entry.rule);
    at += size;
  }
  read_target(whole.subspan(header.target_offset), entry);
  return entry;
}

template <class Traits>
Result<std::vector<Entry>> read_entries(Bytes entries) {
  std::vector<Entry> all;
  for (std::uint32_t offset = 0; offset < entries.size();) {
    Entry entry = TRY(read_entry<Traits>(entries, offset));
    offset = entry.next;
    all.push_back(std::move(entry));
  }
  return all;
}

// By the offset of their first rule. Each begins behind a mark with its name; the mark at the end
// of the table begins none.
std::map<std::uint32_t, std::string> chain_names(const std::vector<Entry>& entries) {
  std::map<std::uint32_t, std::string> names;
  for (const Entry& entry : entries) {
    if (!entry.chain.empty() && &entry != &entries.back()) names[entry.next] = entry.chain;
  }
  return names;
}

FilterTable table_of(const std::vector<Entry>& entries, const LegacyTable& told) {
  const auto names = chain_names(entries);
  std::map<std::string, nft::FilterChain> chains;
  for (const auto& [offset, name] : names) chains[name];
  nft::FilterChain* chain = nullptr;
  std::string name;
  for (const Entry& entry : entries) {
    if (entry.offset == told.forward_start) {
      name = "FORWARD";
      chain = &chains[name];
      chain->is_base = true;
    } else if (names.contains(entry.offset)) {
      name = names.at(entry.offset);
      chain = &chains[name];
    }
    FilterRule rule = entry.rule;
    rule.chain = name;
    if (entry.leads_to && names.contains(*entry.leads_to)) {
      rule.verdict = Verdict{.kind = entry.is_goto ? Verdict::Kind::Goto : Verdict::Kind::Jump,
                             .chain = names.at(*entry.leads_to)};
      ++chains[rule.verdict->chain].use;
    }
    const bool is_mark = !entry.chain.empty();
    if (chain == nullptr || is_mark) {
      chain = nullptr;
    } else if (entry.offset == told.forward_policy) {
      chain->drops = rule.verdict && rule.verdict->kind == Verdict::Kind::Drop;
      chain = nullptr;
    } else {
      ++chain->use;
      chain->rules.push_back(std::move(rule));
    }
  }
  // The last rule of a chain of users' is its return.
  FilterTable table;
  for (auto& [chain_name, each] : chains) {
    if (!each.is_base && !each.rules.empty()) {
      each.rules.pop_back();
      --each.use;
    }
    if (chain_name == "FORWARD") {
      table.forward = std::move(each);
    } else if (chain_name == kContainersChain) {
      table.containers = std::move(each);
    } else {
      table.admin.emplace(chain_name, std::move(each));
    }
  }
  return table;
}

// ---- the kernel's side ---------------------------------------------------------------------

Result<bool> is_used(Family family) {
  const std::string file =
      family == Family::V4 ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names";
  const auto names = sys::find_file(file);
  // Only root may read it; then nothing could be changed either.
  if (!names && names.error().code == Errc::PermissionDenied) return false;
  if (!names) return names.error();
  return *names && ("\n" + **names).find("\nfilter\n") != std::string::npos;
}

struct Snapshot {
  ipt_getinfo info{};
  std::vector<std::uint8_t> entries{};
};

Result<Snapshot> take_snapshot(Family family) {
  const bool v4 = family == Family::V4;
  const int level = v4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6};
  const UniqueFd socket(::socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  if (socket.get() < 0) return system_error(errno, "open a raw socket");
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Snapshot snapshot;
    std::memcpy(snapshot.info.name, kFilterTable, sizeof kFilterTable);
    socklen_t length = sizeof snapshot.info;
    if (::getsockopt(socket.get(), level, IPT_SO_GET_INFO, &snapshot.info, &length) != 0) {
      return system_error(errno, "ask for the table filter");
    }
    constexpr std::size_t kHead = sizeof(ipt_get_entries);
    std::vector<std::uint8_t> buffer(kHead + snapshot.info.size);
    ipt_get_entries head{};
    std::memcpy(head.name, kFilterTable, sizeof kFilterTable);
    head.size = snapshot.info.size;
    std::memcpy(buffer.data(), &head, sizeof head);
    length = static_cast<socklen_t>(buffer.size());
    if (::getsockopt(socket.get(), level, IPT_SO_GET_ENTRIES, buffer.data(), &length) == 0) {
      snapshot.entries.assign(buffer.begin() + kHead, buffer.end());
      return snapshot;
    }
    if (errno != EAGAIN) return system_error(errno, "read the table filter");
  }
  return fail(Errc::TryAgain, "the table filter changes without pause: try again");
}

Result<std::string> restore_program(Family family) {
  const std::string prefix = family == Family::V4 ? "iptables" : "ip6tables";
  for (const char* kind : {"-legacy-restore", "-restore"}) {
    for (const char* directory : {"/usr/sbin/", "/sbin/", "/usr/local/sbin/", "/usr/bin/"}) {
      std::string file = directory + prefix + kind;
      if (::access(file.c_str(), X_OK) == 0) return file;
    }
  }
  return fail(Errc::NotFound, "there is no program {}-legacy-restore: install iptables", prefix);
}

Status restore(Family family, const std::vector<FilterEdit>& edits) {
  std::string input = format("*{}\n", kFilterTable);
  for (const FilterEdit& edit : edits) input += to_text(edit) + "\n";
  input += "COMMIT\n";
  const std::string program = TRY(restore_program(family));
  const auto finished = TRY(sys::run_program(program, {program, "--noflush", "--wait"}, {}, input));
  if (finished.exit_status == 0) return ok();
  return fail(Errc::Io, "{}: {}", program, finished.err.substr(0, finished.err.find('\n')));
}

using Decide = std::function<std::vector<FilterEdit>(const FilterTable&)>;

// Somebody else who is faster than we makes the program fail; then what is to be done is something
// else. Of ours one looks and writes at a time: of two that go, each would leave the chains to the
// other.
Status change_table(Family family, const Decide& decide) {
  if (!TRY(is_used(family))) return ok();
  const sys::FileLock lock = TRY(lock_host(sys::Lock::Exclusive));
  std::vector<FilterEdit> tried;
  Status last = ok();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto table = TRY(legacy_filter_table(family));
    if (!table) return ok();
    auto edits = decide(*table);
    if (edits.empty()) return ok();
    if (edits == tried) return last;
    last = restore(family, edits);
    if (last) return ok();
    tried = std::move(edits);
  }
  return last;
}

}  // namespace

Result<FilterTable> parse_legacy_table(Family family, const LegacyTable& table) {
  const auto entries =
      TRY(family == Family::V4 ? read_entries<V4>(table.entries) : read_entries<V6>(table.entries));
  return table_of(entries, table);
}

Result<std::optional<FilterTable>> legacy_filter_table(Family family) {
  if (!TRY(is_used(family))) return std::optional<FilterTable>{};
  const Snapshot snapshot = TRY(take_snapshot(family).context("iptables (legacy)"));
  auto table =
      TRY(parse_legacy_table(family, {.forward_start = snapshot.info.hook_entry[NF_INET_FORWARD],
                                      .forward_policy = snapshot.info.underflow[NF_INET_FORWARD],
                                      .entries = snapshot.entries}));
  return std::optional(std::move(table));
}

Status admit_to_iptables_legacy(const Admission& admission) {
  for (const Family family : {Family::V4, Family::V6}) {
    const auto decide = [&](const FilterTable& table) {
      return admitting_edits(table, family, admission);
    };
    TRY(change_table(family, decide).context("rules of iptables (legacy)"));
  }
  return ok();
}

Status withdraw_from_iptables_legacy(const std::vector<IpAddress>& addresses) {
  for (const Family family : {Family::V4, Family::V6}) {
    const auto decide = [&](const FilterTable& table) {
      return withdrawing_edits(table, addresses);
    };
    TRY(change_table(family, decide).context("rules of iptables (legacy)"));
  }
  return ok();
}

Result<std::vector<std::string>> missing_in_iptables_legacy(const Admission& admission) {
  std::vector<std::string> lines;
  for (const Family family : {Family::V4, Family::V6}) {
    const auto table = TRY(legacy_filter_table(family));
    if (!table) continue;
    for (const FilterEdit& edit : admitting_edits(*table, family, admission)) {
      lines.push_back(
          format("ip{}tables-legacy: missing: {}", family == Family::V4 ? "" : "6", to_text(edit)));
    }
  }
  return lines;
}

}  // namespace netctl::attach
