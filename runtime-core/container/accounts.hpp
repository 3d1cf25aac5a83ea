#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime-core/base/result.hpp"
#include "runtime-core/container/spec.hpp"

// Users and groups of a container: its own files, read by our own code. The C library's functions
// would load libraries out of the container.
namespace netctl::container {

struct Account {
  std::string name{};
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home{};
};

// Of the content of /etc/passwd; lines that make no sense are passed over.
std::optional<Account> find_account(std::string_view passwd, uid_t uid);
std::optional<Account> find_account(std::string_view passwd, std::string_view name);
std::optional<gid_t> find_group(std::string_view group, std::string_view name);
std::vector<gid_t> groups_of(std::string_view group, std::string_view user);

// "user", "uid", "user:group", "uid:gid" with the contents of /etc/passwd and /etc/group. Numbers
// need no entry; a whole number it has to be, and no id that the kernel takes for "none".
Result<User> parse_user(std::string_view text, std::string_view passwd, std::string_view group);

// The content of a file of a container, resolved inside the root that `root` is opened on; empty
// when there is none, it is no ordinary file, or larger than any of its kind. An error when it
// cannot be read: an account that is not found gives other rights.
Result<std::string> file_in_root(int root, const std::string& path);

}  // namespace netctl::container
