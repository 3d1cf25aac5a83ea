#pragma once

#include "tests/bench/seat.hpp"

// How contestants attach, for seated().
namespace netctl::bench {

inline MakeAttacher chain_of(const std::string& directory, const Network& network) {
  return
      [=](std::shared_ptr<Host> host) { return plugin_chain(std::move(host), directory, network); };
}

inline MakeAttacher floor_of(const Programs& programs, const Network& network) {
  return [=](std::shared_ptr<Host> host) { return floor(std::move(host), programs, network); };
}

inline MakeAttacher netavark_of(const Programs& programs) {
  return [=](std::shared_ptr<Host> host) { return netavark(std::move(host), programs); };
}

inline MakeAttacher netctl_of(const Programs& programs) {
  return [=](std::shared_ptr<Host> host) {
    return netctl_command(std::move(host), programs, Network{});
  };
}

}  // namespace netctl::bench
