// `cbench test` on policies with tests that hold, fail, and cannot be run.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "tests/support/in_process.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class test_command : public testing::Test {
 protected:
  test_command() {
    char made[] = "/tmp/cbench-test-XXXXXX";
    folder = mkdtemp(made);
  }
  ~test_command() override { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  int run(const std::string& body, std::vector<std::string> more = {}) {
    write("a.cbp", "policy a 1 \"a\"\nclass shared default, jail\n" + body);
    std::vector<std::string> arguments = {"test", folder / "a.cbp"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Ran ran = run_in_process(std::move(arguments));
    out = std::move(ran.out);
    err = std::move(ran.err);
    return ran.code;
  }

  fs::path folder;
  std::string out, err;
};

constexpr const char* kRule =
    "when c.docker.pids > 10 each c in shared.members cooldown 1s { move c -> jail }\n";

TEST_F(test_command, a_test_that_holds_is_one_line) {
  EXPECT_EQ(run(std::string(kRule) +
                "test \"t\" { feed 3 steps { A.docker.pids = 20; B.docker.pids = 1 }\n"
                "expect move A -> jail within 1 steps; expect no move B; expect no move A after 1 steps }\n"),
            0)
      << out << err;
  EXPECT_THAT(out, HasSubstr("a.cbp: t\n1 test, 0 failed\n"));
}

TEST_F(test_command, one_that_fails_shows_the_line_and_what_was_decided) {
  EXPECT_EQ(run(std::string(kRule) + "test \"t\" {\n  feed 3 steps { A.docker.pids = 20 }\n"
                                     "  expect no move A\n  expect move A -> shared\n}\n"),
            1);
  EXPECT_THAT(out, HasSubstr("a.cbp:6: expect no move A: it happened"));
  EXPECT_THAT(out, HasSubstr("a.cbp:7: expect move A -> shared: it did not happen"));
  EXPECT_THAT(out, HasSubstr("step 1    move A -> jail  line 3"));
}

TEST_F(test_command, a_value_that_is_not_fed_is_missing) {
  EXPECT_EQ(run("when not (c.docker.pids > 10) each c in all { quota(c) = 50% }\n"
                "test \"t\" { feed 3 steps { A.docker.pids = missing }\n expect no quota(A) }\n"),
            0)
      << out;
}

TEST_F(test_command, a_file_is_fed_row_by_row) {
  write("f.csv", "A.docker.pids, A.docker.cpu_usage_percent\n1,\n# no row\n20, 50%\n");
  EXPECT_EQ(
      run(std::string(kRule) +
          "test \"t\" { feed \"f.csv\"\n expect no move A within 1 steps; expect move A within 2 steps }\n"),
      0)
      << out << err;
  write("f.csv", "A.docker.pids\nmany\n");
  EXPECT_EQ(run(std::string(kRule) + "test \"t\" {\n  feed \"f.csv\"\n  expect move A\n}\n"), 3);
  EXPECT_THAT(err, HasSubstr("a.cbp:5: "));
  EXPECT_THAT(err, HasSubstr("f.csv:2: `many` is no value of `docker_pids`"));
  EXPECT_EQ(run(std::string(kRule) + "test \"t\" { feed \"none.csv\"\n expect move A }\n"), 3);
  EXPECT_THAT(err, HasSubstr("none.csv"));
}

TEST_F(test_command, a_policy_that_stops_unexpectedly_fails_its_test) {
  const std::string rule = "on start(c) { stop \"enough\" }\n";
  EXPECT_EQ(run(rule + "test \"t\" { feed 1 steps { A.docker.pids = 1 }\n expect no move A }\n"), 1);
  EXPECT_THAT(out, HasSubstr("the policy stopped at step 0: enough"));
  EXPECT_EQ(run(rule + "test \"t\" { feed 1 steps { A.docker.pids = 1 }\n expect stop \"enough\" }\n"), 0)
      << out;
}

TEST_F(test_command, containers_come_and_go_as_the_test_says) {
  EXPECT_EQ(run("on admit(c) { pin c to {3} }\non stop(c) { log \"{c} stops\" }\n"
                "test \"t\" { container A on {0}\n start A; feed 1 steps { }; stop A; feed 1 steps { }\n"
                "expect pin A to {3}; expect log \"A stops\"; expect no log after 1 steps }\n"),
            0)
      << out << err;
}

TEST_F(test_command, a_host_without_rdt_refuses_to_move) {
  EXPECT_EQ(
      run(std::string(kRule) + "test \"t\" { host { num_closids: 0 }\n feed 3 steps { A.docker.pids = 20 }\n"
                               "expect no move A }\n"),
      0)
      << out;
}

TEST_F(test_command, a_test_says_how_its_host_allocates_bandwidth) {
  const std::string rule =
      "on begin { if host.mb_kind == rate { mb_rate(jail) = 4GB/s } else { try mb(jail) = 40% else log "
      "\"{reason}\" } }\n";
  const std::string feed = " feed 1 steps { A.docker.pids = 1 }\n ";
  EXPECT_EQ(run(rule + "test \"p\" {" + feed + "expect mb(jail) = 40%; expect no mb_rate(jail) }\n" +
                "test \"r\" { host { mb_kind: rate }\n" + feed +
                "expect mb_rate(jail) = 4GB/s; expect no mb(jail) }\n" +
                "test \"n\" { host { mb_kind: none }\n" + feed + "expect no mb(jail); expect log }\n"),
            0)
      << out << err;
  EXPECT_EQ(run(rule + "test \"r\" { host { mb_kind: rate }\n" + feed + "expect mb_rate(jail) = 5GB/s }\n"),
            1);
  EXPECT_THAT(out, HasSubstr("mb_rate jail = 4GB/s"));
}

TEST_F(test_command, a_policy_that_samples_more_often_has_shorter_steps) {
  EXPECT_EQ(run("stream n(c) = count(c.docker.pids over 1s)\n"
                "when now >= 1s each c in all cooldown 1h { sample c every 20ms }\n"
                "when n(c) > 30 each c in all cooldown 1h { log \"often\" }\n"
                "test \"t\" { feed 200 steps { A.docker.pids = 1 }\n"
                "expect sample A every 20ms after 49 steps; expect no sample A every 100ms\n"
                "expect log \"often\" after 70 steps; expect no log within 70 steps }\n"),
            0)
      << out << err;
}

TEST_F(test_command, a_host_has_sockets_and_domains) {
  EXPECT_EQ(run("on begin { for d in host.domains where any(k in d.cpus: k in {15}) { try ways(jail, d) = "
                "2way else stop \"{reason}\" }\n"
                "log \"{host.num_sockets}/{host.num_domains}\" }\n"
                "test \"t\" { host { num_sockets: 2, num_domains: 4 }\n feed 1 steps { A.docker.pids = 1 }\n"
                "expect ways(jail, 3) = 2way; expect no ways(jail, 2); expect log \"2/4\" }\n"
                "test \"u\" { host { num_cpus: 32, num_sockets: 2 }\n feed 1 steps { A.docker.pids = 1 }\n"
                "expect ways(jail, 0) = 2way; expect log \"2/2\" }\n"),
            0)
      << out << err;
}

TEST_F(test_command, a_file_without_tests_says_so) {
  EXPECT_EQ(run(kRule), 0);
  EXPECT_THAT(out, HasSubstr("a.cbp: no tests\n"));
}

TEST_F(test_command, json_has_a_line_for_each_test) {
  EXPECT_EQ(
      run(std::string(kRule) + "test \"t\" {\n  feed 3 steps { A.docker.pids = 20 }\n  expect no move A\n}\n",
          {"--format", "json"}),
      1);
  EXPECT_THAT(out, HasSubstr(R"("passed":false)"));
  EXPECT_THAT(
      out,
      HasSubstr(
          R"("failures":[{"expectation":"expect no move A","line":6,"column":3,"end_line":6,"end_column":19}])"));
  EXPECT_THAT(out, HasSubstr(R"("decision":"move A -> jail","outcome":"applied")"));
}

TEST_F(test_command, a_mistake_in_a_test_is_an_error_with_its_place) {
  EXPECT_EQ(run(std::string(kRule) + "test \"t\" { feed 3 steps { A.docker.pids = 20 } }\n"), 3);
  EXPECT_THAT(err, HasSubstr("error[CB0230]: the test expects nothing"));
}

}  // namespace
}  // namespace cbench
