// What we send to the Docker API and read of its answers.
#include "runtime/engines/docker_json.h"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "runtime/engines/engine.h"

namespace cbench {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

TEST(Command, runs_itself_only_without_an_entrypoint_and_with_at_most_a_bare_shell) {
  EXPECT_TRUE(runs_command_itself({}, {}));
  for (const char* shell : {"sh", "/bin/sh", "bash", "/usr/bin/bash", "ash"})
    EXPECT_TRUE(runs_command_itself({}, {shell}));
  EXPECT_TRUE(runs_command_itself({}, Words{"/bin/sh", "-c", "bash"}));
  EXPECT_FALSE(runs_command_itself({}, {"redis-server"}));
  EXPECT_FALSE(runs_command_itself({}, Words{"sh", "server.sh"}));
  EXPECT_FALSE(runs_command_itself({}, Words{"/bin/sh", "-c", "redis-server"}));
  EXPECT_FALSE(runs_command_itself({"docker-entrypoint.sh"}, {"sh"}));
  EXPECT_FALSE(runs_command_itself({"stress-ng"}, {}));
}

ContainerSpec full_spec() {
  ContainerSpec spec;
  spec.name.value = "victim";
  spec.image.value = "redis:7";
  spec.command.value = "echo \"$HOME\"";
  spec.ports = {{.host_ip = "127.0.0.1", .host = 8080, .container = 80, .protocol = "tcp"},
                {.host_ip = "", .host = 8081, .container = 80, .protocol = "tcp"},
                {.host_ip = "", .host = 53, .container = 53, .protocol = "udp"}};
  spec.volumes = {{.source = "/a:b", .target = "/data", .read_only = true}};
  spec.environment = {{"A", "1=2"}, {"B", ""}};
  spec.user = "nobody";
  spec.memory_nodes.value = *parse_cpu_list("0-1,3");
  spec.memory_bytes = 64 << 20;
  spec.cpus = 0.3;
  return spec;
}

TEST(CreateBody, holds_every_key_of_the_container) {
  const json body = json::parse(create_body(full_spec(), "sha256:1", "run-1", true));
  EXPECT_EQ(body["Image"], "sha256:1");
  EXPECT_EQ(body["Cmd"], (Words{"sh", "-c", "echo \"$HOME\""}));
  EXPECT_EQ(body["Env"], (Words{"A=1=2", "B="}));
  EXPECT_EQ(body["User"], "nobody");
  EXPECT_EQ(body["Labels"][kRunLabel], "run-1");
  const json& host = body["HostConfig"];
  EXPECT_EQ(host["Memory"], 64 << 20);
  EXPECT_EQ(host["NanoCpus"], 300'000'000);
  EXPECT_EQ(host["CpusetMems"], "0-1,3");
  EXPECT_EQ(host["Privileged"], false);
  EXPECT_EQ(host["PortBindings"]["80/tcp"].size(), 2U);
  EXPECT_EQ(host["PortBindings"]["80/tcp"][0]["HostIp"], "127.0.0.1");
  EXPECT_EQ(host["PortBindings"]["53/udp"][0]["HostPort"], "53");
  EXPECT_TRUE(body["ExposedPorts"].contains("53/udp"));
  EXPECT_EQ(host["Mounts"][0]["Source"], "/a:b");
  EXPECT_EQ(host["Mounts"][0]["ReadOnly"], true);
  EXPECT_FALSE(body.contains("Entrypoint"));
}

TEST(CreateBody, leaves_the_image_its_own_command_when_ours_is_executed) {
  EXPECT_FALSE(json::parse(create_body(full_spec(), "sha256:1", "r", false)).contains("Cmd"));
  EXPECT_EQ(json::parse(exec_body(full_spec()))["Cmd"][2], "echo \"$HOME\"");
  EXPECT_EQ(json::parse(exec_body(full_spec()))["User"], "nobody");
}

TEST(CreateBody, an_empty_entrypoint_takes_the_images_away) {
  ContainerSpec spec = full_spec();
  spec.entrypoint = Words{};
  const json body = json::parse(create_body(spec, "sha256:1", "r", true));
  ASSERT_TRUE(body["Entrypoint"].is_array());
  EXPECT_TRUE(body["Entrypoint"].empty());
}

TEST(CreateBody, survives_bytes_that_are_no_text) {
  ContainerSpec spec = full_spec();
  spec.command.value = "printf '\xff'";
  EXPECT_TRUE(json::accept(create_body(spec, "sha256:1", "r", true)));
}

TEST(RegistryAuth, is_base64_of_the_url_alphabet) {
  // echo -n '{"password":"p>?","serveraddress":"h","username":"u"}' | base64 | tr +/ -_
  EXPECT_EQ(registry_auth({.host = "h", .user = "u", .password = "p>?"}),
            "eyJwYXNzd29yZCI6InA-PyIsInNlcnZlcmFkZHJlc3MiOiJoIiwidXNlcm5hbWUiOiJ1In0=");
}

TEST(Answers, are_read) {
  const auto image =
      parse_image(R"({"Id":"sha256:1","RepoDigests":["redis@sha256:2"],"Config":{"Entrypoint":null,
                                     "Cmd":["redis-server"],"StopSignal":"SIGINT"}})");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->digests, Words{"redis@sha256:2"});
  EXPECT_EQ(image->command, Words{"redis-server"});
  EXPECT_EQ(image->stop_signal, "SIGINT");
  EXPECT_TRUE(parse_image(R"({"Id":"sha256:1","RepoDigests":[]})")->digests.empty());
  const auto state =
      parse_container(R"({"State":{"Running":false,"OOMKilled":true,"ExitCode":137,"Pid":0,"Error":"x"}})");
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->oom_killed);
  EXPECT_EQ(state->exit_code, 137);
  const auto list = parse_list(
      R"([{"Id":"1","Names":["/a"],"Labels":{"org.cbench.run":"r"}},{"Id":"2","Labels":{}}])", kRunLabel);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ((*list)[0].name, "a");
  EXPECT_EQ((*list)[0].run_id, "r");
  EXPECT_EQ(parse_wait(R"({"StatusCode":3})"), 3);
  EXPECT_EQ(parse_wait(""), std::nullopt);
  EXPECT_EQ(error_message(R"({"message":"no such image"})"), "no such image");
  EXPECT_EQ(error_message("plain\nwords"), "plain");
}

