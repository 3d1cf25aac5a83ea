// A port that somebody has already is refused, with the holder's name, and nothing is left.
#include <unistd.h>

#include <gmock/gmock.h>

#include "tests/system/portmap/portmap_host.hpp"

namespace netctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class TakenPort : public PortmapHost {
 protected:
  // The error of an add that has to fail and leave nothing.
  std::string refusal(const std::string& ports) {
    const std::string before = host_state();
    const auto finished = run("netctl add net web " + ports);
    EXPECT_EQ(finished.exit_status, 1) << ports << finished.out;
    EXPECT_EQ(host_state(), before) << ports;
    return finished.err;
  }
};

TEST_F(TakenPort, ByAProgramOfTheHostNamesIt) {
  const Server server("", 8080);
  EXPECT_THAT(refusal("-p 8080:80"),
              AllOf(HasSubstr("host port 8080/tcp is in use by system-portmap"),
                    HasSubstr(format("pid {}", ::getpid()))));
  EXPECT_THAT(refusal("-p 8000-8999"), HasSubstr("host port 8080/tcp is in use"));
  EXPECT_THAT(refusal("-p 203.0.113.1:8080:80"), HasSubstr("203.0.113.1:8080/tcp is in use"));
  EXPECT_THAT(refusal("-p [2001:db8::1]:8080:80"), HasSubstr("[2001:db8::1]:8080/tcp is in use"));
  sure("netctl add net web -p 8080:80/udp -p 8081:80");
}

TEST_F(TakenPort, ByAUdpSocketToo) {
  const Server server("", 5353, Transport::Udp);
  EXPECT_THAT(refusal("-p 5353:53/udp"), HasSubstr("host port 5353/udp is in use by"));
  sure("netctl add net web -p 5353:53/tcp");
}

TEST_F(TakenPort, InsideAContainerConcernsNobody) {
  sure("netctl add net neighbour");
  const Server inside("neighbour", 8080);
  sure("netctl add net web -p 8080:80");
}

TEST_F(TakenPort, ByAnotherContainerAloneOrInARange) {
  sure("netctl add net neighbour -p 8000-8099 -p 9000:90 -p 127.0.0.1:9500:95");
  const std::string holder = "is published already by net/cnitool-";
  EXPECT_THAT(refusal("-p 8050:80"), AllOf(HasSubstr("8000-8099/tcp"), HasSubstr(holder)));
  EXPECT_THAT(refusal("-p 127.0.0.1:8050:80"), HasSubstr("8000-8099/tcp"));
  EXPECT_THAT(refusal("-p 8099-8199"), HasSubstr("8000-8099/tcp"));
  EXPECT_THAT(refusal("-p 8010-8020"), HasSubstr("8000-8099/tcp"));
  EXPECT_THAT(refusal("-p 7000-8999"), HasSubstr("8000-8099/tcp"));  // covers it
  EXPECT_THAT(refusal("-p 8999-9001"), HasSubstr("9000/tcp"));
  EXPECT_THAT(refusal("-p 9499-9501"), HasSubstr("127.0.0.1:9500/tcp"));
  EXPECT_THAT(refusal("-p 9499-9519:80-100"), HasSubstr("127.0.0.1:9500/tcp"));  // not a range
  sure("netctl add net web -p 8000-8099:8000-8099/udp -p 8100-8199 -p 127.0.0.2:9500:95");
}

TEST_F(TakenPort, TwiceInOneCallIsRefusedBeforeAnythingIsTouched) {
  EXPECT_THAT(refusal("-p 8080:80 -p 8080:81"), HasSubstr("8080:80/tcp is asked for twice"));
  EXPECT_THAT(refusal("-p 8000-8010 -p 8005:80"), HasSubstr("asked for twice"));
  EXPECT_THAT(refusal("-p 8080:80 -p 127.0.0.1:8080:81"), HasSubstr("asked for twice"));
}

}  // namespace
}  // namespace netctl::test
