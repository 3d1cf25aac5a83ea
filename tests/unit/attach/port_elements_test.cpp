#include "runtime-core/attach/port_elements.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "runtime-core/nft/batch.hpp"
#include "tests/support/addresses.hpp"

namespace netctl::attach {
namespace {

using testing::ElementsAre;

// What -p says, for a container of that address.
std::vector<PublishedPort> ports(const std::vector<std::string>& texts,
                                 const std::string& container = "172.17.0.2") {
  std::vector<PublishedPort> all;
  for (const std::string& text : texts) {
    for (const PortMapping& mapping : parse_publish(text).value()) {
      all.push_back({.mapping = mapping, .container = ip(container)});
    }
  }
  return all;
}

std::vector<std::string> elements(const std::vector<PublishedPort>& published) {
  std::vector<std::string> texts;
  for (const nft::Element& element : port_elements("web", published)) {
    texts.push_back(
        format("{} {} : {}", element.set, nft::to_text(element.key), nft::to_text(element.data)));
  }
  return texts;
}

TEST(PortElements, APortIsOneElementOfTheMapOfItsAddress) {
  EXPECT_THAT(elements(ports({"8080:80", "203.0.113.5:5353:53/udp", "0.0.0.0:81:81"})),
              ElementsAre("publish4_any tcp . 81 : 172.17.0.2 . 81",
                          "publish4_any tcp . 8080 : 172.17.0.2 . 80",
                          "publish4 203.0.113.5 . udp . 5353 : 172.17.0.2 . 53"));
  EXPECT_THAT(elements(ports({"[::1]:8080:80"}, "fd00::2")),
              ElementsAre("publish6 ::1 . tcp . 8080 : fd00::2 . 80"));
}

TEST(PortElements, PortsThatKeepTheirNumbersAreJoined) {
  EXPECT_THAT(elements(ports({"8000-8999", "8999:8999/udp"})),
              ElementsAre("publish4_range tcp . 8000-8999 : 172.17.0.2",
                          "publish4_any udp . 8999 : 172.17.0.2 . 8999"));
  EXPECT_THAT(elements(ports({"8001", "8003", "8000", "8004"})),
              ElementsAre("publish4_range tcp . 8000-8001 : 172.17.0.2",
                          "publish4_range tcp . 8003-8004 : 172.17.0.2"));
  EXPECT_THAT(elements(ports({"1-65535"})),
              ElementsAre("publish4_range tcp . 1-65535 : 172.17.0.2"));
}

TEST(PortElements, ThoseThatDoNotOrAreOnOneAddressStayAlone) {
  EXPECT_EQ(elements(ports({"8000-8001:9000-9001"})).size(), 2U);
  EXPECT_EQ(elements(ports({"127.0.0.1:8000-8001:8000-8001"})).size(), 2U);
}

TEST(PortElements, AreReadAsTheyWereWritten) {
  std::vector<PublishedPort> read;
  for (const auto& element :
       port_elements("web", ports({"0.0.0.0:8000-8002:8000-8002", "127.0.0.1:8080:80/udp"}))) {
    for (const PublishedPort& port : ports_in(element)) read.push_back(port);
  }
  EXPECT_EQ(read, ports({"0.0.0.0:8000-8002:8000-8002", "127.0.0.1:8080:80/udp"}));
}

TEST(PortElements, OverlapWhereTheyShareAPortOfAProtocol) {
  const auto there = port_elements("web", ports({"8000-8099", "9000-9001"}));
  const auto is_in_the_way = [&](std::vector<PortSpan> spans) {
    return find_overlap(there, spans) != nullptr;
  };
  EXPECT_TRUE(is_in_the_way({{Protocol::Tcp, 8000, 8000}}));
  EXPECT_TRUE(is_in_the_way({{Protocol::Tcp, 8099, 8199}}));
  EXPECT_TRUE(is_in_the_way({{Protocol::Tcp, 7000, 8999}}));
  EXPECT_TRUE(is_in_the_way({{Protocol::Tcp, 1, 1}, {Protocol::Tcp, 9001, 9001}}));
  EXPECT_TRUE(is_in_the_way({{Protocol::Tcp, 8010, 8010}, {Protocol::Tcp, 10000, 10000}}));
  EXPECT_FALSE(is_in_the_way({{Protocol::Tcp, 7999, 7999}, {Protocol::Tcp, 8100, 8999}}));
  EXPECT_FALSE(is_in_the_way({{Protocol::Udp, 8000, 8099}}));
  EXPECT_FALSE(is_in_the_way({}));
}

}  // namespace
}  // namespace netctl::attach
