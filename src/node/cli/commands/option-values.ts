import { InvalidArgumentError } from 'commander'

const uint64Max = (1n << 64n) - 1n

/** For commander: a whole number from 0 to 2^64 - 1. */
export function wholeNumber(text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) > uint64Max)
    throw new InvalidArgumentError('It must be a whole number, 0 or more.')
  return BigInt(text)
}

/** For commander: a whole number of things, 1 or more. */
export function count(text: string): number {
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text) || value < 1) throw new InvalidArgumentError('It must be a whole number, 1 or more.')
  return value
}
