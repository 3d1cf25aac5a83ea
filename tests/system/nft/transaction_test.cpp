#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string>

#include <gmock/gmock.h>

#include "tests/support/matchers.hpp"
#include "tests/system/nft/nft_host.hpp"

namespace netctl::nft {
namespace {

using netctl::test::FailsSaying;
using netctl::test::FailsWith;
using netctl::test::Succeeds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class NftTransaction : public NftHost {
 protected:
  bool has_table(const std::string& table) {
    const auto there = socket().has_table(table);
    EXPECT_THAT(there, Succeeds());
    return there.has_value() && *there;
  }
  std::uint32_t generation() {
    const auto number = socket().generation();
    EXPECT_THAT(number, Succeeds());
    return number.has_value() ? *number : 0;
  }
};

TEST_F(NftTransaction, ATableComesAndGoesWithAllItContains) {
  EXPECT_FALSE(has_table("netctl"));
  ASSERT_THAT(socket().apply(product_table().add(published(80))), Succeeds());
  EXPECT_TRUE(has_table("netctl"));
  ASSERT_THAT(socket().apply(Batch("netctl").delete_table()), Succeeds());
  EXPECT_FALSE(has_table("netctl"));
}

TEST_F(NftTransaction, WhatIsEnsuredMayBeThere) {
  Batch batch("netctl");
  batch.add_table()
      .add(publish_map())
      .add(Chain{.name = "c"})
      .add(Chain{.name = "raw", .hook = Hook{.priority = -300}});
  ASSERT_THAT(socket().apply(batch), Succeeds());
  EXPECT_THAT(socket().apply(batch), Succeeds());
}

TEST_F(NftTransaction, WhatMustBeNewMayNot) {
  ASSERT_THAT(socket().apply(product_table()), Succeeds());
  EXPECT_THAT(socket().apply(Batch("netctl").add_table(Add::Exclusive)), FailsWith(Errc::Exists));
  EXPECT_THAT(socket().apply(Batch("netctl").add(publish_map(), Add::Exclusive)),
              FailsWith(Errc::Exists));
  EXPECT_THAT(socket().apply(Batch("netctl").add(Chain{.name = "publish"}, Add::Exclusive)),
              FailsWith(Errc::Exists));
}

TEST_F(NftTransaction, NothingIsMadeWhenOneChangeFails) {
  Batch batch("netctl");
  batch.add_table().add(Chain{.name = "c"}).remove(Chain{.name = "nothing"});
  EXPECT_THAT(socket().apply(batch), FailsWith(Errc::NotFound));
  EXPECT_FALSE(has_table("netctl"));
}

TEST_F(NftTransaction, TheErrorNamesTheChangeInNftsWords) {
  ASSERT_THAT(socket().apply(product_table().add(published(8080))), Succeeds());
  Batch batch("netctl");
  batch.add(published(8081)).add(published(8080)).add(published(8082));

  EXPECT_THAT(socket().apply(batch),
              FailsSaying("create element inet netctl publish4_any { tcp . 8080 comment \"web\" : "
                          "172.17.0.2 . 80 }: File exists"));
  const auto refusal = socket().try_apply(batch);
  ASSERT_THAT(refusal, Succeeds());
  ASSERT_TRUE(*refusal);
  EXPECT_EQ((*refusal)->change, 1U);
  EXPECT_EQ((*refusal)->error.code, Errc::Exists);
  EXPECT_EQ((*refusal)->error.message, "File exists");
}

TEST_F(NftTransaction, AChangeThatMakesNoSenseIsRefusedByItsPlaceToo) {
  Batch batch("netctl");
  batch.add_table().add(Chain{.name = ""});
  const auto refusal = socket().try_apply(batch);
  ASSERT_THAT(refusal, Succeeds());
  ASSERT_TRUE(*refusal);
  EXPECT_EQ((*refusal)->change, 1U);
  EXPECT_EQ((*refusal)->error.code, Errc::InvalidArgument);
  EXPECT_FALSE(has_table("netctl"));
}

TEST_F(NftTransaction, ARuleNeedsTheMapItLooksInto) {
  Batch batch("netctl");
  batch.add_table()
      .add(Chain{.name = "c"})
      .add(Rule{.chain = "c", .statements = {VerdictOf{.key = {Field::DestV4}, .map = "nothing"}}});
  EXPECT_THAT(socket().apply(batch), FailsWith(Errc::NotFound));
}

TEST_F(NftTransaction, AChainGoesWithItsRules) {
  ASSERT_THAT(socket().apply(product_table()), Succeeds());
  EXPECT_THAT(socket().apply(Batch("netctl").remove(Chain{.name = "masq_172.17.0.0/16"})),
              Succeeds());
}

TEST_F(NftTransaction, AChainThatARuleLeadsToStays) {
  ASSERT_THAT(socket().apply(product_table()), Succeeds());
  EXPECT_THAT(socket().apply(Batch("netctl").remove(Chain{.name = "publish"})),
              FailsWith(Errc::TryAgain));
}

TEST_F(NftTransaction, DeletingWhatIsNotThereIsRefused) {
  EXPECT_THAT(socket().apply(Batch("netctl").delete_table()), FailsWith(Errc::NotFound));
  EXPECT_THAT(socket().apply(Batch("netctl").remove(Chain{.name = "c"})),
              FailsWith(Errc::NotFound));
}

TEST_F(NftTransaction, NoChangesAreMadeAtOnce) {
  const std::uint32_t before = generation();
  EXPECT_THAT(socket().apply(Batch("netctl")), Succeeds());
  EXPECT_EQ(generation(), before);
}

TEST_F(NftTransaction, EachTransactionOfAnybodyMakesAGeneration) {
  auto other = Socket::open();
  ASSERT_THAT(other, Succeeds());
  const std::uint32_t before = generation();
  ASSERT_THAT(other->apply(Batch("other").add_table()), Succeeds());
  EXPECT_GT(generation(), before);
}

TEST_F(NftTransaction, AChangeForAnOldGenerationIsRefused) {
  const std::uint32_t seen = generation();
  ASSERT_THAT(socket().apply(Batch("other").add_table()), Succeeds());

  const auto refusal = socket().try_apply(Batch("netctl").add_table(), seen);
  ASSERT_THAT(refusal, Succeeds());
  ASSERT_TRUE(*refusal);
  EXPECT_EQ((*refusal)->change, std::nullopt);
  EXPECT_EQ((*refusal)->error.code, Errc::TryAgain);
  EXPECT_FALSE(has_table("netctl"));
}

TEST_F(NftTransaction, AChangeForTheCurrentGenerationIsMade) {
  EXPECT_THAT(socket().apply(Batch("netctl").add_table(), generation()), Succeeds());
  EXPECT_TRUE(has_table("netctl"));
}

TEST_F(NftTransaction, ChainsAreThoseOfTheTableAsTheyWereMade) {
  Batch batch("netctl");
  batch.add_table()
      .add(Chain{.name = "b"})
      .add(Chain{.name = "a", .hook = Hook{}})
      .add(Chain{.name = "masq_fd00_1__/64"});
  ASSERT_THAT(socket().apply(batch), Succeeds());
  ASSERT_THAT(socket().apply(Batch("other").add_table().add(Chain{.name = "c"})), Succeeds());

  const auto chains = socket().chains("netctl");
  ASSERT_THAT(chains, Succeeds());
  EXPECT_THAT(*chains, ElementsAre("b", "a", "masq_fd00_1__/64"));
}

TEST_F(NftTransaction, ATableThatIsNotThereHasNoChains) {
  const auto chains = socket().chains("netctl");
  ASSERT_THAT(chains, Succeeds());
  EXPECT_THAT(*chains, IsEmpty());
}

TEST_F(NftTransaction, ASocketStaysWithTheNamespaceItWasOpenedIn) {
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  ASSERT_THAT(socket().apply(Batch("netctl").add_table()), Succeeds());
  auto here = Socket::open();
  ASSERT_THAT(here, Succeeds());
  const auto there = here->has_table("netctl");
  ASSERT_THAT(there, Succeeds());
  EXPECT_FALSE(*there);
  EXPECT_TRUE(has_table("netctl"));
}

// Takes all capabilities from the thread until it goes out of scope.
class Powerless {
 public:
  Powerless() {
    call(SYS_capget, before_);
    auto none = before_;
    for (auto& word : none) word.effective = 0;
    call(SYS_capset, none);
  }
  ~Powerless() { call(SYS_capset, before_); }
  Powerless(const Powerless&) = delete;
  Powerless& operator=(const Powerless&) = delete;

 private:
  using Sets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;
  static void call(long number, Sets& sets) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    EXPECT_EQ(::syscall(number, &header, sets.data()), 0);
  }
  Sets before_{};
};

TEST_F(NftTransaction, WithoutTheCapabilityTheErrorNamesIt) {
  const Powerless user;
  const Status status = socket().apply(Batch("netctl").add_table());
  EXPECT_THAT(status, FailsWith(Errc::PermissionDenied));
  EXPECT_THAT(status, FailsSaying(HasSubstr("CAP_NET_ADMIN")));
}

}  // namespace
}  // namespace netctl::nft
