// The grammar of the policy language, whole. README.md shows it as EBNF.
#pragma once

#include "grammar/declarations.h"
