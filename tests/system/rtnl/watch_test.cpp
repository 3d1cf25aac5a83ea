#include "runtime-core/rtnl/watch.hpp"

#include "tests/system/rtnl/rtnl_host.hpp"

namespace netctl::rtnl {
namespace {

using namespace std::chrono_literals;

class Watches : public RtnlHost {
 protected:
  static Watch open(Watch::What what) { return Watch::open(what).value(); }
  static bool has_changed(Watch& watch) { return watch.wait(Watch::Clock::now()).value(); }
};

TEST_F(Watches, TellAChangeOnce) {
  Watch watch = open(Watch::What::Links);
  EXPECT_FALSE(has_changed(watch));

  bridge("br0");

  EXPECT_TRUE(has_changed(watch));
  EXPECT_FALSE(has_changed(watch));
}

TEST_F(Watches, OfAddressesSayNothingOfLinks) {
  Watch watch = open(Watch::What::Ipv6Addresses);
  veth("a", "b");
  EXPECT_FALSE(has_changed(watch));

  bridge("br0", {"fd00::2/64"});
  // The kernel tells of it from a work queue.
  EXPECT_TRUE(watch.wait(Watch::Clock::now() + 10s).value());
}

TEST_F(Watches, SurviveMoreChangesThanTheKernelKeepsForThem) {
  Watch watch = open(Watch::What::Links);
  const int index = bridge("br0");
  Batch batch;
  for (std::uint32_t i = 0; i < 2000; ++i) batch.change_link({.link = index, .mtu = 1300 + i % 2});
  ASSERT_THAT(apply(batch), Succeeds());

  EXPECT_TRUE(has_changed(watch));
  EXPECT_FALSE(has_changed(watch));
}

TEST_F(Watches, EndAWaitWhenTheStateHasCome) {
  bridge("br0");
  std::optional<std::thread> later;
  const auto open_watch = [&] {
    auto watch = Watch::open(Watch::What::Links);
    later.emplace([this] {
      EXPECT_THAT(apply(Batch().change_link({.link = "br0", .up = false})), Succeeds());
    });
    return watch;
  };
  auto looking = RouteSocket::open();
  ASSERT_THAT(looking, Succeeds());
  const auto is_down = [&]() -> Result<bool> { return !TRY(looking->link_by_name("br0")).up; };

  const auto came = wait_until(10s, open_watch, is_down);
  later->join();

  ASSERT_THAT(came, Succeeds());
  EXPECT_TRUE(*came);
}

TEST_F(Watches, EndAWaitWhenPatienceDoes) {
  const auto came = wait_until(
      20ms, [] { return Watch::open(Watch::What::Links); }, []() -> Result<bool> { return false; });

  ASSERT_THAT(came, Succeeds());
  EXPECT_FALSE(*came);
}

}  // namespace
}  // namespace netctl::rtnl
