#include "runtime/exporters/write_rules.h"

#include <gtest/gtest.h>

namespace cbench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(WriteRules, each_status_has_the_meaning_of_the_contract) {
  const auto of = [](int status) {
    WriteAnswer answer;
    answer.status = status;
    return verdict(answer);
  };
  EXPECT_EQ(of(204), Verdict::Stored);
  EXPECT_EQ(of(400), Verdict::Isolate);
  EXPECT_EQ(of(413), Verdict::Halve);
  EXPECT_EQ(of(422), Verdict::Refuse);
  for (const int status : {0, 408, 429, 500, 502, 503, 504, 599})
    EXPECT_EQ(of(status), Verdict::Retry) << status;
  for (const int status : {200, 201, 301, 401, 403, 404, 405, 411, 415})
    EXPECT_EQ(of(status), Verdict::Stop) << status;
}

TEST(WriteRules, retry_after_reads_seconds_and_dates) {
  const auto now = std::chrono::system_clock::from_time_t(1'700'000'000);  // Tue, 14 Nov 2023 22:13:20 GMT
  EXPECT_EQ(retry_after("", now), std::nullopt);
  EXPECT_EQ(retry_after("0", now), milliseconds(0));
  EXPECT_EQ(retry_after("17", now), seconds(17));
  EXPECT_EQ(retry_after("99999999999999999999999", now), seconds(86'400));
  EXPECT_EQ(retry_after("Tue, 14 Nov 2023 22:13:50 GMT", now), seconds(30));
  EXPECT_EQ(retry_after("Tuesday, 14-Nov-23 22:13:50 GMT", now), seconds(30)) << "RFC 850's form";
  EXPECT_EQ(retry_after("Tue, 14 Nov 2023 22:13:50 GMT", now - milliseconds(200)), milliseconds(30'200));
  EXPECT_EQ(retry_after("Mon, 13 Nov 2023 22:13:50 GMT", now), milliseconds(0)) << "past";
  EXPECT_EQ(retry_after("soon", now), std::nullopt);
  EXPECT_EQ(retry_after("-5", now), std::nullopt);
}

TEST(WriteRules, the_servers_words_are_short_and_on_one_line) {
  WriteAnswer answer;
  answer.status = 400;
  answer.body = R"({"code":"invalid","message":"unable to parse"})";
  EXPECT_EQ(server_words(answer), "unable to parse");
  answer.body = R"({"error":"partial write: field type conflict"})";
  EXPECT_EQ(server_words(answer), "partial write: field type conflict");
  answer.body = "<html>\nmore";
  EXPECT_EQ(server_words(answer), "<html>");
  answer.body = R"({"message":7})" + std::string(500, 'x');
  EXPECT_EQ(server_words(answer).size(), 200u);
  answer.body = "";
  EXPECT_EQ(server_words(answer), "");
}

}  // namespace
}  // namespace cbench
