#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace netctl::test {

// A program that runs beside the test, in the test's own namespaces. It is killed when this goes.
class Background {
 public:
  Background(const std::string& program, std::vector<std::string> arguments,
             const std::map<std::string, std::string>& environment);
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();

  void send(int signal) const;
  // Sends the signal and waits for the end: the exit status, 128 + n when a signal n ended it.
  int stop(int signal);

 private:
  pid_t process_ = -1;
};

}  // namespace netctl::test
