// Processes that end while they are held.
#include "runtime/host/pidfd.h"

#include <csignal>
#include <utility>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cbench {
namespace {

pid_t paused_child() {
  const pid_t child = ::fork();
  if (child == 0)
    for (;;) ::pause();
  return child;
}

TEST(Pidfd, a_process_ends_before_its_parent_has_waited_for_it_and_stays_ended) {
  const pid_t child = paused_child();
  const Pidfd held(child);
  EXPECT_FALSE(held.has_ended());
  ::kill(child, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(held.has_ended()) << "not waited for";
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(held.has_ended());
  EXPECT_TRUE(Pidfd(child).has_ended()) << "nobody has this number now";
}

TEST(Pidfd, nobody_has_ended) {
  EXPECT_TRUE(Pidfd().has_ended());
  EXPECT_TRUE(Pidfd(0).has_ended()) << "and is not ourselves";
  EXPECT_TRUE(Pidfd(-1).has_ended());
}

TEST(Pidfd, what_is_moved_is_held_once) {
  Pidfd held(::getpid());
  Pidfd taken(std::move(held));
  EXPECT_FALSE(taken.has_ended());
  Pidfd other(::getpid());
  other = std::move(taken);
  EXPECT_FALSE(other.has_ended());
  other = Pidfd();
  EXPECT_TRUE(other.has_ended());
}

}  // namespace
}  // namespace cbench
