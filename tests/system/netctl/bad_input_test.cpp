// Wrong input: one line that names the value and what to do, status 1, and nothing changed.
#include <fstream>
#include <regex>

#include <gmock/gmock.h>

#include "tests/support/lab.hpp"
#include "tests/support/traffic.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class BadInput : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    sure("netctl ns add web");
    before_ = host_state();
  }

  // What netctl said on stderr, which has to be one line, with exit status 1 and no change.
  std::string refusal(const std::string& line) {
    const auto finished = run(line);
    EXPECT_EQ(finished.exit_status, 1) << line;
    EXPECT_EQ(finished.out, "") << line;
    EXPECT_EQ(std::ranges::count(finished.err, '\n'), 1) << line << "\n" << finished.err;
    EXPECT_EQ(host_state(), before_) << line;
    return finished.err;
  }

  std::string before_;
};

TEST_F(BadInput, AnUnknownNetworkIsAnsweredWithThoseThereAre) {
  EXPECT_THAT(refusal("netctl add birdge web"), AllOf(HasSubstr("birdge"), HasSubstr("bridge")));
}

TEST_F(BadInput, ANamespaceThatDoesNotExistIsAnsweredWithHowToMakeIt) {
  EXPECT_THAT(refusal("netctl add bridge wbe"), HasSubstr("netctl ns add wbe"));
}

TEST_F(BadInput, AFileThatIsNoNamespaceIsRefused) {
  EXPECT_THAT(refusal("netctl add bridge /etc/passwd"), HasSubstr("/etc/passwd"));
}

TEST_F(BadInput, AProcessThatDoesNotExistIsNamed) {
  EXPECT_THAT(refusal("netctl add bridge pid:4194305"), HasSubstr("4194305"));
  EXPECT_THAT(refusal("netctl add bridge pid:web"), HasSubstr("pid:NUMBER"));
}

TEST_F(BadInput, TheHostsOwnNamespaceIsRefused) {
  EXPECT_THAT(refusal("netctl add bridge /proc/self/ns/net"), HasSubstr("same"));
}

TEST_F(BadInput, PortsOutOfRangeAreNamed) {
  EXPECT_THAT(refusal("netctl add bridge web -p 70000:80"),
              AllOf(HasSubstr("70000"), HasSubstr("1 to 65535")));
  EXPECT_THAT(refusal("netctl add bridge web -p 8080:0"), HasSubstr("0"));
  EXPECT_THAT(refusal("netctl add bridge web -p 8080:80/icmp"), HasSubstr("icmp"));
  EXPECT_THAT(refusal("netctl add bridge web -p localhost:8080:80"), HasSubstr("localhost"));
}

TEST_F(BadInput, AnInterfaceNameThatTheKernelWouldRefuseIsNamed) {
  EXPECT_THAT(refusal("netctl add bridge web -i much-too-long-for-linux"), HasSubstr("interface"));
}

TEST_F(BadInput, AnInterfaceThatIsThereAlreadyIsNamed) {
  sure("ip -n web link add eth0 type bridge");
  EXPECT_THAT(refusal("netctl add bridge web"), HasSubstr("eth0"));
}

TEST_F(BadInput, ATakenPortIsRefusedWithItsHolder) {
  sure("netctl ns add other");
  sure("netctl add bridge other -p 8080:80 -p 127.0.0.1:9000:90");
  before_ = host_state();

  EXPECT_THAT(refusal("netctl add bridge web -p 8080:80"),
              AllOf(HasSubstr("8080/tcp"), HasSubstr("bridge/cnitool-")));
  // The same number on one address and on all of them is a conflict too, in either order.
  EXPECT_THAT(refusal("netctl add bridge web -p 127.0.0.1:8080:80"), HasSubstr("8080/tcp"));
  EXPECT_THAT(refusal("netctl add bridge web -p 9000:80"), HasSubstr("127.0.0.1:9000/tcp"));
  // Another protocol, or another address, is none.
  sure("netctl add bridge web -p 8080:80/udp -p 127.0.0.2:9000:90");
}

TEST_F(BadInput, ANamespaceNameThatIsTakenIsAnsweredWithAWayOn) {
  EXPECT_THAT(refusal("netctl ns add web"), HasSubstr("netctl ns rm web"));
  EXPECT_THAT(refusal("netctl ns add a/b"), HasSubstr("a/b"));
  EXPECT_THAT(refusal("netctl ns rm nobody"), HasSubstr("nobody"));
}

