#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// Network namespaces: open, enter, and pin to a path (namespaces(7), ip-netns(8)).
namespace netctl::ns {

// A file descriptor of the network namespace at `path`. The words for a path that is missing or is
// no namespace are upstream's: `failed to open netns "/x": …`, `unknown FS magic on "/x": ef53`.
Result<UniqueFd> open_netns(const std::string& path);
// The same; nothing when the path is empty or does not exist: the container is gone. So it is where
// an empty file is left, as it is when a removal ends between umount(2) and unlink(2).
Result<std::optional<UniqueFd>> find_netns(const std::string& path);
// A number that this thread's namespace has and no other gets until the next boot
// (SO_NETNS_COOKIE, Linux 5.14; before that its inode, which may be used again once it is gone).
// A `socket` of this thread's namespace can be told, which is asked instead of a new one.
Result<std::uint64_t> own_netns_cookie(std::optional<int> socket = {});
// Whether both are the same namespace, under whatever paths they were opened.
Result<bool> is_same_netns(int one, int other);

// Puts this thread into a network namespace, and back again when it goes. Being unable to return
// would leave every later step acting on the wrong host, so that ends the process.
class Inside {
 public:
  // A `socket` of the one that it leaves can be told, as in sys::open_own_netns().
  static Result<Inside> enter(int netns, std::optional<int> socket = {});
  // Into a new one, which goes with what was made in it once nobody is there any more.
  static Result<Inside> enter_new();
  Inside(Inside&&) noexcept = default;
  Inside& operator=(Inside&&) = delete;
  ~Inside();

 private:
  explicit Inside(UniqueFd home) : home_(std::move(home)) {}
  UniqueFd home_;
};

// Runs `body` inside the namespace and comes back, also when it fails. Gives what it gives.
template <class Body>
auto run_in(int netns, Body&& body, std::optional<int> socket = {}) -> decltype(body()) {
  const Inside inside = TRY(Inside::enter(netns, socket));
  return body();
}

// Where namespaces are pinned by name, shared with ip-netns(8): /run/netns, or the directory in the
// environment variable NETCTL_NETNS_DIR.
std::string pin_directory();

// A new network namespace with lo up, pinned as `<pin_directory()>/<name>`, where `ip netns` sees
// it too. Exists when the name is taken; nothing is left when a step fails.
Status create_pinned(const std::string& name);
// Unpins. The namespace itself lives on while processes are in it. NotFound when there is no such
// name, and a file that is no namespace is refused.
Status remove_pinned(const std::string& name);
// The pinned names, sorted.
Result<std::vector<std::string>> list_pinned();

// The path of a namespace as people name it: "web" (a pinned name), "/run/netns/web" or "./web" (a
// path), "pid:4711" (that process' namespace). Absolute and without ".", ".." and doubled slashes,
// by text alone, as cnitool does: container ids are made from it. Nothing needs to be there.
Result<std::string> path_of(std::string_view text);
// The reverse of a path, as short as it can be: a pinned name where it is one, else the path.
std::string name_of_path(const std::string& path);
// path_of() for one that has to exist and to be a network namespace: the error says what to do.
Result<std::string> existing_path_of(std::string_view text);

}  // namespace netctl::ns
