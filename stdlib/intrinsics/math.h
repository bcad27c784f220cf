// Mathematics that gives the same bits on every machine.
#pragma once

namespace cbench {

/// 2 to the x, within 1 ulp or so for |x| < 1022; 0 below −1022, +infinity above 1023, NaN for NaN. Argument
/// reduction to [−½, ½] and the Taylor series of exp(f·ln 2), evaluated by Horner's rule in plain
/// multiplications and additions (this folder is compiled without contraction), so that neither the C library
/// nor the processor's FMA has a say.
double exp2_exact(double x);

}  // namespace cbench
