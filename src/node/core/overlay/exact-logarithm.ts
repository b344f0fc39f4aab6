/**
 * The natural logarithm from additions, multiplications and divisions alone. The language leaves the last digits of Math.log to the
 * engine, while these operations are exact to the bit everywhere: what nodes must agree on may rest on this one only.
 */

import { assert } from '../../../shared/assert.ts'

/** ln 2, as the double nearest to it: its 53 bits over 2^53. */
const ln2 = 6_243_314_768_165_359 / 9_007_199_254_740_992
const mantissaMin = 0.7
/** ln((1 + s) / (1 - s)) is the sum of 2 s^n / n over the odd n; with mantissas from 0.7 to 1.4 what is left out is below 2^-57. */
const terms = [21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1]

/** Of a finite number above 0. */
export function exactLogarithm(value: number): number {
  assert(value > 0 && value < Number.POSITIVE_INFINITY, 'a logarithm is taken of a finite number above 0')
  let mantissa = value
  let exponent = 0
  // Halving and doubling are exact.
  for (; mantissa < mantissaMin; exponent--) mantissa *= 2
  for (; mantissa >= 2 * mantissaMin; exponent++) mantissa /= 2
  const s = (mantissa - 1) / (mantissa + 1)
  const square = s * s
  let sum = 0
  for (const term of terms) sum = sum * square + 2 / term
  return s * sum + exponent * ln2
}