TEST_F(BadInput, ABridgeNameThatAnotherKindOfInterfaceHasIsRefused) {
  sure("ip link add cni7 type veth peer name cni8");
  write_network("10-x.conflist", R"({"cniVersion": "1.0.0", "name": "x", "plugins": [
      {"type": "bridge", "bridge": "cni7", "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}}]})");
  before_ = host_state();
  EXPECT_THAT(refusal("netctl add x web"), AllOf(HasSubstr("cni7"), HasSubstr("not a bridge")));
}

TEST_F(BadInput, AConfigWithProblemsIsToldAllOfThemAtOnce) {
  write_network("10-x.conflist", R"({"cniVersion": "1.0.0", "name": "x", "plugins": [
      {"type": "bridge", "mtu": "big", "isGateway": 1,
       "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}}]})");
  EXPECT_THAT(refusal("netctl add x web"), AllOf(HasSubstr("mtu"), HasSubstr("isGateway")));
}

TEST_F(BadInput, APluginThatIsNotInstalledIsNamedWithThePath) {
  write_network("10-x.conflist",
                R"({"cniVersion": "1.0.0", "name": "x", "plugins": [{"type": "brigde"}]})");
  EXPECT_THAT(refusal("netctl add x web"), HasSubstr("failed to find plugin \"brigde\" in path"));
}

TEST_F(BadInput, PublishingOnANetworkThatCannotIsRefused) {
  write_network("10-x.conflist", R"({"cniVersion": "1.0.0", "name": "x", "plugins": [
      {"type": "bridge", "ipam": {"type": "host-local", "subnet": "10.7.0.0/24"}}]})");
  EXPECT_THAT(refusal("netctl add x web -p 80"), HasSubstr("portmap"));
}

TEST_F(BadInput, EachCommandOfTheHelpHasAHelpOfItsOwn) {
  const std::string all = sure("netctl --help");
  const std::regex command("\n  ([a-z]+) +[A-Z]");
  const std::sregex_iterator end;
  int commands = 0;
  for (std::sregex_iterator each(all.begin(), all.end(), command); each != end; ++each) {
    const std::string name = (*each)[1];
    EXPECT_THAT(sure(format("netctl {} --help", name)), HasSubstr("netctl " + name));
    ++commands;
  }
  EXPECT_GT(commands, 25);
  EXPECT_THAT(sure("netctl -v ports --help"), HasSubstr("netctl ports"));
}

TEST_F(BadInput, WrongUsageHasStatusTwo) {
  for (const char* line : {"netctl", "netctl ad bridge web", "netctl add bridge",
                           "netctl add bridge web --publsh 80", "netctl ns"}) {
    SCOPED_TRACE(line);
    const auto finished = run(line);
    EXPECT_EQ(finished.exit_status, 2);
    EXPECT_EQ(std::ranges::count(finished.err, '\n'), 1) << finished.err;
  }
  EXPECT_EQ(run("netctl --help").exit_status, 0);
}

TEST_F(BadInput, HelpThatCannotBePrintedIsAFailure) {
  std::ofstream("/run/help.sh") << plugin_directory()
                                << "/../../bin/netctl add --help >/dev/full\n";
  const auto finished = run("sh /run/help.sh");
  EXPECT_EQ(finished.exit_status, 1);
  EXPECT_THAT(finished.err, HasSubstr("No space left on device"));
}

TEST_F(BadInput, ACommandThatThereIsNotIsNamedAndOneThatIsMissingMayBeChosen) {
  EXPECT_THAT(run("netctl frob").err, HasSubstr("there is no command \"frob\""));
  EXPECT_THAT(run("netctl -v network frob x").err, HasSubstr("\"network frob\""));
  EXPECT_THAT(run("netctl").err, HasSubstr("netctl needs one of: "));
  const std::string of_ns = run("netctl ns").err;
  EXPECT_THAT(of_ns, HasSubstr("ns needs one of: add, "));
  EXPECT_THAT(of_ns, Not(HasSubstr("complete")));
}

}  // namespace
}  // namespace netctl::test
