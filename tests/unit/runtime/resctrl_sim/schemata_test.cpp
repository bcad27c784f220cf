// Schemata and modes of the simulated resctrl: errors and words as the kernel's.

#include "tests/unit/runtime/resctrl_sim/simulated.h"

namespace cbench::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST_F(simulated, a_new_group_may_use_everything) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(read("a/schemata"), "    MB:0=  100;1=  100\n    L3:0=fffff;1=fffff\n");
  EXPECT_EQ(read("a/size"), "    MB:0=100;1=100\n    L3:0=41943040;1=41943040\n");
  EXPECT_EQ(read("a/mode"), "shareable\n");
  EXPECT_EQ(read("a/tasks"), "");
  EXPECT_EQ(read("a/cpus_list"), "\n");
  EXPECT_EQ(status(), "ok\n");
}

TEST_F(simulated, a_write_changes_the_domains_that_it_names) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(write("a/schemata", "L3:1=f0\nMB:0=50;1=33\n"), 0);
  EXPECT_EQ(read("a/schemata"), "    MB:0=   50;1=   40\n    L3:0=fffff;1=000f0\n") << "33 % is rounded up";
}

TEST_F(simulated, bad_schemata_are_refused_with_the_kernels_words_and_nothing_of_them_is_applied) {
  ASSERT_EQ(tree.make("a", {}), 0);
  const std::string before = read("a/schemata");
  EXPECT_EQ(refusal("L3:0=5\n"), "The mask 5 has non-consecutive 1-bits\n");
  EXPECT_EQ(refusal("L3:0=1fffff\n"), "Mask out of range\n");
  EXPECT_EQ(refusal("L3:0=0\n"), "Mask out of range\n");
  EXPECT_EQ(refusal("L3:0=xyz\n"), "Non-hex character in the mask xyz\n");
  EXPECT_EQ(refusal("L3:0=1;0=2\n"), "Duplicate domain 0\n");
  EXPECT_EQ(refusal("L3 0=1\n"), "Missing ':'\n");
  EXPECT_EQ(refusal("L3:\n"), "Missing 'L3' value\n");
  EXPECT_EQ(refusal("L3:x=1\n"), "Missing '=' or non-numeric domain\n");
  EXPECT_EQ(refusal("L3:7=1\n"), "ok\n") << "the kernel has no words for a domain that is not there";
  EXPECT_EQ(refusal("L2:0=1\n"), "Unknown or unsupported resource name 'L2'\n");
  EXPECT_EQ(refusal("MB:0=5\n"), "MB value 5 out of range [10,100]\n");
  EXPECT_EQ(refusal("MB:0=many\n"), "Invalid MB value many\n");
  EXPECT_EQ(refusal("L3:0=f"), "Invalid MB value many\n") << "without a line end: the words before it stay";
  EXPECT_EQ(refusal(""), "Invalid MB value many\n");
  EXPECT_EQ(refusal("L3:0=f\nMB:0=500\n"), "MB value 500 out of range [10,100]\n");
  EXPECT_EQ(read("a/schemata"), before);
}

TEST_F(simulated, exclusive_groups_are_kept_apart) {
  ASSERT_EQ(tree.make("a", {}), 0);
  ASSERT_EQ(tree.make("b", {}), 0);
  EXPECT_EQ(write("a/mode", "exclusive\n"), EINVAL);
  EXPECT_EQ(status(), "Schemata overlaps\n");
  EXPECT_EQ(write("a/schemata", "L3:0=3;1=3\n"), 0);
  EXPECT_EQ(write("b/schemata", "L3:0=ffffc;1=ffffc\n"), 0);
  EXPECT_EQ(write("schemata", "L3:0=ffffc;1=ffffc\n"), 0);
  EXPECT_EQ(write("a/mode", "exclusive\n"), 0);
  EXPECT_EQ(refusal("L3:0=3c\n", "a"), "Overlaps with other group\n");
  EXPECT_EQ(refusal("L3:0=f\n", "b"), "Overlaps with exclusive group\n");
  ASSERT_EQ(tree.make("c", {}), 0);
  EXPECT_THAT(read("c/schemata"), HasSubstr("L3:0=ffffc;1=ffffc\n")) << "what no exclusive group has";
  EXPECT_THAT(read("info/L3/bit_usage"), HasSubstr("0=XXSSSSSSSSSSSSSSSSEE;"));
  EXPECT_EQ(write("a/mode", "shared\n"), EINVAL);
  EXPECT_EQ(status(), "Unknown or unsupported mode\n");
  EXPECT_EQ(write("mode", "pseudo-locksetup\n"), EINVAL);
  EXPECT_EQ(status(), "Cannot pseudo-lock default group\n");
  EXPECT_EQ(write("b/mode", "pseudo-locksetup\n"), EINVAL);
  EXPECT_EQ(status(), "Pseudo-locking not supported\n");
}

