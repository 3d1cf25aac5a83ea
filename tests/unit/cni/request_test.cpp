#include "runtime-core/cni/request.hpp"

#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/json.hpp"
#include "runtime-core/cni/names.hpp"
#include "runtime-core/cni/version.hpp"
#include "tests/support/matchers.hpp"
#include "tests/unit/cni/fake_plugin.hpp"

namespace netctl::cni {
namespace {

using test::environment_for;
using test::FailsSaying;
using test::Succeeds;
using testing::HasSubstr;

Result<Request> request_for(const std::string& command, const std::string& config) {
  Request request = TRY(parse_environment(environment_for(command)));
  TRY(add_config(request, config, kVersions));
  return request;
}

TEST(Names, OfContainersAndNetworks) {
  for (const char* good : {"a", "0", "c1", "a_b.c-d", "A..", "9-"}) {
    EXPECT_THAT(check_container_id(good), Succeeds()) << good;
    EXPECT_THAT(check_network_name(good), Succeeds()) << good;
  }
  EXPECT_THAT(check_container_id(std::string(1000, 'a')), Succeeds());
  for (const std::string bad :
       {".", "..", "_a", "-a", "a/b", "../x", "a b", "a\n", "\u00e4", "a:"}) {
    SCOPED_TRACE(bad);
    const Status id = check_container_id(bad);
    ASSERT_THAT(id, FailsSaying("invalid characters in containerID"));
    EXPECT_EQ(id.error().details, bad);
    EXPECT_EQ(id.error().protocol_code, kBadEnvironment);
    const Status name = check_network_name(bad);
    ASSERT_THAT(name, FailsSaying("invalid characters found in network name"));
    EXPECT_EQ(name.error().details, bad);
    EXPECT_EQ(name.error().protocol_code, kInvalidConfig);
  }
  EXPECT_THAT(check_network_name(""), FailsSaying("missing network name"));
}

TEST(Names, OfInterfaces) {
  for (const char* good : {"e", "eth0", "fifteen-letters", "a.b", "\u00e4"}) {
    EXPECT_THAT(check_ifname(good), Succeeds()) << good;
  }
  const std::pair<std::string_view, std::string_view> table[] = {
      {"sixteen-letters-", "interface name is too long"},
      {".", "interface name is . or .."},
      {"..", "interface name is . or .."},
      {"a/b", "interface name contains / or : or whitespace characters"},
      {"a:b", "interface name contains / or : or whitespace characters"},
      {"a b", "interface name contains / or : or whitespace characters"},
      {"a\tb", "interface name contains / or : or whitespace characters"},
      {"a\u00a0b", "interface name contains / or : or whitespace characters"},
      {"a\u2003b", "interface name contains / or : or whitespace characters"},
      {"a\xc2\x85", "interface name contains / or : or whitespace characters"},
  };
  for (const auto& [name, words] : table) {
    SCOPED_TRACE(name);
    const Status status = check_ifname(name);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message, words);
    EXPECT_EQ(status.error().protocol_code, kBadEnvironment);
  }
  EXPECT_EQ(check_ifname("sixteen-letters-").error().details,
            "interface name should be less than 16 characters");
}

TEST(Request, HasWhatTheEnvironmentSays) {
  Environment environment = environment_for("ADD");
  environment["CNI_ARGS"] = "IgnoreUnknown=1";
  environment["CNI_PATH"] = "/a:/b::/c:";
  environment["OTHER"] = "kept";
  const auto request = parse_environment(environment);
  ASSERT_THAT(request, Succeeds());
  EXPECT_EQ(request->command, Command::Add);
  EXPECT_EQ(request->attachment(), (Attachment{.container_id = "c1", .ifname = "eth0"}));
  EXPECT_EQ(request->netns, "/nowhere/c1");
  EXPECT_EQ(request->args, "IgnoreUnknown=1");
  EXPECT_EQ(request->path, (std::vector<std::string>{"/a", "/b", "/c"}));
  EXPECT_EQ(request->environment, environment);
  EXPECT_FALSE(request->netns_override);
}

TEST(Request, TakesTheOverrideInTwoSpellings) {
  const std::pair<const char*, bool> table[] = {{"true", true}, {"TRUE", true}, {"1", true},
                                                {"", false},    {"0", false},   {"yes", false}};
  for (const auto& [text, expected] : table) {
    Environment environment = environment_for("ADD");
    environment["CNI_NETNS_OVERRIDE"] = text;
    EXPECT_EQ(parse_environment(environment)->netns_override, expected) << text;
  }
}

TEST(Request, NamesAllMissingVariablesOfItsCommand) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"ADD", "[CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH]"},
      {"CHECK", "[CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH]"},
      {"DEL", "[CNI_CONTAINERID,CNI_IFNAME,CNI_PATH]"},
      {"GC", "[CNI_PATH]"},
      {"STATUS", "[CNI_PATH]"},
      {"", "[CNI_COMMAND]"},
  };
  for (const auto& [command, list] : table) {
    SCOPED_TRACE(command);
    const auto request = parse_environment({{"CNI_COMMAND", std::string(command)}});
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().message, format("required env variables {} missing", list));
    EXPECT_EQ(request.error().protocol_code, kBadEnvironment);
  }
  EXPECT_THAT(parse_environment({{"CNI_COMMAND", "VERSION"}}), Succeeds());
  EXPECT_THAT(parse_environment({{"CNI_COMMAND", "add"}}), Succeeds());  // unknown: said later
}

