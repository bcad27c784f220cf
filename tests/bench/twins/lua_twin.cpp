// The Lua twins' host: an interpreter that knows the ABI's structs and calls the script's entry function.
#include <lua.hpp>
#include <memory>
#include <stdexcept>

#include "tests/bench/twins/twin.h"

namespace cbench::twins {
namespace {

/// The ABI for ffi.cdef; the table of intrinsics is made from its one declaration.
constexpr const char* kAbi = R"(
typedef int32_t i32; typedef int64_t i64; typedef double f64; typedef void* host; typedef const void* ring; typedef void* entries;
typedef struct {
)"
#define CBENCH_INTRINSIC(name, result, params, doc) #result " (*" #name ")" #params ";\n"
#include "stdlib/abi/intrinsics.def"
                             R"(
} Intrinsics;
typedef struct {
  uint32_t abi_version, slots;
  int64_t step, now_ns, dt_ns;
  const uint64_t* values;
  const uint8_t* status;
  const uint8_t* running;
  uint8_t* state;
  const uint64_t* params;
  const Intrinsics* call;
  void* host;
  uint32_t fault_site, failed;
} PolicyContext;
)";
constexpr const char* kPrepare = R"(
local folder, abi, bytes = ...
package.path = folder .. "/?.lua"
local ffi = require("ffi")
ffi.cdef(abi)
assert(ffi.sizeof("PolicyContext") == bytes)
)";

lua_State* interpreter = nullptr;  ///< with the script's entry function as the first on its stack

[[noreturn]] void fail(lua_State* lua) {
  const char* words = lua_tostring(lua, -1);
  throw std::runtime_error(words ? words : "an error in a script");
}

abi::i32 enter(abi::PolicyContext* context, abi::i32 event, abi::i32 slot) {
  lua_State* lua = interpreter;
  lua_pushvalue(lua, 1);
  lua_pushlightuserdata(lua, context);
  lua_pushinteger(lua, event);
  lua_pushinteger(lua, slot);
  if (lua_pcall(lua, 3, 1, 0) != 0) fail(lua);
  const auto result = static_cast<abi::i32>(lua_tointeger(lua, -1));
  lua_pop(lua, 1);
  return result;
}

uint64_t number(lua_State* lua, const char* field) {
  lua_getfield(lua, 1, field);
  const auto n = static_cast<uint64_t>(lua_tonumber(lua, -1));
  lua_pop(lua, 1);
  return n;
}

}  // namespace

LuaTwin::LuaTwin(const std::string& policy) {
  if (interpreter) throw std::logic_error("one Lua twin at a time");
  std::unique_ptr<lua_State, void (*)(lua_State*)> owner(luaL_newstate(), lua_close);
  lua_State* lua = owner.get();
  luaL_openlibs(lua);
  if (luaL_loadstring(lua, kPrepare) != 0) fail(lua);
  lua_pushstring(lua, CBENCH_TWINS_DIR);
  lua_pushstring(lua, kAbi);
  lua_pushinteger(lua, sizeof(abi::PolicyContext));
  if (lua_pcall(lua, 3, 0, 0) != 0) fail(lua);
  if (luaL_loadfile(lua, (std::string(CBENCH_TWINS_DIR "/") + policy + ".lua").c_str()) != 0) fail(lua);
  if (lua_pcall(lua, 0, 1, 0) != 0) fail(lua);
  twin_.entry = enter;
  twin_.run_bytes = number(lua, "run_bytes");
  twin_.slot_bytes = number(lua, "slot_bytes");
  lua_getfield(lua, 1, "texts");
  for (int i = 1; i <= static_cast<int>(lua_objlen(lua, 2)); ++i) {
    lua_rawgeti(lua, 2, i);
    twin_.texts.emplace_back(lua_tostring(lua, -1));
    lua_pop(lua, 1);
  }
  lua_getfield(lua, 1, "entry");
  lua_replace(lua, 1);
  lua_settop(lua, 1);
  interpreter = owner.release();
}

LuaTwin::~LuaTwin() {
  lua_close(interpreter);
  interpreter = nullptr;
}

}  // namespace cbench::twins
