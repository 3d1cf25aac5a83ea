// The root file system: layers, mounts, and that nothing of the host's shines through.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>

#include "runtime-core/base/format.hpp"
#include "tests/support/container_lab.hpp"

namespace netctl::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RootFs : public ContainerLab {};

TEST_F(RootFs, ADirectoryIsWrittenToAsItIs) {
  sure_in_box("--network none -- touch /tmp/mark");
  EXPECT_TRUE(fs::exists(box() + "/tmp/mark"));
}

TEST_F(RootFs, ADirectoryInMemoryMayBeginWithACopyOfWhatItCovers) {
  write(box() + "/data/inner/file", "content");
  fs::create_symlink("inner/file", box() + "/data/link");
  ::chmod((box() + "/data/inner").c_str(), 0710);
  script("look", "stat -c '%n %A' /data/inner; cat /data/link; echo new > /data/inner/file");

  EXPECT_EQ(sure_in_box("--network none --rm --tmpfs /data:tmpcopyup -- look"),
            "/data/inner drwx--x---\ncontent");
  EXPECT_EQ(read(box() + "/data/inner/file"), "content");
  EXPECT_EQ(sure_in_box("--network none --rm --tmpfs /data -- ls /data"), "");
}

TEST_F(RootFs, ADirectoryThatCannotBeReadIsNotCopiedInPart) {
  write(box() + "/data/file", "content");
  const auto ran =
      run(format("ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -P {0}/data "
                 "-e trace=getdents64 -e inject=getdents64:error=EIO {1} run --rm --rootfs {0} "
                 "--network none --tmpfs /data:tmpcopyup -- true",
                 box(), netctl_program()));
  EXPECT_EQ(ran.exit_status, 125);
  EXPECT_THAT(ran.err, HasSubstr("copy /data: list a directory: Input/output error"));
  EXPECT_EQ(sure("netctl ps -a -q"), "");
}

TEST_F(RootFs, LayersAreNeverWrittenTo) {
  write("/run/top/etc/motd", "of the top layer");
  write(box() + "/etc/motd", "of the lower layer");
  write(box() + "/etc/gone", "to be deleted");
  script("change",
         "cat /etc/motd; echo changed > /etc/motd; rm /etc/gone; cat /etc/motd; ls /etc/gone");

  const auto ran =
      run("netctl run --name layered --network none --layer /run/box --layer /run/top -- change");

  EXPECT_EQ(ran.out, "of the top layerchanged\n");
  EXPECT_THAT(ran.err, HasSubstr("No such file"));
  EXPECT_EQ(read("/run/top/etc/motd"), "of the top layer");
  EXPECT_EQ(read(box() + "/etc/motd"), "of the lower layer");
  EXPECT_EQ(read(box() + "/etc/gone"), "to be deleted");
  // The change is in the container's own layer, the deletion a whiteout there.
  const std::string upper =
      "/run/netctl-data/containers/" + sure("netctl ps -a -q --no-trunc") + "/upper";
  EXPECT_EQ(read(upper + "/etc/motd"), "changed\n");
  EXPECT_TRUE(fs::is_character_file(upper + "/etc/gone"));
  sure("netctl rm layered");
  EXPECT_FALSE(fs::exists(upper));
}

