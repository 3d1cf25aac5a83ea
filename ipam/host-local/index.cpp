#include "ipam/host-local/index.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "runtime-core/base/log.hpp"
#include "runtime-core/base/unique_fd.hpp"
#include "runtime-core/sys/files.hpp"

namespace netctl::host_local {
namespace {

constexpr std::string_view kMagic = "netctl ipam 1";
// In the place of the nanoseconds while the tables are being changed. No time has so many.
constexpr std::int64_t kInBetween = -1;

std::uint64_t checksum_of(const IndexHeader& header) {
  std::array<unsigned char, offsetof(IndexHeader, checksum)> bytes;
  std::memcpy(bytes.data(), &header, bytes.size());
  std::uint64_t sum = 0xcbf29ce484222325U;  // FNV-1a
  for (const unsigned char byte : bytes) sum = (sum ^ byte) * 0x100000001b3U;
  return sum;
}

template <std::size_t Size>
void put(char (&field)[Size], std::string_view text) {
  std::fill(std::begin(field), std::end(field), '\0');
  text.copy(field, Size - 1);
}

void describe(IndexHeader& header, const struct stat& store, std::string_view boot_id) {
  put(header.magic, kMagic);
  put(header.boot, boot_id);
  header.device = store.st_dev;
  header.inode = store.st_ino;
  header.seconds = store.st_mtim.tv_sec;
  header.nanoseconds = store.st_mtim.tv_nsec;
  header.checksum = checksum_of(header);
}

// Whether the header is that of the directory as it is now.
bool describes(const IndexHeader& header, const struct stat& store, std::string_view boot_id) {
  IndexHeader expected = header;
  describe(expected, store, boot_id);
  return std::memcmp(&expected, &header, sizeof header) == 0;
}

// The nanosecond clock makes it another moment each time, the second makes it the past.
timespec fresh_past() {
  timespec moment{};
  ::clock_gettime(CLOCK_REALTIME, &moment);
  --moment.tv_sec;
  return moment;
}

}  // namespace

std::optional<Index::Mapping> Index::Mapping::of(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0 || info.st_size <= 0) return std::nullopt;
  const auto size = static_cast<std::size_t>(info.st_size);
  void* const start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (start == MAP_FAILED) return std::nullopt;
  return Mapping({static_cast<std::byte*>(start), size});
}

Index::Mapping::~Mapping() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

std::string Index::name_of(const struct stat& store) {
  return format("{:x}-{:x}", store.st_dev, store.st_ino);
}

std::optional<Index> Index::find(const std::string& path, const struct stat& store,
                                 std::string_view boot_id) {
  auto mapping = Mapping::of(path);
  if (!mapping || !IndexTables::fit(mapping->bytes())) return std::nullopt;
  Index index(path, std::string(boot_id));
  index.mapping_ = std::move(mapping);
  if (!describes(index.tables().header(), store, boot_id)) return std::nullopt;
  return index;
}

Index Index::make(std::string path, std::string boot_id) {
  Index index(std::move(path), std::move(boot_id));
  index.memory_ = IndexTables::make();
  index.changed_ = true;
  return index;
}

void Index::begin_change() {
  if (!changed_) {
    changed_ = true;
    tables().header().nanoseconds = kInBetween;
    // Whoever finds the tables half changed has to find this, too.
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  if (tables().has_room()) return;
  memory_ = tables().grown();
  mapping_.reset();
}

void Index::add(const IpAddress& address, const Reservation& reservation) {
  begin_change();
  IndexTables changed = tables();
  if (reservation.is_taken()) changed.take(address);
  // The files of a past owner are removed when his DEL comes: they have to be found.
  if (!reservation.owner.container_id.empty()) {
    changed.hold(digest_of(reservation.owner), address);
  }
}

void Index::remove(const IpAddress& address, const Reservation& reservation) {
  begin_change();
  IndexTables changed = tables();
  changed.free(address);
  changed.drop(digest_of(reservation.owner), address);
}

// Marks the directory and the header with the same moment. False when the directory did not take
// it.
bool Index::stamp(int store) {
  const timespec moment = fresh_past();
  const timespec times[2]{{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, moment};
  struct stat info {};
  if (::futimens(store, times) != 0 || ::fstat(store, &info) != 0) return false;
  if (info.st_mtim.tv_sec != moment.tv_sec || info.st_mtim.tv_nsec != moment.tv_nsec) return false;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  describe(tables().header(), info, boot_id_);
  return true;
}

void Index::settle(int store) {
  if (!std::exchange(changed_, false)) return;
  if (!stamp(store)) {
    log::debug("no index: the store's directory does not keep a time that is set");
    return;
  }
  if (mapping_) return;
  const std::string_view content(reinterpret_cast<const char*>(memory_.data()), memory_.size());
  Status status = sys::ensure_directory(path_.substr(0, path_.rfind('/')), 0755);
  if (status) status = sys::replace_file(path_, content, 0600);
  if (!status) log::debug("no index: {}", status.error().message);
}

}  // namespace netctl::host_local
