#pragma once

#include <string>

#include <gtest/gtest.h>

#include "runtime-core/addr/ip.hpp"
#include "tests/support/lab.hpp"

namespace netctl::test {

// A host with a client (Lab::connect_client), and each test once by IPv4 and once by IPv6. Base is
// Lab, or what is built on it.
template <class Base>
class TwoFamilies : public Base, public testing::WithParamInterface<Family> {
 protected:
  void SetUp() override {
    Base::SetUp();
    if (this->IsSkipped()) return;
    this->connect_client();
  }

  bool v6() const { return GetParam() == Family::V6; }
  // The host's address that the client knows.
  std::string host() const { return v6() ? "fd99::1" : "198.51.100.1"; }
};

inline std::string family_name(const testing::TestParamInfo<Family>& info) {
  return info.param == Family::V4 ? "V4" : "V6";
}

}  // namespace netctl::test
