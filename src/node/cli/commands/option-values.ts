import { InvalidArgumentError, Option } from 'commander'

const uint64Max = (1n << 64n) - 1n

/** For commander: a whole number from 0 to 2^64 - 1. */
export function wholeNumber(text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) > uint64Max)
    throw new InvalidArgumentError('It must be a whole number, 0 or more.')
  return BigInt(text)
}

/** An option whose help and completion name its values; the action itself refuses others, with its own words and code. */
export function optionOf(flags: string, help: string, values: readonly string[]): Option {
  const option = new Option(flags, help)
  option.argChoices = [...values]
  return option
}

/** For commander: a whole number of things, 1 or more. */
export function count(text: string): number {
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text) || value < 1) throw new InvalidArgumentError('It must be a whole number, 1 or more.')
  return value
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** For commander: 90s, 30m, 24h or 7d, in milliseconds. */
export function duration(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const value = Number(digits) * (unitMs[unit] ?? 0)
  if (value === 0) throw new InvalidArgumentError('It must be a time such as 90m, 24h or 7d.')
  return value
}
