#include "runtime-core/sys/write.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "runtime-core/base/unique_fd.hpp"

namespace netctl::sys {
namespace {

// More than a pipe holds.
const std::string kMuch(1U << 20, 'x');

struct Pipe {
  UniqueFd out, in;
};

Pipe a_pipe(int flags) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC | flags), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::size_t read_to_end(int fd) {
  std::string buffer(4096, '\0');
  std::size_t all = 0;
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return all;
    if (got > 0) all += static_cast<std::size_t>(got);
  }
}

TEST(WriteAll, WaitsForAReaderThoughTheDescriptorDoesNot) {
  Pipe pipe = a_pipe(O_NONBLOCK);
  std::size_t read = 0;
  std::thread reader([&] { read = read_to_end(pipe.out.get()); });
  EXPECT_TRUE(write_all(pipe.in.get(), kMuch));
  pipe.in.reset();
  reader.join();
  EXPECT_EQ(read, kMuch.size());
}

TEST(WriteAll, TellsThatTheReaderHasLeft) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd writer(ends[0]);
  ::close(ends[1]);
  ::signal(SIGPIPE, SIG_IGN);
  EXPECT_FALSE(write_all(writer.get(), "word"));
  EXPECT_EQ(errno, EPIPE);
}

TEST(WriteAll, OfNothingAsksTheKernelNothing) { EXPECT_TRUE(write_all(-1, "")); }

}  // namespace
}  // namespace netctl::sys
