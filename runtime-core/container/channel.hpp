#pragma once

#include <optional>
#include <string>

#include "runtime-core/base/result.hpp"
#include "runtime-core/base/unique_fd.hpp"

// What is said between the one who starts a container and the process that becomes it: one word
// after the other over a socket, each with a descriptor or without. The end of the line is the
// start of the program (the socket is closed by execve(2)), or the other's death.
namespace netctl::container {

enum class Word : char { Go = 'g', Ready = 'r', Start = 's', Failed = 'f' };

struct Message {
  Word word = Word::Go;
  UniqueFd fd{};
  Error error{};  // of Failed
};

class Channel {
 public:
  static Result<std::pair<Channel, Channel>> make();

  // Who is at the other end, by a pidfd that is lent: its death is the end of the line also where
  // somebody else still holds the socket.
  void speak_with(int pidfd) { other_ = pidfd; }

  Status send(Word word, int fd = -1) const;
  Status send_failure(const Error& error) const;
  bool has_word() const;  // or the other end is closed: receive() would not wait
  Result<std::optional<Message>> receive() const;  // nothing: the other end is closed
  // Fails with what the other end reports, or when it is gone.
  Result<Message> expect(Word word) const;
  void close() { socket_.reset(); }

 private:
  explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}
  Status wait_for_word() const;

  UniqueFd socket_;
  int other_ = -1;
};

}  // namespace netctl::container
