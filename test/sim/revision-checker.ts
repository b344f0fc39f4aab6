/** Revisions: of one change always the same, of a later change of a key a greater one, and no two changes of a store share one. */
import { Violation } from './violation.ts'

export class RevisionChecker {
  readonly #byKey = new Map<string, Map<bigint, bigint>>()

  saw(key: string, version: bigint, revision: bigint): void {
    const known = this.#byKey.get(key) ?? new Map<bigint, bigint>()
    this.#byKey.set(key, known)
    const before = known.get(version)
    if (before !== undefined && before !== revision) throw new Violation(`version ${version} of ${key} has two revisions`)
    known.set(version, revision)
  }

  /** Versions may be given again from here on. */
  forget(): void {
    this.#byKey.clear()
  }

  check(): void {
    const owners = new Map<bigint, string>()
    for (const [key, known] of this.#byKey) {
      let last = 0n
      for (const [version, revision] of [...known].sort(([left], [right]) => (left < right ? -1 : 1))) {
        const change = `version ${version} of ${key}`
        if (revision <= last) throw new Violation(`${change} has no greater revision than the one before`)
        const owner = owners.get(revision)
        if (owner !== undefined) throw new Violation(`${change} and ${owner} share a revision`)
        owners.set(revision, change)
        last = revision
      }
    }
  }
}
