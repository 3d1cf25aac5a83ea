#include "netctl/firewall_watch.hpp"

#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>

#include "netctl/output.hpp"
#include "netctl/upkeep.hpp"
#include "plugins/built_ins.hpp"
#include "runtime-core/attach/own_tables.hpp"
#include "runtime-core/base/log.hpp"
#include "runtime-core/cni/plugin.hpp"

namespace netctl::command {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Who flushes a ruleset often does it in several transactions, or loads another one right after.
constexpr milliseconds kNewsGather{100};
// When putting back failed, which is when the kernel was short of something.
constexpr milliseconds kRetry{5000};

// SIGTERM and SIGINT as something to wait for.
Result<UniqueFd> open_stop_signal() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return system_error(errno, "block signals");
  UniqueFd stop(::signalfd(-1, &signals, SFD_CLOEXEC));
  if (!stop) return system_error(errno, "open a file for signals");
  return stop;
}

enum class RuleEvent { Stop, News, Due };

// What comes first; `due` may be never.
Result<RuleEvent> wait(const nft::RemovalWatch& watch, const UniqueFd& stop,
                       std::optional<Clock::time_point> due) {
  std::array<pollfd, 2> files{{{.fd = stop.get(), .events = POLLIN, .revents = 0},
                               {.fd = watch.fd(), .events = POLLIN, .revents = 0}}};
  while (true) {
    int patience = -1;
    if (due) {
      const auto left = std::chrono::ceil<milliseconds>(*due - Clock::now());
      patience = static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
    }
    const int ready = ::poll(files.data(), files.size(), patience);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return system_error(errno, "wait for nftables notifications");
    if (files[0].revents != 0) return RuleEvent::Stop;
    if (due && Clock::now() >= *due) return RuleEvent::Due;
    if (files[1].revents != 0) return RuleEvent::News;
  }
}

Status report(std::size_t count) { return count == 0 ? ok() : print(put_back_text(count)); }

bool has_loss(const nft::RemovalWatch::News& news) {
  return news.overrun || std::ranges::any_of(news.removals, is_loss);
}

}  // namespace

bool is_loss(const nft::Removal& removal) {
  std::vector<nft::Table> concerned{{"filter", nft::TableFamily::Ip},
                                    {"filter", nft::TableFamily::Ip6}};
  for (const attach::OwnedTable* own : attach::own_tables()) concerned.push_back(own->table);
  const auto is_it = [&](const nft::Table& table) { return removal.is_of(table); };
  if (std::ranges::none_of(concerned, is_it)) return false;
  if (removal.program == "netctl") return false;
  return std::ranges::none_of(plugins::built_ins(), [&](const cni::Plugin* plugin) {
    return plugin->name() == removal.program;
  });
}

Status watch_firewall(const Settings& settings) {
  const UniqueFd stop = TRY(open_stop_signal());
  nft::RemovalWatch watch = TRY(nft::RemovalWatch::open());
  const std::size_t lost_before = TRY(put_back(settings));
  TRY(report(lost_before));
  std::optional<Clock::time_point> due;
  nft::RemovalWatch::News news;
  while (true) {
    const RuleEvent event = TRY(wait(watch, stop, due));
    switch (event) {
      case RuleEvent::Stop:
        return ok();
      case RuleEvent::News:
        news = TRY(watch.read());
        if (has_loss(news) && !due) due = Clock::now() + kNewsGather;
        break;
      case RuleEvent::Due:
        due.reset();
        if (const auto count = put_back(settings)) {
          TRY(report(*count));
        } else {
          log::warn("{}: trying again", count.error().message);
          due = Clock::now() + kRetry;
        }
        break;
    }
  }
}

}  // namespace netctl::command
