// Whatever a plugin is given, it ends by itself, with one error object that has a code, or with
// success where there is nothing wrong for the operation; and nothing on the host has changed.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "plugins/built_ins.hpp"
#include "runtime-core/base/format.hpp"
#include "runtime-core/cni/error.hpp"
#include "runtime-core/cni/plugin.hpp"
#include "tests/support/lab.hpp"
#include "tests/system/protocol/subjects.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::Not;

using Variables = std::map<std::string, std::string>;

// Runs the main() of the plugins' executable in a child of this process: what starting it anew with
// the sanitizers costs, a tenth of a second, would be most of the time of a thousand inputs.
sys::Finished run_forked(const std::string& type, const Variables& variables,
                         const std::string& input) {
  std::ofstream("/run/stdin") << input;
  const pid_t child = ::fork();
  if (child == 0) {
    ::clearenv();
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    ::dup2(::open("/run/stdin", O_RDONLY), STDIN_FILENO);
    ::dup2(::open("/run/stdout", O_RDWR | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    ::dup2(::open("/run/stderr", O_RDWR | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    ::_exit(cni::main_of(plugins::built_ins(), type));
  }
  int state = 0;
  ::waitpid(child, &state, 0);
  const auto text_of = [](const char* file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  };
  return {.exit_status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state),
          .out = text_of("/run/stdout"),
          .err = text_of("/run/stderr")};
}

enum class Expect {
  Refusal,  // status 1 and one error object whose code says what kind of input is wrong
  Answer,   // one with any code, or status 0 and nothing on stdout
};

class HostileInput : public Lab, public testing::WithParamInterface<Subject> {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (!IsSkipped()) before_ = host_state();
  }

  void TearDown() override {
    if (IsSkipped()) return;
    EXPECT_EQ(host_state(), before_);
  }

  // The plugin's config; of a key that stands twice the last one counts, so `more` replaces.
  std::string config(const std::string& more = "") const {
    std::string text = R"({"cniVersion": "1.1.0", )" + GetParam().config;
    if (GetParam().chained) text += R"(, "prevResult": {"ips": [{"address": "10.7.0.2/24"}]})";
    return text + (more.empty() ? "" : ", ") + more + "}";
  }

  void give(const std::string& command, const std::string& input, Expect expected,
            const Variables& more = {}) {
    Variables variables = {{"NETCTL_CNI_STATE_DIR", "/run/cni-state"},
                           {"CNI_PATH", plugin_directory()},
                           {"CNI_COMMAND", command},
                           {"CNI_CONTAINERID", "c1"},
                           {"CNI_NETNS", "/run/netns/gone"},
                           {"CNI_IFNAME", "eth0"}};
    for (const auto& [name, value] : more) variables[name] = value;
    SCOPED_TRACE(format("{} {}", command, input.substr(0, 200)));
    expect_answer(run_forked(GetParam().type, variables, input), expected);
  }

  // To every operation; what only ADD needs may be nothing to the others.
  void give_all(const std::string& input, Expect of_add, const Variables& more = {}) {
    give("ADD", input, of_add, more);
    for (const char* command : {"CHECK", "DEL", "GC", "STATUS"}) {
      give(command, input, Expect::Answer, more);
    }
  }

  static void expect_answer(const sys::Finished& finished, Expect expected) {
    EXPECT_THAT(finished.err, Not(HasSubstr("Sanitizer")));
    EXPECT_THAT(finished.err, Not(HasSubstr("runtime error")));
    if (finished.exit_status == 0 && expected == Expect::Answer) {
      EXPECT_EQ(finished.out, "");
      return;
    }
    EXPECT_EQ(finished.exit_status, 1) << finished.out << finished.err;
    const Error told = cni::parse_error(finished.out);
    EXPECT_NE(told.protocol_code, 0U) << finished.out.substr(0, 300) << finished.err;
    EXPECT_NE(told.message, "");
    if (expected == Expect::Refusal) {
      EXPECT_LT(told.protocol_code, cni::kNotAvailable) << told.message;
    }
    EXPECT_TRUE(finished.out.ends_with('}'));
  }

 private:
  std::string before_;
};

TEST_P(HostileInput, CutOffAnywhereIsNoConfig) {
  const std::string whole = config();
  for (std::size_t size = 0; size < whole.size(); size += 20) {
    give("ADD", whole.substr(0, size), Expect::Refusal);
  }
  for (const char* command : {"CHECK", "DEL", "GC", "STATUS", "FOO"}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, whole.size() / 2}) {
      give(command, whole.substr(0, size), Expect::Refusal);
    }
  }
}

