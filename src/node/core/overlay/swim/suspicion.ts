/**
 * How long a suspect has to refute (Lifeguard, Dadgar and others 2018): long while one node alone suspects it, which may be the slow one
 * itself, and shorter with each other node that found the same.
 *
 * Invariants: confirmations count once a node; the end moves forward in time only by what this node owes to its own lateness.
 */

import type { SwimLimits } from '../../base/swim-limits.ts'
import { exactLogarithm } from '../exact-logarithm.ts'

const ln10 = exactLogarithm(10)

export interface Suspicion {
  readonly startMs: number
  readonly leastMs: number
  readonly mostMs: number
  /** Confirmations after which the least time holds. */
  readonly expected: number
  /** Node ids in hex: who suspected first, and who confirmed it. */
  readonly accusers: Set<string>
  /** How much of the time this node was not listening. */
  excusedMs: number
  /** Whether the suspect was told that its time is nearly over. */
  warned: boolean
}

/** `nodes` counts those that are not dead, this one and the suspect among them. */
export function startSuspicion(nowMs: number, accuser: string, nodes: number, multiplier: number, limits: SwimLimits): Suspicion {
  const { swimSuspicionPeriods, swimPeriodMs, swimSuspicionSpread, swimSuspicionStretchMax } = limits
  const usualMs = swimSuspicionPeriods * swimPeriodMs * Math.max(1, decimalLogarithm(nodes))
  const leastMs = usualMs * multiplier
  // Neither the suspect nor the first accuser confirms.
  const expected = Math.max(0, Math.min(limits.swimConfirmations, nodes - 2))
  // A minority has nobody to confirm anything and finds everybody silent: it comes to an end too.
  const spread = Math.max(multiplier, Math.min(multiplier * swimSuspicionSpread, swimSuspicionStretchMax))
  const mostMs = expected === 0 ? leastMs : usualMs * spread
  return { startMs: nowMs, leastMs, mostMs, expected, accusers: new Set([accuser]), excusedMs: 0, warned: false }
}

/** True when this is news. */
export function confirmSuspicion(suspicion: Suspicion, accuser: string): boolean {
  if (suspicion.accusers.size > suspicion.expected || suspicion.accusers.has(accuser)) return false
  suspicion.accusers.add(accuser)
  return true
}

export function suspicionEndMs({ startMs, leastMs, mostMs, expected, accusers, excusedMs }: Suspicion): number {
  const confirmations = accusers.size - 1
  const part = expected === 0 ? 1 : exactLogarithm(confirmations + 1) / exactLogarithm(expected + 1)
  return startMs + excusedMs + Math.ceil(Math.max(leastMs, mostMs - (mostMs - leastMs) * part))
}

export function decimalLogarithm(count: number): number {
  return exactLogarithm(Math.max(1, count)) / ln10
}
