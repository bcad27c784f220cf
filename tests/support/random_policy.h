// Random policies that the checker accepts: every name is declared, units agree, and what must be present is.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "choices.h"

namespace cbench::test {

/// What an expression is; the generator keeps to types whose arithmetic it knows.
enum class Of : uint8_t { Bool, Int, Float, Time, Ratio, Bytes, Flow, Mpki, Way, Core, Count, Colour };
inline constexpr size_t kNumbers = 10;  ///< from Int to Count

class RandomPolicy {
 public:
  explicit RandomPolicy(Choices& choices) : choose_(choices) {}
  /// The text of a policy named t.
  std::string text();
  /// What is set of its parameters from outside: names and values; after text().
  std::vector<std::pair<std::string, std::string>> settings();

 private:
  /// An expression; `optional` where it may be missing.
  struct Expr {
    std::string text;
    bool optional = false;
  };
  /// Something declared: of each container or of the run.
  struct Named {
    std::string name;
    Of of;
    bool per_container = false;
    const char* part = nullptr;  ///< "domain" or "socket": one for each of these
    int size = 0;                ///< of an array
    std::vector<Of> parameters = {};
  };
  /// Where an expression or statement stands.
  struct Place {
    std::vector<std::string> containers, cpus, domains, sockets;  ///< names that are bound
    std::vector<std::string> held;  ///< containers that were bound before a wait
    std::vector<std::pair<std::string, Expr>> lets;
    std::vector<Of> let_of;
    int depth = 3;
    bool temporal = false;  ///< operators with a memory may stand here
    bool pure = false;      ///< in a function: nothing of a container
    bool why = false, reason = false, admit = false, in_try = false;
  };

  // expressions (random_expr.cpp)
  Expr expr(Of of, const Place& at);
  Expr leaf(Of of, const Place& at);
  Expr number(Of of, const Place& at);
  Expr truth(const Place& at);
  Expr of_set(Of of, const Place& at);
  Expr of_range(Of of, const Place& at);
  Expr open_call(Of of, const Place& at);
  Expr remembered(Of of, const Place& at);
  Expr call(const Named& f, const Place& at);
  /// As expr, never missing.
  std::string total(Of of, const Place& at);
  std::string literal(Of of);
  std::string set(const Place& at);
  std::string cpu_set(const Place& at);
  /// A set with an order.
  std::string ordered(const Place& at, bool of_cpus);
  std::string read(const Named& n, const Place& at);
  /// Can it be read here: is there something of which it is one?
  [[nodiscard]] static bool there(const Named& n, const Place& at) {
    if (n.part != nullptr) return !parts(n, at).empty();
    return !n.per_container || !at.containers.empty();
  }
  [[nodiscard]] static const std::vector<std::string>& parts(const Named& n, const Place& at) {
    return n.part == std::string_view("socket") ? at.sockets : at.domains;
  }
  /// Its name with what it is of.
  std::string of_which(const Named& n, const Place& at) {
    if (n.part != nullptr) return fmt::format("{}({})", n.name, choose_.of(parts(n, at)));
    return n.per_container ? fmt::format("{}({})", n.name, container(at)) : n.name;
  }
  /// `(jail)` or `(jail, d)`
  std::string share(const std::string& cls, const Place& at) {
    const bool one = !at.domains.empty() && choose_.one_in(2);
    return one ? fmt::format("({}, {})", cls, choose_.of(at.domains)) : "(" + cls + ")";
  }
  std::string container(const Place& at) { return at.containers[choose_.below(at.containers.size())]; }
  Place inner(const Place& at) {
    Place p = at;
    --p.depth;
    return p;
  }
  std::string fresh(const char* stem) { return stem + std::to_string(next_++); }

  // statements (random_stmt.cpp)
  std::string block(Place at, int statements);
  std::string statement(Place& at);
  std::string action(const Place& at);
  std::string choice(Place& at);
  std::string assignment(const Place& at);
  std::string words(const Place& at);
  std::string plan_call(const Place& at);

  // tasks (random_task.cpp)
  /// Of a task; says in `at` what a wait has done to the names.
  std::string task_block(Place& at, int statements);
  std::string task_statement(Place& at);
  std::string task_branch(Place& at);
  std::string wait(Place& at);
  std::string trial(Place& at);
  std::string trial_plan(const Place& at);
  std::string length(const Place& at);

  // declarations (random_policy.cpp)
  void declare_values();
  void declare_streams();
  void declare_functions();
  void declare_rules();
  void when();
  void failed();
  void task();

  Choices& choose_;
  std::string out_;
  std::vector<Named> params_, states_, streams_, functions_, plans_;
  std::vector<std::string> groups_;
  bool classes_ = false, own_classes_ = false;
  int next_ = 0;
};

}  // namespace cbench::test