TEST_F(RootFs, LayersInAUserNamespaceAreMappedAndNeverWrittenTo) {
  write("/run/top/etc/motd", "of the top layer");
  write(box() + "/etc/gone", "to be deleted");
  ::chmod((box() + "/etc").c_str(), 0755);
  const auto owners = [&] { return sure("stat -c %u:%g /run/top/etc/motd /run/box/etc/passwd"); };
  const std::string before = owners();
  script("change",
         "stat -c %u:%g / /etc/motd /bin/busybox; echo changed > /etc/motd; rm /etc/gone;"
         "mkdir /new; chown user /new; stat -c %u /new; ls /etc/gone");

  const auto ran =
      run("netctl run --name layered --network none --uidmap 0:100000:65536 --layer /run/box "
          "--layer /run/top -- change");

  EXPECT_EQ(ran.out, "0:0\n0:0\n0:0\n1000\n");
  EXPECT_THAT(ran.err, HasSubstr("No such file"));
  EXPECT_EQ(owners(), before);
  EXPECT_EQ(read("/run/top/etc/motd"), "of the top layer");
  EXPECT_EQ(read(box() + "/etc/gone"), "to be deleted");
  EXPECT_FALSE(fs::exists(box() + "/new"));
  const std::string upper =
      "/run/netctl-data/containers/" + sure("netctl ps -a -q --no-trunc") + "/upper";
  EXPECT_EQ(read(upper + "/etc/motd"), "changed\n");
  EXPECT_TRUE(fs::is_character_file(upper + "/etc/gone"));
  EXPECT_EQ(sure("stat -c %u " + upper + " " + upper + "/etc/motd " + upper + "/new"),
            "100000\n100000\n101000");
  sure("netctl rm layered");
  EXPECT_FALSE(fs::exists(upper));
}

TEST_F(RootFs, LayersAreMappedForAUserNamespaceThatIsJoined) {
  const std::string run_layers = "netctl run --network none --layer /run/box ";
  sure(run_layers + "--name donor --uidmap 0:100000:65536 -d -- sleep 1000");
  EXPECT_EQ(sure(run_layers + "--userns container:donor -- stat -c %u /bin/busybox"), "0");
  EXPECT_EQ(sure("netctl exec donor stat -c %u /bin/busybox /proc/1"), "0\n0");
}

TEST_F(RootFs, ALayerThatCannotBeMappedIsNamed) {
  // A file system that has no use for it.
  fs::create_directories("/run/proc");
  sure("mount -t proc proc /run/proc");
  const auto refused =
      run("netctl run --network none --uidmap 0:100000:65536 --layer /run/proc --layer /run/box -- "
          "true");
  EXPECT_EQ(refused.exit_status, 125);
  EXPECT_THAT(refused.err, HasSubstr("layer /run/proc: its file system cannot map ids"));
  EXPECT_THAT(sure("netctl ps -a -q"), IsEmpty());
}

TEST_F(RootFs, ALayersNameMayHoldWhatTheKernelTakesForSeparators) {
  fs::rename(box(), "/run/a:b,c");
  EXPECT_EQ(sure("netctl run --rm --network none --layer /run/a:b,c -- echo fine"), "fine");
}

TEST_F(RootFs, ReadOnlyIsReadOnly) {
  const auto refused = in_box("--network none --read-only -- touch /mark");
  EXPECT_THAT(refused.err, HasSubstr("Read-only file system"));
  EXPECT_EQ(in_box("--network none --read-only --tmpfs /tmp -- touch /tmp/mark").exit_status, 0);
  EXPECT_FALSE(fs::exists(box() + "/tmp/mark"));
  EXPECT_EQ(in_box("--network none --read-only --tmpfs /tmp:ro -- touch /tmp/x").exit_status, 1);
}

TEST_F(RootFs, VolumesAreTheHostsFilesAndReadOnlyWhereToldSo) {
  write("/run/data/file", "of the host");
  EXPECT_EQ(sure_in_box("--network none -v /run/data:/made/here -- cat /made/here/file"),
            "of the host");
  EXPECT_EQ(sure_in_box("--network none -v /run/data/file:/etc/one -- cat /etc/one"),
            "of the host");
  EXPECT_EQ(in_box("--network none -v /run/data:/data:ro -- touch /data/x").exit_status, 1);
  EXPECT_EQ(in_box("--network none --mount type=bind,src=/run/data,dst=/data,ro -- touch /data/x")
                .exit_status,
            1);
  sure_in_box("--network none -v /run/data:/data -- touch /data/x");
  EXPECT_TRUE(fs::exists("/run/data/x"));
}

