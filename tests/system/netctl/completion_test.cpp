// Completion: what netctl offers, and that real shells fill it in.
#include <filesystem>
#include <regex>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/lab.hpp"
#include "tests/support/terminal.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class Completion : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    environment["PATH"] =
        std::filesystem::path(netctl_program()).parent_path().string() + ":" + environment["PATH"];
    environment["HOME"] = "/run";
    environment["TERM"] = "xterm";
    sure("netctl ns add web");
    sure("netctl ns add idle");
    sure("netctl add bridge web --id web-id -p 8080:80");
  }

  // Without what each is.
  std::string candidates(const std::string& words) {
    const std::string text = sure("netctl complete -- " + words);
    return std::regex_replace(text, std::regex("\t[^\n]*"), "");
  }
};

TEST_F(Completion, FiltersAreCompletedByKeyThenByWhatThereIs) {
  EXPECT_EQ(candidates("ls --filter name"), "namespace=");
  EXPECT_EQ(candidates("ls -f namespace="), "namespace=idle\nnamespace=web");
  EXPECT_EQ(candidates("ls -f network=br"), "network=bridge");
  EXPECT_EQ(candidates("ls -f container="), "container=web-id");
  EXPECT_EQ(candidates("ports -f hostPort="), "hostPort=8080");
  EXPECT_EQ(candidates("ports -f outside=y"), "outside=yes");
  EXPECT_EQ(candidates("network ls -f name=ho"), "name=host");
  EXPECT_EQ(candidates("ps -f state=pau"), "state=paused");
}

TEST_F(Completion, OptionsOfAllFormsHaveTheirValues) {
  EXPECT_EQ(candidates("ls -o w"), "wide");
  EXPECT_EQ(candidates("ls --output=ya"), "--output=yaml");
  EXPECT_EQ(candidates("graph -o s"), "svg");
  EXPECT_EQ(candidates("run --network br"), "bridge");
  EXPECT_EQ(candidates("run --network=no"), "--network=none");
  EXPECT_EQ(candidates("run --pid pri"), "private");
  EXPECT_EQ(candidates("kill -s HU"), "HUP");
  EXPECT_EQ(candidates("del bridge --id w"), "web-id");
  EXPECT_EQ(candidates("ns add --kind ut"), "uts");
}

TEST_F(Completion, ArgumentsAreWhatTheCommandCanBeDoneTo) {
  // Only what is attached can be detached.
  EXPECT_EQ(candidates("del bridge w"), "web");
  EXPECT_EQ(candidates("add bridge i"), "idle");
  EXPECT_EQ(candidates("add container:w"), "container:web-id");
  EXPECT_EQ(candidates("port web 8"), "80/tcp");
  EXPECT_EQ(candidates("ipam release bridge 172"), "172.17.0.2");
  EXPECT_EQ(candidates("trace ho"), "host");
  EXPECT_EQ(candidates("status n"), "none");
}

TEST_F(Completion, TheWordsOfAProgramAreLeftToTheShell) {
  EXPECT_THAT(candidates("ns exec web -- ls -"), IsEmpty());
  EXPECT_THAT(candidates("run --rootfs /x sh -"), IsEmpty());
}

// Lines are typed into a shell, with the tabulator; what they did tells what it filled in.
class CompletionIn : public Completion, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    const std::string shell = GetParam();
    if (!std::filesystem::exists("/usr/bin/" + shell)) GTEST_SKIP() << shell << " is not installed";
    Completion::SetUp();
  }

  // What the command with its output in /run/out printed.
  std::string typed(const std::string& line) {
    const std::string shell = GetParam();
    Terminal terminal("/usr/bin/" + shell, arguments(shell), environment);
    terminal.type(preparation(shell) + "echo rea''dy\n");
    terminal.read_until("ready\r\n");
    terminal.type(line + "\n");
    terminal.type("echo do''ne\n");
    terminal.read_until("done\r\n");
    return sure("cat /run/out");
  }

 private:
  static std::vector<std::string> arguments(const std::string& shell) {
    if (shell == "bash") return {"--norc", "--noprofile", "-i"};
    return {"-f", "-i"};
  }
  static std::string preparation(const std::string& shell) {
    if (shell == "bash") return "source <(netctl completion bash)\n";
    return "autoload -U compinit && compinit -u -D && source <(netctl completion zsh)\n";
  }
};

TEST_P(CompletionIn, AnArgumentIsFilledIn) {
  EXPECT_EQ(typed("netctl network insp\tbri\t--format '{{.Name}}:x' >/run/out"), "bridge:x");
  EXPECT_EQ(typed("netctl ns exec w\techo inside >/run/out"), "inside");
}

TEST_P(CompletionIn, AFilterIsFilledInBehindItsKeyWithoutASpace) {
  EXPECT_EQ(typed("netctl ls -q --filter namesp\tw\t>/run/out"), "web-id");
}

TEST_P(CompletionIn, AWordWithAColonIsOneWord) {
  EXPECT_THAT(typed("netctl add container:w\tweb --id joiner -i eth5 >/run/out"),
              HasSubstr("172.17.0.2"));
}

INSTANTIATE_TEST_SUITE_P(Shells, CompletionIn, testing::Values("bash", "zsh"),
                         [](const auto& each) { return std::string(each.param); });

TEST_F(Completion, FishOffersWhatNetctlSays) {
  if (!std::filesystem::exists("/usr/bin/fish")) GTEST_SKIP() << "fish is not installed";
  write_network("complete.fish",
                "netctl completion fish | source\n"
                "complete -C 'netctl ns rm w'\n"
                "complete -C 'netctl ls --filter namespace=w'\n"
                "complete -C 'netctl ls --output=ya'\n"
                "complete -C 'netctl run --rootfs /run/cni-conf'\n");
  const std::string offered = sure("fish --no-config /run/cni-config/complete.fish");
  EXPECT_THAT(offered, AllOf(HasSubstr("web\tnamespace\n"), HasSubstr("namespace=web"),
                             HasSubstr("yaml"), HasSubstr("/run/cni-config/")));
}

}  // namespace
}  // namespace netctl::test
