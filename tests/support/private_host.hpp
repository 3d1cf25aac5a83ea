#pragma once

#include <string>

#include <gtest/gtest.h>

namespace netctl::test {

// A fixture in which the test is alone on its "host": the process moves into a network and a mount
// namespace of its own (in a user namespace when not root) with lo up, and an empty /run and
// /var/lib/cni. Everything vanishes with the process. gtest_discover_tests runs each test in its
// own process; a program that is run by hand with several such tests gets a fresh host for each.
// Where namespaces are not allowed the test is skipped and says why.
class PrivateHost : public testing::Test {
 protected:
  void SetUp() override;
};

}  // namespace netctl::test