TEST_F(RootFs, NothingOfTheHostsMountsIsVisible) {
  write("/run/secret/file", "x");
  script("look", "cat /proc/mounts; ls /run /.. | head; cat /run/secret/file");
  const auto seen = in_box("--network none -- look");
  EXPECT_THAT(seen.out, Not(HasSubstr("/run/netns")));
  EXPECT_THAT(seen.out, Not(HasSubstr("secret")));
  EXPECT_THAT(seen.err, HasSubstr("No such file"));
  // The root, proc, dev and what is in it, sys, and the three files in /etc; cgroups and masks.
  EXPECT_THAT(seen.out, AllOf(HasSubstr(" / "), HasSubstr("proc /proc proc"),
                              HasSubstr("devpts /dev/pts devpts"), HasSubstr(" /etc/hosts ")));
}

TEST_F(RootFs, TheHostSeesNoneOfItsMounts) {
  const std::string before = sure("cat /proc/self/mountinfo");
  sure_in_box("--network host -d --name box -- sleep 100");
  EXPECT_EQ(sure("cat /proc/self/mountinfo"), before);
}

TEST_F(RootFs, ItHasTheDevicesThatProgramsExpect) {
  script("devices",
         "for d in null zero full random urandom tty; do test -c /dev/$d || echo no $d; done;"
         "for l in fd stdin stdout stderr ptmx; do test -L /dev/$l || echo no $l; done;"
         "for d in pts shm mqueue; do grep -q \" /dev/$d \" /proc/mounts || echo no $d; done;"
         "echo x > /dev/null; head -c 4 /dev/zero | wc -c; ls /dev | grep -c '^sd\\|^vd'");
  const auto seen = in_box("--network none -- devices");
  EXPECT_EQ(seen.out, "4\n0\n") << seen.err;
}

TEST_F(RootFs, LinksInItLeadNowhereOutOfIt) {
  write("/run/outside/mark", "untouched");
  fs::create_directory_symlink("/run/outside", box() + "/link");
  fs::create_directory_symlink("../../../../run/outside", box() + "/up");
  write("/run/data/file", "x");
  // The same names inside the container: they are made there, or refused; never on the host.
  in_box("--network none -v /run/data:/link/in -- true");
  in_box("--network none -v /run/data:/up/in -- true");
  in_box("--network none -w /link/dir -- true");
  EXPECT_FALSE(fs::exists("/run/outside/in"));
  EXPECT_FALSE(fs::exists("/run/outside/dir"));
}

TEST_F(RootFs, ALinkAsProcOrSysIsRefused) {
  for (const char* name : {"proc", "sys"}) {
    SCOPED_TRACE(name);
    fs::remove_all(box() + "/" + name);
    fs::create_directory_symlink("/tmp", box() + "/" + name);
    const auto refused = in_box("--network none -- true");
    EXPECT_EQ(refused.exit_status, 125);
    EXPECT_THAT(refused.err, HasSubstr("must be mounted on ordinary directory"));
    fs::remove(box() + "/" + name);
  }
}

TEST_F(RootFs, ALinkAsDevMakesNoDevicesOutside) {
  fs::create_directories("/run/outside");
  fs::remove_all(box() + "/dev");
  fs::create_directory_symlink("../../run/outside", box() + "/dev");
  in_box("--network none -- true");
  EXPECT_TRUE(fs::is_empty("/run/outside"));
}

TEST_F(RootFs, NothingIsMountedInsideProc) {
  write("/run/data/file", "x");
  EXPECT_THAT(in_box("--network none -v /run/data:/proc/self/attr -- true").err,
              HasSubstr("inside /proc"));
  EXPECT_THAT(in_box("--network none -v /run/data:/proc -- true").err, HasSubstr("/proc"));
  EXPECT_EQ(in_box("--network none -v /run/data/file:/proc/uptime -- cat /proc/uptime").out, "x");
}

}  // namespace
}  // namespace netctl::test