TEST_P(HostileInput, ThatIsNoJsonIsRefused) {
  for (const char* text : {"[]",
                           "5",
                           "null",
                           "\"x\"",
                           "{}{}",
                           "{\"a\":1,}",
                           "{'a':1}",
                           "{\"a\":01}",
                           "{\"a\":NaN}",
                           "{\"a\":1e999}",
                           "// {}",
                           "{} x",
                           "<xml/>",
                           "\xff\xfe{}",
                           "\xef\xbb\xbf",
                           "{\"a\":\"\\x\"}",
                           "\n\n\n",
                           "-",
                           "{\"a\":\"\n\"}",
                           "{\"name\":\"a\xff\"}",
                           "{\"a\":\"\\ud800\"}"}) {
    give("ADD", text, Expect::Refusal);
  }
  give("ADD", std::string("\0{}", 3), Expect::Refusal);
  give("ADD", config() + std::string(1, '\0'), Expect::Refusal);
  give("ADD", config() + config(), Expect::Refusal);
  for (const char* command : {"CHECK", "DEL", "GC", "STATUS"}) {
    give(command, "[]", Expect::Refusal);
    give(command, "{\"name\":\"a\xff\"}", Expect::Refusal);
  }
}

TEST_P(HostileInput, ThatIsOversizedOrDeepIsRefused) {
  constexpr std::size_t kTenMegabytes = 10'000'000;
  give("ADD", config(R"("x": ")" + std::string(kTenMegabytes, 'x') + "\""), Expect::Refusal);
  give("DEL", std::string(kTenMegabytes, ' ') + config(), Expect::Refusal);
  give("GC", std::string(kTenMegabytes, '\xff'), Expect::Refusal);
  give("STATUS", std::string(kTenMegabytes, '\0'), Expect::Refusal);
  give("ADD", std::string(kTenMegabytes, '['), Expect::Refusal);
  give("CHECK", config("\"x\": " + std::string(kTenMegabytes, '9')), Expect::Refusal);
  // Below the limit of what is read.
  give("ADD", config("\"x\": " + std::string(1'000'000, '[')), Expect::Refusal);
  give("ADD", config("\"x\": " + std::string(100, '[') + std::string(100, ']')), Expect::Refusal);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  give("DEL", deep, Expect::Refusal);
  std::string wide = "\"dns\": 5";
  for (int i = 0; i < 100'000; ++i) wide += format(", \"k{}\": {}", i, i);
  give("ADD", config(wide), Expect::Refusal);
}

// What is JSON, but not what a key of that kind wants.
std::vector<std::string> wrong_values(Kind kind) {
  switch (kind) {
    case Kind::Text:
      return {"5", "true", "[]", "{}"};
    case Kind::Flag:
      return {"1", R"("true")", "[]"};
    case Kind::Number:
      return {"-1", "1.5", "99999999999999999999", R"("1")", "true", "{}"};
    case Kind::SignedNumber:
      return {"1.5", "-99999999999999999999", R"("-1")", "true", "{}"};
    case Kind::Address:
    case Kind::Prefix:
      return {"5", R"("x y")", R"("10.0.0.1\u0000")", R"("10.0.0.0.0/8")", "{}"};
    case Kind::List:
      return {"5", R"("x")", "{}", "[5]"};
    case Kind::Object:
      return {"5", R"("x")", "[]", "true"};
  }
  return {};
}

TEST_P(HostileInput, OfTheWrongTypeForAKeyIsRefused) {
  std::string all;
  for (const Key& key : GetParam().keys) {
    for (const std::string& value : wrong_values(key.kind)) {
      give("ADD", config(member(key.path, value)), Expect::Refusal);
    }
    all += (all.empty() ? "" : ", ") + member(key.path, wrong_values(key.kind).front());
  }
  if (!all.empty()) give_all(config(all), Expect::Refusal);
}

TEST_P(HostileInput, OfTheWrongTypeForAKeyOfTheProtocolIsRefused) {
  for (const Key& key : common_keys()) {
    for (const std::string& value : wrong_values(key.kind)) {
      give("ADD", config(member(key.path, value)), Expect::Refusal);
    }
  }
  for (const char* list : {"5", "{}", "[1]", R"([{"containerID": "a"}])"}) {
    give("GC", config(format("\"cni.dev/valid-attachments\": {}", list)), Expect::Refusal);
  }
}

