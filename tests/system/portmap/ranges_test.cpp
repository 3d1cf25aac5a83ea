// Many ports at once.
#include <regex>

#include <gmock/gmock.h>

#include "tests/system/portmap/portmap_host.hpp"

namespace netctl::test {
namespace {

using testing::HasSubstr;

class PortRange : public PortmapHost {
 protected:
  // The elements of the map, by their comments.
  std::ptrdiff_t count(const std::string& map) {
    const std::string text = run("nft list map inet netctl " + map).out;
    const std::regex comment("comment");
    return std::distance(std::sregex_iterator(text.begin(), text.end(), comment), {});
  }
};

TEST_F(PortRange, OfAThousandPortsIsOneElementAFamily) {
  sure("netctl add net web -p 8000-8999:8000-8999");

  EXPECT_EQ(count("publish4_range"), 1);
  EXPECT_EQ(count("publish6_range"), 1);
  EXPECT_EQ(count("publish4_any"), 0);
  EXPECT_EQ(run("netctl check net web").exit_status, 0);
  for (const std::uint16_t port : {std::uint16_t{8000}, std::uint16_t{8500}, std::uint16_t{8999}}) {
    Server server("web", port);
    EXPECT_EQ(ask("lan", kHost4, port, server), kLan4) << port;
    EXPECT_EQ(ask("lan", kHost6, port, server), kLan6) << port;
    EXPECT_EQ(ask("", "127.0.0.1", port, server), "10.7.0.1") << port;
  }
  Server beside("web", 9000);
  EXPECT_EQ(ask("lan", kHost4, 9000, beside), "");
}

TEST_F(PortRange, ThatIsShiftedWorksToo) {
  sure("netctl add net web -p 8000-8099:9000-9099");
  EXPECT_EQ(count("publish4_any"), 100);
  Server server("web", 9042);
  EXPECT_EQ(ask("lan", kHost4, 8042, server), kLan4);
  EXPECT_EQ(ask("lan", kHost6, 8042, server), kLan6);
}

TEST_F(PortRange, IsJoinedFromWhatStandsSideBySide) {
  sure("netctl add net web -p 8001:8001 -p 8000:8000 -p 8003:8003 -p 8002:8002/udp");
  EXPECT_THAT(run("nft list map inet netctl publish4_range").out, HasSubstr("tcp . 8000-8001"));
  EXPECT_EQ(count("publish4_range"), 1);
  EXPECT_EQ(count("publish4_any"), 2);
}

TEST_F(PortRange, GoesWithItsContainer) {
  const std::string before = host_state();
  sure("netctl add net web -p 8000-8999:8000-8999");
  sure("netctl del net web");
  EXPECT_EQ(host_state(), before);
}

TEST_F(PortRange, CheckMissesIt) {
  sure("netctl add net web -p 8000-8999:8000-8999");
  sure("nft flush map inet netctl publish4_range");
  const auto checked = run("netctl check net web");
  EXPECT_NE(checked.exit_status, 0);
  EXPECT_THAT(checked.err, HasSubstr("publish4_range { tcp . 8000-8999 } is missing"));
}

}  // namespace
}  // namespace netctl::test
