#include "runtime-core/container/accounts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "runtime-core/sys/mount_api.hpp"

namespace netctl::container {
namespace {

std::vector<std::string_view> fields_of(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t end = line.find(separator);
    fields.push_back(line.substr(0, end));
    if (end == line.npos) return fields;
    line.remove_prefix(end + 1);
  }
}

template <class Visit>
void for_each_line(std::string_view text, std::size_t fields, Visit&& visit) {
  for (const std::string_view line : fields_of(text, '\n')) {
    const auto parts = fields_of(line, ':');
    if (parts.size() >= fields && !parts[0].empty() && parts[0].front() != '#') visit(parts);
  }
}

// Base 10, all of it, and not 2^32 - 1, which means "leave as it is" to the kernel.
std::optional<std::uint32_t> parse_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id == 0xffffffffU) return {};
  return id;
}

template <class Wanted>
std::optional<Account> first_account(std::string_view passwd, Wanted&& wanted) {
  std::optional<Account> found;
  for_each_line(passwd, 6, [&](const auto& parts) {
    const auto uid = parse_id(parts[2]);
    const auto gid = parse_id(parts[3]);
    if (found || !uid || !gid || !wanted(parts[0], *uid)) return;
    found = Account{
        .name = std::string(parts[0]), .uid = *uid, .gid = *gid, .home = std::string(parts[5])};
  });
  return found;
}

bool looks_like_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<Account> find_account(std::string_view passwd, uid_t uid) {
  return first_account(passwd, [&](std::string_view, uid_t each) { return each == uid; });
}

std::optional<Account> find_account(std::string_view passwd, std::string_view name) {
  return first_account(passwd, [&](std::string_view each, uid_t) { return each == name; });
}

std::optional<gid_t> find_group(std::string_view group, std::string_view name) {
  std::optional<gid_t> found;
  for_each_line(group, 3, [&](const auto& parts) {
    if (!found && parts[0] == name) found = parse_id(parts[2]);
  });
  return found;
}

std::vector<gid_t> groups_of(std::string_view group, std::string_view user) {
  std::vector<gid_t> groups;
  for_each_line(group, 4, [&](const auto& parts) {
    const auto members = fields_of(parts[3], ',');
    const auto gid = parse_id(parts[2]);
    if (gid && std::ranges::find(members, user) != members.end()) groups.push_back(*gid);
  });
  return groups;
}

Result<User> parse_user(std::string_view text, std::string_view passwd, std::string_view group) {
  const auto colon = text.find(':');
  const std::string_view user_text = text.substr(0, colon);
  std::optional<Account> account;
  User user;
  if (looks_like_number(user_text)) {
    const auto uid = parse_id(user_text);
    if (!uid) return fail(Errc::InvalidArgument, "user \"{}\": no such number can be one", text);
    account = find_account(passwd, *uid);
    user.uid = *uid;
  } else {
    account = find_account(passwd, user_text);
    if (!account || user_text.empty()) {
      return fail(Errc::NotFound, "user \"{}\" is not in the container's /etc/passwd", user_text);
    }
    user.uid = account->uid;
  }
  if (account) {
    user.gid = account->gid;
    user.additional_gids = groups_of(group, account->name);
  }
  if (colon == text.npos) return user;
  const std::string_view group_text = text.substr(colon + 1);
  const auto gid =
      looks_like_number(group_text) ? parse_id(group_text) : find_group(group, group_text);
  if (!gid) {
    return fail(Errc::NotFound, "group \"{}\" is not in the container's /etc/group", group_text);
  }
  user.gid = *gid;
  user.additional_gids.clear();
  return user;
}

Result<std::string> file_in_root(int root, const std::string& path) {
  constexpr off_t kMost = off_t{4} << 20;
  // Not blocking: a FIFO would keep us waiting for whoever writes into it.
  const auto file = sys::open_in_root(root, path, O_RDONLY | O_NONBLOCK);
  if (!file && file.error().code != Errc::NotFound) return file.error();
  if (!file) return std::string();
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) {
    return system_error(errno, "look at " + path + " of the container");
  }
  if (!S_ISREG(info.st_mode) || info.st_size > kMost) return std::string();
  std::string content(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file->get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "read " + path + " of the container");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return content;
}

}  // namespace netctl::container
