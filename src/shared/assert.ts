/** Thrown when something happened that the code proves impossible: a bug in memo, never a fault of input, disk or peer. */
class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/** Stops at once when an invariant does not hold. Stays on in production: a wrong state must not reach the disk. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}
