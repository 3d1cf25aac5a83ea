// Every plugin in every config version, operation by operation: the bytes of results and errors.
#include <regex>

#include "tests/support/calls.hpp"
#include "tests/system/protocol/samples.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

std::string compact(std::string json) {
  json = std::regex_replace(json, std::regex("\\s"), "");
  json = std::regex_replace(json, std::regex("[0-9a-f]{2}(:[0-9a-f]{2}){5}"), "MAC");
  return std::regex_replace(json, std::regex("veth[0-9a-f]{11}"), "VETH");
}

std::string expected_of(const Sample& sample, const std::string& version) {
  const std::string& rest = version < "0.3.0"   ? sample.per_family
                            : version < "1.0.0" ? sample.with_version
                                                : sample.without_version;
  return format(R"({{"cniVersion":"{}",{})", version, rest);
}

class Conformance : public Calls,
                    public testing::WithParamInterface<std::tuple<Sample, const char*>> {
 protected:
  void SetUp() override {
    Calls::SetUp();
    if (IsSkipped()) return;
    sure("ip netns add web");  // lo is down in it
    sure("sysctl -qw net.ipv4.ip_forward=1");
    for (const std::string& line : sample_.preparation) sure(line);
    if (sample_.chained) previous_ = add("bridge", kTarget, config_of(samples().front()));
  }

  // All that an ADD may change on the host and of the container's interfaces. What lo queues with
  // it gets when it first comes up, and keeps.
  std::string state() {
    return host_state() +
           std::regex_replace(run_in("web", "ip -o link").out, std::regex("qdisc [a-z]+ "), "");
  }

  std::string config_of(const Sample& sample) const {
    return format(R"({{"cniVersion": "{}", {}}})", version_, sample.members);
  }
  // With the result of what ran before, or of the ADD itself.
  std::string config_with(const std::string& result) const {
    const std::string config = config_of(sample_);
    return result.empty() ? config : with_member(config, "prevResult", result);
  }
  sys::Finished operation(const std::string& command, const std::string& config) {
    return call(sample_.type, command, kTarget, config);
  }

  void expect_served_since(const char* first, const std::string& command,
                           const std::string& config) {
    const sys::Finished finished = operation(command, config);
    if (version_ >= first) {
      EXPECT_THAT(finished, IsSilentSuccess()) << command;
    } else {
      EXPECT_EQ(finished.exit_status, 1);
      EXPECT_EQ(finished.out, format("{{\n    \"code\": 1,\n    \"msg\": \"config version does not "
                                     "allow {}\"\n}}",
                                     command));
    }
  }

  const Sample& sample_ = std::get<0>(GetParam());
  const std::string version_ = std::get<1>(GetParam());
  const Target kTarget{.container = "c1", .netns = sample_.netns};
  std::string previous_;
};

TEST_P(Conformance, EveryOperationAnswersAsTheVersionSays) {
  if (version_ < sample_.since) {
    EXPECT_THAT(operation("ADD", config_with("")), Refuses(1, HasSubstr("incompatible CNI")));
    return;
  }
  const std::string before = state();

  const std::string result = add(sample_.type, kTarget, config_with(previous_));

  if (sample_.chained) {
    EXPECT_EQ(result, previous_);
  } else {
    EXPECT_EQ(compact(result), expected_of(sample_, version_));
  }
  EXPECT_THAT(result, testing::StartsWith("{\n    \""));
  EXPECT_THAT(result, testing::EndsWith("\n}"));
  EXPECT_EQ(state() != before, sample_.changes);

  expect_served_since("0.4.0", "CHECK", config_with(result));
  expect_served_since("1.1.0", "STATUS", config_of(sample_));
  expect_served_since("1.1.0", "GC",
                      with_member(config_of(sample_), "cni.dev/valid-attachments",
                                  R"([{"containerID": "c1", "ifname": "eth0"}])"));
  expect_served_since("0.4.0", "CHECK", config_with(result));  // GC left what is valid

  EXPECT_THAT(operation("DEL", config_with(result)), IsSilentSuccess());
  EXPECT_EQ(state(), before);
  EXPECT_THAT(operation("DEL", config_of(sample_)),
              IsSilentSuccess());  // again, without prevResult
  EXPECT_EQ(state(), before);
}

INSTANTIATE_TEST_SUITE_P(Each, Conformance,
                         testing::Combine(testing::ValuesIn(samples()),
                                          testing::ValuesIn(kVersions)),
                         [](const auto& tested) {
                           std::string name =
                               std::get<0>(tested.param).type + "_" + std::get<1>(tested.param);
                           return std::regex_replace(name, std::regex("[-.]"), "_");
                         });