TEST(Request, SaysThatAVariableIsMalformedBeforeThatOthersAreMissing) {
  EXPECT_THAT(parse_environment({{"CNI_COMMAND", "ADD"}, {"CNI_IFNAME", "a/b"}}),
              FailsSaying("interface name contains / or : or whitespace characters"));
  EXPECT_THAT(parse_environment({{"CNI_COMMAND", "ADD"}, {"CNI_CONTAINERID", "c 1"}}),
              FailsSaying("invalid characters in containerID"));
}

TEST(Request, ChecksOnlyVariablesThatItsCommandNeeds) {
  EXPECT_THAT(
      parse_environment({{"CNI_COMMAND", "GC"}, {"CNI_IFNAME", "a/b"}, {"CNI_PATH", "/nowhere"}}),
      Succeeds());
}

TEST(Request, HasWhatTheConfigSays) {
  const std::string config = R"({"cniVersion":"1.0.0","name":"n1","type":"fake",
    "ipam":{"type":"host-local"},"DNS":{"nameservers":["10.0.0.53"],"search":["x"]},
    "prevResult":{"ips":[{"address":"10.0.0.2/24"}]},"unknown":[{}]})";
  const auto request = request_for("ADD", config);
  ASSERT_THAT(request, Succeeds());
  EXPECT_EQ(request->cni_version, "1.0.0");
  EXPECT_EQ(request->network, "n1");
  EXPECT_EQ(request->ipam_type, "host-local");
  EXPECT_EQ(request->dns.value().nameservers, std::vector<std::string>{"10.0.0.53"});
  ASSERT_TRUE(request->prev_result);
  EXPECT_EQ(request->prev_result->ips.front().address.to_text(), "10.0.0.2/24");
  EXPECT_EQ(request->config->text, config);
  EXPECT_TRUE(request->config->root.contains("unknown"));
}

TEST(Request, WithoutVersionIsTheOldest) {
  EXPECT_EQ(request_for("ADD", R"({"name":"n"})")->cni_version, "0.1.0");
  EXPECT_EQ(request_for("DEL", R"({"name":"n","cniVersion":""})")->cni_version, "0.1.0");
}

TEST(Request, TakesAPrevResultOfTheSameShapeOnly) {
  struct Row {
    const char* config;
    const char* prev_result;
    const char* refused;  // empty: taken
  };
  const Row table[] = {
      {"1.0.0", "1.1.0", ""},
      {"1.1.0", "1.0.0", ""},
      {"0.4.0", "0.3.0", ""},
      {"0.1.0", "0.2.0", ""},
      {"", "0.2.0", ""},
      {"1.0.0", "", ""},
      {"1.0.0", "0.4.0",
       "result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is \"0.4.0\""},
      {"0.3.1", "1.0.0",
       "result type supports [0.3.0 0.3.1 0.4.0] but unmarshalled CNIVersion is \"1.0.0\""},
      {"0.2.0", "1.1.0",
       "result type supports [ 0.1.0 0.2.0] but unmarshalled CNIVersion is \"1.1.0\""},
      {"1.1.0", "9.9.9",
       "result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is \"9.9.9\""},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(format("{} in {}", row.prev_result, row.config));
    const auto request = request_for(
        "ADD", format(R"({{"name":"n","cniVersion":"{}","prevResult":{{"cniVersion":"{}"}}}})",
                      row.config, row.prev_result));
    if (std::string_view(row.refused).empty()) {
      ASSERT_THAT(request, Succeeds());
      EXPECT_TRUE(request->prev_result);
    } else {
      EXPECT_THAT(request,
                  FailsSaying(HasSubstr(format("could not parse prevResult: {}", row.refused))));
      EXPECT_EQ(request.error().protocol_code, kInvalidConfig);
    }
  }
}

