#include "runtime-core/addr/port.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.hpp"

namespace netctl {
namespace {

using test::FailsSaying;
using test::FailsWith;
using test::Succeeds;
using testing::HasSubstr;

TEST(Port, IsANumberFromOneTo65535) {
  EXPECT_EQ(parse_port("1").value(), 1);
  EXPECT_EQ(parse_port("80").value(), 80);
  EXPECT_EQ(parse_port("65535").value(), 65535);
}

TEST(Port, IsRefusedWithTheReason) {
  const struct {
    std::string input;
    std::string message;
  } table[] = {
      {"", "\"\" is not a port number"},
      {"http", "\"http\" is not a port number"},
      {"80x", "\"80x\" is not a port number"},
      {" 80", "\" 80\" is not a port number"},
      {"80 ", "\"80 \" is not a port number"},
      {"+80", "\"+80\" is not a port number"},
      {"-1", "\"-1\" is not a port number"},
      {"8.0", "\"8.0\" is not a port number"},
      {"0", "port 0 is out of range: give 1 to 65535"},
      {"65536", "port 65536 is out of range: give 1 to 65535"},
      {"99999999999999999999", "port 99999999999999999999 is out of range: give 1 to 65535"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.input);
    EXPECT_THAT(parse_port(row.input), FailsSaying(row.message));
    EXPECT_THAT(parse_port(row.input), FailsWith(Errc::InvalidArgument));
  }
}

TEST(Protocol, IsReadInAnyCase) {
  const struct {
    std::string input;
    Protocol protocol;
  } table[] = {{"tcp", Protocol::Tcp}, {"UDP", Protocol::Udp}, {"Sctp", Protocol::Sctp}};
  for (const auto& row : table) {
    SCOPED_TRACE(row.input);
    ASSERT_THAT(parse_protocol(row.input), Succeeds());
    EXPECT_EQ(*parse_protocol(row.input), row.protocol);
  }
  EXPECT_EQ(to_text(Protocol::Tcp), "tcp");
  EXPECT_EQ(to_text(Protocol::Udp), "udp");
  EXPECT_EQ(to_text(Protocol::Sctp), "sctp");
}

TEST(Protocol, IsRefusedWithTheOnesThereAre) {
  EXPECT_THAT(parse_protocol("icmp"),
              FailsSaying("protocol \"icmp\" is not one of tcp, udp, sctp"));
  EXPECT_THAT(parse_protocol(""), FailsSaying("protocol \"\" is not one of tcp, udp, sctp"));
}

std::vector<std::string> texts(const std::vector<PortMapping>& mappings) {
  std::vector<std::string> result;
  for (const PortMapping& mapping : mappings) result.push_back(mapping.to_text());
  return result;
}

TEST(PublishedPort, IsReadInEachForm) {
  const struct {
    std::string input;
    std::vector<std::string> mappings;
  } table[] = {
      {"80", {"80:80/tcp"}},
      {"80/udp", {"80:80/udp"}},
      {"8080:80", {"8080:80/tcp"}},
      {"8080:80/tcp", {"8080:80/tcp"}},
      {"5353:53/UDP", {"5353:53/udp"}},
      {"3868:3868/sctp", {"3868:3868/sctp"}},
      {"127.0.0.1:8080:80", {"127.0.0.1:8080:80/tcp"}},
      {"0.0.0.0:8080:80", {"0.0.0.0:8080:80/tcp"}},
      {"[::1]:8080:80", {"[::1]:8080:80/tcp"}},
      {"[FD00:0::5]:5353:53/udp", {"[fd00::5]:5353:53/udp"}},
      {"8000-8002", {"8000:8000/tcp", "8001:8001/tcp", "8002:8002/tcp"}},
      {"8000-8001:80-81/udp", {"8000:80/udp", "8001:81/udp"}},
      {"10.0.0.1:9000-9001:90-91", {"10.0.0.1:9000:90/tcp", "10.0.0.1:9001:91/tcp"}},
      {"80-80:90", {"80:90/tcp"}},
      {"65535:65535", {"65535:65535/tcp"}},
      {"0:80", {"0:80/tcp"}},
      {"0:80-81/udp", {"0:80/udp", "0:81/udp"}},
      {"127.0.0.1::80", {"127.0.0.1:0:80/tcp"}},
      {"[::1]::80", {"[::1]:0:80/tcp"}},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.input);
    const auto mappings = parse_publish(row.input);
    ASSERT_THAT(mappings, Succeeds());
    EXPECT_EQ(texts(*mappings), row.mappings);
  }
}

TEST(PublishedPort, HasItsPartsInHostByteOrder) {
  const auto mappings = parse_publish("127.0.0.1:8080:80/udp");

  ASSERT_THAT(mappings, Succeeds());
  EXPECT_EQ(*mappings, (std::vector<PortMapping>{{.host_ip = IpAddress::v4(127, 0, 0, 1),
                                                  .host_port = 8080,
                                                  .container_port = 80,
                                                  .protocol = Protocol::Udp}}));
}

TEST(PublishedPort, CanBeEveryPort) {
  const auto mappings = parse_publish("1-65535");

  ASSERT_THAT(mappings, Succeeds());
  EXPECT_EQ(mappings->size(), 65535U);
  EXPECT_EQ(mappings->back().to_text(), "65535:65535/tcp");
}

TEST(PublishedPort, WithoutAHostAddressIsOnAllOfThem) {
  const auto mappings = parse_publish("8080:80");

  ASSERT_THAT(mappings, Succeeds());
  EXPECT_FALSE(mappings->front().host_ip);
}

TEST(PublishedPorts, AreAskedForOnceEach) {
  const struct {
    std::vector<std::string> inputs;
    std::string why;  // empty: fine
  } table[] = {
      {{"8080:80", "8080:80/udp", "8081:80"}, ""},
      {{"127.0.0.1:8080:80", "127.0.0.2:8080:80"}, ""},
      {{"0.0.0.0:8080:80", "[::]:8080:80"}, ""},
      {{"0.0.0.0:8080:80", "[::1]:8080:80"}, ""},
      {{"0.0.0.0:0:80", "[::]:0:80", "0:81", "0:80/udp"}, ""},
      {{"8080:80", "8080:80"},
       "port 8080:80/tcp is asked for twice, the other time as 8080:80/tcp"},
      {{"8080:80", "8080:81"},
       "port 8080:80/tcp is asked for twice, the other time as 8080:81/tcp"},
      {{"8080:80", "[::1]:8080:80"},
       "port 8080:80/tcp is asked for twice, the other time as [::1]:8080:80/tcp"},
      {{"127.0.0.1:8080:80", "0.0.0.0:8080:80"},
       "port 127.0.0.1:8080:80/tcp is asked for twice, the other time as 0.0.0.0:8080:80/tcp"},
      {{"8000-8999", "8500:80"},
       "port 8500:8500/tcp is asked for twice, the other time as 8500:80/tcp"},
      {{"0:80", "0:80"}, "port 0:80/tcp is asked for twice, the other time as 0:80/tcp"},
  };
  for (const auto& row : table) {
    std::vector<PortMapping> all;
    for (const std::string& input : row.inputs) {
      for (const PortMapping& one : parse_publish(input).value()) all.push_back(one);
    }
    SCOPED_TRACE(row.inputs.back());
    if (row.why.empty()) {
      EXPECT_THAT(refuse_repeated(all), Succeeds());
    } else {
      EXPECT_THAT(refuse_repeated(all), FailsSaying(row.why));
    }
  }
}

TEST(PublishedPort, IsRefusedWithTheReason) {
  const struct {
    std::string input;
    std::string why;
  } table[] = {
      {"", "\"\" is not a port number"},
      {"http", "\"http\" is not a port number"},
      {"8080:", "\"\" is not a port number"},
      {":80", "\"\" is not a port number"},
      {"0-1:80-81", "port 0 is out of range: give 1 to 65535"},
      {"8080:65536", "port 65536 is out of range: give 1 to 65535"},
      {"-80", "\"\" is not a port number"},
      {"80-", "\"\" is not a port number"},
      {"1-2-3", "\"2-3\" is not a port number"},
      {"90-80", "port range \"90-80\" ends before it begins"},
      {"8000-8002:80-81", "3 host ports for 2 container ports"},
      {"8000:80-81", "1 host ports for 2 container ports"},
      {"80/icmp", "protocol \"icmp\" is not one of tcp, udp, sctp"},
      {"80/", "protocol \"\" is not one of tcp, udp, sctp"},
      {"80/tcp/udp", "protocol \"tcp/udp\" is not one of tcp, udp, sctp"},
      {"localhost:8080:80", "\"localhost\" is not an IP address"},
      {"1.2.3:8080:80", "\"1.2.3\" is not an IP address"},
      {":8080:80", "\"\" is not an IP address"},
      {"1:2:3:80", "\"1:2\" is not an IP address"},
      {"::1:8080:80", "write the IPv6 address in brackets: [::1]"},
      {"[::1]:80", "\"[::1]\" is not a port number"},
      {"[::1:8080:80", "\"[::1\" is not an IP address"},
      {"[]:8080:80", "\"\" is not an IP address"},
      {"[::g]:8080:80", "\"::g\" is not an IP address"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.input);
    EXPECT_THAT(parse_publish(row.input),
                FailsSaying("published port \"" + row.input + "\": " + row.why));
    EXPECT_THAT(parse_publish(row.input), FailsWith(Errc::InvalidArgument));
  }
}

}  // namespace
}  // namespace netctl
