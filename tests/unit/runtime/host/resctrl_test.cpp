// resctrl's info files, schemata and writes, on fixture trees of plain files.
#include "runtime/host/resctrl.h"

#include <random>

#include <gtest/gtest.h>

#include "runtime/host/files.h"
#include "tests/support/fixture_tree.h"

namespace cbench {
namespace {

void write_intel(const FixtureTree& tree) {
  tree.write("info/L3/cbm_mask", "fffff\n");
  tree.write("info/L3/min_cbm_bits", "2\n");
  tree.write("info/L3/shareable_bits", "c0000\n");
  tree.write("info/L3/num_closids", "16\n");
  tree.write("info/MB/bandwidth_gran", "10\n");
  tree.write("info/MB/min_bandwidth", "10\n");
  tree.write("info/MB/num_closids", "8\n");
  tree.write("info/L3_MON/mon_features", "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n");
  tree.write("info/L3_MON/num_rmids", "224\n");
  tree.write("info/last_cmd_status", "ok\n");
  tree.write("schemata", "    MB:0=100;1=100\n    L3:0=fffff;1=fffff\n");
}

TEST(Resctrl, the_facts_of_a_two_socket_intel_host_are_read) {
  const FixtureTree tree;
  write_intel(tree);
  const RdtFacts facts = read_resctrl(tree.root());
  EXPECT_TRUE(facts.present);
  EXPECT_EQ(facts.root, tree.root());
  EXPECT_EQ(facts.l3_domains, (std::vector<uint32_t>{0, 1}));
  EXPECT_TRUE(facts.l3_allocation);
  EXPECT_EQ(facts.l3_ways, 20u);
  EXPECT_EQ(facts.l3_min_bits, 2u);
  EXPECT_EQ(facts.l3_shareable, 0xc0000u);
  EXPECT_FALSE(facts.l3_sparse) << "a kernel that does not say so wants no gaps";
  EXPECT_EQ(facts.num_closids, 8u) << "the smallest count over all resources holds";
  EXPECT_TRUE(facts.mb_allocation);
  EXPECT_EQ(facts.mb_min, 10u);
  EXPECT_TRUE(facts.l3_occupancy && facts.mbm_total && facts.mbm_local);
  EXPECT_EQ(facts.num_rmids, 224u);
  EXPECT_EQ(resctrl_mb_unit(tree.root()), MbUnit::Percent);
}

TEST(Resctrl, with_cdp_the_figures_are_those_of_the_code_half) {
  const FixtureTree tree;
  tree.write("info/L3CODE/cbm_mask", "7ff\n");
  tree.write("info/L3CODE/num_closids", "8\n");
  tree.write("schemata", "L3CODE:0=7ff;1=7ff\nL3DATA:0=7ff;1=7ff\n");
  const RdtFacts facts = read_resctrl(tree.root());
  EXPECT_EQ(facts.l3_ways, 11u);
  EXPECT_EQ(facts.num_closids, 8u);
  EXPECT_EQ(facts.l3_domains.size(), 2u);
  EXPECT_FALSE(facts.mb_allocation);
  tree.write("info/L3CODE/sparse_masks", "1\n");
  EXPECT_TRUE(read_resctrl(tree.root()).l3_sparse);
}

TEST(Resctrl, a_cache_takes_gaps_where_the_kernel_says_so) {
  const FixtureTree tree;
  write_intel(tree);
  tree.write("info/L3/sparse_masks", "1\n");
  EXPECT_TRUE(read_resctrl(tree.root()).l3_sparse);
  tree.write("info/L3/sparse_masks", "0\n");
  EXPECT_FALSE(read_resctrl(tree.root()).l3_sparse);
}

TEST(Resctrl, a_host_that_only_monitors_has_domains_from_mon_data) {
  const FixtureTree tree;
  tree.write("info/L3_MON/mon_features", "llc_occupancy\n");
  tree.write("schemata", "");
  tree.make_folder("mon_data/mon_L3_01");
  tree.make_folder("mon_data/mon_L3_00");
  const RdtFacts facts = read_resctrl(tree.root());
  EXPECT_TRUE(facts.present);
  EXPECT_FALSE(facts.l3_allocation);
  EXPECT_TRUE(facts.l3_occupancy);
  EXPECT_FALSE(facts.mbm_total);
  EXPECT_EQ(facts.l3_domains, (std::vector<uint32_t>{0, 1}));
}

TEST(Resctrl, the_unit_of_bandwidth_is_known) {
  const FixtureTree tree;
  write_intel(tree);
  tree.write("schemata", "MB:0=2048\nL3:0=ff\n");
  EXPECT_EQ(resctrl_mb_unit(tree.root()), MbUnit::EighthGBps);
  tree.write("schemata", "MB:0=64\n");
  tree.write("info/MB/bandwidth_gran", "1\n");
  tree.write("info/MB/min_bandwidth", "1\n");
  EXPECT_EQ(resctrl_mb_unit(tree.root()), MbUnit::EighthGBps);
  tree.write("proc/mounts", "resctrl " + tree.root() + " resctrl rw,relatime,mba_MBps 0 0\n");
  EXPECT_EQ(resctrl_mb_unit(tree.root(), tree / "proc"), MbUnit::MBps);
  EXPECT_EQ(read_resctrl(tree.root(), tree / "proc").mb_unit, MbUnit::MBps);
  EXPECT_EQ(read_resctrl(tree.root()).mb_kind(), MbKind::Rate);
  EXPECT_EQ(RdtFacts{}.mb_kind(), MbKind::None);
}

TEST(Schemata, reading_and_writing_are_inverse_for_random_lines) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 500; ++round) {
    Schemata schemata;
    for (const char* resource : {"L3CODE", "L3DATA", "L2", "MB"}) {
      SchemataLine line{resource, {}};
      for (uint32_t id = 0, n = 1 + static_cast<uint32_t>(random() % 4); id < n; ++id)
        line.domains.emplace_back(id * 3, random());
      schemata.push_back(line);
    }
    const auto back = parse_schemata(to_text(schemata));
    ASSERT_TRUE(back.ok());
    ASSERT_EQ(*back, schemata);
  }
}