TEST(Answers, tell_the_health_check_as_the_daemons_events_do) {
  const auto check = [](const std::string& config) {
    return parse_image(R"({"Id":"sha256:1","Config":{)" + config + "}}")->health_check;
  };
  EXPECT_EQ(check(""), "");
  EXPECT_EQ(check(R"("Healthcheck":{"Test":["NONE"]})"), "");
  EXPECT_EQ(check(R"("Healthcheck":{"Test":["CMD","/ok"]})"), "/ok");
  EXPECT_EQ(check(R"("Healthcheck":{"Test":["CMD","curl","-f","x"]})"), "curl -f x");
  EXPECT_EQ(check(R"("Healthcheck":{"Test":["CMD-SHELL","a || b"]})"), "/bin/sh -c a || b");
  EXPECT_EQ(check(R"("Shell":["bash","-ec"],"Healthcheck":{"Test":["CMD-SHELL","a"]})"), "bash -ec a");
}

TEST(Answers, of_any_shape_are_survived) {
  const Words strange = {"",
                         "null",
                         "[]",
                         "{}",
                         "3",
                         "\"x\"",
                         "{\"Id\":3}",
                         "{\"State\":[]}",
                         "[1,null,{}]",
                         "{\"Config\":7,\"Id\":\"i\"}",
                         "{\"StatusCode\":\"x\"}",
                         "{\"Running\":1}",
                         "[{\"Id\":\"1\",\"Labels\":null,\"Names\":3}]",
                         "{\"State\":{}}",
                         "{\"ApiVersion\":1}",
                         "\xff\xfe",
                         "{\"progressDetail\":[],\"id\":{}}",
                         std::string(10000, '[')};
  for (const std::string& text : strange) {
    (void)parse_version(text).ok();
    (void)parse_image(text).ok();
    (void)parse_container(text).ok();
    (void)parse_exec(text).ok();
    (void)parse_id(text).ok();
    (void)parse_wait(text);
    (void)parse_list(text, kRunLabel).ok();
    (void)parse_pull_line(text);
    EXPECT_FALSE(error_message(text).empty() && !text.empty()) << text;
  }
  EXPECT_FALSE(parse_version("garbage"));
  EXPECT_FALSE(parse_container("{}"));
}

}  // namespace
}  // namespace cbench
