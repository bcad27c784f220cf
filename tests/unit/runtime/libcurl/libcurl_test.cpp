#include "runtime/libcurl/libcurl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cbench {
namespace {

using testing::HasSubstr;

TEST(Libcurl, is_loaded_once_with_all_that_we_call) {
  ASSERT_TRUE(libcurl()) << libcurl().error().message;
  EXPECT_EQ(&libcurl(), &libcurl());
  EXPECT_EQ(libcurl()->getdate("Thu, 01 Jan 1970 00:01:00 GMT", nullptr), 60);
}

TEST(Libcurl, a_missing_one_is_told_with_its_package) {
  const Result<Libcurl> none = load_libcurl("libcurl.so.0-of-nobody");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().exit, Exit::HostLacks);
  EXPECT_THAT(none.error().message, HasSubstr("libcurl.so.0-of-nobody"));
  EXPECT_THAT(none.error().hint, HasSubstr("libcurl4"));
}

TEST(Libcurl, one_that_lacks_a_function_is_told_with_its_name) {
  const Result<Libcurl> other = load_libcurl("libm.so.6");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("curl_easy_cleanup"));
}

}  // namespace
}  // namespace cbench