class Refusals : public Calls, public testing::WithParamInterface<Sample> {
 protected:
  // What is printed for an ADD that is sound but for these variables, or this config.
  std::string refusal(const std::map<std::string, std::string>& variables,
                      const std::string& config) {
    std::map<std::string, std::string> call = {{"CNI_COMMAND", "ADD"},
                                               {"CNI_CONTAINERID", "c1"},
                                               {"CNI_NETNS", "/run/netns/web"},
                                               {"CNI_IFNAME", "eth0"}};
    for (const auto& [name, value] : variables) call[name] = value;
    const sys::Finished finished = plugin(GetParam().type, call, config);
    EXPECT_EQ(finished.exit_status, 1);
    return finished.out;
  }

  static std::string object(int code, const std::string& message, const std::string& details = "") {
    const std::string more = details.empty() ? "" : format(",\n    \"details\": \"{}\"", details);
    return format("{{\n    \"code\": {},\n    \"msg\": \"{}\"{}\n}}", code, message, more);
  }
};

// Those that it serves, each as the pattern says.
std::string versions_of(const Sample& sample, std::string_view before, std::string_view after,
                        std::string_view between) {
  std::string list;
  for (const std::string_view version : kVersions) {
    if (version < sample.since) continue;
    list += format("{}{}{}{}", list.empty() ? "" : between, before, version, after);
  }
  return list;
}

TEST_P(Refusals, HaveTheCodesAndWordsOfTheProtocol) {
  const std::string sound = format(R"({{"cniVersion": "1.0.0", {}}})", GetParam().members);

  EXPECT_EQ(refusal({{"CNI_CONTAINERID", ""}, {"CNI_NETNS", ""}}, sound),
            object(4, "required env variables [CNI_CONTAINERID,CNI_NETNS] missing"));
  EXPECT_EQ(refusal({{"CNI_CONTAINERID", "a/b"}}, sound),
            object(4, "invalid characters in containerID", "a/b"));
  EXPECT_EQ(
      refusal({{"CNI_IFNAME", "sixteen-letters-"}}, sound),
      object(4, "interface name is too long", "interface name should be less than 16 characters"));
  EXPECT_EQ(refusal({}, ""),
            object(6, "error unmarshall network config: unexpected end of JSON input"));
  EXPECT_EQ(refusal({{"CNI_COMMAND", "FOO"}}, ""),
            object(6, "error unmarshall network config: unexpected end of JSON input"));
  EXPECT_EQ(refusal({{"CNI_COMMAND", "FOO"}}, sound), object(4, "unknown CNI_COMMAND: FOO"));
  EXPECT_EQ(refusal({}, R"({"cniVersion": "1.0.0"})"), object(7, "missing network name"));
  EXPECT_EQ(refusal({}, R"({"cniVersion": "1.0.0", "name": "a/b"})"),
            object(7, "invalid characters found in network name", "a/b"));
  for (const char* version : {"0.5.0", "1.2.0"}) {
    EXPECT_EQ(refusal({}, format(R"({{"cniVersion": "{}", {}}})", version, GetParam().members)),
              object(1, "incompatible CNI versions",
                     format(R"(config is \"{}\", plugin supports [{}])", version,
                            versions_of(GetParam(), "\\\"", "\\\"", " "))));
  }
}

TEST_P(Refusals, OfAPersonIsNone) {
  const sys::Finished version = plugin(GetParam().type, {{"CNI_COMMAND", "VERSION"}}, "");
  EXPECT_EQ(version.exit_status, 0);
  EXPECT_EQ(version.out, format("{{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[{}]}}\n",
                                versions_of(GetParam(), "\"", "\"", ",")));
  const sys::Finished about = plugin(GetParam().type, {}, "");
  EXPECT_EQ(about.exit_status, 0);
  EXPECT_EQ(about.out, "");
  EXPECT_THAT(about.err, HasSubstr(format("CNI {} plugin v", GetParam().type)));
  EXPECT_THAT(about.err, HasSubstr(format("CNI protocol versions supported: {}\n",
                                          versions_of(GetParam(), "", "", ", "))));
}

INSTANTIATE_TEST_SUITE_P(Each, Refusals, testing::ValuesIn(samples()), [](const auto& tested) {
  return std::regex_replace(tested.param.type, std::regex("-"), "_");
});

TEST_F(Calls, PortmapTakesOnlyAPrevResultOfItsOwnShape) {
  const Target target{.container = "c1", .netns = "gone"};
  EXPECT_THAT(
      call("portmap", "ADD", target,
           R"({"cniVersion": "1.0.0", "name": "net", "prevResult": {"cniVersion": "0.4.0"}})"),
      Refuses(7, HasSubstr("result type supports [1.0.0 1.1.0] but unmarshalled "
                           "CNIVersion is \\\"0.4.0\\\"")));
  EXPECT_THAT(call("portmap", "ADD", target, R"({"cniVersion": "1.0.0", "name": "net"})"),
              Refuses(7, HasSubstr("must be called as chained plugin")));
}

}  // namespace
}  // namespace netctl::test