TEST_F(simulated, ways_that_hardware_uses_as_well_are_nobodys_alone) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(write("schemata", "L3:0=3ffff;1=3ffff\n"), 0);
  EXPECT_EQ(write("a/schemata", "L3:0=c0000;1=c0000\n"), 0);
  EXPECT_EQ(write("a/mode", "exclusive\n"), EINVAL) << "info/L3/shareable_bits is c0000";
  EXPECT_EQ(status(), "Schemata overlaps\n");
  EXPECT_EQ(read("info/L3/bit_usage"), "0=XXSSSSSSSSSSSSSSSSSS;1=XXSSSSSSSSSSSSSSSSSS\n");
}

TEST_F(simulated, a_group_that_would_have_no_way_left_is_not_made) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(write("schemata", "L3:0=1;1=1\n"), 0);
  EXPECT_EQ(write("a/schemata", "L3:0=3fffe;1=3fffe\n"), 0);
  EXPECT_EQ(write("a/mode", "exclusive\n"), 0);
  EXPECT_EQ(write("schemata", "L3:0=c0000;1=c0000\n"), 0);
  ASSERT_EQ(tree.make("b", {}), 0);
  EXPECT_THAT(read("b/schemata"), HasSubstr("L3:0=00001;1=00001\n")) << "the first run without a gap";
}

struct with_cdp : simulated {
  with_cdp() : simulated("xeon-2s-cdp") {}
};

TEST_F(with_cdp, code_and_data_have_their_own_lines_and_half_the_closids) {
  EXPECT_EQ(read("schemata"), "    MB:0=  100;1=  100\nL3DATA:0=fffff;1=fffff\nL3CODE:0=fffff;1=fffff\n");
  EXPECT_EQ(read("info/L3CODE/num_closids"), "8\n");
  EXPECT_EQ(read("info/MB/num_closids"), "16\n") << "only the cache needs two for each";
  EXPECT_FALSE(tree.look("info/L3").has_value());
}

TEST_F(with_cdp, an_exclusive_groups_code_is_kept_from_others_data) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(write("schemata", "L3CODE:0=ffff0;1=ffff0\nL3DATA:0=ffff0;1=ffff0\n"), 0);
  EXPECT_EQ(write("a/schemata", "L3CODE:0=3;1=3\nL3DATA:0=c;1=c\n"), 0);
  EXPECT_EQ(write("a/mode", "exclusive\n"), 0);
  EXPECT_EQ(write("a/mode", "shareable\n"), 0);
  EXPECT_EQ(write("a/mode", "exclusive\n"), 0);
  ASSERT_EQ(tree.make("b", {}), 0);
  EXPECT_THAT(read("b/schemata"), AllOf(HasSubstr("L3CODE:0=ffff0;"), HasSubstr("L3DATA:0=ffff0;")));
  EXPECT_EQ(refusal("L3DATA:0=3\n", "b"), "Overlaps with exclusive group\n");
  EXPECT_EQ(write("b/mode", "pseudo-locksetup\n"), EINVAL);
  EXPECT_EQ(status(), "CDP enabled\n");
}

struct with_mbps : simulated {
  with_mbps() : simulated("xeon-2s-mbps") {}
};

TEST_F(with_mbps, any_number_is_a_bandwidth_and_counts_though_a_later_line_is_bad) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_THAT(read("a/schemata"), HasSubstr("MB:0=4294967295;1=4294967295\n"));
  EXPECT_EQ(refusal("MB:0=7;0=3500\nL3:0=1;1=0\n"), "Mask out of range\n");
  EXPECT_THAT(read("a/schemata"), AllOf(HasSubstr("MB:0= 3500;1=4294967295\n"), HasSubstr("L3:0=fffff;")));
  EXPECT_EQ(refusal("MB:0=4294967296\n"), "Invalid MB value 4294967296\n");
}

struct epyc : simulated {
  epyc() : simulated("epyc-ccx") {}
};

TEST_F(epyc, masks_may_have_gaps_and_bandwidth_counts_in_eighths) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(write("a/schemata", "L3:0=5\nMB:3=8\n"), 0);
  EXPECT_THAT(read("a/schemata"), HasSubstr("3=   8;"));
  EXPECT_EQ(refusal("MB:0=2049\n"), "MB value 2049 out of range [0,2048]\n");
  EXPECT_EQ(read("info/L3/min_cbm_bits"), "0\n");
  EXPECT_EQ(write("a/schemata", "L3:0=0\n"), 0);
  EXPECT_EQ(read("info/MB/min_bandwidth"), "0\n");
  EXPECT_EQ(read("info/MB/delay_linear"), "0\n");
  EXPECT_FALSE(tree.look("info/MB/thread_throttle_mode").has_value());
}

}  // namespace
}  // namespace cbench::sim
