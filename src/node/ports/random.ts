/** Unpredictable bytes: keys, salts, ids. Simulations give a seeded source. */
export interface Random {
  bytes(count: number): Uint8Array
  /** A uniform integer in [0, limit). */
  integerBelow(limit: number): number
}
