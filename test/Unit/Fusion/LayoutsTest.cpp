//===- LayoutsTest.cpp - Decisions about stored activations ---------------------===//

#include "mv/Fusion/Layouts.h"

#include <gtest/gtest.h>

TEST(Layouts, ChannelsAreRoundedUpToWholeVectors) {
  EXPECT_EQ(mv::getStoredChannels(80, 16), 80);
  EXPECT_EQ(mv::getStoredChannels(196, 16), 208);
  EXPECT_EQ(mv::getStoredChannels(20, 16), 32);
  EXPECT_EQ(mv::getStoredChannels(48, 32), 64);
}

TEST(Layouts, AnImageStaysDense) {
  EXPECT_EQ(mv::getStoredChannels(1, 16), 1);
  EXPECT_EQ(mv::getStoredChannels(3, 16), 3);
  EXPECT_EQ(mv::getStoredChannels(5, 16), 16);
}
