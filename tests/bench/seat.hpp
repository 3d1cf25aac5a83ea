#pragma once

#include <memory>
#include <string>

#include "tests/bench/attacher.hpp"
#include "tests/bench/scenario.hpp"

namespace netctl::bench {

// A contestant's place: a host on which one container is attached and stays, so that its network's
// bridge and rules are there, and the namespace of another that comes and goes.
class Seat {
 public:
  static Result<std::shared_ptr<Seat>> take(std::shared_ptr<Host> host,
                                            std::unique_ptr<Attacher> attacher);

  // The guest's ADD and DEL: milliseconds of each, and of processor time of the ADD.
  Result<Samples> add_and_del();

  Host& host() { return *host_; }
  Attacher& attacher() { return *attacher_; }
  const Attachment& resident() const { return resident_; }
  const Attachment& guest() const { return guest_; }

 private:
  Seat(std::shared_ptr<Host> host, std::unique_ptr<Attacher> attacher)
      : host_(std::move(host)), attacher_(std::move(attacher)) {}

  std::shared_ptr<Host> host_;
  std::unique_ptr<Attacher> attacher_;
  Attachment resident_{};
  Attachment guest_{};
};

using MakeAttacher = std::function<Result<std::unique_ptr<Attacher>>(std::shared_ptr<Host>)>;

// A contestant that does `round` on a seat of its own; `set_up` is done once, before.
Contestant seated(Lab& lab, const std::string& name, const MakeAttacher& make,
                  const std::function<Result<Samples>(Seat&)>& round,
                  const std::function<Status(Seat&)>& set_up = {});

}  // namespace netctl::bench
