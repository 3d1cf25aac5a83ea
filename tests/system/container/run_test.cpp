// A program in a container: its exit status, its streams, its terminal, what it sees of itself.
#include <gmock/gmock.h>

#include "tests/support/container_lab.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Run : public ContainerLab {};

TEST_F(Run, EndsAsTheProgramDid) {
  script("seven", "exit 7");
  script("suicide", "kill -9 $$");
  script("asks", "kill -TERM $$");
  EXPECT_EQ(in_box("--network none -- /bin/true").exit_status, 0);
  EXPECT_EQ(in_box("--network none -- false").exit_status, 1);
  EXPECT_EQ(in_box("--network none -- seven").exit_status, 7);
  // PID 1 is shielded from its own signals: a child of an init is not.
  EXPECT_EQ(in_box("--network none --init -- suicide").exit_status, 137);
  EXPECT_EQ(in_box("--network none --init -- asks").exit_status, 143);
}

TEST_F(Run, TellsAProgramThatIsNotThereFromOneThatIsNone) {
  write(box() + "/bin/text", "not a program");
  const auto missing = in_box("--network none -- nowhere");
  EXPECT_EQ(missing.exit_status, 127);
  EXPECT_THAT(missing.err, HasSubstr("executable file not found in $PATH"));
  EXPECT_EQ(in_box("--network none -- /bin/nowhere").exit_status, 127);
  EXPECT_EQ(in_box("--network none -- /bin/text").exit_status, 126);
  EXPECT_EQ(in_box("--network none -- /etc").exit_status, 126);
  EXPECT_EQ(run("netctl run --rootfs /nowhere -- true").exit_status, 125);
  EXPECT_EQ(in_box("--network no-such-network -- true").exit_status, 125);
}

TEST_F(Run, WhatFailsLeavesNothing) {
  const std::string before = traces();
  const std::string host = host_state();
  in_box("-- nowhere");
  in_box("--network no-such-network -- true");
  in_box("-v /nowhere:/x -- true");
  in_box("--sysctl net.core.no_such=1 -- true");
  in_box("--ip 10.99.99.99 -- true");
  in_box("-w /etc/passwd -- true");
  EXPECT_EQ(traces(), before);
  EXPECT_EQ(host_state(), host);
}

TEST_F(Run, ItsProgramIsNumberOneAndSeesNoOtherProcess) {
  script("who", "echo $$; set -- /proc/[0-9]*; echo $#");
  EXPECT_EQ(sure_in_box("--network none -- who"), "1\n1");
}

TEST_F(Run, WithAnInitItsProgramIsAChildAndOrphansAreReaped) {
  script("who", "echo $$");
  EXPECT_EQ(sure_in_box("--network none --init -- who"), "2");
  script("reaped",
         "orphan=$(sh -c 'sleep 0.05 >/dev/null & echo $!'); i=0;"
         "while test -e /proc/$orphan && test $i -lt 300; do i=$((i+1)); sleep 0.05; done;"
         "test -e /proc/$orphan && grep State /proc/$orphan/status || echo reaped");
  EXPECT_EQ(sure_in_box("--network none --init -- reaped"), "reaped");
}

TEST_F(Run, ItsStreamsAreOurs) {
  script("speak", "echo out; echo err >&2");
  const auto spoken = in_box("--network none -- speak");
  EXPECT_EQ(spoken.out, "out\n");
  EXPECT_EQ(spoken.err, "err\n");
  // Nobody's input unless it is asked for.
  EXPECT_EQ(sure_in_box("--network none -- readlink /proc/self/fd/0"), "/dev/null");
}

TEST_F(Run, ItHasATerminalWhereItIsWanted) {
  script("terminal", "tty; test -c /dev/console && echo console; stty size < /dev/tty");
  const std::string said = sure_in_box("--network none -t -- terminal");
  EXPECT_THAT(said, StartsWith("/dev/pts/0\r\nconsole\r\n"));
  EXPECT_EQ(in_box("--network none -- tty").out, "not a tty\n");
}

TEST_F(Run, ItsEnvironmentUserAndDirectoryAreAsTold) {
  script("tell", "echo $A $HOME $(pwd) $(id -u):$(id -g) $(id -G)");
  EXPECT_EQ(sure_in_box("--network none -e A=1 -- tell"), "1 /root / 0:0 0");
  EXPECT_EQ(sure_in_box("--network none -e A=2 -u user -w /tmp tell"),  // without the dashes
            "2 /home /tmp 1000:1000 1000 2000");
  EXPECT_EQ(sure_in_box("--network none -u user -w/tmp -e A=2 tell"),
            "2 /home /tmp 1000:1000 1000 2000");
  EXPECT_EQ(sure_in_box("--network none -u 5:6 -w /made/for/it -- tell"), "/ /made/for/it 5:6 6");
  EXPECT_EQ(in_box("--network none -u 1x -- true").exit_status, 125);
}

TEST_F(Run, NothingInItsArgumentsIsOurs) {
  // The names of our commands and flags, and what CLI libraries take for lists.
  EXPECT_EQ(sure_in_box("--network none echo ps -a --name web -- [a,b] --help"),
            "ps -a --name web -- [a,b] --help");
  EXPECT_THAT(in_box("--network none").err, HasSubstr("name the program to run"));
}

TEST_F(Run, ItsHostnameIsItsOwn) {
  const std::string ours = sure("hostname");
  EXPECT_EQ(sure_in_box("--network none --hostname elsewhere -- hostname"), "elsewhere");
  EXPECT_EQ(sure("hostname"), ours);
  // Otherwise the beginning of its id.
  EXPECT_EQ(sure_in_box("--network none -- hostname").size(), 12U);
  EXPECT_EQ(sure_in_box("--network none --uts host -- hostname"), ours);
}

TEST_F(Run, DetachedItIsLeftRunningAndItsEndIsRemembered) {
  script("serve", "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
  const std::string id = sure_in_box("--network none --name web -d -- serve");
  EXPECT_EQ(id.size(), 64U);
  EXPECT_EQ(sure("netctl ps --format {{.Name}}:{{.State}}"), "web:running");
  ASSERT_TRUE(eventually([&] { return sure("netctl logs web") == "ready"; }));
  sure("netctl stop web");
  EXPECT_THAT(sure("netctl ps -q"), IsEmpty());
  EXPECT_THAT(sure("netctl ps -a --format {{.Name}}:{{.State}}"), StartsWith("web:exited (3)"));
  EXPECT_EQ(sure("netctl logs web"), "ready\nbye");
  sure("netctl rm web");
  EXPECT_THAT(sure("netctl ps -a -q"), IsEmpty());
}

TEST_F(Run, RemovesItselfWhereThatIsWanted) {
  const std::string before = traces();
  sure_in_box("--rm -- true");
  EXPECT_EQ(traces(), before);
}

TEST_F(Run, ANameIsGivenOnce) {
  sure_in_box("--network none --name web -- true");
  const auto again = in_box("--network none --name web -- true");
  EXPECT_EQ(again.exit_status, 125);
  EXPECT_THAT(again.err, HasSubstr("netctl rm web"));
}

}  // namespace
}  // namespace netctl::test
