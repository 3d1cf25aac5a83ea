#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>

#include "tests/support/traced_process.hpp"
#include "tests/system/host-local/caller.hpp"

// Random sequences of everything that happens to a store, against a model that is a map. The seed
// is printed when a test fails; NETCTL_TEST_SEED sets it.
namespace netctl::host_local {
namespace {

using testing::HasSubstr;

struct Holder {
  cni::Attachment who{};
  int boot = 0;
  bool foreign = false;  // another program's file: it outlives a boot
  bool operator==(const Holder&) const = default;
};

class StoreProperties : public test::HostLocalCaller {
 protected:
  StoreProperties() {
    const char* given = std::getenv("NETCTL_TEST_SEED");
    seed = given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
    random.seed(seed);
    // Eleven addresses, 10.0.0.2 to 10.0.0.14 without two.
    ranges = R"([[{"subnet": "10.0.0.0/28", "exclude": ["10.0.0.7-10.0.0.8"]}]])";
    for (unsigned i = 2; i <= 14; ++i) {
      if (i != 7 && i != 8) usable.push_back(IpAddress::v4(10, 0, 0, static_cast<std::uint8_t>(i)));
    }
  }

  unsigned roll(unsigned sides) { return static_cast<unsigned>(random() % sides); }
  cni::Attachment anybody() {
    return {.container_id = format("c{}", roll(8)), .ifname = format("eth{}", roll(2))};
  }

  bool is_live(const Holder& holder) const { return holder.foreign || holder.boot == boot; }
  bool is_taken(const IpAddress& address) const {
    const auto found = model.find(address);
    return found != model.end() && is_live(found->second);
  }
  bool owns_one(const cni::Attachment& who) const {
    return std::ranges::any_of(
        model, [&](const auto& entry) { return entry.second.who == who && is_live(entry.second); });
  }
  // What an ADD should give, going round from where the file says that the last one was.
  std::optional<IpAddress> expected_next() const {
    const auto last = parse_ip_address(read(file("last_reserved_ip.0")));
    const auto begin = last ? std::ranges::upper_bound(usable, *last) : usable.begin();
    for (std::size_t i = 0; i < usable.size(); ++i) {
      const auto at = (static_cast<std::size_t>(begin - usable.begin()) + i) % usable.size();
      if (!is_taken(usable[at])) return usable[at];
    }
    return std::nullopt;
  }

  void add_somebody() {
    const auto who = anybody();
    const auto expected = expected_next();
    const auto given = add(who);
    ASSERT_EQ(given.size(), 1U);
    if (owns_one(who)) {
      EXPECT_THAT(given.front(), HasSubstr("duplicate allocation is not allowed"));
    } else if (!expected) {
      EXPECT_THAT(given.front(), HasSubstr("no IP addresses available in range set"));
    } else {
      EXPECT_EQ(given.front(), expected->to_text());
      model[*expected] = {.who = who, .boot = boot};
    }
  }

  void delete_somebody() {
    const auto who = anybody();
    EXPECT_TRUE(call("DEL", who).success);
    std::erase_if(model, [&](const auto& entry) { return entry.second.who == who; });
  }

  // Either it had not happened yet, or it had.
  void kill_an_add() {
    const auto who = anybody();
    const auto expected = expected_next();
    const bool may_happen = expected && !owns_one(who);
    test::run_and_kill_at(1 + roll(60), [&] { add(who); });
    if (!may_happen) return;
    // The file of a past holder may be gone already, and the new one's not yet there.
    const std::string content = read(file(expected->to_text()));
    if (content == "(none)") {
      model.erase(*expected);
    } else if (content == who.container_id + "\r\n" + who.ifname) {
      if (!model.contains(*expected) || model[*expected].who != who) {
        model[*expected] = {.who = who, .boot = boot};
      } else {
        resolve_own_past(*expected, who);
      }
    }
  }
  // Whether the file is that from before the boot or the new one, the plugin has to say.
  void resolve_own_past(const IpAddress& address, const cni::Attachment& who) {
    if (call("CHECK", who).success) model[address].boot = boot;
  }

  void kill_a_del() {
    const auto who = anybody();
    test::run_and_kill_at(1 + roll(40), [&] { call("DEL", who); });
    std::erase_if(model, [&](const auto& entry) {
      return entry.second.who == who && read(file(entry.first.to_text())) == "(none)";
    });
  }

  void collect_garbage() {
    std::set<cni::Attachment> valid;
    std::string list;
    for (unsigned i = roll(6); i > 0; --i) valid.insert(anybody());
    for (const auto& who : valid) {
      list += format(R"({}{{"containerID": "{}", "ifname": "{}"}})", list.empty() ? "" : ", ",
                     who.container_id, who.ifname);
    }
    EXPECT_TRUE(call("GC", {}, format(R"(, "cni.dev/valid-attachments": [{}])", list)).success);
    std::erase_if(model, [&](const auto& entry) { return !valid.contains(entry.second.who); });
  }

  void check_somebody() {
    const auto who = anybody();
    EXPECT_EQ(call("CHECK", who).success, owns_one(who));
  }

  void ask_for_status() { EXPECT_EQ(call("STATUS", {}).success, expected_next().has_value()); }

  // Another program: makes a file, removes one, or dies between making and writing it.
  void disturb() {
    const IpAddress& address = usable[roll(static_cast<unsigned>(usable.size()))];
    const std::string name = file(address.to_text());
    std::filesystem::remove(name);
    model.erase(address);
    const unsigned what = roll(3);
    if (what == 0) return;
    const auto who = anybody();
    write(name, what == 1 ? "" : who.container_id + "\r\n" + who.ifname);
    if (what == 2) model[address] = {.who = who, .boot = 0, .foreign = true};
  }

  void restart_machine() {
    reboot();
    ++boot;
    if (roll(2) == 0) std::filesystem::remove_all(root() + "/run");
  }

  void do_something() {
    switch (roll(16)) {
      case 0:
        return restart_machine();
      case 1:
        return kill_an_add();
      case 2:
        return kill_a_del();
      case 3:
        return collect_garbage();
      case 4:
        return disturb();
      case 5:
        return check_somebody();
      case 6:
        return ask_for_status();
      case 7:
      case 8:
      case 9:
        return delete_somebody();
      default:
        return add_somebody();
    }
  }

  // The files are the model's, and those that reserve nothing.
  void expect_files_of_the_model() const {
    for (const IpAddress& address : usable) {
      const std::string content = read(file(address.to_text()));
      const auto found = model.find(address);
      if (found == model.end()) {
        EXPECT_TRUE(content == "(none)" || content.empty()) << address.to_text() << content;
      } else {
        EXPECT_EQ(content, found->second.who.container_id + "\r\n" + found->second.who.ifname);
      }
    }
    for (const char* never : {"10.0.0.1", "10.0.0.7", "10.0.0.8", "10.0.0.15"}) {
      EXPECT_EQ(read(file(never)), "(none)");
    }
  }

  unsigned seed = 0;
  std::mt19937 random;
  std::vector<IpAddress> usable;
  std::map<IpAddress, Holder> model;
  int boot = 1;
};

TEST_F(StoreProperties, AnySequenceOfEventsKeepsTheModel) {
  SCOPED_TRACE(format("NETCTL_TEST_SEED={}", seed));
  for (int step = 0; step < 300; ++step) {
    SCOPED_TRACE(format("step {}", step));
    do_something();
    expect_files_of_the_model();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace netctl::host_local
