#include "tests/bench/seat.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <thread>

namespace netctl::bench {
namespace {

Result<std::shared_ptr<Seat>> seat_for(Lab& lab, const std::string& name,
                                       const MakeAttacher& make) {
  std::string host_name = name;
  std::ranges::replace_if(
      host_name, [](unsigned char letter) { return !std::isalnum(letter); }, '-');
  auto host = TRY(lab.make_host(host_name));
  auto attacher = TRY(make(host));
  return Seat::take(std::move(host), std::move(attacher));
}

// What is deleted is gone before the kernel is through with it (RCU), which is not to be a part of
// what comes next. Who waits for that instead of a DEL is orphaned, and so comes to us
// (Lab::enter).
void let_the_kernel_finish() {
  constexpr int kPatience = 500;  // ms
  for (int waited = 0; waited < kPatience && ::waitpid(-1, nullptr, WNOHANG) >= 0; ++waited) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

}  // namespace

Result<std::shared_ptr<Seat>> Seat::take(std::shared_ptr<Host> host,
                                         std::unique_ptr<Attacher> attacher) {
  std::shared_ptr<Seat> seat(new Seat(std::move(host), std::move(attacher)));
  seat->resident_ = {
      .id = "resident", .netns = TRY(seat->host_->add_container()), .number = 2, .host_port = 8002};
  seat->guest_ = {
      .id = "guest", .netns = TRY(seat->host_->add_container()), .number = 3, .host_port = 8003};
  TRY(seat->attacher_->add(seat->resident_));
  return seat;
}

Result<Samples> Seat::add_and_del() {
  const Stopwatch adding;
  const std::string result = TRY(attacher_->add(guest_));
  const double add = adding.elapsed();
  const double cpu = adding.cpu();
  const Stopwatch deleting;
  TRY(attacher_->del(guest_, result));
  return Samples{add, deleting.elapsed(), cpu};
}

Contestant seated(Lab& lab, const std::string& name, const MakeAttacher& make,
                  const std::function<Result<Samples>(Seat&)>& round,
                  const std::function<Status(Seat&)>& set_up) {
  auto seat = seat_for(lab, name, make);
  if (!seat) return absent(name, seat.error());
  if (set_up) {
    if (const Status done = set_up(**seat); !done) return absent(name, done.error());
  }
  return {.name = name, .measure = [seat = *seat, round] {
            auto samples = round(*seat);
            let_the_kernel_finish();
            return samples;
          }};
}

}  // namespace netctl::bench
