#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime-core/base/result.hpp"

// What is measured, as data. A scenario sets something up for each contestant and gives a figure or
// several with each of its rounds; a figure is a row of the table.
namespace netctl::bench {

class Lab;

inline constexpr char kOurs[] = "ours";
inline constexpr char kReference[] = "reference";
inline constexpr char kNetavark[] = "netavark";
inline constexpr char kFloor[] = "floor";

enum class Better { Less, More };

// What is to be reached: ours and another contestant's figure, as a factor.
struct Reach {
  enum class Kind {
    FasterBy,  // ours is better by at least this factor
    AtMost,    // ours is at most this many times the other's
    Within,    // ours is not worse than the other's by more than this factor
    Absolute,  // ours is at most this; there is no other
  };
  Kind kind = Kind::AtMost;
  double factor = 1;
  std::string against{};
};

struct Figure {
  std::string title{};  // what people read: "chain ADD"
  std::string unit{};   // "ms"
  Better better = Better::Less;
  std::vector<Reach> reach{};
};

// One sample for each figure of the scenario, in their order.
using Samples = std::vector<double>;

struct Contestant {
  std::string name{};
  // Takes part in one round. The first error ends its part: it is named with it, and has no figure.
  std::function<Result<Samples>()> measure{};
};

// A contestant that cannot take part, and why.
inline Contestant absent(std::string name, const Error& why) {
  return {.name = std::move(name), .measure = [why]() -> Result<Samples> { return why; }};
}

struct Scenario {
  std::string name{};  // for --rows
  std::vector<Figure> figures{};
  int rounds = 1;  // each contestant takes part in so many, in turn with the others
  // What the contestants need lives as long as they do.
  std::function<std::vector<Contestant>(Lab&)> prepare{};
};

}  // namespace netctl::bench
