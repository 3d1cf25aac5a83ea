#include "runtime-core/rootfs/layers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netctl::rootfs {
namespace {

TEST(RootLayers, AreThePathsOfTheOptions) {
  EXPECT_EQ(layers_in({"lowerdir=/top:/base", "upperdir=/data/upper", "workdir=/data/work"}),
            (Layers{.lower = {"/top", "/base"}, .upper = "/data/upper"}));
  EXPECT_EQ(layers_in({"lowerdir=/one", "ro"}), (Layers{.lower = {"/one"}, .upper = ""}));
  EXPECT_EQ(layers_in({}), Layers{});
}

TEST(RootLayers, SeparatorsInPathsAreEscaped) {
  EXPECT_EQ(layers_in({R"(lowerdir=/a\:b\,c:/d\\e)", R"(upperdir=/x\:y)"}),
            (Layers{.lower = {"/a:b,c", R"(/d\e)"}, .upper = "/x:y"}));
}

TEST(RootLayers, AreAnOverlayAsTheRoot) {
  const std::vector<Mount> mounts{{.destination = "/proc", .type = "proc"},
                                  {.destination = "/", .type = "overlay"}};
  EXPECT_EQ(find_layers(mounts), &mounts[1]);
  EXPECT_EQ(find_layers({{.destination = "/data", .type = "overlay"}}), nullptr);
  EXPECT_EQ(find_layers({{.destination = "/", .type = "tmpfs"}}), nullptr);
}

}  // namespace
}  // namespace netctl::rootfs
