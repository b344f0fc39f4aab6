/** A promise of the system that a world saw broken. */
export class Violation extends Error {
  override readonly name = 'Violation'
}