TEST_P(HostileInput, NamesThatAreTricksLeadNowhere) {
  for (const char* name :
       {".", "..", "../x", "a/b", "/etc", "a b", "a\\n", "a\\u0000", "\u00e4", ""}) {
    give("ADD", config(format("\"name\": \"{}\"", name)), Expect::Refusal);
  }
  give("DEL", config(R"("name": "../../etc")"), Expect::Refusal);
  give("GC", config(R"("name": "../../etc")"), Expect::Refusal);
  for (const char* version :
       {"", "0.0.0", "1", "1.1", "1.1.0.0", "9.9.9", "-1.0.0", "1.1.0 ", "x"}) {
    const bool oldest = std::string_view(version).empty();
    give(oldest ? "STATUS" : "ADD", config(format("\"cniVersion\": \"{}\"", version)),
         Expect::Refusal);
  }
}

TEST_P(HostileInput, InTheEnvironmentIsRefused) {
  const std::string huge(100'000, 'x');
  const std::pair<const char*, std::string> refused[] = {
      {"CNI_COMMAND", "add"},
      {"CNI_COMMAND", "ADD\n"},
      {"CNI_COMMAND", "\xff"},
      {"CNI_COMMAND", huge},
      {"CNI_CONTAINERID", ""},
      {"CNI_CONTAINERID", ".."},
      {"CNI_CONTAINERID", "../../etc"},
      {"CNI_CONTAINERID", "a\nb"},
      {"CNI_CONTAINERID", "\xff\xfe"},
      {"CNI_CONTAINERID", std::string(100'000, '/')},
      {"CNI_IFNAME", ""},
      {"CNI_IFNAME", ".."},
      {"CNI_IFNAME", "../eth0"},
      {"CNI_IFNAME", "a:b"},
      {"CNI_IFNAME", "eth0\n"},
      {"CNI_IFNAME", "sixteen-letters-"},
      {"CNI_IFNAME", huge},
      {"CNI_PATH", ""},
  };
  for (const auto& [name, value] : refused) {
    give("ADD", config(), Expect::Refusal, {{name, value}});
  }
  give("ADD", config(), Expect::Refusal, {{"CNI_NETNS", ""}});
  give("DEL", config(), Expect::Refusal, {{"CNI_CONTAINERID", "../../etc"}});
  give("DEL", config(), Expect::Refusal, {{"CNI_IFNAME", "../eth0"}});
  const std::pair<const char*, std::string> answered[] = {
      {"CNI_CONTAINERID", huge},
      {"CNI_IFNAME", "\xff\xfe"},
      {"CNI_NETNS", "/etc/passwd"},
      {"CNI_NETNS", "/"},
      {"CNI_NETNS", "../../\xff\n"},
      {"CNI_NETNS", "/proc/self/ns/mnt"},
      {"CNI_NETNS", huge},
      {"CNI_ARGS", ";;;"},
      {"CNI_ARGS", "IP=\xff;MAC=\n"},
      {"CNI_ARGS", huge},
      {"CNI_PATH", ":::"},
      {"CNI_PATH", "/etc/passwd:../..:\xff"},
      {"CNI_NETNS_OVERRIDE", "\xff"},
  };
  for (const auto& [name, value] : answered) {
    give("CHECK", config(), Expect::Answer, {{name, value}});
    give("DEL", config(), Expect::Answer, {{name, value}});
  }
}

// The executable itself, for a few of each kind.
TEST_P(HostileInput, IsAnsweredByTheExecutableToo) {
  const Variables add = {{"CNI_COMMAND", "ADD"},
                         {"CNI_CONTAINERID", "c1"},
                         {"CNI_NETNS", "/run/netns/gone"},
                         {"CNI_IFNAME", "eth0"}};
  for (const std::string& input : {std::string(), config().substr(0, 50), config("\"dns\": 5"),
                                   std::string(10'000'000, '{')}) {
    SCOPED_TRACE(input.substr(0, 200));
    expect_answer(plugin(GetParam().type, add, input), Expect::Refusal);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, HostileInput, testing::ValuesIn(subjects()),
                         [](const testing::TestParamInfo<Subject>& tested) {
                           return test_name(tested.param.type);
                         });

}  // namespace
}  // namespace netctl::test
