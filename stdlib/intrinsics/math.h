// Mathematics that gives the same bits on every machine.
#pragma once

namespace cbench {

/// 2 to the x, within 1 ulp or so for |x| < 1022; 0 below −1022, +infinity above 1023, NaN for NaN. Argument
/// reduction to [−½, ½] and the Taylor series of exp(f·ln 2), evaluated by Horner's rule in plain
/// multiplications and additions (this folder is compiled without contraction), so that neither the C library
/// nor the processor's FMA has a say.
double exp2_exact(double x);

/// The logarithm of x to base 2, within 3 ulp; exact for powers of 2; −infinity for 0, NaN below it,
/// +infinity for +infinity. x = m · 2^e with m in [√½, √2), and log2 m = 2 / ln 2 · artanh((m − 1) / (m + 1))
/// by its series.
double log2_exact(double x);

}  // namespace cbench