TEST(Request, OfDelGoesOnWithoutWhatItCannotUse) {
  const auto request = request_for(
      "DEL",
      R"({"name":"n","cniVersion":"1.0.0","prevResult":{"ips":5},"dns":1,"ipam":{"type":2}})");
  ASSERT_THAT(request, Succeeds());
  EXPECT_FALSE(request->prev_result);
  EXPECT_EQ(request->ipam_type, "");
}

TEST(Request, OfGcGoesOnWithoutWhatDoesNotMatterToIt) {
  const auto request =
      request_for("GC", R"({"name":"n","cniVersion":"1.1.0","prevResult":[],"dns":1,
    "ipam":{"type":2},"cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth0"}]})");
  ASSERT_THAT(request, Succeeds());
  EXPECT_EQ(request->valid_attachments.size(), 1U);
}

TEST(Request, SaysThatAPrevResultIsMissing) {
  const auto without = request_for("CHECK", R"({"name":"n","cniVersion":"1.0.0"})");
  ASSERT_THAT(without, Succeeds());
  EXPECT_THAT(without->require_prev_result(), FailsSaying("required prevResult missing"));
  EXPECT_EQ(without->require_prev_result().error().protocol_code, kInvalidConfig);
  const auto with = request_for("CHECK", R"({"name":"n","cniVersion":"1.0.0","prevResult":{}})");
  ASSERT_THAT(with, Succeeds());
  EXPECT_THAT(with->require_prev_result(), Succeeds());
}

TEST(Request, CollectsWhatIsWrongInItsConfig) {
  const auto request =
      request_for("ADD", R"({"name":"n","prevResult":[],"dns":{"domain":1},"ipam":"x"})");
  EXPECT_THAT(request, FailsSaying("invalid config: \"ipam\": \"x\" is not an object; "
                                   "\"dns.domain\": 1 is not a text; could not parse prevResult: "
                                   "invalid result: a list is not an object"));
}

TEST(Request, OfGcKeepsWhatEitherSpellingLists) {
  const auto request = request_for("GC", R"({"name":"n","cniVersion":"1.1.0",
    "cni.dev/attachments":[{"containerID":"b","ifname":"eth0"},{"containerID":"a","ifname":"eth1"}],
    "cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth1"}]})");
  ASSERT_THAT(request, Succeeds());
  EXPECT_EQ(request->valid_attachments,
            (std::vector<Attachment>{{.container_id = "a", .ifname = "eth1"},
                                     {.container_id = "b", .ifname = "eth0"}}));
}

TEST(Request, OfGcNeverTakesABrokenListForAnEmptyOne) {
  for (const char* list : {"5", "{}", "\"x\"", "[1]", "[{}]", R"([{"containerID":"a"}])",
                           R"([{"containerID":1,"ifname":"eth0"}])", "[null]"}) {
    SCOPED_TRACE(list);
    const auto request = request_for(
        "GC",
        format(R"({{"name":"n","cniVersion":"1.1.0","cni.dev/valid-attachments":{}}})", list));
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().protocol_code, kInvalidConfig);
  }
}

TEST(Request, OfGcWithoutAListHasNoValidAttachment) {
  for (const char* config : {R"({"name":"n","cniVersion":"1.1.0"})",
                             R"({"name":"n","cniVersion":"1.1.0","cni.dev/attachments":null})"}) {
    const auto request = request_for("GC", config);
    ASSERT_THAT(request, Succeeds());
    EXPECT_TRUE(request->valid_attachments.empty());
  }
}

TEST(Command, IsTextAndBack) {
  for (const Command command : {Command::Add, Command::Del, Command::Check, Command::Gc,
                                Command::Status, Command::Version}) {
    EXPECT_EQ(find_command(to_text(command)), command);
  }
  EXPECT_FALSE(find_command("add"));
  EXPECT_FALSE(find_command(""));
}

}  // namespace
}  // namespace netctl::cni