TEST(Schemata, masks_are_hexadecimal_and_bandwidths_decimal) {
  const auto schemata = parse_schemata("    L3:0=7ff;1=10\n    MB:0= 10;1=100\n\n");
  ASSERT_TRUE(schemata.ok());
  EXPECT_EQ(*find_l3(*schemata)->find(0), 0x7ffu);
  EXPECT_EQ(*find_l3(*schemata)->find(1), 0x10u);
  EXPECT_EQ(*find_line(*schemata, "MB")->find(0), 10u);
  EXPECT_EQ(find_l3(*schemata)->find(2), nullptr);
  EXPECT_EQ(find_line(*schemata, "L2"), nullptr);
}

TEST(Schemata, what_is_not_a_schemata_file_names_the_line) {
  for (const char* bad : {"L3\n", ":0=1\n", "L3:0\n", "L3:0=xyz\n", "L3:a=1\n", "L3:0=1;0=1\n", "MB:0=1f\n",
                          "L3:0=-1\n", "L3:4294967296=1\n", "L3:0=ffffffffffffffff0\n"}) {
    const auto parsed = parse_schemata(std::string("MB:0=100\n") + bad);
    ASSERT_FALSE(parsed.ok()) << bad;
    EXPECT_NE(parsed.error().message.find("line 2"), std::string::npos) << parsed.error().message;
  }
}

TEST(Resctrl, a_write_puts_the_text_in_place) {
  const FixtureTree tree;
  write_intel(tree);
  ASSERT_TRUE(resctrl_write(tree.root(), tree / "schemata", "L3:0=f\n").ok());
  EXPECT_EQ(read_text(tree / "schemata"), "L3:0=f\n");
}

TEST(Resctrl, a_refused_write_carries_the_kernels_words_and_the_path) {
  const FixtureTree tree;
  tree.write("info/last_cmd_status", "Mask 1 has non-consecutive 1-bits\n");
  const auto refused = resctrl_write(tree.root(), "/dev/full", "L3:0=5\n");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("non-consecutive"), std::string::npos);
  EXPECT_NE(refused.error().message.find("/dev/full"), std::string::npos);
  EXPECT_NE(refused.error().message.find("L3:0=5"), std::string::npos);
  tree.write("info/last_cmd_status", "ok\n");
  EXPECT_NE(resctrl_write(tree.root(), "/dev/full", "x\n").error().message.find("No space left"),
            std::string::npos);
  EXPECT_NE(resctrl_write(tree.root(), tree / "none/schemata", "x\n").error().message.find("No such file"),
            std::string::npos);
}

TEST(Resctrl, a_group_is_made_once) {
  const FixtureTree tree;
  EXPECT_TRUE(resctrl_make_group(tree.root(), tree / "cbench-a").ok());
  EXPECT_NE(resctrl_make_group(tree.root(), tree / "cbench-a").error().message.find("exists"),
            std::string::npos);
}

}  // namespace
}  // namespace cbench
