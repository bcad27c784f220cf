// cbench completion: what a shell needs to complete our commands.
#include "runtime/driver/completion.h"

#include <cstdio>
#include <memory>

#include "runtime/driver/cli.h"
#include "runtime/driver/commands.h"

namespace cbench {

void add_completion(CLI::App& app, Command& chosen) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print what a shell needs to complete these commands");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Examples:\n  source <(cbench completion bash)     # in ~/.bashrc\n"
      "  source <(cbench completion zsh)      # in ~/.zshrc, behind compinit\n"
      "  cbench completion fish | source      # in ~/.config/fish/config.fish\n"
      "`cmake --install` puts them where the shells look.");
  command->callback([shell, &chosen] {
    chosen = [shell](Console&) {
      const CommandDoc root = describe_command_line();
      const auto print = *shell == "bash"  ? bash_completion
                         : *shell == "zsh" ? zsh_completion
                                           : fish_completion;
      std::fputs(print(root).c_str(), stdout);
      return 0;
    };
  });
}

}  // namespace cbench
